/**
 * The steps of a recipe that change numbers into numbers of another scale: what the namespace `Recipe` has of them.
 */
import type { Columns } from "../Columns.ts"
import * as Clip from "../steps/Clip.ts"
import * as Logarithm from "../steps/Logarithm.ts"
import * as MinMax from "../steps/MinMax.ts"
import * as Quantile from "../steps/Quantile.ts"
import * as Robust from "../steps/Robust.ts"
import * as Scale from "../steps/Scale.ts"
import * as Standardize from "../steps/Standardize.ts"
import * as YeoJohnson from "../steps/YeoJohnson.ts"
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

/**
 * Subtracts the median of the train rows from float and tensor columns and divides by the distance of their quartiles:
 * standard scaling that a few extreme numbers do not change. See `steps/Robust` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ fare: Column.float }).pipe(Recipe.robust("fare", { between: [0.1, 0.9] }))
 * recipe.steps[0].config // => { column: "fare", per: "tensor", between: [0.1, 0.9] }
 */
export const robust =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: Robust.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "robust">
  ): Recipe<In, Scaled<Out, Name>> =>
    columnwise(recipe, columns, (name) => Robust.make(name, options))

/**
 * Clips float and tensor columns to quantiles of the train rows, 0.01 and 0.99 unless given. See `steps/Clip` for the
 * options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ fare: Column.float }).pipe(Recipe.clip("fare", { lower: 0 }))
 * recipe.steps[0].config // => { column: "fare", lower: 0, upper: 0.99, per: "tensor" }
 */
export const clip =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: Clip.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "clip">
  ): Recipe<In, Scaled<Out, Name>> =>
    columnwise(recipe, columns, (name) => Clip.make(name, options))

/**
 * Takes the natural logarithm of float and tensor columns, of each number plus a constant. Fails at numbers that have none.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ visits: Column.float }).pipe(Recipe.logarithm("visits", { plus: 1 }))
 * recipe.steps[0].config // => { column: "visits", plus: 1 }
 */
export const logarithm =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: Logarithm.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "logarithm">
  ): Recipe<In, Scaled<Out, Name>> =>
    columnwise(recipe, columns, (name) => Logarithm.make(name, options))

/**
 * Makes skewed float and tensor columns nearly normal by a power whose exponent is learned from the train rows. Standardize
 * afterwards: the scale of what comes out is arbitrary. See `steps/YeoJohnson` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ fare: Column.float })
 * recipe.pipe(Recipe.yeoJohnson("fare"), Recipe.standardize("fare")).steps.length // => 2
 */
export const yeoJohnson =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: YeoJohnson.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "yeoJohnson">
  ): Recipe<In, Scaled<Out, Name>> =>
    columnwise(recipe, columns, (name) => YeoJohnson.make(name, options))

/**
 * Replaces numbers of float and tensor columns by their rank among the train rows: uniform on [0, 1], or normal. See
 * `steps/Quantile` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ fare: Column.float }).pipe(Recipe.quantile("fare", { output: "normal" }))
 * recipe.steps[0].config // => { column: "fare", output: "normal", quantiles: 1000, per: "tensor" }
 */
export const quantile =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: Quantile.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "quantile">
  ): Recipe<In, Scaled<Out, Name>> =>
    columnwise(recipe, columns, (name) => Quantile.make(name, options))
