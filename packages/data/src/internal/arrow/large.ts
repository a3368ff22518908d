/**
 * Arrow IPC files of tables that are not in memory: the same bytes as `ipc.ts` writes, made piece by piece, and read
 * column by column from where they lie. Arrow's own writer and reader work on arrays of the right lengths that nobody
 * fills, which take no memory: they say where in the file each column's numbers go.
 */
import { Blob } from "@watertight/core"
import * as Arrow from "apache-arrow"
import { Effect } from "effect"
import type * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import type { Table } from "../../Table.ts"
import * as Ipc from "./ipc.ts"
import { attempt, IpcError } from "./ipcError.ts"
import * as Cells from "../columns/cells.ts"
import * as Outline from "./outline.ts"
import { idColumn, integerOf } from "./toArrow.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Tables from "../columns/tables.ts"
import * as Utf8 from "../columns/utf8.ts"

const bytesOf = ({ buffer, byteLength, byteOffset }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Records what Arrow's writer writes, without joining it. */
class Recorder extends Arrow.RecordBatchFileWriter {
  readonly written: Array<Uint8Array> = []
  protected override _write(chunk: ArrayBufferView): this {
    const bytes = bytesOf(chunk)
    if (this._started && bytes.byteLength > 0) {
      this.written.push(bytes)
      this._position += bytes.byteLength
    }
    return this
  }
}

/** A column as the file holds it. */
interface Planned {
  readonly name: string
  readonly entry: Columnar.Entry<RowId.Numbers> | Columnar.LazyTexts
  /** Instants of whole milliseconds are written as integers. */
  readonly isInteger: boolean
}

/** Writes a table's IPC file. Instants and columns that may be missing are looked through once to know how. */
export const encode = (table: Table): Blob.Pieces => {
  const entries = Columnar.entries(table.values)
  const ids = Tables.ids(table)
  const all: Readonly<Record<string, Columnar.Entry>> = { ...entries, [idColumn]: ids }
  const ends = Object.fromEntries(
    Object.entries(entries).flatMap(([name, own]) =>
      Columnar.isLazy(own) && Columnar.isLazyTexts(own) ? [[name, Outline.offsetsOf(own)]] : []
    )
  )
  const byteLengths = Object.values(ends).map((offsets) => offsets[table.length])
  const longest = Math.max(0, ...byteLengths, ...Object.values(all).map((entry) => entry.length * 8))
  const empty = new ArrayBuffer(longest)
  const outlined = Outline.make(table.columns, table.length, entries, ends, empty)
  const writer = new Recorder()
  writer.writeAll(outlined.table.batches)
  writer.finish()
  const columns: ReadonlyArray<Planned> = [idColumn, ...Object.keys(table.columns)].flatMap((name) => {
    const entry = all[name]
    const isWritten = entry.length > 0 && ends[name]?.[table.length] !== 0
    if (!isWritten || (!Columnar.isLazy(entry) && RowId.isTexts(entry))) return [] // texts in memory are there already
    return [{ name, entry, isInteger: outlined.integers.has(name) }]
  })
  return {
    byteLength: writer.written.reduce((sum, { byteLength }) => sum + byteLength, 0),
    pieces: function* () {
      let next = 0
      for (const bytes of writer.written) {
        if (bytes.buffer !== empty) yield bytes
        else yield* bytesIn(columns[next++])
      }
    }
  }
}

function* bytesIn({ entry, isInteger }: Planned): Generator<Uint8Array> {
  if (Columnar.isTextual(entry)) {
    for (const block of Columnar.textBlocks(entry)) yield Utf8.encode(block).bytes
    return
  }
  for (const block of Columnar.blocks(entry)) {
    yield bytesOf(isInteger ? BigInt64Array.from(block as Float64Array, integerOf) : block) // instants are float64
  }
}

/** Bytes at both ends of a file that hold what Arrow has to know of it; columns lie between. */
const endBytes = 4 * 2 ** 20

/** Opens a table's IPC file; nothing but its ends is read, and what must be checked number by number. */
export const decode = Effect.fnUntraced(function* (
  columns: Columns,
  blob: Blob.Stored
): Effect.fn.Return<Table, IpcError> {
  const opened = yield* Effect.result(openEnds(columns, blob))
  if (opened._tag === "Failure") {
    // dictionaries longer than the ends of the file: all of it is needed
    const { ids, length, values } = yield* Ipc.decode(columns, Blob.bytes(blob))
    return Tables.fromEntries(columns, values, length, ids ?? new Uint8Array(0))
  }
  const { ids, length, values } = opened.success
  for (const [name, entry] of Object.entries(values)) {
    const reason = Cells.defect(columns[name], entry, length) ?? numberDefect(columns[name], entry)
    if (reason !== undefined) return yield* new IpcError({ reason: `column "${name}" ${reason}` })
  }
  if (ids.length !== length * RowId.bytes) return yield* new IpcError({ reason: "it has no ids" })
  return Tables.fromEntries(columns, Columnar.make(values), length, ids)
})

const mustCheck = ["category", "optional category", "timestamp", "optional timestamp"]

const numberDefect = (column: Column.Column, entry: Columnar.Entry): string | undefined => {
  if (!mustCheck.includes(column.kind) || Columnar.isTextual(entry)) return undefined
  let start = 0
  for (const block of Columnar.blocks(entry)) {
    const reason = Cells.numberDefect(column, block, start)
    if (reason !== undefined) return reason
    start += block.length
  }
  return undefined
}

const openEnds = (columns: Columns, blob: Blob.Stored) =>
  Effect.map(
    attempt(() => {
      const hollow = new Uint8Array(blob.byteLength)
      const size = Math.min(endBytes, blob.byteLength)
      blob.read(0, hollow.subarray(0, size))
      blob.read(blob.byteLength - size, hollow.subarray(blob.byteLength - size))
      return Ipc.vectors(columns, hollow)
    }),
    ({ ids, length, vectors }) => ({
      length,
      ids: numbers(blob, placeOf(ids), Uint8Array),
      values: Object.fromEntries(vectors.map(({ name, vector }) => [name, columnOf(blob, columns[name], vector)]))
    })
  )

/** Where the numbers of a column lie. */
interface Place {
  readonly start: number
  readonly length: number
}

const placeOf = (vector: Arrow.Vector | null): Place => {
  const [data] = vector?.data ?? []
  const own = data?.children[0] ?? data
  const values: unknown = own?.values
  if (own === undefined || !ArrayBuffer.isView(values)) return { start: 0, length: 0 }
  return { start: values.byteOffset, length: own.length * own.stride }
}

const columnOf = (blob: Blob.Stored, column: Column.Column, vector: Arrow.Vector): Columnar.Entry => {
  if (column.kind === "text") return textsOf(blob, vector)
  const place = placeOf(vector)
  const missing = nullsOf(blob, vector)
  switch (column.kind) {
    case "float":
    case "optional float":
      return filling(numbers(blob, place, Float64Array), missing, NaN)
    case "category":
    case "optional category":
      return filling(numbers(blob, place, Int32Array), missing, -1)
    case "timestamp":
    case "optional timestamp":
      if (Arrow.DataType.isFloat(vector.type)) return filling(numbers(blob, place, Float64Array), missing, NaN)
      return filling(instants(blob, place), missing, NaN)
    case "tensor":
      switch (column.dtype) {
        case "uint8":
          return numbers(blob, place, Uint8Array)
        case "int32":
          return numbers(blob, place, Int32Array)
        case "float32":
          return numbers(blob, place, Float32Array)
      }
  }
}

/** Texts read from a store's file at a time. */
const textBlock = 8192

const textsOf = (blob: Blob.Stored, { data: [data], length }: Arrow.Vector): Columnar.Entry<ReadonlyArray<string>> => {
  if (length === 0) return []
  const [offsetsAt, bytesAt] = [data.valueOffsets.byteOffset, data.values.byteOffset]
  const offsetsFrom = (start: number, count: number): Int32Array => {
    const offsets = new Int32Array(count)
    blob.read(offsetsAt + start * offsets.BYTES_PER_ELEMENT, bytesOf(offsets))
    return offsets
  }
  return {
    Values: Array,
    length,
    byteLength: offsetsFrom(length, 1)[0],
    blocks: function* () {
      for (let start = 0; start < length; start += textBlock) {
        const rows = Math.min(textBlock, length - start)
        const offsets = offsetsFrom(start, rows + 1)
        const bytes = new Uint8Array(offsets[rows] - offsets[0])
        blob.read(bytesAt + offsets[0], bytes)
        yield Utf8.decode({ bytes, offsets })
      }
    }
  }
}

/** Numbers as they lie in the file. */
const numbers = <V extends RowId.Numbers>(
  blob: Blob.Stored,
  { length, start }: Place,
  Values: { new (length: number): V; readonly BYTES_PER_ELEMENT: number }
): Columnar.Lazy<V> => {
  const read = (from: number, into: V): void => blob.read(start + from * Values.BYTES_PER_ELEMENT, bytesOf(into))
  return { Values, length, read, blocks: () => blocksOf(Values, length, read) }
}

function* blocksOf<V extends RowId.Numbers>(
  Values: { new (length: number): V },
  length: number,
  read: (start: number, into: V) => void
): Generator<V> {
  let block = new Values(0)
  for (let start = 0; start < length; start += fileBlock) {
    const size = Math.min(fileBlock, length - start)
    if (block.length !== size) block = new Values(size)
    read(start, block)
    yield block
  }
}

/** Numbers read from a store's file at a time: its checked blocks are smaller, so few are read twice. */
const fileBlock = 4 * Columnar.blockSize

/** Instants that the file holds as integers. */
const instants = (blob: Blob.Stored, place: Place): Columnar.Lazy<Float64Array> => {
  const read = (from: number, into: Float64Array): void => {
    blob.read(place.start + from * 8, bytesOf(into))
    const integers = new BigInt64Array(into.buffer, into.byteOffset, into.length)
    for (let row = 0; row < into.length; row++) into[row] = Number(integers[row])
  }
  return { Values: Float64Array, length: place.length, read, blocks: () => blocksOf(Float64Array, place.length, read) }
}

/** The bits of rows that are there, where some are not. */
const nullsOf = (blob: Blob.Stored, vector: Arrow.Vector): Uint8Array | undefined => {
  const [data] = vector.data
  if (data === undefined || data.nullCount === 0) return undefined
  const bits = new Uint8Array(data.nullBitmap.byteLength)
  blob.read(data.nullBitmap.byteOffset, bits)
  return bits
}

/** Writes what stands for a missing value where the file has null: whatever lies under a null does not count. */
const filling = <V extends Float64Array | Int32Array>(
  column: Columnar.Lazy<V>,
  there: Uint8Array | undefined,
  missing: number
): Columnar.Lazy<V> => {
  if (there === undefined) return column
  const fill = (start: number, values: V): void => {
    for (let row = 0; row < values.length; row++) {
      const place = start + row
      if (((there[place >> 3] >> (place & 7)) & 1) === 0) values[row] = missing
    }
  }
  const read = (start: number, into: V): void => {
    column.read?.(start, into)
    fill(start, into)
  }
  return { ...column, read, blocks: () => blocksOf(column.Values, column.length, read) }
}
