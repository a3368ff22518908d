/**
 * Writes one batch into arrays: the one function behind every loader, run by the thread that reads or by a worker. It
 * depends on the plan, the epoch and the step only. This file imports types alone, so that a worker starts in no time.
 */
import type { Key, Permutation } from "@watertight/core"
import type { Augmenter } from "./augment.ts"
import type { AugmentPlan } from "./augment/planned.ts"

/** The rows of a table as a model reads them. */
export interface Packed {
  readonly rows: number
  readonly width: number
  /** `[rows, width]` */
  readonly features: Float32Array
  /** `[rows]` */
  readonly target: Float32Array | Int32Array
  /** `[rows, 4]`: the rows' ids as words, where rows are augmented. */
  readonly ids?: Uint32Array
}

/** All that decides what is in a batch, beside the rows. */
export interface Plan {
  readonly batchSize: number
  /** Steps of one epoch. */
  readonly steps: number
  /** The key of the orders of all epochs; without one, rows come in the table's order. */
  readonly order: Key.Key | undefined
  readonly noise: ReadonlyArray<{
    readonly name: string
    readonly size: number
    readonly keep: number
    readonly key: Key.Key
  }>
  /** What is done to the rows after they are gathered. */
  readonly augment?: AugmentPlan | undefined
}

/** The arrays of one batch. */
export interface Slot {
  readonly features: Float32Array
  readonly target: Float32Array | Int32Array
  readonly weight: Float32Array
  readonly noise: Readonly<Record<string, Float32Array>>
}

/** The functions of core that draw, handed in so that this file loads none of it. */
export interface Draws {
  readonly foldIn: typeof Key.foldIn
  readonly bernoulli: typeof Key.bernoulli
  readonly permutation: typeof Permutation.make
  readonly bitsOfNames: typeof Key.bitsOfNames
  readonly normal: typeof Key.normal
  readonly beta: typeof Key.beta
}

/** How the target of a batch is kept: codes, numbers, or a distribution over levels for each row. */
export const targetOf = (packed: Packed, { augment, batchSize }: Plan) => ({
  isCodes: packed.target instanceof Int32Array && augment?.levels === undefined,
  length: batchSize * (augment?.levels ?? 1)
})

/** Makes the arrays of one batch. */
export const makeSlot = (packed: Packed, plan: Plan): Slot => {
  const { batchSize, noise } = plan
  const { isCodes, length } = targetOf(packed, plan)
  return {
    features: new Float32Array(batchSize * packed.width),
    target: isCodes ? new Int32Array(length) : new Float32Array(length),
    weight: new Float32Array(batchSize),
    noise: Object.fromEntries(noise.map(({ name, size }) => [name, new Float32Array(size)]))
  }
}

/** Counts the rows of a batch that are not padding. */
export const rowsIn = (packed: Packed, plan: Plan, step: number): number =>
  Math.min(plan.batchSize, packed.rows - step * plan.batchSize)

/** From this many numbers a row on, copying memory is faster than a loop. */
const copyFrom = 24

/** Copies rows into the arrays of a batch. */
export const gather = (packed: Packed, order: Uint32Array, slot: Pick<Slot, "features" | "target">): void => {
  const { features, target, width } = packed
  for (let row = 0; row < order.length; row++) slot.target[row] = target[order[row]]
  if (width < copyFrom) {
    for (let row = 0; row < order.length; row++) {
      const from = order[row] * width
      for (let place = 0; place < width; place++) slot.features[row * width + place] = features[from + place]
    }
    return
  }
  const source = Buffer.from(features.buffer, features.byteOffset, features.byteLength)
  const batch = Buffer.from(slot.features.buffer, slot.features.byteOffset, slot.features.byteLength)
  const size = 4 * width
  for (let row = 0; row < order.length; row++) {
    source.copy(batch, row * size, order[row] * size, (order[row] + 1) * size)
  }
}

/** Makes the function that writes the batch of an epoch and step into a slot; `augment` is that of `plan.augment`. */
export const filler = (packed: Packed, plan: Plan, draws: Draws, augment?: Augmenter) => {
  const targets = targetOf(packed, plan).length / plan.batchSize
  const places = new Uint32Array(plan.batchSize)
  let shuffled: { readonly epoch: number; readonly order: Permutation.Permutation } | undefined

  const orderOf = (epoch: number, key: Key.Key): Permutation.Permutation => {
    if (shuffled?.epoch !== epoch) shuffled = { epoch, order: draws.permutation(draws.foldIn(key, epoch), packed.rows) }
    return shuffled.order
  }

  return (epoch: number, step: number, slot: Slot): void => {
    const rows = rowsIn(packed, plan, step)
    const order = places.subarray(0, rows)
    if (plan.order === undefined) for (let row = 0; row < rows; row++) order[row] = step * plan.batchSize + row
    else orderOf(epoch, plan.order).fill(order, step * plan.batchSize)
    gather(packed, order, slot)
    augment?.(epoch, order, slot)
    slot.features.fill(0, rows * packed.width)
    slot.target.fill(0, rows * targets)
    slot.weight.fill(1, 0, rows).fill(0, rows)
    for (const { keep, key, name } of plan.noise) {
      draws.bernoulli(draws.foldIn(draws.foldIn(key, epoch), step), keep, slot.noise[name], 1 / keep)
    }
  }
}
