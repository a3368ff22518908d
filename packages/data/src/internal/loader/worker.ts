/**
 * A loader's worker thread: writes batches into the ring ahead of the reader until it is told to stop. It loads two
 * modules of core by their files, not the package: starting takes milliseconds instead of a third of a second.
 */
import type * as Core from "@watertight/core"
import { workerData } from "node:worker_threads"
import { type Draws, type Packed, type Plan, type Slot, filler } from "./fill.ts"
import { type Shape, run, serve } from "./ring.ts"

/** What a worker is given. Arrays are views of shared memory. */
export interface Work {
  readonly packed: Packed
  readonly plan: Plan
  readonly slots: ReadonlyArray<Slot>
  readonly words: Int32Array
  readonly shape: Shape
  /** This worker's number. */
  readonly worker: number
}

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
const moduleOfCore = (name: string) =>
  import(new URL(`./${name}.${extension}`, import.meta.resolve("@watertight/core")).href)

const { packed, plan, shape, slots, words, worker }: Work = workerData
const key = moduleOfCore("Key") as Promise<typeof Core.Key> // the file behind the namespace of that name
const permutation = moduleOfCore("Permutation") as Promise<typeof Core.Permutation> // likewise
const augmenting = plan.augment === undefined ? undefined : import("../augment/batch.ts")
const functions = augmenting?.then(({ load }) => load(plan.augment?.modules ?? {}))
void Promise.all([key, permutation, augmenting, functions]).then(([drawing, { make }, augment, own = {}]) => {
  const { bernoulli, beta, bitsOfNames, foldIn, normal } = drawing
  const draws: Draws = { bernoulli, beta, bitsOfNames, foldIn, normal, permutation: make }
  const augmenter = plan.augment && augment?.augmenter(packed, plan.augment, plan.batchSize, draws, own)
  const fill = filler(packed, plan, draws, augmenter)
  run(
    words,
    serve(shape, worker),
    (at, value) => Atomics.wait(words, at, value),
    ({ epoch, slot, step }) => fill(epoch, step, slots[slot])
  )
})
