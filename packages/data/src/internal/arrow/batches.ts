/**
 * The record batches of a table that is written as Arrow: one, unless a column has more bytes than Arrow's offsets of texts
 * and its writer in JavaScript count. Where batches end depends on what the table holds and not on where it lies.
 */
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Tables from "../columns/tables.ts"

/** A column of a batch has at most so many bytes, unless it has one row: numbers of 32 bits, rounded to multiples of 8. */
export const longest = 2 ** 31 - 8

/** Returns where each text of a column ends, in UTF-8; only the differences are to be used, which 32 bits hold. */
export const ends = (texts: ReadonlyArray<string> | Columnar.LazyTexts): Int32Array => {
  const all = new Int32Array(texts.length + 1)
  let [row, end] = [0, 0]
  for (const block of Columnar.textBlocks(texts)) {
    for (const text of block) {
      end = (end + Buffer.byteLength(text)) | 0
      all[++row] = end
    }
  }
  return all
}

/** Returns where the texts of the rows from one to another start, and at last where they end, counted from the first. */
export const offsets = (ends: Int32Array, start: number, end: number): Int32Array =>
  ends.subarray(start, end + 1).map((place) => place - ends[start])

/** Returns the rows that batches start with, whose columns have at most so many bytes, where texts end as is said. */
export const starts = (
  columns: Columns,
  length: number,
  ends: ReadonlyArray<Int32Array>,
  longest: number
): ReadonlyArray<number> => {
  const widest = Math.max(RowId.bytes, ...Object.values(columns).map(Tables.bytesPerRow))
  const most = Math.max(1, Math.floor(longest / widest))
  const endOf = (start: number): number => {
    let end = Math.min(length, start + most)
    for (const all of ends) {
      for (let [row, bytes] = [start, 0]; row < end; row++) {
        bytes += (all[row + 1] - all[row]) | 0
        if (bytes > longest && row > start) end = row
      }
    }
    return end
  }
  const found = [0]
  for (let end = endOf(0); end < length; end = endOf(end)) found.push(end)
  return found
}
