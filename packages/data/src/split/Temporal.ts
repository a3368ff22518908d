/**
 * The temporal split: train is the past, validation comes after it, test is the latest. Between two of them a gap can be
 * left out, at least as long as a row's target looks ahead, so that no row's target lies in the next period.
 */
import { DateTime, Duration, Effect, Option } from "effect"
import type * as Assignment from "../Assignment.ts"
import type { Table } from "../Table.ts"
import * as Share from "./Share.ts"
import { SplitError } from "./SplitError.ts"

/** A length of time, such as `"90 days"`. */
export type Length = `${number} ${Duration.Unit}`

/** How a table is split by time. */
export interface Options {
  /** The latest rows before test: a length of time, or a fraction of all rows. */
  readonly validation: Length | number
  /** The latest rows: a length of time, or a fraction of all rows. */
  readonly test: Length | number
  /** The least time between the last row of a period and the first of the next; zero unless given. */
  readonly gap?: Length
}

const split = "Split.temporal"

/**
 * Decides a temporal split. A length `d` takes the rows less than `d` before the last one that is left; a fraction takes
 * that many rows, moved to the nearest change of time, so that equal times stay together. Rows whose time plus the gap
 * is later than the next period's first are left out.
 */
export const assign = (on: string, options: Options): Assignment.Assign =>
  Effect.fnUntraced(function* (table) {
    const times = yield* instants(table, on)
    const gap = options.gap === undefined ? 0 : yield* millis("gap", options.gap)
    const test = yield* tail("test", options.test)
    const validation = yield* tail("validation", options.validation)

    const sorted = times.toSorted()
    const testFrom = sorted[startOf(sorted, test, sorted.length)]
    const before = sorted.filter((time) => time < testFrom && time + gap <= testFrom)
    const validationFrom = before[startOf(before, validation, sorted.length)]

    const places = Uint8Array.from(times, (time) => {
      if (time >= testFrom) return 2
      if (!(time + gap <= testFrom)) return 3
      if (time >= validationFrom) return 1
      return time + gap <= validationFrom ? 0 : 3
    })
    const period = sorted.length === 0 ? "no time" : `${iso(sorted[0])} to ${iso(sorted[sorted.length - 1])}`
    const hint = `Ask for shorter validation, test or gap: the rows span ${period}.`
    return yield* Share.refuseEmpty(split, { places }, ["test", "validation", "train"], hint)
  })

const instants = (table: Table, on: string): Effect.Effect<Float64Array, SplitError> => {
  const column = table.columns[on]
  const times = table.values[on]
  if (column?.kind !== "timestamp" || !(times instanceof Float64Array)) {
    const reason = `"${on}" is ${column === undefined ? "no column" : `a ${column.kind} column`}`
    return Effect.fail(new SplitError({ split, reason, hint: "Split on a timestamp column." }))
  }
  const bad = times.findIndex((time) => !Number.isFinite(time))
  if (bad < 0) return Effect.succeed(times)
  const reason = `row ${bad + 1} has no time in "${on}"`
  return Effect.fail(new SplitError({ split, reason, hint: "Give every row a time." }))
}

/** The end of a sorted list of times: those less than `millis` before the last, or a fraction of all rows. */
type Tail = { readonly millis: number } | { readonly fraction: number }

const tail = (partition: "validation" | "test", share: Length | number): Effect.Effect<Tail, SplitError> =>
  typeof share === "number"
    ? Effect.map(Share.fraction(split, partition, share), (fraction) => ({ fraction }))
    : Effect.flatMap(millis(partition, share), (millis) =>
        millis > 0
          ? Effect.succeed({ millis })
          : Effect.fail(
              new SplitError({
                split,
                partition,
                reason: `${partition} is "${share}" long`,
                hint: 'Give a time such as "90 days".'
              })
            )
      )

const millis = (name: string, length: Length): Effect.Effect<number, SplitError> =>
  Option.match(Option.filter(Option.map(Duration.fromInput(length), Duration.toMillis), isLength), {
    onNone: () =>
      Effect.fail(
        new SplitError({
          split,
          reason: `${name} is no length of time: "${length}"`,
          hint: 'Write "90 days" or "1 hour".'
        })
      ),
    onSome: Effect.succeed
  })

const isLength = (millis: number): boolean => millis >= 0 && millis < Infinity

/** Returns the index of the first row of a tail; past the end when there are no rows. */
const startOf = (sorted: Float64Array, tail: Tail, all: number): number => {
  const { length } = sorted
  if ("millis" in tail) {
    const boundary = sorted[length - 1] - tail.millis
    return length - sorted.filter((time) => time > boundary).length
  }
  const start = Math.max(0, length - Math.round(all * tail.fraction))
  if (start === length || start === 0 || sorted[start - 1] !== sorted[start]) return start
  const first = sorted.indexOf(sorted[start])
  const next = sorted.lastIndexOf(sorted[start]) + 1
  return next === length || start - first <= next - start ? first : next
}

const iso = (time: number): string =>
  Option.match(DateTime.make(time), { onNone: () => String(time), onSome: DateTime.formatIso })
