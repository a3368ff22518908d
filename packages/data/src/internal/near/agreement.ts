/**
 * Rows of words that agree in all but a few places: codes of bits that differ in a few bits, rows that differ in a few
 * columns. Cut into `differing + q` parts, two such rows agree in `q` of them at least (Manku, Jain and Das Sarma 2007),
 * so rows that agree in some `q` parts are compared: none is missed.
 */
import * as BucketJoin from "./bucketJoin.ts"
import type * as Components from "./components.ts"
import { add } from "../rows/mix.ts"

/** How rows are cut: a key for each choice of `agreeing` of the parts. */
export interface Cut {
  /** Where each part begins and ends, in places. */
  readonly parts: ReadonlyArray<readonly [start: number, end: number]>
  readonly agreeing: number
}

const mostBands = 64

/** Counts the ways of choosing. */
const choices = (from: number, some: number): number => {
  let count = 1
  for (let each = 1; each <= some; each++) count = (count * (from - some + each)) / each
  return Math.round(count)
}

const cutInto = (places: number, parts: number): Cut["parts"] =>
  Array.from({ length: parts }, (_, part) => [
    Math.floor((part * places) / parts),
    Math.floor(((part + 1) * places) / parts)
  ])

/**
 * Chooses the cut with the fewest keys such that a key is shared by one row on average, if that takes no more than 64 keys
 * per row. `bits` is how many bits all places hold together.
 */
export const cut = (places: number, bits: number, differing: number, rows: number): Cut => {
  let agreeing = 1
  const mayTakeMore = () =>
    differing + agreeing < places && choices(differing + agreeing + 1, agreeing + 1) <= mostBands
  while ((bits * agreeing) / (differing + agreeing) < Math.log2(rows + 1) && mayTakeMore()) agreeing++
  return { agreeing, parts: cutInto(places, Math.min(places, differing + agreeing)) }
}

const chosen = (from: number, some: number): ReadonlyArray<ReadonlyArray<number>> =>
  some === 0
    ? [[]]
    : Array.from({ length: from - some + 1 }, (_, at) => from - 1 - at).flatMap((last) =>
        chosen(last, some - 1).map((before) => [...before, last])
      )

/** Rows, and how to tell what they hold. */
export interface Rows {
  readonly length: number
  /** How many places a row has. */
  readonly places: number
  /** How many bits of information all places hold together. */
  readonly bits: number
  /** Hashes a row's places from `start` up to `end`. */
  readonly hash: (row: number, start: number, end: number) => number
  readonly isNear: (first: number, second: number) => boolean
}

const bandsOf = (rows: Rows, differing: number): BucketJoin.Bands => {
  const { agreeing, parts } = cut(rows.places, rows.bits, differing, rows.length)
  const bands = parts.length < agreeing ? [] : chosen(parts.length, agreeing)
  return {
    length: rows.length,
    bands: bands.length,
    fill: (band, keys) => {
      keys.fill(band)
      for (const part of bands[band]) {
        const [start, end] = parts[part]
        for (let row = 0; row < rows.length; row++) keys[row] = add(keys[row], rows.hash(row, start, end))
      }
    },
    isNear: rows.isNear
  }
}

/** Joins rows that differ in at most so many places; `differing` is less than the number of places. */
export const components = (rows: Rows, differing: number): Components.Components =>
  BucketJoin.components(bandsOf(rows, differing))

/** Visits every pair of rows that differ in at most so many places, once, the earlier row first. */
export const pairs = (rows: Rows, differing: number, visit: (first: number, second: number) => void): void =>
  BucketJoin.pairs(bandsOf(rows, differing), visit)

const ones = (word: number): number => {
  let at = word - ((word >>> 1) & 0x5555_5555)
  at = (at & 0x3333_3333) + ((at >>> 2) & 0x3333_3333)
  return Math.imul((at + (at >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}

/** Counts the bits in which two codes differ. */
export const distance = (codes: Uint32Array, first: number, second: number): number =>
  ones(codes[2 * first] ^ codes[2 * second]) + ones(codes[2 * first + 1] ^ codes[2 * second + 1])

/** The bits of a word from `start` up to `end`, counted from the highest; both in [0, 32]. */
const bitsOf = (word: number, start: number, end: number): number =>
  end <= start ? 0 : (word << start) >>> (32 - (end - start))

/** Codes of 64 bits, two words each, as rows of 64 places. */
export const ofCodes = (codes: Uint32Array, differing: number): Rows => ({
  length: codes.length / 2,
  places: 64,
  bits: 64,
  hash: (row, start, end) =>
    add(
      bitsOf(codes[2 * row], Math.min(start, 32), Math.min(end, 32)),
      bitsOf(codes[2 * row + 1], Math.max(start, 32) - 32, Math.max(end, 32) - 32)
    ),
  isNear: (first, second) => distance(codes, first, second) <= differing
})
