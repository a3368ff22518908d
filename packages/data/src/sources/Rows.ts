/**
 * Rows that are in memory, or come as an Effect `Stream`: objects by the names of their columns. Their version is what
 * they hold, and everything that is wrong with them is said at once. A stream may have more rows than fit in memory.
 */
import { Effect, type Schema, Stream } from "effect"
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as CollectRows from "../internal/sources/collectRows.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import { idColumn } from "../Table.ts"
import * as Quarantine from "./Quarantine.ts"
import { type Bad, SourceError } from "./SourceError.ts"

/**
 * What a cell of a column is given as: numbers as they are; instants as a `Date`, a day (`2012-01-31`) or a time with its
 * offset (`2012-01-31T23:59:59Z`) in ISO 8601; categories by their level; texts; tensors flat or nested as their shape is.
 */
export type CellOf<C extends Column.Column> = C extends Column.Float
  ? number
  : C extends Column.Timestamp
    ? Date | string
    : C extends Column.Category<infer Level>
      ? Level
      : C extends Column.Tensor
        ? Uint8Array | Int32Array | Float32Array | Nested
        : C extends Column.Text
          ? string
          : never

/** Numbers in arrays of any depth. */
export type Nested = ReadonlyArray<number> | ReadonlyArray<Nested>

/** The names of the columns that may be missing. */
type Missable<C extends Columns> = { readonly [K in keyof C]: C[K] extends Column.Optional ? K : never }[keyof C]

/** A row as an object: a cell for each column, `null` or nothing where it may be missing, and nothing else. */
export type RowOf<C extends Columns> = { readonly [K in Exclude<keyof C, Missable<C>>]: CellOf<C[K]> } & {
  readonly [K in Missable<C>]?: CellOf<Column.CompleteOf<C[K]>> | null
}

/**
 * Makes a source of rows in memory. Fails with a `SourceError` that lists every cell that its column does not take: it is
 * missing, of another type, not finite, no level, of another shape, or belongs to no column.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const Trips = Columns.make({ at: Column.timestamp, zone: Column.category(["a", "b"]), fare: Column.float })
 * Source.rows([{ at: "2024-01-31T08:00:00Z", zone: "b", fare: 12.5 }], Trips).stage.name // => "rows"
 */
export const rows = <const C extends Columns>(
  rows: ReadonlyArray<RowOf<C>>,
  columns: C,
  name = "rows"
): Quarantine.Source<C, SourceError> => {
  const feed: CollectRows.Feed<never, never> = { rows: () => rows.length, each: (take) => take(rows) }
  return sourceOf(name, columns, feed)
}

/**
 * Makes a source of a stream of rows: of a database, a queue that was recorded, a paged service. Its digest is that of
 * the rows, so the stream is read for the digest, for the table if the store does not have it, and for the digest again:
 * it must give the same rows each time, or the run fails with `ChangedWhileRead`. Where reading is dear, write a file
 * first. Rows are pulled as they are decoded, and need not fit in memory: those of more than `Scratch.Settings` allows wait on
 * disk, also for the digest. Fails with the stream's errors, or as `rows` does.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * import { Stream } from "effect"
 * const Readings = Columns.make({ celsius: Column.float })
 * Source.stream(Stream.make({ celsius: 20.5 }, { celsius: 21 }), Readings).stage.name // => "stream"
 */
export const stream = <const C extends Columns, E, R>(
  stream: Stream.Stream<RowOf<C>, E, R>,
  columns: C,
  name = "stream"
): Quarantine.Source<C, SourceError | E, R> => {
  const feed: CollectRows.Feed<E, R> = { each: (take) => Stream.runForEachArray(stream, take) }
  return sourceOf(name, columns, feed)
}

/** Makes a source of what gives rows some at a time. */
export const sourceOf = <C extends Columns, E, R>(
  name: string,
  columns: C,
  feed: CollectRows.Feed<E, R>,
  params: Schema.Json = Declarations.ofColumns(columns)
): Quarantine.Source<C, SourceError | E, R> =>
  Quarantine.source({
    name,
    version: 1,
    params,
    external: CollectRows.digest(columns, feed, name),
    label: name,
    read: (onBadRow) => tableOf(name, columns, feed, onBadRow)
  })

const tableOf = Effect.fnUntraced(function* <C extends Columns, E, R>(
  file: string,
  columns: C,
  feed: CollectRows.Feed<E, R>,
  onBadRow: Quarantine.OnBadRow
) {
  if (Object.keys(columns).length === 0) {
    const hint = "Declare at least one."
    return yield* new SourceError({ file, problem: "bad columns", detail: "were asked for no columns", hint })
  }
  if (idColumn in columns) {
    const detail = `Column "${idColumn}" has a reserved name; choose another`
    return yield* new SourceError({ file, problem: "bad columns", detail, hint: "Rename it.", column: idColumn })
  }
  const { bad, length, sorted } = yield* CollectRows.collect(columns, feed, file, onBadRow)
  if (length === 0) {
    return yield* new SourceError({ file, problem: "empty file", detail: "are none", hint: "Give at least one row." })
  }
  return bad.length > 0 ? yield* badRows(file, bad) : sorted
})

/** So many are written out; `bad` has them all. */
const shownAtOnce = 20

const badRows = (file: string, bad: ReadonlyArray<Bad>): SourceError => {
  const lines = bad.slice(0, shownAtOnce).map(({ column, expected, row, value }) => {
    const where = column === "" ? `row ${row}` : `row ${row}, column "${column}"`
    return `${where} holds ${value}, which is not ${expected}`
  })
  const more = bad.length > shownAtOnce ? [`and ${bad.length - shownAtOnce} more`] : []
  const [{ column, row, value }] = bad
  return new SourceError({
    file,
    problem: "bad value",
    detail: lines.length === 1 ? lines[0] : `${bad.length} values are wrong:\n  ${[...lines, ...more].join("\n  ")}\n`,
    hint: "Correct the rows, or declare the columns otherwise.",
    row,
    column,
    value,
    bad
  })
}
