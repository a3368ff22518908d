/**
 * Room for columns in memory that threads share. V8 counts no shared memory when it decides to collect garbage, so an array
 * that nobody touches, and which therefore takes no memory, is counted in its place. V8 collects after every 64 MiB of
 * arrays, which takes as long as writing some columns: those that are small count for a quarter.
 */
import type { Numbers } from "../../RowId.ts"

/** Arrays of no more bytes are worked on sooner than a thread wakes up, and lie in ordinary memory. */
export const least = 2 ** 20

/** Arrays of fewer bytes count for a quarter. */
const small = 2 ** 25

const counted = new WeakMap<SharedArrayBuffer, ArrayBuffer>()

/** Makes an array that V8 counts and that takes no memory while nobody touches it. */
const untouched = (bytes: number): ArrayBuffer => new ArrayBuffer(bytes, { maxByteLength: bytes })

/** Makes room for zeros: in shared memory, if it is large. */
export const room = (bytes: number): ArrayBuffer | SharedArrayBuffer => {
  if (bytes <= least) return new ArrayBuffer(bytes)
  const buffer = new SharedArrayBuffer(bytes)
  counted.set(buffer, untouched(bytes < small ? bytes >>> 2 : bytes))
  return buffer
}

/** Makes an array of zeros. */
export const float64 = (length: number): Float64Array => new Float64Array(room(8 * length))

/** Makes an array of zeros. */
export const float32 = (length: number): Float32Array => new Float32Array(room(4 * length))

/** Makes an array of zeros. */
export const int32 = (length: number): Int32Array => new Int32Array(room(4 * length))

/** Makes an array of zeros of the same kind as another. */
export const like = <V extends Numbers | Uint32Array>(values: V, length: number): V => {
  type Kind = { new (buffer: ArrayBuffer | SharedArrayBuffer): V; readonly BYTES_PER_ELEMENT: number }
  const Values = values.constructor as Kind // a typed array's constructor makes its own kind
  return new Values(room(length * Values.BYTES_PER_ELEMENT))
}

/** Copies an array, into shared memory if it is large. */
export const copy = <V extends Numbers | Uint32Array>(values: V): V => {
  const out = like(values, values.length)
  out.set(values as never) // of the same kind
  return out
}

/** Tells whether an array lies in shared memory. */
export const isShared = (values: ArrayBufferView): boolean => values.buffer instanceof SharedArrayBuffer
