/**
 * Places of a block's numbers among ascending bounds, and counts of numbers by their first 16 bits, which order them: the
 * kernels of bins, ranks and quantiles.
 */
import * as Web from "../webassembly.ts"
import { block, four, others, places } from "./blocks.ts"

type Code = Web.Code
const { advance, all, each, f64, float, get, i32, integer, lanes, load, loadInteger, loadNumber, loadTwice } = Web
const { loadWord, minus, operation, plus, procedure, repeat, set, store, storeInteger, storeNumber } = Web

const [isEqual, isAtMost, choose, shift, shiftBack] = [0x61, 0x65, 0x1b, 0x74, 0x76].map(operation)
const [plusFloat, minusFloat, times, over, toFloat] = [0xa0, 0xa1, 0xa2, 0xa3, 0xb7].map(operation)
const [isAtLeast, less] = [lanes(0x4c), lanes(0xd1)]

/** The lower halves of four integers of 64 bits. */
const narrowed = Web.shuffle(4, 0, 2, 4, 6)

/** Finds how many of a few bounds, up to an address, are at most each number, by comparing it with all. */
const compare = procedure(
  "compare",
  { ...block, last: i32 },
  { output: i32, at: i32, ...Web.vectors("bound", ...four, ...others) },
  undefined,
  ({ a, at, bound, e, end, input, last, output }) => {
    const counted = (pair: number) => set(e + pair, less(get(e + pair), isAtLeast(get(a + pair), get(bound))))
    const eight = all(
      each(4, (pair) => all(set(a + pair, load(16 * pair, get(input))), set(e + pair, lanes(0x11)(integer(0))))),
      set(at, integer(places.bounds)),
      repeat(get(at), get(last), all(set(bound, loadTwice(0, get(at))), each(4, counted), advance(at, 8))),
      each(2, (two) => store(16 * two, get(output), narrowed(get(e + 2 * two), get(e + 2 * two + 1)))),
      advance(input, 64),
      advance(output, 32)
    )
    return all(set(output, integer(places.found)), repeat(get(input), get(end), eight))
  }
)

/** Finds how many of 2^halvings - 1 ascending bounds are at most each number, by four searches side by side. */
const search = procedure(
  "search",
  { ...block, halvings: i32 },
  { output: i32, step: i32, half: i32, a: f64, b: f64, c: f64, d: f64, w: i32, x: i32, y: i32, z: i32 },
  undefined,
  ({ a, end, half, halvings, input, output, step, w }) => {
    const bound = (one: number) => loadNumber(places.bounds - 8, plus(get(w + one), get(half)))
    const raised = (one: number) => plus(get(w + one), shift(isAtMost(bound(one), get(a + one)), get(step)))
    const halve = all(
      set(step, minus(get(step), integer(1))),
      set(half, shift(integer(1), get(step))),
      each(4, (one) => set(w + one, raised(one)))
    )
    const four = all(
      each(4, (one) => all(set(a + one, loadNumber(8 * one, get(input))), set(w + one, integer(0)))),
      set(step, plus(get(halvings), integer(3))),
      repeat(integer(3), get(step), halve),
      each(4, (one) => storeInteger(4 * one, get(output), shiftBack(get(w + one), integer(3)))),
      advance(input, 32),
      advance(output, 16)
    )
    return all(set(output, integer(places.found)), repeat(get(input), get(end), four))
  }
)

/**
 * Writes the place among bounds of each number, as it was found, over `last`: between two bounds by proportion, 0 below all.
 * What a bound itself becomes is given, from an address on.
 */
const shares = procedure(
  "shares",
  { ...block, last: f64, ties: i32 },
  { output: i32, found: i32, place: i32, at: i32, value: f64, low: f64 },
  undefined,
  ({ at, end, found, input, last, low, output, place, ties, value }) => {
    const half = (number: Code) => times(number, float(0.5))
    const above = (number: Code) => minusFloat(half(number), half(get(low)))
    const part = over(above(get(value)), above(loadNumber(places.bounds, get(at))))
    const share = over(plusFloat(toFloat(minus(get(place), integer(1))), part), get(last))
    const tie = loadNumber(0, minus(plus(get(ties), get(at)), integer(8)))
    const within = choose(tie, share, isEqual(get(value), get(low)))
    const one = all(
      set(value, loadNumber(0, get(input))),
      set(place, loadInteger(0, get(found))),
      set(at, shift(get(place), integer(3))),
      set(low, loadNumber(places.bounds - 8, get(at))),
      storeNumber(0, get(output), choose(within, float(0), get(place))),
      advance(input, 8),
      advance(found, 4),
      advance(output, 8)
    )
    return all(
      set(found, integer(places.found)),
      set(output, integer(places.output)),
      repeat(get(input), get(end), one)
    )
  }
)

/** Four bytes of the table for the first 16 bits of a number, as an address within it. */
const wordOf = (one: number, input: number): Code => shift(loadWord(8 * one + 6, get(input)), integer(2))

/** Counts numbers by their first 16 bits. */
const tally = procedure("tally", block, { at: i32 }, undefined, ({ at, end, input }) => {
  const counted = (one: number) =>
    all(
      set(at, wordOf(one, input)),
      storeInteger(places.words, get(at), plus(loadInteger(places.words, get(at)), integer(1)))
    )
  return repeat(get(input), get(end), all(counted(0), advance(input, 8)))
})

/** Copies the numbers for whose first 16 bits the table says 8, not 0; gives the address after them. */
const gather = procedure("gather", block, { output: i32 }, i32, ({ end, input, output }) =>
  all(
    set(output, integer(places.output)),
    repeat(
      get(input),
      get(end),
      all(
        storeNumber(0, get(output), loadNumber(0, get(input))),
        set(output, plus(get(output), loadInteger(places.words, wordOf(0, input)))),
        advance(input, 8)
      )
    ),
    get(output)
  )
)

/** The kernels, by name. */
export interface Kernels {
  readonly compare: (input: number, end: number, last: number) => void
  readonly search: (input: number, end: number, halvings: number) => void
  readonly shares: (input: number, end: number, last: number, ties: number) => void
  readonly tally: (input: number, end: number) => void
  readonly gather: (input: number, end: number) => number
}

export const kernels = [compare, search, shares, tally, gather]
