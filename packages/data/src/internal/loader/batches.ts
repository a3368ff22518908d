/** What a batch is, what it can be made of, and batches in a table's order. `Loader` makes all of it public. */
import { Key, Permutation } from "@watertight/core"
import { Effect } from "effect"
import type * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import { type Draws, type Plan, filler, makeSlot, rowsIn } from "./fill.ts"
import { type LoaderError, pack } from "./pack.ts"
import type { Table } from "../../Table.ts"

/**
 * What a step reads: arrays of a fixed size. In the last batch of an epoch some rows may be padding: all zeros. With ranks,
 * `batchSize` is a rank's share of it; with `last: "keep"` the last batch is only as long as it has rows.
 */
export interface Batch {
  /** `[batchSize, width]`: the feature columns side by side, in the order they were named. */
  readonly features: Float32Array
  /**
   * `[batchSize]`: a float column's values, or a category's codes as int32. Where rows are blended (see `Augment.mixup`) a
   * category's is `[batchSize, levels]` as float32, of each row a distribution over the levels.
   */
  readonly target: Float32Array | Int32Array
  /** `[batchSize]`: 1 or the weight of the row's class, and 0 for padding. */
  readonly weight: Float32Array
  /** Dropout masks by name: each number is 0 or 1/keep. */
  readonly noise: Readonly<Record<string, Float32Array>>
  /** How many rows are not padding. */
  readonly rows: number
}

/** A feature's name, or the sentence the compiler shows when it cannot be one. Wide types are checked at run time only. */
export type Feature<C extends Columns, Name extends string, Target extends string> = string extends Name | keyof C
  ? Name
  : Name extends Target
    ? `${Name} is the target; it cannot be a feature too`
    : Name extends keyof C
      ? C[Name]["kind"] extends "float" | "tensor"
        ? Name
        : C[Name] extends Column.Optional
          ? `${Name} may be missing: impute it first`
          : `a feature is a float or tensor column; ${Name} is a ${C[Name]["kind"]}`
      : `there is no column ${Name}`

/** A target's name, or the sentence the compiler shows when it cannot be one. Wide types are checked at run time only. */
export type Target<C extends Columns, Name extends string> = string extends Name | keyof C
  ? Name
  : Name extends keyof C
    ? C[Name]["kind"] extends "float" | "category"
      ? Name
      : C[Name] extends Column.Optional
        ? `${Name} may be missing: drop or repair such rows at the source`
        : `a target is a float or category column; ${Name} is a ${C[Name]["kind"]}`
    : `there is no column ${Name}`

/** What to read, and how much at a time. */
export interface Selection<C extends Columns, Features extends string, TargetName extends string> {
  /** Float and tensor columns. */
  readonly features: ReadonlyArray<Feature<C, Features, TargetName>>
  /** A float or category column. */
  readonly target: Target<C, TargetName>
  readonly batchSize: number
}

/** Batches by number. */
export interface Batches {
  readonly rows: number
  /** Numbers in one row's features. */
  readonly width: number
  readonly batchSize: number
  /** How many batches there are. */
  readonly steps: number
  /** Returns batch `step`, an integer in [0, steps), in arrays of its own. */
  readonly batch: (step: number) => Batch
  /** The targets of all rows, as batches hold them. */
  readonly target: Float32Array | Int32Array
}

/** The functions of core that draw orders and noise. */
export const draws: Draws = { ...Key, permutation: Permutation.make }

/** See `Loader.sequential`. */
export const sequential = <C extends Columns, const Features extends string, const TargetName extends string>(
  table: Table<C>,
  selection: Selection<C, Features, TargetName>
): Effect.Effect<Batches, LoaderError> =>
  Effect.map(pack(table, selection, false), (packed) => {
    const { batchSize } = selection
    const plan: Plan = {
      batchSize,
      steps: Math.ceil(packed.rows / batchSize),
      order: { kind: "sequential", length: packed.rows },
      shard: { rank: 0, of: 1 },
      classWeights: undefined,
      noise: []
    }
    const fill = filler(packed, plan, draws)
    return {
      rows: packed.rows,
      width: packed.width,
      batchSize,
      steps: plan.steps,
      batch: (step) => {
        if (!Number.isInteger(step) || step < 0 || step >= plan.steps) {
          throw new RangeError(`Loader.sequential: ${step} is no integer in [0, ${plan.steps})`)
        }
        const slot = makeSlot(packed, plan)
        fill(0, step, slot)
        return { ...slot, rows: rowsIn(plan, step) }
      },
      target: packed.target
    }
  })
