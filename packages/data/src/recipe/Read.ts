/**
 * The steps of a recipe that make numbers of text: what the namespace `Recipe` has of them.
 */
import type * as Column from "../Column.ts"
import type { Columns, Replace } from "../Columns.ts"
import * as BagOfWords from "../steps/BagOfWords.ts"
import * as HashWords from "../steps/HashWords.ts"
import * as Tokenize from "../steps/Tokenize.ts"
import { type Accepts, type Extended, type Recipe, adding, columnwise } from "./Describe.ts"

export type { Options as TokenizeOptions } from "../steps/Tokenize.ts"

/** `C` with the texts named made into vectors of `Size` numbers. */
export type Vectors<C extends Columns, Name extends string, Size extends number> = Replace<
  C,
  { readonly [K in Name]: Column.Tensor<readonly [Size]> }
>

/**
 * Turns a text into the ids of its tokens: an int32 tensor of `length` ids under the column's name, which of them are text
 * (a uint8 tensor, 1 and 0, under the name with `Mask`), and how many (a float, under the name with `Length`). The tokenizer
 * is learned from the train rows; one that came with a base model is given, and `for` compares fingerprints.
 *
 * @example
 * import { Column, Dataset, Recipe, Table, Text } from "@watertight/data"
 * import { Effect } from "effect"
 * const program = Effect.gen(function* () {
 *   const mail = yield* Table.make({ text: Column.text }, { text: ["win money now", "meet now", "now"] }, { length: 3 })
 *   const tokenizer = Text.words({ size: 1000, minimumCount: 1, special: { end: "<end>" } })
 *   const recipe = Recipe.forColumns(mail.columns).pipe(Recipe.tokenize("text", { tokenizer, length: 3 }))
 *   const fitted = yield* Recipe.fitDataset(recipe, Dataset.make(mail, undefined, "train"))
 *   const { values } = yield* Recipe.applyTable(fitted, mail)
 *   return [[...values.text], [...values.textMask], [...values.textLength]]
 * })
 * Effect.runSync(program) // => [[6, 5, 2, 4, 3, 2, 3, 2, 0], [1, 1, 1, 1, 1, 1, 1, 1, 0], [3, 3, 2]]
 */
export const tokenize =
  <const Name extends string, const Length extends number>(column: Name, options: Tokenize.Options<Length>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "text", "tokenize">
  ): Recipe<In, Extended<Out, Tokenize.Made<Name, Length>>> =>
    adding(recipe, [Tokenize.make(column, options)])

/**
 * Turns texts into how often each term of a vocabulary stands in them. The vocabulary is learned from the train rows: at
 * most `size` terms, each a number of the row. See `steps/BagOfWords` for the options.
 *
 * @example
 * import { Column, Dataset, Recipe, Table } from "@watertight/data"
 * import { Effect } from "effect"
 * const program = Effect.gen(function* () {
 *   const mail = yield* Table.make({ text: Column.text }, { text: ["win money, win", "meet now"] }, { length: 2 })
 *   const recipe = Recipe.forColumns(mail.columns).pipe(Recipe.bagOfWords("text", { size: 1000 }))
 *   const fitted = yield* Recipe.fitDataset(recipe, Dataset.make(mail, undefined, "train"))
 *   const { values } = yield* Recipe.applyTable(fitted, mail)
 *   return [fitted.steps[0].learned, [...values.text]]
 * })
 * Effect.runSync(program) // => [{ terms: ["meet", "money", "now", "win"] }, [0, 1, 0, 2, 1, 0, 1, 0]]
 */
export const bagOfWords =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: BagOfWords.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "text", "bagOfWords">
  ): Recipe<In, Vectors<Out, Name, number>> =>
    columnwise(recipe, columns, (name) => BagOfWords.make(name, "bagOfWords", options))

/**
 * Turns texts into the counts of `bagOfWords`, each times the term's inverse document frequency in the train rows, and all
 * of a row divided by their Euclidean length.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ text: Column.text })
 * recipe.pipe(Recipe.tfIdf("text", { size: 2000, minimumRows: 5, run: [1, 2] })).steps.length // => 1
 */
export const tfIdf =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: BagOfWords.TfIdfOptions) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "text", "tfIdf">
  ): Recipe<In, Vectors<Out, Name, number>> =>
    columnwise(recipe, columns, (name) => BagOfWords.make(name, "tfIdf", options))

/**
 * Turns texts into `size` numbers by hashing their terms: nothing is learned, so no row can hold an unknown word.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ text: Column.text })
 * recipe.pipe(Recipe.hashWords("text", { size: 1024 })).steps[0].name // => "hashWords"
 */
export const hashWords =
  <const Name extends string, const Size extends number>(
    columns: Name | ReadonlyArray<Name>,
    options: HashWords.Options<Size>
  ) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "text", "hashWords">
  ): Recipe<In, Vectors<Out, Name, Size>> =>
    columnwise(recipe, columns, (name) => HashWords.make(name, options))
