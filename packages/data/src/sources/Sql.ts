/**
 * A query over files and SQLite databases, through DuckDB. The files are declared, and only these can be read, so the digest of what they hold
 * covers all that the result depends on: what draws at random or asks for the time is refused.
 */
import { Digest } from "@watertight/core"
import { Effect, type FileSystem, Schema } from "effect"
import type { Columns } from "../Columns.ts"
import * as CsvSql from "../internal/csv/sql.ts"
import * as DuckDB from "../internal/sources/duckdb.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import * as FileSet from "../internal/sources/fileSet.ts"
import * as Relation from "../internal/sources/relation.ts"
import * as Parquet from "./Parquet.ts"
import * as Quarantine from "./Quarantine.ts"
import * as Sqlite from "./Sqlite.ts"
import { SourceError } from "./SourceError.ts"

/** What a query reads. */
export interface Options {
  /** Files, folders or patterns by the names that the query calls them. */
  readonly files?: Readonly<Record<string, Files.Path>>
  /** SQLite databases by the names that the query puts before their tables. */
  readonly attach?: Readonly<Record<string, Files.Path>>
}

/**
 * Makes a table of a query's result: one SELECT in DuckDB's SQL over `files`, each under its name. Parquet files have the
 * columns and types they have (a folder or pattern is all its `.parquet` files), CSV files (with a header, commas) texts
 * to be cast, and JSON Lines files (`.jsonl`, `.ndjson`) one column `json` of whole objects. Columns of the result become
 * columns of the table as those of `Source.parquet` do. Tables and views of attached SQLite databases, `sales.orders`, are
 * taken in whole when the query names them: a column of integers is BIGINT, of reals, or of both, DOUBLE, of texts VARCHAR.
 * Rows come in the query's order; end it with ORDER BY where the
 * order should not depend on DuckDB's version.
 *
 * The query runs in one thread and reads no other file, no environment and no network. Fails with a `SourceError` where it
 * is no single SELECT, would not give the same rows again (`random()`, `now()`, TABLESAMPLE), does not run, or its result
 * is not what is declared.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const Delays = Columns.make({ origin: Column.category(["SEA", "SFO"]), delay: Column.float })
 * const query = "SELECT origin, avg(delay) AS delay FROM flights GROUP BY origin ORDER BY origin"
 * Source.sql(query, Delays, { files: { flights: "flights-3m.parquet" } }).stage.name // => "sql"
 */
export const sql = <const C extends Columns>(
  query: string,
  columns: C,
  options: Options
): Quarantine.Source<C, SourceError, FileSystem.FileSystem> => {
  const entries = Object.entries(options.files ?? {})
  const databases = Object.entries(options.attach ?? {})
  return Quarantine.source({
    name: "sql",
    version: 2,
    params: {
      query,
      files: entries.map(([name, path]) => ({ name, file: Files.nameOf(path) })),
      columns: Declarations.ofColumns(columns),
      ...(databases.length === 0
        ? {}
        : { attach: databases.map(([name, path]) => ({ name, file: Files.nameOf(path) })) })
    },
    external: Effect.map(
      Effect.all([
        ...entries.map(([, path]) => FileSet.digest(path, endings)),
        ...databases.map(([, path]) => Sqlite.digest(path))
      ]),
      (digests) => Digest.of(digests)
    ),
    label,
    read: (onBadRow) => Effect.scoped(readTable(query, columns, { entries, databases }, onBadRow))
  })
}

const endings = [".parquet"]

interface Inputs {
  readonly entries: ReadonlyArray<[string, Files.Path]>
  readonly databases: ReadonlyArray<[string, Files.Path]>
}

const readTable = Effect.fn("Source.sql")(function* <C extends Columns>(
  query: string,
  columns: C,
  { databases, entries }: Inputs,
  onBadRow: Quarantine.OnBadRow
) {
  const connection = yield* Effect.orDie(DuckDB.connectBounded)
  const statements = yield* parse(connection, query)
  yield* refuseUnrepeatable(connection, statements)
  const named = tablesIn(statements)
  for (const [schema, path] of databases) {
    const tables = named.filter((each) => each.schema.toLowerCase() === schema.toLowerCase())
    yield* Sqlite.attach(connection, schema, path, [...new Set(tables.map(({ table }) => table))])
  }
  const all: Array<string> = []
  for (const [name, path] of entries) {
    const files = yield* FileSet.list(path, endings)
    all.push(...files)
    yield* makeView(connection, name, files)
  }
  yield* Effect.orDie(Effect.forEach(DuckDB.sealed(all), connection.rows))
  const select = `(${query.replace(/;\s*$/, "")}\n)`
  const bytes = yield* FileSet.bytes(all)
  const relation = { connection, columns, files: [label], scan: () => select, isCounted: false, refused }
  return yield* Relation.read(all.length === 0 ? relation : { ...relation, bytes }, onBadRow)
})

/** What stands for the file in errors about the query. */
const label = "the query"

const refused = (file: string, error: DuckDB.DuckDBError): SourceError =>
  new SourceError({
    file,
    problem: "bad query",
    detail: `does not run: ${error.reason.trim().replace(/\.$/, "")}`,
    hint: "Correct it; it sees only the files that are declared."
  })

