/**
 * Delimited text through DuckDB. Every cell is read as text and then decoded as its column declares, so a cell that does
 * not decode is found and named; nothing is guessed from a sample and nothing is dropped. Times are UTC whatever the
 * machine's zone, and rows keep the order of the file.
 */
import { Effect, FileSystem } from "effect"
import * as Column from "../Column.ts"
import type { Columns, KeysOf } from "../Columns.ts"
import * as Collect from "../internal/sources/collect.ts"
import * as CsvRecords from "../internal/sources/csvRecords.ts"
import * as Decode from "../internal/sources/decode.ts"
import * as DuckDB from "../internal/sources/duckdb.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import * as SetAside from "../internal/sources/setAside.ts"
import * as RowId from "../RowId.ts"
import * as Quarantine from "./Quarantine.ts"
import { SourceError } from "./SourceError.ts"

/** How the file is written. */
export interface Options {
  /** One character between cells; a comma unless given, `"\t"` for TSV. */
  readonly delimiter?: string
  /** What the file is written in; UTF-8 unless given. `latin-1` is ISO 8859-1; UTF-16 may start with its mark. */
  readonly encoding?: "utf-8" | "utf-16" | "latin-1"
}

/** `C`, or a sentence where a column cannot come out of text cells. */
export type CellsOnly<C extends Columns> = [KeysOf<C, "tensor">] extends [never]
  ? C
  : "a text cell holds no tensor: declare float, category, timestamp and text columns"

/**
 * Reads a table from a CSV file (RFC 4180: cells quoted by `"`, a quote doubled inside them; UTF-8 unless said; a header with the
 * columns' names; names ending in `.gz` are unpacked). Columns the declaration does not name are not read.
 *
 * Floats are decimal numbers (a whole one past 2^53 only if a float64 holds it); instants are ISO 8601 (`2012-01-31`,
 * `2012-01-31T23:59:59.5Z`, `2012-01-31 23:59+02:00`), UTC where no offset is written, to the microsecond; categories are
 * one of the declared levels, texts any, letter for letter. An empty cell is a missing value where the column is declared with
 * `Column.optional`, the empty text in a column of texts, and else does not decode.
 * Fails with a `SourceError` naming the file, and where it applies the row, column and value: the file is missing, empty
 * or no CSV, the header lacks a column or has it twice, a row has too few or too many cells, a cell does not decode, or
 * a number is not finite.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const Weather = Columns.make({ date: Column.timestamp, temp_max: Column.float, weather: Column.category(["rain", "sun"]) })
 * Source.csv("seattle-weather.csv", Weather).stage.name // => "csv"
 */
export const csv = <const C extends Columns>(
  path: Files.Path,
  columns: CellsOnly<C>,
  options: Options = {}
): Quarantine.Source<C, SourceError, FileSystem.FileSystem> => {
  const declared = columns as C // the only branch of CellsOnly that is no sentence
  const delimiter = options.delimiter ?? ","
  return Quarantine.source({
    name: "csv",
    version: 2,
    params: {
      file: Files.nameOf(path),
      delimiter,
      ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
      columns: Declarations.ofColumns(declared)
    },
    external: Files.digest(path),
    label: Files.systemPath(path),
    read: (onBadRow) => Effect.scoped(readTable(path, declared, options, onBadRow))
  })
}

