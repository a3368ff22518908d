import { assert, it } from "@effect/vitest"
import type { Law } from "@watertight/core/testing"
import type { Metric } from "@watertight/eval"
import { MetricLaws } from "@watertight/eval/testing"
import { Effect } from "effect"
import * as fc from "fast-check"

const runs = { runs: 200, seed: 1 }

const fails = (law: Law.Law, name: string) =>
  it.effect(`a broken metric breaks "${name}"`, () =>
    Effect.gen(function* () {
      assert.strictEqual(law.name, name)
      const violation = yield* Effect.flip(law.check(runs))
      assert.strictEqual(violation.law, name)
    })
  )

const subject = <State, Result>(metric: Metric.Metric<ReadonlyArray<number>, State, Result>) => ({
  metric,
  rows: fc.array(
    fc.integer({ min: -100, max: 100 }).map((tenths) => tenths / 10),
    { maxLength: 8 }
  ),
  batch: (rows: ReadonlyArray<number>) => rows
})

const total = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0)

/** Rounds as it goes. */
const naive = subject({
  init: 0,
  update: (state, batch) => state + total(batch),
  merge: (left, right) => left + right,
  result: (state: number) => state
})
fails(MetricLaws.chunking(naive), "metrics: any chunking of the stream gives the whole")
fails(MetricLaws.associativity(naive), "metrics: merge is associative")
fails(MetricLaws.order(naive), "metrics: the order of the rows does not matter")

/** The mean of the batches' means. */
const meanOfMeans = subject({
  init: { sum: 0, batches: 0 },
  update: (state, batch) => ({ sum: state.sum + total(batch) / Math.max(1, batch.length), batches: state.batches + 1 }),
  merge: (left, right) => ({ sum: left.sum + right.sum, batches: left.batches + right.batches }),
  result: (state: { readonly sum: number; readonly batches: number }) => state.sum / state.batches
})
fails(MetricLaws.chunking(meanOfMeans), "metrics: any chunking of the stream gives the whole")

/** Joins by the mean of the two. */
const halving = subject({
  init: 0,
  update: (state, batch) => Math.max(state, batch.length),
  merge: (left, right) => (left + right) / 2,
  result: (state: number) => state
})
fails(MetricLaws.associativity(halving), "metrics: merge is associative")

/** Counts into the state it was given. */
const mutating = subject({
  init: { rows: 0 },
  update: (state, batch) => {
    state.rows += batch.length
    return state
  },
  merge: (left, right) => ({ rows: left.rows + right.rows }),
  result: (state: { rows: number }) => state.rows
})
fails(MetricLaws.values(mutating), "metrics: an update leaves the state it starts from as it was")
