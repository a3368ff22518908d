/**
 * Columns that come block by block. Where it is known how many rows will come, and they are few enough for memory, blocks
 * are read to where they stay; else they are put together at the end, or go to a scratch file as they come.
 */
import { Scratch } from "@watertight/core"
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import { idColumn } from "../../Table.ts"
import type { Entry } from "./columnar.ts"
import * as Exact from "./exact.ts"
import * as Spill from "./spill.ts"
import * as Tables from "./tables.ts"

/** Collects blocks of columns, and of ids under their name. */
export interface Collector {
  /** Gives arrays for the next block, of about so many rows. */
  readonly room: (rows: number) => Room
  /** Adds a block. What it has in the last room's arrays is kept there. */
  readonly add: (block: Block) => Effect.Effect<void, Scratch.ScratchError>
  /** Returns the columns. */
  readonly end: Effect.Effect<Readonly<Record<string, Entry>>>
}

/** Arrays for some rows; none for texts. */
export interface Room {
  readonly rows: number
  readonly columns: Readonly<Record<string, RowId.Numbers | undefined>>
}

/** Columns of as many rows. */
export interface Block {
  readonly length: number
  readonly columns: Readonly<Record<string, RowId.Values>>
}

/** A room is never smaller: DuckDB gives up to so many rows at a time. */
const fewest = 2048

/** Makes a collector; `expected` is how many rows will come at most, where that is known. */
export const make = Effect.fnUntraced(function* (columns: Columns, expected: number | undefined) {
  const { inMemory } = yield* Scratch.Settings
  const hasTexts = Object.values(columns).some(({ kind }) => kind === "text")
  const isKnown = expected !== undefined && !hasTexts && Tables.bytes({ columns, length: expected }) <= inMemory
  return isKnown ? inPlace(columns, expected) : growing(columns, inMemory)
})

const arrayFor = (column: Column.Column, rows: number): RowId.Numbers | undefined => {
  const complete = Column.complete(column)
  if (complete.kind === "text") return undefined
  if (complete.kind === "tensor") return Exact.arrayOf(complete.dtype, rows * Column.width(complete))
  return complete.kind === "category" ? new Int32Array(rows) : new Float64Array(rows)
}

const arraysFor = (columns: Columns, rows: number): Room => ({
  rows,
  columns: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, arrayFor(column, rows)]))
})

const inPlace = (columns: Columns, length: number): Collector => {
  const all = Object.entries(arraysFor(columns, length).columns).flatMap(([name, own]) =>
    own === undefined ? [] : [{ name, own, width: Column.width(columns[name]) }]
  )
  all.push({ name: idColumn, own: new Uint8Array(length * RowId.bytes), width: RowId.bytes })
  let kept = 0
  return {
    room: (wanted) => {
      const rows = Math.min(wanted, length - kept)
      if (rows < fewest) return arraysFor(columns, fewest)
      const views = all.map(({ name, own, width }) => [name, own.subarray(kept * width, (kept + rows) * width)])
      return { rows, columns: Object.fromEntries(views) }
    },
    add: (block) =>
      Effect.sync(() => {
        for (const { name, own, width } of all) {
          const values = block.columns[name] as RowId.Numbers // there are no texts
          if (values.buffer !== own.buffer) own.set(values, kept * width)
        }
        kept += block.length
      }),
    end: Effect.sync(() =>
      Object.fromEntries(all.map(({ name, own, width }) => [name, kept === length ? own : own.slice(0, kept * width)]))
    )
  }
}

/** An array of its own for each part of a column, or for all. */
const joined = (parts: ReadonlyArray<RowId.Numbers>): RowId.Numbers => {
  if (parts.length === 1 && parts[0].byteLength === parts[0].buffer.byteLength) return parts[0]
  const Values = parts[0].constructor as { new (length: number): RowId.Numbers } // a typed array's constructor makes its own kind
  const all = new Values(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** About what texts take in memory: their letters, and a header each. */
const bytesOfTexts = (texts: ReadonlyArray<string>): number => texts.reduce((sum, text) => sum + text.length + 24, 0)

const growing = (columns: Columns, inMemory: number): Collector => {
  const texts = new Map<string, Array<ReadonlyArray<string>>>()
  const textPieces = new Map<string, Array<Spill.TextPiece>>()
  const held = new Map<string, Array<RowId.Numbers>>()
  const pieces = new Map<
    string,
    { readonly Values: { new (length: number): RowId.Numbers }; readonly all: Array<Spill.Piece> }
  >()
  let bytes = 0
  let scratch: Scratch.Scratch | undefined
  let spare: Room | undefined

  const write = Effect.fnUntraced(function* (file: Scratch.Scratch, name: string, values: RowId.Numbers) {
    const start = yield* file.append(Spill.bytesOf(values))
    const Values = values.constructor as { new (length: number): RowId.Numbers } // a typed array's constructor makes its own kind
    const own = pieces.get(name) ?? { Values, all: [] }
    own.all.push({ start, length: values.length })
    pieces.set(name, own)
  })
  const writeTexts = Effect.fnUntraced(function* (file: Scratch.Scratch, name: string, values: ReadonlyArray<string>) {
    textPieces.set(name, [...(textPieces.get(name) ?? []), yield* Spill.writeTexts(file, values)])
  })
  const flush = Effect.fnUntraced(function* (file: Scratch.Scratch) {
    for (const [name, parts] of texts) for (const part of parts) yield* writeTexts(file, name, part)
    texts.clear()
    for (const [name, parts] of held) for (const part of parts) yield* write(file, name, part)
    held.clear()
  })
  return {
    room: (rows) => {
      spare = scratch !== undefined && spare?.rows === rows ? spare : arraysFor(columns, rows)
      return spare
    },
    add: Effect.fnUntraced(function* (block) {
      for (const [name, values] of Object.entries(block.columns)) {
        if (RowId.isTexts(values)) {
          if (scratch !== undefined) yield* writeTexts(scratch, name, values)
          else texts.set(name, [...(texts.get(name) ?? []), values])
          bytes += bytesOfTexts(values)
        } else if (scratch !== undefined) yield* write(scratch, name, values)
        else {
          held.set(name, [...(held.get(name) ?? []), values])
          bytes += values.byteLength
        }
      }
      if (scratch === undefined && bytes > inMemory) {
        scratch = yield* Scratch.make
        yield* flush(scratch)
      }
    }),
    end: Effect.sync(() => {
      const file = scratch
      const found: Record<string, Entry> = {}
      for (const [name, parts] of texts) found[name] = parts.flat()
      for (const [name, parts] of held) found[name] = joined(parts)
      if (file !== undefined) {
        for (const [name, { Values, all }] of pieces) found[name] = Spill.inScratch(file, Values, all)
        for (const [name, all] of textPieces) found[name] = Spill.textsInScratch(file, all)
      }
      const names = [...Object.keys(columns), idColumn].filter((name) => name in found)
      return Object.fromEntries(names.map((name) => [name, found[name]]))
    })
  }
}
