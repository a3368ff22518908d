/**
 * A model against a baseline on the same rows. The errors are compared row by row, so what makes a row hard for both
 * cancels, and the interval is that of the difference, not of each.
 */
import * as Interval from "./Interval.ts"
import * as ExactSum from "./internal/ExactSum.ts"
import type { Metric } from "./Metric.ts"

/** How a model's errors compare to a baseline's. */
export interface Comparison {
  readonly rows: number
  /** The model's mean error. */
  readonly model: number
  /** The baseline's mean error. */
  readonly baseline: number
  /** Baseline minus model with its 95 % interval: above 0 the model is better. */
  readonly difference: Interval.Interval
  /** The share of the baseline's error that the model saves; `null` when the baseline makes none. */
  readonly reduction: number | null
}

/** Errors of the same rows, each 0 or above. */
export interface Errors {
  readonly model: ArrayLike<number>
  readonly baseline: ArrayLike<number>
}

/** What `errors` keeps. */
export interface State {
  readonly rows: number
  readonly model: ExactSum.ExactSum
  readonly baseline: ExactSum.ExactSum
  readonly difference: ExactSum.ExactSum
  readonly squares: ExactSum.ExactSum
}

const update = (state: State, { baseline, model }: Errors): State => {
  if (model.length !== baseline.length) {
    throw new RangeError(`Compare: ${model.length} errors of the model and ${baseline.length} of the baseline`)
  }
  const ofModel = ExactSum.adder(state.model)
  const ofBaseline = ExactSum.adder(state.baseline)
  const difference = ExactSum.adder(state.difference)
  const squares = ExactSum.adder(state.squares)
  for (let row = 0; row < model.length; row++) {
    const gained = baseline[row] - model[row]
    ofModel.add(model[row])
    ofBaseline.add(baseline[row])
    difference.add(gained)
    squares.addProduct(gained, gained)
  }
  return {
    rows: state.rows + model.length,
    model: ofModel.sum(),
    baseline: ofBaseline.sum(),
    difference: difference.sum(),
    squares: squares.sum()
  }
}

const result = ({ baseline, difference, model, rows, squares }: State): Comparison => {
  const spread = ExactSum.centredSquares(difference, squares, rows)
  const [ofModel, ofBaseline] = [ExactSum.value(model) / rows, ExactSum.value(baseline) / rows]
  return {
    rows,
    model: ofModel,
    baseline: ofBaseline,
    difference: Interval.normal(ExactSum.value(difference) / rows, spread, rows),
    reduction: ofBaseline === 0 ? null : 1 - ofModel / ofBaseline
  }
}

/**
 * Compares errors row by row: the mean difference with its paired normal 95 % interval (needs two rows, and some thirty
 * for the normal distribution to describe it). The same bits for any cutting of the stream.
 *
 * @example
 * import { Compare, Metric } from "@watertight/eval"
 * const batches = [{ model: [1, 2, 1], baseline: [2, 2, 4] }]
 * Metric.collect(Compare.errors, batches).reduction // => 0.5
 */
export const errors: Metric<Errors, State, Comparison> = {
  init: {
    rows: 0,
    model: ExactSum.empty,
    baseline: ExactSum.empty,
    difference: ExactSum.empty,
    squares: ExactSum.empty
  },
  update,
  merge: (left, right) => ({
    rows: left.rows + right.rows,
    model: ExactSum.merge(left.model, right.model),
    baseline: ExactSum.merge(left.baseline, right.baseline),
    difference: ExactSum.merge(left.difference, right.difference),
    squares: ExactSum.merge(left.squares, right.squares)
  }),
  result
}
