/**
 * The text of reports.
 */
import { Excluded } from "@watertight/data"
import type { Baseline, ClassificationReport, Reading, RegressionReport, Report } from "../Report.ts"
import { counted, cut, decimalsOf, percent, plain, significant, table } from "./text.ts"

const most = { levels: 20, header: 10 } as const

const summaryOf = (report: Report): string =>
  report.kind === "classification"
    ? `accuracy ${percent(report.accuracy.value)} (95 % interval ${percent(report.accuracy.low)} to ${percent(report.accuracy.high)})`
    : [
        `mean absolute error ${significant(report.meanAbsoluteError)}`,
        `root mean squared error ${significant(report.rootMeanSquaredError)}`,
        report.r2 === null ? "R2 undefined" : `R2 ${significant(report.r2)}`
      ].join(", ")

/** What a report found, in one line. */
export const summary = (report: Report): string => `${summaryOf(report)} on ${counted(report.rows, "row")}`

/** A report as a page. */
export const page = (report: Report): string =>
  [
    [`Test of "${plain(report.target)}" on ${counted(report.rows, "row")}`],
    reading(report.reading),
    report.kind === "classification" ? classificationFigures(report) : regressionFigures(report),
    validation(report),
    ...(report.baseline === null ? [] : [baseline(report, report.baseline)]),
    ...report.excluded.map((each, place) =>
      waterfall(each, report.excluded.length > 1 ? ` of table ${place + 1}` : "")
    ),
    ...(report.kind === "classification" ? [levels(report), confusion(report), confused(report)] : [])
  ]
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"))
    .join("\n\n")

const reading = ({ number, previous, reason }: Reading): ReadonlyArray<string> =>
  number === 1
    ? ["First reading of these rows."]
    : [
        `READING ${number} OF THESE ROWS: they are no longer unseen, and these figures may flatter.`,
        `Reason given: ${reason === null ? "none" : plain(reason)}`,
        ...previous.map((earlier) =>
          plain(
            `  ${earlier.at} ${earlier.who}, pipeline ${earlier.pipeline}, model ${earlier.model.slice(0, 8)}: ${earlier.reported}`
          )
        )
      ]

const classificationFigures = (report: ClassificationReport): ReadonlyArray<string> => {
  const { accuracy, logLoss } = report
  return table([
    ["accuracy", percent(accuracy.value), `95 % interval ${percent(accuracy.low)} to ${percent(accuracy.high)}`],
    ...(report.baseline === null ? [always(report)] : []),
    ...(logLoss === null
      ? []
      : [["log-loss", significant(logLoss), `chance ${significant(Math.log(report.levels.length))}`]])
  ])
}

const measured = (report: Report): string =>
  report.kind === "classification"
    ? `Accuracy on validation was ${percent(report.validation?.accuracy ?? 0)} of`
    : `The mean absolute error on validation was ${significant(report.validation?.meanAbsoluteError ?? 0)} over`

const validation = (report: Report): ReadonlyArray<string> => {
  if (report.validation === null) return []
  const { epochs, halfWidth, isRepresentative, note, rows } = report.validation
  const known =
    report.kind === "classification" ? `${(100 * halfWidth).toPrecision(2)} percentage points` : significant(halfWidth)
  return [
    `${measured(report)} ${counted(rows, "row")}:`,
    `  ${isRepresentative ? "" : "TEST IS WORSE. "}${note}.`,
    `  It is known to ±${known} (95 % confidence): smaller differences between models are noise.`,
    ...(epochs > 1 ? [`  It is that of the best of ${epochs} epochs, chosen by these rows, which flatters it.`] : [])
  ]
}

/** What one answer for all rows comes to. */
const always = ({ classes, rows }: ClassificationReport): ReadonlyArray<string> => {
  const commonest = classes.reduce((a, b) => (b.support > a.support ? b : a))
  return [`always ${cut(plain(commonest.level), 40)}`, percent(commonest.support / rows), "the commonest in these rows"]
}

const regressionFigures = (report: RegressionReport): ReadonlyArray<string> =>
  table([
    ["mean absolute error", significant(report.meanAbsoluteError)],
    ["root mean squared error", significant(report.rootMeanSquaredError)],
    ["R2", report.r2 === null ? "undefined: the target does not vary" : significant(report.r2)],
    ["bias (prediction - target)", significant(report.bias)]
  ])

const baseline = (report: Report, against: Baseline): ReadonlyArray<string> => {
  const { difference, reduction } = against
  const errors = [against.baseline, against.model]
  const gains = [difference.value, difference.low, difference.high]
  const isRate = report.kind === "classification"
  const error = isRate ? "error rate" : "mean absolute error"
  const decimals = isRate ? 2 : decimalsOf(Math.max(...errors))
  const [ofBaseline, ofModel] = errors.map((value) => (isRate ? percent(value) : value.toFixed(decimals)))
  const [saved, low, high] = gains.map((value) => (isRate ? 100 * value : value).toFixed(decimals))
  const share = reduction === null ? "" : ` (${percent(reduction)} of it)`
  return [
    `Against the baseline "${plain(against.name)}", on the same rows:`,
    ...table([
      [`  ${error} of the baseline`, ofBaseline],
      [`  ${error} of the model`, ofModel]
    ]),
    `  The model saves ${saved}${isRate ? " points" : ""}${share}, 95 % interval ${low} to ${high}. ${verdict(difference)}`
  ]
}

const verdict = ({ high, low }: Baseline["difference"]): string =>
  low > 0 ? "It is better." : high < 0 ? "It is WORSE." : "That may be chance."

const waterfall = (excluded: Excluded.Excluded, which: string): ReadonlyArray<string> => [
  `Rows${which} before the split`,
  ...Excluded.toText(excluded)
    .split("\n")
    .map((line) => `  ${line}`)
]

const levels = (report: ClassificationReport): ReadonlyArray<string> => {
  const figures = (scores: { readonly precision: number; readonly recall: number; readonly f1: number }) =>
    [scores.precision, scores.recall, scores.f1].map((figure) => figure.toFixed(4))
  return table([
    ["level", "precision", "recall", "F1", "rows"],
    ...report.classes.map((level) => [plain(level.level), ...figures(level), String(level.support)]),
    ["mean over levels", ...figures(report.macro), ""],
    ["mean over rows", ...figures(report.weighted), ""]
  ])
}

const confusion = (report: ClassificationReport): ReadonlyArray<string> =>
  report.levels.length > most.levels
    ? [`The confusion matrix of ${report.levels.length} levels is in the JSON report.`]
    : [
        "Confusion (row: truth, column: prediction)",
        ...table([
          ["", ...report.levels.map((level) => cut(plain(level), most.header))],
          ...report.confusion.map((counts, truth) => [
            plain(report.levels[truth]),
            ...counts.map((count) => (count === 0 ? "·" : String(count)))
          ])
        ])
      ]

const confused = (report: ClassificationReport): ReadonlyArray<string> =>
  report.confused.length === 0
    ? []
    : [
        "Most confused",
        ...table(
          report.confused.map(({ count, predicted, share, truth }) => [
            `${plain(truth)} taken for ${plain(predicted)}`,
            counted(count, "time"),
            `${percent(share)} of ${plain(truth)}`
          ])
        )
      ]
