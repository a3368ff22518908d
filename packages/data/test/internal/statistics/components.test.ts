import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Components from "../../../src/internal/statistics/components.ts"
import type { Numbers } from "../../../src/RowId.ts"

/** Rows of some width, as many as fill blocks of 128 or eight of them or do not, of every kind of array. */
const cases = fc.record({
  seed: fc.integer({ min: 1 }),
  rows: fc.constantFrom(1, 2, 127, 128, 129, 256, 300, 1024, 1025),
  width: fc.integer({ min: 1, max: 9 }),
  kind: fc.nat(2)
})

const made = ({ kind, rows, seed, width }: Readonly<Record<"kind" | "rows" | "seed" | "width", number>>): Numbers => {
  let state = seed >>> 0
  const drawn = Float64Array.from({ length: rows * width }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  })
  if (kind === 0) return Float32Array.from(drawn)
  return kind === 1 ? Int32Array.from(drawn, (each) => each * 2 ** 31) : Uint8Array.from(drawn, (each) => each * 256)
}

/** In two passes, number by number. */
const plainly = (values: Numbers, width: number) => {
  const rows = values.length / width
  const mean = new Float64Array(width)
  values.forEach((value, at) => (mean[at % width] += value / rows))
  const covariance = Float64Array.from({ length: width * width }, (_, at) => {
    const [i, j] = [Math.floor(at / width), at % width]
    let sum = 0
    for (let row = 0; row < rows; row++)
      sum += (values[row * width + i] - mean[i]) * (values[row * width + j] - mean[j])
    return sum / Math.max(1, rows - 1)
  })
  return { mean, covariance }
}

describe("components.covariance", () => {
  it("is that of two plain passes, of the rows in one part or two, whatever was computed before", () => {
    fc.assert(
      fc.property(cases, fc.nat(300), (given, some) => {
        const cut = some % (given.rows + 1)
        const [values, { width }] = [made(given), given]
        const parts = [values.subarray(0, cut * width), values.subarray(cut * width)].filter(({ length }) => length > 0)
        const found = Components.covariance(parts.map((part) => Components.scatter(part, width)))
        const expected = plainly(values, width)
        const size = Math.max(1e-300, ...expected.covariance.map(Math.abs))
        found.covariance.forEach((entry, at) => assert.closeTo(entry / size, expected.covariance[at] / size, 1e-12))
        found.mean.forEach((entry, at) => assert.closeTo(entry / expected.mean[at], 1, 1e-12))
      }),
      { numRuns: 80 }
    )
  })

  it("keeps small variances of large numbers, and constants have none", () => {
    const width = 3
    const values = Float32Array.from(
      { length: 1000 * width },
      (_, at) => [4096 + ((at * 7) % 16), 4096, 0.1][at % width]
    )
    const { covariance, mean } = Components.covariance([Components.scatter(values, width)])
    const expected = plainly(values, width)
    assert.closeTo(covariance[0] / expected.covariance[0], 1, 1e-12)
    assert.deepStrictEqual([mean[1], mean[2]], [4096, Math.fround(0.1)])
    assert.deepStrictEqual(Array.from(covariance.subarray(1)), Array(8).fill(0))
  })

  it("is not finite where a number is not", () => {
    for (const odd of [NaN, Infinity, -Infinity]) {
      for (const place of [0, 4, 500, 899]) {
        const values = Float32Array.from({ length: 900 }, (_, at) => Math.sin(at))
        values[place] = odd
        const column = place % 3
        assert.isFalse(
          Number.isFinite(Components.covariance([Components.scatter(values, 3)]).covariance[4 * column]),
          `${odd} at ${place}`
        )
        const out = new Float32Array(values.length / 3)
        const isFinite = Components.projectTo(values, [0, 0, 0], [[1, 1, 1]], out)
        assert.deepStrictEqual(
          [isFinite, out.findIndex((each) => !Number.isFinite(each))],
          [false, Math.floor(place / 3)]
        )
      }
    }
  })
})

describe("components.projectTo", () => {
  it("adds products in the numbers' order, bit for bit", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 6 }), (given, count) => {
        const [values, { width }] = [made(given), given]
        const mean = Array.from({ length: width }, (_, at) => Math.sin(at) * 40)
        const along = Array.from({ length: count }, (_, one) => mean.map((_value, at) => Math.cos(one * 10 + at)))
        const expected = Float32Array.from({ length: (values.length / width) * count }, (_, at) => {
          const row = Math.floor(at / count)
          return along[at % count].reduce((sum, each, k) => sum + (values[row * width + k] - mean[k]) * each, 0)
        })
        const out = new Float32Array(expected.length)
        assert.isTrue(Components.projectTo(values, mean, along, out))
        assert.deepStrictEqual(out, expected)
      }),
      { numRuns: 80 }
    )
  })
})
