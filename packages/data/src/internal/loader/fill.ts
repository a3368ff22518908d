/**
 * Writes one batch into arrays: the one function behind every loader, run by the thread that reads or by a worker. It
 * depends on the plan, the epoch and the step only. This file imports types alone, so that a worker starts in no time.
 */
import type { Key } from "@watertight/core"
import type { Augmenter } from "../augment/batch.ts"
import type { AugmentPlan } from "../augment/planned.ts"
import { bytesOf } from "../columns/bytes.ts"
import { type Draws as DrawingRows, type Order, batchRows } from "./rows.ts"

/** Some of the numbers of every row: `size` of them, at `offset` of the row. */
export interface Part {
  readonly offset: number
  readonly size: number
  /** `[rows, size]` */
  readonly numbers: Float32Array | Uint8Array
}

/** The rows of a table as a model reads them. */
export interface Packed {
  readonly rows: number
  readonly width: number
  /** The features, left to right. */
  readonly parts: ReadonlyArray<Part>
  /** `[rows]` */
  readonly target: Float32Array | Int32Array
  /** `[rows, 4]`: the rows' ids as words, where rows are augmented. */
  readonly ids?: Uint32Array
}

/** Which part of every batch is read: the rows at the places `rank`, `rank + of`, … of it. */
export interface Shard {
  readonly rank: number
  readonly of: number
}

