/**
 * Columns that come block by block. Where it is known how many rows will come, or about how many, and they are few enough
 * for memory, blocks go to where they stay; else they are put together at the end, or go to a scratch file as they come.
 */
import { Scratch } from "@watertight/core"
import { Effect } from "effect"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import type { Entry } from "./columnar.ts"
import * as Shared from "../threads/shared.ts"
import * as Placing from "./placing.ts"
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

/** Makes a collector; `expected` is how many rows will come at most, where that is known. */
export const make = Effect.fnUntraced(function* (columns: Columns, expected: number | undefined) {
  const { inMemory } = yield* Scratch.Settings
  return expected !== undefined && Tables.bytes({ columns, length: expected }) <= inMemory
    ? Placing.make(columns, expected, inMemory, growing(columns, 0))
    : growing(columns, inMemory)
})

/** Makes a collector of blocks whose arrays are used again; about so many rows will come. */
export const makeAbout = Effect.fnUntraced(function* (columns: Columns, rows: number) {
  const { inMemory } = yield* Scratch.Settings
  const most = Math.ceil(inMemory / Tables.bytes({ columns, length: 1 }))
  return Placing.make(columns, Math.min(rows, most), inMemory, growing(columns, 0))
})

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
      spare = scratch !== undefined && spare?.rows === rows ? spare : Placing.arraysFor(columns, rows)
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
        bytes += Placing.bytesHeld(values)
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
