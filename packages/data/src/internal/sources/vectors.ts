/**
 * What DuckDB's vectors hold, copied into columns: numbers as they are, instants as milliseconds, and which rows are NULL.
 * A vector's own array is private in the types, but the only way that is not one call for each row.
 */
import * as DuckDB from "@duckdb/node-api"
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

/**
 * Gives up the view of a vector's memory, after which V8 no longer counts that memory, and returns how many bytes it had; the
 * vector cannot be read any more.
 */
export const close = (vector: DuckDB.DuckDBVector): number => {
  const { buffer, byteLength } = ownOf(vector).items
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
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

/** The rows of a chunk that hold NULL at any depth. A vector without NULLs has no mask to look at. */
export const missing = (vector: DuckDB.DuckDBVector, rows: number): Iterable<number> => {
  const found = new Set<number>()
  for (let level = vector; ;) {
    const mask = (level instanceof DuckDB.DuckDBArrayVector ? level["validity"] : ownOf(level).validity)["data"]
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
