/** The task of threads that compute ids of rows. */
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import type { Answer } from "../threads/pool.ts"

/** Rows to compute the ids of. */
export interface Rows {
  readonly columns: Columns
  readonly values: Readonly<Record<string, RowId.Values>>
  readonly length: number
}

export const task = ({ columns, length, values }: Rows): Answer<Uint8Array> => {
  const value = RowId.ofContent(columns, values, length)
  for (const own of Object.values(values)) {
    if (!RowId.isTexts(own) && own.buffer instanceof ArrayBuffer) own.buffer.transfer(0) // frees the copy
  }
  return { value, transfer: [value.buffer as ArrayBuffer] } // made by `ofContent`, and not in shared memory
}