const makeView = Effect.fnUntraced(function* (
  connection: DuckDB.Connection,
  name: string,
  files: ReadonlyArray<string>
) {
  const [file] = files
  const create = (from: string) =>
    Effect.mapError(
      connection.rows(`CREATE VIEW ${DuckDB.name(name)} AS SELECT * FROM ${from}`),
      ({ reason }) =>
        new SourceError({
          file,
          problem: "wrong format",
          detail: `cannot be read as "${name}" (${reason.split("\n")[0]})`,
          hint: "Give Parquet, CSV or JSON Lines, each file under a name of its own."
        })
    )
  if (/\.(jsonl|ndjson)(\.gz)?$/.test(file)) {
    const path = DuckDB.text(DuckDB.literalPath(file))
    return yield* create(`read_json_objects(${path}, format = 'newline_delimited')`)
  }
  if (!/\.(csv|csv\.gz)$/.test(file)) return yield* create(Parquet.scan(files))
  const { rows, sql } = yield* CsvSql.scan(file)
  yield* create(sql)
  const [{ read }] = yield* Effect.mapError(
    connection.rows(`SELECT count(*)::INTEGER AS read FROM ${DuckDB.name(name)}`),
    (error) => CsvSql.unreadable(file, error)
  )
  if (read === rows) return undefined
  const detail = `has ${rows} rows by RFC 4180, of which ${read} could be read`
  const hint = "Use one kind of line break throughout, and none inside the header."
  return yield* new SourceError({ file, problem: "wrong format", detail, hint })
})

/** Words that are functions of the time or the session without parentheses. */
const sessionWords =
  /^(current_(date|time|timestamp|user|role|schema|catalog)|localtime|localtimestamp|session_user|user)$/i

/** Parses the query; fails unless it is one SELECT. */
const parse = Effect.fnUntraced(function* (connection: DuckDB.Connection, query: string) {
  const [{ tree }] = yield* Effect.mapError(
    connection.rows(`SELECT json_serialize_sql(${DuckDB.text(query)}) AS tree`),
    (error) => refused(label, error)
  )
  const parsed = yield* Effect.orDie(Schema.decodeUnknownEffect(Parsed)(tree))
  if (parsed.error) {
    const reason = parsed.error_message ?? "it does not parse"
    return yield* refuse(`is no query: ${reason.trim()}`, "Write one SELECT in DuckDB's SQL.")
  }
  if (parsed.statements?.length !== 1) {
    return yield* refuse(`is ${parsed.statements?.length ?? 0} statements`, "Write one SELECT.")
  }
  return parsed.statements
})

const refuse = (detail: string, hint: string) => new SourceError({ file: label, problem: "bad query", detail, hint })

/** The tables that a parsed query names after a schema. */
const tablesIn = (tree: Schema.Json): ReadonlyArray<{ readonly schema: string; readonly table: string }> => {
  if (typeof tree !== "object" || tree === null) return []
  const node = tree as Readonly<Record<string, Schema.Json>> // arrays have keys too
  const { schema_name: schema, table_name: table } = node
  const own = typeof schema === "string" && typeof table === "string" && schema !== "" ? [{ schema, table }] : []
  return [...own, ...Object.values(node).flatMap(tablesIn)]
}

/** Fails unless the query's functions give the same results for the same rows. */
const refuseUnrepeatable = Effect.fnUntraced(function* (
  connection: DuckDB.Connection,
  statements: ReadonlyArray<Schema.Json>
) {
  const unstable = yield* Effect.orDie(
    connection.rows("SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'")
  )
  const names = new Set(unstable.map(({ name }) => String(name)))
  const found = unrepeatable(statements, names)
  if (found === undefined) return
  const hint = "Leave it out: randomness comes from keys, after the source, and the time is a parameter."
  return yield* refuse(`uses ${found}, which gives another result another time`, hint)
})

const Parsed = Schema.fromJsonString(
  Schema.Struct({
    error: Schema.Boolean,
    error_message: Schema.optionalKey(Schema.String),
    statements: Schema.optionalKey(Schema.Array(Schema.Json))
  })
)

/** Finds what is not a function of its rows in a parsed query. */
const unrepeatable = (tree: Schema.Json, unstable: ReadonlySet<string>): string | undefined => {
  if (typeof tree !== "object" || tree === null) return undefined
  const node = tree as Readonly<Record<string, Schema.Json>> // arrays have keys too
  const { children, column_names: words, function_name: name, sample } = node
  if (typeof name === "string") {
    if (unstable.has(name.toLowerCase())) return `${name}()`
    if (name.toLowerCase() === "age" && Array.isArray(children) && children.length === 1) return "age() of today"
  }
  if (Array.isArray(words) && words.length === 1 && sessionWords.test(String(words[0]))) return String(words[0])
  if (typeof sample === "object" && sample !== null) return "TABLESAMPLE"
  for (const value of Object.values(node)) {
    const found = unrepeatable(value, unstable)
    if (found !== undefined) return found
  }
  return undefined
}
