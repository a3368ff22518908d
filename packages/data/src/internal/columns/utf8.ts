/** Texts as they lie in files: UTF-8, one after the other, beside where each of them ends. */
import { Buffer, isAscii } from "node:buffer"

/** Texts in UTF-8. */
export interface Encoded {
  readonly bytes: Uint8Array
  /** Where each text starts, and at last where all end. */
  readonly offsets: Int32Array
}

/** Encodes texts. */
export const encode = (texts: ReadonlyArray<string>): Encoded => {
  const offsets = addOffsets(new Int32Array(texts.length + 1), 0, texts)
  const bytes = new Uint8Array(offsets[texts.length])
  const buffer = Buffer.from(bytes.buffer)
  for (let row = 0; row < texts.length; row++) buffer.write(texts[row], offsets[row])
  return { bytes, offsets }
}

/** Writes where texts end, after the place `at` where the first of them starts. */
export const addOffsets = (offsets: Int32Array, at: number, texts: ReadonlyArray<string>): Int32Array => {
  let end = offsets[at]
  for (let row = 0; row < texts.length; row++) {
    end += Buffer.byteLength(texts[row])
    if (end > longest) throw new RangeError("a column of texts has more than 2 GiB: split the table")
    offsets[at + row + 1] = end
  }
  return offsets
}

/** Offsets are 32-bit integers. */
const longest = 2 ** 31 - 1

/** Decodes texts; the first starts where the bytes do. A mark at a text's start is part of it. */
export const decode = ({ bytes, offsets }: Encoded): Array<string> => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const encoding = isAscii(bytes) ? "latin1" : "utf8"
  const texts = new Array<string>(offsets.length - 1)
  for (let row = 0; row < texts.length; row++) {
    texts[row] = buffer.toString(encoding, offsets[row] - offsets[0], offsets[row + 1] - offsets[0])
  }
  return texts
}
