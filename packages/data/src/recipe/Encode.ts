/**
 * The steps of a recipe that turn categories into numbers: what the namespace `Recipe` has of them.
 */
import type * as Column from "../Column.ts"
import type { Columns, Replace } from "../Columns.ts"
import * as OneHot from "../steps/OneHot.ts"
import { type Accepts, type Recipe, columnwise } from "./Describe.ts"

/** `C` with the columns named one-hot encoded. */
export type Encoded<C extends Columns, Name extends string> = Replace<
  C,
  { readonly [K in Name]: Column.Tensor<readonly [number]> }
>

/** Turns categories into tensors of one number per level: 1 for the row's level, 0 for the others. */
export const oneHot =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "category", "oneHot">
  ): Recipe<In, Encoded<Out, Name>> =>
    columnwise(recipe, columns, (name) => OneHot.make(name))
