/**
 * A metric of a stream: what it keeps, how a batch changes that, how two of them are joined, and what they come to. The
 * metrics here give the same bits however the stream is cut into batches and in whatever order the parts are joined.
 */

/** A streaming metric. States are values: `update` and `merge` leave their arguments as they are. */
export interface Metric<in Batch, in out State, out Result> {
  /** The state of a stream without rows. */
  readonly init: State
  readonly update: (state: State, batch: Batch) => State
  readonly merge: (left: State, right: State) => State
  readonly result: (state: State) => Result
}

/**
 * Computes a metric over all batches.
 *
 * @example
 * import { Metric, Regression } from "@watertight/eval"
 * const batches = [{ target: [1, 2], prediction: [1, 3] }, { target: [5], prediction: [3] }]
 * Metric.collect(Regression.metric, batches).meanAbsoluteError // => 1
 */
export const collect = <Batch, State, Result>(
  metric: Metric<Batch, State, Result>,
  batches: Iterable<Batch>
): Result => {
  let state = metric.init
  for (const batch of batches) state = metric.update(state, batch)
  return metric.result(state)
}

/** Makes a metric of other batches, by a function from those to the batches it takes. */
export const contramap = <Other, Batch, State, Result>(
  metric: Metric<Batch, State, Result>,
  f: (batch: Other) => Batch
): Metric<Other, State, Result> => ({ ...metric, update: (state, batch) => metric.update(state, f(batch)) })
