/** Texts as they lie in files: UTF-8, one after the other, beside where each of them ends. */
import { Buffer, isAscii } from "node:buffer"

/** Texts in UTF-8. */
export interface Encoded {
  readonly bytes: Uint8Array
  /** Where each text starts, and at last where all end. */
  readonly offsets: Int32Array
}

/** Encodes texts of less than 2 GiB together: a block, or a batch of Arrow. */
export const encode = (texts: ReadonlyArray<string>): Encoded => {
  const offsets = new Int32Array(texts.length + 1)
  for (let [row, end] = [0, 0]; row < texts.length; row++) {
    end += Buffer.byteLength(texts[row])
    if (end >= 2 ** 31) throw new RangeError("Utf8.encode: these texts have more than 2 GiB")
    offsets[row + 1] = end
  }
  const bytes = new Uint8Array(offsets[texts.length])
  const buffer = Buffer.from(bytes.buffer)
  for (let row = 0; row < texts.length; row++) buffer.write(texts[row], offsets[row])
  return { bytes, offsets }
}

/** Puts both parts into one piece, the offsets first. */
export const together = ({ bytes, offsets }: Encoded): Uint8Array => {
  const all = new Uint8Array(offsets.byteLength + bytes.byteLength)
  all.set(new Uint8Array(offsets.buffer, offsets.byteOffset, offsets.byteLength))
  all.set(bytes, offsets.byteLength)
  return all
}

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
