/**
 * Arbitrary tables of declared columns, for laws: every level and byte, floats to the edges of float64, instants close
 * enough together that some are equal, and missing values where they may be.
 */
import { Scratch } from "@watertight/core"
import { Effect } from "effect"
import * as fc from "fast-check"
import type * as Column from "../Column.ts"
import { width } from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Columnar from "../internal/columns/columnar.ts"
import * as Collector from "../internal/columns/collector.ts"
import * as LazyTables from "../internal/columns/tables.ts"
import * as RowId from "../RowId.ts"
import { type Table, idColumn, take } from "../Table.ts"

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
 * Returns a table that is equal to another, but lies on disk, like one that is too large for memory: its ids and its
 * columns are in a scratch file, `rows` rows in one piece.
 */
export const onDisk = <C extends Columns>(table: Table<C>, rows = 7): Table<C> => Effect.runSync(spilled(table, rows))

const spilled = Effect.fnUntraced(function* <C extends Columns>(table: Table<C>, rows: number) {
  const settings = yield* Scratch.Settings
  const collector = yield* Effect.provideService(Collector.make(table.columns, undefined), Scratch.Settings, {
    ...settings,
    inMemory: -1
  })
  const named: Readonly<Record<string, RowId.Values>> = { ...table.values, [idColumn]: table.ids }
  const widthOf = (name: string) => (name === idColumn ? RowId.bytes : width(table.columns[name]))
  for (let start = 0; start < Math.max(1, table.length); start += rows) {
    const block = Object.entries(named).map(([name, all]) => [
      name,
      all.slice(start * widthOf(name), (start + rows) * widthOf(name))
    ])
    yield* collector.add({ length: Math.min(rows, table.length - start), columns: Object.fromEntries(block) })
  }
  const { [idColumn]: ids, ...values } = yield* collector.end
  return LazyTables.fromEntries(table.columns, Columnar.make(values), table.length, ids as Columnar.Lazy<Uint8Array>) // of bytes
}, Effect.orDie)

/**
 * Draws where tables lie: in memory, on disk in pieces of some rows, or as rows that are gathered from a table on disk.
 * Where they do must not count.
 */
export const anywhere = <C extends Columns>(tables: fc.Arbitrary<Table<C>>): fc.Arbitrary<Table<C>> =>
  fc
    .tuple(tables, fc.constantFrom("in memory", "on disk", "gathered from disk"), fc.constantFrom(1, 7, 50))
    .map(([table, where, rows]) => {
      if (where === "in memory") return table
      const turned = Uint32Array.from({ length: table.length }, (_, row) => table.length - 1 - row)
      const lies = where === "on disk" ? onDisk(table, rows) : take(onDisk(take(table, turned), rows), turned)
      const shown = () => `${where}, ${rows} rows in a piece: ${fc.stringify({ ...table, ids: table.ids })}`
      return Object.defineProperty(lies, fc.toStringMethod, { value: shown })
    })

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
