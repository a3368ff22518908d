/**
 * Columns out of Arrow files that others wrote, in whatever types they chose: with `ipc.ts` the only one that knows
 * `apache-arrow`. A column's batches are joined as they are; what is in them is checked, as files are not to be trusted.
 */
import * as Arrow from "apache-arrow"
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import * as RowId from "../../RowId.ts"
import { IpcError } from "./ipc.ts"
import { unpack } from "./unpack.ts"
import { verify } from "./verify.ts"
import * as Exact from "../columns/exact.ts"
import * as Sift from "../sources/sift.ts"

/** A file's columns. */
export interface Opened {
  readonly length: number
  readonly names: ReadonlyArray<string>
  readonly column: (name: string, column: Column.Column) => Effect.Effect<Read, IpcError>
  /** The values of a column whose type is one of its kind, and every row that it does not take. */
  readonly sifted: (name: string, column: Column.Column) => Effect.Effect<ReadRows, IpcError>
}

/** Values with a place for each row, and the rows whose place means nothing. */
export interface ReadRows {
  readonly values: RowId.Values
  readonly bad: ReadonlyArray<{ readonly row: number; readonly value: string | undefined }>
}

/** A column's values; or that its type is not one of its kind; or the first row that its column does not take. */
export type Read =
  | { readonly _tag: "Values"; readonly values: RowId.Values }
  | { readonly _tag: "WrongType"; readonly type: string }
  | { readonly _tag: "BadRow"; readonly row: number; readonly value: string | undefined }

const attempt = <A>(run: () => A): Effect.Effect<A, IpcError> =>
  Effect.try({
    try: run,
    catch: (cause) => new IpcError({ reason: cause instanceof Error ? cause.message : String(cause) })
  })

/** The bytes that compressed bodies may have together where nobody says another number. */
export const maxBytes = 2 ** 31

/** Opens an Arrow IPC file or stream, whose compressed bodies may unpack to so many bytes together. */
export const open = (packed: Uint8Array, most = maxBytes): Effect.Effect<Opened, IpcError> =>
  attempt(() => {
    const { messages, rows } = verify(packed)
    const isPacked = messages.some(({ batch }) => batch !== undefined)
    const bytes = isPacked ? unpack(packed, messages, most) : packed
    if (isPacked) verify(bytes)
    const table = Arrow.tableFromIPC(bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes))
    if (table.numRows !== rows) throw new Error(`it holds ${rows} rows, of which ${table.numRows} could be read`)
    const names = table.schema.fields.map(({ name }) => name)
    const columnOf = (name: string): readonly [Arrow.Vector, ReadonlyMap<string, string>] => {
      const place = names.indexOf(name)
      const vector = table.getChildAt(place)
      if (vector === null || vector.length !== table.numRows) throw new Error(`column "${name}" is cut off`)
      return [vector, table.schema.fields[place].metadata]
    }
    return {
      length: table.numRows,
      names,
      column: (name, column) => attempt(() => read(...columnOf(name), column)),
      sifted: (name, column) => attempt(() => siftedRows(...columnOf(name), column))
    }
  })

const read = (vector: Arrow.Vector, metadata: ReadonlyMap<string, string>, column: Column.Column): Read => {
  const missing = firstNull(vector)
  const mayMiss = Column.isOptional(column)
  if (missing !== undefined && !mayMiss) return { _tag: "BadRow", row: missing, value: undefined }
  const made =
    mayMiss && missing !== undefined
      ? withMissing(vector, metadata, column)
      : convert(vector, metadata, Column.complete(column))
  if (made === undefined) return { _tag: "WrongType", type: String(vector.type) }
  if ("values" in made) return { _tag: "Values", values: made.values }
  const row = Math.floor(made.bad / Column.width(column))
  const value: unknown = vector.get(row)
  return { _tag: "BadRow", row, value: show(value) }
}

/** Reads piece by piece what does not come out as a whole. */
const siftedRows = (vector: Arrow.Vector, metadata: ReadonlyMap<string, string>, column: Column.Column): ReadRows => {
  const isThere = Array.from({ length: vector.length }, (_, row) => vector.isValid(row))
  const readThere = piecesOf(vector, metadata, Column.complete(column))
  const missing = column.kind === "optional category" ? Int32Array.of(-1) : Float64Array.of(Number.NaN)
  const one = (row: number): Exact.Made | undefined =>
    isThere[row] ? readThere(row, row + 1) : Column.isOptional(column) ? { values: missing } : { bad: 0 }
  const { bad, values } = Sift.sift(column, vector.length, (start, end) => {
    const gap = isThere.indexOf(false, start)
    if (gap < 0 || gap >= end) return readThere(start, end)
    return Sift.rowByRow(column, start, end, one)
  })
  return { values, bad: bad.map((row) => ({ row, value: isThere[row] ? show(vector.get(row)) : undefined })) }
}

