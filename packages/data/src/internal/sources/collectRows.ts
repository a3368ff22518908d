/**
 * Rows that come some at a time, as objects: a table of them, or their digest, in the memory of a block. Where blocks end
 * does not change what comes out, nor how many rows come at a time.
 */
import { Digest, Event } from "@watertight/core"
import { Effect, type Scope } from "effect"
import { createHash } from "node:crypto"
import type { Columns } from "../../Columns.ts"
import type { Bad, SourceError } from "../../sources/SourceError.ts"
import * as Quarantine from "../../sources/Quarantine.ts"
import * as Collector from "../columns/collector.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Builder from "../rows/builder.ts"
import * as DecodeRows from "./decodeRows.ts"
import * as SetAside from "./setAside.ts"

/** Where rows come from. */
export interface Feed<E, R> {
  /** How many there are, where that is known. */
  readonly rows?: () => number
  /** How instants are read. */
  readonly instantOf?: typeof DecodeRows.instant
  /** Gives all rows in order, some at a time, and no further ones before these were taken. */
  readonly each: <E2, R2>(
    take: (rows: ReadonlyArray<unknown>) => Effect.Effect<void, E2, R2>
  ) => Effect.Effect<void, E | E2, R | R2>
}

/** What takes blocks of rows. */
interface Sink<E> {
  readonly room: (rows: number) => Collector.Room
  readonly add: (block: DecodeRows.Decoded) => Effect.Effect<void, E, Scope.Scope>
}

/** So many rows come before it is told how many. */
const tellAfter = 4096

/** Reads all rows and returns how many there were. */
const read = Effect.fnUntraced(function* <E, R, E2>(
  columns: Columns,
  feed: Feed<E, R>,
  sink: Sink<E2>,
  refuse: DecodeRows.Refuse
) {
  const decoder = DecodeRows.decoder(columns, refuse, feed.instantOf)
  const rows = feed.rows?.()
  const blockRows = Builder.blockRows(columns, rows, 1)
  let [taken, told, isBegun] = [0, 0, false]
  const begin = () => {
    if (!isBegun) decoder.begin(sink.room(rows === undefined ? blockRows : Math.min(blockRows, rows - taken)))
    isBegun = true
  }
  const end = Effect.suspend(() => {
    isBegun = false
    return sink.add(decoder.block())
  })
  const tell = (least: number) => {
    if (taken - told < least || taken <= tellAfter) return Effect.void
    told = taken
    return Event.progress(taken, rows, "rows")
  }
  yield* feed.each(
    Effect.fnUntraced(function* (some: ReadonlyArray<unknown>) {
      for (let at = 0; at < some.length;) {
        begin()
        const before = at
        at = decoder.take(some, at)
        taken += at - before
        if (decoder.isFull()) yield* end
        yield* tell(tellAfter)
      }
    })
  )
  if (taken === 0) begin()
  if (isBegun) yield* end
  yield* tell(1)
  return taken
})

/** Computes the digest of all rows; those that are too many for memory wait for it on disk. */
export const digest = Effect.fnUntraced(function* <E, R>(
  columns: Columns,
  feed: Feed<E, R>,
  file: string
): Effect.fn.Return<Digest.Digest, SourceError | E, R> {
  const collector = yield* Collector.make(columns, undefined)
  const hasher = createHash("sha256")
  let isGood = true
  const refuse = ({ column, row, value }: Bad) => {
    isGood = false
    hasher.update(`${row} ${column} ${value}\n`)
  }
  const add = (block: Collector.Block) => Effect.mapError(collector.add(block), Builder.noRoom(file))
  const length = yield* Effect.scoped(read(columns, feed, { room: collector.room, add }, refuse))
  const entries = Object.entries(yield* collector.end)
  const values = entries.map(([name, own]) => [name, Columnar.isLazy(own) ? Digest.inBlocks(own) : own])
  return Digest.of({ length, values, bad: isGood ? null : hasher.digest("hex") })
})

/** What came, and which cells are wrong. */
export interface Collected<C extends Columns> {
  readonly length: number
  /** The first that are wrong, where bad rows fail; then the table is to be used only when there was none. */
  readonly bad: ReadonlyArray<Bad>
  readonly sorted: Quarantine.Sorted<C>
}

/** So many cells an error lists. */
const listed = 1000

/** Makes a table of all rows, or of those that are not bad. */
export const collect = Effect.fnUntraced(function* <C extends Columns, E, R>(
  columns: C,
  feed: Feed<E, R>,
  file: string,
  onBadRow: Quarantine.OnBadRow
): Effect.fn.Return<Collected<C>, SourceError | E, R> {
  const builder = yield* Builder.make(columns, { file, rows: feed.rows?.() })
  const tally = Quarantine.counting()
  const bad: Array<Bad> = []
  const refuse = (each: Bad, isFirst: boolean): void => {
    if (onBadRow === "fail" && bad.length < listed) bad.push(each)
    if (isFirst) tally.add(leftOf(file, each))
  }
  const add = ({ columns, left, length }: DecodeRows.Decoded) =>
    bad.length > 0 ? Effect.void : builder.add(columns, length, left)
  const reading = read(columns, feed, { room: builder.room, add }, refuse)
  const sorted = Effect.flatMap(reading, (length) =>
    Effect.map(builder.end, (table) => ({ length, bad, sorted: { table, quarantine: tally.of(length) } }))
  )
  return yield* Effect.scoped(sorted)
})

const leftOf = (file: string, { column, expected, row, value }: Bad) => ({
  reason: column === "" ? "no row of this table" : SetAside.because(column),
  row: { file, row, column, value, reason: `is not ${expected}` }
})
