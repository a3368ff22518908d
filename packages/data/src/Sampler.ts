/**
 * Which rows make the batches of an epoch: each row once in an order of its own per epoch, as declared by the data set,
 * drawn by weight, every class equally often, classes in proportion in every batch, rows of similar length together. A
 * sampler is a description; `Loader.make` makes it of rows. Batch i follows from the rows, the sampler and the key alone.
 */
import type { Columns } from "./Columns.ts"

/** A sampler as data: part of what identifies a training. */
export type Config =
  | { readonly kind: "shuffled" }
  | { readonly kind: "sequential" }
  | { readonly kind: "weighted"; readonly column: string; readonly perEpoch: number | null }
  | {
      readonly kind: "weightedByClass"
      readonly column: string
      readonly weights: Readonly<Record<string, number>>
      readonly perEpoch: number | null
    }
  | { readonly kind: "balanced"; readonly column: string }
  | { readonly kind: "stratified"; readonly column: string }
  | { readonly kind: "bucketed"; readonly column: string; readonly buckets: number }

/** The kinds of columns that samplers read. */
export type ColumnKind = "float" | "category"

/** Says which rows make the batches of an epoch. `Name` is the column it reads, of the kind `Kind`; some read none. */
export interface Sampler<out Name extends string = string, out Kind extends ColumnKind = ColumnKind> {
  readonly config: Config
  readonly reads: { readonly name: Name; readonly kind: Kind } | undefined
}

/** A sampler that fits the columns, or the sentence the compiler shows. Wide types are checked at run time only. */
export type For<C extends Columns, S extends Sampler> =
  S extends Sampler<infer Name, infer Kind>
    ? [Name] extends [never]
      ? S
      : string extends Name | keyof C
        ? S
        : Name extends keyof C
          ? C[Name]["kind"] extends Kind
            ? S
            : `this sampler reads a ${Kind} column; ${Name} is a ${C[Name]["kind"]}`
          : `there is no column ${Name}`
    : never

/** How much to draw. */
export interface Draws {
  /** How many rows an epoch draws; as many as there are unless given. */
  readonly perEpoch?: number
}

/** Visits every row once, each epoch in an order of its own: what is done unless something else is asked for. */
export const shuffled: Sampler<never, never> = { config: { kind: "shuffled" }, reads: undefined }

/** Visits every row once, in the data set's order. */
export const sequential: Sampler<never, never> = { config: { kind: "sequential" }, reads: undefined }

const reading = <Name extends string, Kind extends ColumnKind>(
  name: Name,
  kind: Kind,
  config: Config
): Sampler<Name, Kind> => ({ config, reads: { name, kind } })

/**
 * Draws rows with replacement, each with a probability proportional to a float column: 0 or more, not all 0. PyTorch's
 * `WeightedRandomSampler`.
 *
 * @example
 * import { Sampler } from "@watertight/data"
 * Sampler.weighted("trust").config // => { kind: "weighted", column: "trust", perEpoch: null }
 */
export const weighted = <const Name extends string>(column: Name, { perEpoch }: Draws = {}): Sampler<Name, "float"> =>
  reading(column, "float", { kind: "weighted", column, perEpoch: perEpoch ?? null })

/**
 * Draws rows with replacement, each with a probability proportional to the weight of its class. Every class that has rows
 * needs a weight.
 *
 * @example
 * import { Sampler } from "@watertight/data"
 * Sampler.weightedByClass("zone", { a: 1, b: 5 }, { perEpoch: 1000 }).reads // => { name: "zone", kind: "category" }
 */
export const weightedByClass = <const Name extends string>(
  column: Name,
  weights: Readonly<Record<string, number>>,
  { perEpoch }: Draws = {}
): Sampler<Name, "category"> =>
  reading(column, "category", { kind: "weightedByClass", column, weights, perEpoch: perEpoch ?? null })

/**
 * Visits the classes of a category column in turn, so that every batch has them equally often, to within one row. Rows of
 * a class are visited without replacement: none again before all of its class were visited, across epochs. An epoch is as
 * many rows as there are, rounded up to a multiple of the classes.
 */
export const balanced = <const Name extends string>(column: Name): Sampler<Name, "category"> =>
  reading(column, "category", { kind: "balanced", column })

/**
 * Visits every row once, the classes of a category column spread evenly: of each class a batch has the rows that its
 * share comes to, to within less than two. Each epoch has an order of its own.
 */
export const stratified = <const Name extends string>(column: Name): Sampler<Name, "category"> =>
  reading(column, "category", { kind: "stratified", column })

/**
 * Visits every row once, in batches of rows of similar length, the batches in an order of their own per epoch: padding to
 * the longest row of a batch then wastes little (`Loader.padding` counts it). `column` holds the lengths. Rows are sorted
 * into about `buckets` buckets by length, 20 unless given, and which rows of a bucket meet changes with the epoch: more
 * buckets waste less, fewer mix better.
 */
export const bucketed = <const Name extends string>(
  column: Name,
  { buckets = 20 }: { readonly buckets?: number } = {}
): Sampler<Name, "float"> => reading(column, "float", { kind: "bucketed", column, buckets })
