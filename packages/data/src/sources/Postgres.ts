/**
 * A query's rows out of PostgreSQL, in an order that the rows alone decide. What was read is what the table's version is
 * the digest of; how the server is reached is no part of a key, manifest or message.
 */
import { type Config, Effect, Redacted, type Scope } from "effect"
import type { Columns } from "../Columns.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import type * as CollectRows from "../internal/sources/collectRows.ts"
import * as Postgres from "../internal/sources/postgres.ts"
import * as Cells from "../internal/sources/postgresCells.ts"
import { noColumns } from "../internal/sources/refusals.ts"
import type * as Quarantine from "./Quarantine.ts"
import * as Rows from "./Rows.ts"
import { SourceError } from "./SourceError.ts"

/** How the server is reached, and in which order rows come. */
export interface Options<C extends Columns = Columns> {
  /**
   * `postgres://user:password@host:5432/database?sslmode=verify-full`, or where the configuration has it, such as
   * `Config.Redacted("DATABASE_URL")`.
   */
  readonly connection: Redacted.Redacted | Config.Config<Redacted.Redacted>
  /** Rows are sorted by these columns, and by all others where these are equal. */
  readonly orderBy?: ReadonlyArray<keyof C & string>
}

/**
 * Reads a table of what a SELECT gives, in one read-only transaction that sees one state of the database. Rows come
 * sorted by `orderBy`, then by the other columns as they are declared, texts by their bytes: the same rows give the same
 * table. An ORDER BY in the query only decides which rows a LIMIT takes. Columns that are not declared are not read.
 *
 * | column | takes |
 * | --- | --- |
 * | `float` | integers and numeric (whole ones that a float64 is), real and double precision that are finite |
 * | `timestamp` | date, timestamp (in UTC) and timestamptz, from the year 1 on, not infinite |
 * | `category` | text, varchar, char, uuid and enumerations, integers by their digits, boolean as `true` and `false` |
 * | `text` | text, varchar, char, uuid and enumerations |
 * | `tensor` | arrays of integers and floats of the shape; only double precision rounds, to float32 |
 *
 * NULL is a missing value where the column is declared with `Column.optional`. The query is run for the digest of its
 * rows, for the table if the store does not have it, and for the digest again: where rows change meanwhile, the run fails
 * with `ChangedWhileRead`. Rows come through a cursor, some at a time, and need not fit in memory. Fails with a
 * `SourceError` where the server does not answer or refuses, the query does not run, lacks a column or gives it as another
 * type, gives no rows, or a value its column does not take.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * import { Config } from "effect"
 * const Trips = Columns.make({ at: Column.timestamp, fare: Column.float })
 * const connection = Config.Redacted("DATABASE_URL")
 * Source.postgres("SELECT at, fare FROM trips", Trips, { connection, orderBy: ["at"] }).stage.name // => "postgres"
 */
export const postgres = <const C extends Columns>(
  query: string,
  columns: C,
  options: Options<C>
): Quarantine.Source<C, SourceError> => {
  const orderBy: ReadonlyArray<string> = options.orderBy ?? []
  const params = { query, orderBy, columns: Declarations.ofColumns(columns) }
  const feed: CollectRows.Feed<SourceError, never> = {
    instantOf: (value) => (typeof value === "number" ? value : undefined),
    each: (take) => Effect.scoped(readRows(query, columns, orderBy, options.connection, take))
  }
  return Rows.sourceOf(label, columns, feed, params)
}

/** What stands for the file in errors, and names the stage. */
const label = "postgres"

const refuse = (problem: SourceError["problem"], detail: string, hint: string, column?: string) =>
  new SourceError({ file: label, problem, detail, hint, ...(column === undefined ? {} : { column }) })

