/**
 * Whether a training waits for its batches or computes: from the time its loader's reader waited and the time between
 * reads. Time is for people: no result and no digest depends on it.
 */

/** What a loader measured, in milliseconds. First batches of an epoch and those after a jump are not counted. */
export interface Timing {
  /** How many reads were counted. */
  readonly reads: number
  /** How long the reader waited for its batches, in all. */
  readonly waited: number
  /** How long it did other things between a batch and asking for the next, in all. */
  readonly between: number
}

/** What to make of a timing. */
export interface Verdict {
  readonly bound: "input" | "compute"
  /** The share of the time that the reader waited, from 0 to 1. */
  readonly share: number
  /** The verdict with its numbers and, when input-bound, what to do. */
  readonly message: string
}

/** Above this share of waiting a training is input-bound: the device is in use less than 80 % of the time. */
export const mostWaiting = 0.2

/** Fewer reads than this tell nothing. */
const fewestReads = 10

const advice = (share: number, { prefetch, workers }: { readonly prefetch: number; readonly workers: number }) => {
  if (prefetch === 0 || workers === 0) return "let worker threads make batches ahead: set prefetch, for instance to 4"
  // Workers deliver a batch per `waited + between`; to hide it, one per `between`.
  const wanted = Math.ceil(workers / (1 - Math.min(share, 0.9)))
  return `raise workers from ${workers} to ${wanted}, should there be as many cores, or make rows cheaper to prepare`
}

/**
 * Judges a timing; nothing when there were fewer than 10 reads to count.
 *
 * @example
 * import { Verdict } from "@watertight/data"
 * Verdict.of({ reads: 100, waited: 5, between: 495 }, { prefetch: 4, workers: 1 })?.message
 * // => "compute-bound: steps waited 1.0 % of the time for batches"
 */
export const of = (
  { between, reads, waited }: Timing,
  options: { readonly prefetch: number; readonly workers: number }
): Verdict | undefined => {
  if (reads < fewestReads || !(waited + between > 0)) return undefined
  const share = waited / (waited + between)
  const said = `steps waited ${(100 * share).toFixed(1)} % of the time for batches`
  return share > mostWaiting
    ? { bound: "input", share, message: `input-bound: ${said}; ${advice(share, options)}` }
    : { bound: "compute", share, message: `compute-bound: ${said}` }
}
