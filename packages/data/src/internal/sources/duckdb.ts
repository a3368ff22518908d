/**
 * The file that knows DuckDB (`vectors.ts` knows its vectors): a database in memory for the length of a scope, and queries whose columns come out as
 * typed arrays of numbers, or as texts. Extensions are neither loaded nor fetched, so a query never reaches the network.
 */
import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBResult,
  type DuckDBVector,
  type Json
} from "@duckdb/node-api"
import { Scratch } from "@watertight/core"
import { Effect, Schema, type Scope } from "effect"
import { join, resolve } from "node:path"
import type * as RowId from "../../RowId.ts"
import * as Vectors from "./vectors.ts"

/** DuckDB refused a statement. */
export class DuckDBError extends Schema.TaggedError<DuckDBError>()("DuckDBError", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

/** A connection to a database in memory. */
export interface Connection {
  /**
   * Begins a query whose columns are numbers of at most 64 bits, fixed-size arrays of these, TIMESTAMP or VARCHAR; rows
   * stay in the query's order. Results are streamed.
   */
  readonly blocks: (sql: string) => Effect.Effect<Reader, DuckDBError>
  /** How much of the query that runs is done, from 0 to 1; 0 where DuckDB cannot tell. */
  readonly share: Effect.Effect<number>
  /** Runs a query for its few rows, as plain objects. */
  readonly rows: (sql: string) => Effect.Effect<ReadonlyArray<Readonly<Record<string, Json>>>, DuckDBError>
  /** Puts some of the next rows into a table whose columns are BIGINT, DOUBLE or VARCHAR; tells how many, 0 at the end. */
  readonly fill: (
    schema: string,
    table: string,
    types: ReadonlyArray<"BIGINT" | "DOUBLE" | "VARCHAR">,
    rows: Iterator<ReadonlyArray<unknown>>
  ) => Effect.Effect<number, DuckDBError>
}

/** Reads a query's result. */
export interface Reader {
  /** Reads as many rows as there is room for, fewer of long texts, or the last ones; undefined at the end. */
  readonly next: (room: Room) => Effect.Effect<Numbers | undefined, DuckDBError>
}

/** Arrays for some rows, 2048 or more unless they are the last: one for each column of numbers, none for texts. */
export interface Room {
  readonly rows: number
  readonly columns: ReadonlyArray<RowId.Numbers | undefined>
}

/** Columns, in the order of the query. */
export interface Numbers {
  readonly length: number
  readonly columns: ReadonlyArray<NumberColumn>
}

/** One column: all rows one after the other, an array's elements beside each other; a missing text is empty. */
export interface NumberColumn {
  readonly values: RowId.Values
  /** The rows that hold NULL, or an array that does, counted from 0. */
  readonly missing: ReadonlyArray<number>
}

const refusal = (cause: unknown) => new DuckDBError({ reason: cause instanceof Error ? cause.message : String(cause) })

/** An interruption may reach DuckDB before the query it is meant for, and is said again after so many milliseconds. */
const untilSaidAgain = 5

/**
 * DuckDB works in a thread of its own with what the scope's end frees. So whoever interrupts it waits until it has stopped,
 * which `stop` asks of it.
 */
const attempt = <A>(run: () => Promise<A>, stop = () => {}): Effect.Effect<A, DuckDBError> =>
  Effect.callback((resume) => {
    const ended = (async () => run())().then(
      (value) => resume(Effect.succeed(value)),
      (cause) => resume(Effect.fail(refusal(cause)))
    )
    return Effect.promise(() => {
      stop()
      const saying = setInterval(stop, untilSaidAgain)
      return ended.finally(() => clearInterval(saying))
    })
  })

/** DuckDB knows how far it is only when it might have to draw a bar, which it is not to print. */
const tellsProgress = ["enable_progress_bar_print = false", "enable_progress_bar = true", "progress_bar_time = 0"]

/** Databases have a folder each for what does not fit in memory; they make it when they need it and remove it. */
let serial = 0

/** Opens a database in memory, closed with the scope. */
export const connect: Effect.Effect<Connection, DuckDBError, Scope.Scope> = Effect.gen(function* () {
  const instance = yield* Effect.acquireRelease(
    attempt(() =>
      DuckDBInstance.create(":memory:", { autoinstall_known_extensions: "false", autoload_known_extensions: "false" })
    ),
    (instance) => Effect.sync(() => instance.closeSync())
  )
  const connection = yield* Effect.acquireRelease(
    attempt(() => instance.connect()),
    (connection) => Effect.sync(() => connection.closeSync())
  )
  const { folder } = yield* Scratch.Settings
  const interruptible = <A>(run: () => Promise<A>) => attempt(run, () => connection.interrupt())
  const spill = `temp_directory = ${text(join(folder, `duckdb-${process.pid}-${serial++}`))}`
  for (const setting of ["TimeZone = 'UTC'", ...tellsProgress, spill]) {
    yield* interruptible(() => connection.run(`SET ${setting}`))
  }
  let share = 0
  return {
    blocks: (sql) =>
      Effect.map(
        interruptible(() => connection.stream(sql)),
        (result) => {
          const stream: Stream = { result, pending: null, uncounted: 0 }
          share = 0
          return { next: (room) => interruptible(() => readBlock(stream, room)) }
        }
      ),
    share: Effect.sync(() => (share = Math.min(1, Math.max(share, connection.progress.percentage / 100)))),
    rows: (sql) => interruptible(async () => (await connection.runAndReadAll(sql)).getRowObjectsJson()),
    fill: (schema, table, types, rows) => interruptible(() => append(connection, schema, table, types, rows))
  }
})

/**
 * Opens a database that keeps at most 512 MiB in memory: sorts and joins of more go to files. JSON cannot be read so,
 * as DuckDB makes room for the largest object of each thread beforehand.
 */
export const connectBounded: Effect.Effect<Connection, DuckDBError, Scope.Scope> = Effect.tap(connect, (connection) =>
  connection.rows("SET memory_limit = '512 MiB'")
)

/** So many rows are put into a table at a time. */
const filledAtOnce = 65_536

const append = async (
  connection: DuckDBConnection,
  schema: string,
  table: string,
  types: ReadonlyArray<"BIGINT" | "DOUBLE" | "VARCHAR">,
  rows: Iterator<ReadonlyArray<unknown>>
): Promise<number> => {
  const appender = await connection.createAppender(table, schema)
  let length = 0
  for (; length < filledAtOnce; length++) {
    const { done, value: row } = rows.next()
    if (done === true) break
    types.forEach((type, index) => {
      const value: unknown = row[index]
      if (value === null) appender.appendNull()
      else if (type === "VARCHAR") appender.appendVarchar(String(value))
      else if (type === "DOUBLE") appender.appendDouble(Number(value))
      else appender.appendBigInt(BigInt(value as bigint)) // SQLite's integers are read as bigints
    })
    appender.endRow()
  }
  appender.closeSync()
  return length
}

/** A block ends after so many characters of texts. */
const mostCharacters = 1 << 24

/** A result that is being read. */
interface Stream {
  readonly result: DuckDBResult
  /** A chunk that the last block had no room for. */
  pending: DuckDBDataChunk | null
  /** How many bytes of chunks V8 does not count. */
  uncounted: number
}

/**
 * V8 frees chunks when it collects garbage, and does so when many bytes are in view, though its heap be small and most of it
 * in use: of each result so many bytes are not to be a reason.
 */
const mostUncounted = 2 ** 26

const readBlock = async (stream: Stream, room: Room): Promise<Numbers | undefined> => {
  const columns = room.columns.map((values) => (values === undefined ? texts() : numbers(values, room.rows)))
  let length = 0
  while (columns.every((column) => column.characters < mostCharacters)) {
    const chunk = stream.pending ?? (await stream.result.fetchChunk())
    if (chunk === null || chunk.rowCount === 0) break
    const isTooMuch = length + chunk.rowCount > room.rows
    stream.pending = isTooMuch ? chunk : null
    if (isTooMuch) break
    for (let index = 0; index < columns.length; index++) {
      columns[index].add(chunk.getColumnVector(index), length, chunk.rowCount)
    }
    length += chunk.rowCount
    for (let index = 0; index < columns.length && stream.uncounted < mostUncounted; index++) {
      if (room.columns[index] !== undefined) stream.uncounted += Vectors.close(chunk.getColumnVector(index))
    }
  }
  return length === 0 ? undefined : { length, columns: columns.map((each) => each.end(length)) }
}

/** Collects the chunks of a column of numbers. */
const numbers = (values: RowId.Numbers, rows: number) => {
  const width = values.length / rows
  const missing: Array<number> = []
  return {
    characters: 0,
    add: (vector: DuckDBVector, start: number, count: number): void => {
      for (const row of Vectors.missing(vector, count)) missing.push(start + row)
      Vectors.copy(vector, values, start * width)
    },
    end: (length: number): NumberColumn => ({
      values: length === rows ? values : values.subarray(0, length * width),
      missing
    })
  }
}

/** Collects the chunks of a column of texts. */
const texts = () => {
  const values: Array<string> = []
  const missing: Array<number> = []
  const collected = {
    characters: 0,
    add: (vector: DuckDBVector, start: number, count: number): void => {
      for (const row of Vectors.missing(vector, count)) missing.push(start + row)
      for (const text of Vectors.texts(vector, count)) {
        values.push(text)
        collected.characters += text.length
      }
    },
    end: (): NumberColumn => ({ values, missing })
  }
  return collected
}

/**
 * Writes settings after which a connection reads the given files and nothing else, computes in one thread, so that order
 * and sums do not depend on how many there are, and takes no more settings. Tables are made before.
 */
export const sealed = (files: ReadonlyArray<string>): ReadonlyArray<string> => [
  "SET threads = 1",
  `SET allowed_paths = [${files.map((file) => text(resolve(file))).join(", ")}]`,
  "SET enable_external_access = false",
  "SET lock_configuration = true"
]

/** Writes a text as an SQL literal. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** DuckDB expands patterns in paths, and a leading `~`: neither is meant here. */
export const literalPath = (file: string): string => resolve(file).replace(/[[*?]/g, "[$&]")

/** Writes a name as an SQL identifier. */
export const name = (value: string): string => `"${value.replaceAll('"', '""')}"`
