/**
 * Texts as views, which Polars writes unless it is told not to: 16 bytes for each text, with its length and either the text
 * itself, where it is short, or its first bytes and in which buffer it lies where. Nothing a view says is believed. Read,
 * they lie one behind the other as texts of the type Utf8 do.
 */
import { Effect } from "effect"
import type { Body } from "./body.ts"
import { attempt, type Failure } from "./ipcError.ts"
import { type Part, viewBuffers } from "./layout.ts"

/** Rows of a part, whose views were read. */
export interface Rows {
  readonly part: Part
  /** Four numbers a row: a length, the first bytes, a buffer and a place in it; or a length and the text. */
  readonly views: Int32Array
  /** A 0 where a row is not there: its view may be anything. */
  readonly there: Uint8Array | undefined
}

/** Texts that are no longer lie in their views. */
const longestShort = 12

/** Texts are read together that start in the same piece of so many bytes (2 to this power) of a buffer. */
const pieceBits = 24

const most = 2 ** 31 - 1

const lengthAt = ({ there, views }: Rows, row: number): number => {
  const length = there?.[row] === 0 ? 0 : views[4 * row]
  if (length < 0) throw new Error("a text has no length")
  return length
}

/** Counts the bytes of all texts: they may lie over each other, and then be more than their buffers have. Throws. */
export const byteLength = (rows: Rows): number => {
  let bytes = 0
  for (let row = 0; 4 * row < rows.views.length; row++) bytes += lengthAt(rows, row)
  return bytes
}

/** Texts to be read together. */
interface Piece {
  readonly buffer: number
  start: number
  end: number
  /** The last of its rows; the one before each is noted elsewhere. */
  last: number
}

/** Finds what to read, and notes for each row the one before it in the same piece, or -1. */
const piecesOf = (rows: Rows, body: Body, before: Int32Array): Iterable<Piece> => {
  const { part, views } = rows
  const pieces = new Map<number, Piece>()
  for (let row = 0; row < before.length; row++) {
    const length = lengthAt(rows, row)
    if (length <= longestShort) continue
    const [index, start] = [views[4 * row + 2], views[4 * row + 3]]
    if (index < 0 || index >= part.buffers - viewBuffers) throw new Error("a text lies in a buffer that is not there")
    const buffer = part.buffer + viewBuffers + index
    const end = start + length
    if (start < 0 || end > body.byteLength(buffer)) throw new Error("a text lies outside its buffer")
    const key = index * 2 ** (31 - pieceBits) + (start >> pieceBits)
    const piece = pieces.get(key)
    before[row] = piece?.last ?? -1
    if (piece === undefined) pieces.set(key, { buffer, start, end, last: row })
    else {
      piece.start = Math.min(piece.start, start)
      piece.end = Math.max(piece.end, end)
      piece.last = row
    }
  }
  return pieces.values()
}

/** Copies the texts that lie in their views, and returns where all of them will start and end. */
const copyShort = (rows: Rows, data: Uint8Array): Int32Array => {
  const { buffer, byteLength, byteOffset, length } = rows.views
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  const offsets = new Int32Array(length / 4 + 1)
  for (let row = 0; 4 * row < length; row++) {
    const size = lengthAt(rows, row)
    const at = offsets[row]
    offsets[row + 1] = at + size
    if (size <= longestShort) for (let place = 0; place < size; place++) data[at + place] = bytes[16 * row + 4 + place]
  }
  return offsets
}

/** Copies the texts of a piece; each must start as its view says. */
const copyLong = (
  rows: Rows,
  { last, start }: Piece,
  before: Int32Array,
  bytes: Uint8Array,
  offsets: Int32Array,
  data: Uint8Array
): void => {
  const { views } = rows
  for (let row = last; row >= 0; row = before[row]) {
    const at = views[4 * row + 3] - start
    const first = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    if (first !== views[4 * row + 1]) throw new Error("a text starts otherwise than its view says")
    data.set(bytes.subarray(at, at + views[4 * row]), offsets[row])
  }
}

/** Reads the texts, as `apache-arrow` has texts of the type Utf8. */
export const read = Effect.fnUntraced(function* (
  rows: Rows,
  body: Body
): Effect.fn.Return<{ readonly valueOffsets: Int32Array; readonly data: Uint8Array }, Failure> {
  const before = new Int32Array(rows.views.length / 4)
  const pieces = yield* attempt(() => piecesOf(rows, body, before)) // which checks that texts lie where there are bytes
  const data = yield* attempt(() => {
    const bytes = byteLength(rows)
    if (bytes > most) throw new Error(`texts have ${bytes} bytes`)
    return new Uint8Array(bytes)
  })
  const valueOffsets = copyShort(rows, data)
  for (const piece of pieces) {
    const bytes = yield* body.read(piece.buffer, piece.start, piece.end, rows.part.buffer + viewBuffers)
    yield* attempt(() => copyLong(rows, piece, before, bytes, valueOffsets, data))
  }
  return { valueOffsets, data }
})
