/**
 * Arrow IPC files of tables that are not in memory: the same bytes as `ipc.ts` writes, made piece by piece, and read
 * column by column from where they lie. Arrow's own writer and reader work on arrays of the right lengths that nobody
 * fills, which take no memory: they say where in the file each column's numbers go.
 */
import type { Blob } from "@watertight/core"
import * as Arrow from "apache-arrow"
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import type { Table } from "../../Table.ts"
import * as Batches from "./batches.ts"
import * as Hollow from "./hollow.ts"
import * as Ipc from "./ipc.ts"
import { attempt, IpcError } from "./ipcError.ts"
import { bytesOf } from "../columns/bytes.ts"
import * as Cells from "../columns/cells.ts"
import * as Outline from "./outline.ts"
import { idColumn, integerOf } from "./toArrow.ts"
import { chained, cutting } from "../columns/chain.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Tables from "../columns/tables.ts"
import * as Utf8 from "../columns/utf8.ts"
import * as Shared from "../threads/shared.ts"

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

/** Tables in memory of about so many bytes are written piece by piece, too: no file is written from one array of 2 GiB. */
const mostAtOnce = 2 ** 30

/** Tells whether a table is written piece by piece. */
export const isLarge = (table: Table): boolean => {
  if (Columnar.anyLazy(table.values)) return true
  const texts = Object.values<RowId.Values>(table.values).filter(RowId.isTexts)
  return (
    texts.reduce((sum, all) => all.reduce((sum, text) => sum + 3 * text.length, sum), Tables.bytes(table)) > mostAtOnce
  )
}

/** Rows of a column as the file holds them. */
interface Planned {
  readonly name: string
  readonly start: number
  readonly end: number
}

/**
 * Writes a table's IPC file, in batches of which no column has more than so many bytes. Texts, instants and columns that may
 * be missing are looked through once to know how.
 */
export const encode = (table: Table, longest = Batches.longest): Blob.Pieces => {
  const entries = Columnar.entries(table.values)
  const all: Readonly<Record<string, Columnar.Entry>> = { [idColumn]: Tables.ids(table), ...entries }
  const ends = Object.fromEntries(
    Object.entries(entries).flatMap(([name, own]) => (Columnar.isTextual(own) ? [[name, Batches.ends(own)]] : []))
  )
  const starts = Batches.starts(table.columns, table.length, Object.values(ends), longest)
  const ranges = starts.map((start, batch) => ({ start, end: starts[batch + 1] ?? table.length }))
  /** A batch's bytes of a column, unless they are numbers. */
  const bytesIn = (name: string, { end, start }: Omit<Planned, "name">) => (ends[name][end] - ends[name][start]) | 0
  const sizes = Object.entries(all).flatMap(([name, own]) =>
    Columnar.isTextual(own) ? ranges.map((range) => bytesIn(name, range)) : [own.length * bytesPerNumber(own)]
  )
  const empty = Shared.untouched(Math.max(...sizes))
  const outlined = Outline.make(table.columns, table.length, entries, ends, starts, empty)
  const writer = new Recorder()
  writer.writeAll(outlined.table.batches)
  writer.finish()
  const planned = ranges.flatMap((range) =>
    Object.keys(all).flatMap((name): ReadonlyArray<Planned> => {
      const isWritten = name in ends ? bytesIn(name, range) > 0 : all[name].length > 0
      return isWritten ? [{ name, ...range }] : []
    })
  )
  return {
    byteLength: writer.written.reduce((sum, { byteLength }) => sum + byteLength, 0),
    pieces: function* () {
      const begun = new Map<string, Rows>()
      let next = 0
      for (const bytes of writer.written) {
        if (bytes.buffer !== empty) {
          yield bytes
          continue
        }
        const { end, name, start } = planned[next++]
        const rows = begun.get(name) ?? bytesOfRows(all[name], table.length, outlined.integers.has(name))
        if (end < table.length) begun.set(name, rows)
        else begun.delete(name)
        yield* rows(start, end)
      }
    }
  }
}

/** Instants are written as numbers of the same size. */
const bytesPerNumber = (own: Columnar.Entry<RowId.Numbers>): number => {
  const { BYTES_PER_ELEMENT } = Columnar.isLazy(own) ? new own.Values(0) : own
  return BYTES_PER_ELEMENT
}

/** Gives the bytes of rows of a column, which is gone through once: rows may be left out, but must ascend. */
type Rows = (start: number, end: number) => Generator<Uint8Array>

const bytesOfRows = (own: Columnar.Entry, rows: number, isInteger: boolean): Rows => {
  if (Columnar.isTextual(own)) {
    const cut = cutting(Columnar.textBlocks(own))
    return function* (start, end) {
      for (const block of cut(start, end)) yield Utf8.encode(block).bytes
    }
  }
  const width = own.length / rows
  const cut = cutting(Columnar.blocks(own))
  return function* (start, end) {
    for (const block of cut(start * width, end * width))
      yield bytesOf(isInteger ? BigInt64Array.from(block as Float64Array, integerOf) : block) // instants are float64
  }
}

