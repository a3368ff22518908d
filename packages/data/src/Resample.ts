/**
 * Resampling a train partition into folds, each with a train and a validation side: cross-validation, windows through
 * time, the bootstrap. A fold is a pair of nodes like those of a split, so recipes and models are fitted to it unchanged;
 * test rows are never part of it. Each fold's nodes bear its name, so folds draw independently of one another. Use the two
 * sides of a fold with each other only: what one fold validates on, the others train on.
 */
import { type Key, Node, Stage } from "@watertight/core"
import { Effect } from "effect"
import type * as Column from "./Column.ts"
import type { Columns, GroupsOf, KeysOf } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import * as Contents from "./internal/columns/contents.ts"
import type * as Near from "./Near.ts"
import * as Bootstrap from "./resample/Bootstrap.ts"
import * as Combinatorial from "./resample/Combinatorial.ts"
import * as KFold from "./resample/KFold.ts"
import * as Plan from "./resample/Plan.ts"
import * as Windows from "./resample/Windows.ts"
import type * as Grouped from "./split/Grouped.ts"
import { SplitError } from "./split/SplitError.ts"
import type * as Split from "./Split.ts"
import type { Table } from "./Table.ts"

export type { FoldPlan, Plan, Sides } from "./resample/Plan.ts"

/** Whether a fold's train side has each row once, or, as a bootstrap's, as often as it was drawn. */
export type Draws = "distinct" | "repeated"

/** A train and a validation side made of one train partition. */
export interface Fold<out C extends Columns = Columns, out E = unknown, out R = unknown, out D extends Draws = Draws> {
  readonly name: string
  readonly draws: D
  readonly train: Node.Node<Dataset.Dataset<C, "train">, E, R>
  readonly validation: Node.Node<Dataset.Dataset<C, "validation">, E, R>
}

/** Folds of one resampling. */
export type Folds<C extends Columns, E, R, D extends Draws = "distinct"> = ReadonlyArray<Fold<C, E | SplitError, R, D>>

/** The columns of a data set. */
export type ColumnsOf<A> = A extends Dataset.Dataset<infer C, Dataset.Partition> ? C : never

/** `Given` when `A` is a train partition; else the sentence that the compiler shows. */
export type Train<Given, A> =
  A extends Dataset.Dataset<Columns, infer P>
    ? [P] extends ["train"]
      ? Given
      : `resampling takes the train partition; this is the ${P} partition`
    : A extends Table
      ? "resampling takes the train partition; this table is not split yet: use Split first"
      : "resampling takes the train partition of a Split"

/** `Given` when `A` is a train partition without instants; else the sentence that the compiler shows. */
export type Undated<Given, A> = [KeysOf<ColumnsOf<A>, "timestamp">] extends [never]
  ? Train<Given, A>
  : "resample by time: use Resample.expanding, Resample.sliding or Resample.combinatorialPurged"

/** `Given` when `A` is a train partition without instants and declared groups; else the sentence that the compiler shows. */
export type Loose<Given, A> = [GroupsOf<ColumnsOf<A>>] extends [never]
  ? Undated<Given, A>
  : Undated<"resample by group: use Resample.grouped, Resample.stratifiedGrouped or Resample.leaveOneGroupOut", A>

/** The groups of a column: a category's levels, or numbers that are ids. */
export type GroupValue<C extends Column.Column> = C extends Column.Category<infer Level> ? Level : number

/** Where groups are declared, they must be named: a group that validates is left out of train. */
export type Apart<C extends Columns> = [GroupsOf<C>] extends [never]
  ? { readonly group?: Grouped.On<Split.GroupOf<C>> }
  : { readonly group: Grouped.On<GroupsOf<C>> }

/** How windows through time are laid: see `resample/Windows`. */
export type Windowed<C extends Columns> = Omit<Windows.Options, "on" | "labelEnd" | "group" | "near" | "train"> & {
  readonly on: Split.TimeOf<C>
  readonly labelEnd?: KeysOf<C, "timestamp">
} & Apart<C>

/** How time is cut into blocks: see `resample/Combinatorial`. */
export type Blocked<C extends Columns> = Omit<Combinatorial.Options, "on" | "labelEnd" | "group" | "near"> & {
  readonly on: Split.TimeOf<C>
  readonly labelEnd?: KeysOf<C, "timestamp">
} & Apart<C>

