/**
 * Laws of optimizers. They take any transform, so an optimizer of yours is checked by what ours are checked by; the law
 * of accuracy also takes its formula in float64.
 */
import { Key } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import * as fc from "fast-check"
import { decays, type Decay, type Specs, type Transform } from "../Transform.ts"
import type { Reference } from "./Reference.ts"
import * as Run from "./Run.ts"

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** Draws standard normal numbers for each parameter. */
const draw = (key: Key.Key, specs: Specs): Run.Arrays =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, Key.normal(Key.foldIn(key, name), Run.sizeOf(shape))])
  )

/**
 * One parameter for each kind of gradients: the slope of a bowl, noise, and a constant, where rounding errors add up
 * instead of averaging out.
 */
const specs: Specs = {
  "bowl/kernel": { shape: [2, 2] },
  "noise/kernel": { shape: [1, 3] },
  "constant/bias": { shape: [2] }
}

/** The gradients at a step for parameters in float64. The bowl is (p - 1/2)², with its lowest point off zero. */
const gradientsAt = (key: Key.Key, step: number) => {
  const noise = draw(Key.foldIn(Key.foldIn(key, "noise"), step), specs)
  const constant = draw(Key.foldIn(key, "constant"), specs)
  return (name: string, index: number, parameter: number): number => {
    if (name === "bowl/kernel") return 2 * (parameter - 0.5)
    return name === "noise/kernel" ? noise[name][index] : constant[name][index]
  }
}

const steps = 1000

/**
 * Checks that a thousand steps stay within 1e-6 of the same steps in float64: descending a bowl, and under gradients of
 * noise and constant gradients. A parameter that has gone further than 1, from zero or from its start, may be off by
 * 1e-6 of the furthest it has gone.
 *
 * What is compared is the sum of the updates, added in float64: the law judges the optimizer, not the rounding of
 * parameters that are kept in float32, which no optimizer can undo. `decay` says which parameters the reference decays.
 * The default number of runs is 3.
 */
export const staysWithinClosedForm = (
  transform: Transform,
  reference: Reference,
  options: { readonly decay?: Decay } = {}
): Law.Law =>
  Run.lawOnCpu(
    Law.make("optimizer: a thousand steps stay within 1e-6 of the float64 closed form", seeds, (seed) => {
      const key = Key.fromSeed(seed)
      const start = draw(Key.foldIn(key, "start"), specs)
      const lanes = Object.entries(specs).flatMap(([name, { shape }]) =>
        Array.from(start[name], (value, index) => ({
          name,
          index,
          decays: decays(options.decay ?? "matrices", name, shape),
          actual: value,
          expected: value,
          start: value,
          furthest: 1,
          state: new Float64Array(reference.size)
        }))
      )
      const collect = (value: (lane: (typeof lanes)[number]) => number): Run.Arrays => {
        const arrays = Run.zeros(specs)
        for (const lane of lanes) arrays[lane.name][lane.index] = value(lane)
        return arrays
      }
      let state = Run.zeros(transform.init(specs))
      for (let step = 0; step < steps; step++) {
        const moment = { step, totalSteps: steps }
        const gradient = gradientsAt(key, step)
        const stepped = Run.step(transform, specs, {
          gradients: collect((lane) => gradient(lane.name, lane.index, lane.actual)),
          params: collect((lane) => lane.actual),
          state,
          moment
        })
        state = stepped.state
        const learningRate = reference.learningRate(moment)
        for (const lane of lanes) {
          const scalar = {
            gradient: gradient(lane.name, lane.index, lane.expected),
            parameter: lane.expected,
            decays: lane.decays,
            t: step + 1,
            learningRate
          }
          lane.expected += reference.step(scalar, lane.state)
          lane.furthest = Math.max(lane.furthest, Math.abs(lane.expected), Math.abs(lane.expected - lane.start))
          lane.actual += stepped.updates[lane.name][lane.index]
          Law.ensure(
            Math.abs(lane.actual - lane.expected) <= 1e-6 * lane.furthest,
            () =>
              `after ${step + 1} steps ${lane.name}[${lane.index}] is ${lane.actual}, and ${lane.expected} in float64`
          )
        }
      }
    }),
    3
  )

const sameBits = (left: Run.Arrays, right: Run.Arrays): string | undefined => {
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (left[name] === undefined || right[name] === undefined) return name
    if (left[name].length !== right[name].length) return name
    const differs = left[name].findIndex((value, index) => !Object.is(value, right[name][index]))
    if (differs >= 0) return `${name}[${differs}]`
  }
  return undefined
}

const add = (params: Run.Arrays, updates: Run.Arrays): Run.Arrays =>
  Object.fromEntries(
    Object.entries(params).map(([name, array]) => [name, array.map((value, index) => value + updates[name][index])])
  )

const short = 12

/**
 * Checks that a run that is stopped after any step, and continued from copies of its parameters, state and step number
 * by a newly made transform, has the same parameters and state after every further step, bit for bit; and that the
 * state an update gives has the names and sizes that `init` announced.
 */
export const resumesExactly = (make: () => Transform): Law.Law =>
  Run.lawOnCpu(
    Law.make("optimizer: state saved, restored and continued gives the same bits at every step", seeds, (seed) => {
      const key = Key.fromSeed(seed)
      const advance = (transform: Transform, step: number, at: { params: Run.Arrays; state: Run.Arrays }) => {
        const gradient = gradientsAt(key, step)
        const gradients = Object.fromEntries(
          Object.entries(at.params).map(([name, array]) => [name, array.map((p, index) => gradient(name, index, p))])
        )
        const moment = { step, totalSteps: short }
        const { updates, state } = Run.step(transform, specs, { gradients, moment, ...at })
        return { params: add(at.params, updates), state }
      }
      const straight = make()
      const track = [{ params: draw(Key.foldIn(key, "start"), specs), state: Run.zeros(straight.init(specs)) }]
      for (let step = 0; step < short; step++) {
        track.push(advance(straight, step, track[step]))
        const shape = (state: Run.Arrays) =>
          Object.entries(state)
            .map(([name, { length }]) => `${name} (${length})`)
            .sort()
        const [announced, given] = [shape(track[0].state).join(), shape(track[step + 1].state).join()]
        Law.ensure(announced === given, () => `init announced the state ${announced}; step ${step} gave ${given}`)
      }
      for (let stop = 0; stop < short; stop++) {
        const transform = make()
        let at = { params: Run.copy(track[stop].params), state: Run.copy(track[stop].state) }
        for (let step = stop; step < short; step++) {
          at = advance(transform, step, at)
          const differs = sameBits(
            { ...at.params, ...at.state },
            { ...track[step + 1].params, ...track[step + 1].state }
          )
          Law.ensure(
            differs === undefined,
            () => `stopped after ${stop} steps, ${differs} differs after ${step + 1} steps`
          )
        }
      }
    }),
    20
  )