type Pieces = (start: number, end: number) => Exact.Made | undefined

/** How the rows from one place to another are read, where all are there. */
const piecesOf = (vector: Arrow.Vector, metadata: ReadonlyMap<string, string>, column: Column.Complete): Pieces => {
  const { data, type } = vector
  if (column.kind === "tensor") {
    return (start, end) => Sift.rowByRow(column, start, end, (row) => tensorOfRow(vector.get(row), type, column))
  }
  if (isText(type) || Arrow.DataType.isBool(type) || Arrow.DataType.isDictionary(type)) {
    const all = texts(vector)
    const { kind } = column
    if (kind === "category") return (start, end) => Exact.codesOfTexts(all.slice(start, end), column.levels)
    if (kind === "text" && isText(type)) return (start, end) => Exact.texts(all.slice(start, end))
  } else {
    const all = join(data)
    if (convertNumbers(all.slice(0, 0), type, metadata, column) !== undefined) {
      return (start, end) => convertNumbers(all.slice(start, end), type, metadata, column)
    }
  }
  throw new Error(`a column holds ${type}, which is no ${column.kind} column`)
}

/** The numbers of one row's lists, if they have the shape and no nulls. */
const tensorOfRow = (row: unknown, type: Arrow.DataType, column: Column.Tensor): Exact.Made => {
  let leaf = type
  while (Arrow.DataType.isList(leaf) || Arrow.DataType.isFixedSizeList(leaf)) leaf = leaf.children[0].type
  const isFlat = Arrow.DataType.isFixedSizeList(type) && type.children[0].type === leaf // a fixed-shape tensor, or a vector
  const Numbers = leaf.ArrayType as new (length: number) => Exact.Numbers // a leaf of numbers, as the whole column's was
  const numbers = new Numbers(Column.width(column))
  let place = 0
  const take = (value: unknown, [size, ...rest]: ReadonlyArray<number>): boolean => {
    if (size === undefined) {
      if (typeof value !== "number" && typeof value !== "bigint") return false
      numbers[place++] = value as never // of the leaf's type, as Arrow gave it
      return true
    }
    if (!(value instanceof Arrow.Vector) || value.length !== size) return false
    return Array.from({ length: size }, (_, index) => index).every((index) => take(value.get(index), rest))
  }
  return take(row, isFlat ? [numbers.length] : column.shape) ? Exact.tensor(numbers, column) : { bad: 0 }
}

/** Shows short lists, to a depth of three: the lengths in a damaged file may be any. */
const show = (value: unknown, depth = 3): string => {
  if (!(value instanceof Arrow.Vector)) return String(value)
  if (depth === 0 || value.length > 20) return `a list of ${value.length}`
  return `[${Array.from({ length: value.length }, (_, place) => show(value.get(place), depth - 1)).join(",")}]`
}

const firstNull = (vector: Arrow.Vector): number | undefined => {
  let before = 0
  for (const data of vector.data) {
    for (let row = 0; data.nullCount > 0 && row < data.length; row++) if (!data.getValid(row)) return before + row
    before += data.length
  }
  return undefined
}

/** Where a value is missing, another stands while the rest is converted: what lies in the file there may be anything. */
const withMissing = (
  vector: Arrow.Vector,
  metadata: ReadonlyMap<string, string>,
  column: Column.Optional
): Exact.Made | undefined => {
  const { type } = vector
  const isThere = Array.from({ length: vector.length }, (_, row) => vector.isValid(row))
  const some = isThere.indexOf(true)
  if (some < 0) {
    const values = column.kind === "optional category" ? new Int32Array(vector.length) : new Float64Array(vector.length)
    return { values: values.fill(column.kind === "optional category" ? -1 : Number.NaN) }
  }
  const isOfTexts = isText(type) || Arrow.DataType.isBool(type)
  const made =
    column.kind === "optional category" && isOfTexts
      ? Exact.codesOfTexts(
          texts(vector).map((text, row, all) => (isThere[row] ? text : all[some])),
          column.levels
        )
      : convertNumbers(filled(vector, isThere, some), type, metadata, Column.complete(column))
  if (made === undefined) return undefined
  if (!("values" in made)) return { bad: isThere[made.bad] ? made.bad : some } // which stands in the place of the missing
  if (RowId.isTexts(made.values)) return undefined
  const values = made.values.slice()
  isThere.forEach((there, row) => {
    if (!there) values[row] = column.kind === "optional category" ? -1 : Number.NaN
  })
  return { values }
}

