/**
 * SQLite databases beside the files of a query. They are read as they lie: one with changes still in its journal is
 * refused, because its file alone, which the digest covers, does not say what it holds.
 */
import { Event } from "@watertight/core"
import { Effect, FileSystem } from "effect"
import * as DuckDB from "../internal/sources/duckdb.ts"
import * as Files from "../internal/sources/files.ts"
import * as Database from "../internal/sources/sqlite.ts"
import { SourceError } from "./SourceError.ts"

/** Returns the digest of a database's file. */
export const digest = Files.digest

/** Copies tables of a database into a schema of DuckDB's. */
export const attach = Effect.fn("Source.sql.attach")(function* (
  connection: DuckDB.Connection,
  schema: string,
  path: Files.Path,
  tables: ReadonlyArray<string>
) {
  const file = Files.systemPath(path)
  yield* refuseJournals(file)
  const refuse = ({ hint, reason }: Database.SqliteError) =>
    new SourceError({ file, problem: "wrong format", detail: reason.replace(/^file is/, "is"), hint })
  const database = yield* Effect.mapError(Database.open(file), refuse)
  yield* Effect.mapError(connection.rows(`CREATE SCHEMA ${DuckDB.name(schema)}`), ({ reason }) => {
    const detail = `cannot be attached as "${schema}" (${reason.split("\n")[0]})`
    return new SourceError({ file, problem: "bad option", detail, hint: "Attach it under another name." })
  })
  for (const table of tables) {
    const { columns, length, rows } = yield* Effect.mapError(database.table(table), refuse)
    const declared = columns.map(({ name, type }) => `${DuckDB.name(name)} ${type}`).join(", ")
    const types = columns.map(({ type }) => type)
    const remaining = rows()
    const copied = Effect.gen(function* () {
      yield* connection.rows(`CREATE TABLE ${DuckDB.name(schema)}.${DuckDB.name(table)} (${declared})`)
      for (let [done, more] = [0, 1]; more > 0; done += more) {
        if (done > 0) yield* Event.progress(done, length, "rows")
        more = yield* connection.fill(schema, table, types, remaining)
      }
    })
    yield* Effect.mapError(copied, ({ reason }) =>
      refuse(new Database.SqliteError({ reason: `cannot be read (${reason})`, hint: "Write it again." }))
    )
  }
})

const refuseJournals = Effect.fnUntraced(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  for (const ending of ["-wal", "-journal"]) {
    const info = yield* Effect.option(fileSystem.stat(`${file}${ending}`))
    if (info._tag === "None" || info.value.size === 0n) continue
    return yield* new SourceError({
      file,
      problem: "unreadable file",
      detail: `has changes that are not in it yet, in ${file}${ending}`,
      hint: "Close what writes to it, or run PRAGMA wal_checkpoint(TRUNCATE)."
    })
  }
})
