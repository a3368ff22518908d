/**
 * Laws of learning rates: a rate is its formula at every moment of runs of every length, and does not jump. Step decay
 * jumps on purpose, so the law of continuity is not for it.
 */
import { Law } from "@watertight/core/testing"
import * as fc from "fast-check"
import type { LearningRate, Moment } from "../LearningRate.ts"

/** Any moment of runs of one to a million steps, up to just after the end. */
const moments: fc.Arbitrary<Moment> = fc
  .oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 1_000_000 }))
  .chain((totalSteps) => fc.integer({ min: 0, max: totalSteps + 3 }).map((step) => ({ step, totalSteps })))

/** Checks that a rate is what a formula gives, to twelve digits or, where it is nearly zero, to 1e-15. */
export const equalsClosedForm = (rate: LearningRate, closedForm: (moment: Moment) => number): Law.Law =>
  Law.make("learning rate: equals its closed form", moments, (moment) => {
    const [actual, expected] = [rate.at(moment), closedForm(moment)]
    const tolerance = 1e-12 * Math.abs(expected) + 1e-15
    Law.ensure(Math.abs(actual - expected) <= tolerance, () => `the rate is ${actual}, the formula gives ${expected}`)
  })

/** Halves an interval towards its larger change: what is left of the change there, once it is 2^-30 wide. */
const jumpWithin = (at: (step: number) => number, from: number, to: number): { step: number; jump: number } => {
  let [low, high] = [from, to]
  for (let halving = 0; halving < 30; halving++) {
    const middle = (low + high) / 2
    if (Math.abs(at(middle) - at(low)) >= Math.abs(at(high) - at(middle))) high = middle
    else low = middle
  }
  return { step: high, jump: Math.abs(at(high) - at(low)) }
}

/**
 * Checks that a rate has no jump between its first step and the end of the run, wherever its pieces meet: the change
 * within 2^-30 of a step must be below a millionth of the largest rate.
 */
export const continuousAtSeams = (rate: LearningRate): Law.Law =>
  Law.make("learning rate: continuous at the seams", fc.integer({ min: 1, max: 400 }), (totalSteps) => {
    const at = (step: number) => rate.at({ step, totalSteps })
    const largest = Math.max(...Array.from({ length: totalSteps + 1 }, (_, step) => Math.abs(at(step))))
    for (let step = 0; step < totalSteps; step++) {
      const { step: where, jump } = jumpWithin(at, step, step + 1)
      Law.ensure(jump <= 1e-6 * largest, () => `with ${totalSteps} steps, the rate jumps by ${jump} at step ${where}`)
    }
  })
