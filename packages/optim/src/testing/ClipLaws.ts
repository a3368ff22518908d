/**
 * Laws of clipping by the global norm, for any transform that does it. Norms are computed in float64, over gradients
 * from all of float32's finite numbers.
 */
import { Law } from "@watertight/core/testing"
import * as fc from "fast-check"
import type { Specs, Transform } from "../Transform.ts"
import * as Run from "./Run.ts"

const values = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, min: -10, max: 10 })
)

/** Between one and four tensors of up to eight numbers: all small, all zero, or of any size. */
const gradients = fc.array(fc.oneof(fc.array(values, { minLength: 1, maxLength: 8 }), fc.constant([0, 0])), {
  minLength: 1,
  maxLength: 4
})

const bounds = fc.double({ min: -4, max: 4, noNaN: true }).map((exponent) => 10 ** exponent)

const normOf = (arrays: Run.Arrays): number =>
  Math.sqrt(Object.values(arrays).reduce((sum, array) => array.reduce((total, x) => total + x * x, sum), 0))

const clip = (transform: Transform, lists: ReadonlyArray<ReadonlyArray<number>>) => {
  const before: Run.Arrays = Object.fromEntries(lists.map((list, index) => [`p${index}`, Float32Array.from(list)]))
  const specs: Specs = Object.fromEntries(lists.map((list, index) => [`p${index}`, { shape: [list.length] }]))
  const input = { gradients: before, params: Run.zeros(specs), state: Run.zeros(transform.init(specs)) }
  const after = Run.step(transform, specs, { ...input, moment: { step: 0, totalSteps: 1 } }).updates
  return { before, after }
}

/**
 * Checks that the global norm of what clipping gives is finite and at most the bound, without tolerance, for finite
 * gradients of any size, zero included. `make` makes the clipping for a bound.
 */
export const neverExceeds = (make: (bound: number) => Transform): Law.Law =>
  Run.lawOnCpu(
    Law.make("clip: the global norm never exceeds the bound", fc.tuple(bounds, gradients), ([bound, lists]) => {
      const norm = normOf(clip(make(bound), lists).after)
      Law.ensure(norm <= bound, () => `the norm is ${norm}, above ${bound}`)
    }),
    200
  )

/**
 * Checks that gradients whose global norm is at most `within` times the bound come through bit for bit. `within`
 * defaults to 0.99998: whether a norm just below the bound is below it cannot be told in float32.
 */
export const leavesWithinUnchanged = (
  make: (bound: number) => Transform,
  options: { readonly within?: number } = {}
): Law.Law =>
  Run.lawOnCpu(
    Law.make(
      "clip: gradients within the bound are unchanged",
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.array(fc.float({ noNaN: true, min: -10, max: 10 }), { minLength: 1, maxLength: 8 }), {
          minLength: 1,
          maxLength: 4
        })
      ),
      ([room, lists]) => {
        const norm = normOf(Object.fromEntries(lists.map((list, index) => [index, Float32Array.from(list)])))
        const bound = Math.max(1e-6, norm / (options.within ?? 0.99998)) * (1 + room)
        const { before, after } = clip(make(bound), lists)
        for (const [name, array] of Object.entries(before)) {
          array.forEach((value, index) =>
            Law.ensure(
              Object.is(value, after[name][index]),
              () => `${value} became ${after[name][index]}, with a norm of ${norm} and a bound of ${bound}`
            )
          )
        }
      }
    ),
    200
  )

/**
 * Checks that a gradient longer than the bound keeps its direction, to the last bits of float32, and ends within 1e-4
 * of the bound.
 */
export const keepsDirection = (make: (bound: number) => Transform): Law.Law =>
  Run.lawOnCpu(
    Law.make(
      "clip: a longer gradient keeps its direction and ends at the bound",
      fc.tuple(bounds, fc.double({ min: 1.001, max: 1e6, noNaN: true }), gradients),
      ([bound, excess, lists]) => {
        const unit = lists.map((list) => list.map((x) => Math.max(-10, Math.min(10, x))))
        const length = Math.sqrt(unit.flat().reduce((sum, x) => sum + x * x, 0))
        if (length < 1e-3) return
        const longer = unit.map((list) => list.map((x) => (x / length) * bound * excess))
        const { before, after } = clip(make(bound), longer)
        const ratio = bound / normOf(before)
        for (const [name, array] of Object.entries(before)) {
          array.forEach((value, index) =>
            Law.ensure(
              Math.abs(after[name][index] - value * ratio) <= 1e-4 * Math.abs(value * ratio) + 1e-37,
              () => `${value} became ${after[name][index]}, not ${value * ratio}`
            )
          )
        }
      }
    ),
    200
  )

/** The laws of a clipping by global norm, made for a bound. */
export const all = (make: (bound: number) => Transform): ReadonlyArray<Law.Law> => [
  neverExceeds(make),
  leavesWithinUnchanged(make),
  keepsDirection(make)
]