/** All that decides what is in a batch, beside the rows. */
export interface Plan {
  /** Rows of a batch, over all ranks. */
  readonly batchSize: number
  /** Steps of one epoch. */
  readonly steps: number
  readonly order: Order
  readonly shard: Shard
  /** The weight of rows of each class; 1 for all when there is none. */
  readonly classWeights: Float32Array | undefined
  /** Masks: `size` numbers over all ranks. */
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
export interface Draws extends DrawingRows {
  readonly bitsOfNames: typeof Key.bitsOfNames
  readonly normal: typeof Key.normal
  readonly beta: typeof Key.beta
}

/** How the target of a batch is kept: codes, numbers, or a distribution over levels for each row. */
export const targetOf = (packed: Packed, { augment }: Plan) => ({
  isCodes: packed.target instanceof Int32Array && augment?.levels === undefined,
  numbers: augment?.levels ?? 1
})

/** Makes the arrays of one batch, of memory that `float32` and `int32` give. */
export const makeSlot = (
  packed: Packed,
  plan: Plan,
  {
    float32,
    int32
  }: {
    readonly float32: (length: number) => Float32Array
    readonly int32: (length: number) => Int32Array
  } = { float32: (length) => new Float32Array(length), int32: (length) => new Int32Array(length) }
): Slot => {
  const { batchSize, noise, shard } = plan
  const { isCodes, numbers } = targetOf(packed, plan)
  const rows = batchSize / shard.of
  return {
    features: float32(rows * packed.width),
    target: isCodes ? int32(rows * numbers) : float32(rows * numbers),
    weight: float32(rows),
    noise: Object.fromEntries(noise.map(({ name, size }) => [name, float32(size / shard.of)]))
  }
}

/** Counts the rows of a batch over all ranks that are not padding. */
const rowsOfAll = ({ batchSize, order }: Plan, step: number): number =>
  Math.min(batchSize, order.length - step * batchSize)

/** Counts the rows of this rank's part of a batch that are not padding. */
export const rowsIn = (plan: Plan, step: number): number =>
  Math.max(0, Math.ceil((rowsOfAll(plan, step) - plan.shard.rank) / plan.shard.of))

/** From this many numbers a row on, copying memory is faster than a loop. */
const copyFrom = 24

/**
 * Makes the function that reads bytes as float32 numbers, and gives those numbers' bytes. Between unshared arrays V8 does so
 * many numbers at a time; reading from shared memory or writing to it, number by number.
 */
const asFloat32 = (size: number) => {
  const [bytes, numbers] = [new Uint8Array(size), new Float32Array(size)]
  const made = bytesOf(numbers)
  return (source: Buffer, from: number): Buffer => {
    source.copy(bytes, 0, from, from + size)
    numbers.set(bytes)
    return made
  }
}

const gatherPart = ({ numbers, offset, size }: Part, order: Uint32Array, out: Float32Array, width: number): void => {
  if (size < copyFrom) {
    for (let row = 0; row < order.length; row++) {
      const [from, to] = [order[row] * size, row * width + offset]
      for (let place = 0; place < size; place++) out[to + place] = numbers[from + place]
    }
    return
  }
  const [source, batch] = [bytesOf(numbers), bytesOf(out)]
  if (numbers instanceof Uint8Array) {
    const toNumbers = asFloat32(size)
    for (let row = 0; row < order.length; row++) {
      toNumbers(source, size * order[row]).copy(batch, 4 * (row * width + offset))
    }
  } else {
    for (let row = 0; row < order.length; row++) {
      source.copy(batch, 4 * (row * width + offset), 4 * size * order[row], 4 * size * (order[row] + 1))
    }
  }
}

/** Copies rows into the arrays of a batch. */
export const gather = (
  { parts, target, width }: Pick<Packed, "parts" | "target" | "width">,
  order: Uint32Array,
  slot: Pick<Slot, "features" | "target">
): void => {
  for (let row = 0; row < order.length; row++) slot.target[row] = target[order[row]]
  for (const part of parts) gatherPart(part, order, slot.features, width)
}

/** Weighs rows by their classes, blended ones by their shares of each. */
const weigh = (classWeights: Float32Array | undefined, rows: number, { target, weight }: Slot): void => {
  const numbers = target.length / weight.length
  if (classWeights === undefined) weight.fill(1, 0, rows)
  else if (numbers === 1) for (let row = 0; row < rows; row++) weight[row] = classWeights[target[row]]
  else {
    for (let row = 0; row < rows; row++) {
      let sum = 0
      for (let level = 0; level < numbers; level++) sum += target[row * numbers + level] * classWeights[level]
      weight[row] = sum
    }
  }
  weight.fill(0, rows)
}

/** Makes the function that finds the rows of this rank's part of a batch. What it returns is good until its next call. */
export const rowsOf = (plan: Plan, draws: Draws) => {
  const { rank, of } = plan.shard
  const rowsOfBatch = batchRows(plan.order, plan.batchSize, draws)
  const places = new Uint32Array(plan.batchSize)
  return (epoch: number, step: number): Uint32Array => {
    const rows = places.subarray(0, rowsOfAll(plan, step))
    rowsOfBatch(epoch, step, rows)
    if (of === 1) return rows
    const own = rowsIn(plan, step)
    for (let row = 0; row < own; row++) rows[row] = rows[row * of + rank]
    return rows.subarray(0, own)
  }
}

/** Makes the function that draws a batch's masks: of all ranks' rows this rank takes those of its own. */
const masker = ({ batchSize, noise, shard: { of, rank } }: Plan, draws: Draws) => {
  const whole = noise.map(({ size }) => (of === 1 ? undefined : new Float32Array(size)))
  return (epoch: number, step: number, slot: Slot): void => {
    for (const [index, { keep, key, name, size }] of noise.entries()) {
      const out = slot.noise[name]
      const all = whole[index]
      draws.bernoulli(draws.foldIn(draws.foldIn(key, epoch), step), keep, all ?? out, 1 / keep)
      if (all === undefined) continue
      const unit = size / batchSize
      for (let row = 0; row < batchSize / of; row++) {
        const from = (row * of + rank) * unit
        out.set(all.subarray(from, from + unit), row * unit)
      }
    }
  }
}

/** Tells whether an epoch may visit a row more than once: then each visit is augmented in its own way. */
const repeats = ({ order: { kind } }: Plan): boolean => kind === "weighted" || kind === "balanced"

/** Writes the batch of an epoch and step into a slot. */
export type Filler = (epoch: number, step: number, slot: Slot) => void

/** Makes the function that writes batches; `augment` is that of `plan.augment`. */
export const filler = (packed: Packed, plan: Plan, draws: Draws, augment?: Augmenter): Filler => {
  const rowsAt = rowsOf(plan, draws)
  const mask = masker(plan, draws)
  const { rank, of } = plan.shard
  return (epoch, step, slot) => {
    const rows = rowsAt(epoch, step)
    const visits = repeats(plan) ? { first: step * plan.batchSize + rank, stride: of } : undefined
    if (augment === undefined) gather(packed, rows, slot)
    else augment(epoch, rows, slot, visits)
    slot.features.fill(0, rows.length * packed.width)
    slot.target.fill(0, (rows.length * slot.target.length) / slot.weight.length)
    weigh(plan.classWeights, rows.length, slot)
    mask(epoch, step, slot)
  }
}
