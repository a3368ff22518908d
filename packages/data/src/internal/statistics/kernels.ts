/**
 * What is calculated of a block of float64 numbers in linear memory, two numbers at a time where they go side by side. A
 * block's numbers go to the lanes of sums in turn, so that sums do not depend on where blocks of whole rounds begin.
 */
import * as Web from "../webassembly.ts"
import { block, four, isOdd, keeping, laneCount, noteOdd, others, overPairs, pages, pairs, places } from "./blocks.ts"
import * as Searching from "./searching.ts"

const { advance, all, each, f64, get, i32, integer, lanes, load } = Web
const { operation, plus, procedure, repeat, set, store, storeLane, v128 } = Web

const [splat, lower, higher] = [lanes(0x14), lanes(0xf6), lanes(0xf7)]
const [add, subtract, multiply, divide] = [lanes(0xf0), lanes(0xf1), lanes(0xf2), lanes(0xf3)]
const [equals, differs, both, either, select, any, bits] = [0x47, 0x48, 0x4e, 0x50, 0x52, 0x53, 0xc4].map(lanes)
const [shift, and] = [0x74, 0x71].map(operation)

/** Adds to each lane its numbers less a shift. */
const sums = procedure(
  "sums",
  { ...block, shift: f64 },
  { at: i32, ...Web.vectors("shifts", ...four, ...others) },
  undefined,
  ({ a, at, end, input, shift: by, shifts }) =>
    all(
      set(shifts, splat(get(by))),
      each(laneCount / 16, (part) => {
        const added = (pair: number) =>
          set(a + pair, add(get(a + pair), subtract(load(128 * part + 16 * pair, get(at)), get(shifts))))
        const body = repeat(get(at), get(end), all(each(8, added), advance(at, 8 * laneCount)))
        return keeping(pairs(8, a, places.lanes + 128 * part), all(set(at, get(input)), body))
      })
    )
)

/** Adds to each lane its numbers' deviations from a center, and their squares to the lane of squares. */
const squares = procedure(
  "squares",
  { ...block, center: f64 },
  { at: i32, ...Web.vectors("centers", "deviation", ...four, ...others) },
  undefined,
  ({ a, at, center, centers, deviation, e, end, input }) =>
    all(
      set(centers, splat(get(center))),
      each(laneCount / 8, (part) => {
        const added = (pair: number) =>
          all(
            set(deviation, subtract(load(64 * part + 16 * pair, get(at)), get(centers))),
            set(a + pair, add(get(a + pair), get(deviation))),
            set(e + pair, add(get(e + pair), multiply(get(deviation), get(deviation))))
          )
        const body = repeat(get(at), get(end), all(each(4, added), advance(at, 8 * laneCount)))
        const kept = [...pairs(4, a, places.lanes + 64 * part), ...pairs(4, e, places.squares + 64 * part)]
        return keeping(kept, all(set(at, get(input)), body))
      })
    )
)

const odds = ["odd", "odd2", "odd3", "odd4"] as const

/** Lowers the first lanes to the block's numbers and raises the lanes of squares; says whether all are finite. */
const extremes = procedure(
  "extremes",
  block,
  Web.vectors("value", ...odds, ...four, ...others),
  i32,
  ({ a, e, end, input, odd, value }) =>
    all(
      keeping(
        [...pairs(4, a, places.lanes), ...pairs(4, e, places.squares)],
        overPairs([input], end, 4, (pair) =>
          all(
            set(value, load(16 * pair, get(input))),
            noteOdd(odd, pair, get(value)),
            set(a + pair, lower(get(a + pair), get(value))),
            set(e + pair, higher(get(e + pair), get(value)))
          )
        )
      ),
      isOdd(odd)
    )
)

/** Says whether a number is NaN or infinite. */
const odd = procedure("odd", block, Web.vectors(...odds), i32, ({ end, input, odd: first }) =>
  all(
    overPairs([input], end, 4, (pair) => noteOdd(first, pair, load(16 * pair, get(input)))),
    isOdd(first)
  )
)

/** Subtracts a center and divides by a scale; says whether a result is NaN or infinite. */
const normalize = procedure(
  "normalize",
  { ...block, center: f64, scale: f64 },
  { output: i32, ...Web.vectors("centers", "scales", "value", ...odds) },
  i32,
  ({ center, centers, end, input, odd: first, output, scale, scales, value }) =>
    all(
      set(centers, splat(get(center))),
      set(scales, splat(get(scale))),
      set(output, integer(places.output)),
      overPairs([input, output], end, 4, (pair) =>
        all(
          set(value, divide(subtract(load(16 * pair, get(input)), get(centers)), get(scales))),
          noteOdd(first, pair, get(value)),
          store(16 * pair, get(output), get(value))
        )
      ),
      isOdd(first)
    )
)

/** Puts a number in the place of NaN. */
const fill = procedure(
  "fill",
  { ...block, by: f64 },
  { output: i32, ...Web.vectors("value", "with") },
  undefined,
  ({ by, end, input, output, value, with: other }) =>
    all(
      set(other, splat(get(by))),
      set(output, integer(places.output)),
      overPairs([input, output], end, 4, (pair) =>
        all(
          set(value, load(16 * pair, get(input))),
          store(16 * pair, get(output), select(get(other), get(value), differs(get(value), get(value))))
        )
      )
    )
)

/** Puts 1 in the place of NaN, and 0 in that of others; says whether there was one. */
const mark = procedure(
  "mark",
  block,
  { output: i32, ...Web.vectors("value", "one", "found") },
  i32,
  ({ end, found, input, one, output, value }) =>
    all(
      set(one, splat(Web.float(1))),
      set(output, integer(places.output)),
      overPairs([input, output], end, 4, (pair) =>
        all(
          set(value, load(16 * pair, get(input))),
          set(value, both(differs(get(value), get(value)), get(one))),
          set(found, either(get(found), get(value))),
          store(16 * pair, get(output), get(value))
        )
      ),
      any(get(found))
    )
)

/** Copies what is not NaN to an address on, and gives the address after it. */
const present = procedure(
  "present",
  { ...block, output: i32 },
  { there: i32, value: v128 },
  i32,
  ({ end, input, output, there, value }) => {
    const kept = (lane: 0 | 1) => {
      const bit = lane === 0 ? shift(get(there), integer(3)) : shift(get(there), integer(2))
      return all(storeLane(lane)(0, get(output), get(value)), set(output, plus(get(output), and(bit, integer(8)))))
    }
    return all(
      overPairs([input], end, 4, (pair) =>
        all(set(value, load(16 * pair, get(input))), set(there, bits(equals(get(value), get(value)))), kept(0), kept(1))
      ),
      get(output)
    )
  }
)

/** The kernels, by name. */
export interface Kernels extends Web.Memory, Searching.Kernels {
  readonly sums: (input: number, end: number, shift: number) => void
  readonly squares: (input: number, end: number, center: number) => void
  readonly extremes: (input: number, end: number) => number
  readonly odd: (input: number, end: number) => number
  readonly normalize: (input: number, end: number, center: number, scale: number) => number
  readonly fill: (input: number, end: number, by: number) => void
  readonly mark: (input: number, end: number) => number
  readonly present: (input: number, end: number, output: number) => number
}

/** Compiles the kernels. */
export const make = (): Kernels =>
  Web.compiled(pages, [sums, squares, extremes, odd, normalize, fill, mark, present, ...Searching.kernels])
