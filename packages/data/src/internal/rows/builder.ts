/**
 * A table built block by block: values are looked at before anything is made of them, ids are computed as rows pass, and
 * what is too large for memory goes to a scratch file.
 */
import type { Scratch } from "@watertight/core"
import { Effect, Fiber, type Scope } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import { SourceError } from "../../sources/SourceError.ts"
import { type Table, idColumn } from "../../Table.ts"
import * as Cells from "../columns/cells.ts"
import * as Collector from "../columns/collector.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Tables from "../columns/tables.ts"
import * as Threads from "../threads/pool.ts"
import * as Shared from "../threads/shared.ts"
import * as Ids from "./ids.ts"

/** Takes a table's rows in their order. */
export interface Builder<C extends Columns> {
  /** Gives arrays for the next block, of about so many rows; they are used again unless its `stays` says otherwise. */
  readonly room: (rows: number) => Collector.Room
  /** Adds a block of so many rows without those at the places `left`, which ascend. Fails where a column cannot hold its values. */
  readonly add: (
    values: Readonly<Record<string, RowId.Values>>,
    length: number,
    left?: ReadonlyArray<number>
  ) => Effect.Effect<void, SourceError, Scope.Scope>
  /** Returns the table. */
  readonly end: Effect.Effect<Table<C>, SourceError>
}

/** What a builder may know beforehand. */
export interface Options {
  /** The file that errors are about. */
  readonly file: string
  /** How many rows will come at most, where that is known. */
  readonly rows?: number | undefined
}

/** A block takes about this many bytes. */
const blockBytes = 1 << 24

/** DuckDB gives up to so many rows at a time, and a block has at least as many. */
const fewest = 2048

/** How many rows a block should have, at least so many. */
export const blockRows = (columns: Columns, rows: number | undefined, least = fewest): number => {
  const most = Math.min(Columnar.blockSize, Math.floor(blockBytes / Tables.bytes({ columns, length: 1 })))
  return Math.max(least, Math.min(most, rows ?? most))
}

/** Ids of this many blocks are computed while the next block is read; each has a copy of its rows. */
const ahead = 1

/** Refuses a column that is called as the ids are. */
export const reserved = (file: string): SourceError => badColumn(file, idColumn, "has a reserved name; choose another")

const badColumn = (file: string, column: string, reason: string): SourceError => {
  const detail = `Column "${column}" ${reason}`
  return new SourceError({ file, problem: "bad columns", detail, hint: "Declare it otherwise.", column })
}

/** Says that what is too large for memory has no place on disk either. */
export const noRoom =
  (file: string) =>
  ({ folder, reason }: Scratch.ScratchError): SourceError => {
    const detail = `is too large for memory, and no scratch file could be written in ${folder} (${reason})`
    const hint = "Free space there, or run with --store in a folder on a larger disk."
    return new SourceError({ file, problem: "no scratch space", detail, hint })
  }

/** The places of a block's rows that are not left out. */
const without = (length: number, left: ReadonlyArray<number>): Uint32Array => {
  const isLeft = new Set(left)
  return Uint32Array.from({ length }, (_, row) => row).filter((row) => !isLeft.has(row))
}

/** Where the ids of the rows in a room stay, if threads can write them there. */
const sharedIds = (room: Collector.Room | undefined, length: number): Uint8Array | undefined => {
  const ids = room?.columns[idColumn]
  return ids instanceof Uint8Array && Shared.isShared(ids) && length <= ids.length / RowId.bytes ? ids : undefined
}

/** Makes a builder of tables with these columns. Fails where one is called as the ids are. */
export const make = Effect.fnUntraced(function* <C extends Columns>(
  columns: C,
  { file, rows }: Options
): Effect.fn.Return<Builder<C>, SourceError> {
  if (idColumn in columns) return yield* reserved(file)
  const collector = yield* Collector.make(columns, rows)
  const areUseful = yield* Threads.areUseful
  const computing: Array<Fiber.Fiber<Uint8Array>> = []
  const collect = (block: Collector.Block) => Effect.mapError(collector.add(block), noRoom(file))
  const addIds = Effect.fnUntraced(function* (left: number) {
    for (const fiber of computing.splice(0, computing.length - left)) {
      const ids = yield* Fiber.join(fiber)
      yield* collect({ length: ids.length / RowId.bytes, columns: { [idColumn]: ids } })
    }
  })
  let kept = 0
  let room: Collector.Room | undefined
  return {
    room: (wanted) => (room = collector.room(wanted)),
    add: Effect.fnUntraced(function* (block, all, left = []) {
      if (left.length === all && kept > 0) return
      const places = left.length === 0 ? undefined : without(all, left)
      const length = all - left.length
      const values: Record<string, RowId.Values> = {}
      for (const [name, column] of Object.entries(columns)) {
        const own =
          places === undefined ? block[name] : Columnar.whole(Columnar.taken(block[name], Column.width(column), places))
        const reason = Cells.defect(column, own, length, kept)
        if (reason !== undefined) return yield* badColumn(file, name, reason)
        values[name] = Cells.withOneNaN(column, own)
      }
      const isMany = areUseful && (rows ?? kept + all) >= Ids.fewestRead
      const ids = isMany
        ? Ids.ofBlock(columns, values, length, room?.stays ?? false, sharedIds(room, length))
        : Effect.succeed(RowId.ofContent(columns, values, length))
      room = undefined
      computing.push(yield* Effect.forkScoped(ids))
      yield* addIds(isMany ? ahead : 0)
      yield* collect({ length, columns: values })
      kept += length
    }),
    end: Effect.gen(function* () {
      yield* addIds(0)
      const { [idColumn]: ids, ...values } = yield* collector.end
      const entry = (ids ?? new Uint8Array(0)) as Columnar.Entry<Uint8Array> // added above
      return Tables.fromEntries(columns, Columnar.make(values), kept, entry)
    })
  }
})
