/** Arrays one after the other in memory that is used again; what does not fit there gets memory of its own. */

/** Gives arrays whose numbers may be any. */
export interface Room {
  readonly float64: (length: number) => Float64Array
  readonly int32: (length: number) => Int32Array
  readonly uint8: (length: number) => Uint8Array
  /** How many bytes have been asked for. */
  readonly bytes: () => number
}

/** Makes room in memory, or none at all. */
export const make = (memory?: SharedArrayBuffer): Room => {
  let bytes = 0
  const take = (size: number): readonly [ArrayBufferLike, number] => {
    const at = bytes
    bytes += Math.ceil(size / 8) * 8
    return memory === undefined || bytes > memory.byteLength ? [new ArrayBuffer(size), 0] : [memory, at]
  }
  return {
    float64: (length) => new Float64Array(...take(8 * length), length),
    int32: (length) => new Int32Array(...take(4 * length), length),
    uint8: (length) => new Uint8Array(...take(length), length),
    bytes: () => bytes
  }
}
