/**
 * JSON through DuckDB: an array of objects, or one object per line. Every value is read as JSON and then decoded as its
 * column declares, by what it is and not by what it could be converted to: a number in quotes is a text.
 */
import { Effect, type FileSystem } from "effect"
import type { Columns } from "../Columns.ts"
import * as Decode from "../internal/sources/decode.ts"
import * as DuckDB from "../internal/sources/duckdb.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import * as FileSet from "../internal/sources/fileSet.ts"
import * as Relation from "../internal/sources/relation.ts"
import * as Quarantine from "./Quarantine.ts"
import { SourceError } from "./SourceError.ts"

/** How the objects stand in the file. */
export interface Options {
  /**
   * `array`: the file is one JSON array of objects. `lines`: each line is an object (JSON Lines). Unless given, names
   * that end in `.jsonl` or `.ndjson` (before `.gz`) are lines, all others arrays.
   */
  readonly format?: "array" | "lines"
}

const endings = [".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz"]

/**
 * Reads a table from a JSON or JSON Lines file, from all such files below a folder, or from those that match a pattern
 * (`*`, `?`, `**`), in the order of their paths; names ending in `.gz` are unpacked. Keys the declaration does not name are
 * not read. A `float` takes numbers (a whole one past 2^53 only if a float64 holds it; `-0` is 0, `-0.0` is not); a `timestamp` ISO 8601 texts as `Source.csv`
 * does; a `category` texts, whole numbers by their digits, `true` and `false`; a `tensor` arrays of numbers nested as the
 * shape is.
 *
 * Fails with a `SourceError` naming the file, and where it applies the row, column and value: a file is missing or no JSON
 * of that format, has no rows, an object has a key twice, a value is missing or `null`, or is not what its column takes.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const Cars = Columns.make({ Horsepower: Column.float, Origin: Column.category(["Europe", "Japan", "USA"]) })
 * Source.json("cars.json", Cars).stage.name // => "json"
 */
export const json = <const C extends Columns>(
  path: Files.Path,
  columns: C,
  options: Options = {}
): Quarantine.Source<C, SourceError, FileSystem.FileSystem> =>
  Quarantine.source({
    name: "json",
    version: 2,
    params: {
      file: Files.nameOf(path),
      format: options.format ?? null,
      columns: Declarations.ofColumns(columns)
    },
    external: FileSet.digest(path, endings),
    label: Files.systemPath(path),
    read: (onBadRow) => Effect.scoped(readTable(path, columns, options, onBadRow))
  })

const readTable = Effect.fn("Source.json")(function* <C extends Columns>(
  path: Files.Path,
  columns: C,
  { format }: Options,
  onBadRow: Quarantine.OnBadRow
) {
  const files = yield* FileSet.list(path, endings)
  const names = Object.keys(columns)
  const lowered = names.map((name) => name.toLowerCase())
  const twin = names.find((_, index) => lowered.indexOf(lowered[index]) !== index)
  if (twin !== undefined) {
    return yield* new SourceError({
      file: files[0],
      problem: "bad columns",
      detail: `cannot be read for the column "${twin}" beside one that differs from it only in capital letters`,
      hint: "Rename one of them in the file.",
      column: twin
    })
  }
  const scan = (some: ReadonlyArray<string>) => scanOf(some, names, format)
  const connection = yield* Effect.orDie(DuckDB.connect)
  const bytes = yield* FileSet.bytes(files)
  const strict = { connection, columns, files, scan, type: Decode.json, isCounted: false, bytes, refused }
  const isLines = files.every((file) => (format === undefined ? isLinesName(file) : format === "lines"))
  if (onBadRow === "fail" || !isLines) return yield* Relation.read(strict, onBadRow)
  const isBroken = brokenLines(connection, files)
  const lenient = (some: ReadonlyArray<string>) => scanOf(some, names, format, ", ignore_errors = true")
  return yield* Relation.read({ ...strict, scan: lenient, isBroken }, onBadRow)
})

