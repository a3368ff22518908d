/**
 * Sorting and selecting float64 numbers by their bits, in time linear in how many there are. The order is that of
 * `Float64Array.prototype.sort`: -0 before 0, NaN last.
 */
import { wordCount } from "./blocks.ts"
import * as Float64 from "./float64.ts"

/** Below this many numbers the engine's own sort is faster. */
const fewest = 4096

const buckets = 1 << 11

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const upper = isLittleEndian ? 1 : 0

/** The 32-bit words of numbers, two each: the upper one has sign, exponent and the first 20 bits of the fraction. */
const wordsOf = (values: Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)

/** Maps the upper word of a number to one that ascends as the numbers do; there is no NaN. */
const keyOf = (word: number): number => (word ^ ((word >> 31) | 0x80000000)) >>> 0

/** Moves NaN behind all others, and says how many others there are. */
const partitionNaN = (values: Float64Array): number => {
  let count = 0
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    if (Number.isNaN(value)) continue
    if (count < at) values[count] = value
    count++
  }
  values.fill(Number.NaN, count)
  return count
}

/** Moves numbers to their places by one digit of their keys, keeping the order of those that have it in common. */
const scatter = (from: Uint32Array, to: Uint32Array, places: Uint32Array, shift: number): void => {
  let before = 0
  for (let bucket = 0; bucket < buckets; bucket++) {
    const count = places[bucket]
    places[bucket] = before
    before += 2 * count
  }
  for (let at = 0; at < from.length; at += 2) {
    const bucket = (keyOf(from[at + upper]) >>> shift) & (buckets - 1)
    const place = places[bucket]
    places[bucket] = place + 2
    to[place] = from[at]
    to[place + 1] = from[at + 1]
  }
}

/** Sorts what three passes left: numbers whose upper words are equal lie together, in the order they came in. */
const sortRuns = (values: Float64Array): void => {
  const words = wordsOf(values)
  for (let start = 0; start < values.length;) {
    const word = words[2 * start + upper]
    let end = start + 1
    while (end < values.length && words[2 * end + upper] === word) end++
    if (end - start > 24) values.subarray(start, end).sort()
    else {
      for (let at = start + 1; at < end; at++) {
        const value = values[at]
        let place = at
        for (; place > start && values[place - 1] > value; place--) values[place] = values[place - 1]
        values[place] = value
      }
    }
    start = end
  }
}

/** Tells whether numbers, of which none is NaN, are in order already: equal ones are, and often a whole column. */
const isAscending = (values: Float64Array): boolean => {
  for (let at = 1; at < values.length; at++) {
    const [low, high] = [values[at - 1], values[at]]
    if (!(low < high || (low === high && low !== 0) || Object.is(low, high))) return false
  }
  return true
}

/** Sorts numbers in place, ascending, and returns them. */
export const sort = (values: Float64Array): Float64Array => {
  if (values.length < fewest) return values.sort()
  if (isAscending(values)) return values
  const numbers = values.subarray(0, partitionNaN(values))
  const words = wordsOf(numbers)
  const counts = new Uint32Array(3 * buckets)
  for (let at = upper; at < words.length; at += 2) {
    const key = keyOf(words[at])
    counts[key & (buckets - 1)]++
    counts[buckets + ((key >>> 11) & (buckets - 1))]++
    counts[2 * buckets + (key >>> 22)]++
  }
  let from: Uint32Array = words
  let to: Uint32Array = new Uint32Array(words.length)
  for (let digit = 0; digit < 3; digit++) {
    const places = counts.subarray(digit * buckets, (digit + 1) * buckets)
    if (places.includes(numbers.length)) continue
    scatter(from, to, places, 11 * digit)
    ;[from, to] = [to, from]
  }
  if (from !== words) words.set(from)
  sortRuns(numbers)
  return values
}

const [first, second] = isLittleEndian ? [3, 2] : [0, 1]

/** Where selected places lie close together, numbers are told apart until about this many are left in a cell. */
const perCell = 16

/**
 * Cells that a selected place may lie in, ascending: numbers whose first 16 bits are `word` go to the cells from
 * `start[word]` on by their next bits; -1 where no place is. Below 0 bits descend as numbers ascend.
 */
interface Cells {
  readonly start: Int32Array
  readonly shift: Uint8Array
  /** How many numbers are in each cell, and before it. */
  readonly sizes: Uint32Array
  readonly before: Uint32Array
}

const cellOf = (start: Int32Array, shift: Uint8Array, word: number, next: number): number =>
  start[word] + (((next ^ -(word >> 15)) & 0xffff) >> shift[word])

