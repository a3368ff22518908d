/**
 * A table's rows as series: in the order of their instants, each group by itself. What windows and joins over time have
 * in common, and the error they fail with.
 */
import { Duration, Effect, Option, Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns, KeysOf } from "../Columns.ts"
import * as Derive from "../internal/columns/derive.ts"
import type * as RowId from "../RowId.ts"
import type { Length } from "../split/Temporal.ts"
import * as Table from "../Table.ts"

/** Rows are not a series that a window can be laid over. */
export class WindowError extends Schema.TaggedError<WindowError>()("WindowError", {
  window: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.window}: ${this.reason}. ${this.hint}`
  }
}

/** The name of a column of instants, or a sentence where there is none. */
export type TimeOf<C extends Columns> = [KeysOf<C, "timestamp">] extends [never]
  ? "this table has no timestamp column to order its rows by"
  : KeysOf<C, "timestamp">

/** The name of a column that can tell series apart, or a sentence where there is none. */
export type SeriesOf<C extends Columns> = [KeysOf<C, "category" | "float">] extends [never]
  ? "this table has no category or float column to tell its series apart"
  : KeysOf<C, "category" | "float">

/** What orders the rows. */
export interface Ordered<C extends Columns> {
  /** The column of instants. */
  readonly on: TimeOf<C>
  /** A column whose values tell series apart, such as the shop or the patient; no row sees one of another series. */
  readonly series?: SeriesOf<C>
}

/** Rows by series, then by instant, then by place. */
export interface Series {
  readonly times: Float64Array
  /** The rows' places in the table, series after series. */
  readonly sorted: Uint32Array
  /** For each place in `sorted`, the place at which its series begins. */
  readonly first: Uint32Array
}

/** Numbers series 0, 1, 2, … in the order in which they appear. */
const seriesOf = (table: Table.Table, by: string | undefined): Uint32Array => {
  const numbers = new Uint32Array(table.length)
  if (by === undefined) return numbers
  const known = new Map<number, number>()
  Table.numbers(table, by).forEach((value: number, row: number) => {
    const found = known.get(value) ?? known.size
    known.set(value, found)
    numbers[row] = found
  })
  return numbers
}

/** Sorts the rows of a table into series. */
export const make = (
  table: Table.Table,
  { by, on }: { readonly on: string; readonly by?: string | undefined }
): Series => {
  const times = Table.numbers(table, on) as Float64Array // the types say it is a column of instants
  const number = seriesOf(table, by)
  const sorted = Uint32Array.from({ length: table.length }, (_, row) => row).sort(
    (a, b) => number[a] - number[b] || times[a] - times[b] || a - b
  )
  const first = new Uint32Array(sorted.length)
  sorted.forEach((row, place) => {
    first[place] = place > 0 && number[sorted[place - 1]] === number[row] ? first[place - 1] : place
  })
  return { times, sorted, first }
}

/** Fails where two rows of one series have the same time: which of them is the row before would be anyone's guess. */
export const refuseTies = (
  window: string,
  { first, sorted, times }: Series,
  { by, on }: { readonly on: string; readonly by?: string | undefined },
  hint = "A series has one row for each time: aggregate the rows first."
): Effect.Effect<void, WindowError> => {
  const twice = sorted.findIndex((row, place) => first[place] < place && times[row] === times[sorted[place - 1]])
  if (twice < 0) return Effect.void
  const where = by === undefined ? "" : ` and the same "${by}"`
  const reason = `rows ${sorted[twice - 1] + 1} and ${sorted[twice] + 1} have the same time in "${on}"${where}`
  return Effect.fail(new WindowError({ window, reason, hint }))
}

/** Fails unless a value is a whole number of rows, 1 or more. */
export const wholeNumber = (window: string, name: string, value: number): Effect.Effect<void, WindowError> =>
  Number.isSafeInteger(value) && value >= 1
    ? Effect.void
    : Effect.fail(
        new WindowError({ window, reason: `${name} is ${value}`, hint: "Give a whole number of rows, 1 or more." })
      )

/** Returns the milliseconds of a length of time; fails when it has none. */
export const millis = (window: string, name: string, length: Length): Effect.Effect<number, WindowError> => {
  const found = Option.map(Duration.fromInput(length), Duration.toMillis)
  return Option.match(
    Option.filter(found, (each) => each > 0 && each < Infinity),
    {
      onNone: () =>
        Effect.fail(
          new WindowError({
            window,
            reason: `${name} is no length of time: "${length}"`,
            hint: 'Write "1 day" or "1 hour".'
          })
        ),
      onSome: Effect.succeed
    }
  )
}

/** Fails when a column to be added is there already. */
export const refuseTaken = (
  window: string,
  columns: Columns,
  added: ReadonlyArray<string>
): Effect.Effect<void, WindowError> => {
  const taken = added.find((name, index) => name in columns || added.indexOf(name) < index)
  if (taken === undefined) return Effect.void
  const hint = "Name the new column otherwise."
  return Effect.fail(new WindowError({ window, reason: `there is already a column "${taken}"`, hint }))
}

/** Tells for each number of a column whether it is missing. */
export const missing = (column: Column.Column): ((value: number) => boolean) =>
  column.kind === "optional category" ? (code) => code < 0 : Column.isOptional(column) ? Number.isNaN : () => false

/** Adds or replaces columns of a table; rows and ids stay. */
export const extend = <C extends Columns, D extends Columns>(
  window: string,
  table: Table.Table<C>,
  changed: ReadonlyArray<readonly [string, Column.Column, RowId.Values]>
): Effect.Effect<Table.Table<D>, WindowError> => {
  const columns: unknown = { ...table.columns, ...Object.fromEntries(changed.map(([name, column]) => [name, column])) }
  const values = Object.fromEntries(changed.map(([name, , each]) => [name, each]))
  return Effect.mapError(
    Derive.table(table, columns as D, values) as Effect.Effect<Table.Table<D>, Table.TableError>, // D is C with these columns
    ({ message }) => new WindowError({ window, reason: message, hint: "Rename it." })
  )
}
