/**
 * The description of a recipe: steps in order, from the columns of a partition to those a model takes. Which columns a
 * step can take is decided here, by type, in sentences; what the steps do is in `steps`.
 */
import { type Node } from "@watertight/core"
import { Pipeable } from "effect"
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import type * as Dataset from "../Dataset.ts"
import type * as Step from "../Step.ts"
import type * as Table from "../Table.ts"

declare const Takes: unique symbol
declare const Gives: unique symbol

/** Steps that turn rows of the columns `In` into rows of the columns `Out`. */
export interface Recipe<in In extends Columns, out Out extends Columns> extends Pipeable.Pipeable {
  readonly [Takes]?: (columns: In) => void
  readonly [Gives]?: () => Out
  readonly steps: ReadonlyArray<Step.Any>
}

/** `Given` when `A` is the train partition of rows of `In`; else the sentence that the compiler shows. */
export type TrainOnly<Given, A, In extends Columns, Verb extends string> =
  A extends Dataset.Dataset<infer C, infer P>
    ? [P] extends ["train"]
      ? [C] extends [In]
        ? Given
        : `${Verb}: this recipe was described for other columns`
      : `${Verb} takes the train partition; this is the ${P} partition`
    : A extends Table.Table
      ? `${Verb} takes the train partition; this table is not split yet: use Split first`
      : `${Verb} takes the train partition of a Split`

/** Kinds of columns in a sentence. */
type Named<Kind extends Column.Kind> = [Kind] extends [Column.Optional["kind"]]
  ? ["optional category"] extends [Kind]
    ? "optional"
    : "optional float"
  : ["float" | "optional float"] extends [Kind]
    ? "float or optional float"
    : ["float" | "tensor"] extends [Kind]
      ? "float or tensor"
      : ["float" | "category" | "text"] extends [Kind]
        ? "float, category or text"
        : ["float" | "category"] extends [Kind]
          ? "float or category"
          : ["category" | "text"] extends [Kind]
            ? "category or text"
            : Kind

/** Wide columns are checked at run time only. */
type Refusal<
  C extends Columns,
  Name extends string,
  Kind extends Column.Kind,
  Verb extends string
> = string extends keyof C
  ? never
  : Name extends keyof C
    ? C[Name]["kind"] extends Kind
      ? never
      : C[Name] extends Column.Optional
        ? [Extract<Kind, `optional ${string}`>] extends [never]
          ? `${Verb}: ${Name} may be missing: impute it first`
          : `${Verb} takes ${Named<Kind>} columns; ${Name} is an ${C[Name]["kind"]}`
        : `${Verb} takes ${Named<Kind>} columns; ${Name} is a ${C[Name]["kind"]}`
    : `${Verb}: there is no column ${Name}`

/** `Given` when every named column is of one of the kinds; else the sentences that the compiler shows. */
export type Accepts<Given, C extends Columns, Name extends string, Kind extends Column.Kind, Verb extends string> = [
  Refusal<C, Name, Kind, Verb>
] extends [never]
  ? Given
  : Refusal<C, Name, Kind, Verb>

/** `C` after a numeric step on the columns named. */
export type Scaled<C extends Columns, Name extends string> = {
  readonly [K in keyof C]: K extends Name
    ? C[K] extends Column.Tensor<infer Shape>
      ? Column.Tensor<Shape>
      : C[K]
    : C[K]
}

/** `C` with columns replaced and added. */
export type Extended<C extends Columns, Changed extends Columns> = {
  readonly [K in keyof C | keyof Changed]: K extends keyof Changed ? Changed[K] : K extends keyof C ? C[K] : never
}

/** Makes a recipe of steps whose types the caller knows. */
export const fromSteps = <In extends Columns, Out extends Columns>(steps: ReadonlyArray<Step.Any>): Recipe<In, Out> =>
  Object.assign(Object.create(Pipeable.Prototype), { steps })

/** Adds steps to what a combinator accepted as a recipe. */
export const adding = <In extends Columns, Out extends Columns>(accepted: unknown, steps: ReadonlyArray<Step.Any>) => {
  const recipe = accepted as Recipe<In, never> // a combinator's type accepts recipes only
  return fromSteps<In, Out>([...recipe.steps, ...steps])
}

/** Starts a recipe for the rows of a train partition. The node only says which columns there are; nothing is read. */
export const of = <A, E, R>(
  _train: TrainOnly<Node.Node<A, E, R>, A, Columns, "Recipe.of">
): A extends Dataset.Dataset<infer C, infer _P> ? Recipe<C, C> : never =>
  fromSteps([]) as A extends Dataset.Dataset<infer C, infer _P> ? Recipe<C, C> : never // TrainOnly: A is a Dataset

/** Starts a recipe for rows of the given columns. */
export const forColumns = <const C extends Columns>(_columns: C): Recipe<C, C> => fromSteps([])

/**
 * Adds a step of one's own.
 *
 * @example
 * import { Column, Recipe, Step } from "@watertight/data"
 * import { Effect, Schema } from "effect"
 * const half = Step.column({
 *   name: "half", version: 1, column: "fare", takes: ["float"], becomes: (column: Column.Float) => column,
 *   state: Schema.Null, fit: () => Effect.succeed(null),
 *   apply: ({ values }) => Effect.succeed(values.map((value) => value / 2))
 * })
 * Recipe.forColumns({ fare: Column.float }).pipe(Recipe.step(half)).steps.length // => 1
 */
export const step =
  <Needed extends Columns, Changed extends Columns>(added: Step.Step<Needed, Changed>) =>
  <In extends Columns, Out extends Columns>(
    recipe: [Out] extends [Needed] ? Recipe<In, Out> : "this step takes columns that the recipe does not have here"
  ): Recipe<In, Extended<Out, Changed>> =>
    adding(recipe, [added])

/** Adds one step for each of the columns named. */
export const columnwise = <Name extends string, In extends Columns, Out extends Columns>(
  accepted: unknown,
  columns: Name | ReadonlyArray<Name>,
  make: (column: Name) => Step.Any
): Recipe<In, Out> => adding(accepted, (typeof columns === "string" ? [columns] : columns).map(make))
