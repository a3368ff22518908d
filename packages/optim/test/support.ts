/** What the tests of this package share: tfjs on its cpu backend, and laws that must not hold. */
import { assert } from "@effect/vitest"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as tf from "../src/internal/tfjs.ts"
import { Run } from "../src/testing/index.ts"
import type { Specs, Transform } from "../src/Transform.ts"

tf.env().set("IS_TEST", true) // no banner about tfjs-node
await tf.setBackend("cpu")

/** Runs of laws that are fast; a nightly job may ask for more. */
export const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

/** A fixed seed for laws that must fail, so that they fail every time. */
export const seed = 7

/** Succeeds when a law finds a counterexample. */
export const breaks = (law: Law.Law, options?: Law.Options) =>
  Effect.flip(law.check({ seed, ...options })).pipe(
    Effect.map((violation) => assert.strictEqual(violation.law, law.name))
  )

/** Returns the shape of each array as if it were a vector. */
export const vectors = (arrays: Run.Arrays): Specs =>
  Object.fromEntries(Object.entries(arrays).map(([name, { length }]) => [name, { shape: [length] }]))

/** Runs the first step of a transform on vectors. */
export const first = (transform: Transform, gradients: Run.Arrays, params: Run.Arrays = gradients) => {
  const specs = vectors(gradients)
  const state = Run.zeros(transform.init(specs))
  return Run.step(transform, specs, { gradients, params, state, moment: { step: 0, totalSteps: 1 } })
}

/** Float32 numbers of a list. */
export const floats = (...values: ReadonlyArray<number>): Float32Array => Float32Array.from(values)