/**
 * Finds the lines that are no JSON object with each of its keys once, by their places among all that are not blank:
 * DuckDB's reader, told to go on, gives NULL for these, which a missing value is too.
 */
const brokenLines = Effect.fnUntraced(function* (connection: DuckDB.Connection, files: ReadonlyArray<string>) {
  const reads = files.map((file, index) => {
    const path = DuckDB.text(DuckDB.literalPath(file))
    const compression = Files.isPacked(file) ? "gzip" : "none"
    return (
      `SELECT ${index} AS file, line, rest FROM read_csv(${path}, auto_detect = false, header = false, ` +
      `columns = {'line': 'VARCHAR', 'rest': 'VARCHAR'}, delim = '\x1f', quote = '', escape = '', ` +
      `null_padding = true, compression = '${compression}', max_line_size = ${maximumObject})`
    )
  })
  const isObject =
    "CASE WHEN rest IS NULL AND json_valid(line) THEN CASE WHEN json_type(line) = 'OBJECT' " +
    "THEN len(json_keys(line)) = len(list_distinct(json_keys(line))) END END"
  const query =
    `SELECT (n - 1)::VARCHAR AS place, left(line, 200) AS line FROM (SELECT row_number() OVER () AS n, line, rest ` +
    `FROM (${reads.join(" UNION ALL ")}) WHERE NOT regexp_full_match(coalesce(line, ''), '\\s*')) ` +
    `WHERE NOT coalesce(${isObject}, false) ORDER BY n`
  const found = yield* Effect.mapError(connection.rows(query), (error) => refused(files[0], error))
  return new Map(found.map(({ line, place }) => [Number(place), String(line ?? "")]))
})

const isLinesName = (file: string): boolean => /\.(jsonl|ndjson)(\.gz)?$/.test(file)

/** Writes the options of DuckDB's readers for a file. */
export const readerOptions = (file: string, format?: Options["format"]): string => {
  const isLines = format === undefined ? isLinesName(file) : format === "lines"
  const compression = Files.isPacked(file) ? "gzip" : "uncompressed"
  return (
    `format = '${isLines ? "newline_delimited" : "array"}', compression = '${compression}', ` +
    `hive_partitioning = false, maximum_object_size = ${maximumObject}`
  )
}

/**
 * Writes what DuckDB reads of these files: the given keys of all objects, each as JSON. Files in a row that are read alike
 * are one reader's: thousands of readers take DuckDB ten times as long to plan.
 */
export const scanOf = (
  files: ReadonlyArray<string>,
  names: ReadonlyArray<string>,
  format?: Options["format"],
  more = ""
): string => {
  const keys = names.map((name) => `${DuckDB.text(name)}: 'JSON'`).join(", ")
  const runs: Array<{ readonly options: string; readonly paths: Array<string> }> = []
  for (const file of files) {
    const path = DuckDB.text(DuckDB.literalPath(file))
    const options = readerOptions(file, format)
    const last = runs.at(-1)
    if (last?.options === options) last.paths.push(path)
    else runs.push({ options, paths: [path] })
  }
  const reads = runs.map(
    ({ options, paths }) =>
      `FROM read_json([${paths.join(", ")}], auto_detect = false, columns = {${keys}}, ${options}, records = true${more})`
  )
  return `(${reads.join(" UNION ALL ")})`
}

/** One object may take this many bytes. */
const maximumObject = 1 << 28

/** Says what DuckDB refused to read. */
export const refused = (file: string, error: DuckDB.DuckDBError): SourceError => {
  const [first] = error.reason.replace(/^Invalid Input Error: /, "").split("\n")
  const named = /in file "(.*?)"/.exec(first)?.[1] ?? file
  return new SourceError({
    file: named,
    problem: "wrong format",
    detail: `is no JSON of this format (${first.trim().replace(/\.$/, "")})`,
    hint: 'Write an array of objects, or one object per line and say { format: "lines" }; in UTF-8.'
  })
}
