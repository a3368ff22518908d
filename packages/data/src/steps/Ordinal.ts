/**
 * Ordinal encoding: a category whose levels have an order becomes its place in that order, 0, 1, 2, … The order is
 * declared, never taken from the alphabet or from the rows, so nothing is learned. The same as scikit-learn's
 * OrdinalEncoder with `categories`.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { ofCodes } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Makes the step. Fails when the order is not that of all the column's levels, each once. */
export const make = <const Name extends string>(column: Name, order: ReadonlyArray<string>) => {
  const placesOf = Effect.fnUntraced(function* (cells: Step.Cells<Column.Category>) {
    const { levels } = cells.column
    const places = levels.map((level) => order.indexOf(level))
    if (order.length === levels.length && !places.includes(-1)) return places
    return yield* cells.refuse(`its levels are ${levels.join(", ")}, but the order names ${order.join(", ")}`)
  })
  return Step.column({
    name: "ordinal",
    version: 1,
    code: "versioned",
    config: { order },
    column,
    takes: ["category"],
    becomes: (_: Column.Category): Column.Float => Column.float,
    state: Schema.Null,
    fit: (cells: Step.Cells<Column.Category>) => Effect.as(placesOf(cells), null),
    apply: (cells) => Effect.flatMap(placesOf(cells), (places) => ofCodes(cells.values, places))
  })
}
