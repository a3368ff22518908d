/**
 * Mutual information of two columns in nats, estimated as scikit-learn does, without its noise: exactly of the counts where
 * both are discrete, from distances to the k-th neighbour where one (Ross 2014) or both (Kraskov, Stögbauer and Grassberger
 * 2004, the first of their estimators) are continuous.
 */
import { moments } from "./lanes.ts"
import * as Neighbors from "./neighbors.ts"

/** The derivative of the logarithm of the gamma function, for x ≥ 1: recurrence up to 10, then the asymptotic series. */
export const digamma = (x: number): number => {
  let [sum, at] = [0, x]
  for (; at < 10; at++) sum -= 1 / at
  const inverse = 1 / (at * at)
  const series = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse * (1 / 240 - inverse / 132))))
  return sum + Math.log(at) - 0.5 / at - series
}

/** Numbers equal values 0, 1, 2, … */
const coded = (values: Float64Array): { readonly codes: Int32Array; readonly counts: ReadonlyArray<number> } => {
  const known = new Map<number, number>()
  const counts: Array<number> = []
  const codes = Int32Array.from(values, (value) => {
    const code = known.get(value) ?? known.size
    known.set(value, code)
    counts[code] = (counts[code] ?? 0) + 1
    return code
  })
  return { codes, counts }
}

export const discrete = (x: Float64Array, y: Float64Array): number => {
  const [a, b] = [coded(x), coded(y)]
  const together = new Map<number, number>()
  a.codes.forEach((code, row) => {
    const pair = code * b.counts.length + b.codes[row]
    together.set(pair, (together.get(pair) ?? 0) + 1)
  })
  let sum = 0
  for (const [pair, count] of together) {
    const [first, second] = [Math.floor(pair / b.counts.length), pair % b.counts.length]
    sum += (count / x.length) * Math.log((count * x.length) / (a.counts[first] * b.counts[second]))
  }
  return Math.max(0, sum)
}

/** The next number towards zero from a distance. */
const below = (distance: number): number => {
  if (distance === 0) return 0
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, distance)
  view.setBigUint64(0, view.getBigUint64(0) - 1n)
  return view.getFloat64(0)
}

/** Counts ascending numbers within a radius of one of them. */
const within = (sorted: Float64Array, value: number, radius: number): number => {
  const first = (isIn: (each: number) => boolean): number => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isIn(sorted[middle])) high = middle
      else low = middle + 1
    }
    return low
  }
  return (
    first((each) => each > value && each - value > radius) - first((each) => each >= value || value - each <= radius)
  )
}

/** The distance of each of ascending numbers to its k-th nearest other. */
const radii = (sorted: Float64Array, k: number): Float64Array => {
  let start = 0
  return sorted.map((value, at) => {
    start = Math.max(start, at - k, 0)
    while (start + k + 1 < sorted.length && start < at && sorted[start + k + 1] - value < value - sorted[start]) start++
    const end = Math.min(start + k, sorted.length - 1)
    return Math.max(value - sorted[start], sorted[end] - value)
  })
}

export const mixed = (continuous: Float64Array, labels: Float64Array, neighbors: number): number => {
  const { codes, counts } = coded(labels)
  const rows = counts.map((count) => new Uint32Array(count))
  const filled = counts.map(() => 0)
  codes.forEach((code, row) => (rows[code][filled[code]++] = row))
  const used = rows.filter((all) => all.length > 1)
  const sorted = Float64Array.from(used.flatMap((all) => Array.from(all, (row) => continuous[row]))).sort()
  let sum = 0
  for (const all of used) {
    const own = Float64Array.from(all, (row) => continuous[row]).sort()
    const k = Math.min(neighbors, own.length - 1)
    const found = radii(own, k)
    for (let at = 0; at < own.length; at++) {
      sum += digamma(k) - digamma(own.length) - digamma(within(sorted, own[at], below(found[at])))
    }
  }
  return sorted.length === 0 ? 0 : Math.max(0, digamma(sorted.length) + sum / sorted.length)
}

const scaled = (values: Float64Array): Float64Array => {
  const deviation = Math.sqrt(moments(values, 1).variance[0])
  return deviation === 0 ? values : values.map((value) => value / deviation)
}

export const continuous = (x: Float64Array, y: Float64Array, neighbors: number): number => {
  const { length } = x
  const k = Math.min(neighbors, length - 1)
  if (k < 1) return 0
  const [a, b] = [scaled(x), scaled(y)]
  const [sortedA, sortedB] = [a.toSorted(), b.toSorted()]
  const points = new Float64Array(2 * length)
  for (let row = 0; row < length; row++) {
    points[2 * row] = a[row]
    points[2 * row + 1] = b[row]
  }
  const tree = Neighbors.tree(points, 2, "chebyshev")
  let sum = 0
  for (let row = 0; row < length; row++) {
    const near = Neighbors.found(k + 1) // and the row itself
    Neighbors.search(tree, points.subarray(2 * row, 2 * row + 2), near)
    const radius = below(near.distances[k])
    sum += digamma(within(sortedA, a[row], radius)) + digamma(within(sortedB, b[row], radius))
  }
  return Math.max(0, digamma(length) + digamma(k) - sum / length)
}
