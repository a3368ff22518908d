/**
 * The steps of a recipe that change numbers into numbers of another scale: what the namespace `Recipe` has of them.
 */
import type { Columns } from "../Columns.ts"
import * as MinMax from "../steps/MinMax.ts"
import * as Scale from "../steps/Scale.ts"
import * as Standardize from "../steps/Standardize.ts"
import { type Accepts, type Recipe, type Scaled, columnwise } from "./Describe.ts"

/**
 * Standardizes float and tensor columns to mean 0 and variance 1 over the train rows; constants become 0. See
 * `steps/Standardize` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ a: Column.float, b: Column.float }).pipe(Recipe.standardize(["a", "b"]))
 * recipe.steps.map((step) => step.config) // => [{ column: "a", per: "tensor" }, { column: "b", per: "tensor" }]
 */
export const standardize =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: Standardize.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "standardize">
  ): Recipe<In, Scaled<Out, Name>> =>
    columnwise(recipe, columns, (name) => Standardize.make(name, options))

/** Scales float and tensor columns to [0, 1] over the train rows; constants become 0. See `steps/MinMax` for the options. */
export const minMax =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: MinMax.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "minMax">
  ): Recipe<In, Scaled<Out, Name>> =>
    columnwise(recipe, columns, (name) => MinMax.make(name, options))

/** Multiplies float and tensor columns by a constant: `Recipe.scale("image", 1 / 255)`. */
export const scale =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, factor: number) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "scale">
  ): Recipe<In, Scaled<Out, Name>> =>
    columnwise(recipe, columns, (name) => Scale.make(name, factor))
