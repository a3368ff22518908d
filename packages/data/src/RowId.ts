/**
 * Who a row is: 16 bytes from the SHA-256 of what the row holds. Names of columns and the row's place in its file do not
 * count, so reordering, renaming or re-splitting rows does not make them new rows. The ledger and all per-row randomness
 * go by these ids; equal rows share one.
 */
import { hash } from "node:crypto"
import type * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"

/** The bytes of one id. */
export const bytes = 16

/** The values of one column: all rows one after the other, `Column.width` numbers each. */
export type Values = Float64Array | Int32Array | Uint8Array | Float32Array

/** Computes the ids of all rows: `length * bytes` bytes. Columns count in the order of their declaration. */
export const ofContent = (columns: Columns, values: Readonly<Record<string, Values>>, length: number): Uint8Array => {
  const names = Object.keys(columns)
  const parts = names.map((name) => rowBytes(columns[name], values[name], length))
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  const row = new Uint8Array(size)
  const ids = new Uint8Array(length * bytes)
  for (let index = 0; index < length; index++) {
    let at = 0
    for (const part of parts) {
      row.set(part.read(index), at)
      at += part.size
    }
    ids.set(hash("sha256", row, "buffer").subarray(0, bytes), index * bytes)
  }
  return ids
}

interface RowBytes {
  readonly size: number
  readonly read: (index: number) => Uint8Array
}

/** Levels count by their text, not by their code, so that extending the list of levels changes no id. */
const rowBytes = (column: Column.Column, values: Values, length: number): RowBytes => {
  if (column.kind === "category") {
    const levels = column.levels.map((level) => hash("sha256", level, "buffer").subarray(0, bytes))
    return { size: bytes, read: (index) => levels[values[index]] }
  }
  const view = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const size = length === 0 ? 0 : view.byteLength / length
  return { size, read: (index) => view.subarray(index * size, (index + 1) * size) }
}
