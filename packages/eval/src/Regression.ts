/**
 * How far predictions of numbers are off. Sums are exact, so the figures are the same bits for any cutting of the stream
 * and any order of its rows, and R2 is right for targets far from 0, where the textbook formula cancels. The squares are
 * exact for numbers of a size between 1e-140 and 1e140.
 */
import * as Compare from "./Compare.ts"
import * as ExactSum from "./internal/ExactSum.ts"
import * as Metric from "./Metric.ts"

/** Targets and predictions of the same rows, in the target's unit. The first `rows` count; all when it is left out. */
export interface Batch {
  readonly target: ArrayLike<number>
  readonly prediction: ArrayLike<number>
  readonly rows?: number
}

/** What a regression comes to, in the target's unit. */
export interface Result {
  readonly rows: number
  /** Rows whose prediction is NaN or infinite; they are in no other figure. */
  readonly nonFinite: number
  readonly meanAbsoluteError: number
  /** The standard deviation of the absolute errors over the rows: how exactly their mean is known. NaN of one row. */
  readonly deviation: number
  readonly rootMeanSquaredError: number
  /** The share of the target's variance that is explained; `null` when the target does not vary. */
  readonly r2: number | null
  /** The mean of prediction minus target: above 0 the model says too much. */
  readonly bias: number
}

/** What `metric` keeps. */
export interface State {
  readonly rows: number
  readonly nonFinite: number
  readonly error: ExactSum.ExactSum
  readonly absolute: ExactSum.ExactSum
  readonly squares: ExactSum.ExactSum
  readonly target: ExactSum.ExactSum
  readonly targetSquares: ExactSum.ExactSum
}

const rowsOf = ({ prediction, rows = prediction.length, target }: Batch): number => {
  if (prediction.length !== target.length || rows > target.length) {
    throw new RangeError(`Regression: ${prediction.length} predictions, ${target.length} targets, ${rows} rows`)
  }
  return rows
}

const update = (state: State, batch: Batch): State => {
  const { prediction, target } = batch
  const count = rowsOf(batch)
  const error = ExactSum.adder(state.error)
  const absolute = ExactSum.adder(state.absolute)
  const squares = ExactSum.adder(state.squares)
  const targets = ExactSum.adder(state.target)
  const targetSquares = ExactSum.adder(state.targetSquares)
  let nonFinite = 0
  for (let row = 0; row < count; row++) {
    if (!Number.isFinite(prediction[row])) {
      nonFinite++
      continue
    }
    const off = prediction[row] - target[row]
    error.add(off)
    absolute.add(Math.abs(off))
    squares.addProduct(off, off)
    targets.add(target[row])
    targetSquares.addProduct(target[row], target[row])
  }
  return {
    rows: state.rows + count - nonFinite,
    nonFinite: state.nonFinite + nonFinite,
    error: error.sum(),
    absolute: absolute.sum(),
    squares: squares.sum(),
    target: targets.sum(),
    targetSquares: targetSquares.sum()
  }
}

const result = ({ absolute, error, nonFinite, rows, squares, target, targetSquares }: State): Result => {
  const varied = ExactSum.centredSquares(target, targetSquares, rows)
  const squared = ExactSum.value(squares)
  return {
    rows,
    nonFinite,
    meanAbsoluteError: ExactSum.value(absolute) / rows,
    deviation: Math.sqrt(ExactSum.centredSquares(absolute, squares, rows) / (rows - 1)),
    rootMeanSquaredError: Math.sqrt(squared / rows),
    r2: varied === 0 ? null : 1 - squared / varied,
    bias: ExactSum.value(error) / rows
  }
}

/**
 * Measures predictions of a float target: mean absolute error and how errors spread, root mean squared error, R2 and bias.
 * Of no rows the figures are NaN.
 *
 * @example
 * import { Metric, Regression } from "@watertight/eval"
 * const result = Metric.collect(Regression.metric, [{ target: [1, 2, 3], prediction: [1, 2, 6] }])
 * const { bias, deviation, meanAbsoluteError, r2 } = result
 * const figures = [meanAbsoluteError, deviation, r2, bias]
 * figures // => [1, Math.sqrt(3), -3.5, 1]
 */
export const metric: Metric.Metric<Batch, State, Result> = {
  init: {
    rows: 0,
    nonFinite: 0,
    error: ExactSum.empty,
    absolute: ExactSum.empty,
    squares: ExactSum.empty,
    target: ExactSum.empty,
    targetSquares: ExactSum.empty
  },
  update,
  merge: (left, right) => ({
    rows: left.rows + right.rows,
    nonFinite: left.nonFinite + right.nonFinite,
    error: ExactSum.merge(left.error, right.error),
    absolute: ExactSum.merge(left.absolute, right.absolute),
    squares: ExactSum.merge(left.squares, right.squares),
    target: ExactSum.merge(left.target, right.target),
    targetSquares: ExactSum.merge(left.targetSquares, right.targetSquares)
  }),
  result
}

const absoluteErrors = (batch: Batch): Float64Array =>
  Float64Array.from({ length: rowsOf(batch) }, (_, row) => Math.abs(batch.prediction[row] - batch.target[row]))

/** Compares a model's absolute errors with a baseline's, row by row. */
export const comparison: Metric.Metric<
  Batch & { readonly baseline: ArrayLike<number> },
  Compare.State,
  Compare.Comparison
> = Metric.contramap(Compare.errors, (batch) => ({
  model: absoluteErrors(batch),
  baseline: absoluteErrors({ ...batch, prediction: batch.baseline })
}))
