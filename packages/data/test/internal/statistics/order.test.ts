import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Order from "../../../src/internal/statistics/order.ts"

const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 30 })

describe("order.ascending", () => {
  it("sorts the numbers of one group that are there, and leaves the values alone", () => {
    const values = Float64Array.of(3, 9, NaN, 8, 1, 7)
    assert.deepStrictEqual(Order.ascending(values), Float64Array.of(1, 3, 7, 8, 9))
    assert.deepStrictEqual(Order.ascending(values, 2, 0), Float64Array.of(1, 3))
    assert.deepStrictEqual(Order.ascending(values, 2, 1), Float64Array.of(7, 8, 9))
    assert.deepStrictEqual([...Order.ascending([NaN, NaN])], [])
    assert.strictEqual(values[0], 3)
  })
})

describe("order.quantile", () => {
  it("is linear between two neighbours, exact at numbers, and never leaves their range", () => {
    const sorted = Float64Array.of(1, 2, 4)
    assert.deepStrictEqual(
      [0, 0.25, 0.5, 0.75, 1].map((share) => Order.quantile(sorted, share)),
      [1, 1.5, 2, 3, 4]
    )
    assert.strictEqual(Order.quantile(Float64Array.of(-1.7e308, 1.7e308), 0.5), 0)
    fc.assert(
      fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const sorted = Order.ascending(values)
        const found = Order.quantile(sorted, share)
        assert.isTrue(found >= sorted[0] && found <= sorted[sorted.length - 1], `${found}`)
      })
    )
  })
})

describe("order.quantiles", () => {
  it("are those of the sorted numbers, whatever their order", () => {
    const shares = [0, 0.1, 0.25, 0.5, 0.5, 0.75, 1]
    const few = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 30 })
    const many = fc
      .integer({ min: 1, max: 2 ** 31 - 1 })
      .map((seed) => Array.from({ length: 5000 }, (_, index) => ((Math.imul(index + 1, seed) | 0) >> (seed % 24)) / 8))
    fc.assert(
      fc.property(fc.oneof(few, many), (numbers) => {
        const values = Float64Array.from(numbers)
        const sorted = values.slice().sort()
        const expected = shares.map((share) => Order.quantile(sorted, share))
        assert.deepStrictEqual(Order.quantiles(values, shares), expected)
      }),
      { numRuns: 40 }
    )
  })
})

describe("order.mode", () => {
  it("is the most frequent number, the smallest of equally frequent ones", () => {
    assert.strictEqual(Order.mode(Float64Array.of(1, 2, 2, 3, 3)), 2)
    assert.strictEqual(Order.mode(Float64Array.of(5)), 5)
    assert.strictEqual(Order.mode(Float64Array.of(1, 2, 3, 3)), 3)
  })
})
