/**
 * What one column holds: how much is missing, how many values differ, and what they look like. Counts are exact; only the
 * figures of large tensors come from a sample of the rows, and say so.
 */
import { Schema } from "effect"
import * as Column from "../Column.ts"
import * as RowKeys from "../internal/rows/rowKeys.ts"
import * as IdOrder from "../internal/rows/idOrder.ts"
import * as Radix from "../internal/statistics/radix.ts"
import * as RowId from "../RowId.ts"
import type { Table } from "../Table.ts"
import * as Numbers from "./Numbers.ts"

/** What one column holds. */
export const ColumnProfile = Schema.Struct({
  name: Schema.String,
  kind: Schema.Literals([
    "float",
    "timestamp",
    "category",
    "tensor",
    "text",
    "optional float",
    "optional timestamp",
    "optional category"
  ]),
  rows: Schema.Int,
  missing: Schema.Int,
  /** Numbers that are NaN without being declared as missing. */
  nan: Schema.Int,
  infinite: Schema.Int,
  /** Values that differ, counted exactly; those of tensors are whole rows. */
  distinct: Schema.Int,
  /** What the finite numbers look like; instants are milliseconds since 1970 in UTC, texts count their characters. */
  numbers: Schema.NullOr(Numbers.Numbers),
  /** Rows of each level, the most frequent first, levels without rows at the end; of texts that are often equal, the most frequent. */
  levels: Schema.NullOr(Schema.Array(Schema.Struct({ level: Schema.String, rows: Schema.Int }))),
  /** For texts: how many are empty or blank. */
  texts: Schema.NullOr(Schema.Struct({ empty: Schema.Int })),
  tensor: Schema.NullOr(
    Schema.Struct({
      shape: Schema.Array(Schema.Int),
      /** Numbers of a row that are the same in all rows. */
      constant: Schema.Int,
      /** Rows of which all numbers are equal, such as blank images. */
      blank: Schema.Int,
      /** How many rows `numbers` describes. */
      described: Schema.Int
    })
  )
})

/** What one column holds. */
export type ColumnProfile = typeof ColumnProfile.Type

interface Part {
  readonly finite: Float64Array
  readonly nan: number
  readonly infinite: number
}

/** The finite numbers, ascending, and how many are not. */
const sortedFinite = (values: ArrayLike<number>): Part => {
  const finite = new Float64Array(values.length)
  let [count, nan, infinite] = [0, 0, 0]
  for (let place = 0; place < values.length; place++) {
    const value = values[place]
    if (value - value === 0) finite[count++] = value
    else if (value === Infinity || value === -Infinity) infinite++
    else nan++
  }
  return { finite: Radix.sort(finite.subarray(0, count)), nan, infinite }
}

const nothing = { missing: 0, nan: 0, infinite: 0, numbers: null, levels: null, texts: null, tensor: null } as const

const ofNumbers = (column: Column.Column, values: ArrayLike<number>) => {
  const { finite, infinite, nan } = sortedFinite(values)
  const numbers = Numbers.describe(finite)
  const distinct = numbers?.distinct ?? 0
  return Column.isOptional(column)
    ? { ...nothing, missing: nan, infinite, distinct, numbers }
    : { ...nothing, nan, infinite, distinct, numbers }
}

const ofCodes = (levels: ReadonlyArray<string>, codes: ArrayLike<number>) => {
  const counts = new Int32Array(levels.length + 1)
  for (let row = 0; row < codes.length; row++) counts[codes[row] + 1]++
  const shares = levels.map((level, code) => ({ level, rows: counts[code + 1] })).sort((a, b) => b.rows - a.rows)
  const distinct = shares.filter(({ rows }) => rows > 0).length
  return { ...nothing, missing: counts[0], distinct, levels: shares }
}

/** Texts of which each is there this often on average are shown like levels, so many of them. */
const [oftenEqual, mostTexts] = [10, 20]

const mostFrequent = (counts: ReadonlyMap<string, number>, all: number): ColumnProfile["levels"] =>
  counts.size === 0 || all / counts.size < oftenEqual
    ? null
    : [...counts]
        .map(([level, rows]) => ({ level, rows }))
        .sort((a, b) => b.rows - a.rows || (a.level < b.level ? -1 : 1))
        .slice(0, mostTexts)

const ofTexts = (texts: ReadonlyArray<string>) => {
  const lengths = Radix.sort(Float64Array.from(texts, (text) => text.length))
  const empty = texts.filter((text) => text.trim() === "").length
  const numbers = Numbers.describe(lengths)
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  const distinct = counts.size
  return { ...nothing, distinct, numbers, levels: mostFrequent(counts, texts.length), texts: { empty } }
}

/** More numbers than this are described by a sample of their rows. */
const mostNumbers = 4_000_000

const ofTensor = (table: Table, name: string, column: Column.Tensor, values: Exclude<RowId.Numbers, Float64Array>) => {
  const width = Column.width(column)
  const varies = new Uint8Array(width)
  let blank = 0
  for (let row = 0; row < table.length; row++) {
    const start = row * width
    let isBlank = width > 1
    for (let element = 0; element < width; element++) {
      if (values[start + element] !== values[start]) isBlank = false
      if (values[start + element] !== values[element]) varies[element] = 1
    }
    if (isBlank) blank++
  }
  const most = Math.max(1, Math.floor(mostNumbers / Math.max(1, width)))
  const described = Math.min(most, table.length)
  const rows = described === table.length ? undefined : IdOrder.sample(table.ids, most)
  const { finite } = sortedFinite(rows === undefined ? values : gathered(values, width, rows))
  const { infinite, nan } = rows === undefined ? sortedFinite(values) : notFinite(values)
  const keys = RowKeys.keysOf(table, [name])
  const repeated = RowKeys.groups(keys, RowKeys.equality(table, table, [name]))
  return {
    ...nothing,
    nan,
    infinite,
    distinct: table.length - repeated.reduce((sum, group) => sum + group.length - 1, 0),
    numbers: Numbers.describe(finite),
    tensor: {
      shape: column.shape,
      constant: table.length === 0 ? 0 : varies.reduce((sum, does) => sum + 1 - does, 0),
      blank,
      described
    }
  }
}

const notFinite = (values: ArrayLike<number>) => {
  let [nan, infinite] = [0, 0]
  for (let place = 0; place < values.length; place++) {
    const value = values[place]
    if (value - value === 0) continue
    if (Number.isNaN(value)) nan++
    else infinite++
  }
  return { nan, infinite }
}

const gathered = (values: RowId.Numbers, width: number, rows: Uint32Array): Float64Array => {
  const out = new Float64Array(rows.length * width)
  rows.forEach((row, index) => out.set(values.subarray(row * width, (row + 1) * width), index * width))
  return out
}

/** Describes one column of a table. */
export const of = (table: Table, name: string): ColumnProfile => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  const [column, values] = [table.columns[name], named[name]]
  const { kind } = column
  const common = { name, kind, rows: table.length }
  if (RowId.isTexts(values)) return { ...common, ...ofTexts(values) }
  if (column.kind === "category" || column.kind === "optional category") {
    return { ...common, ...ofCodes(column.levels, values) }
  }
  if (column.kind === "tensor" && !(values instanceof Float64Array)) {
    return { ...common, ...ofTensor(table, name, column, values) }
  }
  return { ...common, ...ofNumbers(column, values) }
}
