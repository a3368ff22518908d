/**
 * Covariances of the numbers of a row, and rows along directions, by WebAssembly: 128 rows at a time lie in linear memory
 * column by column, two rows are multiplied at once, and sums of a few columns stay in registers. The order of additions
 * depends on nothing but the number of rows.
 */
import type { Numbers } from "../../RowId.ts"
import * as Web from "../webassembly.ts"

type Code = Web.Code
const { advance, all, each, get, i32, integer, lanes, load, loadFirst, loadNumber, loadSecond, loadTwice } = Web
const { operation, plus, procedure, repeat, set, store, storeFirst, storeNumber, storeSecond, v128 } = Web

/** Rows in a block. */
const together = 128

/** Numbers from a column to the next: those of a block's rows, and two more. */
const columnLength = together + 2
const stride = 8 * columnLength

const [add, subtract, multiply] = [lanes(0xf0), lanes(0xf1), lanes(0xf2)]
const [splat, demote, promote] = [lanes(0x14), lanes(0x5e), lanes(0x5f)]
const [addFour, subtractFour, differs, any] = [lanes(0xe4), lanes(0xe5), lanes(0x42), lanes(0x53)]
const plusFloat = operation(0xa0)

const zero = splat(Web.float(0))
const eight = { a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128 } as const
const cleared = (first: number, count: number): Code => each(count, (index) => set(first + index, zero))

/** The sum of both lanes. */
const total = (local: number): Code => {
  const lane = (index: number): Code => [lanes(0x21)(get(local)), index]
  return plusFloat(lane(0), lane(1))
}

/** Goes over the numbers of a column's rows, eight at a time. */
const overColumn = (columns: number, last: number, pair: (index: number) => Code): Code =>
  all(
    set(last, plus(get(columns), integer(8 * together))),
    repeat(get(columns), get(last), all(each(4, pair), advance(columns, 64))),
    advance(columns, stride - 8 * together)
  )

