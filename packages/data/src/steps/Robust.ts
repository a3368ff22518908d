/**
 * Robust scaling: subtracts the median of the train rows and divides by the distance of two of their quantiles, the
 * quartiles unless given, so that a few extreme numbers change nothing. The same as scikit-learn's RobustScaler.
 */
import { Effect, Schema } from "effect"
import { type Per, becomes, finite, normalized, quantilesOf } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /**
   * Which numbers of a tensor share a median: all of it (`"tensor"`, the default), each channel, which is the last axis
   * (`"channel"`), or each element by itself (`"element"`).
   */
  readonly per?: Per
  /** The shares of train numbers below the lower and the upper quantile; 0.25 and 0.75 unless given. */
  readonly between?: readonly [lower: number, upper: number]
}

/** What is learned: one number for each group of numbers. */
const State = Schema.Struct({ median: Schema.Array(Schema.Finite), spread: Schema.Array(Schema.Finite) })

/** Checks two shares of rows. Throws a RangeError unless they ascend within [0, 1]. */
export const checkShares = (step: string, lower: number, upper: number): void => {
  if (!(lower >= 0 && lower < upper && upper <= 1)) {
    throw new RangeError(`Recipe.${step}: ${lower} and ${upper} are no ascending shares; give two from 0 to 1`)
  }
}

/**
 * Makes the step. Where the two quantiles are equal, it divides by 1. Fails on NaN and infinity, and on quantiles too far
 * apart for float64. Throws a RangeError for shares that do not ascend within [0, 1].
 */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const { between: [lower, upper] = [0.25, 0.75], per = "tensor" } = options
  checkShares("robust", lower, upper)
  return Step.column({
    name: "robust",
    version: 1,
    code: "versioned",
    config: { per, between: [lower, upper] },
    column,
    takes: ["float", "tensor"],
    becomes,
    state: State,
    fit: Effect.fnUntraced(function* (cells) {
      yield* finite(cells)
      const groups = quantilesOf(cells, per, [lower, 0.5, upper])
      const spread = groups.map(([low, , high]) => high - low)
      if (!spread.every(Number.isFinite)) {
        return yield* cells.refuse("holds numbers too far apart for float64; use Recipe.scale first")
      }
      return { median: groups.map(([, middle]) => middle + 0), spread } // JSON has no -0
    }),
    apply: (cells, { median, spread }) =>
      normalized(
        cells,
        median,
        spread.map((each) => (each === 0 ? 1 : each))
      ),
    inverse: (values, { median, spread }) => values.map((value) => value * (spread[0] || 1) + median[0])
  })
}
