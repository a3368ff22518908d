/**
 * The arithmetic of JPEG over whole blocks and rows in WebAssembly, in the whole numbers of libjpeg and its kin: the
 * inverse cosine transform of Loeffler, Ligtenberg and Moschytz (1989) with 13 bits after the point, columns first; colour
 * interpolated by a triangle filter; ITU-R BT.601 with 16 bits after the point.
 */
import * as Web from "../webassembly.ts"

const { all, advance, compiled, each, get, i32, integer, lanes, load, plus, procedure, repeat, set, store, v128 } = Web
type Code = Web.Code

const [add, subtract, multiply, shiftLeft, shiftRight, splat] = [0xae, 0xb1, 0xb5, 0xab, 0xac, 0x11].map(lanes)
const [add16, subtract16, multiply16, shift16, splat16] = [0x8e, 0x91, 0x95, 0x8d, 0x10].map(lanes)
const [low, high, narrow, narrowToBytes] = [0xa7, 0xa8, 0x85, 0x66].map(lanes)

const loadBytes = (address: Code): Code => [address, 0xfd, 0x02, 0, 0]
const storeHalf = (offset: number, address: Code, value: Code, half: number): Code => [
  address,
  value,
  0xfd,
  0x5b,
  0,
  offset,
  half
]

/** Bytes of two vectors, by their places from 0 to 31. */
const shuffle = (one: number, other: number, place: (index: number) => number): Code => [
  get(one),
  get(other),
  0xfd,
  0x0d,
  ...Array.from({ length: 16 }, (_, index) => place(index))
]

const words = (one: number, other: number, ...places: ReadonlyArray<number>): Code =>
  shuffle(one, other, (index) => 4 * places[index >> 2] + (index & 3))

const constant = (value: number): Code => splat(integer(value))
const names = (letter: string): ReadonlyArray<string> => Array.from({ length: 8 }, (_, index) => `${letter}${index}`)
const vectors = (...all: ReadonlyArray<string>) => Object.fromEntries(all.map((name) => [name, v128]))

type Vectors = ReadonlyArray<number>

/** The odd half of a transform, of its numbers 1, 3, 5 and 7 in place; `t` are to spare. */
const odd = ([, a1, , a3, , a5, , a7]: Vectors, [z1, z2, z3, z4, turned]: Vectors): Code => {
  const part = (one: number, other: number, by: number) => multiply(add(get(one), get(other)), constant(by))
  const sum = (of: number, by: number, first: number, second: number) =>
    set(of, add(multiply(get(of), constant(by)), add(get(first), get(second))))
  return all(
    set(turned, multiply(add(add(get(a1), get(a3)), add(get(a5), get(a7))), constant(9633))),
    set(z1, part(a7, a1, -7373)),
    set(z2, part(a5, a3, -20995)),
    set(z3, add(part(a7, a3, -16069), get(turned))),
    set(z4, add(part(a5, a1, -3196), get(turned))),
    sum(a7, 2446, z1, z3),
    sum(a5, 16819, z2, z4),
    sum(a3, 25172, z2, z3),
    sum(a1, 12299, z1, z4)
  )
}

/** The even half, of its numbers 0, 2, 4 and 6 in place, with `half` added. */
const even = ([a0, , a2, , a4, , a6]: Vectors, [middle, one, other, sum]: Vectors, half: number): Code =>
  all(
    set(middle, multiply(add(get(a2), get(a6)), constant(4433))),
    set(one, subtract(get(middle), multiply(get(a6), constant(15137)))),
    set(other, add(get(middle), multiply(get(a2), constant(6270)))),
    set(sum, add(shiftLeft(add(get(a0), get(a4)), integer(13)), constant(half))),
    set(middle, add(shiftLeft(subtract(get(a0), get(a4)), integer(13)), constant(half))),
    set(a0, add(get(sum), get(other))),
    set(a2, add(get(middle), get(one))),
    set(a4, subtract(get(middle), get(one))),
    set(a6, subtract(get(sum), get(other)))
  )