/** Turns rows of float32 into columns of float64, and writes the sum of each. */
const transpose = procedure(
  "transpose",
  { rows: i32, bytes: i32, columns: i32, sums: i32 },
  { end: i32, at: i32, last: i32, value: v128, ...eight },
  undefined,
  ({ a, at, bytes, columns, end, last, rows, sums, value }) => {
    const next = set(at, plus(get(at), get(bytes)))
    const column = all(
      set(at, get(rows)),
      cleared(a, 4),
      overColumn(columns, last, (pair) =>
        all(
          set(value, loadFirst(0, get(at))),
          next,
          set(value, promote(loadSecond(0, get(at), get(value)))),
          next,
          store(16 * pair, get(columns), get(value)),
          set(a + pair, add(get(a + pair), get(value)))
        )
      ),
      each(3, (pair) => set(a, add(get(a), get(a + pair + 1)))),
      storeNumber(0, get(sums), total(a)),
      advance(sums, 8),
      advance(rows, 4)
    )
    return all(set(end, plus(get(rows), get(bytes))), repeat(get(rows), get(end), column))
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

interface Program extends Web.Memory {
  readonly transpose: (rows: number, bytes: number, columns: number, sums: number) => void
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

let compiled: Program | undefined

/** What lies in memory one after the other, each in so many float64 numbers. */
const partsOf = <Name extends string>(lengths: Readonly<Record<Name, number>>) => {
  compiled ??= Web.compiled<Program>(1, [transpose, center, products, project])
  const program = compiled
  const names = Object.keys(lengths) as Array<Name> // of a plain record
  const bytes = names.reduce((sum, name) => sum + 8 * lengths[name], 0)
  const missing = bytes - program.memory.buffer.byteLength
  if (missing > 0) program.memory.grow(Math.ceil(missing / 65_536))
  let at = 0
  const parts = names.map((name) => {
    const part = new Float64Array(program.memory.buffer, at, lengths[name])
    at += part.byteLength
    return [name, part.fill(0)]
  })
  return { program, ...(Object.fromEntries(parts) as Record<Name, Float64Array>) } // of these names
}

const endOf = (part: Float64Array): number => part.byteOffset + part.byteLength

interface Block {
  readonly program: Program
  readonly rows: Float64Array
  readonly columns: Float64Array
  readonly sums: Float64Array
}

/** Float32 does not hold all whole numbers. */
const layWholeNumbers = (rows: Int32Array, { columns, sums }: Block, width: number): void => {
  for (let column = 0; column < width; column++) {
    sums[column] = 0
    for (let at = column, to = column * columnLength; at < rows.length; at += width) {
      columns[to++] = rows[at]
      sums[column] += rows[at]
    }
  }
}

/** Lays rows down column by column, a block at a time, and adds each column up. After the last row there are zeros. */
const overBlocks = (
  block: Block,
  values: Numbers,
  width: number,
  visit: (size: number, start: number) => void
): void => {
  const { columns, program, rows, sums } = block
  const staged = new Float32Array(rows.buffer, rows.byteOffset, together * width)
  for (let start = 0; start * width < values.length; start += together) {
    const own = values.subarray(start * width, (start + together) * width)
    staged.set(own)
    staged.fill(0, own.length)
    program.transpose(rows.byteOffset, 4 * width, columns.byteOffset, sums.byteOffset)
    if (own instanceof Int32Array) layWholeNumbers(own, block, width)
    visit(own.length / width, start)
  }
}

/** What rows add to covariances: how many they are, their means, and the sums of products around these. */
export interface Scatter {
  readonly count: number
  readonly mean: Float64Array
  readonly products: Float64Array
}

/**
 * Adds up products of rows of `width` numbers in one pass: each block around its own mean, and the blocks' means around that
 * of all before (Chan, Golub and LeVeque 1983), as one more row of the block. Where there is NaN or infinity, or numbers
 * are too far apart for float64, the result is not finite.
 */
export const scatter = (values: Numbers, width: number): Scatter => {
  const padded = 4 * Math.ceil(width / 4)
  const lengths = { columns: padded * columnLength, rows: (together / 2) * width, sums: width, matrix: padded * padded }
  const block = partsOf(lengths)
  const { columns, matrix, program, sums } = block
  const mean = new Float64Array(width)
  let before = 0
  overBlocks(block, values, width, (size) => {
    const weight = size / (before + size)
    for (let column = 0; column < width; column++) {
      sums[column] /= size
      const apart = sums[column] - mean[column]
      mean[column] += apart * weight
      columns[column * columnLength + together] = apart * Math.sqrt(before * weight)
    }
    program.center(columns.byteOffset, columns.byteOffset + stride * width, sums.byteOffset)
    for (let column = 0; column < width && size < together; column++) {
      columns.fill(0, column * columnLength + size, column * columnLength + together)
    }
    program.products(columns.byteOffset, endOf(columns), matrix.byteOffset, 8 * padded)
    before += size
  })
  const entry = (i: number, j: number) => matrix[Math.min(i, j) * padded + Math.max(i, j)]
  const products = Float64Array.from({ length: width * width }, (_, at) => entry(Math.floor(at / width), at % width))
  return { count: before, mean, products }
}

/** Puts together what two parts of the rows add, likewise. */
const both = (one: Scatter, other: Scatter): Scatter => {
  const count = one.count + other.count
  const weight = other.count / count
  const apart = other.mean.map((mean, column) => mean - one.mean[column])
  const products = one.products.map((sum, at) => {
    const [i, j] = [Math.floor(at / apart.length), at % apart.length]
    return sum + other.products[at] + apart[i] * apart[j] * one.count * weight
  })
  return { count, mean: one.mean.map((mean, column) => mean + apart[column] * weight), products }
}

/** Means and covariances, row by row. */
export interface Covariance {
  readonly mean: Float64Array
  readonly covariance: Float64Array
}

/** Computes the sample covariance (divided by n - 1) of rows from what each part of them adds, in their order. */
export const covariance = (parts: ReadonlyArray<Scatter>): Covariance => {
  const { count, mean, products } = parts.reduce(both)
  return { mean, covariance: products.map((sum) => sum / Math.max(1, count - 1)) }
}

/**
 * Writes each row's numbers less their means along each direction: the products are added in the numbers' order. Tells
 * whether all that is written is finite.
 */
export const projectTo = (
  values: Numbers,
  mean: ReadonlyArray<number>,
  along: ReadonlyArray<ReadonlyArray<number>>,
  out: Float32Array
): boolean => {
  const [width, count] = [mean.length, along.length]
  const lengths = { columns: width * columnLength, rows: (together / 2) * width, sums: width, centers: width }
  const block = partsOf({ ...lengths, directions: count * width, made: (together / 2) * count })
  const { centers, columns, directions, made, program } = block
  centers.set(mean)
  directions.set(along.flat())
  const results = new Float32Array(made.buffer, made.byteOffset, together * count)
  let odd = 0
  overBlocks(block, values, width, (size, start) => {
    const [from, end] = [columns.byteOffset, endOf(columns)]
    program.center(from, end, centers.byteOffset)
    odd |= program.project(from, end, directions.byteOffset, endOf(directions), made.byteOffset, 4 * count)
    out.set(results.subarray(0, size * count), start * count)
  })
  return odd === 0
}
