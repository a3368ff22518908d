/**
 * Columns from the rows before and after, for data that is ordered in time: what was known earlier as features, what
 * comes later as the target. Rows without their whole past or future are left out, never padded. A window that looks
 * ahead reaches over the end of a period: split such a table with `Split.temporal` and a gap that is longer.
 */
import { Node, Stage } from "@watertight/core"
import { Duration, Effect, Option, Schema } from "effect"
import * as Column from "./Column.ts"
import type { Columns, KeysOf } from "./Columns.ts"
import * as Columnar from "./internal/columnar.ts"
import type * as RowId from "./RowId.ts"
import type { Length } from "./Split.ts"
import * as Table from "./Table.ts"

/** The whole numbers from 1 to `N`. */
type UpTo<N extends number, Counted extends ReadonlyArray<unknown> = readonly [unknown]> = number extends N
  ? number
  : Counted["length"] extends N
    ? N
    : Counted["length"] | UpTo<N, readonly [...Counted, unknown]>

/** `C` with float columns of the given names added. */
export type WithFloats<C extends Columns, Name extends string> = {
  readonly [K in keyof C | Name]: K extends keyof C ? C[K] : Column.Float
}

/** The columns that `lags` adds: `temp_max_lag1` is `temp_max` of the row before. */
export type WithLags<C extends Columns, Name extends string, Past extends number> = WithFloats<
  C,
  `${Name}_lag${UpTo<Past>}`
>

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

/** The name of a column of numbers, or a sentence where there is none. */
export type FloatOf<C extends Columns> = [KeysOf<C, "float">] extends [never]
  ? "this table has no float column"
  : KeysOf<C, "float">

/** What orders the rows, and how far apart neighbours must stand. */
export interface Order<On extends string> {
  /** The column of instants: rows are sorted by it, and no two may be equal. */
  readonly on: On
  /** The time from a row to the next. Where it is given, rows next to a hole in the series are left out. */
  readonly every?: Length
}

/**
 * Adds the values that some columns had in the rows before: for `past: 3`, the columns `x_lag1` (one row before) to
 * `x_lag3`. Rows come out sorted by time with their ids kept; the first `past` are left out, and with `every` those with
 * a hole in their past.
 *
 * @example
 * import { Column, Columns, Source, Window } from "@watertight/data"
 * const days = Source.csv("seattle-weather.csv", Columns.make({ date: Column.timestamp, temp_max: Column.float }))
 * Window.lags(days, { on: "date", columns: ["temp_max"], past: 3, every: "1 day" }).stage.name // => "lags"
 */
export const lags = <C extends Columns, E, R, Name extends KeysOf<C, "float">, const Past extends number>(
  table: Node.Node<Table.Table<C>, E, R>,
  options: Order<TimeOf<NoInfer<C>>> & { readonly columns: ReadonlyArray<Name>; readonly past: Past }
): Node.Node<Table.Table<WithLags<C, Name, Past>>, E | WindowError, R> => {
  const { columns, every, on, past } = options
  return Node.make(
    Stage.make({
      name: "lags",
      version: 1,
      code: "versioned",
      params: { on, columns, past, every: every ?? null },
      codec: Table.codec<WithLags<C, Name, Past>>(),
      run: ({ table }: { readonly table: Table.Table<C> }) =>
        Effect.gen(function* () {
          yield* wholeNumber("Window.lags", "past", past)
          const added = columns.flatMap((from) =>
            Array.from({ length: past }, (_, index) => ({ name: `${from}_lag${index + 1}`, from, offset: -index - 1 }))
          )
          return yield* addShifted<C, WithLags<C, Name, Past>>("Window.lags", table, { on, every }, added)
        })
    }),
    { table }
  )
}

/**
 * Adds the value that a column has `by` rows later, as a target. Rows come out sorted by time with their ids kept; the
 * last `by` are left out, and with `every` those with a hole before that row.
 *
 * @example
 * import { Column, Columns, Source, Window } from "@watertight/data"
 * const days = Source.csv("seattle-weather.csv", Columns.make({ date: Column.timestamp, temp_max: Column.float }))
 * Window.ahead(days, { on: "date", column: "temp_max", by: 1, as: "next_max" }).stage.name // => "ahead"
 */
