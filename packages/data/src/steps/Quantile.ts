/**
 * The quantile transform: a number becomes the share of train numbers below it, so that train columns are uniform on [0, 1]
 * or, through the inverse distribution, normal. Ranks only, so nothing wild remains; distances are lost. The same as
 * scikit-learn's QuantileTransformer with `subsample=None`.
 */
import { Effect, Schema } from "effect"
import * as Normal from "../internal/statistics/normal.ts"
import { type Sharing, mapped, sortedGroups } from "../internal/numeric.ts"
import * as Order from "../internal/statistics/order.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options extends Sharing {
  /** The distribution of train columns afterwards; `"uniform"` unless given. */
  readonly output?: "uniform" | "normal"
  /** How many quantiles are learned, at most as many as there are train numbers; 1000 unless given. */
  readonly quantiles?: number
}

/** What is learned: for each group of numbers, quantiles at equal distances of their shares, from 0 to 1. */
const State = Schema.Struct({ quantiles: Schema.Array(Schema.Array(Schema.Finite)) })

const margin = 1e-7

/** The share of train numbers below a number: between two quantiles by proportion, at equal ones the middle of theirs. */
const shareBelow = (quantiles: ReadonlyArray<number>, value: number): number => {
  const last = quantiles.length - 1
  let [first, end] = [0, quantiles.length]
  for (let size = end; first < end; size = end - first) {
    const middle = first + (size >> 1)
    if (quantiles[middle] < value) first = middle + 1
    else end = middle
  }
  if (first > last) return 1
  if (quantiles[first] > value) {
    if (first === 0) return 0
    const [low, high] = [quantiles[first - 1], quantiles[first]]
    return (first - 1 + (value / 2 - low / 2) / (high / 2 - low / 2)) / last
  }
  let equal = first
  while (equal < last && quantiles[equal + 1] === value) equal++
  return (first + equal) / 2 / last
}

const uniform = (quantiles: ReadonlyArray<number>, value: number): number => {
  if (value <= quantiles[0]) return 0
  return value >= quantiles[quantiles.length - 1] ? 1 : shareBelow(quantiles, value)
}

const normal = (quantiles: ReadonlyArray<number>, value: number): number => {
  const least = margin - Number.EPSILON
  if (value - margin < quantiles[0]) return Normal.quantile(least)
  if (value + margin > quantiles[quantiles.length - 1]) return Normal.quantile(1 - least)
  return Normal.quantile(Math.min(1 - least, Math.max(least, shareBelow(quantiles, value))))
}

/**
 * Makes the step. A constant column becomes 0 (uniform) or the smallest normal number, -5.2. Fails on NaN and infinity.
 * Throws a RangeError for fewer than two quantiles.
 */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const { output = "uniform", per = "tensor", quantiles = 1000 } = options
  if (!Number.isSafeInteger(quantiles) || quantiles < 2) {
    throw new RangeError(`Recipe.quantile: quantiles is ${quantiles}; give a whole number of at least 2`)
  }
  const f = output === "uniform" ? uniform : normal
  return Step.numeric({
    name: "quantile",
    version: 1,
    code: "versioned",
    config: { output, quantiles, per },
    column,
    state: State,
    fit: (cells) =>
      Effect.sync(() => {
        return {
          quantiles: sortedGroups(cells, per).map((sorted) => {
            const last = Math.min(quantiles, sorted.length) - 1
            if (last === sorted.length - 1) return Array.from(sorted, (value) => value + 0) // JSON has no -0
            const shares = Array.from({ length: last + 1 }, (_, index) => index / last)
            return shares.map((share) => Order.quantile(sorted, share) + 0)
          })
        }
      }),
    apply: (cells, learned) =>
      Effect.sync(() => {
        return mapped(cells, learned.quantiles.length, (value, group) => f(learned.quantiles[group], value))
      })
  })
}
