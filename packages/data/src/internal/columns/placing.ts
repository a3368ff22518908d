/**
 * Columns put where they stay, in arrays with room for as many rows as are expected: memory that nobody touches takes none.
 * More rows make the arrays grow; those that become too large for memory go to a collector on disk.
 */
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import { idColumn } from "../../Table.ts"
import * as Shared from "../threads/shared.ts"
import type { Collector, Room } from "./collector.ts"
import { type Entry, blocks } from "./columnar.ts"
import * as Exact from "./exact.ts"

/** An array of a column, and how many rows it holds so far. */
interface Place {
  own: RowId.Numbers
  readonly width: number
  rows: number
}

/** A room is never smaller than this or what is wanted: DuckDB gives up to so many rows at a time. */
const fewest = 2048

/** Makes an array of a column, unless it is one of texts. */
const arrayFor = (column: Column.Column, rows: number): RowId.Numbers | undefined => {
  const complete = Column.complete(column)
  if (complete.kind === "text") return undefined
  if (complete.kind === "tensor") return Shared.like(Exact.arrayOf(complete.dtype, 0), rows * Column.width(complete))
  return complete.kind === "category" ? Shared.int32(rows) : Shared.float64(rows)
}

/** Makes arrays for so many rows. */
export const arraysFor = (columns: Columns, rows: number): Room => ({
  rows,
  stays: false,
  columns: Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, arrayFor(column, rows)]))
})

/** Counts the bytes of a block of a column in memory; for a text about its letters, and a header. */
export const bytesHeld = (values: RowId.Values): number =>
  RowId.isTexts(values) ? values.reduce((sum, text) => sum + text.length + 24, 0) : values.byteLength

/** What is in use of an array. */
const filled = ({ own, rows, width }: Place): RowId.Numbers => {
  const length = rows * width
  if (length === own.length) return own
  return Shared.isShared(own) ? own.subarray(0, length) : own.slice(0, length)
}

/** Makes a collector of blocks whose arrays may be used again. */
export const make = (columns: Columns, expected: number, inMemory: number, onDisk: Collector): Collector => {
  const places = new Map<string, Place>()
  const texts = new Map<string, { readonly parts: Array<ReadonlyArray<string>>; rows: number }>()
  let [capacity, kept, bytes] = [expected, 0, 0]
  let isOnDisk = false

  const placeOf = (name: string): Place | undefined => {
    const found = places.get(name)
    if (found !== undefined) return found
    const isId = name === idColumn
    const own = isId ? new Uint8Array(Shared.room(capacity * RowId.bytes)) : arrayFor(columns[name], capacity)
    if (own === undefined) return undefined
    const made = { own, width: isId ? RowId.bytes : Column.width(columns[name]), rows: 0 }
    places.set(name, made)
    return made
  }
  const grow = (rows: number): void => {
    capacity = Math.max(rows, 2 * capacity)
    for (const place of places.values()) {
      const larger = Shared.like(place.own, capacity * place.width)
      larger.set(filled(place))
      place.own = larger
    }
  }
  const textsOf = (name: string) => {
    const found = texts.get(name) ?? { parts: [], rows: 0 }
    texts.set(name, found)
    return found
  }
  const put = (name: string, values: RowId.Values, length: number): void => {
    bytes += bytesHeld(values)
    if (RowId.isTexts(values)) {
      const own = textsOf(name)
      own.parts.push(values)
      own.rows += length
      kept = Math.max(kept, own.rows)
      return
    }
    const place = placeOf(name) as Place // it holds no texts
    const rows = place.rows + length
    if (rows > capacity) grow(rows)
    if (values.buffer !== place.own.buffer) place.own.set(values, place.rows * place.width)
    place.rows = rows
    kept = Math.max(kept, rows)
  }
  const names = [...new Set([...Object.keys(columns), idColumn])]
  const move = Effect.gen(function* () {
    isOnDisk = true
    for (const name of names) {
      const place = places.get(name)
      const parts = texts.get(name)?.parts ?? (place === undefined ? [] : blocks(filled(place), place.width))
      for (const part of parts) yield* onDisk.add({ length: 0, columns: { [name]: part } })
    }
    places.clear()
    texts.clear()
  })
  return {
    room: (wanted) => {
      if (isOnDisk) return onDisk.room(wanted)
      const rows = Math.min(wanted, capacity - kept)
      if (rows < Math.min(wanted, fewest)) return arraysFor(columns, fewest)
      const view = (name: string) => {
        const place = placeOf(name)
        return [name, place?.own.subarray(kept * place.width, (kept + rows) * place.width)]
      }
      return { rows, stays: true, columns: Object.fromEntries(names.map(view)) }
    },
    add: Effect.fnUntraced(function* (block) {
      if (isOnDisk) return yield* onDisk.add(block)
      for (const [name, values] of Object.entries(block.columns)) put(name, values, block.length)
      if (bytes > inMemory) yield* move
    }),
    end: Effect.suspend(() => {
      if (isOnDisk) return onDisk.end
      const entryOf = (name: string): Entry | undefined => {
        const place = places.get(name)
        return texts.get(name)?.parts.flat() ?? (place === undefined ? undefined : filled(place))
      }
      const all = names.map((name) => [name, entryOf(name)] as const)
      return Effect.succeed(Object.fromEntries(all.filter((each): each is [string, Entry] => each[1] !== undefined)))
    })
  }
}