/**
 * Resamples in a way of one's own. `ResampleLaws` in `@watertight/data/testing` check plans. Fails with a `SplitError` when
 * `check` or `mark` does, when a side of a fold has no rows, and when a row is on both sides or on one of them twice.
 */
export const make = <C extends Columns, E, R, D extends Draws = "distinct">(
  train: Node.Node<Dataset.Dataset<C, "train">, E, R>,
  plans: ReadonlyArray<Plan.Plan>
): Folds<C, E, R, D> =>
  plans.flatMap((plan) => {
    const marks = mark(train, plan)
    return plan.folds.map((fold) => ({
      name: fold.name,
      draws: (plan.repeats ? "repeated" : "distinct") as D, // built-in resamples say which it is
      train: side(train, marks, plan, fold, "train"),
      validation: side(train, marks, plan, fold, "validation")
    }))
  })

const mark = <C extends Columns, E, R>(
  train: Node.Node<Dataset.Dataset<C, "train">, E, R>,
  plan: Plan.Plan
): Node.Node<Int32Array, E | SplitError, R> =>
  Node.make(
    Stage.make({
      name: plan.name,
      version: plan.version,
      params: plan.params,
      draws: plan.draws,
      code: plan.code ?? "sources",
      learns: { train: ["train"] },
      codec: Plan.codec,
      run: ({ train }: { readonly train: Dataset.Dataset<C, "train"> }, { key }: { readonly key: Key.Key }) =>
        Effect.gen(function* () {
          yield* refuse(plan, train)
          yield* plan.check(train.columns)
          return yield* plan.mark(plan.reads === "all" ? Contents.open(train) : Contents.select(train, plan.reads), key)
        })
    }),
    { train }
  )

/** Only train rows are resampled, also when types were cast away, and each of them must be there once. */
const refuse = (plan: Plan.Plan, train: Dataset.Dataset): Effect.Effect<void, SplitError> => {
  const split = plan.name
  if (train.partition !== "train") {
    const reason = `it resamples the train partition only; this is the ${train.partition} partition`
    return Effect.fail(new SplitError({ split, reason, hint: "Give it the train side." }))
  }
  if (!Contents.repeats(train)) return Effect.void
  const reason =
    "rows of this partition are there twice or made of others (bootstrap, Balance), and folds would have them on both sides"
  return Effect.fail(new SplitError({ split, reason, hint: "Resample the partition that it was made from." }))
}

const side = <C extends Columns, E, R, P extends "train" | "validation">(
  train: Node.Node<Dataset.Dataset<C, "train">, E, R>,
  marks: Node.Node<Int32Array, E | SplitError, R>,
  plan: Plan.Plan,
  fold: Plan.FoldPlan,
  partition: P
): Node.Node<Dataset.Dataset<C, P>, E | SplitError, R> =>
  Node.make(
    Stage.make({
      name: `${fold.name}-${partition}`,
      version: plan.version,
      code: plan.code ?? "sources",
      origin: partition,
      learns: { train: ["train"] },
      codec: Dataset.codec<C, P>(),
      run: (inputs: { readonly train: Dataset.Dataset<C, "train">; readonly marks: Int32Array }) =>
        Effect.map(Plan.sides(plan, fold, inputs.marks, inputs.train.length), (sides) =>
          Contents.side(inputs.train, sides[partition], partition)
        )
    }),
    { train, marks }
  )

/** How many folds, from 2 to 255, and how often; once unless given. */
export type Dealt = Omit<KFold.Folds, "near">

const taken = <A, E, R>(train: unknown): Node.Node<Dataset.Dataset<ColumnsOf<A>, "train">, E, R> =>
  train as Node.Node<Dataset.Dataset<ColumnsOf<A>, "train">, E, R> // the types below accept nothing else

/**
 * Cuts the rows into folds at random: each row validates one fold. Sizes differ by one row at most. With `repeats`, that
 * many times over, each with a drawing of its own. With `near` (see `Near`), here and below, rows that are equal or near
 * are in one fold, and sizes differ by the largest set of such rows at most.
 *
 * @example
 * import { Column, Columns, Resample, Source, Split } from "@watertight/data"
 * const iris = Source.csv("iris.csv", Columns.make({ petal: Column.float, kind: Column.category(["setosa", "other"]) }))
 * const { train } = Split.random(iris, { validation: 0.1, test: 0.2 })
 * Resample.kFold(train, { folds: 3 }).map(({ name }) => name) // => ["fold-1", "fold-2", "fold-3"]
 */
