/**
 * How well predictions of categories do: everything that follows from counting which level was predicted for which, and
 * the log-loss where there are logits. Counts are integers and the log-loss is summed exactly, so the figures are the
 * same bits for any cutting of the stream and any order of its rows.
 */
import * as Compare from "./Compare.ts"
import * as Interval from "./Interval.ts"
import * as ExactSum from "./internal/ExactSum.ts"
import * as Metric from "./Metric.ts"

/** True and predicted codes of the same rows. The first `rows` count; all when it is left out. */
export interface Codes {
  readonly target: ArrayLike<number>
  readonly prediction: ArrayLike<number>
  readonly rows?: number
}

/** True codes, and logits `[rows, levels]` in row-major order; for two levels also `[rows]`, the logit of level 1. */
export interface Logits {
  readonly target: ArrayLike<number>
  readonly logits: ArrayLike<number>
  readonly rows?: number
}

/** Figures of one level, or averages over levels. */
export interface Scores {
  /** The share of rows predicted as this level that are. */
  readonly precision: number
  /** The share of this level's rows that are predicted so. */
  readonly recall: number
  /** The harmonic mean of the two. */
  readonly f1: number
}

/** Figures of one level, and how many rows it has. */
export interface Level extends Scores {
  readonly level: string
  readonly support: number
}

/** A level that was taken for another. */
export interface Confused {
  readonly truth: string
  readonly predicted: string
  readonly count: number
  /** The share of the true level's rows. */
  readonly share: number
}

/** What a classification comes to. A figure that would be 0 / 0 is 0, as with scikit-learn's `zero_division=0`. */
export interface Result {
  readonly rows: number
  /** Rows with a logit that is NaN or infinite; they are in no other figure. */
  readonly nonFinite: number
  readonly levels: ReadonlyArray<string>
  /** How often each level (row) was predicted as each (column). */
  readonly confusion: ReadonlyArray<ReadonlyArray<number>>
  /** The share of rows predicted right, with Wilson's 95 % interval. */
  readonly accuracy: Interval.Interval
  readonly classes: ReadonlyArray<Level>
  /** The plain mean over levels: every level counts alike, however rare. */
  readonly macro: Scores
  /** The mean over levels weighted by support. */
  readonly weighted: Scores
  /** The mean of -log(probability of the true level), in nats; `null` without logits. */
  readonly logLoss: number | null
}

/** What the metrics keep. */
export interface State {
  /** Counts, row-major, truth by prediction. */
  readonly confusion: Float64Array
  readonly nonFinite: number
  readonly surprise: ExactSum.ExactSum
}

const rowsOf = (target: ArrayLike<number>, predictions: number, rows = target.length): number => {
  if (predictions !== target.length || rows > target.length) {
    throw new RangeError(`Classification: ${predictions} predictions, ${target.length} targets, ${rows} rows`)
  }
  return rows
}

const placeOf = (levels: number, truth: number, predicted: number): number => {
  for (const code of [truth, predicted]) {
    if (!(Number.isInteger(code) && code >= 0 && code < levels)) {
      throw new RangeError(`Classification: ${code} is no code of ${levels} levels`)
    }
  }
  return truth * levels + predicted
}

const make = <Batch>(
  levels: ReadonlyArray<string>,
  logLoss: boolean,
  update: (state: State, batch: Batch) => State
): Metric.Metric<Batch, State, Result> => ({
  init: { confusion: new Float64Array(levels.length ** 2), nonFinite: 0, surprise: ExactSum.empty },
  update,
  merge: (left, right) => ({
    confusion: left.confusion.map((count, place) => count + right.confusion[place]),
    nonFinite: left.nonFinite + right.nonFinite,
    surprise: ExactSum.merge(left.surprise, right.surprise)
  }),
  result: (state) => toResult(levels, logLoss, state)
})

/**
 * Measures predicted codes. A code that is no place in `levels` throws a `RangeError`.
 *
 * @example
 * import { Classification, Metric } from "@watertight/eval"
 * const metric = Classification.fromCodes(["rain", "sun"])
 * Metric.collect(metric, [{ target: [0, 0, 1], prediction: [0, 1, 1] }]).confusion // => [[1, 1], [0, 1]]
 */
export const fromCodes = (levels: ReadonlyArray<string>): Metric.Metric<Codes, State, Result> =>
  make(levels, false, (state, { prediction, rows, target }) => {
    const count = rowsOf(target, prediction.length, rows)
    const confusion = state.confusion.slice()
    for (let row = 0; row < count; row++) confusion[placeOf(levels.length, target[row], prediction[row])]++
    return { ...state, confusion }
  })

/**
 * Measures logits: a row is predicted as the level of its largest logit, the first of equals. The log-loss is that of
 * their softmax, in float64.
 *
 * @example
 * import { Classification, Metric } from "@watertight/eval"
 * const metric = Classification.fromLogits(["rain", "sun"])
 * Metric.collect(metric, [{ target: [0, 1], logits: [0, 0, 0, 0] }]).logLoss // => Math.LN2
 */
