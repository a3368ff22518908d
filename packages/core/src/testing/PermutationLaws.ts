/**
 * What any keyed permutation of [0, n) must do, as laws: every element has one place, `inverse` undoes `at`, `fill` reads
 * what `at` gives, and the same key gives the same order.
 */
import * as fc from "fast-check"
import type { Key } from "../Key.ts"
import type { Permutation } from "../Permutation.ts"
import * as KeyLaws from "./KeyLaws.ts"
import * as Law from "./Law.ts"

/** An implementation of `Permutation.make`. */
export type Make = (key: Key, size: number) => Permutation

/** Generates sizes from 1 to 2^maxBits, often at powers of two and beside them. */
export const size = (maxBits: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: 1, max: Math.min(2 ** maxBits, 20) }),
    fc.integer({ min: 1, max: 2 ** maxBits }),
    fc
      .tuple(fc.integer({ min: 0, max: maxBits }), fc.integer({ min: -1, max: 1 }))
      .map(([bits, offset]) => Math.min(2 ** maxBits, Math.max(1, 2 ** bits + offset)))
  )

/** "permutation: is a bijection": exhaustive for each size tried, up to 2^11. */
export const bijection = (make: Make): Law.Law =>
  Law.make("permutation: is a bijection", fc.tuple(KeyLaws.key, size(11)), ([key, n]) => {
    const permutation = make(key, n)
    Law.ensure(permutation.size === n, () => `its size is ${permutation.size}`)
    const seen = new Set<number>()
    for (let index = 0; index < n; index++) {
      const element = permutation.at(index)
      const inside = Number.isInteger(element) && element >= 0 && element < n
      Law.ensure(inside, () => `at(${index}) is ${element}, outside [0, ${n})`)
      Law.ensure(!seen.has(element), () => `${element} is at ${index} and at a place before`)
      seen.add(element)
    }
  })

/** "permutation: inverse undoes at", both ways round, for sizes up to 2^48. */
export const inverse = (make: Make): Law.Law =>
  Law.make("permutation: inverse undoes at", fc.tuple(KeyLaws.key, size(48), fc.maxSafeNat()), ([key, n, any]) => {
    const permutation = make(key, n)
    for (const index of new Set([any % n, 0, n - 1])) {
      const element = permutation.at(index)
      const inside = Number.isInteger(element) && element >= 0 && element < n
      Law.ensure(inside, () => `at(${index}) is ${element}, outside [0, ${n})`)
      Law.ensure(permutation.inverse(element) === index, () => `at(${index}) is ${element}, whose inverse is another`)
      Law.ensure(permutation.at(permutation.inverse(index)) === index, () => `at undoes no inverse(${index})`)
    }
  })

/** "permutation: fill reads what at gives", for every window of places. */
export const fill = (make: Make): Law.Law =>
  Law.make(
    "permutation: fill reads what at gives",
    fc.tuple(KeyLaws.key, size(40), fc.maxSafeNat(), fc.nat({ max: 40 })),
    ([key, n, any, count]) => {
      const permutation = make(key, n)
      const start = any % n
      const out = new Float64Array(Math.min(count, n - start))
      permutation.fill(out, start)
      out.forEach((element, offset) => {
        const expected = permutation.at(start + offset)
        Law.ensure(element === expected, () => `fill gives ${element} at ${start + offset}, at gives ${expected}`)
      })
    }
  )

/** "permutation: the same key gives the same order", whatever was read between. */
export const deterministic = (make: Make): Law.Law =>
  Law.make(
    "permutation: the same key gives the same order",
    fc.tuple(KeyLaws.key, size(48), fc.maxSafeNat(), KeyLaws.key),
    ([key, n, any, other]) => {
      const index = any % n
      const first = make(key, n).at(index)
      make(other, n).at(index)
      const second = make({ ...key }, n).at(index)
      Law.ensure(first === second, () => `at(${index}) was ${first}, then ${second}`)
    }
  )

/** All laws of an implementation of `Permutation.make`. */
export const all = (make: Make): ReadonlyArray<Law.Law> => [
  bijection(make),
  inverse(make),
  fill(make),
  deterministic(make)
]
