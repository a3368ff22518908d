/**
 * Arrow IPC files and streams (Feather version 2), of any writer and in the types they chose. Numbers are not copied where
 * a column is one batch of the type that the table holds.
 */
import { Effect, type FileSystem } from "effect"
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as ArrowRead from "../internal/arrow/read.ts"
import * as Decode from "../internal/sources/decode.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import * as SetAside from "../internal/sources/setAside.ts"
import * as Sift from "../internal/sources/sift.ts"
import type * as RowId from "../RowId.ts"
import * as Quarantine from "./Quarantine.ts"
import { SourceError } from "./SourceError.ts"

/** What may be unpacked. */
export interface Options {
  /** The bytes that compressed bodies may have together: 2^31 unless given. A small file can unpack to any size. */
  readonly maxBytes?: number
}

/**
 * Reads a table from an Arrow IPC file or stream; names ending in `.gz` are unpacked. Columns the declaration does not name
 * are not read. Bodies compressed by LZ4 or ZSTD are unpacked, into `maxBytes` at most.
 *
 * | column | takes |
 * | --- | --- |
 * | `float` | integers within 2^53, float32 and float64 that are finite |
 * | `timestamp` | dates and timestamps (UTC where they have no zone) of whole microseconds |
 * | `category` | texts and dictionaries of texts, integers by their digits, booleans as `true` and `false` |
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
    version: 1,
    params: {
      file: Files.nameOf(path),
      columns: Declarations.ofColumns(columns)
    },
    external: Files.digest(path),
    label: Files.systemPath(path),
    read: (onBadRow) => readTable(path, columns, options.maxBytes ?? ArrowRead.maxBytes, onBadRow)
  })

/** Says why a file cannot be read as Arrow. */
export const unreadable =
  (file: string) =>
  ({ reason }: { readonly reason: string }): SourceError =>
    new SourceError({
      file,
      problem: "wrong format",
      detail: `is no Arrow IPC file or stream that can be read (${reason})`,
      hint: "Write it again."
    })

const readTable = Effect.fn("Source.arrow")(function* <C extends Columns>(
  path: Files.Path,
  columns: C,
  maxBytes: number,
  onBadRow: Quarantine.OnBadRow
) {
  const leaving = Sift.leaving()
  const file = Files.systemPath(path)
  const names = Object.keys(columns)
  const broken = unreadable(file)
  if (names.length === 0) {
    const hint = "Declare at least one."
    return yield* new SourceError({ file, problem: "bad columns", detail: "was asked for no columns", hint })
  }
  const bytes = yield* Files.read(path)
  const opened = yield* Effect.mapError(ArrowRead.open(bytes, maxBytes), broken)
  const values: Record<string, RowId.Values> = {}
  for (const name of names) {
    if (opened.names.filter((found) => found === name).length !== 1) {
      const has = opened.names.map((found) => JSON.stringify(found)).join(", ")
      const detail = opened.names.includes(name)
        ? `has more than one column "${name}"`
        : `has no column "${name}"; its columns are ${has}`
      const hint = "Declare columns by the names the file has, letter for letter."
      return yield* new SourceError({ file, problem: "bad header", detail, hint, column: name })
    }
    if (opened.length === 0) {
      const hint = "Give a file with at least one row."
      return yield* new SourceError({ file, problem: "empty file", detail: "has no rows", hint })
    }
    const read = yield* Effect.mapError(opened.column(name, columns[name]), broken)
    if (read._tag === "BadRow" && onBadRow === "set aside") {
      const sifted = yield* Effect.mapError(opened.sifted(name, columns[name]), broken)
      for (const { row, value } of sifted.bad) leaving.note(file, name, columns[name], row, value)
      values[name] = sifted.values
      continue
    }
    if (read._tag !== "Values") return yield* refused(file, name, columns[name], read)
    values[name] = read.values
  }
  const made = SetAside.sorted(columns, values, opened.length, leaving.left())
  return yield* Effect.mapError(made, ({ column, message }) => {
    return new SourceError({ file, problem: "bad columns", detail: message, hint: "Declare it otherwise.", column })
  })
})

const refused = (
  file: string,
  name: string,
  column: Column.Column,
  read: Exclude<ArrowRead.Read, { readonly _tag: "Values" }>
): SourceError => {
  if (read._tag === "WrongType") {
    const detail = `holds ${read.type} in column "${name}", which is no ${column.kind} column`
    const hint = "Declare it otherwise, or convert it when the file is written."
    return new SourceError({ file, problem: "wrong type", detail, hint, column: name })
  }
  const { row, value } = read
  const place = { file, problem: "bad value", row: row + 1, column: name } as const
  const at = `row ${row + 1}, column "${name}"`
  if (value === undefined) {
    const hint = "Fill the place, or declare with Column.optional that values may be missing."
    return new SourceError({ ...place, detail: `${at} has no value`, hint })
  }
  const shown = JSON.stringify(value.length > 200 ? `${value.slice(0, 199)}…` : value)
  const detail = `${at} holds ${shown}, which is not ${Decode.expected(column)}`
  const hint =
    column.kind === "category" ? "Correct the value, or declare the level." : "Correct it, or leave the row out."
  return new SourceError({ ...place, detail, hint, value })
}
