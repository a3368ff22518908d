/**
 * What is calculated of 128 rows in linear memory: they are turned into columns of float64, centered, multiplied with each
 * other two rows at a time, and summed along directions. Sums of a few columns stay in registers.
 */
import * as Web from "../webassembly.ts"

type Code = Web.Code
const { advance, all, each, get, i32, integer, lane, lanes, load, loadNumber, loadTwice } = Web
const { operation, plus, procedure, repeat, set, shuffle, store, storeFirst, storeNumber, storeSecond, v128 } = Web

/** Rows in a block. */
export const together = 128

/** Numbers from a column to the next: those of a block's rows, and two more. */
export const columnLength = together + 2
export const stride = 8 * columnLength

const [add, subtract, multiply] = [lanes(0xf0), lanes(0xf1), lanes(0xf2)]
const [splat, demote, promote] = [lanes(0x14), lanes(0x5e), lanes(0x5f)]
const [addFour, subtractFour, differs, any] = [lanes(0xe4), lanes(0xe5), lanes(0x42), lanes(0x53)]
const plusFloat = operation(0xa0)

const zero = splat(Web.float(0))
const eight = { a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128 } as const
const cleared = (first: number, count: number): Code => each(count, (index) => set(first + index, zero))

/** The sum of both lanes. */
const total = (local: number): Code => plusFloat(lane(get(local), 0), lane(get(local), 1))

/** Goes over the numbers of a column's rows, eight at a time. */
const overColumn = (columns: number, last: number, pair: (index: number) => Code): Code =>
  all(
    set(last, plus(get(columns), integer(8 * together))),
    repeat(get(columns), get(last), all(each(4, pair), advance(columns, 64))),
    advance(columns, stride - 8 * together)
  )

const [ofFirst, ofSecond, upperHalf] = [shuffle(4, 0, 4, 1, 5), shuffle(4, 2, 6, 3, 7), shuffle(8, 1, 1)]

/** Turns rows of float32 into columns of float64, four at a time: what follows a row may come out as columns, too. */
const transpose = procedure(
  "transpose",
  { rows: i32, bytes: i32, columns: i32, end: i32 },
  { at: i32, last: i32, one: v128, other: v128, value: v128 },
  undefined,
  ({ at, bytes, columns, end, last, one, other, rows, value }) => {
    const next = set(at, plus(get(at), get(bytes)))
    const two = (pair: number, half: number) =>
      all(
        set(value, (half === 0 ? ofFirst : ofSecond)(get(one), get(other))),
        store(2 * half * stride + 16 * pair, get(columns), promote(get(value))),
        store((2 * half + 1) * stride + 16 * pair, get(columns), promote(upperHalf(get(value), get(value))))
      )
    const column = all(
      set(at, get(rows)),
      overColumn(columns, last, (pair) =>
        all(set(one, load(0, get(at))), next, set(other, load(0, get(at))), next, two(pair, 0), two(pair, 1))
      ),
      advance(columns, 3 * stride),
      advance(rows, 16)
    )
    return repeat(get(columns), get(end), column)
  }
)

/** Adds up each column. */
const sum = procedure(
  "sum",
  { columns: i32, end: i32, sums: i32 },
  { last: i32, ...eight },
  undefined,
  ({ a, columns, end, last, sums }) => {
    const column = all(
      cleared(a, 4),
      overColumn(columns, last, (pair) => set(a + pair, add(get(a + pair), load(16 * pair, get(columns))))),
      each(3, (pair) => set(a, add(get(a), get(a + pair + 1)))),
      storeNumber(0, get(sums), total(a)),
      advance(sums, 8)
    )
    return repeat(get(columns), get(end), column)
  }
)

/** Subtracts from each column's numbers the column's own. */
const center = procedure(
  "center",
  { columns: i32, end: i32, centers: i32 },
  { last: i32, own: v128 },
  undefined,
  ({ centers, columns, end, last, own }) => {
    const column = all(
      set(own, loadTwice(0, get(centers))),
      overColumn(columns, last, (pair) =>
        store(16 * pair, get(columns), subtract(load(16 * pair, get(columns)), get(own)))
      ),
      advance(centers, 8)
    )
    return repeat(get(columns), get(end), column)
  }
)