/** Transforms 8 numbers in each of four lanes in place; results have `shift` fewer bits, rounded by `half`. */
const transform = (numbers: Vectors, spare: Vectors, half: number, shift: number): Code => {
  const [t0, t1, t2, t3] = spare
  const [a0, a1, a2, a3, a4, a5, a6, a7] = numbers
  const shifted = (value: Code) => shiftRight(value, integer(shift))
  const sum = (to: number, one: number, other: number) => set(to, shifted(add(get(one), get(other))))
  const difference = (to: number, one: number, other: number) => set(to, shifted(subtract(get(one), get(other))))
  return all(
    even(numbers, spare, half),
    odd(numbers, spare),
    difference(t0, a0, a1),
    sum(a0, a0, a1),
    difference(t1, a2, a3),
    sum(a1, a2, a3),
    difference(t2, a4, a5),
    sum(a2, a4, a5),
    difference(t3, a6, a7),
    sum(a3, a6, a7),
    set(a4, get(t3)),
    set(a5, get(t2)),
    set(a6, get(t1)),
    set(a7, get(t0))
  )
}

/** Exchanges rows and columns of four numbers. */
const transpose = ([p, q, r, s]: Vectors, [t0, t1, t2, t3]: Vectors): Code =>
  all(
    set(t0, words(p, q, 0, 4, 1, 5)),
    set(t1, words(p, q, 2, 6, 3, 7)),
    set(t2, words(r, s, 0, 4, 1, 5)),
    set(t3, words(r, s, 2, 6, 3, 7)),
    set(p, words(t0, t2, 0, 1, 4, 5)),
    set(q, words(t0, t2, 2, 3, 6, 7)),
    set(r, words(t1, t3, 0, 1, 4, 5)),
    set(s, words(t1, t3, 2, 3, 6, 7))
  )

/** Writes columns of samples, given as numbers in four lanes for the upper and the lower rows, as rows of bytes. */
const storeRows = (upper: Vectors, lower: Vectors, [t0, t1, t2, t3]: Vectors, at: number, stride: number): Code => {
  const column = (index: number) => narrow(get(upper[index]), get(lower[index]))
  const pairs = upper.slice(0, 4)
  const rows = (of: number, other: number, first: number) =>
    shuffle(of, other, (index) => 4 * (first + (index >> 3)) + (index & 3) + (index & 4 ? 16 : 0))
  const row = (of: number, half: number) =>
    all(storeHalf(0, get(at), get(of), half), set(at, plus(get(at), get(stride))))
  const fours = (one: number, other: number, first: number) =>
    shuffle(one, other, (index) => first + (index >> 2) + 8 * (index & 3))
  return all(
    each(4, (index) => set([t0, t1, t2, t3][index], narrowToBytes(column(2 * index), column(2 * index + 1)))),
    each(4, (index) => set(pairs[index], fours(index < 2 ? t0 : t2, index < 2 ? t1 : t3, 4 * (index & 1)))),
    each(4, (index) => set([t0, t1, t2, t3][index], rows(pairs[index >> 1], pairs[2 + (index >> 1)], 2 * (index & 1)))),
    each(8, (index) => row([t0, t1, t2, t3][index >> 1], index & 1))
  )
}

/** Where the coefficients of a block lie: 64 numbers of 32 bits, row by row. */
export const blockBytes = 256

/** Writes the samples of the block, 8 rows of 8 bytes, and empties it. */
const samples = procedure(
  "samples",
  { at: i32, stride: i32 },
  vectors(...names("a"), ...names("b"), ...names("t")),
  undefined,
  (local) => {
    const [left, right, spare] = ["a", "b", "t"].map((letter) => names(letter).map((name) => local[name]))
    const [upper, lower] = [
      [left, right].flatMap((each) => each.slice(0, 4)),
      [left, right].flatMap((each) => each.slice(4))
    ]
    return all(
      each(8, (row) =>
        all(set(left[row], load(32 * row, integer(0))), set(right[row], load(32 * row + 16, integer(0))))
      ),
      each(16, (part) => store(16 * part, integer(0), constant(0))),
      transform(left, spare, 1 << 10, 11),
      transform(right, spare, 1 << 10, 11),
      ...[left, right].flatMap((part) => [transpose(part.slice(0, 4), spare), transpose(part.slice(4), spare)]),
      transform(upper, spare, (1 << 17) + (128 << 18), 18),
      transform(lower, spare, (1 << 17) + (128 << 18), 18),
      storeRows(upper, lower, spare, local.at, local.stride)
    )
  }
)

