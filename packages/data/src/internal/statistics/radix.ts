/**
 * Sorting and selecting float64 numbers by their bits, in time linear in how many there are. The order is that of
 * `Float64Array.prototype.sort`: -0 before 0, NaN last.
 */

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

/** Sorts numbers in place, ascending, and returns them. */
export const sort = (values: Float64Array): Float64Array => {
  if (values.length < fewest) return values.sort()
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

/** Selecting looks at this many leading bits first. */
const leading = 16

/**
 * Returns the numbers that would stand at the given places were the numbers sorted; there is no NaN among them. Looks at
 * each number twice: counts by leading bits where the places fall, and sorts only what falls there.
 */
export const select = (values: Float64Array, places: ReadonlyArray<number>): ReadonlyArray<number> => {
  if (values.length < fewest) {
    const sorted = values.slice().sort()
    return places.map((place) => sorted[place])
  }
  const words = wordsOf(values)
  const counts = new Uint32Array(1 << leading)
  for (let at = upper; at < words.length; at += 2) counts[keyOf(words[at]) >>> (32 - leading)]++
  const wanted = new Map<number, { readonly before: number; readonly numbers: Float64Array; filled: number }>()
  const bucketAt = (place: number): number => {
    let before = 0
    let bucket = 0
    while (before + counts[bucket] <= place) before += counts[bucket++]
    if (!wanted.has(bucket)) wanted.set(bucket, { before, numbers: new Float64Array(counts[bucket]), filled: 0 })
    return bucket
  }
  const found = places.map(bucketAt)
  const isWanted = new Uint8Array(counts.length)
  for (const bucket of wanted.keys()) isWanted[bucket] = 1
  for (let at = 0; at < values.length; at++) {
    const bucket = keyOf(words[2 * at + upper]) >>> (32 - leading)
    if (isWanted[bucket] === 0) continue
    const part = wanted.get(bucket)
    if (part !== undefined) part.numbers[part.filled++] = values[at]
  }
  for (const { numbers } of wanted.values()) sort(numbers)
  return places.map((place, index) => {
    const part = wanted.get(found[index])
    return part === undefined ? Number.NaN : part.numbers[place - part.before]
  })
}
