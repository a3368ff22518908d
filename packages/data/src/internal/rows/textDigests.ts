/** The digests of many texts: 16 bytes from the SHA-256 of their UTF-8. Short ones are hashed four at a time. */
import { Buffer } from "node:buffer"
import { hash } from "node:crypto"
import * as Sha256 from "./sha256.ts"

/** The bytes of one digest. */
export const bytes = 16

/** Fewer texts than this are not worth the program that hashes several at a time. */
const fewestTogether = 64

/** A block has 64 bytes, of which one ends a text, and eight hold its length. */
const longest = 55

/** Returns the digest of one text. */
export const ofText = (text: string): Uint8Array => hash("sha256", text, "buffer").subarray(0, bytes)

/** Returns the digests of texts, one after the other. */
export const ofTexts = (texts: ReadonlyArray<string>): Uint8Array => {
  const found = new Uint8Array(texts.length * bytes)
  const isMany = texts.length >= fewestTogether
  if (isMany) hashShort(texts, new Uint32Array(found.buffer))
  for (let row = 0; row < texts.length; row++) {
    if (!isMany || sizeOf(texts[row]) > longest) found.set(ofText(texts[row]), row * bytes)
  }
  return found
}

const hashShort = (texts: ReadonlyArray<string>, into: Uint32Array): void => {
  const { bytes: blocks, capacity, digests } = Sha256.blocks()
  const buffer = Buffer.from(blocks.buffer, blocks.byteOffset, blocks.length)
  for (let start = 0; start < texts.length; start += capacity) {
    const count = Math.min(capacity, texts.length - start)
    blocks.fill(0, 0, 64 * count)
    for (let place = 0; place < count; place++) {
      const text = texts[start + place]
      const size = sizeOf(text)
      if (size > longest) continue
      const at = 64 * place
      write(buffer, at, text, size)
      blocks[at + size] = 0x80
      blocks[at + 62] = size >> 5
      blocks[at + 63] = size << 3
    }
    digests(count, into, (start * bytes) / 4)
  }
}

/** Counts a text's bytes in UTF-8, of long ones at least their characters. */
const sizeOf = (text: string): number => {
  if (text.length > longest) return text.length
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return Buffer.byteLength(text)
  return text.length
}

const write = (buffer: Buffer, at: number, text: string, size: number): void => {
  if (size > text.length) buffer.write(text, at)
  else for (let place = 0; place < size; place++) buffer[at + place] = text.charCodeAt(place)
}
