/**
 * Tables as Apache Arrow in memory, as Watertight writes them: ids are fixed-size binary, categories dictionaries, instants
 * UTC timestamps, texts UTF-8, tensors the canonical extension type `arrow.fixed_shape_tensor`, missing values nulls.
 */
import * as Arrow from "apache-arrow"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
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

/** A column. */
export interface Part {
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

/** Tells whether a number stands for a missing value. */
const isMissing = (value: number, column: Column.Column): boolean =>
  column.kind === "optional category" ? value < 0 : Number.isNaN(value)

/** Says which rows have a value, and whether a column's instants are all whole milliseconds. */
export const lookThrough = (
  column: Column.Column,
  length: number,
  blocks: Iterable<RowId.Numbers>
): { readonly valid: Validity; readonly isWhole: boolean } => {
  const isTime = column.kind.endsWith("timestamp")
  if (!Column.isOptional(column) && !isTime) return { valid: complete, isWhole: false }
  const bitmap = new Uint8Array(Math.ceil(length / 64) * 8)
  let [row, nullCount, isWhole] = [0, 0, isTime]
  for (const block of blocks) {
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

/** Puts columns together, in batches that start at some rows. */
export const tableOf = (all: ReadonlyArray<Part>, length: number, starts: ReadonlyArray<number>): Arrow.Table => {
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

/** The column of the ids. */
export const idPart = (ids: Uint8Array, length: number): Part => {
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
  const { isWhole, valid } = lookThrough(column, values.length, [values])
  const data = isWhole ? BigInt64Array.from(values, integerOf) : values
  return partOf(name, column, data, length, index, valid, isWhole)
}

/** A column of texts. */
export const textPart = (name: string, batches: ReadonlyArray<Utf8.Encoded>): Part => ({
  field: new Arrow.Field(name, new Arrow.Utf8(), false),
  data: batches.map(utf8)
})

/** A column whose values are ready as Arrow holds them. */
export const partOf = (
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
