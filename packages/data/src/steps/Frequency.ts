/**
 * Frequency encoding: a category becomes its level's share of the train rows; a level that no train row has becomes 0. For
 * many levels of which it matters how common they are.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { ofCodes } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** What is learned: each level's share of the train rows, in the order of the levels. */
const State = Schema.Struct({ shares: Schema.Array(Schema.Finite) })

/** Makes the step. */
export const make = <const Name extends string>(column: Name) =>
  Step.column({
    name: "frequency",
    version: 1,
    code: "versioned",
    column,
    takes: ["category"],
    becomes: (_: Column.Category): Column.Float => Column.float,
    state: State,
    fit: (cells: Step.Cells<Column.Category>) =>
      Effect.sync(() => {
        const shares = cells.column.levels.map(() => 0)
        for (const code of cells.values) shares[code]++
        return { shares: shares.map((count) => count / cells.length) }
      }),
    apply: (cells, { shares }) => ofCodes(cells.values, shares)
  })
