import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { readFileSync } from "node:fs"
import * as Permutation from "../../../src/internal/statistics/permutation.ts"
import { close, type Numbers } from "../../steps/fixtures.ts"

interface Fixtures {
  readonly x: ReadonlyArray<Numbers>
  readonly y: Numbers
  readonly label: Numbers
  readonly orders: ReadonlyArray<Numbers>
  readonly cases: ReadonlyArray<{
    readonly scoring: "r2" | "neg_mean_squared_error" | "neg_log_loss"
    readonly coefficients: Numbers
    readonly constant: number
    readonly mean: Numbers
    readonly deviation: Numbers
  }>
}
const fixtures: Fixtures = JSON.parse(
  readFileSync(new URL("../../fixtures/permutation_fixtures.json", import.meta.url), "utf8")
)
const rangeOf = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, index) => from + index)
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
const ordersOf = (seed: number, repeats: number, rows: number) =>
  Array.from({ length: repeats }, (_, repeat) => Key.permutation(Key.foldIn(Key.fromSeed(seed), repeat), rows))

describe("permutation importance", () => {
  for (const { coefficients, constant, deviation, mean: expected, scoring } of fixtures.cases) {
    it(`is that of scikit-learn for one linear model, the same orders and ${scoring}`, () => {
      const isClass = scoring === "neg_log_loss"
      const told = isClass ? fixtures.label : fixtures.y
      const losses: Permutation.Losses = (moved) =>
        Float64Array.from(told, (value, row) => {
          const score = coefficients.reduce((sum, coefficient, feature) => {
            return sum + coefficient * fixtures.x[feature][moved?.feature === feature ? moved.order[row] : row]
          }, constant)
          return isClass ? Math.log1p(Math.exp(value === 1 ? -score : score)) : (value - score) ** 2
        })
      const orders = fixtures.orders.map((order) => Uint32Array.from(order))
      const found = Permutation.importances(losses, fixtures.x.length, orders)
      const numbers = Float64Array.from(told)
      const scale = scoring === "r2" ? mean(numbers.map((value) => (value - mean(numbers)) ** 2)) : 1
      close(
        found.map((each) => each.mean / scale),
        expected,
        "mean"
      )
      close(
        found.map((each) => each.deviation / scale),
        deviation,
        "deviation"
      )
    })
  }

  /** Friedman's first function (1991): of ten uniform columns five tell, two of them only together. */
  it("ranks the columns of Friedman's first function by their shares of its variance", () => {
    const rows = 2000
    const uniform = Key.uniform(Key.fromSeed(1), 10 * rows)
    const noise = Key.normal(Key.fromSeed(2), rows)
    const columns = Array.from({ length: 10 }, (_, column) =>
      Float64Array.from({ length: rows }, (__, row) => uniform[10 * row + column])
    )
    const [a, b, c, d, e] = columns
    const values = Float64Array.from(
      noise,
      (each, row) =>
        10 * Math.sin(Math.PI * a[row] * b[row]) + 20 * (c[row] - 0.5) ** 2 + 10 * d[row] + 5 * e[row] + each
    )
    const losses = Permutation.model(
      columns.map((column) => [column]),
      { values },
      rangeOf(0, 1500),
      rangeOf(1500, rows)
    )
    const found = Permutation.importances(losses, 10, ordersOf(3, 5, 500))
    const variance = mean(values.map((value) => (value - mean(values)) ** 2))
    assert.isBelow(mean(losses()) / variance, 0.15)
    const shares = found.map((each) => each.mean / variance)
    // twice the variance that is left when all other columns are known, over that of the target
    const known = [0.52, 0.52, 0.18, 0.67, 0.17]
    known.forEach((share, column) => assert.closeTo(shares[column], share, 0.15, `column ${column}`))
    const [first, second, third] = Array.from(shares.keys()).sort((x, y) => shares[y] - shares[x])
    assert.strictEqual(first, 3)
    assert.deepStrictEqual([second, third].sort(), [0, 1])
    for (const share of shares.slice(5)) assert.isBelow(Math.abs(share), 0.01)
  })

  it("sees what two columns tell only together, of classes too, and counts a feature's columns as one", () => {
    const rows = 1200
    const [p, q, r] = [4, 5, 6].map((seed) => Float64Array.from(Key.uniform(Key.fromSeed(seed), rows)))
    for (const classes of [2, 4]) {
      const values = p.map(
        (value, row) => (value > 0.5 !== q[row] > 0.5 ? 1 : 0) + (classes === 4 && r[row] > 0.5 ? 2 : 0)
      )
      const losses = Permutation.model(
        [[p], [q, r], [r.toReversed()]],
        { values, classes },
        rangeOf(0, 900),
        rangeOf(900, rows)
      )
      assert.isBelow(mean(losses()), 0.35)
      const [one, both, none] = Permutation.importances(losses, 3, ordersOf(7, 5, 300))
      assert.isAbove(one.mean, 0.6)
      assert.isAbove(both.mean, classes === 4 ? one.mean + 0.3 : 0.6)
      assert.isBelow(Math.abs(none.mean), 4 * none.error + 1e-3)
    }
  })

  it("is 0 for a constant, and a class that only scored rows have changes nothing", () => {
    const x = Float64Array.from({ length: 200 }, (_, row) => row % 10)
    const values = x.map((value, row) => (row === 199 ? 3 : value < 5 ? 0 : 2))
    const losses = Permutation.model(
      [[x], [new Float64Array(200)]],
      { values, classes: 4 },
      rangeOf(0, 150),
      rangeOf(150, 200)
    )
    const [told, constant] = Permutation.importances(losses, 2, ordersOf(8, 3, 50))
    assert.isAbove(told.mean, 1)
    assert.deepStrictEqual(constant, { mean: 0, deviation: 0, error: 0 })
    assert.isTrue(losses().every(Number.isFinite))
  })
})
