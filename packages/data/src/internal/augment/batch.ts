/**
 * Gathers the rows of a batch and augments them in place, by plain functions over typed arrays. What becomes of a row
 * depends on the row's id, the epoch and the operations only: not on the batch, the step or the thread. This file and
 * those it imports load nothing else, so that a worker starts in no time.
 */
import type { Key } from "@watertight/core"
import type { Single } from "../../augment/Operation.ts"
import * as Canvas from "./canvas.ts"
import type { Change } from "./canvas.ts"
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

const changes = { flipHorizontal: flip, flipVertical: flip, rotate, crop, colourJitter } as const

const kernels: {
  readonly [Name in Exclude<Single["name"], "operation" | keyof typeof changes>]: (
    planned: Of<Name>,
    draws: Draws
  ) => Kernel
} = { cutout, randAugment, maskTokens, replaceTokens, noise, timeShift, scale, maskTime }

const isOwn = (planned: Planned<Single>): planned is Of<"operation"> => planned.operation.name === "operation"

const isOnCanvas = (planned: Planned<Single>): planned is Of<keyof typeof changes> => planned.operation.name in changes

/** Columns side by side, of all rows. */
type Numbers = Packed["parts"][number]

/** Operations that are done to a row before the next, and how many random words each of them takes for a row. */
interface Part {
  readonly planned: ReadonlyArray<Planned<Single>>
  readonly words: ReadonlyArray<number>
  readonly run: (rows: Rows, words: ReadonlyArray<Uint32Array>, order: Uint32Array) => void
}

/** Operations on images of one column, which are read where they lie packed, or else in the rows gathered. */
const onCanvas = (planned: ReadonlyArray<Of<keyof typeof changes>>, packed: Numbers | undefined): Part => {
  const made = planned.map((each) => {
    const make = changes[each.operation.name] as (each: Planned<Single>) => Change // the table's own name
    return make(each)
  })
  const [{ offset, shape }] = planned
  const canvas = Canvas.make(shape)
  return {
    planned,
    words: made.map(({ words }) => words),
    run: (rows, words, order) => {
      for (let row = 0; row < rows.count; row++) {
        const at = row * rows.width + offset
        if (packed === undefined) canvas.open(rows.features, at)
        else canvas.open(packed.numbers, order[row] * packed.size)
        for (const [index, each] of made.entries()) each.change(canvas, words[index], row * each.words, rows, row)
        canvas.close(rows.features, at)
      }
    }
  }
}

const alone = (planned: Planned<Single>, draws: Draws, functions: Functions): Part => {
  const name = planned.operation.name as keyof typeof kernels // isOwn and isOnCanvas say no
  const make = kernels[name] as (planned: Planned<Single>, draws: Draws) => Kernel // the table's own name
  const { run, words } = isOwn(planned) ? own(planned, functions) : make(planned, draws)
  return { planned: [planned], words: [words], run: (rows, [drawn]) => run(rows, drawn) }
}

/**
 * Puts operations on images together that follow each other on the same column. Columns that are first read by them are
 * taken off `gathered`: they are read where they lie.
 */
const partsOf = (
  operations: ReadonlyArray<Planned<Single>>,
  gathered: Array<Numbers>,
  draws: Draws,
  functions: Functions
): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  for (let left = operations; left.length > 0; left = left.slice(parts[parts.length - 1].planned.length)) {
    const [{ offset, operation, size }] = left
    const isOther = (each: Planned<Single>) => !isOnCanvas(each) || each.operation.column !== operation.column
    const others = left.findIndex(isOther)
    const images = (others < 0 ? left : left.slice(0, others)).filter(isOnCanvas)
    const isFirst = operations.find((each) => each.operation.column === operation.column) === left[0]
    const at = gathered.findIndex((part) => isFirst && part.offset === offset && part.size === size)
    if (images.length === 0) parts.push(alone(left[0], draws, functions))
    else parts.push(onCanvas(images, at < 0 ? undefined : gathered.splice(at, 1)[0]))
  }
  return parts
}

/** The numbers of visits in an epoch: the first row of a batch is visit `first`, the next `stride` later. */
export interface Visits {
  readonly first: number
  readonly stride: number
}

/**
 * Gathers rows into a slot and augments them; `order` holds their places in the packed rows. Where an epoch may visit a row
 * more than once, `visits` tell one visit from another.
 */
export type Augmenter = (epoch: number, order: Uint32Array, slot: Slot, visits: Visits | undefined) => void

const noIds = new Uint32Array(0)

/** Numbers of the rows that all operations are done to before the next rows: they stay in the processor's nearer caches. */
const blockSize = 2 ** 15

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

/** Makes the function that gathers rows and augments them. */
export const augmenter = (
  packed: Packed,
  plan: AugmentPlan,
  batchSize: number,
  draws: Draws,
  functions: Functions
): Augmenter => {
  const { target, width } = packed
  const draw = drawer(packed, batchSize, draws)

  const stretch = (operations: ReadonlyArray<Planned<Single>>, isGathering: boolean): Stretch => {
    const gathered = isGathering ? [...packed.parts] : []
    const parts = partsOf(operations, gathered, draws, functions)
    const drawn = parts.map(({ words }) => words.map((each) => new Uint32Array(batchSize * each)))
    const together = Math.max(1, Math.floor(blockSize / width))
    return (epoch, order, { features, target }, visits) => {
      for (const [index, { planned, words }] of parts.entries()) {
        for (const [at, { key }] of planned.entries()) {
          draw(draws.foldIn(key, epoch), order, words[at], drawn[index][at], visits)
        }
      }
      for (let first = 0; first < order.length; first += together) {
        const chosen = order.subarray(first, first + together)
        const end = first + chosen.length
        const rows: Rows = {
          count: chosen.length,
          width,
          features: features.subarray(first * width, end * width),
          target: target.subarray(first, end)
        }
        if (isGathering) gather({ parts: gathered, target: packed.target, width }, chosen, rows)
        for (const [index, { run, words }] of parts.entries()) {
          const blockOf = (all: Uint32Array, at: number) => all.subarray(first * words[at], end * words[at])
          run(rows, drawn[index].map(blockOf), chosen)
        }
      }
    }
  }

  const [before, after] = [stretch(plan.before, true), stretch(plan.after, false)]
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
    before(epoch, order, rows, visits)
    draw(draws.foldIn(mixing.key, epoch), order, wordsToMix, words, visits)
    const chosen = places.subarray(0, count)
    partners(words, order, candidates, mixing.operation.probability, chosen)
    const others: Rows = { count, width, features: partnerFeatures, target: other }
    before(epoch, chosen, others, visits)
    mix(mixing, draws, rows, others, words, shares)
    blendTargets(slot.target as Float32Array, own, other, shares, count, levels) // mixing makes the slot's target float32
    after(epoch, order, rows, visits)
  }
}