const readRows = Effect.fn("Source.postgres")(function* <E, R>(
  query: string,
  columns: Columns,
  orderBy: ReadonlyArray<string>,
  connection: Options["connection"],
  take: (rows: ReadonlyArray<unknown>) => Effect.Effect<void, E, R>
): Effect.fn.Return<void, SourceError | E, R | Scope.Scope> {
  const names = Object.keys(columns)
  if (names.length === 0) return yield* noColumns(label)
  const stray = orderBy.find((column) => !names.includes(column))
  if (stray !== undefined) {
    return yield* refuse("bad option", `is to sort by "${stray}", which is not declared`, "Declare it.", stray)
  }
  const address = Redacted.isRedacted(connection) ? connection : yield* Effect.mapError(connection, unconfigured)
  const database = yield* Effect.mapError(Postgres.connect(address), failed)
  const select = query.replace(/;\s*$/, "")
  const fields = yield* Effect.mapError(database.fields(select), failed)
  const enums = new Set<number>()
  const noteEnums = (rows: ReadonlyArray<Postgres.Row>) =>
    Effect.sync(() => rows.forEach(([type]) => enums.add(Number(type))))
  yield* Effect.mapError(database.rows("SELECT oid FROM pg_catalog.pg_type WHERE typtype = 'e'", noteEnums), failed)
  const parsers: Array<Cells.Parse> = []
  const types = new Map<string, number>()
  for (const name of names) {
    const found = yield* fieldOf(fields, name)
    const parse = Cells.parser(found.type, enums.has(found.type), columns[name])
    if (parse === undefined) {
      const detail = `gives the column "${name}" as a type (${found.type}) that is no ${columns[name].kind} column`
      const hint = "Declare it otherwise, or cast it in the query."
      return yield* refuse("wrong type", detail, hint, name)
    }
    parsers.push(parse)
    types.set(name, found.type)
  }
  const objectOf = (row: Postgres.Row) =>
    Object.fromEntries(row.map((text, index) => [names[index], text === null ? null : parsers[index](text)]))
  const areLong = Object.values(columns).some(({ kind }) => kind === "text" || kind === "tensor")
  yield* database
    .rows(sorted(select, names, types, orderBy), (rows) => Effect.suspend(() => take(rows.map(objectOf))), areLong)
    .pipe(Effect.mapError((error) => (error instanceof Postgres.PostgresError ? failed(error) : error)))
})

const fieldOf = (fields: ReadonlyArray<Postgres.Field>, name: string): Effect.Effect<Postgres.Field, SourceError> => {
  const found = fields.filter((field) => field.name === name)
  if (found.length === 1) return Effect.succeed(found[0])
  const has = fields.map((field) => JSON.stringify(field.name)).join(", ")
  const detail =
    found.length > 1 ? `gives more than one column "${name}"` : `gives no column "${name}"; its columns are ${has}`
  return Effect.fail(refuse("bad header", detail, "Name the query's columns as they are declared, each once.", name))
}

/** Sorts by values, texts by their bytes, and at last by what floats are written as: -0 and 0 have no order. */
const sorted = (
  query: string,
  names: ReadonlyArray<string>,
  types: ReadonlyMap<string, number>,
  orderBy: ReadonlyArray<string>
): string => {
  const isOf = (is: (type: number) => boolean) => (column: string) => is(types.get(column) ?? 0)
  const isText = isOf(Cells.isText)
  const asText = (column: string) => `${Postgres.name(column)}::text COLLATE "C"`
  const by = [...new Set([...orderBy, ...names])].map((column) =>
    isText(column) ? asText(column) : Postgres.name(column)
  )
  const order = [...by, ...names.filter(isOf(Cells.isFloat)).map(asText)].join(", ")
  return `SELECT ${names.map(Postgres.name).join(", ")} FROM (${query}\n) AS watertight ORDER BY ${order}`
}

const unconfigured = (): SourceError =>
  refuse("bad option", "has no connection: the configuration does not have it", "Set the variable that it names.")

const failed = ({ isOfQuery, reason }: Postgres.PostgresError): SourceError =>
  isOfQuery
    ? refuse("bad query", `does not run the query: ${reason}`, "Correct it: one SELECT, which may not write.")
    : refuse("unreadable file", `does not answer (${reason})`, "Check the connection's address and who may use it.")
