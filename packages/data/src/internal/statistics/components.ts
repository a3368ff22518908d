/**
 * Covariances of the numbers of a row, and rows along directions, 128 rows at a time. The order of additions depends on
 * nothing but the number of rows.
 */
import type { Numbers } from "../../RowId.ts"
import { bytesOf } from "../columns/bytes.ts"
import { type Program, columnLength, make, stride, together } from "./rowKernels.ts"

/** So many blocks of rows are copied at a time. */
const staged = 8

let compiled: Program | undefined

/** What lies in memory one after the other, each in so many float64 numbers. */
const partsOf = <Name extends string>(lengths: Readonly<Record<Name, number>>) => {
  compiled ??= make()
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
}

/** Float32 does not hold all whole numbers. */
const layWholeNumbers = (rows: Int32Array, columns: Float64Array, width: number): void => {
  for (let column = 0; column < width; column++) {
    for (let at = column, to = column * columnLength; at < rows.length; at += width) columns[to++] = rows[at]
  }
}

/** Numbers of rows and of columns in a block, these four at a time. */
const lengthsOf = (width: number) => ({
  columns: 4 * Math.ceil(width / 4) * columnLength,
  rows: (staged * together * width) / 2
})

/** Lays rows down column by column, a block at a time. After the last row there are zeros. */
const overBlocks = (
  { columns, program, rows }: Block,
  values: Numbers,
  width: number,
  visit: (size: number, start: number) => void
): void => {
  const stage = new Float32Array(rows.buffer, rows.byteOffset, staged * together * width)
  const [from, to] = [values instanceof Float32Array ? bytesOf(values) : undefined, bytesOf(stage)]
  for (let start = 0; start < values.length; start += stage.length) {
    const own = values.subarray(start, start + stage.length)
    if (from === undefined) stage.set(own)
    else from.copy(to, 0, 4 * start, 4 * (start + own.length))
    stage.fill(0, own.length)
    for (let at = 0; at < own.length; at += together * width) {
      const size = Math.min(together, (own.length - at) / width)
      program.transpose(rows.byteOffset + 4 * at, 4 * width, columns.byteOffset, endOf(columns))
      if (own instanceof Int32Array) layWholeNumbers(own.subarray(at, at + size * width), columns, width)
      visit(size, (start + at) / width)
    }
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
  const block = partsOf({ ...lengthsOf(width), sums: width, matrix: padded * padded })
  const { columns, matrix, program, sums } = block
  const end = columns.byteOffset + stride * width
  const mean = new Float64Array(width)
  let before = 0
  overBlocks(block, values, width, (size) => {
    const weight = size / (before + size)
    program.sum(columns.byteOffset, end, sums.byteOffset)
    for (let column = 0; column < width; column++) {
      sums[column] /= size
      const apart = sums[column] - mean[column]
      mean[column] += apart * weight
      columns[column * columnLength + together] = apart * Math.sqrt(before * weight)
    }
    program.center(columns.byteOffset, end, sums.byteOffset)
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
  const block = partsOf({
    ...lengthsOf(width),
    centers: width,
    directions: count * width,
    made: (together / 2) * count
  })
  const { centers, columns, directions, made, program } = block
  centers.set(mean)
  directions.set(along.flat())
  const results = new Float32Array(made.buffer, made.byteOffset, together * count)
  let odd = 0
  const [from, end] = [columns.byteOffset, columns.byteOffset + stride * width]
  overBlocks(block, values, width, (size, start) => {
    program.center(from, end, centers.byteOffset)
    odd |= program.project(from, end, directions.byteOffset, endOf(directions), made.byteOffset, 4 * count)
    out.set(results.subarray(0, size * count), start * count)
  })
  return odd === 0
}
