/**
 * The one file that knows DuckDB: a database in memory for the length of a scope, and queries whose columns of numbers
 * come out as typed arrays. Extensions are neither loaded nor fetched, so a query never reaches the network.
 */
import { DuckDBDoubleVector, DuckDBInstance, DuckDBIntegerVector, type Json } from "@duckdb/node-api"
import { Effect, Schema, type Scope } from "effect"

/** DuckDB refused a statement. */
export class DuckDBError extends Schema.TaggedError<DuckDBError>()("DuckDBError", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

/** A connection to a database in memory. */
export interface Connection {
  /** Runs a query of DOUBLE and INTEGER columns without NULLs; rows stay in the query's order. */
  readonly numbers: (sql: string) => Effect.Effect<Numbers, DuckDBError>
  /** Runs a query for its few rows, as plain objects. */
  readonly rows: (sql: string) => Effect.Effect<ReadonlyArray<Readonly<Record<string, Json>>>, DuckDBError>
}

/** Columns of numbers, in the order of the query. */
export interface Numbers {
  readonly length: number
  readonly columns: ReadonlyArray<Float64Array | Int32Array>
}

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, DuckDBError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new DuckDBError({ reason: cause instanceof Error ? cause.message : String(cause) })
  })

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
  const interruptible = <A>(run: () => Promise<A>) =>
    Effect.onInterrupt(attempt(run), () => Effect.sync(() => connection.interrupt()))
  return {
    numbers: (sql) =>
      interruptible(async () => {
        const result = await connection.run(sql)
        const columns = result
          .columnTypes()
          .map((type) =>
            String(type) === "DOUBLE" ? new Float64Array(result.rowCount) : new Int32Array(result.rowCount)
          )
        let at = 0
        for (const chunk of await result.fetchAllChunks()) {
          columns.forEach((values, column) => values.set(itemsOf(chunk.getColumnVector(column)), at))
          at += chunk.rowCount
        }
        return { length: result.rowCount, columns }
      }),
    rows: (sql) => interruptible(async () => (await connection.runAndReadAll(sql)).getRowObjectsJson())
  }
})

/** The vector's own array: private in the types, but the only way that is not one call for each row. */
const itemsOf = (vector: unknown): Float64Array | Int32Array => {
  if (vector instanceof DuckDBDoubleVector) return vector["items"]
  if (vector instanceof DuckDBIntegerVector) return vector["items"]
  throw new TypeError("duckdb.numbers: a column is neither DOUBLE nor INTEGER")
}

/** Writes a text as an SQL literal. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
