/**
 * What is calculated of a block of float64 numbers in linear memory, two numbers at a time where they go side by side.
 * Kernels run over addresses from `input` to `end`; every result has its place. A block's numbers go to the lanes of sums
 * in turn, so that sums do not depend on where blocks of whole rounds begin.
 */
import * as Web from "../webassembly.ts"

type Code = Web.Code
const { advance, all, each, f64, get, i32, integer, lanes, load, loadInteger, loadNumber } = Web
const { float, minus, operation, plus, procedure, repeat, set, store, storeInteger, storeNumber, v128 } = Web

/** Numbers in a block: input and output lie in the processor's nearer caches. */
export const blockSize = 4096

/** Kernels take so many numbers at a time: a block is filled up to a multiple of it. */
export const together = 8

/** Sums have so many lanes. */
export const laneCount = 64

const bytes = 8 * blockSize

/** Where things lie in memory; bounds, which may be many, come last. */
export const places = {
  lanes: 0,
  squares: 8 * laneCount,
  input: 4096,
  output: 4096 + bytes,
  found: 4096 + 2 * bytes,
  bounds: 4096 + 3 * bytes
} as const

const pages = 2

const [splat, lower, higher] = [lanes(0x14), lanes(0xf6), lanes(0xf7)]
const [add, subtract, multiply, divide] = [lanes(0xf0), lanes(0xf1), lanes(0xf2), lanes(0xf3)]
const [differs, both, select, any] = [lanes(0x48), lanes(0x4e), lanes(0x52), lanes(0x53)]
const [isEqual, isAtMost, choose, shift, shiftBack] = [0x61, 0x65, 0x1b, 0x74, 0x76].map(operation)
const [plusFloat, minusFloat, times, over, toFloat] = [0xa0, 0xa1, 0xa2, 0xa3, 0xb7].map(operation)

const block = { input: i32, end: i32 } as const

/** Locals of 128 bits, one after the other. */
const vectors = <Name extends string>(...names: ReadonlyArray<Name>): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name) => [name, v128])) as Record<Name, number> // one of each

const [four, others] = [["a", "b", "c", "d"] as const, ["e", "f", "g", "h"] as const]

/** Goes over a block by `count` pairs of numbers, and over its results alike. */
const overPairs = (pointers: ReadonlyArray<number>, end: number, count: number, body: (pair: number) => Code): Code =>
  repeat(get(pointers[0]), get(end), all(each(count, body), ...pointers.map((pointer) => advance(pointer, 16 * count))))

/** Keeps locals in memory between calls. */
const keeping = (kept: ReadonlyArray<readonly [local: number, place: number]>, body: Code): Code =>
  all(
    ...kept.map(([local, place]) => set(local, load(place, integer(0)))),
    body,
    ...kept.map(([local, place]) => store(place, integer(0), get(local)))
  )

const pairs = (count: number, from: number, place: number): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: count }, (_, pair) => [from + pair, place + 16 * pair])

/** Makes NaN of NaN and infinity, and 0 of other numbers. */
const oddity = (value: Code): Code => subtract(value, value)

/** Says whether a lane became NaN. */
const isOdd = (local: number): Code => any(differs(get(local), get(local)))

/** Adds to each lane its numbers less a shift. */
const sums = procedure(
  "sums",
  { ...block, shift: f64 },
  { at: i32, ...vectors("shifts", ...four, ...others) },
  undefined,
  ({ a, at, end, input, shift: by, shifts }) =>
    all(
      set(shifts, splat(get(by))),
      each(laneCount / 16, (part) => {
        const add_ = (pair: number) =>
          set(a + pair, add(get(a + pair), subtract(load(128 * part + 16 * pair, get(at)), get(shifts))))
        const body = repeat(get(at), get(end), all(each(8, add_), advance(at, 8 * laneCount)))
        return keeping(pairs(8, a, places.lanes + 128 * part), all(set(at, get(input)), body))
      })
    )
)

/** Adds to each lane its numbers' deviations from a center, and their squares to the lane of squares. */
const squares = procedure(
  "squares",
  { ...block, center: f64 },
  { at: i32, ...vectors("centers", "deviation", ...four, ...others) },
  undefined,
  ({ a, at, center, centers, deviation, e, end, input }) =>
    all(
      set(centers, splat(get(center))),
      each(laneCount / 8, (part) => {
        const add_ = (pair: number) =>
          all(
            set(deviation, subtract(load(64 * part + 16 * pair, get(at)), get(centers))),
            set(a + pair, add(get(a + pair), get(deviation))),
            set(e + pair, add(get(e + pair), multiply(get(deviation), get(deviation))))
          )
        const body = repeat(get(at), get(end), all(each(4, add_), advance(at, 8 * laneCount)))
        const kept = [...pairs(4, a, places.lanes + 64 * part), ...pairs(4, e, places.squares + 64 * part)]
        return keeping(kept, all(set(at, get(input)), body))
      })
    )
)

