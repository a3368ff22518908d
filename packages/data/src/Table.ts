/**
 * A table: immutable typed columns with one id per row. Numbers lie in typed arrays, one after the other, so a batch is
 * a gather and a column is an Arrow vector without a copy; texts are strings. On disk a table is an Arrow IPC file.
 */
import { Codec, Digest } from "@watertight/core"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"
import * as Ipc from "./internal/arrowIpc.ts"
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

/** Typed columns of equal length, and the ids of their rows. */
export interface Table<out C extends Columns = Columns> {
  readonly columns: C
  readonly length: number
  readonly values: { readonly [K in keyof C]: ValuesOf<C[K]> }
  /** `RowId.bytes` bytes per row. */
  readonly ids: Uint8Array
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
export const idColumn = Ipc.idColumn

const valuesName = (column: Column.Column): string => {
  switch (column.kind) {
    case "float":
    case "timestamp":
    case "optional float":
    case "optional timestamp":
      return "Float64Array"
    case "category":
    case "optional category":
      return "Int32Array"
    case "tensor":
      return { uint8: "Uint8Array", int32: "Int32Array", float32: "Float32Array" }[column.dtype]
    case "text":
      return "Array"
  }
}

/** Says what is wrong with a column's values, or nothing. A `Buffer` is refused: its digest is not a `Uint8Array`'s. */
const defect = (column: Column.Column, values: RowId.Values | undefined, length: number): string | undefined => {
  if (values === undefined) return "has no values"
  const expected = valuesName(column)
  if (values.constructor.name !== expected) return `holds a ${values.constructor.name} instead of a ${expected}`
  if (values.length !== length * Column.width(column)) {
    const unit = column.kind === "text" ? "texts" : "numbers"
    return `holds ${values.length} ${unit} instead of ${length * Column.width(column)}`
  }
  if (RowId.isTexts(values)) {
    const bad = values.findIndex((text) => typeof text !== "string" || !text.isWellFormed())
    return bad < 0 ? undefined : `holds no Unicode text in row ${bad}`
  }
  if (column.kind === "category" || column.kind === "optional category") {
    const least = column.kind === "category" ? 0 : -1
    const bad = values.findIndex((code) => code < least || code >= column.levels.length)
    return bad < 0 ? undefined : `has the code ${values[bad]} in row ${bad}, but only ${column.levels.length} levels`
  }
  if (column.kind === "timestamp" || column.kind === "optional timestamp") {
    const mayMiss = column.kind === "optional timestamp"
    const bad = values.findIndex((time) => !Number.isFinite(time) && !(mayMiss && Number.isNaN(time)))
    return bad < 0 ? undefined : `has no instant in row ${bad} but ${values[bad]}`
  }
  return undefined
}

const oneNaN = 0x7ff8_0000_0000_0000n

/** A missing number has one bit pattern, whatever computation it came from, so that equal tables have equal digests. */
const withOneNaN = (column: Column.Column, values: RowId.Values): RowId.Values => {
  if (!Column.isOptional(column) || !(values instanceof Float64Array)) return values
  const isOdd = (value: number, bits: bigint) => Number.isNaN(value) && bits !== oneNaN
  const bits = (array: Float64Array) => new BigUint64Array(array.buffer, array.byteOffset, array.length)
  const before = bits(values)
  if (!values.some((value, row) => Number.isNaN(value) && isOdd(value, before[row]))) return values
  const copy = values.slice()
  const after = bits(copy)
  copy.forEach((value, row) => {
    if (Number.isNaN(value)) after[row] = oneNaN
  })
  return copy
}

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
  const named: Readonly<Record<string, RowId.Values>> = values
  for (const name of Object.keys(columns)) {
    const reason =
      name === idColumn ? "has a reserved name; choose another" : defect(columns[name], named[name], options.length)
    if (reason !== undefined) return yield* new TableError({ column: name, reason })
  }
  const kept = Object.fromEntries(Object.keys(columns).map((name) => [name, withOneNaN(columns[name], named[name])]))
  const ids = options.ids ?? RowId.ofContent(columns, kept, options.length)
  if (ids.length !== options.length * RowId.bytes) {
    const reason = `holds ${ids.length} bytes instead of ${options.length * RowId.bytes}`
    return yield* new TableError({ column: idColumn, reason })
  }
  return { columns, length: options.length, values: kept as Table<C>["values"], ids } // the values given, column by column
})

