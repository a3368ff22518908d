/**
 * Guesses the declaration of a file's columns, once and for a person to read: what comes out is code to keep, so a run
 * never guesses. It looks at the first rows only, in their order, so the same file always gives the same declaration.
 */
import { Effect, type FileSystem, Option, Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as CsvSql from "../internal/csv/sql.ts"
import * as Decode from "../internal/sources/decode.ts"
import * as DuckDB from "../internal/sources/duckdb.ts"
import * as Files from "../internal/sources/files.ts"
import * as FileSet from "../internal/sources/fileSet.ts"
import * as Json from "./Json.ts"
import * as Parquet from "./Parquet.ts"
import * as Guess from "../internal/sources/guess.ts"
import { noRows } from "../internal/sources/refusals.ts"
import * as InferArrow from "./InferArrow.ts"
import * as InferNpz from "./InferNpz.ts"
import { SourceError } from "./SourceError.ts"

/** How to look at a file. */
export interface InferOptions {
  /** How many rows are looked at: 100,000 unless given. */
  readonly rows?: number
  /** For CSV, the character between cells: a comma, or a tab where the name ends in `.tsv`, unless given. */
  readonly delimiter?: string
}

/** A guess. */
export interface Inferred {
  readonly source: "arrow" | "csv" | "json" | "npz" | "parquet"
  /** The arguments of the source behind the columns, as code. */
  readonly options: string
  readonly columns: Columns
  /** What to know about a column: missing values, why it was left out. */
  readonly notes: Readonly<Record<string, string>>
  /** Rows looked at, and whether these are all. */
  readonly rows: number
  readonly isWhole: boolean
}

/** Texts with more distinct values than this are no categories. */
const mostLevels = 100

/**
 * Guesses the columns of a CSV (`.csv`, `.tsv`), JSON (`.json`, `.jsonl`, `.ndjson`), Parquet, Arrow or NumPy (`.npz`) file from its first rows:
 * numbers are floats; dates, times and ISO 8601 texts timestamps; other texts and booleans categories, where there are at
 * most 100, their levels sorted; lists of one shape tensors. What is nothing of these is left out and noted, and so are
 * missing values. Fails with a `SourceError` where the file cannot be read.
 *
 * @example
 * import { Source } from "@watertight/data"
 * import { Effect } from "effect"
 * const guess = Source.infer("seattle-weather.csv", { rows: 1000 })
 * Effect.map(guess, (inferred) => Source.declaration("seattle-weather.csv", inferred))
 */
export const infer = (
  path: Files.Path,
  options: InferOptions = {}
): Effect.Effect<Inferred, SourceError, FileSystem.FileSystem> =>
  /\.(arrows?|feather|ipc)(\.gz)?$/.test(Files.nameOf(path))
    ? guessed(path, "arrow", InferArrow.guess(path, mostLevels))
    : Files.nameOf(path).endsWith(".npz")
      ? guessed(path, "npz", Effect.scoped(InferNpz.guess(path, mostLevels, mostRows(options))))
      : Effect.scoped(look(path, options))

const mostRows = ({ rows = 100_000 }: InferOptions): number => Math.max(1, Math.floor(rows))

const guessed = Effect.fnUntraced(function* (
  path: Files.Path,
  source: "arrow" | "npz",
  guess: Effect.Effect<Guess.OfFile & { readonly isWhole?: boolean }, SourceError, FileSystem.FileSystem>
) {
  const { columns: guesses, isWhole = true, rows } = yield* guess
  const columns: Record<string, Column.Column> = {}
  const notes: Record<string, string> = {}
  for (const [name, { column, note }] of guesses) {
    if (column !== undefined) columns[name] = column
    if (note !== undefined) notes[name] = note
  }
  if (rows === 0) return yield* noRows(Files.systemPath(path))
  return { source, options: "", columns, notes, rows, isWhole } satisfies Inferred
})

const look = Effect.fn("Source.infer")(function* (path: Files.Path, options: InferOptions) {
  const connection = yield* Effect.orDie(DuckDB.connect)
  const opened = yield* open(connection, path, options)
  const limit = mostRows(options)
  const run = (sql: string) => Effect.mapError(connection.rows(sql), opened.refused)
  yield* run(`CREATE TABLE sample AS SELECT * FROM ${opened.scan} LIMIT ${limit}`)
  const [counted] = yield* run(`SELECT (SELECT count(*) FROM sample)::INTEGER AS rows,
    (SELECT count(*) FROM (FROM ${opened.scan} LIMIT ${limit + 1}))::INTEGER AS there`)
  const columns: Record<string, Column.Column> = {}
  const notes: Record<string, string> = {}
  for (const [name, type] of opened.types) {
    const guess = yield* guessColumn(run, name, type)
    if (guess.column !== undefined) columns[name] = guess.column
    if (guess.note !== undefined) notes[name] = guess.note
  }
  const rows = Number(counted.rows)
  if (rows === 0) return yield* noRows(Files.systemPath(path))
  const isWhole = rows === Number(counted.there)
  return { source: opened.source, options: opened.options, columns, notes, rows, isWhole } satisfies Inferred
})

interface Opened {
  readonly source: Inferred["source"]
  readonly options: string
  readonly scan: string
  /** Columns and their types, in the file's order. */
  readonly types: ReadonlyMap<string, string>
  readonly refused: (error: DuckDB.DuckDBError) => SourceError
}

/** The type of a CSV file's cells: texts, decoded as `Source.csv` does. */
const csvCell = "CSV"

const open = Effect.fnUntraced(function* (
  connection: DuckDB.Connection,
  path: Files.Path,
  { delimiter }: InferOptions
): Effect.fn.Return<Opened, SourceError, FileSystem.FileSystem> {
  const [file, ...others] = yield* FileSet.list(path, [".parquet", ".json", ".jsonl", ".ndjson"])
  const files = [file, ...others]
  const name = Files.isPacked(file) ? file.slice(0, -3) : file
  if (/\.(csv|tsv|txt)$/.test(name)) {
    const between = delimiter ?? (name.endsWith(".tsv") ? "\t" : ",")
    const { header, sql } = yield* CsvSql.scan(file, between)
    const options = between === "," ? "" : `, { delimiter: ${JSON.stringify(between)} }`
    const types = new Map(header.map((name) => [name, csvCell]))
    return { source: "csv", options, scan: sql, types, refused: (error) => CsvSql.unreadable(file, error) }
  }
  if (/\.(json|jsonl|ndjson)$/.test(name)) {
    const refused = (error: DuckDB.DuckDBError) => Json.refused(file, error)
    const objects = `read_json_objects(${DuckDB.text(DuckDB.literalPath(file))}, ${Json.readerOptions(file)})`
    const keys = yield* Effect.mapError(
      connection.rows(`SELECT key FROM (
        SELECT unnest(json_keys(json)) AS key, row AS row FROM (SELECT json, row_number() OVER () AS row FROM ${objects})
        WHERE json_type(json) = 'OBJECT'
      ) GROUP BY key ORDER BY min(row), key`),
      refused
    )
    const names = keys.map(({ key }) => String(key))
    if (names.length === 0) {
      const hint = "Give a file with at least one object that has keys."
      return yield* new SourceError({ file, problem: "empty file", detail: "has no rows with keys", hint })
    }
    const types = new Map(names.map((name) => [name, Decode.json]))
    return { source: "json", options: "", scan: Json.scanOf(files, names), types, refused }
  }
  if (/\.(parquet|parq|pq)$/.test(name)) {
    const refused = (error: DuckDB.DuckDBError) => Parquet.refused(file, error)
    const scan = Parquet.scan(files)
    const described = yield* Effect.mapError(connection.rows(`DESCRIBE FROM ${scan}`), refused)
    const types = new Map(described.map((each) => [String(each.column_name), String(each.column_type)]))
    return { source: "parquet", options: "", scan, types, refused }
  }
  const hint = "Give a file whose name ends in .csv, .tsv, .json, .jsonl, .ndjson, .parquet, .arrow or .npz."
  const detail = "has a name that says no format of these"
  return yield* new SourceError({ file, problem: "wrong format", detail, hint })
})

type Run = (sql: string) => Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>, SourceError>

const guessColumn = Effect.fnUntraced(function* (
  run: Run,
  name: string,
  type: string
): Effect.fn.Return<Guess.OfColumn, SourceError> {
  const cell = DuckDB.name(name)
  const [{ present, rows }] = yield* run(
    `SELECT count(*)::INTEGER AS rows, count(${cell})::INTEGER AS present FROM sample`
  )
  if (present === 0) return { note: "has no values" }
  const count = Number(present)
  const gaps = Number(rows) - count
  const areMissing = Guess.gapsOf(gaps, Number(rows))
  const missing = gaps === 0 ? {} : { note: areMissing }
  const takes = Effect.fnUntraced(function* (column: Column.Complete) {
    const decoded = type === csvCell ? CsvSql.whenDecoded(column, cell) : Decode.decoded(type, column, cell)
    if (decoded === undefined) return false
    const [{ good }] = yield* run(`SELECT count(${decoded})::INTEGER AS good FROM sample`)
    return Number(good) === count
  })
  const mayMiss = (column: Column.Float | Column.Timestamp | Column.Category): Guess.OfColumn =>
    gaps === 0 ? { column } : { column: Column.optional(column), ...missing }
  for (const column of [Column.float, Column.timestamp]) if (yield* takes(column)) return mayMiss(column)

  const shape = yield* shapeOf(run, cell, type)
  for (const dtype of ["uint8", "float32"] as const) {
    const column = Column.tensor(shape ?? [], dtype)
    if (shape !== undefined && (yield* takes(column))) return { column, ...missing }
  }
  const text = type === Decode.json ? `(${cell} ->> '$')` : `${cell}::VARCHAR`
  const found = yield* run(
    `SELECT DISTINCT ${text} AS level FROM sample WHERE ${cell} IS NOT NULL ORDER BY level LIMIT ${mostLevels + 1}`
  )
  const levels = found.map(({ level }) => String(level))
  if (levels.length > mostLevels) {
    const note = `more than ${mostLevels} distinct texts`
    if (!(yield* takes(Column.text))) return { note: noKind(type) }
    return gaps > 0 && type !== csvCell ? { note: Guess.noted(note, areMissing) } : { column: Column.text, note }
  }
  if (gaps > 0 && levels.includes("")) return { note: Guess.alsoEmpty(areMissing) }
  const category = Column.category(levels)
  return (yield* takes(category)) ? mayMiss(category) : { note: noKind(type) }
})

const noKind = (type: string): string => {
  if (/^(FLOAT|DOUBLE|U?BIGINT|U?HUGEINT)$/.test(type)) return Guess.noFloat
  return `${type === Decode.json || type === csvCell ? "values of several kinds" : type}: of no column's kind`
}

/** The shape of the first row that has one. */
const shapeOf = Effect.fnUntraced(function* (run: Run, cell: string, type: string) {
  if (type !== Decode.json && !type.endsWith("]")) return undefined
  const [first] = yield* run(`SELECT to_json(${cell})::VARCHAR AS value FROM sample WHERE ${cell} IS NOT NULL LIMIT 1`)
  const parsed = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))(first.value)
  let value: unknown = Option.getOrNull(parsed)
  const shape: Array<number> = []
  while (Array.isArray(value)) {
    shape.push(value.length)
    value = value[0]
  }
  return shape.length === 0 || shape.includes(0) ? undefined : shape
})