/** Opens a table's IPC file; nothing is read but what Arrow has to know of it, and what must be checked number by number. */
export const decode = Effect.fnUntraced(function* (
  columns: Columns,
  blob: Blob.Stored
): Effect.fn.Return<Table, IpcError> {
  const { ids, length, values } = yield* open(columns, blob)
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

const open = (columns: Columns, blob: Blob.Stored) =>
  attempt(() => {
    const { ids, length, vectors } = Ipc.vectors(columns, Hollow.read(blob))
    if (ids === null) throw new Error("it has no ids")
    const parts = ids.data.map((data) => numbers(blob, placeOf(data), Uint8Array, RowId.bytes))
    const values = vectors.map(({ name, vector }): readonly [string, Columnar.Entry] => [
      name,
      chained(vector.data.map((data) => columnOf(blob, columns[name], data)))
    ])
    return { length, ids: chained(parts) as Columnar.Lazy<Uint8Array>, values: Object.fromEntries(values) } // of bytes
  })

/** Where the numbers of a column lie. */
interface Place {
  readonly start: number
  readonly length: number
}

const placeOf = (data: Arrow.Data): Place => {
  const own: Arrow.Data = data.children[0] ?? data
  const values: unknown = own.values
  return { start: ArrayBuffer.isView(values) ? values.byteOffset : 0, length: own.length * own.stride }
}

const columnOf = (blob: Blob.Stored, column: Column.Column, data: Arrow.Data): Columnar.Lazy | Columnar.LazyTexts => {
  if (column.kind === "text") return textsOf(blob, data)
  const place = placeOf(data)
  const missing = nullsOf(blob, data)
  switch (column.kind) {
    case "float":
    case "optional float":
      return filling(numbers(blob, place, Float64Array), missing, NaN)
    case "category":
    case "optional category":
      return filling(numbers(blob, place, Int32Array), missing, -1)
    case "timestamp":
    case "optional timestamp":
      if (Arrow.DataType.isFloat(data.type)) return filling(numbers(blob, place, Float64Array), missing, NaN)
      return filling(instants(blob, place), missing, NaN)
    case "tensor": {
      const Values = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array }[column.dtype]
      return numbers<RowId.Numbers>(blob, place, Values, Column.width(column))
    }
  }
}

/** Texts read from a store's file at a time, and their bytes unless it is one text. */
const [textBlock, textBytes] = [8192, 2 ** 22]

const textsOf = (blob: Blob.Stored, data: Arrow.Data): Columnar.LazyTexts => {
  const { length } = data
  const [offsetsAt, bytesAt] = [data.valueOffsets.byteOffset, data.values.byteOffset]
  const offsetsFrom = (start: number, count: number): Int32Array => {
    const offsets = new Int32Array(count)
    blob.read(offsetsAt + start * offsets.BYTES_PER_ELEMENT, bytesOf(offsets))
    return offsets
  }
  return {
    Values: Array,
    length,
    byteLength: length === 0 ? 0 : offsetsFrom(length, 1)[0],
    blocks: function* () {
      for (let start = 0; start < length;) {
        const there = offsetsFrom(start, Math.min(textBlock, length - start) + 1)
        const rows = Math.max(
          1,
          there.findLastIndex((end) => end - there[0] <= textBytes)
        )
        const offsets = there.subarray(0, rows + 1)
        const bytes = new Uint8Array(offsets[rows] - offsets[0])
        blob.read(bytesAt + offsets[0], bytes)
        start += rows
        yield Utf8.decode({ bytes, offsets })
      }
    }
  }
}

/** Numbers as they lie in the file. */
const numbers = <V extends RowId.Numbers>(
  blob: Blob.Stored,
  { length, start }: Place,
  Values: { new (length: number): V; readonly BYTES_PER_ELEMENT: number },
  width = 1
): Columnar.Lazy<V> => {
  const read = (from: number, into: V): void => blob.read(start + from * Values.BYTES_PER_ELEMENT, bytesOf(into))
  return { Values, length, read, blocks: () => blocksOf(Values, length, read, width) }
}

function* blocksOf<V extends RowId.Numbers>(
  Values: { new (length: number): V },
  length: number,
  read: (start: number, into: V) => void,
  width = 1
): Generator<V> {
  let block = new Values(0)
  const most = Math.max(1, Math.floor(fileBlock / width)) * width
  for (let start = 0; start < length; start += most) {
    const size = Math.min(most, length - start)
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
const nullsOf = (blob: Blob.Stored, data: Arrow.Data): Uint8Array | undefined => {
  if (data.nullCount === 0) return undefined
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
