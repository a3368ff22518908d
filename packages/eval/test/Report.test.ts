import { assert, it } from "@effect/vitest"
import { Codec } from "@watertight/core"
import { Classification, Metric, Regression, Report } from "@watertight/eval"
import { Effect } from "effect"

const first: Report.Reading = { number: 1, reason: null, previous: [] }

const classified = {
  target: [0, 0, 0, 1, 1, 2, 2, 2, 2, 2],
  prediction: [0, 0, 1, 1, 1, 2, 2, 2, 0, 2],
  baseline: Array.from({ length: 10 }, () => 2)
}

const classification = (levels = ["setosa", "versicolor", "virginica"], reading = first) =>
  Report.classification({
    target: "species",
    result: Metric.collect(Classification.fromCodes(levels), [classified]),
    baseline: { name: "the commonest", comparison: Metric.collect(Classification.comparison, [classified]) },
    reading
  })

const measured = { target: [10, 12, 14, 16], prediction: [11, 12, 13, 15], baseline: [12, 14, 16, 18] }

const regression = Report.regression({
  target: "temperature",
  result: Metric.collect(Regression.metric, [measured]),
  baseline: { name: "same as today", comparison: Metric.collect(Regression.comparison, [measured]) },
  reading: first
})

it.effect("E02 E03 E04 E08 report: a classification as a page", () =>
  Effect.gen(function* () {
    assert.strictEqual(
      Report.toText(yield* classification()),
      `Test of "species" on 10 rows

First reading of these rows.

accuracy  80.00 %  95 % interval 49.02 % to 94.33 %

Against the baseline "the commonest", on the same rows:
  error rate of the baseline  50.00 %
  error rate of the model     20.00 %
  The model saves 30.00 points (60.00 % of it), 95 % interval -11.83 to 71.83. That may be chance.

level             precision  recall      F1  rows
setosa               0.6667  0.6667  0.6667     3
versicolor           0.6667  1.0000  0.8000     2
virginica            1.0000  0.8000  0.8889     5
mean over levels     0.7778  0.8222  0.7852
mean over rows       0.8333  0.8000  0.8044

Confusion (row: truth, column: prediction)
            setosa  versicolor  virginica
setosa           2           1          ·
versicolor       ·           2          ·
virginica        1           ·          4

Most confused
setosa taken for versicolor  1 time     33.33 % of setosa
virginica taken for setosa   1 time  20.00 % of virginica`
    )
  })
)

