/**
 * Tables as Apache Arrow, in memory and as IPC files as Watertight writes them. What is written here,
 * pyarrow, DuckDB and pandas read: ids are fixed-size binary, categories dictionaries, instants UTC timestamps, texts UTF-8, tensors
 * the canonical extension type `arrow.fixed_shape_tensor`, missing values nulls. The same table always gives the same
 * bytes.
 */
import * as Arrow from "apache-arrow"
import { Effect, Schema } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Utf8 from "../columns/utf8.ts"
import * as Batches from "./batches.ts"

/** The name of the column that holds the rows' ids. */
export const idColumn = "__id"

/** What is written: typed columns of equal length, and the ids of the rows where there are any. */
export interface Content {
  readonly columns: Columns
  readonly length: number
  readonly values: Readonly<Record<string, RowId.Values>>
  readonly ids?: Uint8Array
}

/** What is read: the values and ids of a file whose columns are known. */
export interface Decoded {
  readonly length: number
  readonly values: Readonly<Record<string, RowId.Values>>
  readonly ids: Uint8Array | undefined
}

/** Bytes are no Arrow IPC file of the expected columns. */
export class IpcError extends Schema.TaggedError<IpcError>()("IpcError", { reason: Schema.String }) {
  override get message() {
    return `not an Arrow IPC file of these columns: ${this.reason}`
  }
}

interface Part {
  readonly field: Arrow.Field
  /** All of the column; of texts, one for each batch. */
  readonly data: Arrow.Data | ReadonlyArray<Arrow.Data>
}

/** Which rows have a value: none missing in a column that may not be. */
interface Validity {
  readonly nullable: boolean
  readonly nullCount: number
  readonly nullBitmap: Uint8Array | undefined
}

const complete: Validity = { nullable: false, nullCount: 0, nullBitmap: undefined }

const isMissing = (value: number, column: Column.Column): boolean =>
  column.kind === "optional category" ? value < 0 : Number.isNaN(value)

const validity = (column: Column.Column, values: RowId.Values): Validity => {
  if (!Column.isOptional(column) || RowId.isTexts(values)) return complete
  const bitmap = new Uint8Array(Math.ceil(values.length / 64) * 8)
  let nullCount = 0
  for (let row = 0; row < values.length; row++) {
    if (isMissing(values[row], column)) nullCount++
    else bitmap[row >> 3] |= 1 << (row & 7)
  }
  return { nullable: true, nullCount, nullBitmap: nullCount === 0 ? undefined : bitmap }
}

/**
 * Converts to an Arrow table. Floats, category codes, tensors and ids are shared, not copied; instants that are whole
 * milliseconds become int64 timestamps, others stay float64 milliseconds.
 */
export const toArrow = (content: Content, longest = Batches.longest): Arrow.Table => {
  const { columns, ids, length, values } = content
  const texts = Object.values(values).filter(RowId.isTexts)
  const mayBeLong = texts.some((all) => all.reduce((sum, text) => sum + 3 * text.length, 0) > longest)
  const starts = Batches.starts(columns, length, mayBeLong ? texts.map(Batches.ends) : [], longest)
  const parts = Object.keys(columns).map((name, index) =>
    part(name, columns[name], values[name], length, index, starts)
  )
  return tableOf([...(ids === undefined ? [] : [idPart(ids, length)]), ...parts], length, starts)
}

const tableOf = (all: ReadonlyArray<Part>, length: number, starts: ReadonlyArray<number>): Arrow.Table => {
  const fields = all.map(({ field }) => field)
  const schema = new Arrow.Schema(fields, new Map(), new Map())
  const batches = starts.map((start, index) => {
    const rows = (starts[index + 1] ?? length) - start
    const children = all.map(({ data }) =>
      data instanceof Arrow.Data ? (rows === length ? data : data.slice(start, rows)) : data[index]
    )
    const data = Arrow.makeData({ type: new Arrow.Struct(fields), length: rows, nullCount: 0, children })
    return new Arrow.RecordBatch(schema, data)
  })
  return new Arrow.Table(schema, batches)
}

const idPart = (ids: Uint8Array, length: number): Part => {
  const type = new Arrow.FixedSizeBinary(RowId.bytes)
  return {
    field: new Arrow.Field(idColumn, type, false),
    data: Arrow.makeData({ type, length, nullCount: 0, data: ids })
  }
}

