/**
 * Columns from the rows before and after, for data that is ordered in time: what was known earlier as features, what
 * comes later as the target. `lags`, `differences`, `rolling` and `forwardFill` look back only: cut the future off, and no
 * earlier row changes (`WindowLaws.truncates`), so they may come before the split. `ahead` reaches over the end of a
 * period: split such a table with `Split.temporal` and a gap that is longer.
 */
import { Node, Stage } from "@watertight/core"
import { Effect } from "effect"
import * as Column from "./Column.ts"
import type { Columns, KeysOf } from "./Columns.ts"
import type * as RowId from "./RowId.ts"
import type { Length, Rows } from "./Split.ts"
import * as Table from "./Table.ts"
import * as Fill from "./window/Fill.ts"
import * as Rolling from "./window/Rolling.ts"
import * as Series from "./window/Series.ts"
import * as Shift from "./window/Shift.ts"

export { type Ordered, type SeriesOf, type TimeOf, WindowError } from "./window/Series.ts"
export type { Statistic } from "./window/Rolling.ts"

type WindowError = Series.WindowError

/** How far back a window reaches: a length of time, or `{ rows }`. */
export type Reach = Length | Rows

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

/** The columns that `differences` adds: `temp_max_diff1` is `temp_max` less that of the row before. */
export type WithDifferences<C extends Columns, Name extends string, Past extends number> = WithFloats<
  C,
  `${Name}_diff${UpTo<Past>}`
>

/** A window's size in a column's name: `7days` or `3rows`. */
export type Label<Over extends Reach> = Over extends `${infer N} ${infer Unit}`
  ? `${N}${Unit}`
  : Over extends { readonly rows: infer N extends number }
    ? `${N}rows`
    : string

/** The columns that `rolling` adds: `temp_max_mean_7days`. Counts are always there, other statistics may be missing. */
export type WithRolling<
  C extends Columns,
  Name extends string,
  Statistic extends Rolling.Statistic,
  Over extends Reach
> = {
  readonly [K in keyof C | `${Name}_${Statistic}_${Label<Over>}`]: K extends keyof C
    ? C[K]
    : K extends `${Name}_count_${Label<Over>}`
      ? Column.Float
      : Column.OptionalFloat
}

/** The name of a column of numbers, or a sentence where there is none. */
export type FloatOf<C extends Columns> = [KeysOf<C, "float">] extends [never]
  ? "this table has no float column"
  : KeysOf<C, "float">

const named = (series: string | undefined): { readonly series?: string } => (series === undefined ? {} : { series })

/** The name of a column whose values may be missing, or a sentence where there is none. */
export type OptionalOf<C extends Columns> = [KeysOf<C, Column.Optional["kind"]>] extends [never]
  ? "this table has no column whose values may be missing"
  : KeysOf<C, Column.Optional["kind"]>

/** What orders the rows, and how far apart neighbours must stand. No two rows of one series may have the same time. */
export interface Order<C extends Columns> extends Series.Ordered<C> {
  /** The time from a row to the next. Where it is given, rows next to a hole in the series are left out. */
  readonly every?: Length
}

/**
 * Adds the values that some columns had in the rows before: for `past: 3`, the columns `x_lag1` (one row before) to
 * `x_lag3`. Rows come out sorted by time with their ids kept; the first `past` are left out, and with `every` those with
 * a hole in their past. With `series`, a row's past is that of its own series.
 *
 * @example
 * import { Column, Columns, Source, Window } from "@watertight/data"
 * const days = Source.csv("seattle-weather.csv", Columns.make({ date: Column.timestamp, temp_max: Column.float }))
 * Window.lags(days, { on: "date", columns: ["temp_max"], past: 3, every: "1 day" }).stage.name // => "lags"
 */