it.effect("D38 report: a test that is worse than validation by more than chance is told so", () =>
  Effect.gen(function* () {
    const result = Metric.collect(Classification.fromCodes(["no", "yes"]), [
      {
        target: Array.from({ length: 500 }, () => 0),
        prediction: Array.from({ length: 500 }, (_, row) => (row < 50 ? 1 : 0))
      }
    ])
    const of = (validation: { readonly accuracy: number; readonly rows: number }) =>
      Report.classification({ target: "spam", result, reading: first, validation: { ...validation, epochs: 12 } })
    const worse = yield* of({ accuracy: 0.95, rows: 500 })
    assert.isFalse(worse.validation?.isRepresentative)
    assert.closeTo(worse.validation?.difference.value ?? 0, 0.05, 1e-12)
    assert.include(
      Report.toText(worse),
      `Accuracy on validation was 95.00 % of 500 rows:
  TEST IS WORSE. validation is 5.0 percentage points above test (1.7 to 8.3, 95 % confidence): decisions were fitted to the validation rows, or these are not like the test rows.
  It is known to ±1.9 percentage points (95 % confidence): smaller differences between models are noise.
  It is that of the best of 12 epochs, chosen by these rows, which flatters it.`
    )
    const alike = yield* of({ accuracy: 0.92, rows: 100 })
    assert.isTrue(alike.validation?.isRepresentative)
    assert.match(Report.toText(alike), /2\.0 percentage points above test \(.*\): that may be chance\./)
    const better = yield* of({ accuracy: 0.85, rows: 500 })
    assert.isTrue(better.validation?.isRepresentative)
    assert.match(Report.toText(better), /5\.0 percentage points below test \(0\.9\d? to 9\.1/)
    assert.isNull((yield* classification()).validation)
    assert.deepStrictEqual(yield* Report.fromJson(JSON.parse(JSON.stringify(Report.toJson(worse)))), worse)
  })
)

it.effect("D38 report: the same of a regression, by how its errors spread", () =>
  Effect.gen(function* () {
    const off = (by: (row: number) => number, rows: number) =>
      Metric.collect(Regression.metric, [
        { target: Array.from({ length: rows }, () => 0), prediction: Array.from({ length: rows }, (_, row) => by(row)) }
      ])
    const validated = (by: (row: number) => number, rows: number, epochs = 30) =>
      Report.regression({
        target: "fare",
        result: off((row) => (row % 2 === 0 ? 3 : -1), 400),
        reading: first,
        validation: { result: off(by, rows), epochs }
      })
    const worse = yield* validated((row) => (row % 2 === 0 ? 1 : 2), 100)
    assert.isFalse(worse.validation?.isRepresentative)
    assert.closeTo(worse.validation?.difference.value ?? 0, 0.5, 1e-12)
    assert.include(
      Report.toText(worse),
      `The mean absolute error on validation was 1.500 over 100 rows:
  TEST IS WORSE. validation's mean absolute error is 0.5 below that of test (0.36 to 0.64, 95 % confidence): decisions were fitted to the validation rows, or these are not like the test rows.
  It is known to ±0.09849 (95 % confidence): smaller differences between models are noise.
  It is that of the best of 30 epochs, chosen by these rows, which flatters it.`
    )
    assert.deepStrictEqual(yield* Report.fromJson(JSON.parse(JSON.stringify(Report.toJson(worse)))), worse)
    const better = yield* validated((row) => (row % 2 === 0 ? 2 : 3), 10, 1)
    assert.isTrue(better.validation?.isRepresentative)
    assert.match(
      Report.toText(better),
      /0\.5 above that of test \(0\.16 to 0\.84, 95 % confidence\): that may be chance\./
    )
    assert.notInclude(Report.toText(better), "flatters")
    assert.isNull((yield* validated(() => 1, 1)).validation)
    assert.isNull((yield* validated((row) => (row === 0 ? NaN : 1), 9)).validation)
    assert.isNull((yield* regression).validation)
  })
)

it.effect("E02 E08 report: a regression as a page", () =>
  Effect.gen(function* () {
    assert.strictEqual(
      Report.toText(yield* regression),
      `Test of "temperature" on 4 rows

First reading of these rows.

mean absolute error          0.7500
root mean squared error      0.8660
R2                           0.8500
bias (prediction - target)  -0.2500

Against the baseline "same as today", on the same rows:
  mean absolute error of the baseline  2.000
  mean absolute error of the model     0.750
  The model saves 1.250 (62.50 % of it), 95 % interval 0.760 to 1.740. It is better.`
    )
  })
)

it.effect("E08 report: a model behind its baseline is told so", () =>
  Effect.gen(function* () {
    const batch = { target: [0, 0, 0, 0], prediction: [3, 3, 3, 4], baseline: [1, 1, 1, 1] }
    const report = yield* Report.regression({
      target: "t",
      result: Metric.collect(Regression.metric, [batch]),
      baseline: { name: "b", comparison: Metric.collect(Regression.comparison, [batch]) },
      reading: first
    })
    assert.include(
      Report.toText(report),
      "The model saves -2.250 (-225.00 % of it), 95 % interval -2.740 to -1.760. It is WORSE."
    )
    assert.include(Report.toText(report), "R2                          undefined: the target does not vary")
  })
)

it.effect("E08 report: without a baseline it says what one answer for all rows would come to", () =>
  Effect.gen(function* () {
    const report = { ...(yield* classification()), baseline: null }
    assert.include(
      Report.toText(report),
      `accuracy          80.00 %  95 % interval 49.02 % to 94.33 %
always virginica  50.00 %       the commonest in these rows`
    )
  })
)

it.effect("report: a further reading says so before any figure", () =>
  Effect.gen(function* () {
    const earlier = {
      who: "ada",
      at: "2026-11-01T10:00:00.000Z",
      pipeline: "iris",
      model: "a".repeat(64),
      reported: "accuracy 70.00 %"
    }
    const text = Report.toText(
      yield* classification(undefined, { number: 2, reason: "a bug in the loss", previous: [earlier] })
    )
    assert.strictEqual(
      text.split("\n").slice(2, 5).join("\n"),
      [
        "READING 2 OF THESE ROWS: they are no longer unseen, and these figures may flatter.",
        "Reason given: a bug in the loss",
        "  2026-11-01T10:00:00.000Z ada, pipeline iris, model aaaaaaaa: accuracy 70.00 %"
      ].join("\n")
    )
  })
)

it.effect("report: one line for the ledger", () =>
  Effect.gen(function* () {
    assert.strictEqual(
      Report.summary(yield* classification()),
      "accuracy 80.00 % (95 % interval 49.02 % to 94.33 %) on 10 rows"
    )
    assert.strictEqual(
      Report.summary(yield* regression),
      "mean absolute error 0.7500, root mean squared error 0.8660, R2 0.8500 on 4 rows"
    )
  })
)

it.effect("report: JSON is read back as the same report, anything else refused", () =>
  Effect.gen(function* () {
    for (const report of [yield* classification(), yield* regression]) {
      const json: unknown = JSON.parse(JSON.stringify(Report.toJson(report)))
      assert.deepStrictEqual(yield* Report.fromJson(json), report)
      const error = yield* Effect.flip(Report.fromJson({ ...report, extra: 1 }))
      assert.match(error.message, /extra/)
      yield* Effect.flip(Report.fromJson({ ...report, version: 2 }))
      yield* Effect.flip(Report.fromJson({ ...report, rows: "10" }))
    }
  })
)

it.effect("report: the store keeps it", () =>
  Effect.gen(function* () {
    const report = yield* regression
    assert.strictEqual(Report.codec._tag, "Stored")
    if (Report.codec._tag === "Stored") {
      assert.deepStrictEqual(yield* Report.codec.decode(Report.codec.encode(report)), report)
      yield* Effect.flip(Report.codec.decode({ meta: { kind: "regression" }, blobs: {} })).pipe(
        Effect.tap((error) => Effect.sync(() => assert.instanceOf(error, Codec.ArtifactError)))
      )
    }
  })
)

it.effect("report: what cannot be reported is an error that says why", () =>
  Effect.gen(function* () {
    const report = (batch: Regression.Batch, baseline?: Report.Parts<Regression.Result>["baseline"]) =>
      Effect.flip(
        Report.regression({
          target: "fare",
          result: Metric.collect(Regression.metric, [batch]),
          reading: first,
          ...(baseline === undefined ? {} : { baseline })
        })
      )
    assert.strictEqual(
      (yield* report({ target: [], prediction: [] })).message,
      'No report on "fare": there are no rows.'
    )
    assert.match((yield* report({ target: [1, 2], prediction: [NaN, 1] })).message, /NaN or infinite for 1 of 2 rows/)
    const comparison = Metric.collect(Regression.comparison, [measured])
    const other = yield* report({ target: [1], prediction: [1] }, { name: "mean", comparison })
    assert.match(other.message, /the model has 1 rows and the baseline "mean" 4/)
  })
)

it.effect("report: many levels leave the matrix to the JSON, and odd names stay on their line", () =>
  Effect.gen(function* () {
    const many = Array.from({ length: 21 }, (_, code) => `level ${code}`)
    assert.include(
      Report.toText(yield* classification(many)),
      "The confusion matrix of 21 levels is in the JSON report."
    )
    const odd = Report.toText(yield* classification(["a\nb", "\u001b[31mred", "x".repeat(30)]))
    assert.notInclude(odd, "\u001b")
    assert.include(odd, "a\uFFFDb")
    assert.include(odd, "xxxxxxxxx…")
  })
)

it.effect("D04 D05 D06 report: what cleaning dropped before the split, by reason", () =>
  Effect.gen(function* () {
    const excluded = {
      rows: 12_345,
      steps: [
        { reason: "bad value", rows: 5 },
        { reason: "speed is below 0 or above 200", rows: 0 },
        { reason: "duplicate", rows: 1234 }
      ],
      kept: 11_106
    }
    const empty = { rows: 0, steps: [{ reason: "dupli\ncate", rows: 0 }], kept: 0 }
    const make = (cleaned: Report.Parts<Regression.Result>["excluded"]) =>
      Report.regression({
        target: "temperature",
        result: Metric.collect(Regression.metric, [measured]),
        excluded: cleaned,
        reading: first
      })
    const [page] = Report.toText(yield* make([excluded]))
      .split("\n\n")
      .slice(-1)
    assert.strictEqual(
      page,
      `Rows before the split
  came                           12,345
  bad value                          -5   0.04 %
  speed is below 0 or above 200       0   0.00 %
  duplicate                      -1,234  10.00 %
  kept                           11,106  89.96 %`
    )
    const both = Report.toText(yield* make([excluded, empty]))
    assert.include(both, "Rows of table 1 before the split")
    assert.include(both, "Rows of table 2 before the split\n  came        0\n  dupli\uFFFDcate  0\n  kept        0")
    const report = yield* make([excluded])
    assert.deepStrictEqual(yield* Report.fromJson(JSON.parse(JSON.stringify(Report.toJson(report)))), report)
  })
)