/** Adds to a matrix the products of four columns with each other and with those after them: two times four at a time. */
const products = procedure(
  "products",
  { columns: i32, end: i32, diagonal: i32, bytes: i32 },
  { other: i32, to: i32, left: i32, right: i32, last: i32, x: v128, y: v128, value: v128, ...eight },
  undefined,
  ({ a, bytes, columns, diagonal, end, last, left, other, right, to, value, x, y }) => {
    const pair = (index: number) =>
      all(
        set(value, load(stride * index, get(right))),
        set(a + index, add(get(a + index), multiply(get(x), get(value)))),
        set(a + 4 + index, add(get(a + 4 + index), multiply(get(y), get(value))))
      )
    const raised = (row: Code, index: number) =>
      storeNumber(8 * (index % 4), row, plusFloat(loadNumber(8 * (index % 4), row), total(a + index)))
    const tile = (half: number) =>
      all(
        cleared(a, 8),
        set(left, plus(get(columns), integer(2 * half * stride))),
        set(right, get(other)),
        set(last, plus(get(left), integer(stride))),
        repeat(
          get(left),
          get(last),
          all(
            set(x, load(0, get(left))),
            set(y, load(stride, get(left))),
            each(4, pair),
            advance(left, 16),
            advance(right, 16)
          )
        ),
        each(8, (index) => raised(index < 4 ? get(to) : plus(get(to), get(bytes)), index)),
        advance(other, 4 * stride),
        advance(to, 32)
      )
    const rowBelow = (local: number) => set(local, plus(get(local), get(bytes)))
    const two = (half: number) =>
      all(set(other, get(columns)), set(to, get(diagonal)), repeat(get(other), get(end), tile(half)), [
        rowBelow(diagonal),
        rowBelow(diagonal)
      ])
    return repeat(get(columns), get(end), all(two(0), two(1), advance(columns, 4 * stride), advance(diagonal, 32)))
  }
)

/** Sums each row's numbers times those of directions, into rows of float32; says whether one is NaN or infinite. */
const project = procedure(
  "project",
  { columns: i32, end: i32, directions: i32, last: i32, out: i32, bytes: i32 },
  { rows: i32, direction: i32, at: i32, to: i32, own: v128, value: v128, odd: v128, ...eight },
  i32,
  ({ a, at, bytes, columns, direction, directions, end, last, odd, out, own, rows, to, value }) => {
    const next = set(to, plus(get(to), get(bytes)))
    const column = all(
      set(own, loadTwice(0, get(direction))),
      each(8, (pair) => set(a + pair, add(get(a + pair), multiply(load(16 * pair, get(at)), get(own))))),
      advance(at, stride),
      advance(direction, 8)
    )
    const written = (pair: number) =>
      all(
        set(value, demote(get(a + pair))),
        set(odd, addFour(get(odd), subtractFour(get(value), get(value)))),
        storeFirst(0, get(to), get(value)),
        next,
        storeSecond(0, get(to), get(value)),
        next
      )
    const sixteen = all(
      cleared(a, 8),
      set(at, get(rows)),
      set(direction, get(directions)),
      repeat(get(at), get(end), column),
      each(8, written),
      advance(rows, 128)
    )
    const one = all(
      set(rows, get(columns)),
      set(to, get(out)),
      repeat(get(rows), plus(get(columns), integer(8 * together)), sixteen),
      set(directions, get(direction)),
      advance(out, 4)
    )
    return all(repeat(get(directions), get(last), one), any(differs(get(odd), get(odd))))
  }
)

/** The kernels, by name. */
export interface Program extends Web.Memory {
  readonly transpose: (rows: number, bytes: number, columns: number, end: number) => void
  readonly sum: (columns: number, end: number, sums: number) => void
  readonly center: (columns: number, end: number, centers: number) => void
  readonly products: (columns: number, end: number, diagonal: number, bytes: number) => void
  readonly project: (
    columns: number,
    end: number,
    directions: number,
    last: number,
    out: number,
    bytes: number
  ) => number
}

/** Compiles the kernels. */
export const make = (): Program => Web.compiled(1, [transpose, sum, center, products, project])
