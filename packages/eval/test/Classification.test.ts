import { assert, it } from "@effect/vitest"
import { Law } from "@watertight/core/testing"
import { Classification, Metric } from "@watertight/eval"
import { MetricLaws } from "@watertight/eval/testing"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"

interface Case extends Classification.Scores {
  readonly levels: number
  readonly target: ReadonlyArray<number>
  readonly logits: ReadonlyArray<number>
  readonly codes: ReadonlyArray<number>
  readonly confusion: ReadonlyArray<ReadonlyArray<number>>
  readonly accuracy: number
  readonly classes: ReadonlyArray<Classification.Scores & { readonly support: number }>
  readonly macro: Classification.Scores
  readonly weighted: Classification.Scores
  readonly logLoss: number
}

const { cases }: { readonly cases: ReadonlyArray<Case> } = JSON.parse(
  readFileSync(new URL("./fixtures/classification.json", import.meta.url), "utf8")
)

const levelsOf = (count: number) => Array.from({ length: count }, (_, code) => `level ${code}`)

const names = ["precision", "recall", "f1"] as const

const nearScores = (got: Classification.Scores, expected: Classification.Scores, what: string) =>
  names.forEach((name) => assert.closeTo(got[name], expected[name], 1e-14, `${name} of ${what}`))

for (const [index, expected] of cases.entries()) {
  const levels = levelsOf(expected.levels)
  const fromLogits = () => Metric.collect(Classification.fromLogits(levels), [expected])

  it(`E03 classification: the confusion matrix is scikit-learn's, case ${index}`, () => {
    const batch = { target: expected.target, prediction: expected.codes }
    assert.deepStrictEqual(Metric.collect(Classification.fromCodes(levels), [batch]).confusion, expected.confusion)
    assert.deepStrictEqual(fromLogits().confusion, expected.confusion)
  })

  it(`E02 E04 classification: accuracy, precision, recall and F1 are scikit-learn's, case ${index}`, () => {
    const got = fromLogits()
    assert.closeTo(got.accuracy.value, expected.accuracy, 1e-15)
    expected.classes.forEach((scores, code) => {
      nearScores(got.classes[code], scores, levels[code])
      assert.strictEqual(got.classes[code].support, scores.support)
    })
    nearScores(got.macro, expected.macro, "macro")
    nearScores(got.weighted, expected.weighted, "weighted")
  })

  it(`E02 classification: the log-loss is scikit-learn's, case ${index}`, () => {
    assert.closeTo(fromLogits().logLoss ?? NaN, expected.logLoss, 1e-12)
  })
}

it("E04 classification: what would be 0 / 0 is 0", () => {
  const { classes, macro } = Metric.collect(Classification.fromCodes(["a", "b", "c"]), [
    { target: [0, 0], prediction: [0, 1] }
  ])
  assert.deepStrictEqual(classes[1], { level: "b", precision: 0, recall: 0, f1: 0, support: 0 })
  assert.deepStrictEqual(classes[2], { level: "c", precision: 0, recall: 0, f1: 0, support: 0 })
  assert.closeTo(macro.recall, 0.5 / 3, 1e-15)
})

it("E04 classification: 95 % accuracy does not hide 0 % on a rare class", () => {
  const target = Array.from({ length: 100 }, (_, row) => (row < 5 ? 1 : 0))
  const got = Metric.collect(Classification.fromCodes(["usual", "rare"]), [{ target, prediction: target.map(() => 0) }])
  assert.strictEqual(got.accuracy.value, 0.95)
  assert.deepStrictEqual([got.classes[1].recall, got.macro.recall], [0, 0.5])
})

it("classification: equal logits predict the first level, as argmax", () => {
  const got = Metric.collect(Classification.fromLogits(["a", "b", "c"]), [
    { target: [1, 2], logits: [1, 1, 1, 0, 2, 2] }
  ])
  assert.deepStrictEqual(got.confusion, [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0]
  ])
  assert.deepStrictEqual([...Classification.argmax([1, 1, 1, 0, 2, 2], 3)], [0, 1])
})

