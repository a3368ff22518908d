/**
 * What DuckDB's vectors hold, copied into columns: numbers as they are, instants as milliseconds, texts, and which rows are NULL.
 * A vector's own array is private in the types, but the only way that is not one call for each row.
 */
import * as DuckDB from "@duckdb/node-api"
import { Buffer, isAscii } from "node:buffer"
import type * as RowId from "../../RowId.ts"
import type * as Exact from "../columns/exact.ts"

const flat = [
  DuckDB.DuckDBDoubleVector,
  DuckDB.DuckDBFloatVector,
  DuckDB.DuckDBIntegerVector,
  DuckDB.DuckDBSmallIntVector,
  DuckDB.DuckDBTinyIntVector,
  DuckDB.DuckDBUIntegerVector,
  DuckDB.DuckDBUSmallIntVector,
  DuckDB.DuckDBUTinyIntVector,
  DuckDB.DuckDBTimestampVector,
  DuckDB.DuckDBTimestampTZVector
] as const

/** What a vector has of its own. */
interface Own {
  readonly items: Exact.Numbers
  readonly validity: { readonly data: BigUint64Array | null }
}

/** What a vector of texts has of its own: for each its length, and after that it or, where it is longer than 12, its place. */
interface OwnOfTexts extends Pick<Own, "validity"> {
  readonly dataView: DataView
}

const ownOfTexts = (vector: DuckDB.DuckDBVector): OwnOfTexts => {
  if (vector instanceof DuckDB.DuckDBVarCharVector) return vector as unknown as OwnOfTexts // private
  throw new TypeError("vectors: a column holds no texts")
}

const ownOf = (vector: DuckDB.DuckDBVector): Own => {
  if (vector instanceof DuckDB.DuckDBArrayVector) return ownOf(vector["childData"])
  if (flat.some((Vector) => vector instanceof Vector)) return vector as unknown as Own // private in all of these
  throw new TypeError("vectors: a column holds no numbers")
}

/** Copies a vector's numbers into an array, from a place on, which must hold each of them exactly. */
export const copy = (vector: DuckDB.DuckDBVector, into: RowId.Numbers, at: number): void => {
  const { items } = ownOf(vector)
  if (into instanceof Float64Array && items instanceof BigInt64Array) return instants(items, into, at)
  if (into instanceof Float64Array || items.constructor === into.constructor) return into.set(items as never, at) // no bigints
  throw new TypeError(`vectors: ${items.constructor.name} does not go into ${into.constructor.name}`)
}

/** Gives up a view of all of some memory, after which V8 no longer counts that memory. */
const giveUp = ({ buffer, byteLength }: ArrayBufferView): void => {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}

/** Gives up the view of a vector's memory, and returns how many bytes it had; the vector cannot be read any more. */
export const close = (vector: DuckDB.DuckDBVector): number => {
  const { items } = ownOf(vector)
  const { byteLength } = items
  giveUp(items)
  return byteLength
}

/** ECMAScript's dates end here, in microseconds before and after 1970. */
const lastInstant = 8_640_000_000_000_000_000n

/** Writes microseconds since 1970 as milliseconds, whole ones and the rest apart; what is no date becomes NaN. */
export const instants = (microseconds: BigInt64Array, into: Float64Array, at: number): void => {
  // low words come first wherever DuckDB runs
  const words = new Int32Array(microseconds.buffer, microseconds.byteOffset, 2 * microseconds.length)
  for (let row = 0; row < microseconds.length; row++) {
    const high = words[2 * row + 1]
    if (high >= -0x20_0000 && high < 0x20_0000) {
      const exact = high * 2 ** 32 + (words[2 * row] >>> 0)
      const whole = Math.trunc(exact / 1000)
      into[at + row] = whole + (exact - whole * 1000) / 1000
      continue
    }
    const value = microseconds[row]
    const isDate = value >= -lastInstant && value <= lastInstant
    into[at + row] = isDate ? Number(value / 1000n) + Number(value % 1000n) / 1000 : Number.NaN
  }
}