/** Reads a table; for sources that have one beside their own files. */
export const readTable = Effect.fn("Source.csv")(function* <C extends Columns>(
  path: Files.Path,
  columns: C,
  { delimiter = ",", encoding = "utf-8" }: Options,
  onBadRow: Quarantine.OnBadRow
) {
  const file = Files.systemPath(path)
  const names = Object.keys(columns)
  if (names.length === 0) {
    const hint = "Declare at least one."
    return yield* new SourceError({ file, problem: "bad columns", detail: "was asked for no columns", hint })
  }
  if (!/^[\t\x20-\x7e]$/.test(delimiter) || delimiter === '"') {
    const detail = `cannot be split at ${JSON.stringify(delimiter)}`
    const hint = "Give one ASCII character that is neither a quote nor a line break."
    return yield* new SourceError({ file, problem: "bad option", detail, hint })
  }
  const written = encoding === "utf-8" ? path : yield* inUtf8(path, encoding)
  const { blank, header, rows } = yield* countRecords(written, delimiter, file)
  const places = yield* Effect.forEach(names, (name) => placeOf(file, header, name))
  const connection = yield* Effect.orDie(DuckDB.connectBounded)
  const cellNames = header.map((_, index) => `c${index}`)
  const rowsOf = scanOf(written, cellNames, delimiter, keepRejects)
  const cells = names.map((name, index) => decoded(columns[name], `c${places[index]}`))
  const refused = (error: DuckDB.DuckDBError) => unreadable(file, error)

  const declared = names.map((name) => columns[name])
  const bad: Array<BadCell> = []
  const read = yield* Collect.collect({
    connection,
    sql: `SELECT ${cells.join(", ")} FROM ${rowsOf}`,
    columns,
    file,
    rows,
    onBadRow,
    bad: (block, start) => {
      const found = badCells(block, declared)
      for (const { column, row } of found) bad.push({ column, row: start + row })
      return found.map(({ row }) => row)
    },
    refused
  })
  const rejects = yield* rejectsOf(connection, blank)
  if (onBadRow === "fail") yield* refuseRows(file, rejects)
  if (read.length + rejects.length !== rows) {
    const detail = `has ${rows} rows by RFC 4180, of which ${read.length} could be read`
    const hint = "Use one kind of line break throughout, and none inside the header."
    return yield* new SourceError({ file, problem: "wrong format", detail, hint })
  }
  if (bad.length > 0 && onBadRow === "fail") {
    const [{ column, row }] = bad
    const cell = `SELECT coalesce(c${places[column]}, '') AS cell FROM ${rowsOf} LIMIT 1 OFFSET ${row}`
    const [found] = yield* Effect.mapError(connection.rows(cell), refused)
    return yield* badCell(file, names[column], declared[column], String(found.cell), { row, rows: bad.length })
  }
  const left = yield* Effect.mapError(
    leftOf({ file, connection, rowsOf, places, names, declared, rejects }, bad),
    refused
  )
  const without = rejects.map((reject) => rejected(file, reject))
  return { table: read.table, quarantine: SetAside.listed(read.length, left, without) }
})

interface Reading {
  readonly file: string
  readonly connection: DuckDB.Connection
  readonly rowsOf: string
  /** The places in the file of the columns declared. */
  readonly places: ReadonlyArray<number>
  readonly names: ReadonlyArray<string>
  readonly declared: ReadonlyArray<Column.Column>
  readonly rejects: ReadonlyArray<Reject>
}

/** Rows with cells that do not decode, with what stands there. */
const leftOf = Effect.fnUntraced(function* (
  { connection, declared, file, names, places, rejects, rowsOf }: Reading,
  bad: ReadonlyArray<BadCell>
): Effect.fn.Return<ReadonlyArray<SetAside.Left>, DuckDB.DuckDBError> {
  if (bad.length === 0) return []
  const shown = bad.slice(0, Quarantine.listed)
  const cells = places.map((place, index) => `left(coalesce(c${place}, ''), 200) AS v${index}`).join(", ")
  const texts = yield* connection.rows(
    `SELECT ${cells} FROM (SELECT row_number() OVER () AS n_, * FROM ${rowsOf}) ` +
      `WHERE n_ IN (SELECT unnest([${shown.map(({ row }) => row + 1).join(", ")}]::BIGINT[])) ORDER BY n_`
  )
  let rejectsBefore = 0
  return bad.map(({ column, row: place }, index) => {
    while (rejects[rejectsBefore]?.row <= place + rejectsBefore + 1) rejectsBefore++
    const value = String(texts[index]?.[`v${column}`] ?? "")
    const row = { file, row: place + rejectsBefore + 1, column: names[column], value }
    const reason = `is not ${expected(declared[column])}`
    return { place, reason: SetAside.because(names[column]), row: { ...row, reason } }
  })
})

