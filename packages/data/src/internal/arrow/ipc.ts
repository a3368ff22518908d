/**
 * Arrow IPC files as Watertight writes them, which pyarrow, DuckDB and pandas read, and the tables in them. The same table
 * always gives the same bytes.
 */
import * as Arrow from "apache-arrow"
import type { Effect } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Utf8 from "../columns/utf8.ts"
import { attempt, type IpcError } from "./ipcError.ts"
import { type Content, idColumn, toArrow } from "./toArrow.ts"

/** What is read: the values and ids of a file whose columns are known. */
export interface Decoded {
  readonly length: number
  readonly values: Readonly<Record<string, RowId.Values>>
  readonly ids: Uint8Array | undefined
}

/** Writes an Arrow IPC file. */
export const encode = (content: Content): Uint8Array => Arrow.tableToIPC(toArrow(content), "file")

/** Reads an Arrow IPC file of the given columns. Values are views of `bytes` where they can be. */
export const decode = (columns: Columns, bytes: Uint8Array): Effect.Effect<Decoded, IpcError> =>
  attempt(() => {
    const expected = Object.keys(columns)
    const table = read(expected, aligned(bytes))
    const values = Object.fromEntries(
      expected.map((name) => [name, columnValues(columns[name], name, table.getChild(name), table.numRows)])
    )
    const ids = table.getChild(idColumn)
    return { length: table.numRows, values, ids: ids === null ? undefined : idValues(ids, table.numRows) }
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
