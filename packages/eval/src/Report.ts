/**
 * What one reading of the test rows found: figures with their uncertainty, the baseline on the same rows, and how often
 * these rows have been read. A report is data with a schema, kept as JSON; `toText` is the page a person reads.
 */
import { Codec, Ledger } from "@watertight/core"
import { Excluded, Split } from "@watertight/data"
import { Effect, Schema } from "effect"
import * as Classification from "./Classification.ts"
import type { Comparison } from "./Compare.ts"
import * as render from "./internal/report.ts"
import type * as Regression from "./Regression.ts"

const Interval = Schema.Struct({ value: Schema.Finite, low: Schema.Finite, high: Schema.Finite })

/** Which reading of the test rows a report is of. The ledger's `Opening` is one. */
export const Reading = Schema.Struct({
  /** 1 for the first. */
  number: Schema.Int,
  /** Why a further reading was wanted. */
  reason: Schema.NullOr(Schema.String),
  previous: Schema.Array(Ledger.Reading)
})

/** Which reading of the test rows a report is of. */
export type Reading = typeof Reading.Type

/** A baseline on the same rows: mean errors, and the baseline's minus the model's with its paired 95 % interval. */
export const Baseline = Schema.Struct({
  name: Schema.String,
  model: Schema.Finite,
  baseline: Schema.Finite,
  difference: Interval,
  reduction: Schema.NullOr(Schema.Finite)
})

/** A baseline on the same rows. */
export type Baseline = typeof Baseline.Type

const compared = {
  rows: Schema.Int,
  /** Of so many epochs the one was kept that did best on these rows: more than one flatter. */
  epochs: Schema.Int,
  /** Half of the 95 % interval of what was measured on these rows: smaller differences between models are noise. */
  halfWidth: Schema.Finite,
  /** How much better validation was than test, with its 95 % interval. */
  difference: Interval,
  /** Whether the difference may be chance, or is in favour of test. */
  isRepresentative: Schema.Boolean,
  /** The same as a sentence. */
  note: Schema.String
}

/**
 * The accuracy on the validation rows at the epoch that was kept, how exactly it is known, and whether test is worse by more
 * than chance (Newcombe 1998).
 */
export const Validation = Schema.Struct({ accuracy: Schema.Finite, ...compared })

/** The accuracy on validation against that on test. */
export type Validation = typeof Validation.Type

/** The same of the mean absolute error (Welch 1938). */
export const ErrorValidation = Schema.Struct({ meanAbsoluteError: Schema.Finite, ...compared })

/** The mean absolute error on validation against that on test. */
export type ErrorValidation = typeof ErrorValidation.Type

const scores = { precision: Schema.Finite, recall: Schema.Finite, f1: Schema.Finite }

/** A report on predictions of a category. See `Classification.Result` for the figures; the baseline's errors are error rates. */
export const ClassificationReport = Schema.Struct({
  kind: Schema.Literal("classification"),
  version: Schema.Literal(1),
  target: Schema.String,
  rows: Schema.Int,
  levels: Schema.Array(Schema.String),
  accuracy: Interval,
  logLoss: Schema.NullOr(Schema.Finite),
  classes: Schema.Array(Schema.Struct({ level: Schema.String, ...scores, support: Schema.Int })),
  macro: Schema.Struct(scores),
  weighted: Schema.Struct(scores),
  confusion: Schema.Array(Schema.Array(Schema.Int)),
  confused: Schema.Array(
    Schema.Struct({ truth: Schema.String, predicted: Schema.String, count: Schema.Int, share: Schema.Finite })
  ),
  /** Null where the training's record does not tell. */
  validation: Schema.NullOr(Validation),
  baseline: Schema.NullOr(Baseline),
  excluded: Schema.Array(Excluded.Excluded),
  reading: Reading
})

/** A report on predictions of a category. */
export type ClassificationReport = typeof ClassificationReport.Type

/** A report on predictions of a number. See `Regression.Result` for the figures; the baseline's errors are absolute. */
export const RegressionReport = Schema.Struct({
  kind: Schema.Literal("regression"),
  version: Schema.Literal(1),
  target: Schema.String,
  rows: Schema.Int,
  meanAbsoluteError: Schema.Finite,
  rootMeanSquaredError: Schema.Finite,
  r2: Schema.NullOr(Schema.Finite),
  bias: Schema.Finite,
  /** Null where the training's rows are not known, or are fewer than two. */
  validation: Schema.NullOr(ErrorValidation),
  baseline: Schema.NullOr(Baseline),
  excluded: Schema.Array(Excluded.Excluded),
  reading: Reading
})

/** A report on predictions of a number. */
export type RegressionReport = typeof RegressionReport.Type

/** A report. */
export const Report = Schema.Union([ClassificationReport, RegressionReport])

/** A report. */
export type Report = typeof Report.Type

/** There is nothing to report. */
export class ReportError extends Schema.TaggedError<ReportError>()("ReportError", {
  target: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `No report on "${this.target}": ${this.reason}.`
  }
}

/** What a report is made of. */
export interface Parts<Result> {
  /** The name of the target column. */
  readonly target: string
  readonly result: Result
  readonly baseline?: { readonly name: string; readonly comparison: Comparison }
  /** What cleaning dropped before the split, for each table that was cleaned. */
  readonly excluded?: ReadonlyArray<Excluded.Excluded>
  readonly reading: Reading
}

/** What a report of a classification is made of. */
export interface ClassificationParts extends Parts<Classification.Result> {
  /** What the model's training measured on the validation rows. */
  readonly validation?: { readonly accuracy: number; readonly rows: number; readonly epochs: number }
}