/**
 * Writes a guess as the code that reads the file: an import, `Columns.make`, the source.
 *
 * @example
 * import { Column, Source } from "@watertight/data"
 * const columns = { date: Column.timestamp, "wind (m/s)": Column.float }
 * const guess = { source: "csv", options: "", columns, notes: {}, rows: 10, isWhole: true } as const
 * Source.declaration("days.csv", guess).split("\n")[5] // => '  "wind (m/s)": Column.float'
 */
export const declaration = (file: string, inferred: Inferred): string => {
  const { columns, isWhole, notes, options, rows, source } = inferred
  const names = [...new Set([...Object.keys(columns), ...Object.keys(notes)])]
  const last = Object.keys(columns).at(-1)
  const lines = names.map((name) => {
    const column = columns[name]
    const note = notes[name]
    if (column === undefined) return `  // ${JSON.stringify(name)}: left out, ${note ?? ""}`
    const comment = note === undefined ? "" : ` // ${note}`
    return `  ${key(name)}: ${code(column)}${name === last ? "" : ","}${comment}`
  })
  return [
    `import { Column, Columns, Source } from "@watertight/data"`,
    "",
    `// from ${isWhole ? "all" : "the first"} ${rows.toLocaleString("en")} rows: read it, and correct it where you know better`,
    "export const columns = Columns.make({",
    ...lines,
    "})",
    `export const table = Source.${source}(${JSON.stringify(file)}, columns${options})`
  ].join("\n")
}

const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

const code = (column: Column.Column): string => {
  switch (column.kind) {
    case "float":
    case "timestamp":
      return `Column.${column.kind}`
    case "category":
      return `Column.category([${column.levels.map((level) => JSON.stringify(level)).join(", ")}])`
    case "text":
      return "Column.text"
    case "tensor":
      return `Column.tensor([${column.shape.join(", ")}]${column.dtype === "float32" ? "" : `, "${column.dtype}"`})`
    case "optional float":
    case "optional timestamp":
    case "optional category":
      return `Column.optional(${code(Column.complete(column))})`
  }
}
