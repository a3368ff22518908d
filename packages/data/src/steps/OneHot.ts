/**
 * One-hot encoding: a category with k levels becomes a tensor of k numbers, 1 at the level's code and 0 elsewhere. Levels
 * are declared with the column, so nothing is learned and no row can hold an unknown one. Meant for few levels (fewer
 * than about 20); many are better served by an embedding. Levels that are rare among the train rows can share one number.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { compute } from "../internal/threads/compute.ts"
import * as Shared from "../internal/threads/shared.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /**
   * Levels with a smaller share of the train rows are rare: the last number stands for all of them together. Without it
   * every level has a number.
   */
  readonly minimumShare?: number
}

/** Makes the step. Throws a RangeError for a share outside (0, 1). */
export const make = <const Name extends string>(column: Name, { minimumShare }: Options = {}) =>
  minimumShare === undefined ? whole(column) : merging(column, minimumShare)

const encoded = (cells: Step.Cells<Column.Category>, places: ReadonlyArray<number>, width: number) => {
  const out = Shared.float32(cells.length * width)
  return Effect.as(compute("oneHot", cells.values, places, width, out), out)
}

/** What is learned: the levels that have a number of their own, and whether there are others. */
const State = Schema.Struct({ frequent: Schema.Array(Schema.String), rare: Schema.Boolean })

/** The same as scikit-learn's OneHotEncoder with `min_frequency`. */
const merging = <const Name extends string>(column: Name, minimumShare: number) => {
  if (!(minimumShare > 0 && minimumShare < 1)) {
    throw new RangeError(`Recipe.oneHot: minimumShare is ${minimumShare}; give a share between 0 and 1`)
  }
  const widthOf = ({ frequent, rare }: typeof State.Type) => frequent.length + (rare ? 1 : 0)
  return Step.column({
    name: "oneHot",
    version: 1,
    code: "versioned",
    config: { minimumShare },
    column,
    takes: ["category"],
    becomes: ({ levels }: Column.Category, learned?: typeof State.Type): Column.Tensor<readonly [number]> =>
      Column.tensor([learned === undefined ? levels.length : widthOf(learned)]),
    state: State,
    fit: (cells: Step.Cells<Column.Category>) =>
      Effect.sync(() => {
        const counts = new Uint32Array(cells.column.levels.length)
        for (const code of cells.values) counts[code]++
        const frequent = cells.column.levels.filter((_, code) => counts[code] >= minimumShare * cells.length)
        return { frequent, rare: frequent.length < counts.length }
      }),
    apply: (cells, learned) =>
      Effect.suspend(() => {
        const width = widthOf(learned)
        const places = cells.column.levels.map((level) => learned.frequent.indexOf(level))
        return encoded(
          cells,
          places.map((place) => (place < 0 ? width - 1 : place)),
          width
        )
      })
  })
}

const whole = <const Name extends string>(column: Name) =>
  Step.column({
    name: "oneHot",
    version: 1,
    code: "versioned",
    column,
    takes: ["category"],
    becomes: ({ levels }: Column.Category): Column.Tensor<readonly [number]> => Column.tensor([levels.length]),
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: (cells) =>
      encoded(
        cells,
        cells.column.levels.map((_, code) => code),
        cells.column.levels.length
      )
  })