const part = (
  name: string,
  column: Column.Column,
  values: RowId.Values,
  length: number,
  index: number,
  starts: ReadonlyArray<number>
): Part => {
  if (RowId.isTexts(values)) {
    return textPart(
      name,
      starts.map((start, batch) => Utf8.encode(values.slice(start, starts[batch + 1])))
    )
  }
  const isTime = column.kind === "timestamp" || column.kind === "optional timestamp"
  const whole = (value: number) => isWholeMillisecond(value) || isMissing(value, column)
  const isInteger = isTime && values.every(whole)
  const data = isInteger ? BigInt64Array.from(values, integerOf) : values
  return partOf(name, column, data, length, index, validity(column, values), isInteger)
}

const textPart = (name: string, batches: ReadonlyArray<Utf8.Encoded>): Part => ({
  field: new Arrow.Field(name, new Arrow.Utf8(), false),
  data: batches.map(utf8)
})

/** A column whose values are ready as Arrow holds them. */
const partOf = (
  name: string,
  column: Column.Column,
  values: RowId.Numbers | BigInt64Array,
  length: number,
  index: number,
  valid: Validity,
  isInteger: boolean
): Part => {
  switch (column.kind) {
    case "float":
    case "optional float":
      return flat(name, new Arrow.Float64(), values, length, valid)
    case "timestamp":
    case "optional timestamp": {
      const unit: ReadonlyArray<[string, string]> = [["unit", "milliseconds since 1970-01-01T00:00:00Z"]]
      return isInteger
        ? flat(name, new Arrow.TimestampMillisecond("UTC"), values, length, valid)
        : flat(name, new Arrow.Float64(), values, length, valid, unit)
    }
    case "category":
    case "optional category": {
      const type = new Arrow.Dictionary(new Arrow.Utf8(), new Arrow.Int32(), index)
      const dictionary = new Arrow.Vector([utf8(Utf8.encode(column.levels))])
      const data = values as Int32Array // a category's codes
      return {
        field: new Arrow.Field(name, type, valid.nullable),
        data: Arrow.makeData({
          type,
          length,
          nullCount: valid.nullCount,
          nullBitmap: valid.nullBitmap,
          data,
          dictionary
        })
      }
    }
    case "tensor": {
      const item = flat(
        "item",
        { uint8: new Arrow.Uint8(), int32: new Arrow.Int32(), float32: new Arrow.Float32() }[column.dtype],
        values,
        values.length,
        complete
      )
      const type = new Arrow.FixedSizeList(Column.width(column), item.field)
      const extension = new Map([
        ["ARROW:extension:name", "arrow.fixed_shape_tensor"],
        ["ARROW:extension:metadata", JSON.stringify({ shape: column.shape })]
      ])
      return {
        field: new Arrow.Field(name, type, false, extension),
        data: Arrow.makeData({ type, length, nullCount: 0, child: item.data as Arrow.Data }) // of numbers
      }
    }
    case "text":
      throw new TypeError(`arrowIpc: column "${name}" holds numbers, not texts`)
  }
}

/** A negative zero is not whole: an int64 would lose its sign. */
const isWholeMillisecond = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0)

const flat = (
  name: string,
  type: Arrow.Float64 | Arrow.Float32 | Arrow.Uint8 | Arrow.Int32 | Arrow.TimestampMillisecond,
  data: RowId.Numbers | BigInt64Array,
  length: number,
  { nullBitmap, nullCount, nullable }: Validity,
  metadata: ReadonlyArray<[string, string]> = []
): Part => ({
  field: new Arrow.Field(name, type, nullable, new Map(metadata)),
  data: Arrow.makeData({ type: type as Arrow.Float64, length, nullCount, nullBitmap, data: data as Float64Array }) // the pairs above agree
})

const utf8 = ({ bytes, offsets }: Utf8.Encoded): Arrow.Data<Arrow.Utf8> =>
  Arrow.makeData({
    type: new Arrow.Utf8(),
    length: offsets.length - 1,
    nullCount: 0,
    valueOffsets: offsets,
    data: bytes
  })

/** The millisecond of an instant that is a whole one, or 0 of a missing one. */
export const integerOf = (value: number): bigint => (Number.isNaN(value) ? 0n : BigInt(value))

/** A table as it would be if its columns were in memory: arrays of the right lengths, which nobody fills. */
export interface Outline {
  readonly table: Arrow.Table
  /** The columns of instants that are written as integers. */
  readonly integers: ReadonlySet<string>
}

/**
 * Makes the outline of a table whose batches start at some rows; all its arrays are views of `empty`, which must be as large
 * as the largest. Of texts it needs to know where they end.
 */
