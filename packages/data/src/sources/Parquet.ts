/**
 * Apache Parquet through DuckDB: columns come out as typed arrays, vector by vector. A file's types are its own, so which
 * of them a declared column takes is a fixed list, and a value that a column cannot hold exactly is an error.
 */
import { Effect, type FileSystem } from "effect"
import type { Columns } from "../Columns.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as DuckDB from "../internal/sources/duckdb.ts"
import type * as Files from "../internal/sources/files.ts"
import { nameOf, systemPath } from "../internal/sources/files.ts"
import * as FileSet from "../internal/sources/fileSet.ts"
import * as Relation from "../internal/sources/relation.ts"
import * as Quarantine from "./Quarantine.ts"
import { SourceError } from "./SourceError.ts"

const endings = [".parquet", ".parq", ".pq"]

/**
 * Reads a table from a Parquet file, from all such files below a folder, or from those that match a pattern (`*`, `?`,
 * `**`), in the order of their paths. Columns the declaration does not name are not read, nor are a folder's `key=value`
 * parts.
 *
 * | column | takes |
 * | --- | --- |
 * | `float` | integers and decimals within 2^53, FLOAT and DOUBLE that are finite |
 * | `timestamp` | DATE, TIMESTAMP (UTC where it has no zone) of whole microseconds, ISO 8601 texts |
 * | `category` | texts and enumerations, integers by their digits, BOOLEAN as `true` and `false` |
 * | `tensor` | lists of numbers nested as the shape is; only float64 becomes float32 by rounding |
 *
 * Fails with a `SourceError` naming the file, and where it applies the row, column and value: a file is missing or no
 * Parquet, has no rows, lacks a column, holds it as another type than the list has or than the other files do, a value is
 * missing, not finite, past 2^53, no level, or of another shape.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const Flights = Columns.make({ date: Column.timestamp, delay: Column.float, distance: Column.float })
 * Source.parquet("flights-3m.parquet", Flights).stage.name // => "parquet"
 */
export const parquet = <const C extends Columns>(
  path: Files.Path,
  columns: C
): Quarantine.Source<C, SourceError, FileSystem.FileSystem> =>
  Quarantine.source({
    name: "parquet",
    version: 2,
    params: {
      file: nameOf(path),
      columns: Declarations.ofColumns(columns)
    },
    external: FileSet.digest(path, endings),
    label: systemPath(path),
    read: (onBadRow) => Effect.scoped(readTable(path, columns, onBadRow))
  })

/** Writes what DuckDB reads of these files: no patterns, and no columns from the names of folders. */
export const scan = (files: ReadonlyArray<string>): string => {
  const paths = files.map((file) => DuckDB.text(DuckDB.literalPath(file))).join(", ")
  return `read_parquet([${paths}], hive_partitioning = false, union_by_name = false, binary_as_string = false)`
}

const readTable = Effect.fn("Source.parquet")(function* <C extends Columns>(
  path: Files.Path,
  columns: C,
  onBadRow: Quarantine.OnBadRow
) {
  const files = yield* FileSet.list(path, endings)
  const connection = yield* Effect.orDie(DuckDB.connectBounded)
  return yield* Relation.read({ connection, columns, files, scan, isCounted: true, refused }, onBadRow)
})

/** Says what DuckDB refused to read. */
export const refused = (file: string, error: DuckDB.DuckDBError): SourceError =>
  new SourceError({
    file,
    problem: "wrong format",
    detail: `is no Parquet file that can be read (${error.reason.split("\n")[0]})`,
    hint: "Fetch or write the file again."
  })
