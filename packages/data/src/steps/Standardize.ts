/**
 * Standard scaling: subtracts the mean of the train rows and divides by their standard deviation, so that train columns
 * have mean 0 and variance 1. Variance is the population's (divided by n), as in scikit-learn's StandardScaler.
 */
import { Effect, Schema } from "effect"
import { moments, normalize } from "../internal/lanes.ts"
import { type Numeric, type Per, becomes, checked, finite, groupsOf, output } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /**
   * Which numbers of a tensor share a mean and a variance: all of it (`"tensor"`, the default), each channel, which is
   * the last axis (`"channel"`), or each element by itself (`"element"`).
   */
  readonly per?: Per
}

/** What is learned: one number for each group of numbers. */
const State = Schema.Struct({ mean: Schema.Array(Schema.Finite), variance: Schema.Array(Schema.Finite) })

/**
 * Makes the step. A constant column becomes 0: it is divided by 1. Fails on NaN and infinity, on an empty train
 * partition, and on numbers too far apart for float64 (about 1e154).
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
    fit: Effect.fnUntraced(function* (cells: Step.Cells<Numeric>) {
      yield* finite(cells)
      const { mean, variance } = moments(cells.values, groupsOf(cells.column, per))
      if (!mean.every(Number.isFinite) || !variance.every(Number.isFinite)) {
        return yield* cells.refuse("holds numbers too far apart for float64; use Recipe.scale or Recipe.minMax first")
      }
      return { mean: [...mean], variance: [...variance] }
    }),
    apply: Effect.fnUntraced(function* (cells, { mean, variance }) {
      yield* finite(cells)
      const out = output(cells)
      const deviation = variance.map((each) => (each === 0 ? 1 : Math.sqrt(each)))
      normalize(cells.values, mean, deviation, out)
      return yield* checked(cells, out)
    })
  })
}
