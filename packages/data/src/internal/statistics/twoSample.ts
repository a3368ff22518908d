/**
 * Comparing two samples of numbers or classes: the Kolmogorov-Smirnov and chi-square tests, the population stability index,
 * and the area under the ROC curve with DeLong's standard error.
 */
import { ranksOf } from "./singleFeature.ts"

/** A distance between two samples, and how likely one as large is when both come from one distribution. */
export interface Test {
  readonly distance: number
  readonly p: number
}

/** The largest distance between the distribution functions of two samples given in ascending order; p is its limit's. */
export const kolmogorovSmirnov = (left: Float64Array, right: Float64Array): Test => {
  if (left.length === 0 || right.length === 0) return { distance: 0, p: 1 }
  let [i, j, distance] = [0, 0, 0]
  while (i < left.length && j < right.length) {
    const value = Math.min(left[i], right[j])
    while (i < left.length && left[i] <= value) i++
    while (j < right.length && right[j] <= value) j++
    distance = Math.max(distance, Math.abs(i / left.length - j / right.length))
  }
  const size = Math.sqrt((left.length * right.length) / (left.length + right.length))
  return { distance, p: kolmogorov((size + 0.12 + 0.11 / size) * distance) }
}

/** The upper tail of Kolmogorov's distribution; the argument above is Stephens' (1970) for finite samples. */
const kolmogorov = (x: number): number => {
  if (x < 0.2) return 1
  let [sum, sign] = [0, 1]
  for (let term = 1; term <= 100; term++) {
    const next = Math.exp(-2 * term * term * x * x)
    sum += sign * next
    sign = -sign
    if (next < 1e-16) break
  }
  return Math.min(1, Math.max(0, 2 * sum))
}

/** Stirling's series for ln Γ(x), after Γ's recurrence has brought x above 10. */
const logGamma = (x: number): number => {
  let [shift, at] = [0, x]
  while (at < 10) shift += Math.log(at++)
  return (
    (at - 0.5) * Math.log(at) -
    at +
    0.9189385332046728 +
    1 / (12 * at) -
    1 / (360 * at ** 3) +
    1 / (1260 * at ** 5) -
    shift
  )
}

/** The upper tail of the chi-square distribution: a series below its mean, Lentz's continued fraction above. */
export const chiSquareTail = (statistic: number, degrees: number): number => {
  const [a, x] = [degrees / 2, statistic / 2]
  if (x <= 0 || degrees <= 0) return 1
  const front = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a]
    for (let n = 1; n < 1000 && term > sum * 1e-16; n++) {
      term *= x / (a + n)
      sum += term
    }
    return Math.max(0, 1 - front * sum)
  }
  let b = x + 1 - a
  let c = 1e300
  let d = 1 / b
  let fraction = d
  for (let n = 1; n < 1000; n++) {
    const step = -n * (n - a)
    b += 2
    d = 1 / (step * d + b)
    c = b + step / c
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return front * fraction
}

/** Tests whether two rows of counts come from one distribution; classes expected fewer than five times are taken together. */
export const chiSquare = (left: ArrayLike<number>, right: ArrayLike<number>): Test => {
  const [m, n] = [total(left), total(right)]
  if (m === 0 || n === 0) return { distance: 0, p: 1 }
  const least = (5 * (m + n)) / Math.min(m, n)
  const cells: Array<readonly [number, number]> = []
  let rare: readonly [number, number] = [0, 0]
  for (let place = 0; place < left.length; place++) {
    const pair = [left[place], right[place]] as const
    if (pair[0] + pair[1] >= least) cells.push(pair)
    else rare = [rare[0] + pair[0], rare[1] + pair[1]]
  }
  if (rare[0] + rare[1] >= least) cells.push(rare)
  let [statistic, distance] = [0, 0]
  for (const [a, b] of cells) {
    const share = (a + b) / (m + n)
    statistic += (a - m * share) ** 2 / (m * share) + (b - n * share) ** 2 / (n * share)
  }
  for (let place = 0; place < left.length; place++) distance += Math.abs(left[place] / m - right[place] / n) / 2
  return { distance, p: chiSquareTail(statistic, cells.length - 1) }
}

const total = (counts: ArrayLike<number>): number => {
  let sum = 0
  for (let place = 0; place < counts.length; place++) sum += counts[place]
  return sum
}

/**
 * The population stability index of two rows of counts: the sum of `(p - q) ln(p / q)` over classes, with half a row added
 * to each so that an empty class stays finite.
 */
export const stability = (left: ArrayLike<number>, right: ArrayLike<number>): number => {
  const [m, n] = [total(left) + left.length / 2, total(right) + right.length / 2]
  let sum = 0
  for (let place = 0; place < left.length; place++) {
    const [p, q] = [(left[place] + 0.5) / m, (right[place] + 0.5) / n]
    sum += (p - q) * Math.log(p / q)
  }
  return sum
}

/** The area under the ROC curve of scores for the rows marked, and its standard error (DeLong et al. 1988). */
export const area = (
  scores: Float64Array,
  isPositive: Uint8Array
): { readonly value: number; readonly error: number } => {
  const side = (wanted: number) => scores.filter((_, row) => isPositive[row] === wanted)
  const [positive, negative] = [side(1), side(0)]
  const [m, n] = [positive.length, negative.length]
  if (m === 0 || n === 0) return { value: 0.5, error: NaN }
  const all = ranksOf(scores)
  const ranks = { 1: all.filter((_, row) => isPositive[row] === 1), 0: all.filter((_, row) => isPositive[row] === 0) }
  const own = { 1: ranksOf(positive), 0: ranksOf(negative) }
  const above = ranks[1].map((rank, place) => (rank - own[1][place]) / n)
  const below = ranks[0].map((rank, place) => 1 - (rank - own[0][place]) / m)
  const value = total(above) / m
  const variance = (of: Float64Array) =>
    of.reduce((sum, each) => sum + (each - value) ** 2, 0) / Math.max(1, of.length - 1) / of.length
  return { value, error: Math.sqrt(variance(above) + variance(below)) }
}