export const outline = (
  columns: Columns,
  length: number,
  entries: Readonly<Record<string, Columnar.Entry>>,
  ends: Readonly<Record<string, Int32Array>>,
  starts: ReadonlyArray<number>,
  empty: ArrayBuffer
): Outline => {
  const integers = new Set<string>()
  const parts = Object.keys(columns).map((name, index) => {
    const own = entries[name]
    if (Columnar.isTextual(own)) {
      const batches = starts.map((start, batch) => {
        const offsets = Batches.offsets(ends[name], start, starts[batch + 1] ?? length)
        return { offsets, bytes: new Uint8Array(empty, 0, offsets[offsets.length - 1]) }
      })
      return textPart(name, batches)
    }
    const { isWhole, valid } = lookThrough(columns[name], own)
    if (isWhole) integers.add(name)
    const Values = Columnar.isLazy(own) ? own.Values : (own.constructor as typeof Float64Array) // any typed array's
    const hollow = new (Values as typeof Float64Array)(empty, 0, own.length) // likewise
    return partOf(name, columns[name], hollow, length, index, valid, isWhole)
  })
  return {
    table: tableOf([idPart(new Uint8Array(empty, 0, length * RowId.bytes), length), ...parts], length, starts),
    integers
  }
}

/** Which rows have a value, and whether all instants are whole milliseconds. */
const lookThrough = (
  column: Column.Column,
  entry: Columnar.Entry<RowId.Numbers>
): { readonly valid: Validity; readonly isWhole: boolean } => {
  const isTime = column.kind.endsWith("timestamp")
  if (!Column.isOptional(column) && !isTime) return { valid: complete, isWhole: false }
  const bitmap = new Uint8Array(Math.ceil(entry.length / 64) * 8)
  let [row, nullCount, isWhole] = [0, 0, isTime]
  for (const block of Columnar.blocks(entry)) {
    for (let place = 0; place < block.length; place++, row++) {
      if (isMissing(block[place], column)) nullCount++
      else {
        bitmap[row >> 3] |= 1 << (row & 7)
        isWhole &&= isWholeMillisecond(block[place])
      }
    }
  }
  if (!Column.isOptional(column)) return { valid: complete, isWhole }
  return { valid: { nullable: true, nullCount, nullBitmap: nullCount === 0 ? undefined : bitmap }, isWhole }
}

/** Writes an Arrow IPC file. */
export const encode = (content: Content): Uint8Array => Arrow.tableToIPC(toArrow(content), "file")

/** Reads an Arrow IPC file of the given columns. Values are views of `bytes` where they can be. */
export const decode = (columns: Columns, bytes: Uint8Array): Effect.Effect<Decoded, IpcError> =>
  Effect.try({
    try: () => {
      const expected = Object.keys(columns)
      const table = read(expected, aligned(bytes))
      const values = Object.fromEntries(
        expected.map((name) => [name, columnValues(columns[name], name, table.getChild(name), table.numRows)])
      )
      const ids = table.getChild(idColumn)
      return { length: table.numRows, values, ids: ids === null ? undefined : idValues(ids, table.numRows) }
    },
    catch: (cause) => new IpcError({ reason: cause instanceof Error ? cause.message : String(cause) })
  })

const read = (expected: ReadonlyArray<string>, bytes: Uint8Array): Arrow.Table => {
  const table = Arrow.tableFromIPC(bytes)
  const found = table.schema.fields.map(({ name }) => name).filter((name) => name !== idColumn)
  if (found.length !== expected.length || expected.some((name, index) => name !== found[index])) {
    throw new Error(`it has the columns [${found.join(", ")}] instead of [${expected.join(", ")}]`)
  }
  return table
}

/** A file's columns as views of its bytes, checked by their types and levels; their numbers are not looked at. */
export const vectors = (columns: Columns, bytes: Uint8Array) => {
  const expected = Object.keys(columns)
  const table = read(expected, bytes)
  const found = expected.map((name) => {
    const vector = table.getChild(name)
    if (vector === null) throw new Error(`column "${name}" is missing`)
    checkType(columns[name], name, vector)
    return { name, vector }
  })
  return { length: table.numRows, vectors: found, ids: table.getChild(idColumn) }
}

/**
 * Arrow's buffers lie at multiples of eight bytes of the file; a view of them needs the file to start at one too. Views of
 * a `Buffer` would be buffers, which tables refuse.
 */
const aligned = (bytes: Uint8Array): Uint8Array =>
  bytes.byteOffset % 8 === 0 ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Uint8Array.from(bytes)

const isTypeOf = (column: Column.Column, type: Arrow.DataType): boolean => {
  switch (column.kind) {
    case "float":
    case "optional float":
      return Arrow.DataType.isFloat(type)
    case "timestamp":
    case "optional timestamp":
      return (
        Arrow.DataType.isFloat(type) || (Arrow.DataType.isTimestamp(type) && type.unit === Arrow.TimeUnit.MILLISECOND)
      )
    case "category":
    case "optional category":
      return Arrow.DataType.isDictionary(type)
    case "tensor":
      return Arrow.DataType.isFixedSizeList(type) && type.listSize === Column.width(column)
    case "text":
      return Arrow.DataType.isUtf8(type)
  }
}

