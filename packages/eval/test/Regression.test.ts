import { assert, it } from "@effect/vitest"
import { Law } from "@watertight/core/testing"
import { Compare, Metric, Regression } from "@watertight/eval"
import { MetricLaws } from "@watertight/eval/testing"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"

interface Case {
  readonly target: ReadonlyArray<number>
  readonly prediction: ReadonlyArray<number>
  readonly baseline: ReadonlyArray<number>
  readonly meanAbsoluteError: number
  readonly rootMeanSquaredError: number
  readonly r2: number
  readonly exactR2: number
  readonly bias: number
  readonly baselineError: number
  readonly difference: { readonly value: number; readonly low: number; readonly high: number }
}

const { cases }: { readonly cases: ReadonlyArray<Case> } = JSON.parse(
  readFileSync(new URL("./fixtures/regression.json", import.meta.url), "utf8")
)

const runs = { runs: Number(process.env.WATERTIGHT_RUNS ?? 100) }

const near = (got: number, expected: number, what: string) =>
  assert.closeTo(got, expected, 1e-12 * Math.max(1, Math.abs(expected)), what)

for (const [index, expected] of cases.entries()) {
  it(`E02 regression: MAE, RMSE, R2 and bias are scikit-learn's, case ${index}`, () => {
    const got = Metric.collect(Regression.metric, [expected])
    near(got.meanAbsoluteError, expected.meanAbsoluteError, "mean absolute error")
    near(got.rootMeanSquaredError, expected.rootMeanSquaredError, "root mean squared error")
    const errors = expected.target.map((target, row) => Math.abs(expected.prediction[row] - target))
    const squares = errors.reduce((sum, error) => sum + (error - expected.meanAbsoluteError) ** 2, 0)
    near(got.deviation, Math.sqrt(squares / (errors.length - 1)), "deviation")
    near(got.r2 ?? NaN, expected.r2, "R2")
    near(got.bias, expected.bias, "bias")
    assert.deepStrictEqual([got.rows, got.nonFinite], [expected.target.length, 0])
  })

  it(`E08 regression: the comparison with a baseline is NumPy's, case ${index}`, () => {
    const got = Metric.collect(Regression.comparison, [expected])
    near(got.model, expected.meanAbsoluteError, "model")
    near(got.baseline, expected.baselineError, "baseline")
    near(got.difference.value, expected.difference.value, "difference")
    near(got.difference.low, expected.difference.low, "low")
    near(got.difference.high, expected.difference.high, "high")
  })
}

it("E02 regression: R2 does not cancel for targets far from 0", () => {
  for (const { exactR2, prediction, target } of cases) {
    const got = Metric.collect(Regression.metric, [{ target, prediction }]).r2 ?? NaN
    assert.closeTo(got, exactR2, 1e-12 * Math.max(1, Math.abs(exactR2)))
  }
})

it("E02 regression: a target that does not vary has no R2", () => {
  assert.isNull(Metric.collect(Regression.metric, [{ target: [0.1, 0.1, 0.1], prediction: [0, 0, 1] }]).r2)
})

it("regression: predictions that are no numbers are counted, and in no figure", () => {
  const got = Metric.collect(Regression.metric, [{ target: [1, 2, 3], prediction: [1, NaN, Infinity] }])
  assert.deepStrictEqual([got.rows, got.nonFinite, got.meanAbsoluteError], [1, 2, 0])
})

it("regression: padding after the rows that count is not read", () => {
  const got = Metric.collect(Regression.metric, [{ target: [1, 2, 9], prediction: [2, 3, NaN], rows: 2 }])
  assert.deepStrictEqual([got.rows, got.bias], [2, 1])
})

it("regression: batches that do not fit throw", () => {
  assert.throws(
    () => Metric.collect(Regression.metric, [{ target: [1], prediction: [1, 2] }]),
    /2 predictions, 1 targets/
  )
  assert.throws(() => Metric.collect(Compare.errors, [{ model: [1], baseline: [] }]), RangeError)
})

it("E08 compare: a baseline without errors leaves nothing to save", () => {
  assert.isNull(Metric.collect(Compare.errors, [{ model: [1, 2], baseline: [0, 0] }]).reduction)
})

const number = fc.oneof(
  fc.double({ noNaN: true, min: -1e3, max: 1e3 }),
  fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
  fc.constantFrom(0.1, 1e16, -1e16, 1e-200, 1e200)
)

it.effect("regression keeps the laws of metrics", () =>
  Law.checkAll(
    MetricLaws.laws({
      metric: Regression.metric,
      rows: fc.array(fc.tuple(number, fc.oneof(number, fc.constant(NaN))), { maxLength: 12 }),
      batch: (rows) => ({ target: rows.map(([target]) => target), prediction: rows.map(([, value]) => value) })
    }),
    runs
  )
)

it.effect("a comparison keeps the laws of metrics", () =>
  Law.checkAll(
    MetricLaws.laws({
      metric: Compare.errors,
      rows: fc.array(fc.tuple(number, number), { maxLength: 12 }),
      batch: (rows) => ({ model: rows.map(([model]) => model), baseline: rows.map(([, baseline]) => baseline) })
    }),
    runs
  )
)
