/**
 * One-hot encoding: a category with k levels becomes a tensor of k numbers, 1 at the level's code and 0 elsewhere. Levels
 * are declared with the column, so nothing is learned and no row can hold an unknown one. Meant for few levels (fewer
 * than about 20); many are better served by an embedding.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Step from "../Step.ts"

/** Makes the step. */
export const make = <const Name extends string>(column: Name) =>
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
      Effect.sync(() => {
        const width = cells.column.levels.length
        const out = new Float32Array(cells.length * width)
        for (let row = 0; row < cells.length; row++) out[row * width + cells.values[row]] = 1
        return out
      })
  })