/** The first 16 bits of some numbers, how many numbers come before and how many have them. */
interface Word {
  readonly word: number
  readonly before: number
  readonly count: number
}

/** The words that places lie at, ascending. */
const wordsAt = (counts: Uint32Array, places: Float64Array): ReadonlyArray<Word> => {
  const found: Array<Word> = []
  let [before, next] = [0, 0]
  for (let rank = 0; next < places.length; rank++) {
    const word = rank < 0x8000 ? 0xffff - rank : rank - 0x8000
    const count = counts[word]
    if (places[next] < before + count) found.push({ word, before, count })
    before += count
    while (places[next] < before) next++
  }
  return found
}

/** Numbers to select from, their words and places. */
interface Search {
  readonly values: Float64Array
  readonly words: ReadonlyArray<Word>
  readonly places: Float64Array
}

/** Leaves out the numbers of words that no place lies at, if they are half of all or more. */
const narrowed = ({ places, values, words }: Search): Search => {
  const count = words.reduce((sum, word) => sum + word.count, 0)
  if (2 * count > values.length) return { values, words, places }
  let [at, before] = [0, 0]
  const left = words.map((word) => {
    for (; places[at] < word.before + word.count; at++) places[at] += before - word.before
    before += word.count
    return { ...word, before: before - word.count }
  })
  const all = words.map(({ word }) => word)
  return { values: Float64.gather(values, all, count), words: left, places }
}

const cellsAt = (halves: Uint16Array, words: ReadonlyArray<Word>): Cells => {
  const start = new Int32Array(wordCount).fill(-1)
  const shift = new Uint8Array(wordCount)
  const isFine = 32 * words.reduce((sum, { count }) => sum + count, 0) > halves.length
  let cells = 0
  for (const { count, word } of words) {
    const bits = isFine ? Math.min(16, Math.ceil(Math.log2(Math.max(1, count / perCell)))) : 0
    start[word] = cells
    shift[word] = 16 - bits
    cells += 2 ** bits
  }
  const sizes = new Uint32Array(cells)
  if (!isFine) words.forEach(({ count }, cell) => (sizes[cell] = count))
  else {
    for (let at = 0; at < halves.length; at += 4) {
      const word = halves[at + first]
      if (start[word] >= 0) sizes[cellOf(start, shift, word, halves[at + second])]++
    }
  }
  const before = new Uint32Array(cells)
  for (const { before: some, word } of words) {
    const end = start[word] + 2 ** (16 - shift[word])
    for (let cell = start[word], sum = some; cell < end; sum += sizes[cell++]) before[cell] = sum
  }
  return { start, shift, sizes, before }
}

/**
 * Returns the numbers that would stand at the given places were the numbers sorted; there is no NaN among them. Counts
 * numbers by their leading bits, again by more bits where places are many, and sorts only what lies where a place falls.
 */
export const select = (values: Float64Array, places: ReadonlyArray<number>): ReadonlyArray<number> => {
  if (values.length < fewest) {
    const sorted = values.slice().sort()
    return places.map((place) => sorted[place])
  }
  const wanted = Float64Array.from(new Set(places)).sort()
  const all = narrowed({ values, words: wordsAt(Float64.tally(values), wanted), places: wanted.slice() })
  const numbers = selected(all)
  const indices = new Map(Array.from(wanted, (place, index) => [place, index]))
  return places.map((place) => numbers[indices.get(place) ?? -1])
}

/** The numbers at ascending places. */
const selected = ({ places, values, words }: Search): Float64Array => {
  const halves = new Uint16Array(values.buffer, values.byteOffset, 4 * values.length)
  const { before, shift, sizes, start } = cellsAt(halves, words)
  const next = new Int32Array(sizes.length).fill(-1)
  let [cell, length] = [0, 0]
  const cellAt = places.map((place) => {
    while (before[cell] + sizes[cell] <= place) cell++
    if (next[cell] < 0) {
      next[cell] = length
      length += sizes[cell]
    }
    return cell
  })
  const found = new Float64Array(length)
  for (let at = 0; at < values.length; at++) {
    const word = halves[4 * at + first]
    if (start[word] < 0) continue
    const own = cellOf(start, shift, word, halves[4 * at + second])
    if (next[own] >= 0) found[next[own]++] = values[at]
  }
  return places.map((place, index) => {
    const own = cellAt[index]
    const from = next[own] - sizes[own]
    if (own !== cellAt[index - 1]) sort(found.subarray(from, next[own]))
    return found[from + place - before[own]]
  })
}
