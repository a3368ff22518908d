/** Arrays in shared memory, which a loader's worker threads read without a copy. */
import type { Table } from "../../Table.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Tables from "../columns/tables.ts"
import { isShared } from "../threads/shared.ts"

export { isShared }

/** Makes an array of zeros in shared memory. */
export const float32 = (length: number): Float32Array<SharedArrayBuffer> =>
  new Float32Array(new SharedArrayBuffer(4 * length))

/** Makes an array of zeros in shared memory. */
export const int32 = (length: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * length))

/** Makes an array of zeros in shared memory. */
export const uint32 = (length: number): Uint32Array<SharedArrayBuffer> =>
  new Uint32Array(new SharedArrayBuffer(4 * length))

/** Makes an array of zeros in shared memory. */
export const uint8 = (length: number): Uint8Array<SharedArrayBuffer> => new Uint8Array(new SharedArrayBuffer(length))

/** Makes an array of zeros in shared memory. */
export const float64 = (length: number): Float64Array<SharedArrayBuffer> =>
  new Float64Array(new SharedArrayBuffer(8 * length))

/**
 * Moves the float32 tensors that a table has in memory into shared memory: copied once here, never again by the loaders
 * that read it.
 */
export const withSharedTensors = <T extends Table>(table: T): T => {
  const tensors = Object.entries(Columnar.entries(table.values)).flatMap(([name, own]) => {
    if (!(own instanceof Float32Array) || isShared(own)) return []
    const shared = float32(own.length)
    shared.set(own)
    return [[name, shared] as const]
  })
  if (tensors.length === 0) return table
  const values = Columnar.merge(table.values, Object.fromEntries(tensors))
  return Tables.fromEntries(table.columns, values, table.length, Tables.ids(table)) as T // the same columns
}