const checkType = (column: Column.Column, name: string, vector: Arrow.Vector): void => {
  if (vector.nullCount > 0 && !Column.isOptional(column)) {
    throw new Error(`column "${name}" has empty places; declare it with Column.optional`)
  }
  if (!isTypeOf(column, vector.type)) {
    throw new Error(`column "${name}" holds ${vector.type} instead of ${column.kind}`)
  }
  if ("levels" in column) levelsAgree(name, column.levels, vector)
}

const columnValues = (column: Column.Column, name: string, vector: Arrow.Vector | null, rows: number): RowId.Values => {
  if (vector === null) throw new Error(`column "${name}" is missing`)
  checkType(column, name, vector)
  switch (column.kind) {
    case "float":
    case "optional float":
      return withMissing(join(vector.data, rows, Float64Array), vector, NaN)
    case "timestamp":
    case "optional timestamp":
      if (Arrow.DataType.isFloat(vector.type)) return withMissing(join(vector.data, rows, Float64Array), vector, NaN)
      return withMissing(Float64Array.from(join(vector.data, rows, BigInt64Array), Number), vector, NaN)
    case "category":
    case "optional category":
      return withMissing(join(vector.data, rows, Int32Array), vector, -1)
    case "tensor": {
      const items = vector.data.map((data) => data.children[0])
      const length = rows * Column.width(column)
      switch (column.dtype) {
        case "uint8":
          return join(items, length, Uint8Array)
        case "int32":
          return join(items, length, Int32Array)
        case "float32":
          return join(items, length, Float32Array)
      }
    }
    case "text":
      return texts(vector)
  }
}

const texts = (vector: Arrow.Vector): ReadonlyArray<string> =>
  vector.data.flatMap(({ length, valueOffsets, values }) => {
    const offsets: Int32Array = valueOffsets.subarray(0, length + 1)
    return Utf8.decode({ offsets, bytes: values.subarray(offsets[0], offsets[length]) })
  })

/** Writes what stands for a missing value where the vector has null: whatever lies under a null does not count. */
const withMissing = <V extends Float64Array | Int32Array>(values: V, vector: Arrow.Vector, missing: number): V => {
  if (vector.nullCount === 0) return values
  const out = values.slice() as V // a copy is of the same kind
  let start = 0
  for (const data of vector.data) {
    if (data.nullCount > 0)
      for (let row = 0; row < data.length; row++) if (!data.getValid(row)) out[start + row] = missing
    start += data.length
  }
  return out
}

const levelsAgree = (name: string, levels: ReadonlyArray<string>, vector: Arrow.Vector): void => {
  for (const { dictionary } of vector.data) {
    const found: ReadonlyArray<unknown> = dictionary === undefined ? [] : [...dictionary]
    if (found.length !== levels.length || levels.some((level, index) => level !== found[index])) {
      throw new Error(`column "${name}" has the levels [${found.join(", ")}] instead of [${levels.join(", ")}]`)
    }
  }
}

const idValues = (vector: Arrow.Vector, rows: number): Uint8Array => {
  if (!Arrow.DataType.isFixedSizeBinary(vector.type) || vector.type.byteWidth !== RowId.bytes) {
    throw new Error(`"${idColumn}" holds ${vector.type} instead of ids`)
  }
  return join(vector.data, rows * RowId.bytes, Uint8Array)
}

type Typed = RowId.Numbers | BigInt64Array

/** Joins the batches of a column; a file of one batch, as `encode` writes it, is not copied. */
const join = <V extends Typed>(
  batches: ReadonlyArray<Arrow.Data>,
  length: number,
  Values: { new (length: number): V }
): V => {
  const parts = batches.map(({ length, stride, values }) => {
    if (!(values instanceof Values)) throw new Error(`it holds ${nameOf(values)} where ${Values.name} was expected`)
    return values.subarray(0, length * stride) as V // a view is of the same kind
  })
  if (parts.length === 1 && parts[0].length === length) return parts[0]
  const all = new Values(length)
  let at = 0
  for (const values of parts) {
    all.set(values as never, at) // one kind of number on both sides: `Values` made them
    at += values.length
  }
  if (at !== length) throw new Error(`it holds ${at} numbers instead of ${length}`)
  return all
}

const nameOf = (values: unknown): string => (ArrayBuffer.isView(values) ? values.constructor.name : "nothing")
