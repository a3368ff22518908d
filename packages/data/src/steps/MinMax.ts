/**
 * Min-max scaling: maps the smallest number of the train rows to 0 and the largest to 1, for features with bounds. Other
 * partitions may lie outside [0, 1] unless clipped. The same as scikit-learn's MinMaxScaler.
 */
import { Effect, Schema } from "effect"
import { plain, range } from "../internal/statistics/lanes.ts"
import { type Per, becomes, finite, groupsOf, normalized } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /**
   * Which numbers of a tensor share a range: all of it (`"tensor"`, the default), each channel, which is the last axis
   * (`"channel"`), or each element by itself (`"element"`).
   */
  readonly per?: Per
  /** Whether numbers outside the range of the train rows become 0 or 1. Off unless given. */
  readonly clip?: boolean
}

/** What is learned: one number for each group of numbers. */
const State = Schema.Struct({ min: Schema.Array(Schema.Finite), max: Schema.Array(Schema.Finite) })

const clipped = (out: Float64Array | Float32Array): void => {
  for (let place = 0; place < out.length; place++) out[place] = Math.min(1, Math.max(0, out[place]))
}

/**
 * Makes the step. A constant column becomes 0. Fails on NaN and infinity, and on a range too wide for float64.
 */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const { clip = false, per = "tensor" } = options
  return Step.column({
    name: "minMax",
    version: 1,
    code: "versioned",
    config: { per, clip },
    column,
    takes: ["float", "tensor"],
    becomes,
    state: State,
    fit: Effect.fnUntraced(function* (cells) {
      const { isFinite, max, min } = range(cells.values, groupsOf(cells.column, per))
      if (!isFinite) yield* finite(cells)
      if (!max.every((high, group) => Number.isFinite(high - min[group]))) {
        return yield* cells.refuse("holds numbers too far apart for float64; use Recipe.scale first")
      }
      return { min: plain(min), max: plain(max) }
    }),
    apply: (cells, { max, min }) =>
      normalized(
        cells,
        min,
        max.map((high, group) => (high === min[group] ? 1 : high - min[group])),
        clip ? clipped : undefined
      ),
    ...(clip
      ? {}
      : {
          inverse: (values: Float64Array, { max, min }: typeof State.Type) =>
            values.map((value) => value * (max[0] - min[0] || 1) + min[0])
        })
  })
}
