/**
 * A table out of a query's result, block by block: ids are computed as rows pass, and what is too large for memory goes to
 * a scratch file. What is in a block is looked at before anything is made of it.
 */
import { Event, type Scratch } from "@watertight/core"
import { Effect, Fiber, type Scope } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import type { OnBadRow } from "../../sources/Quarantine.ts"
import { SourceError } from "../../sources/SourceError.ts"
import { type Table, idColumn } from "../../Table.ts"
import * as Cells from "../columns/cells.ts"
import * as Collector from "../columns/collector.ts"
import * as Columnar from "../columns/columnar.ts"
import type * as DuckDB from "./duckdb.ts"
import * as Ids from "../rows/ids.ts"
import * as Tables from "../columns/tables.ts"
import * as Threads from "../threads/pool.ts"

/** What to collect. */
export interface Query<C extends Columns> {
  readonly connection: DuckDB.Connection
  readonly sql: string
  readonly columns: C
  /** The file that errors are about. */
  readonly file: string
  /** How many rows are expected, where that is known. */
  readonly rows: number | undefined
  /** How many bytes are read, where that is known: what is told of progress when rows are not. */
  readonly bytes?: number
  /** Finds the rows of a block, whose first has the given number, with values that are none: from 0, ascending. */
  readonly bad: (block: DuckDB.Numbers, start: number) => ReadonlyArray<number>
  readonly onBadRow: OnBadRow
  readonly refused: (error: DuckDB.DuckDBError) => SourceError
}

/** What was collected. */
export interface Collected<C extends Columns> {
  /** How many rows were read. */
  readonly length: number
  /** Those that are not bad; where bad rows fail, it is to be used only when there was none. */
  readonly table: Table<C>
}

/** A block of columns takes about this many bytes. */
const blockBytes = 1 << 24

/** How many rows a block has. DuckDB gives up to 2048 at a time. */
const rowsOf = (columns: Columns, rows: number | undefined): number => {
  const most = Math.min(Columnar.blockSize, Math.floor(blockBytes / Tables.bytes({ columns, length: 1 })))
  return Math.max(2048, Math.min(most, rows ?? most))
}

/** A block without some of its rows. */
const without = (
  block: DuckDB.Numbers,
  left: ReadonlyArray<number>,
  names: ReadonlyArray<string>,
  columns: Columns
): DuckDB.Numbers => {
  if (left.length === 0) return block
  const isLeft = new Set(left)
  const rows = Uint32Array.from({ length: block.length }, (_, row) => row).filter((row) => !isLeft.has(row))
  return {
    length: rows.length,
    columns: block.columns.map(({ values }, index) => ({
      values: Columnar.whole(Columnar.taken(values, Column.width(columns[names[index]]), rows)),
      missing: []
    }))
  }
}

/** Ids of this many blocks are computed while the next block is read; each has a copy of its rows. */
const ahead = 1

/** Refuses a column that is called as the ids are. */
export const reserved = (file: string): SourceError => {
  const detail = `Column "${idColumn}" has a reserved name; choose another`
  return new SourceError({ file, problem: "bad columns", detail, hint: "Declare it otherwise.", column: idColumn })
}

/** Says that what is too large for memory has no place on disk either. */
export const noRoom =
  (file: string) =>
  ({ folder, reason }: Scratch.ScratchError): SourceError => {
    const detail = `is too large for memory, and no scratch file could be written in ${folder} (${reason})`
    const hint = "Free space there, or run with --store in a folder on a larger disk."
    return new SourceError({ file, problem: "no scratch space", detail, hint })
  }

/** What sorts or groups gives no rows for a while; this often it is told how far DuckDB has come. */
const pause = "250 millis"

const tell = ({ bytes, connection, rows }: Query<Columns>, done: number): Effect.Effect<void> =>
  bytes === undefined || rows !== undefined
    ? Event.progress(done, rows, "rows")
    : Effect.flatMap(connection.share, (share) =>
        Event.progress(Math.round(share * bytes), bytes, "bytes", { rows: done })
      )

/** Runs the query. */
export const collect = <C extends Columns>(query: Query<C>): Effect.Effect<Collected<C>, SourceError> =>
  Effect.scoped(collecting(query))

const collecting = Effect.fnUntraced(function* <C extends Columns>(
  query: Query<C>
): Effect.fn.Return<Collected<C>, SourceError, Scope.Scope> {
  const { bad, columns, connection, file, onBadRow, refused, rows, sql } = query
  const badColumn = (column: string, reason: string) => {
    const detail = `Column "${column}" ${reason}`
    return new SourceError({ file, problem: "bad columns", detail, hint: "Declare it otherwise.", column })
  }
  if (idColumn in columns) return yield* reserved(file)

  const reader = yield* Effect.raceFirst(
    Effect.mapError(connection.blocks(sql), refused),
    Effect.forever(Effect.andThen(Effect.sleep(pause), tell(query, 0)))
  )
  const collector = yield* Collector.make(columns, rows)
  const computing: Array<Fiber.Fiber<Uint8Array>> = []
  const addIds = Effect.fnUntraced(
    function* (left: number) {
      for (const fiber of computing.splice(0, computing.length - left)) {
        const ids = yield* Fiber.join(fiber)
        yield* collector.add({ length: ids.length / RowId.bytes, columns: { [idColumn]: ids } })
      }
    },
    Effect.mapError(noRoom(file))
  )
  const areUseful = yield* Threads.areUseful
  const names = Object.keys(columns)
  const blockRows = rowsOf(columns, rows)
  let [length, kept, isOver] = [0, 0, false]
  for (;;) {
    const room = collector.room(blockRows)
    const arrays = names.map((name) => room.columns[name])
    const block = yield* Effect.mapError(reader.next({ rows: room.rows, columns: arrays }), refused)
    if (block === undefined) break
    const left = bad(block, length)
    length += block.length
    isOver ||= (left.length > 0 && onBadRow === "fail") || (rows !== undefined && length > rows)
    if (!isOver && (left.length < block.length || kept === 0)) {
      const rest = without(block, left, names, columns)
      const values: Record<string, RowId.Values> = {}
      for (const [index, name] of names.entries()) {
        const own = rest.columns[index].values
        const reason = Cells.defect(columns[name], own, rest.length, kept)
        if (reason !== undefined) return yield* badColumn(name, reason)
        values[name] = Cells.withOneNaN(columns[name], own)
      }
      const isMany = areUseful && (rows ?? length) >= Ids.fewestRead
      const ids = isMany
        ? Ids.ofBlock(columns, values, rest.length, room.stays)
        : Effect.succeed(RowId.ofContent(columns, values, rest.length))
      computing.push(yield* Effect.forkScoped(ids))
      yield* addIds(isMany ? ahead : 0)
      yield* Effect.mapError(collector.add({ length: rest.length, columns: values }), noRoom(file))
      kept += rest.length
    }
    if (rows !== block.length) yield* tell(query, length)
  }
  yield* addIds(0)
  const { [idColumn]: ids, ...values } = yield* collector.end
  const emptyIds: Columnar.Entry = ids ?? new Uint8Array(0)
  return {
    length,
    table: Tables.fromEntries(columns, Columnar.make(values), kept, emptyIds as Columnar.Entry<Uint8Array>) // added above
  }
})