const rejected = (file: string, { line, message, row }: Reject): SetAside.Left => {
  const reason = isEncoding(message) ? "not UTF-8" : "no row of this table"
  return { place: -1, reason, row: { file, row, column: "", value: line, reason: sentence(message) } }
}

/** Writes a file anew in UTF-8, for the length of the scope, so that one reader sees all encodings and byte orders. */
const inUtf8 = Effect.fnUntraced(function* (path: Files.Path, encoding: string) {
  const file = Files.systemPath(path)
  const toUtf8 = Files.toUtf8(encoding)
  const pieces: Array<Uint8Array> = []
  yield* Files.forEachPiece(path, (piece) => pieces.push(toUtf8(piece)))
  const written = FileSystem.FileSystem.pipe(
    Effect.flatMap((fileSystem) =>
      Effect.tap(fileSystem.makeTempFileScoped({ suffix: ".csv" }), (to) =>
        fileSystem.writeFile(to, Buffer.concat(pieces))
      )
    )
  )
  return yield* Effect.mapError(written, (error) => Files.fromPlatform(file, error))
})

/** DuckDB's time to read a file grows with the square of its columns: 100,000 take it seconds, a million minutes. */
const mostColumns = 100_000

/** Finds the header and counts the rows. UTF-16 is told by its mark, or by the zeros between Latin letters. */
const countRecords = Effect.fnUntraced(function* (path: Files.Path, delimiter: string, file: string) {
  const counter = CsvRecords.counter(delimiter)
  let start: Uint8Array | undefined
  yield* Files.forEachPiece(path, (piece) => {
    start ??= piece.slice(0, 4)
    counter.push(piece)
  })
  const [first, second] = start ?? []
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || start?.includes(0)) {
    const hint = 'Say { encoding: "utf-16" }.'
    return yield* new SourceError({ file, problem: "wrong encoding", detail: "is UTF-16, not UTF-8", hint })
  }
  const { blank, header, rows } = counter.end()
  if (header.length > mostColumns || header.join("").length >= CsvRecords.longest) {
    const size = header.length > mostColumns ? `${header.length} cells, more than ${mostColumns}` : "16 MiB or more"
    const hint = "Give the right delimiter, or lay the table on its side; wide arrays are better kept as .npy."
    return yield* new SourceError({ file, problem: "bad header", detail: `has a header of ${size}`, hint })
  }
  return rows === 0 ? yield* noRows(file, header) : { blank, header, rows }
})

const noRows = (file: string, header: ReadonlyArray<string>): SourceError =>
  new SourceError({
    file,
    problem: "empty file",
    detail: header.join("") === "" ? "is empty" : "has a header but no rows",
    hint: "Give a file with a header and at least one row."
  })

const placeOf = (file: string, header: ReadonlyArray<string>, name: string): Effect.Effect<number, SourceError> => {
  const place = header.indexOf(name)
  const twice = place >= 0 && header.indexOf(name, place + 1) >= 0
  if (place >= 0 && !twice) return Effect.succeed(place)
  return Effect.fail(
    new SourceError({
      file,
      problem: "bad header",
      detail: twice
        ? `has two columns "${name}" in its header`
        : `has no column "${name}"; its header is ${header.map((cell) => JSON.stringify(cell)).join(", ")}`,
      hint: twice ? "Rename one of them." : "Declare columns by the names in the header.",
      column: name
    })
  )
}

