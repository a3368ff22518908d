import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as ExactSum from "../../src/internal/ExactSum.ts"

const runs = { numRuns: Number(process.env.WATERTIGHT_RUNS ?? 100) }

const sumOf = (values: ReadonlyArray<number>) => {
  const adder = ExactSum.adder(ExactSum.empty)
  values.forEach(adder.add)
  return adder.sum()
}

/** A double as a whole number of 2^-1074. */
const toInteger = (value: number): bigint => {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  const word = bits.getBigUint64(0)
  const exponent = (word >> 52n) & 0x7ffn
  const fraction = word & 0xfffffffffffffn
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -size : size
}

/** The double nearest to a whole number of 2^-1074, ties to even. */
const nearest = (integer: bigint): number => {
  const size = integer < 0n ? -integer : integer
  const drop = BigInt(Math.max(0, size.toString(2).length - 53))
  const kept = size >> drop
  const rest = size - (kept << drop)
  const half = drop === 0n ? 1n : 1n << (drop - 1n)
  const up = drop > 0n && (rest > half || (rest === half && kept % 2n === 1n))
  const value = Number(up ? kept + 1n : kept) * 2 ** (Number(drop) - 1074)
  return integer < 0n ? -value : value
}

const doubles = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 })
const terms = fc.array(
  fc.oneof(doubles, fc.double({ noNaN: true, min: -8, max: 8 }), fc.constantFrom(1, 2 ** -53, 2 ** -54, 2 ** 53)),
  { maxLength: 12 }
)

it("a sum is the exact sum, rounded once to the nearest", () => {
  fc.assert(
    fc.property(terms, (values) => {
      const exact = nearest(values.reduce((sum, value) => sum + toInteger(value), 0n))
      assert.strictEqual(ExactSum.value(sumOf(values)), exact)
    }),
    runs
  )
})

it("a sum rounds halves as fsum does", () => {
  assert.strictEqual(ExactSum.value(sumOf([1e16, 1, 1e-16])), 10000000000000002)
  assert.strictEqual(ExactSum.value(sumOf([1e100, 1, -1e100])), 1)
  // What breaks the tie is so small that its product with anything is 0.
  assert.strictEqual(
    ExactSum.value(sumOf([1.0172013503160306e-25, 7.803161215375233e-26, -5e-324])),
    1.7975174718535538e-25
  )
  assert.strictEqual(ExactSum.value(sumOf(Array.from({ length: 10 }, () => 0.1))), 1)
})

it("a product is added without rounding", () => {
  const moderate = fc.double({ noNaN: true, min: -1e100, max: 1e100 }).filter((x) => x === 0 || Math.abs(x) > 1e-100)
  fc.assert(
    fc.property(fc.array(fc.tuple(moderate, moderate), { maxLength: 6 }), (pairs) => {
      const adder = ExactSum.adder(ExactSum.empty)
      pairs.forEach(([a, b]) => adder.addProduct(a, b))
      const unit = 1074n
      const exact = pairs.reduce((sum, [a, b]) => sum + toInteger(a) * toInteger(b), 0n)
      const size = exact < 0n ? -exact : exact
      // Beyond 2^-1074 nothing is left of products above 1e-200, so the shift is exact.
      assert.strictEqual(size % (1n << unit), 0n)
      assert.strictEqual(ExactSum.value(adder.sum()), nearest(exact >> unit))
    }),
    runs
  )
})

it("infinities and NaN stay what they are, in any order", () => {
  assert.strictEqual(ExactSum.value(sumOf([1, Infinity, 2])), Infinity)
  assert.isNaN(ExactSum.value(sumOf([Infinity, 1, -Infinity])))
  assert.isNaN(ExactSum.value(ExactSum.merge(sumOf([NaN]), sumOf([1]))))
})

it("squared deviations do not cancel far from 0", () => {
  const values = [1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 4]
  const squares = ExactSum.adder(ExactSum.empty)
  values.forEach((value) => squares.addProduct(value, value))
  assert.strictEqual(ExactSum.centredSquares(sumOf(values), squares.sum(), 4), 5)
  const same = [0.1, 0.1, 0.1]
  const sameSquares = ExactSum.adder(ExactSum.empty)
  same.forEach((value) => sameSquares.addProduct(value, value))
  assert.strictEqual(ExactSum.centredSquares(sumOf(same), sameSquares.sum(), 3), 0)
})
