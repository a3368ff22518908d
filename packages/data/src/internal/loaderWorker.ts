/**
 * A loader's worker thread: writes batches into the ring ahead of the reader until it is told to stop. It loads two
 * modules of core by their files, not the package: starting takes milliseconds instead of a third of a second.
 */
import type * as Core from "@watertight/core"
import { workerData } from "node:worker_threads"
import { type Draws, type Packed, type Plan, type Slot, filler } from "./fill.ts"
import { publish, readCourse, word } from "./ring.ts"

/** What a worker is given. Arrays are views of shared memory. */
export interface Work {
  readonly packed: Packed
  readonly plan: Plan
  readonly slots: ReadonlyArray<Slot>
  readonly words: Int32Array
  /** This worker's number, and how many there are. */
  readonly worker: number
  readonly workers: number
}

const serve = ({ plan, slots, words, worker, workers }: Work, fill: ReturnType<typeof filler>): void => {
  let version = 0
  let ticket = 0
  while (Atomics.load(words, word.stop) === 0) {
    const seen = Atomics.load(words, word.wake)
    const course = readCourse(words)
    if (course === undefined) {
      Atomics.wait(words, word.wake, seen)
      continue
    }
    if (course.version !== version) {
      version = course.version
      ticket = course.firstTicket
    }
    while ((ticket % slots.length) % workers !== worker) ticket++
    if (ticket >= Atomics.load(words, word.held) + slots.length) {
      Atomics.wait(words, word.wake, seen)
      continue
    }
    const place = course.step + (ticket - course.firstTicket)
    fill(course.epoch + Math.floor(place / plan.steps), place % plan.steps, slots[ticket % slots.length])
    publish(words, slots.length, ticket)
    ticket++
  }
}

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
const moduleOfCore = (name: string) =>
  import(new URL(`./${name}.${extension}`, import.meta.resolve("@watertight/core")).href)

const work: Work = workerData
const key = moduleOfCore("Key") as Promise<typeof Core.Key> // the file behind the namespace of that name
const permutation = moduleOfCore("Permutation") as Promise<typeof Core.Permutation> // likewise
const { packed, plan } = work
const augmenting = plan.augment === undefined ? undefined : import("./augment.ts")
const functions = augmenting?.then(({ load }) => load(plan.augment?.modules ?? {}))
void Promise.all([key, permutation, augmenting, functions]).then(([drawing, { make }, augment, own = {}]) => {
  const { bernoulli, beta, bitsOfNames, foldIn, normal } = drawing
  const draws: Draws = { bernoulli, beta, bitsOfNames, foldIn, normal, permutation: make }
  const augmenter = plan.augment && augment?.augmenter(packed, plan.augment, plan.batchSize, draws, own)
  serve(work, filler(packed, plan, draws, augmenter))
})