/** Lowers the first lanes to the block's numbers and raises the lanes of squares; says whether all are finite. */
const extremes = procedure(
  "extremes",
  block,
  vectors("value", "odd", ...four, ...others),
  i32,
  ({ a, e, end, input, odd, value }) =>
    all(
      keeping(
        [...pairs(4, a, places.lanes), ...pairs(4, e, places.squares)],
        overPairs([input], end, 4, (pair) =>
          all(
            set(value, load(16 * pair, get(input))),
            set(odd, add(get(odd), oddity(get(value)))),
            set(a + pair, lower(get(a + pair), get(value))),
            set(e + pair, higher(get(e + pair), get(value)))
          )
        )
      ),
      isOdd(odd)
    )
)

/** Says whether a number is NaN or infinite. */
const odd = procedure("odd", block, vectors("found"), i32, ({ end, found, input }) =>
  all(
    overPairs([input], end, 4, (pair) => set(found, add(get(found), oddity(load(16 * pair, get(input)))))),
    isOdd(found)
  )
)

/** Subtracts a center and divides by a scale; says whether a result is NaN or infinite. */
const normalize = procedure(
  "normalize",
  { ...block, center: f64, scale: f64 },
  { output: i32, ...vectors("centers", "scales", "value", "found") },
  i32,
  ({ center, centers, end, found, input, output, scale, scales, value }) =>
    all(
      set(centers, splat(get(center))),
      set(scales, splat(get(scale))),
      set(output, integer(places.output)),
      overPairs([input, output], end, 2, (pair) =>
        all(
          set(value, divide(subtract(load(16 * pair, get(input)), get(centers)), get(scales))),
          set(found, add(get(found), oddity(get(value)))),
          store(16 * pair, get(output), get(value))
        )
      ),
      isOdd(found)
    )
)

const ofMissing = (name: string, result: (value: Code, isMissing: Code, by: Code) => Code) =>
  procedure(
    name,
    { ...block, by: f64 },
    { output: i32, ...vectors("value", "with") },
    undefined,
    ({ by, end, input, output, value, with: other }) =>
      all(
        set(other, splat(get(by))),
        set(output, integer(places.output)),
        overPairs([input, output], end, 4, (pair) =>
          all(
            set(value, load(16 * pair, get(input))),
            store(16 * pair, get(output), result(get(value), differs(get(value), get(value)), get(other)))
          )
        )
      )
  )

/** Puts a number in the place of NaN. */
const fill = ofMissing("fill", (value, isMissing, by) => select(by, value, isMissing))

/** Puts a number in the place of NaN, and 0 in that of others. */
const mark = ofMissing("mark", (_, isMissing, by) => both(isMissing, by))

/** Copies what is not NaN, and says how many bytes that is. */
const present = procedure("present", block, { output: i32, value: f64 }, i32, ({ end, input, output, value }) =>
  all(
    set(output, integer(places.output)),
    repeat(
      get(input),
      get(end),
      all(
        set(value, loadNumber(0, get(input))),
        storeNumber(0, get(output), get(value)),
        set(output, plus(get(output), shift(isEqual(get(value), get(value)), integer(3)))),
        advance(input, 8)
      )
    ),
    minus(get(output), integer(places.output))
  )
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

/** The kernels, by name. */
export interface Kernels extends Web.Memory {
  readonly sums: (input: number, end: number, shift: number) => void
  readonly squares: (input: number, end: number, center: number) => void
  readonly extremes: (input: number, end: number) => number
  readonly odd: (input: number, end: number) => number
  readonly normalize: (input: number, end: number, center: number, scale: number) => number
  readonly fill: (input: number, end: number, by: number) => void
  readonly mark: (input: number, end: number, by: number) => void
  readonly present: (input: number, end: number) => number
  readonly shares: (input: number, end: number, last: number, ties: number) => void
  readonly search: (input: number, end: number, halvings: number) => void
}

/** Compiles the kernels. */
export const make = (): Kernels =>
  Web.compiled(pages, [sums, squares, extremes, odd, normalize, fill, mark, present, search, shares])
