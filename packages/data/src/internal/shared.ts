/** Arrays in shared memory, which a loader's worker threads read without a copy. */

/** Makes an array of zeros in shared memory. */
export const float32 = (length: number): Float32Array<SharedArrayBuffer> =>
  new Float32Array(new SharedArrayBuffer(4 * length))

/** Makes an array of zeros in shared memory. */
export const int32 = (length: number): Int32Array<SharedArrayBuffer> =>
  new Int32Array(new SharedArrayBuffer(4 * length))

/** Tells whether an array lies in shared memory. */
export const isShared = (values: ArrayBufferView): boolean => values.buffer instanceof SharedArrayBuffer