const scanOf = (path: Files.Path, names: ReadonlyArray<string>, delimiter: string, onBadRow: string): string => {
  const columns = names.map((name) => `${DuckDB.text(name)}: 'VARCHAR'`).join(", ")
  const compression = Files.isPacked(path) ? "gzip" : "none"
  return (
    `read_csv(${DuckDB.text(DuckDB.literalPath(Files.systemPath(path)))}, auto_detect = false, header = true, columns = {${columns}}, ` +
    `delim = ${DuckDB.text(delimiter)}, quote = '"', escape = '"', compression = '${compression}', ` +
    `null_padding = false, strict_mode = true, ${onBadRow})`
  )
}

const keepRejects = "store_rejects = true, rejects_limit = 0"

/** Counts a file's records and writes what DuckDB reads of it: a query in which a row that is none is an error. */
export const scan = Effect.fnUntraced(function* (path: Files.Path, delimiter = ",") {
  const file = Files.systemPath(path)
  const { header, rows } = yield* countRecords(path, delimiter, file)
  const lowered = header.map((name) => name.toLowerCase())
  const twin = header.find((_, index) => lowered.indexOf(lowered[index]) !== index)
  if (twin === undefined) return { sql: scanOf(path, header, delimiter, "ignore_errors = false"), header, rows }
  const detail = `has more than one column "${twin}" in its header, but for capital letters`
  return yield* new SourceError({ file, problem: "bad header", detail, hint: "Rename one of them.", column: twin })
})

/**
 * What is no float, instant or level becomes NaN or -1: the arrays need no second one that says which cells are valid.
 * Where values may be missing, those are what missing ones become, and what does not decode is infinite or -2.
 */
export const decoded = (column: Column.Column, cell: string): string => {
  const number = Decode.number(cell)
  const orMissing = (value: string) =>
    `CASE WHEN trim(coalesce(${cell}, '')) = '' THEN 'nan'::DOUBLE ` +
    `ELSE coalesce(nullif(${value}, 'nan'::DOUBLE), 'inf'::DOUBLE) END`
  switch (column.kind) {
    case "float":
      return `coalesce(${number}, 'nan'::DOUBLE)`
    case "optional float":
      return orMissing(number)
    case "timestamp":
      return `coalesce(${Decode.instant(cell)}, 'nan'::DOUBLE)`
    case "optional timestamp":
      return orMissing(Decode.instant(cell))
    case "category":
      return `${place(column.levels, cell)} - 1::INTEGER`
    case "optional category":
      return (
        `CASE WHEN coalesce(${cell}, '') = '' THEN -1::INTEGER ` +
        `ELSE coalesce(nullif(${place(column.levels, cell)}, 0), -1)::INTEGER - 1::INTEGER END`
      )
    case "text":
      return `coalesce(${cell}, '')`
    case "tensor":
      return "'nan'::DOUBLE"
  }
}

/** The place of a cell's text among the levels, from 1, or 0. */
const place = (levels: ReadonlyArray<string>, cell: string): string =>
  `coalesce(list_position([${levels.map((level) => DuckDB.text(level)).join(", ")}]::VARCHAR[], coalesce(${cell}, '')), 0)::INTEGER`

/** A row that is no record of the header's width, or no text; rows count from 1. */
interface Reject {
  readonly row: number
  readonly message: string
  readonly line: string
}

/** DuckDB keeps such rows in a table of their own, by lines, of which blank ones are no rows. */
const rejectsOf = Effect.fnUntraced(function* (connection: DuckDB.Connection, blank: ReadonlyArray<number>) {
  const found = yield* Effect.orDie(
    connection.rows("SELECT line::INTEGER AS line, error_message, csv_line FROM reject_errors ORDER BY line")
  )
  const rejects: Array<Reject> = []
  let last = 0
  let blankBefore = 0
  for (const { csv_line, error_message, line } of found) {
    if (Number(line) === last) continue
    last = Number(line)
    while (blank[blankBefore] < last) blankBefore++
    rejects.push({ row: last - 1 - blankBefore, message: String(error_message), line: String(csv_line).trim() })
  }
  return rejects
})

const isEncoding = (message: string): boolean => /unicode|utf-?8/i.test(message)

