/** Operations ready for rows: where their column lies in a row, what the train rows told, and their keys. Types only. */
import type { Key } from "@watertight/core"
import type { Mixing, Single } from "../../augment/Operation.ts"

/** An operation with what it needs beside the rows. Structured clones of it go to the worker threads. */
export interface Planned<Of extends Single | Mixing = Single | Mixing> {
  readonly operation: Of
  /** Folded with the epoch and a row's id, it decides the row's draws. */
  readonly key: Key.Key
  /** The place of the column's first number in a row, and how many it has: for mixup, all of the row. */
  readonly offset: number
  readonly size: number
  /** `[height, width, channels]` of an image, `[steps, 1, channels]` of a signal. */
  readonly shape: readonly [number, number, number]
  /** The shape of the column's rows as it is declared, `[]` for single numbers. */
  readonly dimensions: ReadonlyArray<number>
  /** For each channel of an image, the numbers that stand for black and white. */
  readonly black: ReadonlyArray<number>
  readonly white: ReadonlyArray<number>
  /** The standard deviation of the column over the train rows. */
  readonly deviation: number
  /** The code that each code of the target becomes. */
  readonly codes: Int32Array | undefined
}

/** The operations of a loader in their order. */
export interface AugmentPlan {
  readonly before: ReadonlyArray<Planned<Single>>
  readonly mixing: Planned<Mixing> | undefined
  /** The places that partners are drawn from: all rows' in the order of their ids. */
  readonly partners: Uint32Array | undefined
  readonly after: ReadonlyArray<Planned<Single>>
  /** The target's levels, where mixing makes the batch's target a distribution over them. */
  readonly levels: number | undefined
  /** Where functions of a user's own are, by their names. */
  readonly modules: Readonly<Record<string, string>>
}

/** Rows of a batch in the making. */
export interface Rows {
  readonly count: number
  /** Numbers in one row. */
  readonly width: number
  /** `[count, width]` */
  readonly features: Float32Array
  /** The rows' targets: codes, or numbers. */
  readonly target: Float32Array | Int32Array
}

/** What an operation does to rows, given `words` random words for each. */
export interface Kernel {
  readonly words: number
  readonly run: (rows: Rows, words: Uint32Array) => void
}
