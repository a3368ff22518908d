/** Tables whose columns and ids need not be in memory: putting them together, and their digests column by column. */
import { Digest, Event } from "@watertight/core"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import type { Table } from "../../Table.ts"
import * as Compute from "../threads/compute.ts"
import * as Shared from "../threads/shared.ts"
import * as Columnar from "./columnar.ts"
import * as ValuesDigest from "./valuesDigest.ts"

/** Makes a table of values that were checked. */
export const fromEntries = <C extends Columns>(
  columns: C,
  values: Readonly<Record<string, RowId.Values>>,
  length: number,
  ids: Columnar.Entry<Uint8Array>
): Table<C> => {
  const made: unknown = Columnar.withEntry({ columns, length, values }, "ids", ids)
  return made as Table<C> // the values of these columns
}

/** Returns a table's ids without reading them. Throws a TypeError for a copy by `{ ...table }` that has none. */
export const ids = (table: Table): Columnar.Entry<Uint8Array> => {
  const own: unknown = Columnar.entryOf(table, "ids", () => table.ids)
  if (own !== undefined) return own as Columnar.Entry<Uint8Array> // of a table
  throw new TypeError(
    "Table: the rows have no ids; { ...table } leaves out those of a table on disk, give it table.ids"
  )
}

/** Returns a table of the same rows with other columns. */
export const withColumns = <C extends Columns>(
  table: Table,
  columns: C,
  values: Readonly<Record<string, RowId.Values>>
): Table<C> => fromEntries(columns, values, table.length, ids(table))

/** Keeps the columns named, in that order, and reads none. */
export const select = (table: Table, names: ReadonlyArray<string>): Table => {
  const pick = <A>(all: Readonly<Record<string, A>>) =>
    Object.fromEntries(names.filter((name) => name in all).map((name) => [name, all[name]]))
  return withColumns(table, pick(table.columns), Columnar.make(pick(Columnar.entries(table.values))))
}

/** Tells whether anything of a table is not in memory. */
export const isLazy = (table: Table): boolean => Columnar.anyLazy(table.values) || Columnar.isLazy(ids(table))

const bytesPerNumber = (column: Column.Column): number =>
  column.kind === "tensor" ? (column.dtype === "uint8" ? 1 : 4) : column.kind.endsWith("category") ? 4 : 8

/** Counts the bytes that a column has for each row in memory, texts apart. */
export const bytesPerRow = (column: Column.Column): number => bytesPerNumber(column) * Column.width(column)

/** Counts the bytes that a table's rows take in memory. */
export const bytes = ({ columns, length }: Pick<Table, "columns" | "length">): number =>
  Object.values(columns).reduce((sum, column) => sum + bytesPerRow(column), RowId.bytes) * length

/** Copies the rows of a table in memory at some places, in that order: `Table.take`, column by column. */
export const taking = Effect.fnUntraced(function* (table: Table, rows: Uint32Array) {
  const places = Shared.copy(rows)
  const take = (values: RowId.Values, width: number) => {
    if (RowId.isTexts(values)) return Effect.sync(() => Columnar.taken(values, width, rows))
    const out = Shared.like(values, rows.length * width)
    return Effect.as(Compute.compute("gather", values, width, places, out), out)
  }
  const columns = yield* Compute.each(Object.entries(table.values), ([name, values]) =>
    Effect.map(take(values, Column.width(table.columns[name])), (taken) => [name, taken] as const)
  )
  const ids = yield* take(table.ids, RowId.bytes)
  return fromEntries(table.columns, Columnar.make(Object.fromEntries(columns)), rows.length, ids as Uint8Array) // bytes, as before
})

/** Counts the bytes of a table's texts that are not in memory, about. */
export const bytesOfTexts = (table: Table): number =>
  Object.values(Columnar.entries(table.values)).reduce(
    (sum, own) => sum + (Columnar.isLazy(own) && Columnar.isLazyTexts(own) ? own.byteLength : 0),
    0
  )

/** Reads a table into memory. */
export const resident = <C extends Columns>(table: Table<C>): Table<C> => {
  const columns = Object.entries(Columnar.entries(table.values)).map(([name, own]) => [name, Columnar.whole(own)])
  return fromEntries(
    table.columns,
    Columnar.make(Object.fromEntries(columns)),
    table.length,
    Columnar.whole(ids(table))
  )
}

const digestOfValues = (all: Columnar.Entry, width: number, rows: Uint32Array | undefined): string => {
  if (!Columnar.isTextual(all)) return ValuesDigest.ofNumbers(all, width, rows)
  return digestOfTexts(Columnar.textBlocks(rows === undefined ? all : Columnar.takenTexts(all, rows)))
}

/** Each text after the number of its bytes, so that texts cannot run into each other. */
const digestOfTexts = (blocks: Iterable<ReadonlyArray<string>>): string => {
  const hasher = createHash("sha256")
  const size = new Uint32Array(1)
  for (const texts of blocks) {
    for (const text of texts) {
      size[0] = Buffer.byteLength(text)
      hasher.update(size).update(text)
    }
  }
  return hasher.digest("hex")
}

/** The parts of a table's digest, one after the other: those of the columns, then that of the ids. */
function* parts(table: Table, rows: Uint32Array | undefined): Generator<string> {
  for (const [name, column] of Object.entries(table.columns)) {
    yield digestOfValues(Columnar.entry(table.values, name), Column.width(column), rows)
  }
  yield digestOfValues(ids(table), RowId.bytes, rows)
}

const combined = (table: Table, rows: Uint32Array | undefined, found: ReadonlyArray<string>): Digest.Digest =>
  Digest.of({
    length: rows?.length ?? table.length,
    columns: Object.entries(table.columns).map(([name, column], index) => [
      name,
      Schema.encodeSync(Column.Declaration)(column),
      found[index]
    ]),
    ids: found[found.length - 1]
  })

/** See `Table.digest`. */
export const digest = (table: Table, rows?: Uint32Array): Digest.Digest =>
  combined(table, rows, [...parts(table, rows)])

const digestingMemory = Effect.fnUntraced(function* (table: Table, rows: Uint32Array | undefined) {
  const places = rows === undefined ? undefined : Shared.copy(rows)
  const columns = Object.entries(table.columns).map(
    ([name, column]) => [table.values[name], Column.width(column)] as const
  )
  const found = yield* Compute.each([...columns, [table.ids, RowId.bytes] as const], ([values, width]) =>
    RowId.isTexts(values)
      ? Effect.sync(() => digestOfValues(values, width, rows))
      : Compute.compute("digest", values, width, places)
  )
  return combined(table, rows, found)
})

/** Computes `digest` column by column, tells how far it is, and lets others run in between. */
export const digesting = Effect.fnUntraced(function* (table: Table, rows?: Uint32Array) {
  if (!isLazy(table)) return yield* digestingMemory(table, rows)
  const remaining = parts(table, rows)
  const found: Array<string> = []
  const length = rows?.length ?? table.length
  const total = Object.keys(table.columns).length + 1
  for (;;) {
    yield* Event.progress(found.length * length, total * length, "values")
    yield* Effect.yieldNow
    const { done, value } = remaining.next()
    if (done === true) return combined(table, rows, found)
    found.push(value)
  }
})
