/**
 * Ids of many rows: `RowId.ofContent`, computed by threads on the rows where they lie, if that is in shared memory and they
 * stay as they are, and else on copies.
 */
import { Effect } from "effect"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Threads from "../threads/pool.ts"
import * as Shared from "../threads/shared.ts"
import type { Rows } from "./hashing.ts"

type Content = Readonly<Record<string, RowId.Values>>

/** The ids of fewer rows are computed before a thread has started. */
export const fewest = 2 ** 18

/** Of fewer rows that are read from a file they are not worth the memory of threads. */
export const fewestRead = 2 ** 19

/** A task has at most this many rows. */
const taskRows = 2 ** 16

const hashing = Threads.beside(import.meta.url, "hashing")

const ofPart = (
  columns: Columns,
  values: Content,
  all: number,
  start: number,
  stay: boolean,
  into: Uint8Array | undefined
): Effect.Effect<Uint8Array> => {
  const length = Math.min(taskRows, all - start)
  const parts = Object.keys(columns).map((name) => {
    const own = values[name]
    const width = own.length / all
    const [from, to] = [start * width, (start + length) * width]
    const isShared = stay && !RowId.isTexts(own) && Shared.isShared(own)
    return { name, isShared, part: isShared ? own.subarray(from, to) : own.slice(from, to) }
  })
  const own = into?.subarray(start * RowId.bytes, (start + length) * RowId.bytes)
  const rows: Rows = {
    columns,
    values: Object.fromEntries(parts.map(({ name, part }) => [name, part])),
    length,
    ...(own === undefined ? {} : { into: own })
  }
  const copies = parts.flatMap(
    ({ isShared, part }) => (isShared || RowId.isTexts(part) ? [] : [part.buffer as ArrayBuffer]) // of a slice
  )
  return Effect.map(Threads.call<Uint8Array | undefined>(hashing, rows, copies), (ids) => ids ?? (own as Uint8Array)) // one of both
}

const starts = (length: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(length / taskRows) }, (_, task) => task * taskRows)

/**
 * Computes the ids of a block when it is run, in shared memory where it is given; a block that does not `stay` as it is is
 * copied at once.
 */
export const ofBlock = (
  columns: Columns,
  values: Content,
  length: number,
  stay: boolean,
  into?: Uint8Array
): Effect.Effect<Uint8Array> => {
  const parts = starts(length).map((start) => ofPart(columns, values, length, start, stay, into))
  return Effect.map(
    Effect.all(parts, { concurrency: "unbounded" }),
    (ids) => into?.subarray(0, length * RowId.bytes) ?? joined(ids)
  )
}

/** Computes ids of rows in memory. */
export const ofContent = Effect.fnUntraced(function* (columns: Columns, values: Content, length: number) {
  if (length < fewest || !(yield* Threads.areUseful)) return RowId.ofContent(columns, values, length)
  const all = new Uint8Array(Shared.room(length * RowId.bytes))
  const ids = (start: number) => Effect.suspend(() => ofPart(columns, values, length, start, true, all))
  yield* Effect.forEach(starts(length), ids, { concurrency: 1 + (yield* Threads.size) })
  return all
})

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (parts.length === 1) return parts[0]
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
