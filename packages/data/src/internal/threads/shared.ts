/**
 * Room for columns in memory that threads share. V8 counts no shared memory when it decides to collect garbage, and collects
 * after every 64 MiB of what it counts, which takes as long as writing some columns. So columns are counted here, and an
 * array that nobody touches, and which therefore takes no memory, makes V8 collect when many may be garbage.
 */
import type { Numbers } from "../../RowId.ts"

/** Arrays of no more bytes are worked on sooner than a thread wakes up, and lie in ordinary memory. */
export const least = 2 ** 20

/** So many bytes of columns may be garbage; a column of as many as `large` counts for four. */
const mostGarbage = 3 * 2 ** 26
const large = 2 ** 26

/** What columns that V8 has not collected count for, and when it is to collect again. */
const counted = { now: 0, next: mostGarbage }

const collected = new FinalizationRegistry<number>((bytes) => {
  counted.now -= bytes
  counted.next = Math.min(counted.next, counted.now + mostGarbage)
})

/** Makes an array that V8 counts and that takes no memory while nobody touches it. */
export const untouched = (bytes: number): ArrayBuffer => new ArrayBuffer(bytes, { maxByteLength: bytes })

/** Makes V8 collect, soon. */
export const collect = (): ArrayBuffer => untouched(2 ** 27)

const count = (buffer: SharedArrayBuffer): void => {
  const bytes = buffer.byteLength < large ? buffer.byteLength : 4 * buffer.byteLength
  collected.register(buffer, bytes)
  counted.now += bytes
  if (counted.now <= counted.next) return
  counted.next = counted.now + mostGarbage
  collect()
}

/** Makes room for zeros: in shared memory, if it is large. */
export const room = (bytes: number): ArrayBuffer | SharedArrayBuffer => {
  if (bytes <= least) return new ArrayBuffer(bytes)
  const buffer = new SharedArrayBuffer(bytes)
  count(buffer)
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