/** Fails on the first row that is no record. */
const refuseRows = Effect.fnUntraced(function* (file: string, rejects: ReadonlyArray<Reject>) {
  if (rejects.length === 0) return
  const [{ line, message, row }] = rejects
  const rows = rejects.length
  if (isEncoding(message)) {
    const detail = `is not UTF-8 in row ${row}${others(rows)}`
    const hint = "Convert it, for example with iconv -f WINDOWS-1252 -t UTF-8, from the encoding it was written in."
    return yield* new SourceError({ file, problem: "wrong encoding", detail, hint, row })
  }
  return yield* new SourceError({
    file,
    problem: "bad row",
    detail: `row ${row} is no row of this table: ${sentence(message)}${others(rows)}`,
    hint: "Correct the row in the file; a cell that holds a delimiter, a quote or a line break needs quotes around it.",
    row,
    value: line
  })
})

const sentence = (message: string): string => message.trim().replace(/\.$/, "")

const others = (rows: number): string => (rows > 1 ? ` (the first of ${rows} such rows)` : "")

interface BadCell {
  readonly row: number
  readonly column: number
}

/** Every row with a bad cell, each with the first. */
const badCells = (
  { columns, length }: DuckDB.Numbers,
  declared: ReadonlyArray<Column.Column>
): ReadonlyArray<BadCell> => {
  const tests = columns.flatMap(({ values }, column) => {
    const isBad = RowId.isTexts(values) ? undefined : badTest(values, Column.isOptional(declared[column]))
    return isBad !== undefined && Array.prototype.some.call(values, isBad) ? [{ column, isBad, values }] : []
  })
  const found: Array<BadCell> = []
  for (let row = 0; tests.length > 0 && row < length; row++) {
    const test = tests.find(({ isBad, values }) => isBad(Number(values[row])))
    if (test !== undefined) found.push({ row, column: test.column })
  }
  return found
}

/** What `decoded` makes of a cell that does not decode. */
const badTest = (values: RowId.Numbers, mayMiss: boolean): ((value: number) => boolean) => {
  if (!(values instanceof Float64Array)) return mayMiss ? (code) => code < -1 : (code) => code < 0
  return mayMiss ? (value) => Math.abs(value) === Infinity : (value) => !Number.isFinite(value)
}

const expected = (declared: Column.Column): string => {
  const column: Column.Complete = Column.complete(declared)
  return {
    float: "a finite decimal number that a float64 holds (whole ones past 2^53 may not)",
    timestamp: "an ISO 8601 date or time, such as 2012-01-31 or 2012-01-31T23:59:59Z",
    category:
      column.kind === "category" ? `one of ${column.levels.map((level) => JSON.stringify(level)).join(", ")}` : "",
    tensor: "a tensor",
    text: "a text"
  }[column.kind]
}

const badCell = (
  file: string,
  name: string,
  declared: Column.Column,
  value: string,
  { row, rows }: { readonly row: number; readonly rows: number }
): SourceError => {
  return new SourceError({
    file,
    problem: "bad value",
    detail: `row ${row + 1}, column "${name}" holds ${JSON.stringify(value)}, which is not ${expected(declared)}${others(rows)}`,
    hint:
      value.trim() === "" && !Column.isOptional(declared)
        ? "Fill the cell, or declare with Column.optional that values may be missing."
        : Column.complete(declared).kind === "category"
          ? "Correct the cell, or declare the level."
          : "Correct the cell, or leave the row out.",
    row: row + 1,
    column: name,
    value
  })
}

/** Says why DuckDB cannot read a CSV file. */
export const unreadable = (file: string, error: DuckDB.DuckDBError): SourceError =>
  new SourceError({
    file,
    problem: "wrong format",
    detail: `is no CSV file (${error.reason.split("\n")[0].replace(/^Invalid Input Error: /, "")})`,
    hint: "Write it as UTF-8 with a header, one kind of line break, and the declared delimiter."
  })