/** Writes weighted sums of two rows of bytes as numbers of 16 bits. */
const blend = procedure(
  "blend",
  { one: i32, other: i32, to: i32, end: i32, byOne: i32, byOther: i32 },
  {},
  undefined,
  ({ byOne, byOther, end, one, other, to }) => {
    const weighted = (from: number, by: number) => multiply16(loadBytes(get(from)), splat16(get(by)))
    const body = all(
      store(0, get(to), add16(weighted(one, byOne), weighted(other, byOther))),
      advance(one, 8),
      advance(other, 8),
      advance(to, 16)
    )
    return repeat(get(to), get(end), body)
  }
)

/**
 * Writes two bytes for each of some numbers of 16 bits: three times it and the one before, then three times it and the one
 * after, each with its `half`, without the lowest bits.
 */
const widen = procedure(
  "widen",
  { from: i32, to: i32, end: i32, firstHalf: i32, secondHalf: i32, bits: i32 },
  { own: v128, sums: v128 },
  undefined,
  ({ bits, end, firstHalf, from, own, secondHalf, sums, to }) => {
    const between = (neighbour: number, half: number) =>
      shift16(add16(add16(get(own), load(neighbour, get(from))), splat16(get(half))), get(bits))
    const body = all(
      set(own, multiply16(load(2, get(from)), splat16(integer(3)))),
      set(sums, narrowToBytes(between(0, firstHalf), between(4, secondHalf))),
      store(
        0,
        get(to),
        shuffle(sums, sums, (index) => (index >> 1) + 8 * (index & 1))
      ),
      advance(from, 16),
      advance(to, 16)
    )
    return repeat(get(to), get(end), body)
  }
)

/** Writes a row of pixels of luminance and the two colours, 8 at a time. */
const paint = procedure(
  "paint",
  { luminance: i32, blueness: i32, redness: i32, to: i32, end: i32 },
  vectors("y", "b", "r", "rg", "bb"),
  undefined,
  ({ b, bb, blueness, end, luminance, r, redness, rg, to, y }) => {
    const centred = (from: number) => subtract16(loadBytes(get(from)), splat16(integer(128)))
    const sum = (half: typeof low, byBlue: number, byRed: number) => {
      const scaled = (of: number, by: number) => multiply(half(get(of)), constant(by))
      const both =
        byBlue === 0 ? scaled(r, byRed) : byRed === 0 ? scaled(b, byBlue) : add(scaled(b, byBlue), scaled(r, byRed))
      return shiftRight(add(both, constant(1 << 15)), integer(16))
    }
    const channel = (byBlue: number, byRed: number) =>
      add16(get(y), narrow(sum(low, byBlue, byRed), sum(high, byBlue, byRed)))
    const pixels = (first: number) =>
      shuffle(rg, bb, (index) => (Math.floor((first + index) / 3) % 8) + 8 * ((first + index) % 3))
    const body = all(
      set(y, loadBytes(get(luminance))),
      set(b, centred(blueness)),
      set(r, centred(redness)),
      set(rg, narrowToBytes(channel(0, 91881), channel(-22554, -46802))),
      set(bb, channel(116130, 0)),
      set(bb, narrowToBytes(get(bb), get(bb))),
      store(0, get(to), pixels(0)),
      storeHalf(16, get(to), pixels(16), 0),
      ...[luminance, blueness, redness].map((from) => advance(from, 8)),
      advance(to, 24)
    )
    return repeat(get(to), get(end), body)
  }
)

type Kernel = (...parameters: ReadonlyArray<number>) => void

/** The functions; addresses are in bytes of their memory, whose first `blockBytes` are those of the block. */
export type Kernels = Readonly<Record<"samples" | "blend" | "widen" | "paint", Kernel>> & Web.Memory

/** Bytes of memory: images that do not fit are large enough for sharp to be faster. */
export const capacity = 2 ** 21

/** Compiles the functions. */
export const make = (): Kernels => compiled<Kernels>(capacity / 65536, [samples, blend, widen, paint])