export const lags = <C extends Columns, E, R, Name extends KeysOf<C, "float">, const Past extends number>(
  table: Node.Node<Table.Table<C>, E, R>,
  options: Order<NoInfer<C>> & { readonly columns: ReadonlyArray<Name>; readonly past: Past }
): Node.Node<Table.Table<WithLags<C, Name, Past>>, E | WindowError, R> => {
  const { columns, every, on, past, series } = options
  return Node.make(
    Stage.make({
      name: "lags",
      version: 1,
      code: "versioned",
      params: { on, columns, past, every: every ?? null, ...named(series) },
      codec: Table.codec<WithLags<C, Name, Past>>(),
      run: ({ table }: { readonly table: Table.Table<C> }) =>
        Effect.gen(function* () {
          yield* Series.wholeNumber("Window.lags", "past", past)
          const added = columns.flatMap((from) =>
            Array.from({ length: past }, (_, index) => ({ name: `${from}_lag${index + 1}`, from, offset: -index - 1 }))
          )
          return yield* Shift.apply<C, WithLags<C, Name, Past>>("Window.lags", table, { on, by: series, every }, added)
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
  options: Order<NoInfer<C>> & {
    readonly column: FloatOf<NoInfer<C>>
    readonly by: number
    readonly as: As
  }
): Node.Node<Table.Table<WithFloats<C, As>>, E | WindowError, R> => {
  const { as, by, column, every, on, series } = options
  return Node.make(
    Stage.make({
      name: "ahead",
      version: 1,
      code: "versioned",
      params: { on, column, by, as, every: every ?? null, ...named(series) },
      codec: Table.codec<WithFloats<C, As>>(),
      run: ({ table }: { readonly table: Table.Table<C> }) =>
        Effect.gen(function* () {
          yield* Series.wholeNumber("Window.ahead", "by", by)
          const added = [{ name: as, from: column, offset: by }]
          return yield* Shift.apply<C, WithFloats<C, As>>("Window.ahead", table, { on, by: series, every }, added)
        })
    }),
    { table }
  )
}

/**
 * Adds the differences to the values that columns had in the rows before: for `past: 2`, the columns `x_diff1` (from one
 * row before) and `x_diff2`. Rows come out as from `lags`. A difference holds the row's own value: take none of the target.
 *
 * @example
 * import { Column, Columns, Source, Window } from "@watertight/data"
 * const days = Source.csv("seattle-weather.csv", Columns.make({ date: Column.timestamp, temp_max: Column.float }))
 * Window.differences(days, { on: "date", columns: ["temp_max"], past: 1 }).stage.name // => "differences"
 */
export const differences = <C extends Columns, E, R, Name extends KeysOf<C, "float">, const Past extends number>(
  table: Node.Node<Table.Table<C>, E, R>,
  options: Order<NoInfer<C>> & { readonly columns: ReadonlyArray<Name>; readonly past: Past }
): Node.Node<Table.Table<WithDifferences<C, Name, Past>>, E | WindowError, R> => {
  const { columns, every, on, past, series } = options
  return Node.make(
    Stage.make({
      name: "differences",
      version: 1,
      code: "versioned",
      params: { on, columns, past, every: every ?? null, ...named(series) },
      codec: Table.codec<WithDifferences<C, Name, Past>>(),
      run: ({ table }: { readonly table: Table.Table<C> }) =>
        Effect.gen(function* () {
          const window = "Window.differences"
          yield* Series.wholeNumber(window, "past", past)
          const added = columns.flatMap((from) =>
            Array.from({ length: past }, (_, index) => ({
              name: `${from}_diff${index + 1}`,
              from,
              offset: -index - 1,
              subtracted: true
            }))
          )
          return yield* Shift.apply<C, WithDifferences<C, Name, Past>>(window, table, { on, by: series, every }, added)
        })
    }),
    { table }
  )
}

/** What is computed over which rows. */
export interface RollingOptions<Name extends string, Statistic extends Rolling.Statistic, Over extends Reach> {
  readonly columns: ReadonlyArray<Name>
  /** `sd` is the sample's (divided by n − 1), `count` how many numbers are there. */
  readonly statistics: ReadonlyArray<Statistic>
  /** How far back a window reaches: a length of time, or `{ rows }`. */
  readonly over: Over
  /**
   * Where a window ends: `"before"` its row, without the row itself and others of its instant (the default, and the only
   * choice for a target), or `"now"`, with them.
   */
  readonly until?: "before" | "now"
  /** How many numbers must be there, else the statistic is missing; 1 unless given. */
  readonly minimum?: number
}

const label = (over: Length | Rows): string => (typeof over === "object" ? `${over.rows}rows` : over.replace(" ", ""))

/**
 * Adds statistics of the rows before: `x_mean_7days` over the seven days before each row, `x_max_3rows` over three rows.
 * All rows stay, in their order; where too few numbers are there the statistic is missing, so impute it. Missing numbers
 * are passed over. The values are those of pandas' `rolling` with `closed="left"`, or its default for `until: "now"`.
 *
 * @example
 * import { Column, Columns, Source, Window } from "@watertight/data"
 * const days = Source.csv("seattle-weather.csv", Columns.make({ date: Column.timestamp, temp_max: Column.float }))
 * const week = Window.rolling(days, { on: "date", columns: ["temp_max"], statistics: ["mean", "sd"], over: "7 days" })
 * week.stage.name // => "rolling"
 */
export const rolling = <
  C extends Columns,
  E,
  R,
  Name extends KeysOf<C, "float" | "optional float">,
  const Statistic extends Rolling.Statistic,
  const Over extends Reach
>(
  table: Node.Node<Table.Table<C>, E, R>,
  options: Series.Ordered<NoInfer<C>> & RollingOptions<Name, Statistic, Over>
): Node.Node<Table.Table<WithRolling<C, Name, Statistic, Over>>, E | WindowError, R> => {
  const { columns, minimum = 1, on, over, series, statistics, until = "before" } = options
  const window = "Window.rolling"
  const names = columns.map((column) => statistics.map((each) => `${column}_${each}_${label(over)}`))
  const size = typeof over === "object" ? { rows: over.rows } : `${over}`
  return Node.make(
    Stage.make({
      name: "rolling",
      version: 1,
      code: "versioned",
      params: { on, columns, statistics, over: size, until, minimum, ...named(series) },
      codec: Table.codec<WithRolling<C, Name, Statistic, Over>>(),
      run: ({ table }: { readonly table: Table.Table<C> }) =>
        Effect.gen(function* () {
          yield* Series.refuseTaken(window, table.columns, names.flat())
          const reach = { over, until, minimum }
          const found = yield* Rolling.statistics(window, table, { on, by: series }, columns, statistics, reach)
          const added = names.flatMap((row, column) =>
            row.map((name, each): [string, Column.Column, RowId.Values] => [
              name,
              statistics[each] === "count" ? Column.float : Column.optional(Column.float),
              found[column][each]
            ])
          )
          return yield* Series.extend<C, WithRolling<C, Name, Statistic, Over>>(window, table, added)
        })
    }),
    { table }
  )
}

/**
 * Fills missing values with the last one before them in the series (last observation carried forward), at most `within` old
 * if that is given. Looks back only, so it stands before the split, where each row still has its past: a recipe's step sees
 * one row. What has nothing before it stays missing, also by its type: impute it. All rows stay, in their order.
 *
 * @example
 * import { Column, Columns, Recipe, Source, Split, Window } from "@watertight/data"
 * const Ward = Columns.make({ at: Column.timestamp, patient: Column.float, pulse: Column.optional(Column.float) })
 * const filled = Window.forwardFill(Source.csv("ward.csv", Ward), {
 *   on: "at", series: "patient", columns: ["pulse"], within: "6 hours"
 * })
 * const parts = Split.temporal(filled, { on: "at", validation: "7 days", test: "7 days" })
 * Recipe.of(parts.train).pipe(Recipe.imputeMedian("pulse")).steps.length // => 1
 */
export const forwardFill = <C extends Columns, E, R>(
  table: Node.Node<Table.Table<C>, E, R>,
  options: Series.Ordered<NoInfer<C>> & {
    readonly columns: ReadonlyArray<OptionalOf<NoInfer<C>>>
    readonly within?: Length
  }
): Node.Node<Table.Table<C>, E | WindowError, R> => {
  const { columns, on, series, within } = options
  return Node.make(
    Stage.make({
      name: "forward-fill",
      version: 1,
      code: "versioned",
      params: { on, columns, within: within ?? null, ...named(series) },
      codec: Table.codec<C>(),
      run: ({ table }: { readonly table: Table.Table<C> }) =>
        Effect.gen(function* () {
          const window = "Window.forwardFill"
          const filled = yield* Fill.forward(window, table, { on, by: series }, columns, within)
          const replaced = columns.map((name, index): [string, Column.Column, RowId.Values] => [
            name,
            table.columns[name],
            filled[index]
          ])
          return yield* Series.extend<C, C>(window, table, replaced)
        })
    }),
    { table }
  )
}
