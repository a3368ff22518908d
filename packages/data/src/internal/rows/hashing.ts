/** The task of threads that compute ids of rows. */
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import type { Answer } from "../threads/pool.ts"

/** Rows to compute the ids of. */
export interface Rows {
  readonly columns: Columns
  readonly values: Readonly<Record<string, RowId.Values>>
  readonly length: number
  /** Shared memory for the ids. */
  readonly into?: Uint8Array
}

export const task = ({ columns, into, length, values }: Rows): Answer<Uint8Array | undefined> => {
  const value = RowId.ofContent(columns, values, length, into)
  for (const own of Object.values(values)) {
    if (!RowId.isTexts(own) && own.buffer instanceof ArrayBuffer) own.buffer.transfer(0) // frees the copy
  }
  return value.buffer instanceof ArrayBuffer ? { value, transfer: [value.buffer] } : { value: undefined }
}