it("classification: one logit a row is that of the second of two levels", () => {
  const metric = Classification.fromLogits(["no", "yes"])
  const one = Metric.collect(metric, [{ target: [0, 1, 1], logits: [-1, 2, -0.5] }])
  const two = Metric.collect(metric, [{ target: [0, 1, 1], logits: [0, -1, 0, 2, 0, -0.5] }])
  assert.deepStrictEqual(one, two)
  assert.deepStrictEqual(one.confusion, [
    [1, 0],
    [1, 1]
  ])
})

it("classification: the log-loss stands logits far apart", () => {
  const { logLoss } = Metric.collect(Classification.fromLogits(["a", "b"]), [
    { target: [0, 1], logits: [3e38, 0, 800, 0] }
  ])
  assert.strictEqual(logLoss, 400)
})

it("classification: padding after the rows that count is not read", () => {
  const metric = Classification.fromLogits(["a", "b"])
  const padded = { target: [1, 0, 7], logits: [0, 1, 2, 0, NaN, NaN], rows: 2 }
  assert.deepStrictEqual(
    Metric.collect(metric, [padded]),
    Metric.collect(metric, [{ target: [1, 0], logits: [0, 1, 2, 0] }])
  )
})

it("classification: rows with a logit that is no number are counted, and in no figure", () => {
  const got = Metric.collect(Classification.fromLogits(["a", "b"]), [{ target: [0, 1], logits: [1, 0, NaN, 0] }])
  assert.deepStrictEqual([got.rows, got.nonFinite, got.accuracy.value], [1, 1, 1])
})

it("classification: codes that are none and batches that do not fit throw", () => {
  const metric = Classification.fromCodes(["a", "b"])
  assert.throws(() => Metric.collect(metric, [{ target: [2], prediction: [0] }]), /2 is no code of 2 levels/)
  assert.throws(() => Metric.collect(metric, [{ target: [0], prediction: [-1] }]), RangeError)
  assert.throws(() => Metric.collect(metric, [{ target: [0, 1], prediction: [0] }]), /1 predictions, 2 targets/)
  const logits = Classification.fromLogits(["a", "b", "c"])
  assert.throws(() => Metric.collect(logits, [{ target: [0], logits: [0, 1] }]), RangeError)
})

it("E03 classification: the most confused pairs come first", () => {
  const result = Metric.collect(Classification.fromCodes(["4", "9", "7"]), [
    { target: [0, 0, 0, 0, 1, 1, 2, 2], prediction: [0, 1, 1, 2, 1, 0, 1, 2] }
  ])
  assert.deepStrictEqual(Classification.mostConfused(result, 3), [
    { truth: "4", predicted: "9", count: 2, share: 0.5 },
    { truth: "4", predicted: "7", count: 1, share: 0.25 },
    { truth: "9", predicted: "4", count: 1, share: 0.5 }
  ])
})

it("E08 classification: a comparison is of error rates on the same rows", () => {
  const got = Metric.collect(Classification.comparison, [
    { target: [0, 1, 2, 1], prediction: [0, 1, 2, 0], baseline: [1, 1, 1, 1] }
  ])
  assert.deepStrictEqual(
    [got.rows, got.model, got.baseline, got.difference.value, got.reduction],
    [4, 0.25, 0.5, 0.25, 0.5]
  )
})

const logit = fc.oneof(fc.float({ noNaN: true, min: -20, max: 20 }), fc.constantFrom(0, 1e30, -1e30, NaN))
const row = fc.record({ target: fc.nat(2), logits: fc.tuple(logit, logit, logit) })

it.effect("classification keeps the laws of metrics", () =>
  Law.checkAll(
    [
      ...MetricLaws.laws({
        metric: Classification.fromLogits(levelsOf(3)),
        rows: fc.array(row, { maxLength: 12 }),
        batch: (rows) => ({ target: rows.map((r) => r.target), logits: rows.flatMap((r) => r.logits) })
      }),
      ...MetricLaws.laws({
        metric: Classification.fromCodes(levelsOf(3)),
        rows: fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 12 }),
        batch: (rows) => ({ target: rows.map(([target]) => target), prediction: rows.map(([, code]) => code) })
      })
    ],
    { runs: Number(process.env.WATERTIGHT_RUNS ?? 100) }
  )
)
