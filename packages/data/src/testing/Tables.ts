/**
 * Arbitrary tables of declared columns, for laws: every level and byte, floats to the edges of float64, instants close
 * enough together that some are equal, and missing values where they may be.
 */
import * as fc from "fast-check"
import type * as Column from "../Column.ts"
import { width } from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Columnar from "../internal/columns/columnar.ts"
import * as LazyTables from "../internal/columns/tables.ts"
import * as RowId from "../RowId.ts"
import type { Table } from "../Table.ts"

/** How many rows; 0 to 100 unless given. */
export interface Options {
  readonly minLength?: number
  readonly maxLength?: number
}

/** Draws tables of the given columns. Floats are finite. */
export const arbitrary = <C extends Columns>(columns: C, options: Options = {}): fc.Arbitrary<Table<C>> =>
  fc.integer({ min: options.minLength ?? 0, max: options.maxLength ?? 100 }).chain((length) =>
    fc
      .record(Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, valuesOf(column, length)])))
      .map((values: Readonly<Record<string, RowId.Values>>) => ({
        columns,
        length,
        values: values as Table<C>["values"], // drawn column by column
        ids: RowId.ofContent(columns, values, length)
      }))
  )

/**
 * Returns a table that is equal to another, but whose columns are not in memory, like those of a table that is
 * too large for it: `rows` rows are read at a time, into fresh arrays.
 */
export const lazy = <C extends Columns>(table: Table<C>, rows = 7): Table<C> => {
  const columns = Object.entries(Columnar.entries(table.values)).map(([name, own]) => [
    name,
    lazily(own, rows * width(table.columns[name]))
  ])
  const ids = lazily(table.ids, rows * RowId.bytes) as Columnar.Lazy<Uint8Array> // of bytes
  return LazyTables.fromEntries(table.columns, Columnar.make(Object.fromEntries(columns)), table.length, ids)
}

const lazilyTexts = (own: ReadonlyArray<string>, size: number): Columnar.LazyTexts => ({
  Values: Array,
  length: own.length,
  byteLength: own.reduce((sum, text) => sum + text.length, 0),
  blocks: function* () {
    for (let start = 0; start < own.length; start += size) yield own.slice(start, start + size)
  }
})

const lazily = (own: Columnar.Entry, size: number): Columnar.Entry => {
  if (Columnar.isLazy(own)) return own
  if (RowId.isTexts(own)) return lazilyTexts(own, size)
  const Values = own.constructor as { new (length: number): RowId.Numbers } // a typed array's constructor makes its own kind
  return {
    Values,
    length: own.length,
    blocks: function* () {
      for (let start = 0; start < own.length; start += size) yield own.slice(start, start + size)
    }
  }
}

/** Takes out about half of the numbers in every other table. */
const someMissing = (values: Float64Array): fc.Arbitrary<Float64Array> =>
  fc
    .tuple(fc.boolean(), fc.array(fc.boolean(), { minLength: values.length, maxLength: values.length }))
    .map(([any, out]) => values.map((value, row) => (Number.isNaN(value) || (any && out[row]) ? NaN : value)))

const instants = (length: number): fc.Arbitrary<Float64Array> =>
  fc
    .array(fc.integer({ min: 0, max: 2 * length }), { minLength: length, maxLength: length })
    .map((hours) => Float64Array.from(hours, (hour) => hour * 3_600_000))

const valuesOf = (column: Column.Column, length: number): fc.Arbitrary<RowId.Values> => {
  const size = { minLength: length * width(column), maxLength: length * width(column) }
  switch (column.kind) {
    case "float":
      return fc.float64Array({ ...size, noNaN: true, noDefaultInfinity: true })
    case "timestamp":
      return instants(length)
    case "category":
      return fc.int32Array({ ...size, min: 0, max: column.levels.length - 1 })
    case "optional float":
      return fc.float64Array({ ...size, noDefaultInfinity: true }).chain((values) => someMissing(values))
    case "optional timestamp":
      return instants(length).chain(someMissing)
    case "optional category":
      return fc.int32Array({ ...size, min: -1, max: column.levels.length - 1 })
    case "text":
      return fc.array(fc.oneof(fc.constantFrom("", "a", "a "), fc.string({ unit: "grapheme" })), size)
    case "tensor":
      switch (column.dtype) {
        case "uint8":
          return fc.uint8Array(size)
        case "int32":
          return fc.int32Array(size)
        case "float32":
          return fc.float32Array({ ...size, noNaN: true, noDefaultInfinity: true })
      }
  }
}
