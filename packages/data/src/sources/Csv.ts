/**
 * Delimited text. Every cell is decoded as its column declares, so a cell that does not decode is found and named; nothing
 * is guessed from a sample and nothing is dropped. Times are UTC whatever the machine's zone, and rows keep the order of
 * the file.
 */
import { Effect, type FileSystem } from "effect"
import type { Columns, KeysOf } from "../Columns.ts"
import type * as Decode from "../internal/csv/decode.ts"
import type { Header } from "../internal/csv/pieces.ts"
import * as Read from "../internal/csv/read.ts"
import * as Refusals from "../internal/csv/refusals.ts"
import * as Columnar from "../internal/columns/columnar.ts"
import * as Tables from "../internal/columns/tables.ts"
import * as Collector from "../internal/columns/collector.ts"
import * as Builder from "../internal/rows/builder.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import { noColumns } from "../internal/sources/refusals.ts"
import * as SetAside from "../internal/sources/setAside.ts"
import { idColumn } from "../Table.ts"
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
 * columns' names; names ending in `.gz` are unpacked). Lines end with LF or CR LF, with CR alone where the header does; blank
 * ones are no rows where there are several columns. Columns the declaration does not name are not read. Pieces of a large
 * file are decoded by threads; no result depends on how many.
 *
 * Floats are decimal numbers (a whole one past 2^53 only if a float64 holds it); instants are ISO 8601 (`2012-01-31`,
 * `2012-01-31T23:59:59.5Z`, `2012-01-31 23:59+02:00`), UTC where no offset is written, to the microsecond; categories are
 * one of the declared levels, texts any, letter for letter. An empty cell is a missing value where the column is declared with
 * `Column.optional`, the empty text in a column of texts, and else does not decode.
 * Fails with a `SourceError` naming the file, and where it applies the row, column and value: the file is missing, empty
 * or no CSV, the header lacks a column or has it twice, a row has too few cells or too many that are not empty, something
 * stands behind a closing quote, a row is longer than 16 MiB, a cell does not decode, or a number is not finite.
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
    version: 3,
    params: {
      file: Files.nameOf(path),
      delimiter,
      ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
      columns: Declarations.ofColumns(declared)
    },
    external: Files.digest(path),
    label: Files.systemPath(path),
    read: (onBadRow) => readTable(path, declared, options, onBadRow)
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
  yield* checked(file, columns, delimiter)
  const size = yield* Files.size(path)
  let collector: Collector.Collector | undefined
  let [records, length] = [0, 0]
  const left: Array<Refusals.Left> = []
  const header = yield* Read.read({
    path,
    delimiter,
    encoding,
    plan: (found) => planOf(file, columns, delimiter, found, onBadRow),
    add: Effect.fnUntraced(function* (piece) {
      for (const { record, ...row } of piece.left) left.push({ ...row, row: records + record + 1 })
      records += piece.records
      if (onBadRow === "fail" && left.length > 0) return
      length += piece.kept
      const block = { length: piece.kept, columns: { ...piece.values, [idColumn]: piece.ids } }
      collector ??= yield* Collector.makeAbout(columns, expected(piece, size))
      if (piece.kept > 0) yield* Effect.mapError(collector.add(block), Builder.noRoom(file))
    })
  })
  if (records === 0) return yield* Refusals.noRows(file, header)
  if (onBadRow === "fail") yield* refuse(file, columns, left, header.length)
  const { [idColumn]: ids = new Uint8Array(0), ...values } = collector === undefined ? {} : yield* collector.end
  const entry = ids as Columnar.Entry<Uint8Array> // added above
  const table = Tables.fromEntries(columns, Columnar.make(values), length, entry)
  const setAside = left.map((each) => asideOf(file, columns, each, header.length))
  return { table, quarantine: Quarantine.make(records, setAside) }
})

/** How many rows a file may have, by its first piece. */
const expected = ({ kept, text }: Decode.Decoded, size: number): number => Math.ceil((1.05 * kept * size) / text)

const checked = (file: string, columns: Columns, delimiter: string): Effect.Effect<void, SourceError> => {
  if (Object.keys(columns).length === 0) return Effect.fail(noColumns(file))
  if (idColumn in columns) return Effect.fail(Builder.reserved(file))
  if (/^[\t\x20-\x7e]$/.test(delimiter) && delimiter !== '"') return Effect.void
  const detail = `cannot be split at ${JSON.stringify(delimiter)}`
  const hint = "Give one ASCII character that is neither a quote nor a line break."
  return Effect.fail(new SourceError({ file, problem: "bad option", detail, hint }))
}

/** Where bad rows fail, the first is shown whole. */
const planOf = (
  file: string,
  columns: Columns,
  delimiter: string,
  { isReturn, names }: Header,
  onBadRow: Quarantine.OnBadRow
): Effect.Effect<Decode.Plan, SourceError> => {
  const places = new Map(Object.keys(columns).map((name) => [name, -1]))
  const twice = new Set<string>()
  for (const [place, name] of names.entries()) {
    const before = places.get(name)
    if (before !== undefined && before >= 0) twice.add(name)
    if (before !== undefined) places.set(name, place)
  }
  const wrong = [...places].find(([name, place]) => place < 0 || twice.has(name))
  if (wrong !== undefined) return Effect.fail(Refusals.badHeader(file, names, wrong[0]))
  const layout = { delimiter: delimiter.charCodeAt(0), isReturn, width: names.length, places: [...places.values()] }
  const shown =
    onBadRow === "fail"
      ? { rows: 1, characters: Number.MAX_SAFE_INTEGER }
      : { rows: Quarantine.listed, characters: 200 }
  return Effect.succeed({ layout, columns, hasIds: true, shown })
}

/** Fails on the first row that is no record, or else on the first with a cell that does not decode. */
const refuse = (file: string, columns: Columns, left: ReadonlyArray<Refusals.Left>, width: number) => {
  const noRows = left.filter(({ problem }) => problem !== "value")
  if (noRows.length > 0) return Effect.fail(Refusals.badRow(file, noRows[0], width, noRows.length))
  if (left.length > 0) return Effect.fail(Refusals.badCell(file, left[0], columns[left[0].column], left.length))
  return Effect.void
}

const asideOf = (file: string, columns: Columns, left: Refusals.Left, width: number) => {
  const { column, problem, row, value } = left
  if (problem === "value") {
    const reason = `is not ${Refusals.expected(columns[column])}`
    return { reason: SetAside.because(column), row: { file, row, column, value, reason } }
  }
  const kind = problem === "encoding" ? "not UTF-8" : "no row of this table"
  return { reason: kind, row: { file, row, column, value, reason: Refusals.sentence(left, width) } }
}