/** The numbers of a column, with that of row `some` where there is none. */
const filled = ({ data }: Arrow.Vector, isThere: ReadonlyArray<boolean>, some: number): Exact.Numbers => {
  const numbers = join(data).slice()
  const value = numbers[some]
  isThere.forEach((there, row) => {
    if (!there) numbers[row] = value
  })
  return numbers
}

const convertNumbers = (
  numbers: Exact.Numbers,
  type: Arrow.DataType,
  metadata: ReadonlyMap<string, string>,
  column: Column.Complete
): Exact.Made | undefined => {
  if (column.kind === "float") return isNumber(type) ? Exact.floats(numbers) : undefined
  if (column.kind === "timestamp") return instants(() => numbers, type, metadata)
  return column.kind === "category" && Arrow.DataType.isInt(type) ? Exact.codes(numbers, column.levels) : undefined
}

const convert = (
  { data, type }: Arrow.Vector,
  metadata: ReadonlyMap<string, string>,
  column: Column.Complete
): Exact.Made | undefined => {
  switch (column.kind) {
    case "float":
      return isNumber(type) ? Exact.floats(join(data)) : undefined
    case "timestamp":
      return instants(() => join(data), type, metadata)
    case "category":
      return codes(data, type, column.levels)
    case "tensor":
      return tensor(data, type, metadata, column)
    case "text":
      return isText(type) ? Exact.texts(texts(new Arrow.Vector(data))) : undefined
  }
}

const isNumber = (type: Arrow.DataType): boolean =>
  Arrow.DataType.isInt(type) || (Arrow.DataType.isFloat(type) && type.precision !== Arrow.Precision.HALF)

/** The note that `ipc.ts` leaves on instants that are no whole milliseconds. */
const ownUnit = "milliseconds since 1970-01-01T00:00:00Z"

const instants = (
  numbers: () => Exact.Numbers,
  type: Arrow.DataType,
  metadata: ReadonlyMap<string, string>
): Exact.Made | undefined => {
  if (Arrow.DataType.isDate(type)) return Exact.instants(numbers(), type.unit === Arrow.DateUnit.DAY ? "D" : "ms")
  if (Arrow.DataType.isTimestamp(type)) return Exact.instants(numbers(), (["s", "ms", "us", "ns"] as const)[type.unit])
  const isOwn = Arrow.DataType.isFloat(type) && metadata.get("unit") === ownUnit
  return isOwn && isNumber(type) ? Exact.floats(numbers()) : undefined
}

const codes = (
  data: ReadonlyArray<Arrow.Data>,
  type: Arrow.DataType,
  levels: ReadonlyArray<string>
): Exact.Made | undefined => {
  if (Arrow.DataType.isInt(type)) return Exact.codes(join(data), levels)
  if (Arrow.DataType.isDictionary(type)) return codesOfDictionary(data, levels)
  if (!Arrow.DataType.isUtf8(type) && !Arrow.DataType.isLargeUtf8(type) && !Arrow.DataType.isBool(type))
    return undefined
  return Exact.codesOfTexts(texts(new Arrow.Vector(data)), levels)
}

const isText = (type: Arrow.DataType): boolean =>
  Arrow.DataType.isUtf8(type) ||
  Arrow.DataType.isLargeUtf8(type) ||
  (Arrow.DataType.isDictionary(type) && isText(type.dictionary))

/** Texts that cannot be are no level. */
const texts = (vector: Arrow.Vector): ReadonlyArray<string | undefined> =>
  Array.from({ length: vector.length }, (_, row) => {
    const value: unknown = vector.get(row)
    return typeof value === "string" || typeof value === "boolean" ? String(value) : undefined
  })

