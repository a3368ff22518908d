import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Radix from "../../../src/internal/statistics/radix.ts"

const edges = [0, -0, NaN, Infinity, -Infinity, 5e-324, -5e-324, 1.7976931348623157e308, 1, -1]

/** Enough numbers that they are not left to the engine's own sort: of all bits, of few values, or close together. */
const many = fc
  .record({ seed: fc.integer({ min: 1 }), length: fc.integer({ min: 4096, max: 9000 }), kind: fc.nat(3) })
  .map(({ kind, length, seed }) => {
    const bits = new Uint32Array(2 * length)
    let state = seed >>> 0
    for (let at = 0; at < bits.length; at++) bits[at] = state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const any = new Float64Array(bits.buffer)
    if (kind === 0) return any
    return any.map((_, at) =>
      kind === 1 ? edges[bits[at] % edges.length] : kind === 2 ? bits[at] % 100 : 1.7e12 + (bits[at] % 1000) / 7
    )
  })

/** Bits of each number, with one NaN. */
const shown = (values: ArrayLike<number>) =>
  Array.from(values, (value) => (Object.is(value, -0) ? "-0" : String(value)))

describe("radix.sort", () => {
  it("is the order of Float64Array.sort, in place", () => {
    const few = fc.float64Array({ maxLength: 30 })
    fc.assert(
      fc.property(fc.oneof(few, many), (values) => {
        const sorted = values.slice()
        assert.strictEqual(Radix.sort(sorted), sorted)
        assert.deepStrictEqual(shown(sorted), shown(values.slice().sort()))
      }),
      { numRuns: 40 }
    )
  })

  it("knows what is sorted already: equal numbers, but not zeros of both signs", () => {
    for (const last of [-1, -0, 0, 1, NaN]) {
      const values = new Float64Array(5000)
      values[4999] = last
      assert.deepStrictEqual(shown(Radix.sort(values.slice())), shown(values.slice().sort()), `${last}`)
    }
  })

  it("sorts a part of an array and leaves the rest alone", () => {
    const all = Float64Array.from({ length: 10_000 }, (_, at) => -at)
    Radix.sort(all.subarray(100, 9000))
    assert.deepStrictEqual([all[99], all[100], all[8999], all[9000]], [-99, -8999, -100, -9000])
  })
})

describe("radix.select", () => {
  it("finds what would stand at a few places or at many", () => {
    fc.assert(
      fc.property(fc.oneof(fc.float64Array({ minLength: 1, maxLength: 30 }), many), fc.boolean(), (any, isMany) => {
        const values = any.filter((value) => !Number.isNaN(value))
        fc.pre(values.length > 0)
        const shares = isMany ? Array.from({ length: 301 }, (_, at) => at / 300) : [0, 0.3, 0.5, 1]
        const places = shares.map((share) => Math.floor(share * (values.length - 1)))
        const sorted = values.slice().sort()
        assert.deepStrictEqual(shown(Radix.select(values, places)), shown(places.map((place) => sorted[place])))
      }),
      { numRuns: 40 }
    )
  })
})
