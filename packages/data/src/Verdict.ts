/**
 * Whether a training waits for its batches or computes: from the time its loader's reader waited, the time between reads and
 * the time it takes to make a batch. Time is for people: no result and no digest depends on it.
 */

/** What a loader measured, in milliseconds. First batches of an epoch and those after a jump are not counted as reads. */
export interface Timing {
  /** How many reads were counted. */
  readonly reads: number
  /** How long the reader waited for its batches, in all. */
  readonly waited: number
  /** How long it did other things between a batch and asking for the next, in all. */
  readonly between: number
  /** How many batches were made, read or not. */
  readonly made: number
  /** How long making them took, in all, as each thread that made one saw it. */
  readonly making: number
  /** How many batches are made ahead, 0 when each is made as it is read. */
  readonly prefetch: number
  /** How many worker threads make batches. */
  readonly workers: number
}

/** What to make of a timing. */
export interface Verdict {
  readonly bound: "input" | "compute"
  /** The share of the time that the reader waited, from 0 to 1. */
  readonly share: number
  /** How long making a batch takes by how long a step takes without waiting, threads taken together; waits are due above 1. */
  readonly ratio: number
  /** The verdict with its numbers and, when input-bound, what to do. */
  readonly message: string
}

/** Above this share of waiting a training is input-bound: the device is in use less than 80 % of the time. */
export const mostWaiting = 0.2

/** Fewer reads than this tell nothing. */
const fewestReads = 10

/** How many more threads or batches than now are advised at most. */
const mostMore = 10

/** Milliseconds that a batch takes to make for which a thread of its own is worth while. */
const worthAThread = 0.05

/** Milliseconds of one batch and one step. */
interface Each {
  readonly making: number
  readonly waited: number
  readonly step: number
}

const remedy = ({ making, step, waited }: Each, { prefetch, workers }: Timing): string => {
  if (prefetch === 0) {
    return making >= worthAThread
      ? "let worker threads make batches ahead: set prefetch, for instance to 4"
      : "steps are too short for what surrounds them: raise batchSize"
  }
  const due = Math.max(0, making / workers - step)
  if (waited - due > making)
    return "handing batches over takes longer than making them: set prefetch to 0, or raise batchSize"
  if (due === 0) {
    const more = `raise prefetch from ${prefetch} to ${2 * prefetch}`
    return `threads keep up, but not at all times, as other work on the machine may cause: ${more}`
  }
  const wanted = Math.min(Math.ceil(making / step), mostMore * workers)
  return `raise workers from ${workers} to ${wanted}, should there be as many cores, or make rows cheaper to prepare`
}

const milliseconds = (value: number): string => `${value < 100 ? value.toPrecision(2) : value.toFixed(0)} ms`

/**
 * Judges a timing; nothing when there were fewer than 10 reads to count.
 *
 * @example
 * import { Verdict } from "@watertight/data"
 * const timing = { reads: 100, waited: 5, between: 495, made: 104, making: 208, prefetch: 4, workers: 1 }
 * Verdict.of(timing)?.message
 * // => "compute-bound: steps waited 1.0 % of the time for batches; a batch takes 2.0 ms to make in 1 worker thread, a step 5.0 ms without waiting"
 */
export const of = (timing: Timing): Verdict | undefined => {
  const { between, made, making, prefetch, reads, waited, workers } = timing
  if (reads < fewestReads || !(waited + between > 0)) return undefined
  const share = waited / (waited + between)
  const each: Each = { making: made === 0 ? 0 : making / made, waited: waited / reads, step: between / reads }
  const where = prefetch === 0 ? "when it is read" : `in ${workers} worker thread${workers === 1 ? "" : "s"}`
  const numbers =
    `steps waited ${(100 * share).toFixed(1)} % of the time for batches; ` +
    `a batch takes ${milliseconds(each.making)} to make ${where}, a step ${milliseconds(each.step)} without waiting`
  const bound = share > mostWaiting ? "input" : "compute"
  const message = bound === "input" ? `; ${remedy(each, timing)}` : ""
  const ratio = each.making / Math.max(1, workers) / each.step
  return { bound, share, ratio, message: `${bound}-bound: ${numbers}${message}` }
}
