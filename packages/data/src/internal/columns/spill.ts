/**
 * Columns that grow block by block: in memory while they are small, and else in a scratch file, where each block of each
 * column lies in one piece.
 */
import { Scratch } from "@watertight/core"
import { Effect } from "effect"
import { type Numbers, type Values, isTexts } from "../../RowId.ts"
import * as Shared from "../threads/shared.ts"
import { type Entry, type Lazy, blocks, isLazy } from "./columnar.ts"

/** A block of a column in a scratch file. */
interface Piece {
  readonly start: number
  readonly length: number
}

const bytesOf = (values: Numbers): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

const inScratch = <V extends Numbers>(
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

/** Collects blocks of columns. */
export interface Collector {
  /** Adds a block of every column, and tells whether its arrays of numbers may be used again: else they are kept. */
  readonly add: (block: Readonly<Record<string, Values>>) => Effect.Effect<boolean, Scratch.ScratchError>
  /** Returns the columns. */
  readonly end: Effect.Effect<Readonly<Record<string, Entry>>>
}

const joined = (parts: ReadonlyArray<Numbers>): Numbers => {
  if (parts.length === 1) return parts[0]
  const all = Shared.like(
    parts[0],
    parts.reduce((sum, part) => sum + part.length, 0)
  )
  let at = 0
  for (const part of parts) {
    all.set(part as never, at) // blocks of a column are of one type
    at += part.length
  }
  return all
}

/** Makes a collector. */
export const collector: Effect.Effect<Collector> = Effect.gen(function* () {
  const { inMemory } = yield* Scratch.Settings
  const texts = new Map<string, Array<ReadonlyArray<string>>>()
  const held = new Map<string, Array<Numbers>>()
  const pieces = new Map<string, { readonly Values: { new (length: number): Numbers }; readonly all: Array<Piece> }>()
  let bytes = 0
  let scratch: Scratch.Scratch | undefined

  const write = Effect.fnUntraced(function* (file: Scratch.Scratch, name: string, values: Numbers) {
    const start = yield* file.append(bytesOf(values))
    const Values = values.constructor as { new (length: number): Numbers } // a typed array's constructor makes its own kind
    const own = pieces.get(name) ?? { Values, all: [] }
    own.all.push({ start, length: values.length })
    pieces.set(name, own)
  })
  const flush = Effect.fnUntraced(function* (file: Scratch.Scratch) {
    for (const [name, parts] of held) for (const part of parts) yield* write(file, name, part)
    held.clear()
  })
  return {
    add: Effect.fnUntraced(function* (block) {
      for (const [name, values] of Object.entries(block)) {
        if (isTexts(values)) texts.set(name, [...(texts.get(name) ?? []), values])
        else if (scratch !== undefined) yield* write(scratch, name, values)
        else {
          held.set(name, [...(held.get(name) ?? []), values])
          bytes += values.byteLength
        }
      }
      if (scratch === undefined && bytes > inMemory) {
        scratch = yield* Scratch.make
        yield* flush(scratch)
      }
      return scratch !== undefined
    }),
    end: Effect.sync(() => {
      const file = scratch
      const columns: Record<string, Entry> = {}
      for (const [name, parts] of texts) columns[name] = parts.flat()
      for (const [name, parts] of held) columns[name] = joined(parts)
      if (file !== undefined) {
        for (const [name, { Values, all }] of pieces) columns[name] = inScratch(file, Values, all)
      }
      return columns
    })
  }
})

/** Writes the columns that are in memory into one scratch file. */
export const spilled = Effect.fnUntraced(function* (
  scratch: Scratch.Scratch,
  columns: Readonly<Record<string, Entry>>,
  widthOf: (name: string) => number
) {
  const out: Record<string, Entry> = {}
  for (const [name, entry] of Object.entries(columns)) {
    out[name] = isLazy(entry) || isTexts(entry) ? entry : yield* column(scratch, entry, widthOf(name))
  }
  return out
})
