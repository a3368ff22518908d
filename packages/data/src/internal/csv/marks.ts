/** Where the bytes lie that part text into cells and records: delimiters, quotes and line breaks. */

/** Finds them, in their order. */
export const find = (bytes: Uint8Array, delimiter: number): Int32Array => {
  let marks = new Int32Array(bytes.length)
  let count = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === delimiter || byte === 0x22 || byte === 0x0a || byte === 0x0d) marks[count++] = at
  }
  return marks.subarray(0, count)
}
