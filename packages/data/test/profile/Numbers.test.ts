import { assert, describe, it } from "vitest"
import { readFileSync } from "node:fs"
import { area as areaOfBins, binsOf, measure, ranksOf } from "../../src/internal/statistics/singleFeature.ts"
import * as TwoSample from "../../src/internal/statistics/twoSample.ts"
import * as Numbers from "../../src/profile/Numbers.ts"

const fixtures = JSON.parse(readFileSync(new URL("../fixtures/profile_fixtures.json", import.meta.url), "utf8"))

const near = (found: number, expected: number, tolerance = 1e-9) =>
  assert.closeTo(found, expected, tolerance * Math.max(1, Math.abs(expected)))

describe("D02 figures of a column", () => {
  it("are those of numpy and SciPy", () => {
    for (const expected of fixtures.described) {
      const found = Numbers.describe(Float64Array.from(expected.values).sort())
      assert.isNotNull(found)
      if (found === null) return
      near(found.mean, expected.mean)
      near(found.deviation, expected.deviation)
      near(found.skew, expected.skew, 1e-6)
      found.quantiles.forEach(({ value }, place) => near(value, expected.quantiles[place], 1e-12))
      assert.strictEqual(found.distinct, expected.distinct)
      assert.deepStrictEqual(found.histogram, expected.histogram)
      assert.strictEqual(found.farOut, expected.farOut)
    }
  })

  it("of numbers at the edges of float64 are finite and in the units of the numbers", () => {
    const large = Numbers.describe(Float64Array.of(-1e308, 1e308, 1e308, 1e308))
    assert.closeTo((large?.mean ?? 0) / 1e308, 0.5, 1e-12)
    assert.closeTo((large?.deviation ?? 0) / 1e308, Math.sqrt(0.75), 1e-12)
    assert.deepStrictEqual(
      large?.histogram.filter((count) => count > 0),
      [1, 3]
    )
    const tiny = Numbers.describe(Float64Array.of(1e-300, 3e-300))
    assert.closeTo((tiny?.deviation ?? 0) / 1e-300, 1, 1e-12)
  })

  it("of equal numbers are that number, without spread", () => {
    const found = Numbers.describe(new Float64Array(7).fill(0.1))
    assert.deepStrictEqual(
      [found?.mean, found?.deviation, found?.skew, found?.distinct, found?.histogram],
      [0.1, 0, 0, 1, [7]]
    )
  })

  it("of no numbers are nothing", () => assert.isNull(Numbers.describe(new Float64Array(0))))
})

describe("two samples", () => {
  it("are compared as SciPy's ks_2samp does, and by the stability index over tenths", () => {
    for (const { distance, left, p, right } of fixtures.compared) {
      const found = TwoSample.kolmogorovSmirnov(Float64Array.from(left).sort(), Float64Array.from(right).sort())
      near(found.distance, distance, 1e-12)
      assert.closeTo(found.p, p, 0.15 * p + 1e-6) // SciPy's is exact for one sample of the effective size
    }
  })

  it("of classes are compared as SciPy's chi-square tests do", () => {
    for (const { left, p, right } of fixtures.counts) near(TwoSample.chiSquare(left, right).p, p, 1e-9)
    for (const { degrees, p, statistic } of fixtures.tails) {
      near(TwoSample.chiSquareTail(statistic, degrees) / p, 1, 1e-7)
    }
  })

  it("classes expected fewer than five times are taken together", () => {
    const together = TwoSample.chiSquare([100, 100, 2], [100, 100, 2])
    assert.strictEqual(TwoSample.chiSquare([100, 100, 1, 1], [100, 100, 1, 1]).p, together.p)
    assert.isAbove(TwoSample.chiSquare([100, 100, 1, 0], [100, 100, 0, 1]).p, 0.9)
  })

  it("are told apart with scikit-learn's area under the curve and DeLong's error", () => {
    for (const { area, error, labels, p, scores } of fixtures.areas) {
      const [all, marks] = [Float64Array.from(scores), Uint8Array.from(labels)]
      const found = TwoSample.area(all, marks)
      near(found.value, area, 1e-12)
      near(found.error, error, 1e-9)
      const chance = areaOfBins(all, Float64Array.from(marks), new Float64Array(all.length).fill(1))
      near(chance.value, area, 1e-12)
      // Mann and Whitney's test, with its correction for ties
      const z = (chance.value - 0.5) / chance.error
      assert.closeTo(normalTail(z) / p, 1, 1e-3)
    }
  })
})

/** The upper tail of the normal distribution: half of a chi-square's with one degree of freedom. */
const normalTail = (z: number): number => (z < 0 ? 1 - normalTail(-z) : TwoSample.chiSquareTail(z * z, 1) / 2)

describe("one column against the target", () => {
  const length = 400
  const half = Uint8Array.from({ length }, (_, row) => (row >> 1) & 1)
  const x = Float64Array.from({ length }, (_, row) => (row * 37) % length)

  it("is perfect for a column of which the target is a function, whatever its shape", () => {
    const codes = Int32Array.from(x, (value) => (value > 100 && value < 300 ? 1 : 0))
    const found = measure(binsOf(x), { kind: "classes", codes, classes: 2 }, half)
    assert.isAbove(found?.score ?? 0, 0.99)
    const ranks = ranksOf(x.map((value) => Math.exp(value / 10)))
    assert.isAbove(measure(binsOf(x), { kind: "ranks", ranks }, half)?.score ?? 0, 0.99)
  })

  it("is chance for a column that says nothing", () => {
    const codes = Int32Array.from(x, (_, row) => (Math.imul(row + 1, 0x9e3779b1) >>> 13) & 1)
    const found = measure(binsOf(x), { kind: "classes", codes, classes: 2 }, half)
    assert.isBelow(Math.abs(found?.z ?? 9), 3)
  })

  it("says nothing of fewer than ten rows in a half, and of one class", () => {
    const few = measure(binsOf(x.subarray(0, 12)), { kind: "ranks", ranks: x.subarray(0, 12) }, half.subarray(0, 12))
    assert.isNull(few)
    assert.isNull(measure(binsOf(x), { kind: "classes", codes: new Int32Array(length), classes: 2 }, half))
  })
})
