/** Ids of many rows: `RowId.ofContent`, computed by threads on copies of the rows. A copy costs a twentieth of an id. */
import { Effect } from "effect"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Threads from "../threads/pool.ts"
import type { Rows } from "./hashing.ts"

type Content = Readonly<Record<string, RowId.Values>>

/** The ids of fewer rows are computed before a thread has started. */
export const fewest = 2 ** 18

/** Of fewer rows that are read from a file they are not worth the memory of threads. */
export const fewestRead = 2 ** 19

/** A task has at most this many rows. */
const taskRows = 2 ** 16

const hashing = Threads.beside(import.meta.url, "hashing")

const ofCopy = (columns: Columns, values: Content, all: number, start: number): Effect.Effect<Uint8Array> => {
  const length = Math.min(taskRows, all - start)
  const copies = Object.keys(columns).map((name) => {
    const width = values[name].length / all
    return [name, values[name].slice(start * width, (start + length) * width)] as const
  })
  const rows: Rows = { columns, values: Object.fromEntries(copies), length }
  const arrays = copies.flatMap(([, copy]) => (RowId.isTexts(copy) ? [] : [copy.buffer as ArrayBuffer])) // of a slice
  return Threads.call<Uint8Array>(hashing, rows, arrays)
}

const starts = (length: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(length / taskRows) }, (_, task) => task * taskRows)

/** Copies a block of rows at once, and computes their ids when it is run. */
export const ofBlock = (columns: Columns, values: Content, length: number): Effect.Effect<Uint8Array> => {
  const parts = starts(length).map((start) => ofCopy(columns, values, length, start))
  return Effect.map(Effect.all(parts, { concurrency: "unbounded" }), joined)
}

/** Computes ids of rows in memory. */
export const ofContent = Effect.fnUntraced(function* (columns: Columns, values: Content, length: number) {
  if (length < fewest || !(yield* Threads.areUseful)) return RowId.ofContent(columns, values, length)
  const ids = (start: number) => Effect.suspend(() => ofCopy(columns, values, length, start))
  return joined(yield* Effect.forEach(starts(length), ids, { concurrency: 1 + (yield* Threads.size) }))
})

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
