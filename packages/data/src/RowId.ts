/**
 * Who a row is: 16 bytes from the SHA-256 of what the row holds. Names of columns and the row's place in its file do not
 * count, so reordering, renaming or re-splitting rows does not make them new rows. The ledger and all per-row randomness
 * go by these ids; equal rows share one.
 */
import { hash } from "node:crypto"
import type * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"
import * as Sha256 from "./internal/rows/sha256.ts"
import * as TextDigests from "./internal/rows/textDigests.ts"

/** The bytes of one id. */
export const bytes = 16

/** The values of a column of numbers: all rows one after the other, `Column.width` numbers each. */
export type Numbers = Float64Array | Int32Array | Uint8Array | Float32Array

/** The values of one column: numbers, or a text for each row. */
export type Values = Numbers | ReadonlyArray<string>

/** Tells texts from numbers. */
export const isTexts = (values: Values): values is ReadonlyArray<string> => Array.isArray(values)

/**
 * Computes the ids of all rows: `length * bytes` bytes, in an array that may be given and starts at a multiple of 4. Columns
 * count in the order of their declaration.
 */
export const ofContent = (
  columns: Columns,
  values: Readonly<Record<string, Values>>,
  length: number,
  into: Uint8Array = new Uint8Array(length * bytes)
): Uint8Array => {
  const parts = Object.keys(columns).map((name) => rowBytes(columns[name], values[name], length))
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  const isWords = parts.every(({ content, size }) => size > 0 && size % 4 === 0 && content.byteOffset % 4 === 0)
  return length >= fewestTogether && isWords && size > 0 && size <= 4 * Sha256.longestWords
    ? hashedTogether(parts, size / 4, length, into)
    : hashedOneByOne(parts, size, length, into)
}

/** Fewer rows than this are not worth the program that hashes several at a time. */
const fewestTogether = 64

const hashedTogether = (parts: ReadonlyArray<RowBytes>, size: number, length: number, into: Uint8Array): Uint8Array => {
  const ids = new Uint32Array(into.buffer, into.byteOffset, (length * bytes) / 4)
  const hasher = Sha256.hasher(size)
  const { capacity, digests } = hasher
  for (let start = 0; start < length; start += capacity) {
    const rows = Math.min(capacity, length - start)
    let offset = 0
    for (const part of parts) {
      put(part, start, rows, hasher, offset)
      offset += part.size / 4
    }
    digests(rows, ids, (start * bytes) / 4)
  }
  return into
}

/** Copies a column's share of some rows to where the hasher takes it, from a word of the row on. */
const put = (part: RowBytes, start: number, rows: number, hasher: Sha256.Hasher, offset: number): void => {
  const { codes, content, size } = part
  if (codes === undefined && size === 8) return hasher.pairs(content.subarray(8 * start, 8 * (start + rows)), offset)
  if (codes !== undefined && content.length <= Sha256.mostTable) {
    return hasher.coded(codes.subarray(start, start + rows), content, offset)
  }
  const { input, stride } = hasher
  const words = new Uint32Array(content.buffer, content.byteOffset, content.byteLength / 4)
  const count = size / 4
  for (let row = 0; row < rows; row++) {
    const from = (codes === undefined ? start + row : codes[start + row] + 1) * count
    const at = (row >> 2) * stride + 4 * offset + (row & 3)
    for (let word = 0; word < count; word++) input[at + 4 * word] = words[from + word]
  }
}

const hashedOneByOne = (parts: ReadonlyArray<RowBytes>, size: number, length: number, ids: Uint8Array): Uint8Array => {
  const row = new Uint8Array(size)
  for (let index = 0; index < length; index++) {
    let at = 0
    for (const { codes, content, size } of parts) {
      copy(content, (codes === undefined ? index : codes[index] + 1) * size, row, at, size)
      at += size
    }
    const digest = hash("sha256", row, "binary") // a quarter of the time of a Buffer
    for (let byte = 0; byte < bytes; byte++) ids[index * bytes + byte] = digest.charCodeAt(byte)
  }
  return ids
}

/** A row's share of a column: `size` bytes of `content`, those of the row's place or of the one behind its code. */
interface RowBytes {
  readonly content: Uint8Array
  readonly size: number
  readonly codes?: Int32Array
}

/**
 * Levels count by their text, not by their code, so that extending the list of levels changes no id, nor does declaring
 * them as texts; a missing level is the digest of no text: zeros. That a column may be missing changes no id either.
 */
const rowBytes = (column: Column.Column, values: Values, length: number): RowBytes => {
  if (column.kind === "category" || column.kind === "optional category") {
    const codes = values as Int32Array // of a category
    return { content: ofLevels(column.levels), size: bytes, codes }
  }
  if (isTexts(values)) return { content: TextDigests.ofTexts(values), size: bytes }
  const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  return { content, size: length === 0 ? 0 : content.byteLength / length }
}

const levelDigests = new WeakMap<ReadonlyArray<string>, Uint8Array>()

/** Those of no text and of each level; computed once, as rows of the same levels come in many blocks. */
const ofLevels = (levels: ReadonlyArray<string>): Uint8Array => {
  const found =
    levelDigests.get(levels) ?? Uint8Array.from(Buffer.concat([Buffer.alloc(bytes), TextDigests.ofTexts(levels)]))
  levelDigests.set(levels, found)
  return found
}

/** Copies bytes; for a few of them a loop is faster than a view. */
const copy = (from: Uint8Array, start: number, to: Uint8Array, at: number, size: number): void => {
  if (size > 64) to.set(from.subarray(start, start + size), at)
  else for (let byte = 0; byte < size; byte++) to[at + byte] = from[start + byte]
}
