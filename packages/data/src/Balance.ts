/**
 * Balancing the classes of the train partition: rows of rare classes more often, rows of frequent ones less, or new rows
 * between those of a rare class. Only train is balanced, by type and at run time: what is measured on validation and test
 * has to be the world's own proportions. Balance after the recipe is applied and after any resampling into folds.
 */
import { type Key, Node, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Draw from "./balance/Draw.ts"
import * as Smote from "./balance/Smote.ts"
import type * as Column from "./Column.ts"
import type { Columns, KeysOf } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import * as Contents from "./internal/columns/contents.ts"
import type { TrainOnly } from "./recipe/Describe.ts"
import * as Table from "./Table.ts"

/** The classes of a partition cannot be balanced. */
export class BalanceError extends Schema.TaggedError<BalanceError>()("BalanceError", {
  balance: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.balance}: ${this.reason}. ${this.hint}`
  }
}

/** The columns of a data set. */
export type ColumnsOf<A> = A extends Dataset.Dataset<infer C, infer _P> ? C : never

/** The name of the column of classes, or a sentence where there is none. */
export type ClassOf<C extends Columns> = [KeysOf<C, "category">] extends [never]
  ? "this data set has no category column whose classes could be balanced"
  : KeysOf<C, "category">

/** What is balanced, and how far. */
export interface Options<C extends Columns> {
  /** The column of classes. */
  readonly on: ClassOf<C>
  /** The rows of the rarest class for each of the most frequent one, in (0, 1]; 1, equally many, unless given. */
  readonly ratio?: number
}

/** Beside what is balanced, where new rows lie. */
export interface SmoteOptions<C extends Columns> extends Options<C> {
  /**
   * The columns whose values are made new; all floats, categories and tensors unless given, but for the classes and declared
   * groups. Other columns are as one of the parents has them.
   */
  readonly features?: ReadonlyArray<KeysOf<C, "float" | "category" | "tensor">>
  /** How many of the nearest rows of the class new rows lie between; 5 unless given. */
  readonly neighbors?: number
}

/** The train partition that a balance is given, which has to be one. */
type Train<A, E, R, Verb extends string> = TrainOnly<Node.Node<A, E, R>, A, Columns, Verb>

/** The train partition that comes out. */
export type Balanced<A, E, R> = Node.Node<Dataset.Dataset<ColumnsOf<A>, "train">, E | BalanceError, R>

/** The rows of each class that has any, and how many the most frequent and the rarest have. */
const classesOf = Effect.fnUntraced(function* (balance: string, table: Table.Table, on: string) {
  const column = table.columns[on]
  if (column?.kind !== "category") {
    const reason = `"${on}" is ${column === undefined ? "no column" : `a ${column.kind} column`}`
    return yield* new BalanceError({ balance, reason, hint: "Name the category column that holds the classes." })
  }
  const codes = Table.numbers(table, on)
  const rows = column.levels.map((): Array<number> => [])
  codes.forEach((code: number, row: number) => rows[code].push(row))
  const classes = rows.flatMap((all, code) =>
    all.length === 0 ? [] : [{ level: column.levels[code], rows: Uint32Array.from(all) }]
  )
  if (classes.length < 2) {
    const reason = `the ${table.length} train rows have ${classes.length === 0 ? "no class" : "one class only"}`
    return yield* new BalanceError({
      balance,
      reason,
      hint: "There is nothing to balance: bring rows of other classes."
    })
  }
  const sizes = classes.map((each) => each.rows.length)
  return { classes, most: Math.max(...sizes), least: Math.min(...sizes) }
})

const stage = <A, E, R>(
  train: unknown,
  name: string,
  balance: string,
  params: { readonly [key: string]: Schema.Json },
  ratio: number,
  run: (
    table: Table.Table,
    key: Key.Key,
    train: Dataset.Dataset<Columns, "train">
  ) => Effect.Effect<Dataset.Dataset<Columns, "train">, BalanceError>
): Balanced<A, E, R> => {
  if (!(ratio > 0 && ratio <= 1)) throw new RangeError(`${balance}: the ratio is ${ratio}; give one in (0, 1]`)
  const dataset = train as Node.Node<Dataset.Dataset<Columns, "train">, E, R> // TrainOnly says so
  const made: unknown = Node.make(
    Stage.make({
      name,
      version: 1,
      code: "versioned",
      draws: true,
      params,
      learns: { dataset: ["train"] },
      codec: Dataset.codec<Columns, "train">(),
      run: Effect.fnUntraced(function* (
        inputs: { readonly dataset: Dataset.Dataset<Columns, "train"> },
        { key }: { readonly key: Key.Key }
      ) {
        const partition: Dataset.Partition = inputs.dataset.partition
        if (partition === "train") return yield* run(Contents.open(inputs.dataset), key, inputs.dataset)
        const reason = `it takes the train partition; this is the ${partition} partition`
        return yield* new BalanceError({ balance, reason, hint: "Measure on the proportions that there are." })
      })
    }),
    { dataset }
  )
  return made as Balanced<A, E, R> // the same columns, row by row
}

/**
 * Repeats rows of the rarer classes until each has at least `ratio` times the rows of the most frequent one: each row of a
 * class as often as any other, give or take once. No row is copied in memory; equal rows have equal ids, so augmentation
 * has to tell them apart by the epoch.
 *
 * @example
 * import { Balance, Column, Columns, Source, Split } from "@watertight/data"
 * const mails = Source.csv("mails.csv", Columns.make({ length: Column.float, spam: Column.category(["no", "yes"]) }))
 * const parts = Split.stratified(mails, { on: "spam", validation: 0.1, test: 0.1 })
 * Balance.overSample(parts.train, { on: "spam" }).stage.name // => "over-sample"
 */
export const overSample = <A, E, R>(
  train: Train<A, E, R, "Balance.overSample">,
  options: Options<NoInfer<ColumnsOf<A>>>
): Balanced<A, E, R> => {
  const { on, ratio = 1 } = options
  const balance = "Balance.overSample"
  return stage(
    train,
    "over-sample",
    balance,
    { on, ratio },
    ratio,
    Effect.fnUntraced(function* (table, key, dataset) {
      const { classes, most } = yield* classesOf(balance, table, on)
      const wanted = Math.ceil(ratio * most)
      const again = classes.map(({ rows }) => Draw.evenly(key, table.ids, rows, Math.max(0, wanted - rows.length)))
      const places = new Uint32Array(again.reduce((sum, rows) => sum + rows.length, table.length))
      for (let row = 0; row < table.length; row++) places[row] = row
      again.reduce((at, rows) => {
        places.set(rows, at)
        return at + rows.length
      }, table.length)
      return Contents.side(dataset, places, "train")
    })
  )
}

/**
 * Takes rows of the more frequent classes out until none has more than the rarest one's rows divided by `ratio`. Which stay
 * is drawn by their ids.
 *
 * @example
 * import { Balance, Column, Columns, Source, Split } from "@watertight/data"
 * const mails = Source.csv("mails.csv", Columns.make({ length: Column.float, spam: Column.category(["no", "yes"]) }))
 * const parts = Split.stratified(mails, { on: "spam", validation: 0.1, test: 0.1 })
 * Balance.underSample(parts.train, { on: "spam", ratio: 0.5 }).stage.params // => { on: "spam", ratio: 0.5 }
 */
export const underSample = <A, E, R>(
  train: Train<A, E, R, "Balance.underSample">,
  options: Options<NoInfer<ColumnsOf<A>>>
): Balanced<A, E, R> => {
  const { on, ratio = 1 } = options
  const balance = "Balance.underSample"
  return stage(
    train,
    "under-sample",
    balance,
    { on, ratio },
    ratio,
    Effect.fnUntraced(function* (table, key, dataset) {
      const { classes, least } = yield* classesOf(balance, table, on)
      const wanted = Math.floor(least / ratio)
      const kept = classes.flatMap(({ rows }) => [...Draw.shuffled(key, table.ids, rows).subarray(0, wanted)])
      return Contents.side(dataset, Uint32Array.from(kept).sort(), "train")
    })
  )
}

/** The columns that are made new. */
const featuresOf = Effect.fnUntraced(function* (
  balance: string,
  columns: Columns,
  on: string,
  features: ReadonlyArray<string> | undefined
) {
  const isFeature = (column: Column.Column) =>
    column.kind === "tensor" || ((column.kind === "float" || column.kind === "category") && column.group !== true)
  const names = features ?? Object.keys(columns).filter((name) => name !== on && isFeature(columns[name]))
  const refuse = (reason: string, hint: string) => new BalanceError({ balance, reason, hint })
  if (names.length === 0) return yield* refuse("there is no feature", "Rows without features cannot be told apart.")
  for (const name of names) {
    const column = columns[name]
    if (name === on) return yield* refuse(`"${on}" is the class itself`, "Leave it out of the features.")
    if (column === undefined || !["float", "category", "tensor"].includes(column.kind)) {
      const reason = `"${name}" is ${column === undefined ? "no column" : `a ${column.kind} column`}`
      return yield* refuse(reason, "Features are float, category and tensor columns; impute what is missing first.")
    }
    if (column.kind === "tensor" && column.dtype !== "float32") {
      return yield* refuse(
        `"${name}" holds whole numbers, between which there is nothing`,
        "Scale it first: Recipe.scale."
      )
    }
  }
  return names
})

/**
 * Adds new rows to the rarer classes until each has at least `ratio` times the rows of the most frequent one: at a random
 * place between a row and one of its nearest in the class (SMOTE), with the levels that most of its nearest have (SMOTE-NC).
 * New rows follow the old ones; their ids are made of their parents'. Distances are plain, so scale the columns first.
 * Fails when a class that needs rows has no more of them than `neighbors`.
 *
 * @example
 * import { Balance, Column, Columns, Recipe, Source, Split } from "@watertight/data"
 * const mails = Source.csv("mails.csv", Columns.make({ length: Column.float, spam: Column.category(["no", "yes"]) }))
 * const parts = Split.stratified(mails, { on: "spam", validation: 0.1, test: 0.1 })
 * const fitted = Recipe.fit(Recipe.of(parts.train).pipe(Recipe.standardize("length")), parts.train)
 * Balance.smote(Recipe.apply(fitted, parts.train), { on: "spam", neighbors: 3 }).stage.name // => "smote"
 */
export const smote = <A, E, R>(
  train: Train<A, E, R, "Balance.smote">,
  options: SmoteOptions<NoInfer<ColumnsOf<A>>>
): Balanced<A, E, R> => {
  const { neighbors = 5, on, ratio = 1 } = options
  const features: ReadonlyArray<string> | undefined = options.features
  const balance = "Balance.smote"
  if (!Number.isSafeInteger(neighbors) || neighbors < 1) {
    throw new RangeError(`${balance}: neighbors is ${neighbors}; give a whole number of at least 1`)
  }
  return stage(
    train,
    "smote",
    balance,
    { on, ratio, neighbors, features: features ?? null },
    ratio,
    Effect.fnUntraced(function* (table, key, dataset) {
      const { classes, most } = yield* classesOf(balance, table, on)
      const names = yield* featuresOf(balance, table.columns, on, features)
      yield* refuseInfinite(balance, table, names)
      const wanted = Math.ceil(ratio * most)
      const rare = classes.filter(({ rows }) => rows.length < wanted)
      const few = rare.find(({ rows }) => rows.length <= neighbors)
      if (few !== undefined) {
        const reason = `class "${few.level}" has ${few.rows.length} train rows, too few for ${neighbors} neighbors of each`
        return yield* new BalanceError({ balance, reason, hint: "Ask for fewer neighbors, or use Balance.overSample." })
      }
      const children = rare.flatMap(({ rows }) =>
        Smote.plan(key, table, rows, { features: names, neighbors, count: wanted - rows.length })
      )
      if (children.length === 0) return dataset
      const more = yield* Effect.mapError(
        Smote.born(table, children, names),
        ({ message }) => new BalanceError({ balance, reason: message, hint: "Repair the column first." })
      )
      return Contents.make(more, undefined, "train", true)
    })
  )
}

const refuseInfinite = Effect.fnUntraced(function* (balance: string, table: Table.Table, names: ReadonlyArray<string>) {
  for (const name of names) {
    const values = Table.numbers(table, name)
    const place = values.findIndex((value: number) => !Number.isFinite(value))
    if (place < 0) continue
    const row = Math.floor(place / (values.length / table.length))
    const reason = `row ${row + 1} of column "${name}" holds ${values[place]}`
    return yield* new BalanceError({ balance, reason, hint: "Drop or repair such rows at the source." })
  }
})
