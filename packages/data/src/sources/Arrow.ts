/**
 * Arrow IPC files and streams (Feather version 2), of any writer, Polars' among them, and in the types they chose, read some rows at a time and
 * only where the declared columns lie: files may be larger than memory.
 */
import { Effect, type FileSystem } from "effect"
import type { Columns } from "../Columns.ts"
import * as Read from "../internal/arrow/read.ts"
import * as Refusals from "../internal/arrow/refusals.ts"
import * as Table from "../internal/arrow/table.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import { noColumns } from "../internal/sources/refusals.ts"
import * as Quarantine from "./Quarantine.ts"
import type { SourceError } from "./SourceError.ts"

/** What may be unpacked. */
export interface Options {
  /**
   * The bytes that compressed bodies may have together, or all of a file named `.gz`: 2^31 unless given. A small file can
   * unpack to any size.
   */
  readonly maxBytes?: number
}

/**
 * Reads a table from an Arrow IPC file or stream; names ending in `.gz` are unpacked. Columns the declaration does not name
 * are not read. Bodies compressed by LZ4 or ZSTD are unpacked, into `maxBytes` at most.
 *
 * What bounds memory, beside a table that is small enough to stay there: the dictionaries of the declared columns, and
 * about 16 MB of rows. Of compressed bodies it is also the declared columns of the largest record batch, so write these in
 * batches (pyarrow: `max_chunksize`). What comes out of a `.gz` goes to a scratch file where it is large.
 *
 * | column | takes |
 * | --- | --- |
 * | `float` | integers within 2^53, float32 and float64 that are finite |
 * | `timestamp` | dates and timestamps (UTC where they have no zone) of whole microseconds |
 * | `category` | texts (also as views) and dictionaries of texts, integers by their digits, booleans as `true` and `false` |
 * | `tensor` | lists of numbers nested as the shape is, and `arrow.fixed_shape_tensor`; only float64 rounds, to float32 |
 *
 * A null is a missing value where the column is declared with `Column.optional`, and else does not decode.
 * Fails with a `SourceError` naming the file, and where it applies the row, column and value: the file is missing or no
 * Arrow, is cut off (a stream must have its end mark), damaged, unpacks to too much, has no rows, lacks a column, holds it as another type, or a value is missing, not finite,
 * past 2^53, no level, or of another shape.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const Flights = Columns.make({ delay: Column.float, distance: Column.float })
 * Source.arrow("flights-200k.arrow", Flights).stage.name // => "arrow"
 */
export const arrow = <const C extends Columns>(
  path: Files.Path,
  columns: C,
  options: Options = {}
): Quarantine.Source<C, SourceError, FileSystem.FileSystem> =>
  Quarantine.source({
    name: "arrow",
    version: 2,
    params: {
      file: Files.nameOf(path),
      columns: Declarations.ofColumns(columns)
    },
    external: Files.digest(path),
    label: Files.systemPath(path),
    read: (onBadRow) => readTable(path, columns, options.maxBytes, onBadRow)
  })

const readTable = Effect.fn("Source.arrow")(function* <C extends Columns>(
  path: Files.Path,
  columns: C,
  maxBytes: number | undefined,
  onBadRow: Quarantine.OnBadRow
) {
  const file = Files.systemPath(path)
  if (Object.keys(columns).length === 0) return yield* noColumns(file)
  const read = Effect.flatMap(Read.open(path, maxBytes), (opened) => Table.read(file, columns, opened, onBadRow))
  return yield* Effect.catchTag(Effect.scoped(read), "IpcError", ({ reason }) => Refusals.unreadable(file, reason))
})
