/** Which labels of a table's rows their nearest neighbours in other folds speak against. */
import { ascending, quantile } from "../internal/statistics/order.ts"
import { type Table, numbers } from "../Table.ts"
import * as ConfidentLearning from "./ConfidentLearning.ts"
import * as OutOfFold from "./OutOfFold.ts"

/** What is judged: rows of a table that have a label, and the same rows as points in the same order. */
export interface Case extends OutOfFold.Folded {
  readonly table: Table
  readonly target: string
}

/** A label that is likely to be wrong: the place among the rows judged, and what it would rather be. */
export interface Suspect {
  readonly place: number
  readonly given: string | number
  readonly likely: string | number
  readonly certainty: number
}

/** What was found. */
export interface Judgement {
  readonly agreement: number
  readonly skipped: string | null
  /** The surest first. */
  readonly suspects: ReadonlyArray<Suspect>
}

/** Agreement below this is slight (Landis and Koch 1977): then neighbours say too little of a label. */
export const leastAgreement = 0.2
/** From how many robust standard deviations on a number is suspicious. */
export const mostDeviations = 5

const ofClasses = (given: Case, levels: ReadonlyArray<string>): Judgement => {
  const values = numbers(given.table, given.target)
  const labels = Int32Array.from(values)
  const classes = levels.length
  const predicted = { labels, classes, probabilities: OutOfFold.probabilities(given, labels, classes) }
  const agreement = ConfidentLearning.agreement(predicted)
  if (!(agreement >= leastAgreement)) {
    const skipped =
      "these features tell the classes apart hardly better than chance, so they tell wrong labels no better"
    return { agreement, skipped, suspects: [] }
  }
  const suspects = ConfidentLearning.find(predicted).suspects.map(({ likely, margin, row }) => ({
    place: row,
    given: levels[labels[row]],
    likely: levels[likely],
    certainty: margin
  }))
  return { agreement, skipped: null, suspects }
}

const medianOf = (values: Float64Array): number => quantile(ascending(values), 0.5)

/** A standard deviation that wrong values do not move: of the median absolute deviation; where that is 0, of the mean one. */
const spreadOf = (values: Float64Array, middle: number): number => {
  const apart = values.map((value) => Math.abs(value - middle))
  const median = medianOf(apart)
  return median > 0 ? 1.482602218505602 * median : 1.2533141373155 * (apart.reduce((a, b) => a + b, 0) / apart.length)
}

const ofNumbers = (given: Case): Judgement => {
  const values = numbers(given.table, given.target)
  const labels = Float64Array.from(values)
  const expected = OutOfFold.expected(given, labels)
  const residuals = labels.map((label, place) => label - expected[place])
  const middle = medianOf(residuals)
  const spread = spreadOf(residuals, middle)
  const whole = spreadOf(labels, medianOf(labels))
  const agreement = whole === 0 ? 0 : Math.max(0, 1 - spread / whole)
  if (spread === 0) return { agreement, skipped: null, suspects: [] }
  const suspects = Array.from(residuals, (residual, place): Suspect => {
    const certainty = Math.abs(residual - middle) / spread
    return { place, given: labels[place], likely: expected[place], certainty }
  })
  return {
    agreement,
    skipped: null,
    suspects: suspects
      .filter(({ certainty }) => certainty >= mostDeviations)
      .sort((a, b) => b.certainty - a.certainty || a.place - b.place)
  }
}

/** Judges the labels of the rows given, by class or as numbers. */
export const of = (given: Case): Judgement => {
  const column = given.table.columns[given.target]
  return column.kind === "category" || column.kind === "optional category"
    ? ofClasses(given, column.levels)
    : ofNumbers(given)
}