/** Copies the rows at the given places, in that order. */
export const take = <C extends Columns>(table: Table<C>, rows: Uint32Array): Table<C> => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  const values = Object.fromEntries(
    Object.entries(named).map(([name, all]) => [name, gather(all, Column.width(table.columns[name]), rows)])
  )
  return {
    columns: table.columns,
    length: rows.length,
    values: values as Table<C>["values"], // the same columns, each gathered into an array of its own type
    ids: gatherNumbers(table.ids, RowId.bytes, rows)
  }
}

const gather = (all: RowId.Values, width: number, rows: Uint32Array): RowId.Values =>
  RowId.isTexts(all) ? Array.from(rows, (row) => all[row]) : gatherNumbers(all, width, rows)

const gatherNumbers = <V extends RowId.Numbers>(all: V, width: number, rows: Uint32Array): V => {
  const Values = all.constructor as new (length: number) => V // a typed array's constructor makes its own kind
  const out = new Values(rows.length * width)
  if (width === 1) {
    for (let index = 0; index < rows.length; index++) out[index] = all[rows[index]]
    return out
  }
  for (let index = 0; index < rows.length; index++) {
    out.set(all.subarray(rows[index] * width, (rows[index] + 1) * width), index * width)
  }
  return out
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
export const idsOf = (table: Table, rows: Uint32Array): Uint8Array => gatherNumbers(table.ids, RowId.bytes, rows)

/**
 * Returns the digest of a table, or of the rows of it at the given places in that order, without copying them out:
 * `digest(table, rows)` equals `digest(take(table, rows))`. It covers columns, values and ids.
 */
export const digest = (table: Table, rows?: Uint32Array): Digest.Digest => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  return Digest.of({
    length: rows?.length ?? table.length,
    columns: Object.entries(table.columns).map(([name, column]) => [
      name,
      Schema.encodeSync(Column.Declaration)(column),
      digestOfValues(named[name], Column.width(column), rows)
    ]),
    ids: digestOfValues(table.ids, RowId.bytes, rows)
  })
}

/** Rows are gathered and hashed in blocks of about this many numbers, which stay in the processor's cache. */
const blockSize = 32_768

const digestOfValues = (all: RowId.Values, width: number, rows: Uint32Array | undefined): string => {
  const hasher = createHash("sha256")
  if (RowId.isTexts(all)) return digestOfTexts(rows === undefined ? all : Array.from(rows, (row) => all[row]))
  if (rows === undefined) return hasher.update(all).digest("hex")
  const step = Math.max(1, Math.floor(blockSize / width))
  for (let start = 0; start < rows.length; start += step) {
    hasher.update(gatherNumbers(all, width, rows.subarray(start, start + step)))
  }
  return hasher.digest("hex")
}

/** Each text after the number of its bytes, so that texts cannot run into each other. */
const digestOfTexts = (texts: ReadonlyArray<string>): string => {
  const hasher = createHash("sha256")
  const size = new Uint32Array(1)
  for (const text of texts) {
    size[0] = Buffer.byteLength(text)
    hasher.update(size).update(text)
  }
  return hasher.digest("hex")
}

/** Converts to an `apache-arrow` table. Values are shared, not copied, except instants, which become int64. */
export const toArrow: (table: Table) => ReturnType<typeof Ipc.toArrow> = Ipc.toArrow

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
    blobs: { "table.arrow": Ipc.encode(table) }
  }),
  decode: Effect.fnUntraced(
    function* ({ blobs, meta }) {
      const stored = yield* Schema.decodeUnknownEffect(Stored)(meta, { onExcessProperty: "error" })
      const columns: Columns = Object.fromEntries(stored.columns.map(({ column, name }) => [name, column]))
      const { ids, length, values } = yield* Ipc.decode(columns, blobs["table.arrow"] ?? new Uint8Array(0))
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
