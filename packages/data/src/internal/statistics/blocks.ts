/**
 * Blocks of float64 numbers in the linear memory of a WebAssembly program: where they lie, and loops over them. Kernels run
 * over addresses from `input` to `end`, and every result has its place.
 */
import * as Web from "../webassembly.ts"

type Code = Web.Code
const { advance, all, each, get, i32, integer, lanes, load, repeat, set, store } = Web

/** Numbers in a block: input and output lie in the processor's nearer caches. */
export const blockSize = 4096

/** Kernels take so many numbers at a time: a block is filled up to a multiple of it. */
export const together = 8

/** Sums have so many lanes. */
export const laneCount = 64

/** How many words of 16 bits there are. */
export const wordCount = 2 ** 16

const bytes = 8 * blockSize

/** Where things lie in memory, the output with room for some lanes more; bounds, which may be many, come last. */
export const places = {
  lanes: 0,
  squares: 8 * laneCount,
  input: 4096,
  output: 4096 + bytes,
  found: 8192 + 2 * bytes,
  words: 8192 + 3 * bytes,
  bounds: 8192 + 3 * bytes + 4 * wordCount
} as const

/** How many pages of memory all but the bounds take. */
export const pages = Math.ceil(places.bounds / 65_536)

/** What a kernel takes. */
export const block = { input: i32, end: i32 } as const

export const [four, others] = [["a", "b", "c", "d"] as const, ["e", "f", "g", "h"] as const]

/** Goes over a block by `count` pairs of numbers, and over its results alike. */
export const overPairs = (
  pointers: ReadonlyArray<number>,
  end: number,
  count: number,
  body: (pair: number) => Code
): Code =>
  repeat(get(pointers[0]), get(end), all(each(count, body), ...pointers.map((pointer) => advance(pointer, 16 * count))))

/** Keeps locals in memory between calls. */
export const keeping = (kept: ReadonlyArray<readonly [local: number, place: number]>, body: Code): Code =>
  all(
    ...kept.map(([local, place]) => set(local, load(place, integer(0)))),
    body,
    ...kept.map(([local, place]) => store(place, integer(0), get(local)))
  )

/** Locals and the places of pairs, both one after the other. */
export const pairs = (count: number, from: number, place: number): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: count }, (_, pair) => [from + pair, place + 16 * pair])

const [add, subtract, differs, any] = [0xf0, 0xf1, 0x48, 0x53].map(lanes)

/** Adds to one of four locals NaN for NaN and infinity, and 0 for other numbers: no addition waits for the one before. */
export const noteOdd = (first: number, pair: number, value: Code): Code =>
  set(first + (pair % 4), add(get(first + (pair % 4)), subtract(value, value)))

/** Says whether one of the four became NaN. */
export const isOdd = (first: number): Code =>
  all(
    set(first, add(add(get(first), get(first + 1)), add(get(first + 2), get(first + 3)))),
    any(differs(get(first), get(first)))
  )
