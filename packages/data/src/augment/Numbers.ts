/**
 * The operations on numbers, signals and token ids: what `Augment` has of them. A signal is a tensor column of `[steps]` or
 * `[steps, channels]`; tokens are a tensor column of ids.
 */
import type { Columns } from "../Columns.ts"
import { type Accepts, type Augment, adding, whole, within } from "./Describe.ts"
import type { Chance } from "./Images.ts"

const chance = (verb: string, probability: number) => within(verb, "probability", probability, 0, 1)

/** How much noise. */
export interface NoiseOptions extends Chance {
  /** In standard deviations of the column over the train rows, all its numbers together; 0.1 unless given. */
  readonly standardDeviation?: number
}

/**
 * Adds normal noise to every number of float and tensor columns, by 0.1 of the column's standard deviation over the train
 * rows unless given, which is small.
 *
 * @example
 * import { Augment, Column } from "@watertight/data"
 * const augment = Augment.forColumns({ age: Column.float, dose: Column.float }).pipe(Augment.noise(["age", "dose"]))
 * augment.operations.length // => 2
 */
export const noise =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: NoiseOptions = {}) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "numbers", "noise">): Augment<C> =>
    adding(augment, columns, (column) => ({
      name: "noise",
      version: 1,
      column,
      probability: chance("noise", options.probability ?? 1),
      standardDeviation: within("noise", "standardDeviation", options.standardDeviation ?? 0.1, 0, 1000)
    }))

/** How far to shift in time. */
export interface TimeShiftOptions extends Chance {
  /** The most steps, earlier or later. */
  readonly steps: number
  /** What stands where the signal has nothing: a number, its nearest end, or its other end; 0 unless given. */
  readonly fill?: number | "edge" | "wrap"
}

/** Shifts signals by a whole number of steps, uniform in [-steps, steps]. Channels stay together. */
export const timeShift =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: TimeShiftOptions) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "signal", "timeShift">): Augment<C> =>
    adding(augment, columns, (column) => ({
      name: "timeShift",
      version: 1,
      column,
      probability: chance("timeShift", options.probability ?? 1),
      steps: whole("timeShift", "steps", options.steps, 1),
      fill:
        typeof options.fill === "number"
          ? within("timeShift", "fill", options.fill, -3.4e38, 3.4e38)
          : (options.fill ?? 0)
    }))

/** How much louder or quieter. */
export interface ScaleOptions extends Chance {
  /** Factors are uniform in [1 - by, 1 + by]; 0.1 unless given. */
  readonly by?: number
}

/** Multiplies signals by a factor uniform in [1 - by, 1 + by], one for all of a row's signal. */
export const scale =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: ScaleOptions = {}) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "signal", "scale">): Augment<C> =>
    adding(augment, columns, (column) => ({
      name: "scale",
      version: 1,
      column,
      probability: chance("scale", options.probability ?? 1),
      by: within("scale", "by", options.by ?? 0.1, 0, 1)
    }))

/** How much to cover. */
export interface MaskTimeOptions extends Chance {
  /** The most steps covered. */
  readonly steps: number
  /** What covers them; 0 unless given. */
  readonly fill?: number
}

/**
 * Covers steps of signals that follow each other in all channels: how many is uniform in [0, steps], where they begin is
 * uniform too (the time mask of SpecAugment, Park et al. 2019).
 */
export const maskTime =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: MaskTimeOptions) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "signal", "maskTime">): Augment<C> =>
    adding(augment, columns, (column) => ({
      name: "maskTime",
      version: 1,
      column,
      probability: chance("maskTime", options.probability ?? 1),
      steps: whole("maskTime", "steps", options.steps, 1),
      fill: within("maskTime", "fill", options.fill ?? 0, -3.4e38, 3.4e38)
    }))

/** Which tokens to mask. */
export interface MaskTokensOptions {
  /** Of each token by itself; 0.15 unless given. */
  readonly probability?: number
  /** The id of the mask. */
  readonly mask: number
  /** Ids that are never masked: padding, begin, end and the like. */
  readonly keep: ReadonlyArray<number>
}

const id = (verb: string, option: string, value: number) =>
  within(verb, option, whole(verb, option, value, 0), 0, 2 ** 24)

/**
 * Replaces tokens by the id of a mask, each with probability 0.15 unless given, except the ids to keep.
 *
 * @example
 * import { Augment, Column } from "@watertight/data"
 * const texts = Augment.forColumns({ ids: Column.tensor([16]) })
 * texts.pipe(Augment.maskTokens("ids", { mask: 3, keep: [0, 1, 2] })).operations.length // => 1
 */
export const maskTokens =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: MaskTokensOptions) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "tokens", "maskTokens">): Augment<C> =>
    adding(augment, columns, (column) => ({
      name: "maskTokens",
      version: 1,
      column,
      probability: chance("maskTokens", options.probability ?? 0.15),
      mask: id("maskTokens", "mask", options.mask),
      keep: options.keep.map((kept) => id("maskTokens", "keep", kept))
    }))

/** What means the same as what. */
export interface ReplaceTokensOptions {
  /** Of each token that has synonyms, by itself; 0.1 unless given. */
  readonly probability?: number
  /** Ids with the ids that mean the same. */
  readonly synonyms: Iterable<readonly [id: number, others: ReadonlyArray<number>]>
}

/**
 * Replaces tokens that have synonyms, each with probability 0.1 unless given, by one of them drawn uniformly. Where a
 * token is a word: `replaceSynonyms` does it to words of text.
 */
export const replaceTokens =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: ReplaceTokensOptions) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "tokens", "replaceTokens">): Augment<C> =>
    adding(augment, columns, (column) => ({
      name: "replaceTokens",
      version: 1,
      column,
      probability: chance("replaceTokens", options.probability ?? 0.1),
      synonyms: Array.from(options.synonyms, ([from, others]) => {
        whole("replaceTokens", `the number of synonyms of ${from}`, others.length, 1)
        return [
          id("replaceTokens", "an id", from),
          others.map((other) => id("replaceTokens", "a synonym", other))
        ] as const
      }).sort(([a], [b]) => a - b)
    }))
