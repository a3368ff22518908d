/**
 * Runs transforms outside of any engine, on plain arrays: every step makes its tensors from arrays and gives arrays
 * back, so all that passes from one step to the next is what a checkpoint would hold.
 */
import { Effect } from "effect"
import type { Law } from "@watertight/core/testing"
import type { Moment } from "../LearningRate.ts"
import * as tf from "../internal/tfjs.ts"
import type { Specs, Tensors, Transform } from "../Transform.ts"

/** Float32 numbers by name. */
export type Arrays = Readonly<Record<string, Float32Array>>

/** Returns how many numbers a shape holds. */
export const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((size, length) => size * length, 1)

/** Makes arrays of zeros. */
export const zeros = (specs: Specs): Arrays =>
  Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, new Float32Array(sizeOf(shape))]))

/** Copies arrays. */
export const copy = (arrays: Arrays): Arrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()]))

const toTensors = (arrays: Arrays, specs: Specs): Tensors =>
  Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, tf.tensor(arrays[name], [...shape])]))

const toArrays = (tensors: Tensors): Arrays =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync())]))

/** What one step gives, as arrays. */
export interface Stepped {
  readonly updates: Arrays
  readonly state: Arrays
}

/** Runs one update on the current tfjs backend. */
export const step = (
  transform: Transform,
  specs: Specs,
  input: { readonly gradients: Arrays; readonly params: Arrays; readonly state: Arrays; readonly moment: Moment }
): Stepped => {
  let stepped: Stepped = { updates: {}, state: {} }
  tf.tidy(() => {
    const scalars = Object.entries(transform.scalars(input.moment)).map(([name, value]) => [name, tf.scalar(value)])
    const updated = transform.update(toTensors(input.gradients, specs), toTensors(input.state, transform.init(specs)), {
      params: toTensors(input.params, specs),
      scalars: Object.fromEntries(scalars)
    })
    stepped = { updates: toArrays(updated.updates), state: toArrays(updated.state) }
  })
  return stepped
}

/** Runs an effect on tfjs' own cpu backend, and puts back the backend that was in use. */
export const onCpu = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const before: string | null | undefined = tf.engine().backendName // not yet set until a first operation
    if (before === "cpu") return effect
    const use = (name: string) =>
      Effect.promise(() => tf.setBackend(name)).pipe(
        Effect.flatMap((done) => (done ? Effect.void : Effect.die(new Error(`tfjs has no backend ${name}`))))
      )
    return Effect.acquireUseRelease(
      use("cpu"),
      () => effect,
      () => (before === undefined || before === null ? Effect.void : use(before))
    )
  })

/** Makes a law run on the cpu backend, with its own number of runs where none is asked for. */
export const lawOnCpu = (law: Law.Law, runs: number): Law.Law => ({
  name: law.name,
  check: (options) => onCpu(law.check({ ...options, runs: options?.runs ?? runs }))
})
