/**
 * Laws of streaming metrics, for the ones of this package and for your own. They hold to the bit: a metric that rounds
 * its sums as it goes breaks them.
 */
import { Law } from "@watertight/core/testing"
import * as fc from "fast-check"
import { inspect, isDeepStrictEqual } from "node:util"
import type { Metric } from "../Metric.ts"

/** A metric, rows to try it on, and how rows become a batch. */
export interface Subject<Row, Batch, State, Result> {
  readonly metric: Metric<Batch, State, Result>
  readonly rows: fc.Arbitrary<ReadonlyArray<Row>>
  readonly batch: (rows: ReadonlyArray<Row>) => Batch
}

const equal = (got: unknown, expected: unknown, what: string): void =>
  Law.ensure(isDeepStrictEqual(got, expected), () => `${what} gives ${inspect(got)} and not ${inspect(expected)}`)

/** Cuts rows at places; places twice give empty parts. */
const cutAt = <Row>(rows: ReadonlyArray<Row>, cuts: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<Row>> => {
  const places = [0, ...cuts.map((cut) => cut % (rows.length + 1)).sort((a, b) => a - b), rows.length]
  return places.slice(1).map((end, index) => rows.slice(places[index], end))
}

/** "metrics: any chunking of the stream gives the whole", updated one after the other, or each alone and then merged. */
export const chunking = <Row, Batch, State, Result>({
  batch,
  metric,
  rows
}: Subject<Row, Batch, State, Result>): Law.Law =>
  Law.make(
    "metrics: any chunking of the stream gives the whole",
    fc.record({ rows, cuts: fc.array(fc.nat(), { maxLength: 5 }) }),
    ({ cuts, rows: all }) => {
      const parts = cutAt(all, cuts).map(batch)
      const whole = metric.result(metric.update(metric.init, batch(all)))
      equal(metric.result(parts.reduce(metric.update, metric.init)), whole, "updating part by part")
      const states = parts.map((part) => metric.update(metric.init, part))
      equal(metric.result(states.reduce(metric.merge)), whole, "merging parts")
    }
  )

/** "metrics: merge is associative", and merging with the start changes nothing. */
export const associativity = <Row, Batch, State, Result>({
  batch,
  metric,
  rows
}: Subject<Row, Batch, State, Result>): Law.Law =>
  Law.make("metrics: merge is associative", fc.tuple(rows, rows, rows), (parts) => {
    const [a, b, c] = parts.map((part) => metric.update(metric.init, batch(part)))
    const left = metric.result(metric.merge(metric.merge(a, b), c))
    equal(metric.result(metric.merge(a, metric.merge(b, c))), left, "merging the last two first")
    equal(metric.result(metric.merge(metric.init, a)), metric.result(a), "merging the start with a part")
    equal(metric.result(metric.merge(a, metric.init)), metric.result(a), "merging a part with the start")
  })

/** "metrics: the order of the rows does not matter". */
export const order = <Row, Batch, State, Result>({
  batch,
  metric,
  rows
}: Subject<Row, Batch, State, Result>): Law.Law =>
  Law.make(
    "metrics: the order of the rows does not matter",
    rows.chain((all) =>
      fc.record({
        all: fc.constant(all),
        shuffled: fc.shuffledSubarray([...all], { minLength: all.length, maxLength: all.length })
      })
    ),
    ({ all, shuffled }) => {
      const result = (part: ReadonlyArray<Row>) => metric.result(metric.update(metric.init, batch(part)))
      equal(result(shuffled), result(all), "another order")
    }
  )

/** "metrics: an update leaves the state it starts from as it was". */
export const values = <Row, Batch, State, Result>({
  batch,
  metric,
  rows
}: Subject<Row, Batch, State, Result>): Law.Law =>
  Law.make("metrics: an update leaves the state it starts from as it was", fc.tuple(rows, rows), (parts) => {
    const [first, second] = parts.map(batch)
    const nothing = metric.result(metric.init)
    const state = metric.update(metric.init, first)
    const before = metric.result(state)
    const other = metric.update(state, second)
    metric.merge(state, other)
    equal(metric.result(state), before, "the state after a later update and merge")
    equal(metric.result(metric.init), nothing, "the start after updates")
  })

/** Lists the laws every metric keeps. */
export const laws = <Row, Batch, State, Result>(
  subject: Subject<Row, Batch, State, Result>
): ReadonlyArray<Law.Law> => [chunking(subject), associativity(subject), order(subject), values(subject)]
