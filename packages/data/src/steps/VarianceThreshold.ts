/**
 * Feature selection by variance: of a tensor's numbers, those stay that vary enough over the train rows. Without a threshold
 * only constants leave. The same as scikit-learn's VarianceThreshold.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { moments, range } from "../internal/statistics/lanes.ts"
import { finite } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /** Numbers whose variance over the train rows is larger stay; 0 unless given. */
  readonly threshold?: number
}

/** What is learned: the places of the numbers that stay, of those in a row. */
const State = Schema.Struct({ kept: Schema.Array(Schema.Int) })

/**
 * Makes the step. Fails on NaN and infinity, and when no number varies enough. Throws a RangeError for a negative threshold.
 */
export const make = <const Name extends string>(column: Name, { threshold = 0 }: Options = {}) => {
  if (!(threshold >= 0)) throw new RangeError(`Recipe.varianceThreshold: ${threshold} is no variance; give 0 or more`)
  return Step.column({
    name: "varianceThreshold",
    version: 1,
    code: "versioned",
    config: { threshold },
    column,
    takes: ["tensor"],
    becomes: (tensor: Column.Tensor, learned?: typeof State.Type): Column.Tensor<readonly [number]> =>
      Column.tensor([learned?.kept.length ?? Column.width(tensor)]),
    state: State,
    fit: Effect.fnUntraced(function* (cells: Step.Cells<Column.Tensor>) {
      yield* finite(cells)
      const width = Column.width(cells.column)
      const { variance } = moments(cells.values, width)
      const { max, min } = range(cells.values, width)
      const kept = Array.from(variance.keys()).filter((at) => max[at] > min[at] && !(variance[at] <= threshold))
      if (kept.length > 0) return { kept }
      return yield* cells.refuse(`none of its ${width} numbers has a variance above ${threshold} in the train rows`)
    }),
    apply: Effect.fnUntraced(function* (cells, { kept }) {
      yield* finite(cells)
      const width = Column.width(cells.column)
      const out = new Float32Array(cells.length * kept.length)
      for (let row = 0, to = 0; row < cells.length; row++) {
        for (const at of kept) out[to++] = cells.values[row * width + at]
      }
      return out
    })
  })
}