export const kFold = <A, E, R, const N extends Near.Near = never>(
  train: Loose<Node.Node<A, E, R>, A>,
  options: Dealt & Split.Nearness<NoInfer<ColumnsOf<A>>, N>
): Folds<ColumnsOf<A>, E, R> => make(taken<A, E, R>(train), KFold.plain(options))

/** Cuts the rows into folds with the classes of a column in the same proportions: each within one row of its share. */
export const stratified = <A, E, R, const N extends Near.Near = never>(
  train: Loose<Node.Node<A, E, R>, A>,
  options: Dealt & Split.Nearness<NoInfer<ColumnsOf<A>>, N> & { readonly on: Split.ClassOf<NoInfer<ColumnsOf<A>>> }
): Folds<ColumnsOf<A>, E, R> => make(taken<A, E, R>(train), KFold.stratified(options.on, options))

/**
 * Cuts the rows into folds of whole groups: no group is on both sides of a fold. Sizes differ by the largest group at
 * most. With several columns in `on`, rows that share a group in any of them stay together.
 */
export const grouped = <A, E, R, const N extends Near.Near = never>(
  train: Undated<Node.Node<A, E, R>, A>,
  options: Dealt &
    Split.Nearness<NoInfer<ColumnsOf<A>>, N> & { readonly on: Grouped.On<Split.GroupOf<NoInfer<ColumnsOf<A>>>> }
): Folds<ColumnsOf<A>, E, R> => make(taken<A, E, R>(train), KFold.grouped(options.on, options))

/**
 * Cuts the rows into folds of whole groups, with the classes as near to the same proportions as moves of single groups can
 * bring them.
 */
export const stratifiedGrouped = <A, E, R, const N extends Near.Near = never>(
  train: Undated<Node.Node<A, E, R>, A>,
  options: Dealt &
    Split.Nearness<NoInfer<ColumnsOf<A>>, N> & {
      readonly on: Grouped.On<Split.GroupOf<NoInfer<ColumnsOf<A>>>>
      readonly stratify: Split.ClassOf<NoInfer<ColumnsOf<A>>>
    }
): Folds<ColumnsOf<A>, E, R> =>
  make(taken<A, E, R>(train), KFold.stratifiedGrouped(options.on, options.stratify, options))

/**
 * Lets each of the groups named validate once, and trains on all other rows. Pipelines are built before any row is read,
 * so the groups are named here; one without rows fails. With `near`, groups that have rows near to those of the group that
 * validates, directly or through other groups, are left out of train.
 */
export const leaveOneGroupOut = <
  A,
  E,
  R,
  const On extends Split.GroupOf<NoInfer<ColumnsOf<A>>>,
  const N extends Near.Near = never
>(
  train: Undated<Node.Node<A, E, R>, A>,
  options: Split.Nearness<NoInfer<ColumnsOf<A>>, N> & {
    readonly on: On
    readonly groups: ReadonlyArray<GroupValue<NoInfer<ColumnsOf<A>>[NoInfer<On>]>>
  }
): Folds<ColumnsOf<A>, E, R> => {
  const groups: ReadonlyArray<unknown> = options.groups
  const named = groups as ReadonlyArray<string | number> // see GroupValue
  return make(taken<A, E, R>(train), KFold.leaveOneGroupOut(options.on, named, options.near))
}

/**
 * Moves a validation period through time, each fold training on all that came before: scikit-learn's `TimeSeriesSplit`,
 * with equal times kept together. Rows within `gap` before validation, and rows whose label ends later than its beginning,
 * are left out. With `near`, here and below, rows of train that are equal or near to one that validates, directly or
 * through others, are left out of train.
 *
 * @example
 * import { Column, Columns, Resample, Source, Split } from "@watertight/data"
 * const trips = Source.csv("trips.csv", Columns.make({ pickup: Column.timestamp, fare: Column.float }))
 * const { train } = Split.temporal(trips, { on: "pickup", validation: "7 days", test: "7 days", gap: "1 hour" })
 * const folds = Resample.expanding(train, { on: "pickup", folds: 5, validation: "7 days", gap: "1 hour" })
 * folds[0].validation.stage.name // => "expanding-1-validation"
 */
