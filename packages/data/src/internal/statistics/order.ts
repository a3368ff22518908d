/** Order statistics of numbers: sorted copies, quantiles, medians, modes. NaN stands for a missing number. */
import type { Numbers } from "../../RowId.ts"
import * as Float64 from "./float64.ts"
import * as Radix from "./radix.ts"

/** Returns the numbers of group `group` (number `i` belongs to group `i % groups`) that are there, in a copy. */
export const present = (values: ArrayLike<number>, groups = 1, group = 0): Float64Array => {
  if (values instanceof Float64Array && groups === 1) return Float64.present(values)
  const out = new Float64Array(Math.ceil(Math.max(0, values.length - group) / groups))
  let count = 0
  for (let place = group; place < values.length; place += groups) {
    if (!Number.isNaN(values[place])) out[count++] = values[place]
  }
  return out.subarray(0, count)
}

/** Returns the numbers of a group that are there, ascending. */
export const ascending = (values: ArrayLike<number>, groups = 1, group = 0): Float64Array =>
  Radix.sort(present(values, groups, group))

/**
 * Returns a quantile of ascending numbers, linear between the two nearest: the default of numpy's `quantile` and type 7 of
 * Hyndman and Fan (1996). `share` is in [0, 1]; there must be a number.
 */
export const quantile = (sorted: Float64Array, share: number): number => {
  const { above, below, part } = between(sorted.length, share)
  return mixed(sorted[below], sorted[above], part)
}

/** Returns `quantile` at each of a few shares of numbers in any order, without sorting them; there must be a number. */
export const quantiles = (values: Float64Array, shares: ReadonlyArray<number>): ReadonlyArray<number> => {
  const places = shares.map((share) => between(values.length, share))
  const found = Radix.select(
    values,
    places.flatMap(({ above, below }) => [below, above])
  )
  return places.map(({ part }, index) => mixed(found[2 * index], found[2 * index + 1], part))
}

/** Returns `quantiles` of the numbers of each group by themselves. */
export const quantilesOfGroups = (
  values: Numbers,
  groups: number,
  shares: ReadonlyArray<number>
): ReadonlyArray<ReadonlyArray<number>> => {
  if (groups === 1 && values instanceof Float64Array) return [quantiles(values, shares)]
  return Array.from({ length: groups }, (_, group) => quantiles(present(values, groups, group), shares))
}

/** Returns quantiles of each group at equal distances of their shares, from 0 to 1: all numbers, if they are no more. */
export const evenQuantiles = (values: Numbers, groups: number, most: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: groups }, (_, group) => {
    const count = values.length / groups
    const last = Math.min(most, count) - 1
    const own =
      groups === 1 && last < count - 1 && values instanceof Float64Array ? values : present(values, groups, group)
    if (last === count - 1) return Array.from(Radix.sort(own), (value) => value + 0) // JSON has no -0
    const shares = Array.from({ length: last + 1 }, (__, index) => index / last)
    return quantiles(own, shares).map((value) => value + 0)
  })

/** What stands for missing numbers. */
export type Statistic = "mean" | "median" | "mode"

/** Returns a statistic of the numbers that are there; undefined where there is none, or one is infinite. */
export const ofPresent = (values: Float64Array, statistic: Statistic): number | undefined => {
  const mean = statistic === "mean" ? Float64.meanOfPresent(values) : Number.NaN
  if (Number.isFinite(mean)) return mean
  const own = Float64.present(values)
  if (own.length === 0 || !Float64.isFinite(own)) return undefined
  if (statistic === "mean") return Float64.mean(own)
  return statistic === "median" ? quantiles(own, [0.5])[0] : mode(Radix.sort(own))
}

/** The two places that a share lies between, and how far it is from the lower one. */
const between = (length: number, share: number) => {
  const place = share * (length - 1)
  const below = Math.floor(place)
  return { below, above: Math.min(below + 1, length - 1), part: place - below }
}

const mixed = (low: number, high: number, part: number): number => {
  if (low === high) return low
  return Number.isFinite(high - low) ? low + (high - low) * part : low * (1 - part) + high * part
}

/** Returns the most frequent of ascending numbers, the smallest of equally frequent ones; there must be a number. */
export const mode = (sorted: Float64Array): number => {
  let [best, most] = [sorted[0], 0]
  for (let start = 0; start < sorted.length;) {
    let end = start + 1
    while (end < sorted.length && sorted[end] === sorted[start]) end++
    if (end - start > most) [best, most] = [sorted[start], end - start]
    start = end
  }
  return best
}