/** What a report of a regression is made of. */
export interface RegressionParts extends Parts<Regression.Result> {
  /** What the model comes to on the validation rows of its training. */
  readonly validation?: { readonly result: Regression.Result; readonly epochs: number }
}

type Counted = { readonly rows: number; readonly nonFinite: number }

const common = Effect.fnUntraced(function* ({ baseline, excluded = [], reading, result, target }: Parts<Counted>) {
  const refuse = (reason: string) => new ReportError({ target, reason })
  const { nonFinite, rows } = result
  if (nonFinite > 0) {
    return yield* refuse(`the model's output is NaN or infinite for ${nonFinite} of ${rows + nonFinite} rows`)
  }
  if (rows === 0) return yield* refuse("there are no rows")
  if (baseline !== undefined && baseline.comparison.rows !== rows) {
    return yield* refuse(`the model has ${rows} rows and the baseline "${baseline.name}" ${baseline.comparison.rows}`)
  }
  if (baseline !== undefined && rows < 2) return yield* refuse("a comparison with a baseline needs two rows")
  return {
    version: 1 as const,
    target,
    rows,
    baseline: baseline === undefined ? null : toBaseline(baseline.name, baseline.comparison),
    excluded,
    reading: { number: reading.number, reason: reading.reason, previous: reading.previous }
  }
})

const toBaseline = (name: string, { baseline, difference, model, reduction }: Comparison): Baseline => ({
  name,
  model,
  baseline,
  difference,
  reduction
})

const toCompared = ({ difference, interval: [low, high], isRepresentative, note }: Split.Representativeness) => ({
  difference: { value: difference, low, high },
  isRepresentative,
  note
})

const toValidation = (
  { accuracy, epochs, rows }: NonNullable<ClassificationParts["validation"]>,
  test: Classification.Result
): Validation => ({
  accuracy,
  rows,
  epochs,
  halfWidth: Split.resolution(rows, { rate: accuracy }).halfWidth,
  ...toCompared(
    Split.representativeness({
      validation: { rate: accuracy, rows },
      test: { rate: test.accuracy.value, rows: test.rows }
    })
  )
})

const errorsOf = ({ deviation, meanAbsoluteError, rows }: Regression.Result): Split.Errors => ({
  mean: meanAbsoluteError,
  deviation,
  rows
})

const toErrorValidation = (
  { epochs, result }: NonNullable<RegressionParts["validation"]>,
  test: Regression.Result
): ErrorValidation | null => {
  if (result.rows < 2 || test.rows < 2 || result.nonFinite > 0) return null
  const validation = errorsOf(result)
  return {
    meanAbsoluteError: validation.mean,
    rows: result.rows,
    epochs,
    halfWidth: Split.errorResolution(validation).halfWidth,
    ...toCompared(Split.errorRepresentativeness({ validation, test: errorsOf(test) }))
  }
}

/**
 * Makes the report of a classification. Fails with `ReportError` when there are no rows, when a logit is NaN or infinite,
 * and when the baseline was measured on other rows.
 */
export const classification = (parts: ClassificationParts): Effect.Effect<ClassificationReport, ReportError> =>
  Effect.map(common(parts), (shared) => {
    const { accuracy, classes, confusion, levels, logLoss, macro, weighted } = parts.result
    const confused = Classification.mostConfused(parts.result, 10)
    return {
      kind: "classification",
      ...shared,
      levels,
      accuracy,
      logLoss,
      classes,
      macro,
      weighted,
      confusion,
      confused,
      validation: parts.validation === undefined ? null : toValidation(parts.validation, parts.result)
    }
  })

/**
 * Makes the report of a regression. Fails with `ReportError` when there are no rows, when a prediction is NaN or
 * infinite, and when the baseline was measured on other rows.
 */
export const regression = (parts: RegressionParts): Effect.Effect<RegressionReport, ReportError> =>
  Effect.map(common(parts), (shared) => {
    const { bias, meanAbsoluteError, r2, rootMeanSquaredError } = parts.result
    const validation = parts.validation === undefined ? null : toErrorValidation(parts.validation, parts.result)
    return { kind: "regression", ...shared, meanAbsoluteError, rootMeanSquaredError, r2, bias, validation }
  })

/** Keeps reports as JSON. */
export const codec: Codec.Codec<Report> = Codec.json("report", Report, { show: (report) => toText(report) })

/** Writes a report as JSON. */
export const toJson: (report: Report) => Schema.Json = Schema.encodeSync(Report)

/** Reads a report from JSON: unknown keys are refused, all errors are told. */
export const fromJson = (json: unknown): Effect.Effect<Report, Schema.SchemaError> =>
  Schema.decodeUnknownEffect(Report)(json, { onExcessProperty: "error", errors: "all" })

/**
 * Says in one line what a report found: what the ledger remembers of a reading.
 *
 * @example
 * import { Metric, Regression, Report } from "@watertight/eval"
 * import { Effect } from "effect"
 * const result = Metric.collect(Regression.metric, [{ target: [1, 2], prediction: [2, 2] }])
 * const reading = { number: 1, reason: null, previous: [] }
 * const report = Effect.runSync(Report.regression({ target: "fare", result, reading }))
 * Report.summary(report) // => "mean absolute error 0.5000, root mean squared error 0.7071, R2 -1.000 on 2 rows"
 */
export const summary = (report: Report): string => render.summary(report)

/**
 * Writes a report as a page of plain text: figures, the baseline, what cleaning dropped, a table of levels, the confusion matrix (up to 20
 * levels; the JSON has it in full), the most confused pairs, and which reading of the test rows it is.
 */
export const toText = (report: Report): string => render.page(report)
