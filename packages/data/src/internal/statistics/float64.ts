/**
 * Loops over whole columns of float64 numbers, a block at a time through the kernels: each number is read from memory once
 * and each result written once. Every thread has kernels of its own; blocks do not change what comes out.
 */
import type { Numbers } from "../../RowId.ts"
import { bytesOf } from "../columns/bytes.ts"
import { blockSize, laneCount, places, together, wordCount } from "./blocks.ts"
import { type Kernels, make } from "./kernels.ts"

/** The kernels and the parts of their memory. */
interface Workshop {
  readonly kernels: Kernels
  readonly input: Float64Array
  readonly inputBytes: Buffer
  readonly output: Float64Array
  readonly found: Int32Array
  readonly lanes: Float64Array
  readonly squares: Float64Array
}

let made: Workshop | undefined

const parts = (kernels: Kernels): Workshop => {
  const part = (place: number, length: number) => new Float64Array(kernels.memory.buffer, place, length)
  return {
    kernels,
    input: part(places.input, blockSize),
    inputBytes: Buffer.from(kernels.memory.buffer, places.input, 8 * blockSize),
    output: part(places.output, blockSize + laneCount),
    found: new Int32Array(kernels.memory.buffer, places.found, blockSize),
    lanes: part(places.lanes, laneCount),
    squares: part(places.squares, laneCount)
  }
}

const workshop = (): Workshop => (made ??= parts(make()))

/** Makes an array of numbers all of which are about to be written: until then it holds anything. */
export const unwritten = <V extends Numbers>(
  Values: { new (buffer: ArrayBuffer): V; readonly BYTES_PER_ELEMENT: number },
  length: number
): V => new Values(Buffer.allocUnsafeSlow(Values.BYTES_PER_ELEMENT * length).buffer)

/**
 * Copies a column's numbers of a group (number `i` belongs to group `i % groups`) into the input, block by block, filled up
 * with a number of the block, and has each dealt with until there is nothing more to find.
 */
const overBlocks = (
  values: Numbers,
  visit: (size: number, end: number, start: number) => boolean | void,
  groups = 1,
  group = 0
): boolean => {
  const { input, inputBytes } = workshop()
  const length = values.length / groups
  const bytes = values instanceof Float64Array && groups === 1 ? bytesOf(values) : undefined
  for (let start = 0; start < length; start += blockSize) {
    const size = Math.min(blockSize, length - start)
    if (bytes !== undefined) bytes.copy(inputBytes, 0, 8 * start, 8 * (start + size))
    else if (groups === 1) input.set(values.subarray(start, start + size))
    else for (let at = 0; at < size; at++) input[at] = values[(start + at) * groups + group]
    if (size % together > 0) input.fill(input[0], size, size + together - (size % together))
    if (visit(size, places.input + 8 * Math.ceil(size / together) * together, start) === false) return false
  }
  return true
}

/** Copies what the kernels made of a block into the results. */
const give = (from: Float64Array | Int32Array, size: number, out: Numbers, start: number): void =>
  out.set(from.subarray(0, size), start)

/** Says whether there is neither NaN nor infinity. */
export const isFinite = (values: Float64Array): boolean => {
  const { kernels } = workshop()
  return overBlocks(values, (_, end) => kernels.odd(places.input, end) === 0)
}

const total = (lanes: Float64Array): number => lanes.reduce((sum, lane) => sum + lane, 0)

/** Bounds for the numbers of a group: number `i` belongs to group `i % groups`. */
export interface Bounds {
  readonly groups: number
  readonly group: number
  readonly bounds: ReadonlyArray<number>
  readonly ties: ReadonlyArray<number>
}

/** Computes the mean, of numbers shifted by the first: see `lanes.moments`. */
export const mean = (values: Float64Array): number => {
  const { input, kernels, lanes } = workshop()
  const [first] = values
  lanes.fill(0)
  overBlocks(values, (size) => {
    const rest = size % laneCount
    if (rest < size) kernels.sums(places.input, places.input + 8 * (size - rest), first)
    for (let lane = 0; lane < rest; lane++) lanes[lane] += input[size - rest + lane] - first
  })
  return first + total(lanes) / values.length
}

/** Computes the population variance around a mean: see `lanes.moments`. */
export const variance = (values: Float64Array, center: number): number => {
  const { input, kernels, lanes, squares } = workshop()
  lanes.fill(0)
  squares.fill(0)
  overBlocks(values, (size) => {
    const rest = size % laneCount
    if (rest < size) kernels.squares(places.input, places.input + 8 * (size - rest), center)
    for (let lane = 0; lane < rest; lane++) {
      const deviation = input[size - rest + lane] - center
      lanes[lane] += deviation
      squares[lane] += deviation * deviation
    }
  })
  return Math.max(0, (total(squares) - total(lanes) ** 2 / values.length) / values.length)
}

/** Finds the smallest and the largest number, without NaN, and whether all are finite. */
export const range = (values: Float64Array) => {
  const { kernels, lanes, squares } = workshop()
  lanes.fill(Infinity)
  squares.fill(-Infinity)
  let isOdd = 0
  overBlocks(values, (_, end) => {
    isOdd |= kernels.extremes(places.input, end)
  })
  return { min: Math.min(...lanes), max: Math.max(...squares), isFinite: isOdd === 0 }
}

/** Writes `(value - center) / scale` of each number, and says whether all results are finite. */
export const normalize = (values: Float64Array, center: number, scale: number, out: Float64Array): boolean => {
  const { kernels, output } = workshop()
  let isOdd = 0
  overBlocks(values, (size, end, start) => {
    isOdd |= kernels.normalize(places.input, end, center, scale)
    give(output, size, out, start)
  })
  return isOdd === 0
}

