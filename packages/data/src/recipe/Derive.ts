/**
 * The steps of a recipe that make features of others: what the namespace `Recipe` has of them.
 */
import type * as Column from "../Column.ts"
import type { Columns, GroupsOf, KeysOf, Replace } from "../Columns.ts"
import * as Calendar from "../steps/Calendar.ts"
import * as Pca from "../steps/Pca.ts"
import * as Polynomial from "../steps/Polynomial.ts"
import * as Select from "../steps/Select.ts"
import * as VarianceThreshold from "../steps/VarianceThreshold.ts"
import { type Accepts, type Extended, type Recipe, adding, columnwise } from "./Describe.ts"

/** `C` with tensors of another length for the columns named. */
export type Projected<C extends Columns, Name extends string> = Replace<
  C,
  { readonly [K in Name]: Column.Tensor<readonly [number]> }
>

/**
 * Adds a tensor of the products of float columns: for `["a", "b"]` and degree 2 those are a·a, a·b and b·b. See
 * `steps/Polynomial` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ a: Column.float, b: Column.float })
 * recipe.pipe(Recipe.polynomial(["a", "b"], { as: "products" }), Recipe.standardize("products")).steps.length // => 2
 */
export const polynomial =
  <const Name extends string, const As extends string>(columns: ReadonlyArray<Name>, options: Polynomial.Options<As>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float", "polynomial">
  ): Recipe<In, Extended<Out, { readonly [K in As]: Column.Tensor<readonly [number]> }>> =>
    adding(recipe, [Polynomial.make(columns, options)])

/**
 * Adds calendar parts of instants as floats, in UTC: `pickup_hour` from 0 to 23, `pickup_weekday` from 1 (Monday) to 7. See
 * `steps/Calendar` for the parts.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ pickup: Column.timestamp })
 * recipe.pipe(Recipe.calendar("pickup", ["year"]), Recipe.standardize("pickup_year")).steps.length // => 2
 */
export const calendar =
  <const Name extends string, const Part extends Calendar.Part>(column: Name, parts: ReadonlyArray<Part>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "timestamp", "calendar">
  ): Recipe<In, Extended<Out, { readonly [K in `${Name}_${Part}`]: Column.Float }>> =>
    adding(recipe, [Calendar.numbers(column, parts)])

/**
 * Adds calendar parts of instants as points on a circle, in UTC, so that 23 o'clock lies beside 0: `pickup_hour_sin` and
 * `pickup_hour_cos`. Both are needed: each alone has two hours for every value.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ pickup: Column.timestamp }).pipe(Recipe.cyclic("pickup", ["hour", "weekday"]))
 * recipe.steps[0].config // => { columns: ["pickup"], parts: ["hour", "weekday"] }
 */
export const cyclic =
  <const Name extends string, const Part extends Calendar.Cycle>(column: Name, parts: ReadonlyArray<Part>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "timestamp", "cyclic">
  ): Recipe<In, Extended<Out, { readonly [K in `${Name}_${Part}_${"sin" | "cos"}`]: Column.Float }>> =>
    adding(recipe, [Calendar.circles(column, parts)])

/**
 * Turns tensors into their first principal components over the train rows, with signs that do not depend on the run. See
 * `steps/Pca`.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ embedding: Column.tensor([64]) })
 * recipe.pipe(Recipe.pca("embedding", { components: 8 })).steps[0].config // => { column: "embedding", components: 8 }
 */
export const pca =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: Pca.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "tensor", "pca">
  ): Recipe<In, Projected<Out, Name>> =>
    columnwise(recipe, columns, (name) => Pca.make(name, options))

/**
 * Drops the numbers of a tensor that do not vary enough over the train rows: constants unless a threshold is given.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ words: Column.tensor([1000]) })
 * recipe.pipe(Recipe.varianceThreshold("words", { threshold: 0.01 })).steps.length // => 1
 */
export const varianceThreshold =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: VarianceThreshold.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "tensor", "varianceThreshold">
  ): Recipe<In, Projected<Out, Name>> =>
    columnwise(recipe, columns, (name) => VarianceThreshold.make(name, options))

/** How features are scored, and the columns by which rows belong together. */
interface Scored<Score extends string, Group extends string, Time extends string> {
  readonly by: { readonly score: Score; readonly group?: Group; readonly time?: Time }
}

/** Why a model cannot be asked: rows belong together by a declared group or by time, and it was not said. */
type Together<C extends Columns, Score extends string, Group extends string, Time extends string> =
  Extract<Score, "permutation"> extends never
    ? never
    : | Accepts<never, C, Group, "float" | "category", "select: the group">
      | Accepts<never, C, Time, "timestamp", "select: the time">
      | (Exclude<GroupsOf<C>, Group> extends infer Other extends string
          ? `select: rows of one ${Other} stay together: name it as the group`
          : never)
      | ([Time] extends [never]
          ? `select: rows near in time are alike: name ${KeysOf<C, "timestamp">} as the time`
          : never)

/**
 * Adds a tensor of those numbers that tell most about the target over the train rows: by mutual information, by the
 * coefficients of a linear model with an L1 penalty, or by what boosted trees lose on rows they were not fitted to when a
 * column is permuted (then whole columns stay or go, and the seed decides which rows are which). What is learned names every
 * feature with its score. See `steps/Select` for the options; for selection without a target see `varianceThreshold`.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ a: Column.float, b: Column.tensor([8]), fare: Column.float })
 * const by = { score: "l1", penalty: 0.1 } as const
 * recipe.pipe(Recipe.select(["a", "b"], { target: "fare", as: "chosen", by })).steps[0].name // => "select"
 * const permuted = Recipe.select(["a", "b"], { target: "fare", as: "chosen", by: { score: "permutation" } })
 * recipe.pipe(permuted).steps[0].draws // => true
 */
export const select =
  <
    const Name extends string,
    const Target extends string,
    const As extends string,
    const Score extends string,
    const Group extends string = never,
    const Time extends string = never
  >(
    columns: ReadonlyArray<Name>,
    options: Select.Options<Target, As, NoInfer<Name>> & Scored<Score, Group, Time>
  ) =>
  <In extends Columns, Out extends Columns>(
    recipe: Target extends Name
      ? `select: ${Target} is the target itself`
      : [Together<Out, Score, Group, Time>] extends [never]
        ? Accepts<
            Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "select">,
            Out,
            Target,
            "float" | "category",
            "select: the target"
          >
        : Together<Out, Score, Group, Time>
  ): Recipe<In, Extended<Out, { readonly [K in As]: Column.Tensor<readonly [number]> }>> =>
    adding(recipe, [Select.make(columns, options)])
