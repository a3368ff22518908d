/**
 * Standard scaling: subtracts the mean of the train rows and divides by their standard deviation, so that train columns
 * have mean 0 and variance 1. Variance is the population's (divided by n), as in scikit-learn's StandardScaler.
 */
import { Effect, Schema } from "effect"
import { moments, plain, range } from "../internal/statistics/lanes.ts"
import { type Per, becomes, finite, groupsOf, normalized } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /**
   * Which numbers of a tensor share a mean and a variance: all of it (`"tensor"`, the default), each channel, which is
   * the last axis (`"channel"`), or each element by itself (`"element"`).
   */
  readonly per?: Per
}

/** Below this, squares of deviations may have vanished: a column with such a variance must be constant. */
const smallestVariance = 1e-290

/** What is learned: one number for each group of numbers. */
const State = Schema.Struct({ mean: Schema.Array(Schema.Finite), variance: Schema.Array(Schema.Finite) })

/**
 * Makes the step. A constant column becomes 0: it is divided by 1. Fails on NaN and infinity, and on numbers that lie
 * too far apart (about 1e154) or too close together (1e-145, but not equal) for float64 to square their distances.
 */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const per = options.per ?? "tensor"
  return Step.column({
    name: "standardize",
    version: 1,
    code: "versioned",
    config: { per },
    column,
    takes: ["float", "tensor"],
    becomes,
    state: State,
    fit: Effect.fnUntraced(function* (cells) {
      const groups = groupsOf(cells.column, per)
      const { mean, variance } = moments(cells.values, groups)
      if (!mean.every(Number.isFinite) || !variance.every(Number.isFinite)) {
        yield* finite(cells)
        return yield* cells.refuse("holds numbers too far apart for float64; use Recipe.scale or Recipe.minMax first")
      }
      if (variance.some((each) => each < smallestVariance)) {
        const { max, min } = range(cells.values, groups)
        if (variance.some((each, group) => each < smallestVariance && min[group] < max[group])) {
          return yield* cells.refuse(
            "holds numbers too close together for float64; use Recipe.scale or Recipe.minMax first"
          )
        }
      }
      return { mean: plain(mean), variance: plain(variance) }
    }),
    apply: (cells, { mean, variance }) =>
      normalized(
        cells,
        mean,
        variance.map((each) => (each === 0 ? 1 : Math.sqrt(each)))
      ),
    inverse: (values, { mean, variance }) => {
      const deviation = variance[0] === 0 ? 1 : Math.sqrt(variance[0])
      return values.map((value) => value * deviation + mean[0])
    }
  })
}
