/**
 * Loops over whole columns of float64 numbers, a block at a time through the kernels: each number is read from memory once
 * and each result written once. Every thread has kernels of its own; blocks do not change what comes out.
 */
import type { Numbers } from "../../RowId.ts"
import { type Kernels, blockSize, laneCount, make, places, together } from "./kernels.ts"

/** The kernels and the parts of their memory. */
interface Workshop {
  readonly kernels: Kernels
  readonly input: Float64Array
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
    output: part(places.output, blockSize),
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
  const { input } = workshop()
  const length = values.length / groups
  for (let start = 0; start < length; start += blockSize) {
    const size = Math.min(blockSize, length - start)
    if (groups === 1) input.set(values.subarray(start, start + size))
    else for (let at = 0; at < size; at++) input[at] = values[(start + at) * groups + group]
    if (size % together > 0) input.fill(input[0], size, size + together - (size % together))
    if (visit(size, places.input + 8 * Math.ceil(size / together) * together, start) === false) return false
  }
  return true
}

/** Copies what the kernels made of a block into the results. */
const give = (from: Float64Array | Int32Array, size: number, out: Numbers, start: number): void =>
  out.set(size < from.length ? from.subarray(0, size) : from, start)

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

const ofMissing =
  (name: "fill" | "mark") =>
  (values: Float64Array, by: number, out: Float64Array): void => {
    const { kernels, output } = workshop()
    overBlocks(values, (size, end, start) => {
      kernels[name](places.input, end, by)
      give(output, size, out, start)
    })
  }

/** Puts a number in the place of each NaN. */
export const fill = ofMissing("fill")

/** Puts a number in the place of each NaN, and 0 in that of others. */
export const mark = ofMissing("mark")

/** Copies the numbers that are not NaN. */
export const present = (values: Float64Array): Float64Array => {
  const { kernels, output } = workshop()
  const out = unwritten(Float64Array, values.length)
  let count = 0
  overBlocks(values, (size) => {
    const found = kernels.present(places.input, places.input + 8 * size) / 8
    give(output, found, out, count)
    count += found
  })
  return out.subarray(0, count)
}

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

/** Finds how many of ascending bounds, one at least, are at most each number; false at the first NaN or infinity. */
export const search = (values: Float64Array, bounds: ReadonlyArray<number>, out: Int32Array): boolean => {
  prepare(bounds)
  const { found, kernels } = workshop()
  return overBlocks(values, (size, end, start) => {
    if (kernels.odd(places.input, end) !== 0) return false
    kernels.search(places.input, end, halvingsOf(bounds.length))
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
