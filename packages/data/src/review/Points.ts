/**
 * Rows as points among which near ones are alike: numbers standardized, levels as one-hot vectors, wide tensors and the
 * words of texts hashed into a few sums. Statistics are of the rows given.
 */
import * as Column from "../Column.ts"
import * as Mix from "../internal/rows/mix.ts"
import { hashOf } from "../internal/rows/rowKeys.ts"
import type * as RowId from "../RowId.ts"
import { type Table, numbers, texts } from "../Table.ts"

/** Points of `width` numbers each, one after the other. */
export interface Points {
  readonly values: Float64Array
  readonly width: number
}

/** Tensors of more numbers, texts and categories of more levels are hashed into so many sums. */
export const mostSums = 64
/** A number farther from the mean counts as if it were so many deviations away: one value must not decide who is near. */
const farthest = 5

/** Numbers of `width` each, row by row. */
type Block = Points

/** A place among the sums, and a sign, for something hashed (Weinberger et al. 2009). */
const slot = (hashed: number) => ({ at: (hashed >>> 1) % mostSums, sign: (hashed & 1) === 0 ? 1 : -1 })

const ofNumbers = (values: RowId.Numbers, rows: Uint32Array): Block => {
  const own = Float64Array.from(rows, (row) => values[row])
  const { deviation, mean } = momentsOf(own)
  const scaled = own.map((value) =>
    Number.isNaN(value) || deviation === 0 ? 0 : Math.max(-farthest, Math.min(farthest, (value - mean) / deviation))
  )
  return { values: scaled, width: 1 }
}

const momentsOf = (values: Float64Array) => {
  const known = values.filter((value) => !Number.isNaN(value))
  const mean = known.reduce((sum, value) => sum + value / known.length, 0)
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2 / known.length, 0)
  return { mean, deviation: Number.isFinite(square) ? Math.sqrt(square) : 0 }
}

const ofCategory = (codes: RowId.Numbers, levels: number, rows: Uint32Array): Block => {
  const width = Math.min(levels, mostSums)
  const values = new Float64Array(rows.length * width)
  rows.forEach((row, place) => {
    const code = codes[row]
    if (code < 0) return
    const { at, sign } = levels <= mostSums ? { at: code, sign: 1 } : slot(Mix.mix(code + 1) >>> 0)
    values[place * width + at] = sign
  })
  return { values, width }
}

const ofTensor = (values: RowId.Numbers, own: number, rows: Uint32Array): Block => {
  const isHashed = own > mostSums
  const width = isHashed ? mostSums : own
  const slots = Array.from({ length: own }, (_, at) => (isHashed ? slot(Mix.mix(at + 1) >>> 0) : { at, sign: 1 }))
  const to = Int32Array.from(slots, ({ at }) => at)
  const signs = Float64Array.from(slots, ({ sign }) => sign)
  const out = new Float64Array(rows.length * width)
  for (let place = 0; place < rows.length; place++) {
    const start = rows[place] * own
    for (let at = 0; at < own; at++) out[place * width + to[at]] += signs[at] * values[start + at]
  }
  return leveled({ values: out, width })
}

const ofTexts = (all: ReadonlyArray<string>, rows: Uint32Array): Block => {
  const values = new Float64Array(rows.length * mostSums)
  rows.forEach((row, place) => {
    const own = values.subarray(place * mostSums, (place + 1) * mostSums)
    for (const word of all[row].toLowerCase().split(/[^\p{L}\p{N}]+/u)) {
      const { at, sign } = slot(Mix.mix(hashOf(word)) >>> 0)
      if (word !== "") own[at] += sign
    }
    const length = Math.hypot(...own)
    if (length > 0) for (let at = 0; at < mostSums; at++) own[at] /= length
  })
  return leveled({ values, width: mostSums })
}

/** Moves and scales a block so that its numbers have mean 0 and, on average, variance 1. */
const leveled = ({ values, width }: Block): Block => {
  const rows = values.length / width
  const mean = new Float64Array(width)
  for (let at = 0; at < values.length; at++) mean[at % width] += values[at] / rows
  let square = 0
  for (let at = 0; at < values.length; at++) square += (values[at] - mean[at % width]) ** 2 / values.length
  const scale = square > 0 && Number.isFinite(square) ? 1 / Math.sqrt(square) : 0
  return { values: values.map((value, at) => (scale === 0 ? 0 : (value - mean[at % width]) * scale)), width }
}

const blockOf = (table: Table, name: string, rows: Uint32Array): Block => {
  const column = table.columns[name]
  if (column.kind === "text") return ofTexts(texts(table, name), rows)
  const values = numbers(table, name)
  if (column.kind === "tensor") return ofTensor(values, Column.width(column), rows)
  return column.kind === "category" || column.kind === "optional category"
    ? ofCategory(values, column.levels.length, rows)
    : ofNumbers(values, rows)
}

/** Makes points of some rows, in their order, from the columns named. What is missing is in the middle. */
export const of = (table: Table, names: ReadonlyArray<string>, rows: Uint32Array): Points => {
  const blocks = names.map((name) => blockOf(table, name, rows))
  const width = blocks.reduce((sum, block) => sum + block.width, 0)
  const values = new Float64Array(rows.length * width)
  blocks.reduce((start, block) => {
    for (let row = 0; row < rows.length; row++) {
      for (let at = 0; at < block.width; at++) values[row * width + start + at] = block.values[row * block.width + at]
    }
    return start + block.width
  }, 0)
  return { values, width }
}
