/** Columns in a scratch file, where each block of each column lies in one piece. */
import type { Scratch } from "@watertight/core"
import { Effect } from "effect"
import { type Numbers, isTexts } from "../../RowId.ts"
import { type Entry, type Lazy, type LazyTexts, blocks, isLazy, textBlocks } from "./columnar.ts"
import * as Utf8 from "./utf8.ts"

/** A block of a column in a scratch file. */
export interface Piece {
  readonly start: number
  readonly length: number
}

/** The bytes of an array. */
export const bytesOf = (values: Numbers): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** A column of pieces. */
export const inScratch = <V extends Numbers>(
  scratch: Scratch.Scratch,
  Values: { new (length: number): V },
  pieces: ReadonlyArray<Piece>
): Lazy<V> => {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return {
    Values,
    length,
    read: (start, into) => {
      let before = 0
      for (const piece of pieces) {
        const [first, last] = [Math.max(start, before), Math.min(start + into.length, before + piece.length)]
        if (first < last) {
          const at = piece.start + (first - before) * into.BYTES_PER_ELEMENT
          scratch.read(at, bytesOf(into.subarray(first - start, last - start)))
        }
        before += piece.length
      }
    },
    blocks: function* () {
      let block = new Values(0)
      for (const { length, start } of pieces) {
        if (block.length !== length) block = new Values(length)
        scratch.read(start, bytesOf(block))
        yield block
      }
    }
  }
}

/** Writes a column into a scratch file. */
export const column = Effect.fnUntraced(function* <V extends Numbers>(scratch: Scratch.Scratch, values: V, width = 1) {
  const Values = values.constructor as { new (length: number): V } // a typed array's constructor makes its own kind
  const pieces: Array<Piece> = []
  for (const block of blocks(values, width)) {
    pieces.push({ start: yield* scratch.append(bytesOf(block)), length: block.length })
  }
  return inScratch(scratch, Values, pieces)
})

/** A block of texts in a scratch file: where they end, and after that they. */
export interface TextPiece {
  readonly start: number
  readonly length: number
  readonly byteLength: number
}

/** Writes a block of texts. */
export const writeTexts = Effect.fnUntraced(function* (scratch: Scratch.Scratch, texts: ReadonlyArray<string>) {
  const { bytes, offsets } = Utf8.encode(texts)
  const start = yield* scratch.append(bytesOf(offsets))
  yield* scratch.append(bytes)
  return { start, length: texts.length, byteLength: bytes.byteLength }
})

/** A column of blocks of texts. */
export const textsInScratch = (scratch: Scratch.Scratch, pieces: ReadonlyArray<TextPiece>): LazyTexts => ({
  Values: Array,
  length: pieces.reduce((sum, { length }) => sum + length, 0),
  byteLength: pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
  blocks: function* () {
    for (const { byteLength, length, start } of pieces) {
      const offsets = new Int32Array(length + 1)
      const bytes = new Uint8Array(byteLength)
      scratch.read(start, bytesOf(offsets))
      scratch.read(start + offsets.byteLength, bytes)
      yield Utf8.decode({ bytes, offsets })
    }
  }
})

const textColumn = Effect.fnUntraced(function* (scratch: Scratch.Scratch, texts: ReadonlyArray<string>) {
  const pieces: Array<TextPiece> = []
  for (const block of textBlocks(texts)) pieces.push(yield* writeTexts(scratch, block))
  return textsInScratch(scratch, pieces)
})

/** Writes the columns that are in memory into one scratch file. */
export const spilled = Effect.fnUntraced(function* (
  scratch: Scratch.Scratch,
  columns: Readonly<Record<string, Entry>>,
  widthOf: (name: string) => number
) {
  const out: Record<string, Entry> = {}
  for (const [name, entry] of Object.entries(columns)) {
    if (isLazy(entry)) out[name] = entry
    else if (isTexts(entry)) out[name] = yield* textColumn(scratch, entry)
    else out[name] = yield* column(scratch, entry, widthOf(name))
  }
  return out
})
