/**
 * One step of a recipe: how columns change, what is learned from the train rows, and how any rows are changed with what
 * was learned. What is learned is plain data, so it can be read, stored and compared. Write your own with `Step.make`, or
 * with `Step.column` when it changes one column.
 */
import type { Key, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"
import type { Partition } from "./Dataset.ts"
import * as Derive from "./internal/columns/derive.ts"
import { type Numeric, becomes, checked, finite } from "./internal/numeric.ts"
import type { Values } from "./RowId.ts"
import type * as Table from "./Table.ts"

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
  /** Whether fitting draws random numbers: then the seed is part of the fit's cache key. */
  readonly draws: boolean
  /** Returns all columns after the step; before it is fitted, those whose shape is learned have any. */
  readonly columns: (columns: Columns, learned?: Schema.Json) => Effect.Effect<Columns, RecipeError>
  /** Learns from the rows of the train partition. The key is for a step that draws; others are not given it. */
  readonly fit: (train: Table.Table, key?: Key.Key) => Effect.Effect<Schema.Json, RecipeError>
  /**
   * Changes rows, each by itself, into a new table of as many rows. `partition` is theirs, or undefined for rows of none:
   * what a step learned from the targets of train rows it must not give back to the same rows.
   */
  readonly apply: (
    table: Table.Table,
    learned: Schema.Json,
    partition?: Partition
  ) => Effect.Effect<Table.Table, RecipeError>
  /** The columns it changes, where that is known; those it adds are none. */
  readonly changes?: ReadonlyArray<string>
  /** The columns whose values it reads, where that is known. */
  readonly reads?: ReadonlyArray<string>
  /** Turns numbers of the column it changes back into what they were before, where mathematics allows. */
  readonly inverse?: (values: Float64Array, learned: Schema.Json) => Effect.Effect<Float64Array, RecipeError>
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

/**
 * The key of a step that declares `draws: true`, derived from the run's seed, the place of the fit in the pipeline and the
 * step's name. With row ids (`Key.bitsOfNames`) draws do not depend on the order of the rows.
 */
export type KeyOf<Draws extends boolean> = [Draws] extends [true]
  ? Key.Key
  : { readonly "a step is given a key if it says draws: true": never }

/** What `make` takes. */
export interface Options<In extends Columns, Changed extends Columns, State, Draws extends boolean = false> {
  readonly name: string
  readonly version: number
  /** `"sources"` unless given: an edit of any file of yours recomputes it. */
  readonly code?: Stage.Code
  readonly config?: Schema.Json
  /** Whether fitting draws random numbers: `fit` is given a key then, and the seed is part of the cache key. */
  readonly draws?: Draws
  /** The form of what is learned. */
  readonly state: Schema.Codec<State, Schema.Json>
  /** Returns the columns that the step replaces or adds. What was learned, if shapes depend on it, is there once it was. */
  readonly columns: (columns: In, learned?: State) => Effect.Effect<Changed, RecipeError>
  /** The columns it changes, if known; `Recipe.inverse` of any column fails where it is not. */
  readonly changes?: ReadonlyArray<string>
  /** The columns it reads, if known: then fitting it needs only the steps before it that change these. */
  readonly reads?: ReadonlyArray<string>
  /** Turns numbers of the one column it changes back into what they were before. */
  readonly inverse?: (values: Float64Array, learned: State) => Float64Array
  /** Learns from the rows of the train partition. Must not change the table. */
  readonly fit: (train: Table.Table<In>, key: KeyOf<Draws>) => Effect.Effect<State, RecipeError>
  /**
   * Returns new values of the changed columns. Must treat each row by itself and not change the table. `partition` is that
   * of the rows, or undefined for rows of none.
   */
  readonly apply: (
    table: Table.Table<In>,
    learned: State,
    partition?: Partition
  ) => Effect.Effect<Table.Table<Changed>["values"], RecipeError>
}

/**
 * Makes a step from functions of tables. One whose fit draws says `draws: true` and is given a key.
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
 *
 * @example
 * import { Key } from "@watertight/core"
 * import { Column, Dataset, Recipe, Step, Table } from "@watertight/data"
 * import { Effect, Schema } from "effect"
 * const rounded = Step.make({
 *   name: "rounded",
 *   version: 1,
 *   draws: true,
 *   state: Schema.Finite,
 *   columns: (_: { readonly fare: Column.Float }) => Effect.succeed({ fare: Column.float }),
 *   fit: (_, key) => Effect.succeed(Key.uniform(key, 1)[0]),
 *   apply: ({ values }, up) => Effect.succeed({ fare: values.fare.map((fare) => Math.floor(fare + up)) })
 * })
 * const program = Effect.gen(function* () {
 *   const table = yield* Table.make({ fare: Column.float }, { fare: Float64Array.of(1.5) }, { length: 1 })
 *   const recipe = Recipe.forColumns(table.columns).pipe(Recipe.step(rounded))
 *   const fit = (seed: number) =>
 *     Recipe.fitDataset(recipe, Dataset.make(table, undefined, "train"), { key: Key.fromSeed(seed) })
 *   return [yield* fit(7), yield* fit(7), yield* fit(8)].map(({ steps }) => steps[0].learned)
 * })
 * const [one, again, other] = Effect.runSync(program)
 * one === again && one !== other // => true
 */
export const make = <In extends Columns, Changed extends Columns, State, const Draws extends boolean = false>(
  options: Options<In, Changed, State, Draws>
): Step<In, Changed> => {
  const { draws, name } = options
  const columns = Effect.fnUntraced(function* (before: Columns, state?: State): Effect.fn.Return<Columns, RecipeError> {
    return { ...before, ...(yield* options.columns(before as In, state)) } // a recipe takes only steps whose columns it has
  })
  const decode = (learned: Schema.Json) =>
    Schema.decodeUnknownEffect(options.state)(learned).pipe(
      Effect.mapError(
        (issue) => new RecipeError({ step: name, reason: `was given no state of its own: ${issue.message}` })
      )
    )
  const { changes, inverse, reads } = options
  return {
    name,
    version: options.version,
    code: options.code ?? "sources",
    config: options.config ?? null,
    draws: draws === true,
    ...(changes === undefined ? {} : { changes }),
    ...(reads === undefined ? {} : { reads }),
    ...(inverse === undefined
      ? {}
      : {
          inverse: (values: Float64Array, learned: Schema.Json) =>
            Effect.map(decode(learned), (state) => inverse(values, state))
        }),
    columns: (before, learned) =>
      learned === undefined ? columns(before) : Effect.flatMap(decode(learned), (state) => columns(before, state)),
    fit: Effect.fnUntraced(function* (train, key) {
      if (draws === true && key === undefined) {
        const reason = "draws random numbers: give Recipe.fitDataset a key, or fit it in a pipeline with Recipe.fit"
        return yield* new RecipeError({ step: name, reason })
      }
      const given = (draws === true ? key : undefined) as KeyOf<Draws> // a step that does not draw has no use for it
      const state = yield* options.fit(train as Table.Table<In>, given) // see above
      return yield* Schema.encodeUnknownEffect(options.state)(state).pipe(
        Effect.mapError((issue) => new RecipeError({ step: name, reason: `learned no ${issue.message}` }))
      )
    }),
    apply: Effect.fnUntraced(function* (table, learned, partition) {
      const state = yield* decode(learned)
      const after = yield* columns(table.columns, state)
      const changed = yield* options.apply(table as Table.Table<In>, state, partition) // see above
      return yield* Derive.table(table, after, changed).pipe(
        Effect.mapError(({ column, reason }) => new RecipeError({ step: name, column, reason }))
      )
    })
  }
}

/** One column's values in the hands of a step. */
export interface Cells<out C extends Column.Column> {
  readonly name: string
  readonly column: C
  /** `RowId.bytes` bytes of each row. */
  readonly ids: Uint8Array
  /** All rows one after the other, `Column.width(column)` numbers each. */
  readonly values: Table.ValuesOf<C>
  readonly length: number
  /** Makes the error that says what is wrong with the column, or with the row at a place in `values`. */
  readonly refuse: (reason: string, place?: number) => RecipeError
}

/** Finds a column, of one of the kinds. */
const declared = <Found extends Column.Column>(
  step: string,
  columns: Columns,
  column: string,
  takes: ReadonlyArray<Column.Kind>
): Effect.Effect<Found, RecipeError> => {
  const refuse = (reason: string) => Effect.fail(new RecipeError({ step, column, reason }))
  const found = columns[column]
  if (found === undefined) return refuse(`there is no such column; there are ${Object.keys(columns).join(", ")}`)
  if (takes.includes(found.kind)) return Effect.succeed(found as Found) // its kind was just checked
  if (Column.isOptional(found) && !takes.some((kind) => kind.startsWith("optional"))) {
    return refuse("it may be missing: impute it first")
  }
  return refuse(`it takes ${takes.join(" or ")} columns; this is a ${found.kind}`)
}

const cellsOf = <C extends Column.Column>(step: string, table: Table.Table, name: string, column: C): Cells<C> => {
  const width = Column.width(column)
  return {
    name,
    column,
    get ids() {
      return table.ids
    },
    values: table.values[name] as Table.ValuesOf<C>, // the values of a column that was checked
    length: table.length,
    refuse: (reason, place) =>
      place === undefined
        ? new RecipeError({ step, column: name, reason })
        : new RecipeError({ step, column: name, row: Math.floor(place / width), reason })
  }
}

/** What `column` takes. */
export interface ColumnOptions<
  Name extends string,
  Before extends Column.Column,
  After extends Column.Column,
  State,
  Draws extends boolean = false
> {
  readonly name: string
  readonly version: number
  /** `"sources"` unless given: an edit of any file of yours recomputes it. */
  readonly code?: Stage.Code
  /** Parameters beside the column's name. */
  readonly config?: { readonly [key: string]: Schema.Json }
  /** Whether fitting draws random numbers: see `make`. */
  readonly draws?: Draws
  readonly column: Name
  /** The kinds of columns the step can change. */
  readonly takes: ReadonlyArray<Before["kind"]>
  /** Returns the column after the step; what was learned, if its shape depends on it, is there once it was. */
  readonly becomes: (column: Before, learned?: State) => After
  /** The form of what is learned. */
  readonly state: Schema.Codec<State, Schema.Json>
  /** Learns from the train rows. Must not change the values. */
  readonly fit: (cells: Cells<Before>, key: KeyOf<Draws>) => Effect.Effect<State, RecipeError>
  /** Returns new values. Must treat each row by itself and not change the given values. */
  readonly apply: (cells: Cells<Before>, learned: State) => Effect.Effect<Table.ValuesOf<After>, RecipeError>
  /** Returns what the numbers of a float column were before, in new values; leave it out where that is lost. */
  readonly inverse?: (values: Float64Array, learned: State) => Float64Array
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
export const column = <
  const Name extends string,
  Before extends Column.Column,
  After extends Column.Column,
  State,
  const Draws extends boolean = false
>(
  options: ColumnOptions<Name, Before, After, State, Draws>
): Step<{ readonly [K in Name]: Before }, { readonly [K in Name]: After }> => {
  const { column: target, name, takes } = options
  const check = (columns: Columns) => declared<Before>(name, columns, target, takes)
  return make<{ readonly [K in Name]: Before }, { readonly [K in Name]: After }, State, Draws>({
    name,
    version: options.version,
    ...(options.code === undefined ? {} : { code: options.code }),
    ...(options.draws === undefined ? {} : { draws: options.draws }),
    config: { column: target, ...options.config },
    changes: [target],
    reads: [target],
    ...(options.inverse === undefined ? {} : { inverse: options.inverse }),
    state: options.state,
    columns: (columns, learned) =>
      Effect.map(
        check(columns),
        (before) => ({ [target]: options.becomes(before, learned) }) as { readonly [K in Name]: After } // its one key is Name
      ),
    fit: (train, key) =>
      Effect.flatMap(check(train.columns), (before) => options.fit(cellsOf(name, train, target, before), key)),
    apply: (table, state) =>
      Effect.flatMap(check(table.columns), (before) =>
        Effect.map(
          options.apply(cellsOf(name, table, target, before), state),
          (values) => ({ [target]: values }) as Table.Table<{ readonly [K in Name]: After }>["values"] // its one key is Name
        )
      )
  })
}

/** What `added` takes. */
export interface AddedOptions<Kind extends Column.Kind, State, Draws extends boolean = false> {
  readonly name: string
  readonly version: number
  /** `"sources"` unless given: an edit of any file of yours recomputes it. */
  readonly code?: Stage.Code
  /** Parameters beside the columns' names. */
  readonly config?: { readonly [key: string]: Schema.Json }
  /** Whether fitting draws random numbers: see `make`. */
  readonly draws?: Draws
  /** The columns it reads. */
  readonly columns: ReadonlyArray<string>
  /** The kinds of columns it can read. */
  readonly takes: ReadonlyArray<Kind>
  /** Returns the columns it adds; what was learned, if shapes depend on it, is there once it was. */
  readonly adds: (read: ReadonlyArray<OfKind<Kind>>, learned?: State) => Columns
  /** The form of what is learned. */
  readonly state: Schema.Codec<State, Schema.Json>
  /** Learns from the train rows. Must not change the values. */
  readonly fit: (cells: ReadonlyArray<Cells<OfKind<Kind>>>, key: KeyOf<Draws>) => Effect.Effect<State, RecipeError>
  /** Returns the values of the new columns. Must treat each row by itself and not change the given values. */
  readonly apply: (
    cells: ReadonlyArray<Cells<OfKind<Kind>>>,
    learned: State
  ) => Effect.Effect<Readonly<Record<string, Values>>, RecipeError>
}

/** The columns of a kind. */
export type OfKind<Kind extends Column.Kind> = Extract<Column.Column, { readonly kind: Kind }>

/**
 * Makes a step that adds columns made of others. Fails where there is a column of such a name already.
 *
 * @example
 * import { Column, Step } from "@watertight/data"
 * import { Effect, Schema } from "effect"
 * const sum = Step.added({
 *   name: "sum", version: 1, columns: ["a", "b"], takes: ["float"], adds: () => ({ sum: Column.float }),
 *   state: Schema.Null, fit: () => Effect.succeed(null),
 *   apply: ([a, b]) => Effect.succeed({ sum: a.values.map((value, row) => value + b.values[row]) })
 * })
 * sum.config // => { columns: ["a", "b"] }
 */
export const added = <Kind extends Column.Kind, State, const Draws extends boolean = false>(
  options: AddedOptions<Kind, State, Draws>
): Step<Columns, Columns> => {
  const { columns: names, name } = options
  const read = (columns: Columns) =>
    Effect.forEach(names, (column) => declared<OfKind<Kind>>(name, columns, column, options.takes))
  const cells = (table: Table.Table) =>
    Effect.map(read(table.columns), (found) => found.map((column, index) => cellsOf(name, table, names[index], column)))
  return make<Columns, Columns, State, Draws>({
    name,
    version: options.version,
    ...(options.code === undefined ? {} : { code: options.code }),
    ...(options.draws === undefined ? {} : { draws: options.draws }),
    config: { columns: names, ...options.config },
    changes: [],
    reads: names,
    state: options.state,
    columns: Effect.fnUntraced(function* (columns: Columns, learned?: State) {
      const adds = options.adds(yield* read(columns), learned)
      const taken = Object.keys(adds).find((column) => column in columns)
      if (taken === undefined) return adds
      return yield* new RecipeError({ step: name, column: taken, reason: "there is already such a column" })
    }),
    fit: (train, key) => Effect.flatMap(cells(train), (found) => options.fit(found, key)),
    apply: (table, learned) =>
      Effect.flatMap(cells(table), (found) =>
        Effect.map(
          options.apply(found, learned),
          (values) => values as Table.Table["values"] // checked when they are put in place
        )
      )
  })
}

/** What `numeric` takes. */
export interface NumericOptions<Name extends string, State, Draws extends boolean = false> {
  readonly name: string
  readonly version: number
  /** `"sources"` unless given: an edit of any file of yours recomputes it. */
  readonly code?: Stage.Code
  /** Parameters beside the column's name. */
  readonly config?: { readonly [key: string]: Schema.Json }
  /** Whether fitting draws random numbers: see `make`. */
  readonly draws?: Draws
  readonly column: Name
  /** The form of what is learned. */
  readonly state: Schema.Codec<State, Schema.Json>
  /** Learns from the train rows, all of whose numbers are finite. Must not change the values. */
  readonly fit: (cells: Cells<Numeric>, key: KeyOf<Draws>) => Effect.Effect<State, RecipeError>
  /** Returns new numbers, float64 for a float column and float32 for a tensor. Must treat each row by itself. */
  readonly apply: (cells: Cells<Numeric>, learned: State) => Effect.Effect<Float64Array | Float32Array, RecipeError>
  /** Returns what the numbers of a float column were before, in new values; leave it out where that is lost. */
  readonly inverse?: (values: Float64Array, learned: State) => Float64Array
}

/**
 * Makes a step that turns the numbers of a float or tensor column into others. Fails, naming the row, where the column
 * holds NaN or infinity, and where a number becomes one; tensors become float32.
 *
 * @example
 * import { Step } from "@watertight/data"
 * import { Effect, Schema } from "effect"
 * const half = Step.numeric({
 *   name: "half", version: 1, column: "fare", state: Schema.Null, fit: () => Effect.succeed(null),
 *   apply: ({ values }) => Effect.succeed(Float64Array.from(values, (value) => value / 2))
 * })
 * half.config // => { column: "fare" }
 */
export const numeric = <const Name extends string, State, const Draws extends boolean = false>(
  options: NumericOptions<Name, State, Draws>
): Step<{ readonly [K in Name]: Numeric }, { readonly [K in Name]: Numeric }> =>
  column<Name, Numeric, Numeric, State, Draws>({
    ...options,
    takes: ["float", "tensor"],
    becomes,
    fit: (cells, key) => Effect.flatMap(finite(cells), () => options.fit(cells, key)),
    apply: (cells, learned) =>
      finite(cells).pipe(
        Effect.flatMap(() => options.apply(cells, learned)),
        Effect.flatMap((out) => checked(cells, out))
      )
  })
