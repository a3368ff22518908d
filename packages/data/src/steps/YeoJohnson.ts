/**
 * The power transform of Yeo and Johnson (2000), which makes skewed numbers of either sign nearly normal: its exponent is
 * the one of greatest likelihood on the train rows. The same as scikit-learn's PowerTransformer with
 * `standardize=False`; standardize afterwards.
 */
import { Effect, Schema } from "effect"
import { moments } from "../internal/statistics/lanes.ts"
import { minimize } from "../internal/statistics/minimize.ts"
import { type Sharing, mapped, sortedGroups } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export type Options = Sharing

/** What is learned: one exponent for each group of numbers. */
const State = Schema.Struct({ lambda: Schema.Array(Schema.Finite) })

const power = (lambda: number, logarithm: number): number =>
  Math.abs(lambda) < Number.EPSILON ? logarithm : Math.expm1(lambda * logarithm) / lambda

const transform = (value: number, lambda: number): number =>
  value >= 0 ? power(lambda, Math.log1p(value)) : -power(2 - lambda, Math.log1p(-value))

/** Undoes `transform`: NaN for what no number becomes. */
const restored = (value: number, lambda: number): number =>
  value >= 0 ? Math.expm1(unpower(lambda, value)) : -Math.expm1(unpower(2 - lambda, -value))

const unpower = (lambda: number, value: number): number =>
  Math.abs(lambda) < Number.EPSILON ? value : Math.log1p(lambda * value) / lambda

/** The exponents that cannot overflow the variance of transformed numbers, whose logarithms reach `most`. */
const bounds = (least: number, largest: number, most: number): readonly [number, number] => {
  const eps = Math.log(Number.EPSILON)
  const low = (Math.log(2.2250738585072014e-308) - eps) / 2 / most
  const high = (Math.log(Number.MAX_VALUE) + eps) / 2 / most
  if (largest < 0) return [2 - high, 2 - low]
  return least < 0 ? [Math.max(2 - high, low), Math.min(2 - low, high)] : [low, high]
}

/**
 * The logarithm of the variance of transformed numbers, by exponent. Numbers of one sign are transformed relative to the
 * one that becomes largest, and without the constant they share: else they round to one number at extreme exponents.
 */
const logVarianceOf = (sorted: Float64Array): ((lambda: number) => number) => {
  const [least, largest] = [sorted[0], sorted[sorted.length - 1]]
  const out = new Float64Array(sorted.length)
  const logVariance = () => Math.log(moments(out, 1).variance[0])
  if (least < 0 && largest >= 0) {
    return (lambda) => {
      for (let place = 0; place < out.length; place++) out[place] = transform(sorted[place], lambda)
      return logVariance()
    }
  }
  const logarithms = sorted.map((value) => Math.log1p(Math.abs(value)))
  const ends = [logarithms[0], logarithms[logarithms.length - 1]]
  return (lambda) => {
    const exponent = least >= 0 ? lambda : 2 - lambda
    const reference = exponent > 0 ? Math.max(...ends) : Math.min(...ends)
    for (let place = 0; place < out.length; place++) out[place] = power(exponent, logarithms[place] - reference)
    return logVariance() + 2 * exponent * reference
  }
}

/** Finds the exponent of greatest likelihood; 1, which changes nothing, for constants. */
const exponent = (sorted: Float64Array): number => {
  const [least, largest] = [sorted[0], sorted[sorted.length - 1]]
  if (least === largest) return 1
  const { length } = sorted
  const signed = sorted.reduce((sum, value) => sum + Math.sign(value) * Math.log1p(Math.abs(value)), 0)
  const most = Math.log1p(Math.max(Math.abs(least), Math.abs(largest)))
  const logVariance = logVarianceOf(sorted)
  const [low, high] = bounds(least, largest, most)
  return minimize((lambda) => (length / 2) * logVariance(lambda) - (lambda - 1) * signed, low, high, 1.48e-8)
}

/** Makes the step. A constant column stays what it is. Fails on NaN and infinity. */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const per = options.per ?? "tensor"
  return Step.numeric({
    name: "yeoJohnson",
    version: 1,
    code: "versioned",
    config: { per },
    column,
    state: State,
    fit: Effect.fnUntraced(function* (cells) {
      const lambda = sortedGroups(cells, per).map(exponent)
      return lambda.every(Number.isFinite)
        ? { lambda }
        : yield* cells.refuse("holds numbers too far apart or too close together for float64; use Recipe.robust first")
    }),
    apply: (cells, { lambda }) =>
      Effect.sync(() => {
        return mapped(cells, lambda.length, (value, group) => transform(value, lambda[group]))
      }),
    inverse: (values, { lambda }) => values.map((value) => restored(value, lambda[0]))
  })
}
