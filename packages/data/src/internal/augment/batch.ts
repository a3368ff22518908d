/**
 * Augments the rows of a batch that was gathered, in place, by plain functions over typed arrays. What becomes of a row
 * depends on the row's id, the epoch and the operations only: not on the batch, the step or the thread. This file and
 * those it imports load nothing else, so that a worker starts in no time.
 */
import type { Key } from "@watertight/core"
import type { Single } from "../../augment/Operation.ts"
import { colourJitter } from "./colour.ts"
import { crop, cutout, flip, rotate } from "./geometry.ts"
import { blendTargets, mix, partners, wordsToMix } from "./mix.ts"
import { type Functions, load, own } from "./own.ts"
import type { AugmentPlan, Kernel, Planned, Rows } from "./planned.ts"
import { randAugment } from "./randAugment.ts"
import { maskTime, noise, scale, timeShift } from "./signal.ts"
import { maskTokens, replaceTokens } from "./tokens.ts"
import { type Draws, type Packed, type Slot, gather } from "../loader/fill.ts"

export { load }

type Of<Name extends Single["name"]> = Planned<Extract<Single, { readonly name: Name }>>

const kernels: {
  readonly [Name in Exclude<Single["name"], "operation">]: (planned: Of<Name>, draws: Draws) => Kernel
} = {
  flipHorizontal: flip,
  flipVertical: flip,
  rotate,
  crop,
  colourJitter,
  cutout,
  randAugment,
  maskTokens,
  replaceTokens,
  noise,
  timeShift,
  scale,
  maskTime
}

const isOwn = (planned: Planned<Single>): planned is Of<"operation"> => planned.operation.name === "operation"

const kernelOf = (planned: Planned<Single>, draws: Draws, functions: Functions): Kernel => {
  if (isOwn(planned)) return own(planned, functions)
  const name = planned.operation.name as Exclude<Single["name"], "operation"> // isOwn says no
  const make = kernels[name] as (planned: Planned<Single>, draws: Draws) => Kernel // the table's own name
  return make(planned, draws)
}

/** The numbers of visits in an epoch: the first row of a batch is visit `first`, the next `stride` later. */
export interface Visits {
  readonly first: number
  readonly stride: number
}

/**
 * Augments the rows of a slot; `order` holds their places in the packed rows. Where an epoch may visit a row more than once,
 * `visits` tell one visit from another.
 */
export type Augmenter = (epoch: number, order: Uint32Array, slot: Slot, visits: Visits | undefined) => void

const noIds = new Uint32Array(0)

/** Does operations on rows, in their order. */
type Stretch = (epoch: number, order: Uint32Array, rows: Rows, visits: Visits | undefined) => void

/** Draws random words for each row by its id, and by its visit where rows are visited more than once. */
const drawer = ({ ids = noIds }: Packed, batchSize: number, draws: Draws) => {
  const [named, places] = [new Uint32Array(4 * batchSize), Uint32Array.from({ length: batchSize }, (_, row) => row)]
  return (key: Key.Key, order: Uint32Array, words: number, out: Uint32Array, visits: Visits | undefined) => {
    if (visits === undefined) return draws.bitsOfNames(key, ids, order, words, out)
    for (let row = 0; row < order.length; row++) {
      for (let word = 0; word < 4; word++) named[4 * row + word] = ids[4 * order[row] + word]
      named[4 * row + 2] += visits.first + row * visits.stride
    }
    return draws.bitsOfNames(key, named, places.subarray(0, order.length), words, out)
  }
}

/** Makes the function that augments gathered rows. */
export const augmenter = (
  packed: Packed,
  plan: AugmentPlan,
  batchSize: number,
  draws: Draws,
  functions: Functions
): Augmenter => {
  const { target, width } = packed
  const draw = drawer(packed, batchSize, draws)

  const stretch = (operations: ReadonlyArray<Planned<Single>>): Stretch => {
    const made = operations.map((planned) => ({ planned, kernel: kernelOf(planned, draws, functions) }))
    const words = new Uint32Array(batchSize * made.reduce((most, { kernel }) => Math.max(most, kernel.words), 0))
    return (epoch, order, rows, visits) => {
      for (const { kernel, planned } of made) {
        kernel.run(rows, draw(draws.foldIn(planned.key, epoch), order, kernel.words, words, visits))
      }
    }
  }

  const [before, after] = [stretch(plan.before), stretch(plan.after)]
  const numbers = (length: number) => (target instanceof Int32Array ? new Int32Array(length) : new Float32Array(length))
  const { levels, mixing, partners: candidates } = plan
  if (mixing === undefined || candidates === undefined) {
    return (epoch, order, { features, target }, visits) =>
      before(epoch, order, { count: order.length, width, features, target }, visits)
  }
  const [own, other] = [numbers(batchSize), numbers(batchSize)]
  const places = new Uint32Array(batchSize)
  const words = new Uint32Array(batchSize * wordsToMix)
  const shares = new Float64Array(batchSize)
  const partnerFeatures = new Float32Array(batchSize * width)
  return (epoch, order, slot, visits) => {
    const count = order.length
    const rows: Rows = { count, width, features: slot.features, target: own }
    for (let row = 0; row < count; row++) own[row] = target[order[row]]
    before(epoch, order, rows, visits)
    draw(draws.foldIn(mixing.key, epoch), order, wordsToMix, words, visits)
    const chosen = places.subarray(0, count)
    partners(words, order, candidates, mixing.operation.probability, chosen)
    gather(packed, chosen, { features: partnerFeatures, target: other })
    const others: Rows = { count, width, features: partnerFeatures, target: other }
    before(epoch, chosen, others, visits)
    mix(mixing, draws, rows, others, words, shares)
    blendTargets(slot.target as Float32Array, own, other, shares, count, levels) // mixing makes the slot's target float32
    after(epoch, order, rows, visits)
  }
}
