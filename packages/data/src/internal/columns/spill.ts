/** Columns in a scratch file, where each block of each column lies in one piece. */
import type { Scratch } from "@watertight/core"
import { Effect } from "effect"
import { type Numbers, type Values, isTexts } from "../../RowId.ts"
import { type Entry, type Lazy, type LazyTexts, blocks, isLazy, textBlocks } from "./columnar.ts"
import { bytesOf } from "./bytes.ts"
import { within } from "./chain.ts"
import * as Utf8 from "./utf8.ts"

/** A block of a column in a scratch file. */
interface Piece {
  readonly start: number
  readonly length: number
}

const inScratch = <V extends Numbers>(
  scratch: Scratch.Scratch,
  Values: { new (length: number): V },
  pieces: ReadonlyArray<Piece>
): Lazy<V> => {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return {
    Values,
    length,
    read: (start, into) =>
      within(pieces, start, into, (piece, from, own) =>
        scratch.read(piece.start + from * own.BYTES_PER_ELEMENT, bytesOf(own))
      ),
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

/** Texts of a block: where they end, and after that they. */
interface TextPiece extends Piece {
  readonly byteLength: number
}

const textsInScratch = (scratch: Scratch.Scratch, pieces: ReadonlyArray<TextPiece>): LazyTexts => ({
  Values: Array,
  length: pieces.reduce((sum, { length }) => sum + length, 0),
  byteLength: pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
  blocks: function* () {
    for (const { byteLength, length, start } of pieces) {
      const all = new Uint8Array(byteLength)
      scratch.read(start, all)
      const offsets = new Int32Array(all.buffer, 0, length + 1)
      yield Utf8.decode({ bytes: all.subarray(offsets.byteLength), offsets })
    }
  }
})

/** Writes a column block by block. */
export interface Writer {
  readonly add: (block: Values) => Effect.Effect<void, Scratch.ScratchError>
  readonly end: () => Entry
}

/** Makes a writer of columns like one. */
export const writer = (scratch: Scratch.Scratch, like: Values): Writer => {
  const pieces: Array<TextPiece> = []
  const Values = like.constructor as { new (length: number): Numbers } // unless they are texts
  return {
    add: Effect.fnUntraced(function* (block) {
      for (const part of isTexts(block) ? textBlocks(block) : [block]) {
        const bytes = isTexts(part) ? Utf8.together(Utf8.encode(part)) : bytesOf(part)
        pieces.push({ start: yield* scratch.append(bytes), length: part.length, byteLength: bytes.byteLength })
      }
    }),
    end: () => (isTexts(like) ? textsInScratch(scratch, pieces) : inScratch(scratch, Values, pieces))
  }
}

/** Writes the columns that are in memory into one scratch file. */
export const spilled = Effect.fnUntraced(function* (
  scratch: Scratch.Scratch,
  columns: Readonly<Record<string, Entry>>,
  widthOf: (name: string) => number
) {
  const out: Record<string, Entry> = {}
  for (const [name, entry] of Object.entries(columns)) {
    if (isLazy(entry)) {
      out[name] = entry
      continue
    }
    const { add, end } = writer(scratch, entry)
    for (const block of isTexts(entry) ? [entry] : blocks(entry, widthOf(name))) yield* add(block)
    out[name] = end()
  }
  return out
})
