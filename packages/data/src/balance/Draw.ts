/**
 * Choosing rows of a class by keyed hashes of their ids: which rows are taken depends on who they are, not on where they
 * stand or how many workers there are.
 */
import { Key } from "@watertight/core"
import * as RowId from "../RowId.ts"
import * as Blocks from "../split/Blocks.ts"

/** Compares two rows by their ids. */
export const byId = (ids: Uint8Array, a: number, b: number): number => {
  const apart = compareIds(ids, a, b)
  return apart === 0 ? a - b : apart
}

const compareIds = (ids: Uint8Array, a: number, b: number): number => {
  for (let byte = 0; byte < RowId.bytes; byte++) {
    const apart = ids[a * RowId.bytes + byte] - ids[b * RowId.bytes + byte]
    if (apart !== 0) return apart
  }
  return 0
}

/** Tells whether two rows have one id. */
export const isSame = (ids: Uint8Array, a: number, b: number): boolean => compareIds(ids, a, b) === 0

/** Sorts rows by a keyed hash of their ids. */
export const shuffled = (key: Key.Key, ids: Uint8Array, rows: Uint32Array): Uint32Array => {
  const view = Blocks.viewOf(ids)
  const drawn = new Map<number, number>()
  for (const row of rows) {
    const { hi, lo } = Blocks.ofId(key, view, row)
    drawn.set(row, hi * 2 ** 21 + (lo >>> 11))
  }
  return rows.slice().sort((a, b) => (drawn.get(a) ?? 0) - (drawn.get(b) ?? 0) || byId(ids, a, b))
}

/** Lists `count` rows with each as often as any other, give or take once: which ones once more is drawn. */
export const evenly = (key: Key.Key, ids: Uint8Array, rows: Uint32Array, count: number): Uint32Array => {
  const order = shuffled(key, ids, rows)
  return Uint32Array.from({ length: count }, (_, index) => order[index % order.length]).sort()
}

/** What a child is made with: a number below `choices`, and a step in [0, 1). */
export const child = (key: Key.Key, view: DataView, row: number, copy: number, choices: number) => {
  const [choice, high, low] = Key.bits(Key.foldIn(Blocks.ofId(key, view, row), copy), 3)
  return { choice: Math.floor((choice / 2 ** 32) * choices), step: (high * 2 ** 21 + (low >>> 11)) * 2 ** -53 }
}
