/**
 * Rows in the order of their ids: an order, a sample and two halves that depend on which rows there are and not on where
 * they stand. Ids are hashes of content, so the sample is as good as a random one, and equal rows stay together.
 */
import * as RowId from "../../RowId.ts"
import * as Radix from "../statistics/radix.ts"

const two21 = 2 ** 21

/** The first 53 bits of each id as a whole number. */
export const keysOf = (ids: Uint8Array): Float64Array => {
  const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength)
  const keys = new Float64Array(Math.floor(ids.length / RowId.bytes))
  for (let row = 0; row < keys.length; row++) {
    const at = row * RowId.bytes
    keys[row] = view.getUint32(at) * two21 + (view.getUint32(at + 4) >>> 11)
  }
  return keys
}

/** Returns at most `most` rows, those with the smallest ids, in the order of the ids. */
export const sample = (ids: Uint8Array, most: number): Uint32Array => {
  const keys = keysOf(ids)
  let rows = Uint32Array.from(keys.keys())
  if (rows.length > most) {
    const last = Radix.sort(keys.slice())[most - 1]
    rows = rows.filter((row) => keys[row] <= last)
  }
  return rows.sort((a, b) => keys[a] - keys[b]).subarray(0, most)
}

/** Which half, 0 or 1, each of the rows is in. */
export const halves = (ids: Uint8Array, rows: Uint32Array): Uint8Array =>
  Uint8Array.from(rows, (row) => ids[row * RowId.bytes + 11] & 1)