export const fromLogits = (levels: ReadonlyArray<string>): Metric.Metric<Logits, State, Result> =>
  make(levels, true, (state, batch) => {
    const { target } = batch
    const logits = levels.length === 2 && batch.logits.length === target.length ? pairs(batch.logits) : batch.logits
    const count = rowsOf(target, logits.length / levels.length, batch.rows)
    const confusion = state.confusion.slice()
    const surprise = ExactSum.adder(state.surprise)
    let nonFinite = 0
    for (let row = 0; row < count; row++) {
      const at = row * levels.length
      if (!allFinite(logits, at, levels.length)) {
        nonFinite++
        continue
      }
      const predicted = largest(logits, at, levels.length)
      confusion[placeOf(levels.length, target[row], predicted)]++
      surprise.add(
        logSumExp(logits, at, levels.length, predicted) + (logits[at + predicted] - logits[at + target[row]])
      )
    }
    return { confusion, nonFinite: state.nonFinite + nonFinite, surprise: surprise.sum() }
  })

/** Two levels from the logit of the second: the other's is 0. */
const pairs = (logits: ArrayLike<number>): Float64Array => {
  const both = new Float64Array(2 * logits.length)
  for (let row = 0; row < logits.length; row++) both[2 * row + 1] = logits[row]
  return both
}

const allFinite = (logits: ArrayLike<number>, at: number, levels: number): boolean => {
  for (let level = 0; level < levels; level++) if (!Number.isFinite(logits[at + level])) return false
  return true
}

/** The first of the largest. */
const largest = (logits: ArrayLike<number>, at: number, levels: number): number => {
  let best = 0
  for (let level = 1; level < levels; level++) if (logits[at + level] > logits[at + best]) best = level
  return best
}

/** The logarithm of the sum of exponentials, less the largest logit, which contributes 1. */
const logSumExp = (logits: ArrayLike<number>, at: number, levels: number, best: number): number => {
  let others = 0
  for (let level = 0; level < levels; level++) {
    if (level !== best) others += Math.exp(logits[at + level] - logits[at + best])
  }
  return Math.log1p(others)
}

const ratio = (numerator: number, denominator: number): number => (denominator === 0 ? 0 : numerator / denominator)

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

const toResult = (levels: ReadonlyArray<string>, withLogLoss: boolean, state: State): Result => {
  const confusion = levels.map((_, truth) => [
    ...state.confusion.subarray(truth * levels.length, (truth + 1) * levels.length)
  ])
  const classes = levels.map((level, code): Level => {
    const support = sum(confusion[code])
    const predicted = sum(confusion.map((row) => row[code]))
    const right = confusion[code][code]
    return {
      level,
      precision: ratio(right, predicted),
      recall: ratio(right, support),
      f1: ratio(2 * right, predicted + support),
      support
    }
  })
  const rows = sum(classes.map(({ support }) => support))
  const right = sum(confusion.map((row, code) => row[code]))
  return {
    rows,
    nonFinite: state.nonFinite,
    levels,
    confusion,
    accuracy: Interval.wilson(right, rows),
    classes,
    macro: average(classes, () => 1),
    weighted: average(classes, ({ support }) => support),
    logLoss: withLogLoss ? ExactSum.value(state.surprise) / rows : null
  }
}

const average = (classes: ReadonlyArray<Level>, weight: (level: Level) => number): Scores => {
  const total = sum(classes.map(weight))
  const mean = (name: keyof Scores) => ratio(sum(classes.map((level) => weight(level) * level[name])), total)
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") }
}

/**
 * Lists the levels most often taken for another, most frequent first; pairs of one count in the order of their levels.
 *
 * @example
 * import { Classification, Metric } from "@watertight/eval"
 * const batches = [{ target: [0, 0, 1], prediction: [0, 1, 1] }]
 * const result = Metric.collect(Classification.fromCodes(["rain", "sun"]), batches)
 * Classification.mostConfused(result, 3) // => [{ truth: "rain", predicted: "sun", count: 1, share: 0.5 }]
 */
export const mostConfused = (result: Result, count: number): ReadonlyArray<Confused> =>
  result.confusion
    .flatMap((row, truth) =>
      row.map((times, predicted) => ({
        truth: result.levels[truth],
        predicted: result.levels[predicted],
        count: truth === predicted ? 0 : times,
        share: ratio(times, result.classes[truth].support)
      }))
    )
    .filter((pair) => pair.count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, count)

const wrong = ({ prediction, rows, target }: Codes): Uint8Array =>
  Uint8Array.from({ length: rowsOf(target, prediction.length, rows) }, (_, row) =>
    prediction[row] === target[row] ? 0 : 1
  )

/** Compares a model's error rate with a baseline's, row by row. Codes come from `argmax` where there are logits. */
export const comparison: Metric.Metric<
  Codes & { readonly baseline: ArrayLike<number> },
  Compare.State,
  Compare.Comparison
> = Metric.contramap(Compare.errors, (batch) => ({
  model: wrong(batch),
  baseline: wrong({ ...batch, prediction: batch.baseline })
}))

/**
 * Returns the code of the largest logit of each row, the first of equals.
 *
 * @example
 * import { Classification } from "@watertight/eval"
 * Classification.argmax([0.1, 0.9, 3, -1], 2) // => new Int32Array([1, 0])
 */
export const argmax = (logits: ArrayLike<number>, levels: number): Int32Array<ArrayBuffer> =>
  Int32Array.from({ length: logits.length / levels }, (_, row) => largest(logits, row * levels, levels))
