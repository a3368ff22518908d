/**
 * The steps of a recipe between categories and numbers: what the namespace `Recipe` has of them.
 */
import type * as Column from "../Column.ts"
import type { Columns, Replace } from "../Columns.ts"
import * as Bin from "../steps/Bin.ts"
import * as Cross from "../steps/Cross.ts"
import * as EmbeddingIndex from "../steps/EmbeddingIndex.ts"
import * as Frequency from "../steps/Frequency.ts"
import * as Hash from "../steps/Hash.ts"
import * as OneHot from "../steps/OneHot.ts"
import * as Ordinal from "../steps/Ordinal.ts"
import * as Target from "../steps/Target.ts"
import { type Accepts, type Extended, type Recipe, adding, columnwise } from "./Describe.ts"

/** `C` with the columns named one-hot encoded. */
export type Encoded<C extends Columns, Name extends string> = Replace<
  C,
  { readonly [K in Name]: Column.Tensor<readonly [number]> }
>

/** `C` with floats for the columns named. */
export type AsFloat<C extends Columns, Name extends string> = Replace<C, { readonly [K in Name]: Column.Float }>

/** `C` with categories for the columns named. */
export type AsCategory<C extends Columns, Name extends string> = Replace<C, { readonly [K in Name]: Column.Category }>

/**
 * Turns categories into tensors of one number per level: 1 for the row's level, 0 for the others. With `minimumShare`,
 * levels that fewer of the train rows have share the last number.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ zone: Column.category(["a", "b"]), make: Column.category(["x", "y", "z"]) })
 * recipe.pipe(Recipe.oneHot("zone"), Recipe.oneHot("make", { minimumShare: 0.01 })).steps.length // => 2
 */
export const oneHot =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: OneHot.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "category", "oneHot">
  ): Recipe<In, Encoded<Out, Name>> =>
    columnwise(recipe, columns, (name) => OneHot.make(name, options))

/** `C` with indices for the columns named: categories, or tensors of one int32. */
export type Indexed<C extends Columns, Name extends string, As extends EmbeddingIndex.Form> = Replace<
  C,
  { readonly [K in Name]: As extends "tensor" ? Column.Tensor<readonly [1]> : Column.Category }
>

/** The sentence for an order that names what is no level. */
type Unordered<C extends Columns, Name extends string, Level extends string> = Name extends keyof C
  ? C[Name] extends Column.Category<infer Known>
    ? Exclude<Level, Known> extends never
      ? Exclude<Known, Level> extends never
        ? never
        : `ordinal: the order of ${Name} leaves out ${Exclude<Known, Level>}`
      : `ordinal: ${Name} has no level ${Exclude<Level, Known>}`
    : never
  : never

type Ordered<Given, C extends Columns, Name extends string, Level extends string> = string extends Level
  ? Given
  : [Unordered<C, Name, Level>] extends [never]
    ? Given
    : Unordered<C, Name, Level>

/**
 * Turns a category whose levels have an order into the place in that order: 0, 1, 2, … Only for levels that are smaller and
 * larger in a sense the model may use.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ size: Column.category(["large", "medium", "small"]) })
 * recipe.pipe(Recipe.ordinal("size", ["small", "medium", "large"])).steps[0].config
 * // => { column: "size", order: ["small", "medium", "large"] }
 */
export const ordinal =
  <const Name extends string, const Level extends string>(column: Name, order: ReadonlyArray<Level>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Ordered<Recipe<In, Out>, Out, Name, Level>, Out, Name, "category", "ordinal">
  ): Recipe<In, AsFloat<Out, Name>> =>
    columnwise(recipe, column, (name) => Ordinal.make(name, order))

/** Turns categories into their level's share of the train rows. */
export const frequency =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "category", "frequency">
  ): Recipe<In, AsFloat<Out, Name>> =>
    columnwise(recipe, columns, (name) => Frequency.make(name))