/** Puts a number in the place of each NaN. */
export const fill = (values: Float64Array, by: number, out: Float64Array): void => {
  const { kernels, output } = workshop()
  overBlocks(values, (size, end, start) => {
    kernels.fill(places.input, end, by)
    give(output, size, out, start)
  })
}

/** Puts 1 in the place of each NaN, in an array of zeros; memory that stays zero is not touched. */
export const mark = (values: Float64Array, out: Float64Array): void => {
  const { kernels, output } = workshop()
  overBlocks(values, (size, end, start) => {
    if (kernels.mark(places.input, end) !== 0) give(output, size, out, start)
  })
}

/** Copies the numbers of a block that are not NaN to an address on, and says how many they are. */
const presentOf = (size: number, end: number, to: number): number => {
  const { input, kernels } = workshop()
  input.fill(Number.NaN, size, (end - places.input) / 8)
  return (kernels.present(places.input, end, to) - to) / 8
}

/** Copies the numbers that are not NaN. */
export const present = (values: Float64Array): Float64Array => {
  const { output } = workshop()
  const out = unwritten(Float64Array, values.length)
  let count = 0
  overBlocks(values, (size, end) => {
    const found = presentOf(size, end, places.output)
    give(output, found, out, count)
    count += found
  })
  return out.subarray(0, count)
}

/** Computes `mean(present(values))` without a copy: what is left of a round waits for the next block. */
export const meanOfPresent = (values: Float64Array): number => {
  const { kernels, lanes, output } = workshop()
  lanes.fill(0)
  let [first, before, left] = [Number.NaN, 0, 0]
  overBlocks(values, (size, end) => {
    const there = left + presentOf(size, end, places.output + 8 * left)
    if (before === 0 && there > 0) first = output[0]
    left = there % laneCount
    before += there - left
    if (left === there) return
    kernels.sums(places.output, places.output + 8 * (there - left), first)
    output.copyWithin(0, there - left, there)
  })
  for (let lane = 0; lane < left; lane++) lanes[lane] += output[lane] - first
  return first + total(lanes) / (before + left)
}

/** Counts numbers by their first 16 bits; the counts are there until something else is counted. */
export const tally = (values: Float64Array): Uint32Array => {
  const { kernels } = workshop()
  const counts = new Uint32Array(kernels.memory.buffer, places.words, wordCount).fill(0)
  overBlocks(values, (size) => {
    kernels.tally(places.input, places.input + 8 * size)
  })
  return counts
}

/** Copies the `count` numbers that have one of some words for their first 16 bits. */
export const gather = (values: Float64Array, words: ReadonlyArray<number>, count: number): Float64Array => {
  const { kernels, output } = workshop()
  const steps = new Uint32Array(kernels.memory.buffer, places.words, wordCount).fill(0)
  for (const word of words) steps[word] = 8
  const out = unwritten(Float64Array, count)
  let done = 0
  overBlocks(values, (size) => {
    const found = (kernels.gather(places.input, places.input + 8 * size) - places.output) / 8
    give(output, found, out, done)
    done += found
  })
  return out
}

/** Numbers are compared with all of so many bounds sooner than the bounds are searched. */
const mostCompared = 32

/** How often so many bounds are halved in a search. */
const halvingsOf = (bounds: number): number => Math.max(1, Math.ceil(Math.log2(bounds + 1)))

/** Writes ascending bounds where kernels search them, and as many numbers beside them; gives the address of these. */
const prepare = (bounds: ReadonlyArray<number>, beside: ReadonlyArray<number> = []): number => {
  const { memory } = workshop().kernels
  const capacity = 2 ** halvingsOf(bounds.length)
  const end = places.bounds + 16 * capacity
  const missing = end - memory.buffer.byteLength
  if (missing > 0) {
    memory.grow(Math.ceil(missing / 65_536))
    made = parts(workshop().kernels)
  }
  const table = new Float64Array(memory.buffer, places.bounds, 2 * capacity)
  table.fill(Infinity, bounds.length, capacity)
  table.set(bounds)
  table.set(beside, capacity)
  return places.bounds + 8 * capacity
}

/** Finds how many of ascending bounds are at most each number; false at the first NaN or infinity. */
export const search = (values: Float64Array, bounds: ReadonlyArray<number>, out: Int32Array): boolean => {
  prepare(bounds)
  const { found, kernels } = workshop()
  return overBlocks(values, (size, end, start) => {
    if (kernels.odd(places.input, end) !== 0) return false
    if (bounds.length <= mostCompared) kernels.compare(places.input, end, places.bounds + 8 * bounds.length)
    else kernels.search(places.input, end, halvingsOf(bounds.length))
    return give(found, size, out, start)
  })
}

/**
 * Writes a function of each number of a group and its share, which is its place among two or more ascending bounds over
 * that of the last, by proportion between two; what the bounds themselves have for a share is given.
 */
export const shares = (
  values: Numbers,
  { bounds, group, groups, ties }: Bounds,
  f: ((share: number, value: number) => number) | undefined,
  out: Float64Array | Float32Array
): void => {
  const address = prepare(bounds, ties)
  const { input, kernels, output } = workshop()
  const last = bounds.length - 1
  const share = (size: number, end: number, start: number) => {
    kernels.search(places.input, end, halvingsOf(bounds.length))
    kernels.shares(places.input, end, last, address)
    if (f !== undefined) for (let at = 0; at < size; at++) output[at] = f(output[at], input[at])
    if (groups === 1) give(output, size, out, start)
    else for (let at = 0; at < size; at++) out[(start + at) * groups + group] = output[at]
  }
  overBlocks(values, share, groups, group)
}