export const expanding = <A, E, R, const N extends Near.Near = never>(
  train: Train<Node.Node<A, E, R>, A>,
  options: Windowed<NoInfer<ColumnsOf<A>>> & Split.Nearness<NoInfer<ColumnsOf<A>>, N>
): Folds<ColumnsOf<A>, E, R> =>
  make(taken<A, E, R>(train), Windows.plans("Resample.expanding", "expanding", options as Windows.Options)) // its on is a name

/** Moves a validation period through time, each fold training on the latest `train` before it. */
export const sliding = <A, E, R, const N extends Near.Near = never>(
  train: Train<Node.Node<A, E, R>, A>,
  options: Windowed<NoInfer<ColumnsOf<A>>> &
    Split.Nearness<NoInfer<ColumnsOf<A>>, N> & { readonly train: Split.Length | Split.Rows }
): Folds<ColumnsOf<A>, E, R> =>
  make(taken<A, E, R>(train), Windows.plans("Resample.sliding", "sliding", options as Windows.Options)) // its on is a name

/**
 * Cuts time into blocks and lets every choice of `validation` of them (2 unless given) validate once: of 6 blocks, 15
 * folds. Rows of train whose label reaches into a validating block are left out, and so are those that begin before the
 * block's labels are known and `embargo` has passed.
 */
export const combinatorialPurged = <A, E, R, const N extends Near.Near = never>(
  train: Train<Node.Node<A, E, R>, A>,
  options: Blocked<NoInfer<ColumnsOf<A>>> & Split.Nearness<NoInfer<ColumnsOf<A>>, N>
): Folds<ColumnsOf<A>, E, R> => make(taken<A, E, R>(train), Combinatorial.plans(options as Combinatorial.Options)) // its on is a name

/**
 * Draws as many rows as there are with replacement, `resamples` times; the rows that were not drawn validate: with `near`,
 * those of them that are equal or near to a row that was drawn, directly or through others, do not.
 */
export const bootstrap = <A, E, R, const N extends Near.Near = never>(
  train: Loose<Node.Node<A, E, R>, A>,
  options: { readonly resamples: number } & Split.Nearness<NoInfer<ColumnsOf<A>>, N>
): Folds<ColumnsOf<A>, E, R, "repeated"> =>
  make(taken<A, E, R>(train), Bootstrap.plans(options.resamples, options.near))

/** Folds in which no row is twice, or the sentence that the compiler shows. */
export type Outer<F> =
  F extends ReadonlyArray<Fold<Columns, unknown, unknown, infer D>>
    ? [D] extends ["distinct"]
      ? F
      : "a bootstrap draws rows twice, and inner folds would have them on both sides: resample with Resample.kFold outside"
    : "nested takes the folds of a resampling"

/** An outer fold, with the folds of its train side. */
export type Nested<F, Inner> = F & { readonly inner: Inner }

/**
 * Resamples the train side of each fold again: the inner folds choose, the outer validation side says how good the choice
 * is. Refuses an outer bootstrap.
 *
 * @example
 * import { Column, Columns, Resample, Source, Split } from "@watertight/data"
 * const rows = Source.csv("rows.csv", Columns.make({ x: Column.float, y: Column.float }))
 * const { train } = Split.random(rows, { validation: 0.1, test: 0.2 })
 * const folds = Resample.nested(Resample.kFold(train, { folds: 5 }), (train) => Resample.kFold(train, { folds: 3 }))
 * folds.map(({ inner }) => inner.length) // => [3, 3, 3, 3, 3]
 */
export const nested = <C extends Columns, E, R, D extends Draws, Inner>(
  outer: ReadonlyArray<Fold<C, E, R, D>> & Outer<ReadonlyArray<Fold<C, E, R, D>>>,
  inner: (train: Node.Node<Dataset.Dataset<C, "train">, E, R>) => Inner
): ReadonlyArray<Nested<Fold<C, E, R, D>, Inner>> => outer.map((fold) => ({ ...fold, inner: inner(fold.train) }))
