/**
 * Near duplicates among sets of 32-bit shingles. MinHash signatures (Broder 1997) of one permutation in bins (Li, Owen and
 * Zhang 2012) with empty bins filled from others (Shrivastava 2017) are cut into bands; sets that agree in a band are
 * compared exactly. The hash functions are fixed: what is near depends on the sets alone.
 */
import * as BucketJoin from "./bucketJoin.ts"
import type * as Components from "./components.ts"
import { add, mix } from "../rows/mix.ts"

/** Sets one after the other: set `row` is `values` from `starts[row]` up to `starts[row + 1]`, ascending, none twice. */
export interface Sets {
  readonly starts: Uint32Array
  readonly values: Uint32Array
}

/** Numbers in a signature. */
export const bins = 256

const empty = 0xffff_ffff

/** Writes the signature of a set: `bins` numbers, of which two sets share as large a part as their Jaccard similarity. */
export const signature = ({ starts, values }: Sets, row: number, out: Uint32Array): void => {
  out.fill(empty)
  for (let at = starts[row]; at < starts[row + 1]; at++) {
    const hash = mix(values[at] ^ 0x5bd1_e995)
    const bin = hash >>> 24
    const value = mix(hash) >>> 1 // never `empty`
    if (value < out[bin]) out[bin] = value
  }
  if (starts[row] === starts[row + 1]) return
  const drawn = out.slice()
  for (let bin = 0; bin < bins; bin++) {
    for (let attempt = 1; out[bin] === empty; attempt++) out[bin] = drawn[mix(bin + bins * attempt) % bins]
  }
}

/** How signatures are cut. */
export interface Plan {
  readonly bands: number
  readonly rows: number
  /** Pairs that agree in fewer bands are not near. */
  readonly least: number
}

/** Pairs at the threshold are missed with at most this probability, those above it with less. */
const miss = 1e-6

/** The probability of fewer than `least` successes in so many trials. */
const fewer = (least: number, trials: number, success: number): number => {
  let term = (1 - success) ** trials
  let sum = 0
  for (let each = 0; each < least; each++) {
    sum += term
    term *= ((trials - each) / (each + 1)) * (success / (1 - success))
  }
  return sum
}

/** Chooses the longest bands that miss hardly a pair at the threshold, a Jaccard similarity in (0, 1]. */
export const plan = (threshold: number): Plan => {
  let rows = 1
  const missed = (length: number) => (1 - threshold ** length) ** Math.floor(bins / length)
  while (rows < bins && missed(rows + 1) <= miss) rows++
  const bands = Math.floor(bins / rows)
  let least = 1
  while (least < bands && fewer(least + 1, bands, threshold ** rows) <= miss) least++
  return { rows, bands, least }
}

/** Counts what two sets share, in units of what they have together; two empty sets are equal. */
export const jaccard = ({ starts, values }: Sets, first: number, second: number): number => {
  let [a, b] = [starts[first], starts[second]]
  const [endA, endB] = [starts[first + 1], starts[second + 1]]
  const total = endA - a + (endB - b)
  let shared = 0
  while (a < endA && b < endB) {
    const [x, y] = [values[a], values[b]]
    if (x === y) shared++
    if (x <= y) a++
    if (y <= x) b++
  }
  return total === 0 ? 1 : shared / (total - shared)
}

const bandsOf = (sets: Sets, threshold: number): BucketJoin.Bands => {
  const length = sets.starts.length - 1
  const { bands, least, rows } = plan(threshold)
  const all = new Uint32Array(length * bands)
  const drawn = new Uint32Array(bins)
  for (let row = 0; row < length; row++) {
    signature(sets, row, drawn)
    for (let band = 0; band < bands; band++) {
      let key = band
      for (let at = band * rows; at < (band + 1) * rows; at++) key = add(key, drawn[at])
      all[row * bands + band] = key
    }
  }
  const sizeOf = (row: number) => sets.starts[row + 1] - sets.starts[row]
  return {
    length,
    bands,
    fill: (band, keys) => {
      for (let row = 0; row < length; row++) keys[row] = all[row * bands + band]
    },
    isNear: (first, second, band) => {
      let shared = 0
      for (let each = 0; each < bands; each++) {
        if (all[first * bands + each] !== all[second * bands + each]) continue
        if (each < band) return false // compared then
        shared++
      }
      if (shared < least) return false
      const [a, b] = [sizeOf(first), sizeOf(second)]
      if (Math.min(a, b) < threshold * Math.max(a, b)) return false
      return jaccard(sets, first, second) >= threshold
    }
  }
}

/** Joins sets whose Jaccard similarity is at least the threshold. */
export const components = (sets: Sets, threshold: number): Components.Components =>
  BucketJoin.components(bandsOf(sets, threshold))

/** Visits every pair of sets whose Jaccard similarity is at least the threshold, once, the earlier set first. */
export const pairs = (sets: Sets, threshold: number, visit: (first: number, second: number) => void): void =>
  BucketJoin.pairs(bandsOf(sets, threshold), visit)
