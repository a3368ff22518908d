/**
 * A loader's worker thread: writes batches into the ring ahead of the reader until it is told to stop. It loads two
 * modules of core by their files, not the package: starting takes milliseconds instead of a third of a second.
 */
import type * as Core from "@watertight/core"
import { workerData } from "node:worker_threads"
import { type Draws, type Packed, type Plan, type Slot, filler } from "./fill.ts"
import * as Ring from "./ring.ts"

/** What a worker is given. Arrays are views of shared memory. */
export interface Work {
  readonly packed: Packed
  readonly plan: Plan
  readonly slots: ReadonlyArray<Slot>
  readonly words: Int32Array
  readonly shape: Ring.Shape
  /** How many batches all workers have made, and how many nanoseconds of theirs that took. */
  readonly making: BigInt64Array
  /** This worker's number. */
  readonly worker: number
}

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
const moduleOfCore = (name: string) =>
  import(new URL(`./${name}.${extension}`, import.meta.resolve("@watertight/core")).href)

const { making, packed, plan, shape, slots, words, worker }: Work = workerData
const key = moduleOfCore("Key") as Promise<typeof Core.Key> // the file behind the namespace of that name
const permutation = moduleOfCore("Permutation") as Promise<typeof Core.Permutation> // likewise
const augmenting = plan.augment === undefined ? undefined : import("../augment/batch.ts")
const functions = augmenting?.then(({ load }) => load(plan.augment?.modules ?? {}))
void Promise.all([key, permutation, augmenting, functions]).then(([drawing, { make }, augment, own = {}]) => {
  const { bernoulli, beta, bitsOfNames, foldIn, normal } = drawing
  const draws: Draws = { bernoulli, beta, bitsOfNames, foldIn, normal, permutation: make }
  const augmenter = plan.augment && augment?.augmenter(packed, plan.augment, plan.batchSize, draws, own)
  const fill = filler(packed, plan, draws, augmenter)
  const share = slots.length / shape.workers
  let [rest, made] = [Ring.shortestRest, 0]
  Ring.run(
    words,
    Ring.serve(shape, worker),
    (at, value) => {
      rest = Ring.restAfter(rest, made, share)
      made = 0
      if (Atomics.wait(words, at, value, rest) !== "timed-out") rest = Ring.shortestRest
    },
    ({ epoch, slot, step }) => {
      const began = process.hrtime.bigint()
      fill(epoch, step, slots[slot])
      Atomics.add(making, 0, 1n)
      Atomics.add(making, 1, process.hrtime.bigint() - began)
      made++
    }
  )
})
