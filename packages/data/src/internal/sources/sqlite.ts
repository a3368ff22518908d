/**
 * The one file that knows SQLite (Node's own): tables of a database file, opened so that not a byte of it or beside it
 * changes. DuckDB would need an extension from the network for this.
 */
import { Effect, Schema, type Scope } from "effect"
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { pathToFileURL } from "node:url"
import { resolve } from "node:path"

/** SQLite refused to read, or a column is of no one type. */
export class SqliteError extends Schema.TaggedError<SqliteError>()("SqliteError", {
  reason: Schema.String,
  hint: Schema.String
}) {}

/** The types of DuckDB that columns become. */
export type Type = "BIGINT" | "DOUBLE" | "VARCHAR"

/** A table, or a view. */
export interface Table {
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: Type }>
  readonly length: number
  readonly rows: () => Iterator<ReadonlyArray<SQLOutputValue>>
}

/** An open database. */
export interface Database {
  readonly table: (name: string) => Effect.Effect<Table, SqliteError>
}

const broken = "Check that it is a SQLite database, or write it again."

const attempt = <A>(run: () => A): Effect.Effect<A, SqliteError> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      cause instanceof SqliteError
        ? cause
        : new SqliteError({ reason: cause instanceof Error ? cause.message : String(cause), hint: broken })
  })

/** Opens a database for the length of the scope. Its structure is checked first: what is damaged is not read. */
export const open = Effect.fnUntraced(function* (file: string): Effect.fn.Return<Database, SqliteError, Scope.Scope> {
  const { DatabaseSync: Open } = yield* Effect.promise(() => import("node:sqlite"))
  const url = pathToFileURL(resolve(file))
  url.searchParams.set("immutable", "1")
  const database = yield* Effect.acquireRelease(
    attempt(() => new Open(url, { readOnly: true, allowExtension: false })),
    (opened) => Effect.sync(() => opened.close())
  )
  const found = yield* attempt(() => database.prepare("PRAGMA quick_check(1)").all())
  const result = String(Object.values(found[0] ?? {})[0])
  if (result !== "ok") return yield* new SqliteError({ reason: `is damaged: ${result}`, hint: broken })
  return { table: (name) => attempt(() => tableOf(database, name)) }
})

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Values in SQLite have types, columns only wishes: a column is what all its values are. */
const tableOf = (database: DatabaseSync, name: string): Table => {
  const info = database.prepare(`PRAGMA table_info(${quoted(name)})`).all()
  if (info.length === 0) {
    const names = database.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name").all()
    const known = names.map((row) => JSON.stringify(row["name"])).join(", ")
    throw new SqliteError({ reason: `has no table "${name}"; it has ${known}`, hint: "Name one of these." })
  }
  const columns = info.map((row) => {
    const column = String(row["name"])
    const kinds = database
      .prepare(`SELECT DISTINCT typeof(${quoted(column)}) AS kind FROM ${quoted(name)} ORDER BY kind`)
      .all()
    const types = kinds.map(({ kind }) => String(kind)).filter((kind) => kind !== "null")
    return { name: column, type: typeOf(database, name, column, types) }
  })
  const rows = database.prepare(`SELECT ${columns.map((each) => quoted(each.name)).join(", ")} FROM ${quoted(name)}`)
  rows.setReadBigInts(true)
  const counted = database.prepare(`SELECT count(*) AS length FROM ${quoted(name)}`).get()
  return {
    columns,
    length: Number(counted?.["length"]),
    rows: function* () {
      for (const row of rows.iterate()) yield columns.map((each) => row[each.name])
    }
  }
}

const typeOf = (database: DatabaseSync, table: string, column: string, kinds: ReadonlyArray<string>): Type => {
  const refuse = (what: string) =>
    new SqliteError({
      reason: `holds ${what} in column "${column}" of "${table}"`,
      hint: "Attach a view that casts it."
    })
  const all = kinds.join(" and ")
  if (all === "integer") return "BIGINT"
  if (all === "text" || all === "") return "VARCHAR"
  if (all === "real") return "DOUBLE"
  if (all !== "integer and real") throw refuse(all)
  const cell = quoted(column)
  const large = database
    .prepare(
      `SELECT 1 FROM ${quoted(table)} WHERE typeof(${cell}) = 'integer' AND NOT ${cell} BETWEEN -9007199254740992 AND 9007199254740992 LIMIT 1`
    )
    .all()
  if (large.length > 0) throw refuse("reals and integers past 2^53")
  return "DOUBLE"
}