export const ahead = <C extends Columns, E, R, const As extends string>(
  table: Node.Node<Table.Table<C>, E, R>,
  options: Order<TimeOf<NoInfer<C>>> & {
    readonly column: FloatOf<NoInfer<C>>
    readonly by: number
    readonly as: As
  }
): Node.Node<Table.Table<WithFloats<C, As>>, E | WindowError, R> => {
  const { as, by, column, every, on } = options
  return Node.make(
    Stage.make({
      name: "ahead",
      version: 1,
      code: "versioned",
      params: { on, column, by, as, every: every ?? null },
      codec: Table.codec<WithFloats<C, As>>(),
      run: ({ table }: { readonly table: Table.Table<C> }) =>
        Effect.gen(function* () {
          yield* wholeNumber("Window.ahead", "by", by)
          const added = [{ name: as, from: column, offset: by }]
          return yield* addShifted<C, WithFloats<C, As>>("Window.ahead", table, { on, every }, added)
        })
    }),
    { table }
  )
}

interface Shifted {
  readonly name: string
  readonly from: string
  /** Rows later; before when negative. */
  readonly offset: number
}

const addShifted = Effect.fnUntraced(function* <C extends Columns, D extends Columns>(
  window: string,
  table: Table.Table<C>,
  order: Order<string>,
  added: ReadonlyArray<Shifted>
) {
  const taken = added.find(({ name }) => name in table.columns)
  if (taken !== undefined) {
    const hint = "Name the new column otherwise."
    return yield* new WindowError({ window, reason: `there is already a column "${taken.name}"`, hint })
  }
  const times = Table.numbers(table, order.on)
  const sorted = Uint32Array.from({ length: table.length }, (_, row) => row).sort((a, b) => times[a] - times[b])
  const twice = sorted.findIndex((row, place) => place > 0 && times[row] === times[sorted[place - 1]])
  if (twice >= 0) {
    const reason = `rows ${sorted[twice - 1] + 1} and ${sorted[twice] + 1} have the same time in "${order.on}"`
    return yield* new WindowError({
      window,
      reason,
      hint: "A series has one row for each time: aggregate the rows first."
    })
  }
  const every = order.every === undefined ? undefined : yield* step(window, order.every)
  const isThere = (place: number, offset: number): boolean => {
    const other = place + offset
    if (other < 0 || other >= sorted.length) return false
    return every === undefined || times[sorted[other]] - times[sorted[place]] === offset * every
  }
  const offsets = [...new Set(added.map(({ offset }) => offset))]
  const kept = sorted.map((_, place) => place).filter((place) => offsets.every((offset) => isThere(place, offset)))
  if (kept.length === 0) {
    const hint = "Bring more rows, look less far, or correct `every`."
    return yield* new WindowError({ window, reason: `none of the ${table.length} rows has its whole window`, hint })
  }
  const rows = Table.take(
    table,
    kept.map((place) => sorted[place])
  )
  const shiftedBy = (values: RowId.Numbers, offset: number) =>
    Float64Array.from(kept, (place) => values[sorted[place + offset]])
  const shifted = added.map(({ from, name, offset }): [string, Float64Array] => [
    name,
    shiftedBy(Table.numbers(table, from), offset)
  ])
  const columns = { ...table.columns, ...Object.fromEntries(added.map(({ name }) => [name, Column.float])) }
  const values = Columnar.merge(rows.values, Object.fromEntries(shifted))
  const named: unknown = values
  const made = Table.make(columns as Columns as D, named as Table.Table<D>["values"], rows) // D is C with the added floats
  return yield* Effect.mapError(made, ({ message }) => new WindowError({ window, reason: message, hint: "Rename it." }))
})

const wholeNumber = (window: string, name: string, value: number): Effect.Effect<void, WindowError> =>
  Number.isSafeInteger(value) && value >= 1
    ? Effect.void
    : Effect.fail(
        new WindowError({ window, reason: `${name} is ${value}`, hint: "Give a whole number of rows, 1 or more." })
      )

const step = (window: string, every: Length): Effect.Effect<number, WindowError> =>
  Option.match(
    Option.filter(
      Option.map(Duration.fromInput(every), Duration.toMillis),
      (millis) => millis > 0 && millis < Infinity
    ),
    {
      onNone: () =>
        Effect.fail(
          new WindowError({
            window,
            reason: `every is no length of time: "${every}"`,
            hint: 'Write "1 day" or "1 hour".'
          })
        ),
      onSome: Effect.succeed
    }
  )
