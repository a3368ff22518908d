/**
 * What the numbers of a column look like: range, moments, quantiles, histogram. Everything is computed from the sorted
 * numbers, so the order of the rows changes no bit of it.
 */
import { Schema } from "effect"
import { moments } from "../internal/statistics/lanes.ts"
import { quantile } from "../internal/statistics/order.ts"

/** The shares of the quantiles of a profile. */
export const shares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const

/** How many bins a histogram has. */
export const bins = 20

/** What finite numbers look like. */
export const Numbers = Schema.Struct({
  /** How many there are. */
  count: Schema.Int,
  min: Schema.Finite,
  max: Schema.Finite,
  mean: Schema.Finite,
  /** The population standard deviation, as `Recipe.standardize` uses it. */
  deviation: Schema.Finite,
  /** The third standardized moment, 0 where all numbers are equal. */
  skew: Schema.Finite,
  /** Linear between the two nearest numbers (type 7 of Hyndman and Fan 1996). */
  quantiles: Schema.Array(Schema.Struct({ share: Schema.Finite, value: Schema.Finite })),
  /** Numbers that differ, counted exactly. */
  distinct: Schema.Int,
  zeros: Schema.Int,
  negative: Schema.Int,
  /** Whether all are whole numbers. */
  whole: Schema.Boolean,
  /** The most frequent number, the smallest of equally frequent ones. */
  top: Schema.Struct({ value: Schema.Finite, rows: Schema.Int }),
  /** Numbers more than three interquartile ranges outside the quartiles (Tukey 1977, "far out"). */
  farOut: Schema.Int,
  /** Numbers in bins of equal width from `min` to `max`; the last holds `max`. */
  histogram: Schema.Array(Schema.Int)
})

/** What finite numbers look like. */
export type Numbers = typeof Numbers.Type

/** How many of ascending numbers are below a bound. */
const below = (sorted: Float64Array, bound: number): number => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < bound) low = middle + 1
    else high = middle
  }
  return low
}

const upTo = (sorted: Float64Array, bound: number): number => {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] <= bound) low = middle + 1
    else high = middle
  }
  return low
}

/** Counts ascending numbers in bins of equal width. */
export const histogramOf = (sorted: Float64Array, count = bins): ReadonlyArray<number> => {
  const [min, max] = [sorted[0], sorted[sorted.length - 1]]
  if (min === max) return [sorted.length]
  const step = max / count - min / count
  const counts: Array<number> = []
  let before = 0
  for (let bin = 1; bin <= count; bin++) {
    const until = bin === count ? sorted.length : below(sorted, min + bin * step)
    counts.push(Math.max(0, until - before))
    before = Math.max(before, until)
  }
  return counts
}

interface Runs {
  readonly distinct: number
  readonly top: { readonly value: number; readonly rows: number }
  readonly whole: boolean
}

const runsOf = (sorted: Float64Array): Runs => {
  let distinct = 0
  let whole = true
  let [value, rows] = [sorted[0], 0]
  for (let start = 0; start < sorted.length;) {
    const each = sorted[start]
    let end = start + 1
    while (end < sorted.length && sorted[end] === each) end++
    if (end - start > rows) [value, rows] = [each, end - start]
    if (whole && !Number.isInteger(each)) whole = false
    distinct++
    start = end
  }
  return { distinct, top: { value: value + 0, rows }, whole }
}

/** Sums third powers of deviations in blocks, which rounds less than one sum. */
const thirdMoment = (sorted: Float64Array, mean: number, deviation: number): number => {
  let total = 0
  for (let start = 0; start < sorted.length; start += 1024) {
    const end = Math.min(start + 1024, sorted.length)
    let sum = 0
    for (let place = start; place < end; place++) {
      const scaled = (sorted[place] - mean) / deviation
      sum += scaled * scaled * scaled
    }
    total += sum
  }
  return total / sorted.length
}

/** Describes ascending finite numbers; of none there is nothing to say. */
export const describe = (sorted: Float64Array): Numbers | null => {
  if (sorted.length === 0) return null
  const [min, max] = [sorted[0], sorted[sorted.length - 1]]
  const size = Math.max(Math.abs(min), Math.abs(max))
  // numbers near the edges of float64 are scaled by a power of two, which is exact, so that squares neither overflow nor vanish
  const scale =
    size > 1e100 || (size > 0 && size < 1e-100) ? 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(size)))) : 1
  const scaled = scale === 1 ? sorted : sorted.map((value) => value / scale)
  const { mean, variance } = moments(scaled, 1)
  const deviation = Math.sqrt(variance[0])
  const quantiles = shares.map((share) => ({ share, value: quantile(sorted, share) + 0 }))
  const [low, high] = [quantile(scaled, 0.25), quantile(scaled, 0.75)]
  const fence = 3 * (high - low)
  return {
    count: sorted.length,
    min: min + 0,
    max: max + 0,
    mean: mean[0] * scale + 0,
    deviation: Math.min(deviation * scale, Number.MAX_VALUE),
    skew: deviation > 0 ? thirdMoment(scaled, mean[0], deviation) + 0 : 0,
    quantiles,
    ...runsOf(sorted),
    zeros: upTo(sorted, 0) - below(sorted, 0),
    negative: below(sorted, 0),
    farOut: fence > 0 ? below(scaled, low - fence) + scaled.length - upTo(scaled, high + fence) : 0,
    histogram: histogramOf(sorted)
  }
}
