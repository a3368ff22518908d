/**
 * One step of a recipe: how columns change, what is learned from the train rows, and how any rows are changed with what
 * was learned. What is learned is plain data, so it can be read, stored and compared. Write your own with `Step.make`, or
 * with `Step.column` when it changes one column.
 */
import type { Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"
import type { Values } from "./RowId.ts"
import * as Table from "./Table.ts"

declare const Takes: unique symbol
declare const Gives: unique symbol

/** A step that reads the columns `In` (and leaves others alone) and replaces or adds the columns `Changed`. */
export interface Step<in In extends Columns = never, out Changed extends Columns = Columns> {
  readonly [Takes]?: (columns: In) => void
  readonly [Gives]?: () => Changed
  readonly name: string
  /** Counts up when the same config and rows give something else than before. */
  readonly version: number
  /** What covers the step's code: see `Stage.Code`. */
  readonly code: Stage.Code
  /** Parameters as data: part of the cache key and the manifest. */
  readonly config: Schema.Json
  /** Returns all columns after the step. */
  readonly columns: (columns: Columns) => Effect.Effect<Columns, RecipeError>
  /** Learns from the rows of the train partition. */
  readonly fit: (train: Table.Table) => Effect.Effect<Schema.Json, RecipeError>
  /** Changes rows, each by itself, into a new table of as many rows. */
  readonly apply: (table: Table.Table, learned: Schema.Json) => Effect.Effect<Table.Table, RecipeError>
}

/** A step of any columns. */
export type Any = Step<never, Columns>

/** A recipe does not fit its rows, or the rows hold what a step cannot take. */
export class RecipeError extends Schema.TaggedError<RecipeError>()("RecipeError", {
  step: Schema.String,
  column: Schema.optionalKey(Schema.String),
  /** The row's place in its partition, from 0. */
  row: Schema.optionalKey(Schema.Int),
  partition: Schema.optionalKey(Schema.String),
  reason: Schema.String
}) {
  override get message() {
    const column = this.column === undefined ? "" : ` of column "${this.column}"`
    const row = this.row === undefined ? "" : `, row ${this.row}`
    const partition = this.partition === undefined ? "" : ` of the ${this.partition} partition`
    return `${this.step}${column}${row}${partition}: ${this.reason}`
  }
}

/** What `make` takes. */
export interface Options<In extends Columns, Changed extends Columns, State> {
  readonly name: string
  readonly version: number
  /** `"sources"` unless given: an edit of any file of yours recomputes it. */
  readonly code?: Stage.Code
  readonly config?: Schema.Json
  /** The form of what is learned. */
  readonly state: Schema.Codec<State, Schema.Json>
  /** Returns the columns that the step replaces or adds. */
  readonly columns: (columns: In) => Effect.Effect<Changed, RecipeError>
  /** Learns from the rows of the train partition. Must not change the table. */
  readonly fit: (train: Table.Table<In>) => Effect.Effect<State, RecipeError>
  /** Returns new values of the changed columns. Must treat each row by itself and not change the table. */
  readonly apply: (table: Table.Table<In>, learned: State) => Effect.Effect<Table.Table<Changed>["values"], RecipeError>
}

/**
 * Makes a step from functions of tables.
 *
 * @example
 * import { Column, Recipe, Step } from "@watertight/data"
 * import { Effect, Schema } from "effect"
 * const ratio = Step.make({
 *   name: "ratio",
 *   version: 1,
 *   state: Schema.Null,
 *   columns: (_: { readonly fare: Column.Float; readonly distance: Column.Float }) =>
 *     Effect.succeed({ farePerMile: Column.float }),
 *   fit: () => Effect.succeed(null),
 *   apply: ({ values }) =>
 *     Effect.succeed({ farePerMile: values.fare.map((fare, row) => fare / Math.max(0.1, values.distance[row])) })
 * })
 * Recipe.forColumns({ fare: Column.float, distance: Column.float }).pipe(Recipe.step(ratio)).steps.length // => 1
 */
export const make = <In extends Columns, Changed extends Columns, State>(
  options: Options<In, Changed, State>
): Step<In, Changed> => {
  const { name } = options
  const columns = Effect.fnUntraced(function* (before: Columns): Effect.fn.Return<Columns, RecipeError> {
    return { ...before, ...(yield* options.columns(before as In)) } // a recipe takes only steps whose columns it has
  })
  return {
    name,
    version: options.version,
    code: options.code ?? "sources",
    config: options.config ?? null,
    columns,
    fit: (train) =>
      Effect.flatMap(
        options.fit(train as Table.Table<In>), // see above
        (state) =>
          Schema.encodeUnknownEffect(options.state)(state).pipe(
            Effect.mapError((issue) => new RecipeError({ step: name, reason: `learned no ${issue.message}` }))
          )
      ),
    apply: Effect.fnUntraced(function* (table, learned) {
      const state = yield* Schema.decodeUnknownEffect(options.state)(learned).pipe(
        Effect.mapError(
          (issue) => new RecipeError({ step: name, reason: `was given no state of its own: ${issue.message}` })
        )
      )
      const after = yield* columns(table.columns)
      const changed = yield* options.apply(table as Table.Table<In>, state) // see above
      const named: Readonly<Record<string, Values>> = { ...table.values, ...changed }
      const values = named as Table.Table["values"] // Table.make checks them
      return yield* Table.make(after, values, table).pipe(
        Effect.mapError(({ column, reason }) => new RecipeError({ step: name, column, reason }))
      )
    })
  }
}

/** One column's values in the hands of a step. */
export interface Cells<out C extends Column.Column> {
  readonly name: string
  readonly column: C
  /** All rows one after the other, `Column.width(column)` numbers each. */
  readonly values: Table.ValuesOf<C>
  readonly length: number
  /** Makes the error that says what is wrong with the column, or with the row at a place in `values`. */
  readonly refuse: (reason: string, place?: number) => RecipeError
}

/** What `column` takes. */
export interface ColumnOptions<Name extends string, Before extends Column.Column, After extends Column.Column, State> {
  readonly name: string
  readonly version: number
  /** `"sources"` unless given: an edit of any file of yours recomputes it. */
  readonly code?: Stage.Code
  /** Parameters beside the column's name. */
  readonly config?: { readonly [key: string]: Schema.Json }
  readonly column: Name
  /** The kinds of columns the step can change. */
  readonly takes: ReadonlyArray<Before["kind"]>
  readonly becomes: (column: Before) => After
  /** The form of what is learned. */
  readonly state: Schema.Codec<State, Schema.Json>
  /** Learns from the train rows. Must not change the values. */
  readonly fit: (cells: Cells<Before>) => Effect.Effect<State, RecipeError>
  /** Returns new values. Must treat each row by itself and not change the given values. */
  readonly apply: (cells: Cells<Before>, learned: State) => Effect.Effect<Table.ValuesOf<After>, RecipeError>
}

/**
 * Makes a step that changes one column and keeps its name.
 *
 * @example
 * import { Column, Recipe, Step } from "@watertight/data"
 * import { Effect, Schema } from "effect"
 * const logarithm = Step.column({
 *   name: "logarithm",
 *   version: 1,
 *   column: "fare",
 *   takes: ["float"],
 *   becomes: (column: Column.Float) => column,
 *   state: Schema.Null,
 *   fit: () => Effect.succeed(null),
 *   apply: ({ values }) => Effect.succeed(values.map(Math.log1p))
 * })
 * Recipe.forColumns({ fare: Column.float }).pipe(Recipe.step(logarithm)).steps[0].config // => { column: "fare" }
 */
export const column = <const Name extends string, Before extends Column.Column, After extends Column.Column, State>(
  options: ColumnOptions<Name, Before, After, State>
): Step<{ readonly [K in Name]: Before }, { readonly [K in Name]: After }> => {
  const { column: target, name } = options
  const refuse = (reason: string) => new RecipeError({ step: name, column: target, reason })
  const check = (columns: Columns): Effect.Effect<Before, RecipeError> => {
    const found = columns[target]
    if (found === undefined) {
      return Effect.fail(refuse(`there is no such column; there are ${Object.keys(columns).join(", ")}`))
    }
    if (!options.takes.includes(found.kind)) {
      return Effect.fail(refuse(`it takes ${options.takes.join(" or ")} columns; this is a ${found.kind}`))
    }
    return Effect.succeed(found as Before) // its kind was just checked
  }
  const cells = (table: Table.Table, before: Before): Cells<Before> => {
    const width = Column.width(before)
    return {
      name: target,
      column: before,
      values: table.values[target] as Table.ValuesOf<Before>, // the values of the column just checked
      length: table.length,
      refuse: (reason, place) =>
        place === undefined
          ? refuse(reason)
          : new RecipeError({ step: name, column: target, row: Math.floor(place / width), reason })
    }
  }
  return make<{ readonly [K in Name]: Before }, { readonly [K in Name]: After }, State>({
    name,
    version: options.version,
    ...(options.code === undefined ? {} : { code: options.code }),
    config: { column: target, ...options.config },
    state: options.state,
    columns: (columns) =>
      Effect.map(
        check(columns),
        (before) => ({ [target]: options.becomes(before) }) as { readonly [K in Name]: After } // its one key is Name
      ),
    fit: (train) => Effect.flatMap(check(train.columns), (before) => options.fit(cells(train, before))),
    apply: (table, state) =>
      Effect.flatMap(check(table.columns), (before) =>
        Effect.map(
          options.apply(cells(table, before), state),
          (values) => ({ [target]: values }) as Table.Table<{ readonly [K in Name]: After }>["values"] // its one key is Name
        )
      )
  })
}
