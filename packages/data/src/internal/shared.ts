/** Arrays in shared memory, which a loader's worker threads read without a copy. */
import type { Table } from "../Table.ts"

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
export const float64 = (length: number): Float64Array<SharedArrayBuffer> =>
  new Float64Array(new SharedArrayBuffer(8 * length))

/** Tells whether an array lies in shared memory. */
export const isShared = (values: ArrayBufferView): boolean => values.buffer instanceof SharedArrayBuffer

/** Moves a table's float32 tensors into shared memory: copied once here, never again by the loaders that read it. */
export const withSharedTensors = <T extends Table>(table: T): T => {
  const values = Object.entries(table.values).map(([name, own]: [string, Table["values"][string]]) => {
    if (!(own instanceof Float32Array) || isShared(own)) return [name, own]
    const shared = float32(own.length)
    shared.set(own)
    return [name, shared]
  })
  return { ...table, values: Object.fromEntries(values) }
}
