/**
 * Sums, moments and ranges of numbers in typed arrays, in groups: number `i` belongs to group `i % groups`. Each group is
 * summed in several interleaved lanes, which is faster than one sum (no addition waits for the one before) and rounds
 * less. The order of the additions depends on the length and the number of groups only.
 */
import type { Numbers } from "../../RowId.ts"
import * as Float64 from "./float64.ts"

/** A multiple of `groups` near 64, so that lane `i % lanes` lies in group `i % groups`. */
const lanesFor = (groups: number): number => groups * Math.ceil(64 / groups)

const merged = (lanes: Float64Array, groups: number): Float64Array => {
  const out = new Float64Array(groups)
  for (let lane = 0; lane < lanes.length; lane++) out[lane % groups] += lanes[lane]
  return out
}

const spread = (perGroup: Float64Array, lanes: number): Float64Array =>
  Float64Array.from({ length: lanes }, (_, lane) => perGroup[lane % perGroup.length])

/** Mean and population variance of each group. */
export interface Moments {
  readonly mean: Float64Array
  readonly variance: Float64Array
}

/**
 * Computes means and population variances in two passes (Chan, Golub and LeVeque 1983, the corrected two-pass algorithm)
 * over numbers shifted by the first of their group, so that equal numbers give exactly themselves and variance 0. Where a
 * group holds NaN or infinity, or numbers too far apart for float64, the result is not finite.
 */
export const moments = (values: Numbers, groups: number): Moments => {
  if (groups === 1 && values instanceof Float64Array) {
    const mean = Float64.mean(values)
    return { mean: Float64Array.of(mean), variance: Float64Array.of(Float64.variance(values, mean)) }
  }
  const count = values.length / groups
  const lanes = lanesFor(groups)
  const first = Float64Array.from({ length: groups }, (_, group) => values[group])
  const shift = spread(first, lanes)
  const sums = new Float64Array(lanes)
  for (let start = 0; start < values.length; start += lanes) {
    const size = Math.min(lanes, values.length - start)
    for (let lane = 0; lane < size; lane++) sums[lane] += values[start + lane] - shift[lane]
  }
  const mean = merged(sums, groups).map((sum, group) => first[group] + sum / count)

  const center = spread(mean, lanes)
  const deviations = new Float64Array(lanes)
  const squares = new Float64Array(lanes)
  for (let start = 0; start < values.length; start += lanes) {
    const size = Math.min(lanes, values.length - start)
    for (let lane = 0; lane < size; lane++) {
      const deviation = values[start + lane] - center[lane]
      deviations[lane] += deviation
      squares[lane] += deviation * deviation
    }
  }
  const residual = merged(deviations, groups)
  const variance = merged(squares, groups).map((square, group) =>
    Math.max(0, (square - residual[group] ** 2 / count) / count)
  )
  return { mean, variance }
}

/** The smallest and the largest number of each group. */
export interface Range {
  readonly min: Float64Array
  readonly max: Float64Array
  /** Whether there is neither NaN, which counts as nothing, nor infinity. */
  readonly isFinite: boolean
}

/** Computes the range of each group. */
export const range = (values: Numbers, groups: number): Range => {
  if (groups === 1 && values instanceof Float64Array) {
    const { isFinite, max, min } = Float64.range(values)
    return { min: Float64Array.of(min), max: Float64Array.of(max), isFinite }
  }
  const lanes = lanesFor(groups)
  const lowest = new Float64Array(lanes).fill(Infinity)
  const highest = new Float64Array(lanes).fill(-Infinity)
  for (let start = 0; start < values.length; start += lanes) {
    const size = Math.min(lanes, values.length - start)
    for (let lane = 0; lane < size; lane++) {
      const value = values[start + lane]
      if (value < lowest[lane]) lowest[lane] = value
      if (value > highest[lane]) highest[lane] = value
    }
  }
  const min = new Float64Array(groups).fill(Infinity)
  const max = new Float64Array(groups).fill(-Infinity)
  for (let lane = 0; lane < lanes; lane++) {
    min[lane % groups] = Math.min(min[lane % groups], lowest[lane])
    max[lane % groups] = Math.max(max[lane % groups], highest[lane])
  }
  return { min, max, isFinite: firstNotFinite(values) < 0 }
}

/** Returns numbers as JSON keeps them: JSON has no -0. */
export const plain = (perGroup: Float64Array): ReadonlyArray<number> => Array.from(perGroup, (value) => value + 0)

/** Returns the place of the first NaN or infinity, or -1. */
export const firstNotFinite = (values: Numbers): number => {
  if (values instanceof Uint8Array || values instanceof Int32Array) return -1
  if (values instanceof Float64Array && Float64.isFinite(values)) return -1
  for (let start = 0; start < values.length; start += 4096) {
    const end = Math.min(start + 4096, values.length)
    let sum = 0
    for (let index = start; index < end; index++) sum += values[index]
    if (!Number.isFinite(sum)) {
      for (let index = start; index < end; index++) if (!Number.isFinite(values[index])) return index
    }
  }
  return -1
}

/** Writes `(value - center) / scale` of each number's group into `out`, and says whether all results are finite. */
export const normalize = (
  values: Numbers,
  center: ReadonlyArray<number>,
  scale: ReadonlyArray<number>,
  out: Float64Array | Float32Array
): boolean => {
  if (values instanceof Float64Array && out instanceof Float64Array && center.length === 1) {
    return Float64.normalize(values, center[0], scale[0], out)
  }
  const lanes = lanesFor(center.length)
  const centers = spread(Float64Array.from(center), lanes)
  const scales = spread(Float64Array.from(scale), lanes)
  for (let start = 0; start < values.length; start += lanes) {
    const size = Math.min(lanes, values.length - start)
    for (let lane = 0; lane < size; lane++) out[start + lane] = (values[start + lane] - centers[lane]) / scales[lane]
  }
  return firstNotFinite(out) < 0
}
