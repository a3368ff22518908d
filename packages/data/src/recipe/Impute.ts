/**
 * The steps of a recipe that fill missing values: what the namespace `Recipe` has of them. After one of these a column is
 * complete, also by its type, and any other step takes it.
 */
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Impute from "../steps/Impute.ts"
import * as ImputeNearest from "../steps/ImputeNearest.ts"
import * as MissingIndicator from "../steps/MissingIndicator.ts"
import { type Accepts, type Extended, type Recipe, adding, columnwise } from "./Describe.ts"

/** `C` with no values missing in the columns named. */
export type Imputed<C extends Columns, Name extends string> = {
  readonly [K in keyof C]: K extends Name ? Column.CompleteOf<C[K]> : C[K]
}

/** `C` with no values missing in the columns named; a level that is new to a category is added to its levels. */
export type ImputedBy<C extends Columns, Name extends string, Value extends number | string> = {
  readonly [K in keyof C]: K extends Name
    ? C[K] extends Column.OptionalCategory<infer Level>
      ? Column.Category<Level | Extract<Value, string>>
      : Column.CompleteOf<C[K]>
    : C[K]
}

/** `C` with a column `x_missing` of 0 and 1 for every column `x` named. */
export type Indicated<C extends Columns, Name extends string> = Extended<
  C,
  { readonly [K in `${Name}_missing`]: Column.Float }
>

/** The sentence for a constant that is no value of its column. */
type WrongConstant<C extends Columns, Name extends string, Value> = Name extends keyof C
  ? C[Name] extends Column.OptionalCategory
    ? Value extends string
      ? never
      : `imputeConstant: ${Name} is a category: give a level's text`
    : C[Name] extends Column.Optional
      ? Value extends number
        ? never
        : `imputeConstant: ${Name} holds numbers: give a number`
      : never
  : never

type Constant<Given, C extends Columns, Name extends string, Value> = [WrongConstant<C, Name, Value>] extends [never]
  ? Accepts<Given, C, Name, Column.Optional["kind"], "imputeConstant">
  : WrongConstant<C, Name, Value>

/** Fills missing numbers with the mean of the train rows. Fails when all of those are missing. */
export const imputeMean =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "optional float", "imputeMean">
  ): Recipe<In, Imputed<Out, Name>> =>
    columnwise(recipe, columns, Impute.mean)

/**
 * Fills missing numbers with the median of the train rows. Fails when all of those are missing.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ distance: Column.optional(Column.float) })
 * recipe.pipe(Recipe.imputeMedian("distance"), Recipe.standardize("distance")).steps.map(({ name }) => name)
 * // => ["imputeMedian", "standardize"]
 */
export const imputeMedian =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "optional float", "imputeMedian">
  ): Recipe<In, Imputed<Out, Name>> =>
    columnwise(recipe, columns, Impute.median)

/**
 * Fills missing values with the most frequent value of the train rows; of equally frequent ones with the smallest number,
 * the earliest instant, or the level declared first. Fails when all train rows are missing.
 */
export const imputeMode =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, Column.Optional["kind"], "imputeMode">
  ): Recipe<In, Imputed<Out, Name>> =>
    columnwise(recipe, columns, Impute.mode)

/**
 * Fills missing values with a constant, which needs no train rows: a number, an instant in milliseconds since 1970, or a
 * level. A level that is not declared is added to the column's levels, so that missing can be a level of its own.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ zone: Column.optional(Column.category(["a", "b"])) })
 * recipe.pipe(Recipe.imputeConstant("zone", "unknown"), Recipe.oneHot("zone")).steps[0].config
 * // => { column: "zone", value: "unknown" }
 */
export const imputeConstant =
  <const Name extends string, const Value extends number | string>(columns: Name | ReadonlyArray<Name>, value: Value) =>
  <In extends Columns, Out extends Columns>(
    recipe: Constant<Recipe<In, Out>, Out, Name, Value>
  ): Recipe<In, ImputedBy<Out, Name, Value>> =>
    columnwise(recipe, columns, (name) => Impute.constant(name, value))

/**
 * Adds a float column `x_missing` for a column `x`: 1 where it is missing, else 0. Comes before the column is imputed;
 * that a value is missing often says something itself.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ age: Column.optional(Column.float) }).pipe(
 *   Recipe.missingIndicator("age"), Recipe.imputeMean("age"), Recipe.scale("age_missing", 2)
 * )
 * recipe.steps.length // => 3
 */
export const missingIndicator =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, Column.Optional["kind"], "missingIndicator">
  ): Recipe<In, Indicated<Out, Name>> =>
    columnwise(recipe, columns, MissingIndicator.make)

/**
 * Fills missing numbers with the mean over the nearest train rows that have them (5 unless given), nearest in the columns
 * named: give all that say something about one another, whether they miss values or not. The train rows are what is
 * learned. Fails when all train rows miss a column. See `steps/ImputeNearest` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ age: Column.optional(Column.float), income: Column.float })
 * recipe.pipe(Recipe.imputeNearest(["age", "income"], { neighbors: 3 }), Recipe.standardize("age")).steps.length // => 2
 */
export const imputeNearest =
  <const Name extends string>(columns: ReadonlyArray<Name>, options?: ImputeNearest.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "optional float", "imputeNearest">
  ): Recipe<In, Imputed<Out, Name>> =>
    adding(recipe, [ImputeNearest.make(columns, options)])