/** Longer texts do not lie in the vector itself. */
const inside = 12

/** Rows whose longer texts lie one behind the other, so many bytes. */
interface Run {
  readonly first: number
  last: number
  size: number
}

const runsOf = (entries: DataView, rows: number, sizeOf: (row: number) => number): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  let run: Run = { first: 0, last: 0, size: 0 }
  let end = 0
  for (let row = 0; row < rows; row++) {
    const size = sizeOf(row)
    if (size <= inside) continue
    const place = entries.getUint32(16 * row + 8, true) + entries.getUint32(16 * row + 12, true) * 2 ** 32
    if (place !== end) runs.push((run = { first: row, last: row, size: 0 }))
    run.last = row
    run.size += size
    end = place + size
  }
  return runs
}

/** Returns a chunk's texts; those that are missing are empty. Runs are viewed whole: each view is a call, and V8 counts it. */
export const texts = (vector: DuckDB.DuckDBVector, rows: number): ReadonlyArray<string> => {
  const { dataView: entries } = ownOfTexts(vector)
  const near = Buffer.from(entries.buffer, entries.byteOffset, entries.byteLength)
  const gone = new Set(missing(vector, rows))
  const sizeOf = (row: number): number => (gone.has(row) ? 0 : entries.getUint32(16 * row, true))
  const found = new Array<string>(rows).fill("")
  for (let row = 0; row < rows; row++) {
    const size = sizeOf(row)
    if (size > 0 && size <= inside) found[row] = near.toString("utf8", 16 * row + 4, 16 * row + 4 + size)
  }
  for (const { first, last, size } of runsOf(entries, rows, sizeOf)) {
    const entry = Uint8Array.from(near.subarray(16 * first, 16 * first + 16))
    new DataView(entry.buffer).setUint32(0, size, true)
    const bytes = viewed(entry)
    const encoding = isAscii(bytes) ? "latin1" : "utf8"
    let at = 0
    for (let row = first; row <= last; row++) {
      const own = sizeOf(row)
      if (own > inside) found[row] = bytes.toString(encoding, at, (at += own))
    }
    giveUp(bytes)
  }
  return found
}

/** The bytes that an entry of a vector of texts leads to. */
const viewed = (entry: Uint8Array): Buffer => {
  const view = new DataView(entry.buffer)
  const isThere = { itemValid: () => true } as never // all that it asks of it
  const blob = new DuckDB.DuckDBBlobVector(view, isThere, undefined as never, 0, 1) // bytes are read of the view alone
  const bytes = blob.getItemBytes(0) ?? new Uint8Array(0)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const validityOf = (vector: DuckDB.DuckDBVector): Own["validity"] => {
  if (vector instanceof DuckDB.DuckDBVarCharVector) return ownOfTexts(vector).validity
  return vector instanceof DuckDB.DuckDBArrayVector ? vector["validity"] : ownOf(vector).validity
}

/** The rows of a chunk that hold NULL at any depth. A vector without NULLs has no mask to look at. */
export const missing = (vector: DuckDB.DuckDBVector, rows: number): Iterable<number> => {
  const found = new Set<number>()
  for (let level = vector; ;) {
    const mask = validityOf(level)["data"]
    const width = level.itemCount / rows
    const words = mask === null ? new Uint32Array(0) : new Uint32Array(mask.buffer, mask.byteOffset, 2 * mask.length)
    for (let item = 0; item < 32 * words.length && item < level.itemCount; item++) {
      if (words[item >> 5] === 0xffff_ffff) item |= 31
      else if ((words[item >> 5] & (1 << (item & 31))) === 0) found.add(Math.floor(item / width))
    }
    if (!(level instanceof DuckDB.DuckDBArrayVector)) return found
    level = level["childData"]
  }
}