/**
 * Turns categories into the mean target of the train rows with that level. Train rows get the mean of the rows outside
 * their own fold, never of themselves; all other rows that of all train rows. See `steps/Target` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ zone: Column.category(["a", "b"]), fare: Column.float })
 * recipe.pipe(Recipe.targetEncode("zone", { target: "fare", smoothing: 10 })).steps[0].config
 * // => { column: "zone", target: "fare", smoothing: 10, folds: 5 }
 */
export const targetEncode =
  <const Name extends string, const TargetName extends string>(
    columns: Name | ReadonlyArray<Name>,
    options: Target.Options<TargetName>
  ) =>
  <In extends Columns, Out extends Columns>(
    recipe: TargetName extends Name
      ? `targetEncode: ${TargetName} is the target itself`
      : Accepts<
          Accepts<Recipe<In, Out>, Out, Name, "category", "targetEncode">,
          Out,
          TargetName,
          "float" | "category",
          "targetEncode: the target"
        >
  ): Recipe<In, AsFloat<Out, Name>> =>
    columnwise(recipe, columns, (name) => Target.make(name, options))

/**
 * Turns floats into categories: the interval a number lies in, "0" for the lowest. See `steps/Bin` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ age: Column.float })
 * recipe.pipe(Recipe.bin("age", { bins: 5, by: "quantile" }), Recipe.oneHot("age")).steps.length // => 2
 */
export const bin =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: Bin.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float", "bin">
  ): Recipe<In, AsCategory<Out, Name>> =>
    columnwise(recipe, columns, (name) => Bin.make(name, options))

/**
 * Adds a tensor of a chosen length into which categories, texts and numbers are hashed, with signs: no vocabulary, no trouble with
 * levels that train never saw, and the same bits as scikit-learn's FeatureHasher. See `steps/Hash` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ zone: Column.category(["a", "b"]), distance: Column.float })
 * recipe.pipe(Recipe.hash(["zone", "distance"], { as: "hashed", width: 16 })).steps[0].config
 * // => { columns: ["zone", "distance"], as: "hashed", width: 16, signed: true }
 */
export const hash =
  <const Name extends string, const As extends string>(columns: ReadonlyArray<Name>, options: Hash.Options<As>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "category" | "optional category" | "text", "hash">
  ): Recipe<In, Extended<Out, { readonly [K in As]: Column.Tensor<readonly [number]> }>> =>
    adding(recipe, [Hash.make(columns, options)])

/**
 * Turns categories of many levels, or texts such as ids, into indices for an embedding layer: 0 for levels that too few train rows have and for
 * what is missing, 1, 2, … for the others, the most frequent first. The result is a category whose level 0 is `[unknown]`,
 * or with `as: "tensor"` a tensor of one int32, which a model takes as a feature.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ user: Column.category(["ann", "bob", "eve"]) })
 * recipe.pipe(Recipe.embeddingIndex("user", { minimumCount: 5 })).steps[0].config
 * // => { column: "user", minimumCount: 5 }
 */
export const embeddingIndex =
  <const Name extends string, const As extends EmbeddingIndex.Form = "category">(
    columns: Name | ReadonlyArray<Name>,
    options?: EmbeddingIndex.Options<As>
  ) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "category" | "optional category" | "text", "embeddingIndex">
  ): Recipe<In, Indexed<Out, Name, As>> =>
    columnwise(recipe, columns, (name) => EmbeddingIndex.make(name, options))

/**
 * Adds a category whose levels are the combinations of those of others: `a × Monday`. For products of numbers see
 * `polynomial` with `interactionsOnly`.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ zone: Column.category(["a", "b"]), day: Column.category(["Mon", "Tue"]) })
 * recipe.pipe(Recipe.cross(["zone", "day"], { as: "zone_day" }), Recipe.embeddingIndex("zone_day")).steps.length // => 2
 */
export const cross =
  <const Name extends string, const As extends string>(columns: ReadonlyArray<Name>, options: Cross.Options<As>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "category", "cross">
  ): Recipe<In, Extended<Out, { readonly [K in As]: Column.Category }>> =>
    adding(recipe, [Cross.make(columns, options)])
