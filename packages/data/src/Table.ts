/**
 * A table: immutable typed columns with one id per row. Numbers lie in typed arrays, one after the other, so a batch is
 * a gather and a column is an Arrow vector without a copy; texts are strings. What is too large for
 * memory is read from disk when it is asked for. In a store a table is an Arrow IPC file.
 */
import { Blob, Codec, type Digest } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"
import * as Ipc from "./internal/arrow/ipc.ts"
import * as Large from "./internal/arrow/large.ts"
import * as ToArrow from "./internal/arrow/toArrow.ts"
import * as Cells from "./internal/columns/cells.ts"
import * as Columnar from "./internal/columns/columnar.ts"
import * as Tables from "./internal/columns/tables.ts"
import * as Ids from "./internal/rows/ids.ts"
import * as RowId from "./RowId.ts"

/** What a column's values lie in: a typed array, or one string for each row. */
export type ValuesOf<C extends Column.Column> = C extends
  | Column.Float
  | Column.Timestamp
  | Column.OptionalFloat
  | Column.OptionalTimestamp
  ? Float64Array
  : C extends Column.Category | Column.OptionalCategory
    ? Int32Array
    : C extends Column.Tensor
      ? Uint8Array | Int32Array | Float32Array
      : C extends Column.Text
        ? ReadonlyArray<string>
        : never

/** Who the rows are. A class, of which there are no instances, because a copy by `{ ...table }` leaves out its accessors. */
declare class Identified {
  /** `RowId.bytes` bytes per row; those of a table on disk are read. */
  get ids(): Uint8Array
}

/**
 * Typed columns of equal length, and the ids of their rows. `{ ...table }` is no table, for its type and, where the table
 * lies on disk, at run time: it would read the ids of all rows into memory.
 */
export interface Table<out C extends Columns = Columns> extends Identified {
  readonly columns: C
  readonly length: number
  readonly values: { readonly [K in keyof C]: ValuesOf<C[K]> }
}

/** Says why values do not make a table of the declared columns. */
export class TableError extends Schema.TaggedError<TableError>()("TableError", {
  column: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Column "${this.column}" ${this.reason}`
  }
}

/** The name no column may have: files keep the rows' ids under it. */
export const idColumn = ToArrow.idColumn

/**
 * Makes a table from values. Ids are those of the rows' content unless given (a table derived row by row keeps the ids
 * of the rows it came from). Fails when a column's values are missing, of the wrong kind or number, when a category's
 * code has no level and when an instant is not finite. In columns that may be missing, NaN and the code -1 are missing.
 */
export const make = Effect.fnUntraced(function* <const C extends Columns>(
  columns: C,
  values: { readonly [K in keyof C]: ValuesOf<C[K]> },
  options: { readonly length: number; readonly ids?: Uint8Array }
): Effect.fn.Return<Table<C>, TableError> {
  const { length } = options
  const kept: Record<string, Columnar.Entry> = {}
  for (const name of Object.keys(columns)) {
    const own = Columnar.entry(values, name)
    const reason = name === idColumn ? "has a reserved name; choose another" : Cells.defect(columns[name], own, length)
    if (reason !== undefined) return yield* new TableError({ column: name, reason })
    kept[name] = Columnar.isLazy(own) ? own : Cells.withOneNaN(columns[name], own)
  }
  const all = Columnar.make(kept)
  const ids = options.ids ?? (yield* Ids.ofContent(columns, all, length))
  if (ids.length === length * RowId.bytes) return Tables.fromEntries(columns, all, length, ids)
  const reason = `holds ${ids.length} bytes instead of ${length * RowId.bytes}`
  return yield* new TableError({ column: idColumn, reason })
})

/** Copies the rows at the given places, in that order; what lies on disk stays there. */
export const take = <C extends Columns>(table: Table<C>, rows: Uint32Array): Table<C> => {
  const values = Object.entries(Columnar.entries(table.values)).map(([name, all]) => [
    name,
    Columnar.taken(all, Column.width(table.columns[name]), rows)
  ])
  const ids = Columnar.taken(Tables.ids(table), RowId.bytes, rows) as Columnar.Entry<Uint8Array> // bytes, as before
  return Tables.fromEntries(table.columns, Columnar.make(Object.fromEntries(values)), rows.length, ids)
}

/** Returns the values of a column of numbers. Throws a TypeError for a column of texts, or one that is not there. */
export const numbers = (table: Table, column: string): RowId.Numbers => {
  const values = valuesIn(table, column)
  if (RowId.isTexts(values)) throw new TypeError(`Table.numbers: column "${column}" holds texts`)
  return values
}

/** Returns the values of a column of texts. Throws a TypeError for any other. */
export const texts = (table: Table, column: string): ReadonlyArray<string> => {
  const values = valuesIn(table, column)
  if (!RowId.isTexts(values)) throw new TypeError(`Table.texts: column "${column}" holds no texts`)
  return values
}

const valuesIn = (table: Table, column: string): RowId.Values => {
  const named: Readonly<Record<string, RowId.Values | undefined>> = table.values
  const values = named[column]
  if (values === undefined) throw new TypeError(`Table: there is no column "${column}"`)
  return values
}

/** Returns the ids of the rows at the given places, in that order. */
export const idsOf = (table: Table, rows: Uint32Array): Uint8Array => {
  const ids = Columnar.taken(Tables.ids(table), RowId.bytes, rows) as Columnar.Entry<Uint8Array> // bytes, as before
  return Columnar.whole(ids)
}

/**
 * Returns the digest of a table, or of the rows of it at the given places in that order, without copying them out:
 * `digest(table, rows)` equals `digest(take(table, rows))`. It covers columns, values and ids.
 */
export const digest: (table: Table, rows?: Uint32Array) => Digest.Digest = Tables.digest

/** Converts to an `apache-arrow` table. Values are shared, not copied, except instants, which become int64. */
export const toArrow: (table: Table) => ReturnType<typeof ToArrow.toArrow> = ToArrow.toArrow

const Stored = Schema.Struct({
  version: Schema.Literal(1),
  columns: Schema.Array(Schema.Struct({ name: Schema.String, column: Column.Declaration }))
})

const anyCodec: Codec.Codec<Table> = Codec.stored<Table>({
  name: "table",
  encode: (table) => ({
    meta: Schema.encodeSync(Stored)({
      version: 1,
      columns: Object.entries(table.columns).map(([name, column]) => ({ name, column }))
    }),
    blobs: { "table.arrow": Large.isLarge(table) ? Large.encode(table) : Ipc.encode(table) }
  }),
  decode: Effect.fnUntraced(
    function* ({ blobs, meta }) {
      const stored = yield* Schema.decodeUnknownEffect(Stored)(meta, { onExcessProperty: "error" })
      const columns: Columns = Object.fromEntries(stored.columns.map(({ column, name }) => [name, column]))
      const blob = blobs["table.arrow"] ?? new Uint8Array(0)
      if (Blob.isStored(blob)) return yield* Large.decode(columns, blob)
      const { ids, length, values } = yield* Ipc.decode(columns, Blob.bytes(blob))
      return yield* make(columns, values as Table["values"], { length, ids: ids ?? new Uint8Array(0) }) // checked by make
    },
    Effect.mapError((error) => new Codec.ArtifactError({ codec: "table", reason: error.message }))
  )
})

/**
 * Keeps tables as Arrow IPC files. The columns are stored with the table: what is read back has those it was written
 * with, so ask only for columns that the stage that wrote it declares.
 */
export const codec = <C extends Columns>(): Codec.Codec<Table<C>> => anyCodec as Codec.Codec<Table<C>> // see above
