import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Float64 from "../../../src/internal/statistics/float64.ts"

/** Lengths around those of rounds of 8 and 64 numbers and of blocks of 4096. */
const lengths = [1, 2, 7, 8, 9, 63, 64, 65, 200, 4095, 4096, 4097, 8192, 8261]

/** Numbers of a length: ordinary ones, few different ones, or ones of any size. */
const cases = fc.record({ seed: fc.integer({ min: 1 }), length: fc.constantFrom(...lengths), kind: fc.nat(2) })

const made = ({ kind, length, seed }: { readonly kind: number; readonly length: number; readonly seed: number }) => {
  let state = seed >>> 0
  const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const few = [0, -0, 1, -1, 1e-300]
  const makers = [() => draw() - 0.3, () => few[Math.floor(draw() * few.length)], () => 10 ** (200 * draw()) - 1e100]
  return Float64Array.from({ length }, makers[kind])
}

const runs = { numRuns: 60 }
const bits = (values: Float64Array | Float32Array | Int32Array) =>
  new Uint8Array(values.buffer.slice(0), 0, values.byteLength)

/** What the documentation of `lanes.moments` says, number by number. */
const plainly = (values: Float64Array) => {
  const [sums, deviations, squares] = [new Float64Array(64), new Float64Array(64), new Float64Array(64)]
  const total = (lanes: Float64Array) => lanes.reduce((sum, lane) => sum + lane, 0)
  values.forEach((value, at) => (sums[at % 64] += value - values[0]))
  const mean = values[0] + total(sums) / values.length
  values.forEach((value, at) => {
    deviations[at % 64] += value - mean
    squares[at % 64] += (value - mean) ** 2
  })
  const square = total(squares) - total(deviations) ** 2 / values.length
  return { mean, variance: Math.max(0, square / values.length) }
}

describe("float64: sums and extremes", () => {
  it("are those of plain loops over 64 lanes, bit for bit", () => {
    fc.assert(
      fc.property(cases, (given) => {
        const values = made(given)
        const { mean, variance } = plainly(values)
        assert.deepStrictEqual([Float64.mean(values), Float64.variance(values, mean)], [mean, variance])
        const { isFinite, max, min } = Float64.range(values)
        assert.isTrue(isFinite)
        assert.deepStrictEqual(
          [min + 0, max + 0],
          [values.reduce((a, b) => Math.min(a, b)) + 0, values.reduce((a, b) => Math.max(a, b)) + 0]
        )
      }),
      runs
    )
  })

  it("NaN and infinity are found at every place, and equal numbers are exactly their mean", () => {
    for (const length of lengths) {
      const values = new Float64Array(length).fill(0.1)
      assert.deepStrictEqual([Float64.mean(values), Float64.variance(values, 0.1)], [0.1, 0])
      for (const place of [0, length >> 1, length - 1]) {
        for (const odd of [NaN, Infinity, -Infinity]) {
          const poisoned = values.slice()
          poisoned[place] = odd
          assert.isFalse(Float64.isFinite(poisoned), `${odd} at ${place} of ${length}`)
          assert.isFalse(Float64.range(poisoned).isFinite)
          assert.isFalse(Float64.normalize(poisoned, 0, 1, new Float64Array(length)))
          assert.isFalse(Float64.search(poisoned, [1], new Int32Array(length)))
          assert.isFalse(Number.isFinite(Float64.mean(poisoned)))
        }
      }
      assert.isTrue(Float64.isFinite(values))
    }
  })
})

describe("float64: column to column", () => {
  it("is what the formula says of each number", () => {
    fc.assert(
      fc.property(cases, fc.double({ noNaN: true }), (given, by) => {
        const values = made(given)
        const out = new Float64Array(values.length)
        const scaled = values.map((value) => (value - 0.3) / 0.7)
        assert.strictEqual(Float64.normalize(values, 0.3, 0.7, out), scaled.every(Number.isFinite))
        assert.deepStrictEqual(bits(out), bits(scaled))
        const missing = values.map((value, at) => (at % 3 === 1 ? Number.NaN : value))
        Float64.fill(missing, by, out)
        assert.deepStrictEqual(bits(out), bits(values.map((value, at) => (at % 3 === 1 ? by : value))))
        Float64.mark(missing, out.fill(0))
        assert.deepStrictEqual(
          out,
          values.map((_, at) => (at % 3 === 1 ? 1 : 0))
        )
        const present = missing.filter((value) => !Number.isNaN(value))
        assert.deepStrictEqual(Float64.present(missing).slice(), present)
        assert.strictEqual(Float64.meanOfPresent(missing), Float64.mean(present))
      }),
      runs
    )
  })

  it("has no mean where all is missing, and writes no indicators where nothing is", () => {
    assert.isNaN(Float64.meanOfPresent(new Float64Array(5000).fill(Number.NaN)))
    const [values, out] = [new Float64Array(3 * 4096), new Float64Array(3 * 4096).fill(7)]
    values[5000] = Number.NaN
    Float64.mark(values, out)
    assert.deepStrictEqual([out[4095], out[4096], out[5000], out[8191], out[8192]], [7, 0, 1, 0, 7])
  })

  it("counts numbers by their first 16 bits, and copies those of some", () => {
    fc.assert(
      fc.property(cases, (given) => {
        const values = made(given)
        const wordOf = (at: number) => new DataView(values.buffer).getUint16(8 * at + 6, true)
        const counts = new Uint32Array(2 ** 16)
        values.forEach((_, at) => counts[wordOf(at)]++)
        assert.deepStrictEqual(Float64.tally(values).slice(), counts)
        const words = [...new Set([...values.keys()].map(wordOf))].slice(0, 3)
        const some = values.filter((_, at) => words.includes(wordOf(at)))
        assert.deepStrictEqual(Float64.gather(values, words, some.length).slice(), some)
      }),
      runs
    )
  })

  it("finds places among bounds, few and more than there was room for", () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0, 1, 2, 3, 4, 9, 32, 33, 1000, 20_000), (given, count) => {
        const values = made(given)
        const bounds = Array.from({ length: count }, (_, at) => Math.floor(at / 2) / count - 0.2)
        const found = new Int32Array(values.length)
        assert.isTrue(Float64.search(values, bounds, found))
        const expected = values.map((value) => {
          const first = bounds.findIndex((bound) => bound > value)
          return first < 0 ? count : first
        })
        assert.deepStrictEqual([...found], [...expected])
      }),
      { numRuns: 40 }
    )
  })

  it("writes shares of one group and leaves the others alone", () => {
    const values = Float32Array.of(-1, 50, 0, 50, 0.5, 50, 1, 50, 2.5, 50, 4, 50, 9, 50)
    const out = new Float32Array(values.length).fill(7)
    Float64.shares(values, { groups: 2, group: 0, bounds: [0, 1, 4], ties: [0.25, 0.75, 0.875] }, undefined, out)
    assert.deepStrictEqual([...out], [0, 7, 0.25, 7, 0.25, 7, 0.75, 7, 0.75, 7, 0.875, 7, 1, 7])
    Float64.shares(
      values,
      { groups: 2, group: 1, bounds: [0, 100], ties: [0, 1] },
      (share, value) => share + value,
      out
    )
    assert.strictEqual(out[1], 50.5)
  })
})
