/** A table out of a query's result, block by block. */
import { Event } from "@watertight/core"
import { Effect, type Scope } from "effect"
import type { Columns } from "../../Columns.ts"
import type { OnBadRow } from "../../sources/Quarantine.ts"
import type { SourceError } from "../../sources/SourceError.ts"
import type { Table } from "../../Table.ts"
import * as Builder from "../rows/builder.ts"
import type * as DuckDB from "./duckdb.ts"

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
  const builder = yield* Builder.make(columns, { file, rows })
  const reader = yield* Effect.raceFirst(
    Effect.mapError(connection.blocks(sql), refused),
    Effect.forever(Effect.andThen(Effect.sleep(pause), tell(query, 0)))
  )
  const names = Object.keys(columns)
  const blockRows = Builder.blockRows(columns, rows)
  let [length, isOver] = [0, false]
  for (;;) {
    const room = builder.room(blockRows)
    const arrays = names.map((name) => room.columns[name])
    const block = yield* Effect.mapError(reader.next({ rows: room.rows, columns: arrays }), refused)
    if (block === undefined) break
    const left = bad(block, length)
    length += block.length
    isOver ||= (left.length > 0 && onBadRow === "fail") || (rows !== undefined && length > rows)
    if (!isOver) {
      const values = Object.fromEntries(names.map((name, index) => [name, block.columns[index].values]))
      yield* builder.add(values, block.length, left)
    }
    if (rows !== block.length) yield* tell(query, length)
  }
  return { length, table: yield* builder.end }
})
