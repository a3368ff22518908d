/** What numbers are in memory. */
import { Buffer } from "node:buffer"

/**
 * The bytes of an array, where they lie. `Buffer.copy` copies shared memory twice as fast as `TypedArray.set` does, which goes
 * number by number.
 */
export const bytesOf = ({ buffer, byteLength, byteOffset }: ArrayBufferView): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength)
