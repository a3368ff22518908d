/**
 * The one file that knows `pg`: a query's rows as PostgreSQL writes them, in one read-only transaction, in UTC, piece by
 * piece. Of a connection nothing but the server's and the network's own words is ever in an error.
 */
import { Effect, Redacted, Schema, type Scope } from "effect"
import type { Client, FieldDef, QueryArrayConfig } from "pg"

/** A query could not be run. */
export class PostgresError extends Schema.TaggedError<PostgresError>()("PostgresError", {
  /** Whether the query is to blame, not the way to the server. */
  isOfQuery: Schema.Boolean,
  reason: Schema.String
}) {}

/** A column of a query's result: its name and the object identifier of its type. */
export interface Field {
  readonly name: string
  readonly type: number
}

/** A row of texts, as PostgreSQL writes values; NULL is null. */
export type Row = ReadonlyArray<string | null>

/** A transaction that sees the database as it was when it began. */
export interface Connection {
  /** The columns that a query gives. */
  readonly fields: (query: string) => Effect.Effect<ReadonlyArray<Field>, PostgresError>
  /** Gives a query's rows, some at a time, fewer where they `areLong`, and asks for further ones when these were taken. */
  readonly rows: <E, R>(
    query: string,
    take: (rows: ReadonlyArray<Row>) => Effect.Effect<void, E, R>,
    areLong?: boolean
  ) => Effect.Effect<void, PostgresError | E, R>
}

/** So many rows come at once, and so many at first where they may be long. */
const [most, first] = [4096, 64]

/** Rows that come at once should have about so many characters. */
const pieceCharacters = 2 ** 22

const settings = [
  "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
  "SET LOCAL TimeZone = 'UTC'",
  "SET LOCAL DateStyle = 'ISO, YMD'",
  "SET LOCAL extra_float_digits = 1" // the shortest text that comes back as the same float
]

/** Ends a query soon after nobody waits for it any more; servers before version 14 do not know this. */
const ending = "SET client_connection_check_interval = '1s'"

/** Quotes a name. */
export const name = (text: string): string => `"${text.replaceAll('"', '""')}"`

/** The server's errors have a severity; the network's a code, and words that name hosts. */
const failed = (cause: unknown): PostgresError => {
  if (!(cause instanceof Error)) return new PostgresError({ isOfQuery: false, reason: "unknown" })
  const code = "code" in cause ? String(cause.code) : cause.name
  const isServers = "severity" in cause
  // class 08: connection, 28: who asks, 3D: which database, 53: resources, 57: the operator
  const isOfQuery = isServers && !/^(08|28|3D|53|57)/.test(code)
  return new PostgresError({ isOfQuery, reason: isServers ? `${cause.message} (${code})` : code })
}

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, PostgresError> =>
  Effect.tryPromise({ try: run, catch: failed })

/** With values a query is one statement: the protocol takes no second one. */
const statement = (text: string): QueryArrayConfig & { readonly queryMode: "extended" } => ({
  text,
  rowMode: "array",
  values: [],
  queryMode: "extended",
  types: { getTypeParser: () => (value: string | Buffer) => String(value) }
})

/** Connects to the server of a `postgres://` address, for the length of the scope. */
export const connect = Effect.fnUntraced(function* (
  address: Redacted.Redacted
): Effect.fn.Return<Connection, PostgresError, Scope.Scope> {
  const { default: pg } = yield* Effect.promise(() => import("pg"))
  const client = yield* Effect.acquireRelease(
    Effect.try({
      try: () =>
        new pg.Client({
          connectionString: Redacted.value(address),
          application_name: "watertight",
          connectionTimeoutMillis: 30_000
        }),
      catch: failed
    }),
    (client) => Effect.promise(() => client.end().catch(() => undefined))
  )
  client.on("error", () => undefined) // the query under way fails with it
  yield* attempt(() => client.connect())
  yield* Effect.ignore(attempt(() => client.query(ending)))
  for (const setting of settings) yield* attempt(() => client.query(setting))
  return { fields: fieldsOf(client), rows: rowsOf(client) }
})

const fieldsOf = (client: Client) => (query: string) =>
  Effect.map(
    attempt(() => client.query(statement(`SELECT * FROM (${query}\n) AS watertight LIMIT 0`))),
    ({ fields }) => fields.map(({ dataTypeID, name }: FieldDef) => ({ name, type: dataTypeID }))
  )

const charactersOf = (rows: ReadonlyArray<Row>): number =>
  rows.reduce((sum, row) => row.reduce((all, text) => all + (text?.length ?? 0), sum), 0)

const rowsOf = (client: Client): Connection["rows"] =>
  Effect.fnUntraced(function* (query, take, areLong = false) {
    yield* attempt(() => client.query(statement(`DECLARE watertight NO SCROLL CURSOR FOR ${query}`)))
    for (let [isMore, count] = [true, areLong ? first : most]; isMore;) {
      const { rows } = yield* attempt(() =>
        client.query<Array<string | null>>(statement(`FETCH FORWARD ${count} FROM watertight`))
      )
      yield* take(rows)
      isMore = rows.length === count
      const fitting = Math.floor((pieceCharacters * count) / Math.max(1, charactersOf(rows)))
      count = Math.max(1, Math.min(most, 4 * count, fitting))
    }
    yield* attempt(() => client.query("CLOSE watertight"))
  })
