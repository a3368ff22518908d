/**
 * Intervals that say how sure a number is. All are at 95 % and say so where they are shown.
 */

/** An estimate, and the 95 % interval around it. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** The 97.5 % point of the standard normal distribution. */
const z = 1.959963984540054

/**
 * Returns the share of successes with Wilson's 95 % score interval (Wilson 1927; recommended by Brown, Cai and DasGupta
 * 2001): unlike `p ± 1.96 s` it stays within [0, 1] and is not empty at 0 % and 100 %. Of no trials the share is 0 and
 * the interval is everything.
 *
 * @example
 * import { Interval } from "@watertight/eval"
 * Interval.wilson(10, 10).low.toFixed(3) // => "0.722"
 */
export const wilson = (successes: number, trials: number): Interval => {
  if (trials === 0) return { value: 0, low: 0, high: 1 }
  const share = successes / trials
  const scale = 1 + (z * z) / trials
  const centre = (share + (z * z) / (2 * trials)) / scale
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials))
  return {
    value: share,
    low: successes === 0 ? 0 : centre - half,
    high: successes === trials ? 1 : centre + half
  }
}

/**
 * Returns a mean with its normal 95 % interval, `mean ± 1.96 s / sqrt(count)`, from the sum of squared deviations from
 * the mean. It takes rows to be independent: over rows of a time series it is too narrow. Of one row it is NaN.
 */
export const normal = (mean: number, squaredDeviations: number, count: number): Interval => {
  const half = z * Math.sqrt(squaredDeviations / (count - 1) / count)
  return { value: mean, low: mean - half, high: mean + half }
}
