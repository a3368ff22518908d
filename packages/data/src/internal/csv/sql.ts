/**
 * Delimited text in SQL, for queries over CSV files and for guessing their columns: DuckDB reads every cell as text, and
 * expressions decode it as `Source.csv` does.
 */
import { Effect } from "effect"
import type * as Column from "../../Column.ts"
import { SourceError } from "../../sources/SourceError.ts"
import * as Decode from "../sources/decode.ts"
import * as DuckDB from "../sources/duckdb.ts"
import * as Files from "../sources/files.ts"
import * as Read from "./read.ts"
import * as Refusals from "./refusals.ts"

/** DuckDB's time to read a file grows with the square of its columns: 100,000 take it seconds, a million minutes. */
const mostColumns = 100_000

/** Counts a file's records and writes what DuckDB reads of it: a query in which a row that is none is an error. */
export const scan = Effect.fnUntraced(function* (path: Files.Path, delimiter = ",") {
  const file = Files.systemPath(path)
  let rows = 0
  const header = yield* Read.read({
    path,
    delimiter,
    plan: ({ isReturn, names }) => {
      const layout = { delimiter: delimiter.charCodeAt(0), isReturn, width: names.length, places: [] }
      const tooMany = `has a header of ${names.length} cells, more than ${mostColumns}`
      return names.length > mostColumns
        ? Effect.fail(new SourceError({ file, problem: "bad header", detail: tooMany, hint: Refusals.tooWide }))
        : Effect.succeed({ layout, columns: {}, shown: { rows: 0, characters: 0 } })
    },
    add: ({ records }) => Effect.sync(() => void (rows += records))
  })
  if (rows === 0) return yield* Refusals.noRows(file, header)
  const lowered = new Map(header.map((name, index) => [name.toLowerCase(), index]))
  const twin = header.find((name, index) => lowered.get(name.toLowerCase()) !== index)
  if (twin === undefined) return { sql: sqlOf(path, header, delimiter), header, rows }
  const detail = `has more than one column "${twin}" in its header, but for capital letters`
  return yield* new SourceError({ file, problem: "bad header", detail, hint: "Rename one of them.", column: twin })
})

const sqlOf = (path: Files.Path, names: ReadonlyArray<string>, delimiter: string): string => {
  const columns = names.map((name) => `${DuckDB.text(name)}: 'VARCHAR'`).join(", ")
  const compression = Files.isPacked(path) ? "gzip" : "none"
  return (
    `read_csv(${DuckDB.text(DuckDB.literalPath(Files.systemPath(path)))}, auto_detect = false, header = true, columns = {${columns}}, ` +
    `delim = ${DuckDB.text(delimiter)}, quote = '"', escape = '"', compression = '${compression}', ` +
    `null_padding = false, strict_mode = true, ignore_errors = false)`
  )
}

/** Writes SQL that is NULL for a missing cell and one that a column does not take; nothing for a column of no cells. */
export const whenDecoded = (column: Column.Complete, cell: string): string | undefined => {
  switch (column.kind) {
    case "float":
      return `CASE WHEN isfinite(${Decode.number(cell)}) THEN 1 END`
    case "timestamp":
      return Decode.instant(cell)
    case "category":
      return `list_position([${column.levels.map((level) => DuckDB.text(level)).join(", ")}]::VARCHAR[], ${cell})`
    case "text":
      return cell
    case "tensor":
      return undefined
  }
}

/** Says why DuckDB cannot read a CSV file. */
export const unreadable = (file: string, error: DuckDB.DuckDBError): SourceError =>
  new SourceError({
    file,
    problem: "wrong format",
    detail: `is no CSV file (${error.reason.split("\n")[0].replace(/^Invalid Input Error: /, "")})`,
    hint: "Write it as UTF-8 with a header, one kind of line break, and the declared delimiter."
  })
