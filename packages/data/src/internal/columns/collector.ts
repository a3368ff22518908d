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
import * as Shared from "../threads/shared.ts"
import * as Spill from "./spill.ts"
import * as Tables from "./tables.ts"

/** Collects blocks of columns, and of ids under their name. */
export interface Collector {
  /** Gives arrays for the next block, of about so many rows. */
  readonly room: (rows: number) => Room
  /** Adds a block, of all columns or some: ids may come later. What it has in the last room's arrays is kept there. */
  readonly add: (block: Block) => Effect.Effect<void, Scratch.ScratchError>
  /** Returns the columns. */
  readonly end: Effect.Effect<Readonly<Record<string, Entry>>>
}

/** Arrays for some rows; none for texts. */
export interface Room {
  readonly rows: number
  readonly columns: Readonly<Record<string, RowId.Numbers | undefined>>
  /** Whether what is added of these arrays stays in them as it is. */
  readonly stays: boolean
}

/** Columns of as many rows. */
export interface Block {
  readonly length: number
  readonly columns: Readonly<Record<string, RowId.Values>>
}

/** A room is never smaller than this or what is wanted: DuckDB gives up to so many rows at a time. */
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
  if (complete.kind === "tensor") return Shared.like(Exact.arrayOf(complete.dtype, 0), rows * Column.width(complete))
  return complete.kind === "category" ? Shared.int32(rows) : Shared.float64(rows)
}

const arraysFor = (columns: Columns, rows: number): Room => ({
  rows,
  stays: false,
  columns: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, arrayFor(column, rows)]))
})

const inPlace = (columns: Columns, length: number): Collector => {
  const all = Object.entries(arraysFor(columns, length).columns).flatMap(([name, own]) =>
    own === undefined ? [] : [{ name, own, width: Column.width(columns[name]) }]
  )
  all.push({ name: idColumn, own: new Uint8Array(Shared.room(length * RowId.bytes)), width: RowId.bytes })
  const rowsOf = new Map<string, number>()
  let kept = 0
  return {
    room: (wanted) => {
      const rows = Math.min(wanted, length - kept)
      if (rows < Math.min(wanted, fewest)) return arraysFor(columns, fewest)
      const views = all.map(({ name, own, width }) => [name, own.subarray(kept * width, (kept + rows) * width)])
      return { rows, stays: true, columns: Object.fromEntries(views) }
    },
    add: (block) =>
      Effect.sync(() => {
        for (const { name, own, width } of all) {
          const values = block.columns[name] as RowId.Numbers | undefined // there are no texts
          if (values === undefined) continue
          const before = rowsOf.get(name) ?? 0
          if (values.buffer !== own.buffer) own.set(values, before * width)
          rowsOf.set(name, before + block.length)
          kept = Math.max(kept, before + block.length)
        }
      }),
    end: Effect.sync(() =>
      Object.fromEntries(all.map(({ name, own, width }) => [name, kept === length ? own : own.slice(0, kept * width)]))
    )
  }
}

/** An array of its own for each part of a column, or for all. */
const inOne = (blocks: ReadonlyArray<RowId.Values>): RowId.Values => {
  if (blocks.every(RowId.isTexts)) return blocks.flat()
  const parts = blocks as ReadonlyArray<RowId.Numbers> // as the first
  if (parts.length === 1 && parts[0].byteLength === parts[0].buffer.byteLength) return parts[0]
  const all = Shared.like(
    parts[0],
    parts.reduce((sum, part) => sum + part.length, 0)
  )
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
  const held = new Map<string, Array<RowId.Values>>()
  const writers = new Map<string, Spill.Writer>()
  let bytes = 0
  let scratch: Scratch.Scratch | undefined
  let spare: Room | undefined

  const write = Effect.fnUntraced(function* (file: Scratch.Scratch, name: string, values: RowId.Values) {
    const writer = writers.get(name) ?? Spill.writer(file, values)
    writers.set(name, writer)
    yield* writer.add(values)
  })
  return {
    room: (rows) => {
      spare = scratch !== undefined && spare?.rows === rows ? spare : arraysFor(columns, rows)
      return spare
    },
    add: Effect.fnUntraced(function* (block) {
      for (const [name, values] of Object.entries(block.columns)) {
        if (scratch !== undefined) {
          yield* write(scratch, name, values)
          continue
        }
        const parts = held.get(name) ?? []
        parts.push(values)
        held.set(name, parts)
        bytes += RowId.isTexts(values) ? bytesOfTexts(values) : values.byteLength
      }
      if (scratch !== undefined || bytes <= inMemory) return
      scratch = yield* Scratch.make
      for (const [name, parts] of held) for (const part of parts) yield* write(scratch, name, part)
      held.clear()
    }),
    end: Effect.sync(() => {
      const entryOf = (name: string) => writers.get(name)?.end() ?? inOne(held.get(name) ?? [])
      const names = [...held.keys(), ...writers.keys()] // which columns lie where does not change their order
      const declared = Object.keys(columns).filter((name) => names.includes(name))
      return Object.fromEntries(
        [...new Set([...declared, ...names])].map((name): [string, Entry] => [name, entryOf(name)])
      )
    })
  }
}
