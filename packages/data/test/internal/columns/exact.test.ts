import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import * as Exact from "../../../src/internal/columns/exact.ts"
import { runs } from "../../sources/files.ts"

const units: Readonly<Record<Exact.Unit, readonly [millis: bigint, per: bigint]>> = {
  D: [86_400_000n, 1n],
  h: [3_600_000n, 1n],
  m: [60_000n, 1n],
  s: [1000n, 1n],
  ms: [1n, 1n],
  us: [1n, 1000n],
  ns: [1n, 1_000_000n]
}
const names = Object.keys(units) as ReadonlyArray<Exact.Unit>

/** By big integers, which know no bounds. */
const instant = (value: bigint, unit: Exact.Unit): number | undefined => {
  const [millis, per] = units[unit]
  const all = value * millis
  const whole = all / per
  const isOutside = whole > 8_640_000_000_000_000n || whole < -8_640_000_000_000_000n
  if (isOutside || (unit === "ns" && all % 1000n !== 0n)) return undefined
  return Number(whole) + Number(all % per) / Number(per)
}

const valueOf = <A extends ArrayLike<number>>(made: Exact.Made): number | undefined =>
  "values" in made ? (made.values as unknown as A)[0] : undefined

const edges = [
  0n,
  1n,
  -1n,
  2n ** 32n,
  -(2n ** 32n),
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n),
  -(2n ** 53n) - 1n,
  2n ** 63n - 1n,
  -(2n ** 63n)
]
const signed = fc.oneof(
  fc.constantFrom(...edges),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 55n), max: 2n ** 55n }),
  fc.bigInt({ min: -9_223_372_036_854_775n, max: 9_223_372_036_854_775n }).map((micros) => micros * 1000n)
)

describe("integers of 64 bits", () => {
  it("become instants as big integers do, to the last bit, or are refused", () => {
    fc.assert(
      fc.property(signed, fc.constantFrom(...names), (value, unit) => {
        assert.isTrue(Object.is(valueOf(Exact.instants(BigInt64Array.of(value), unit)), instant(value, unit)))
        const all = BigInt.asUintN(64, value)
        assert.isTrue(Object.is(valueOf(Exact.instants(BigUint64Array.of(all), unit)), instant(all, unit)))
        const low = Number(BigInt.asIntN(32, value))
        assert.isTrue(Object.is(valueOf(Exact.instants(Int32Array.of(low), unit)), instant(BigInt(low), unit)))
      }),
      { numRuns: 40 * runs }
    )
  })

  it("become floats within 2^53, and no further", () => {
    fc.assert(
      fc.property(signed, (value) => {
        const isExact = value <= 2n ** 53n && value >= -(2n ** 53n)
        assert.isTrue(Object.is(valueOf(Exact.floats(BigInt64Array.of(value))), isExact ? Number(value) : undefined))
        const all = BigInt.asUintN(64, value)
        const found = valueOf(Exact.floats(BigUint64Array.of(all)))
        assert.isTrue(Object.is(found, all <= 2n ** 53n ? Number(all) : undefined))
      }),
      { numRuns: 40 * runs }
    )
  })

  it("lie where they are told to", () => {
    const into = new Float64Array(2)
    assert.deepStrictEqual(Exact.floats(BigInt64Array.of(5n, -7n), into), { values: into })
    assert.deepStrictEqual([...into], [5, -7])
    assert.deepStrictEqual(Exact.instants(Int32Array.of(1, -1), "D", into), { values: into })
    assert.deepStrictEqual([...into], [86_400_000, -86_400_000])
  })
})