const codesOfDictionary = (data: ReadonlyArray<Arrow.Data>, levels: ReadonlyArray<string>): Exact.Made => {
  const byText = new Map<string | undefined, number>(levels.map((level, code) => [level, code]))
  const all = new Int32Array(data.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const batch of data) {
    if (batch.dictionary === undefined) throw new Error("a dictionary is missing")
    const codes = texts(batch.dictionary).map((text) => byText.get(text))
    const places = numbersOf(batch)
    for (let row = 0; row < batch.length; row++) {
      const code = codes[Number(places[row])]
      if (code === undefined) return { bad: at }
      all[at++] = code
    }
  }
  return { values: all }
}

const tensor = (
  data: ReadonlyArray<Arrow.Data>,
  type: Arrow.DataType,
  metadata: ReadonlyMap<string, string>,
  column: Column.Tensor
): Exact.Made | undefined => {
  const own = metadata.get("ARROW:extension:metadata")
  if (own !== undefined && !isShape(own, column.shape)) return undefined
  const shape = own === undefined ? column.shape : [Column.width(column)]
  let leaf = type
  for (let depth = 0; depth < shape.length; depth++) {
    if (!Arrow.DataType.isList(leaf) && !Arrow.DataType.isFixedSizeList(leaf)) return undefined
    leaf = leaf.children[0].type
  }
  if (!isNumber(leaf) || shape.length === 0) return undefined
  const parts: Array<Arrow.Data> = []
  let before = 0
  for (const batch of data) {
    const elements = elementsOf(batch, shape)
    if (typeof elements === "number") return { bad: (before + elements) * Column.width(column) }
    parts.push(elements)
    before += batch.length
  }
  return Exact.tensor(join(parts), column)
}

/** A fixed-shape tensor is flat in the file; its note has the shape, and no other order of axes. */
const isShape = (metadata: string, shape: ReadonlyArray<number>): boolean => {
  const found: unknown = JSON.parse(metadata)
  if (typeof found !== "object" || found === null || "permutation" in found) return false
  return "shape" in found && JSON.stringify(found.shape) === JSON.stringify(shape)
}

/** The numbers in lists that all have the shape, or the first row that has another, or a null in it. */
const elementsOf = (lists: Arrow.Data, shape: ReadonlyArray<number>): Arrow.Data | number => {
  const { length } = lists
  let data = lists
  let width = 1
  for (const size of shape) {
    const count = length * width
    const [start, bad] = startOf(data, size, count)
    if (bad !== undefined) return Math.floor(bad / width)
    width *= size
    data = data.children[0]
    if (data.length < start + length * width) throw new Error("a list is cut off")
    data = start === 0 && data.length === length * width ? data : data.slice(start, length * width)
    for (let place = 0; data.nullCount > 0 && place < data.length; place++) {
      if (!data.getValid(place)) return Math.floor(place / width)
    }
  }
  return data
}

/** Where a level's elements start, and the first list that has not `size` of them. */
const startOf = (data: Arrow.Data, size: number, count: number): readonly [number, number | undefined] => {
  if (Arrow.DataType.isFixedSizeList(data.type))
    return [data.offset * size, data.type.listSize === size ? undefined : 0]
  const offsets = data.valueOffsets as Int32Array // of a list
  if (offsets.length < count + 1) throw new Error("a list is cut off")
  for (let list = 0; list < count; list++) {
    if (offsets[list + 1] - offsets[list] !== size) return [0, list]
  }
  return [offsets[0], undefined]
}

const numbersOf = ({ length, values }: Arrow.Data): Exact.Numbers => {
  if (!ArrayBuffer.isView(values) || values instanceof DataView) throw new Error("a column holds no numbers")
  const numbers = values as unknown as Exact.Numbers // Arrow's integers, floats, dates and instants lie in these
  if (numbers.length < length) throw new Error(`a column has ${numbers.length} values instead of ${length}`)
  return numbers.subarray(0, length)
}

/** Joins batches; one alone is not copied, unless it lies in a `Buffer`. */
const join = (data: ReadonlyArray<Arrow.Data>): Exact.Numbers => {
  const parts = data.map(numbersOf)
  if (parts.length === 1) return parts[0]
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (parts.length === 0) return new Float64Array(0)
  const Numbers = parts[0].constructor as new (length: number) => Exact.Numbers // a typed array's constructor makes its own kind
  const all = new Numbers(length)
  let at = 0
  for (const part of parts) {
    if (part.constructor !== Numbers) throw new Error("batches of a column have different types")
    all.set(part as never, at) // of the same type, as checked
    at += part.length
  }
  return all
}
