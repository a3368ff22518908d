/**
 * The temporal split: train is the past, validation comes after it, test is the latest. Between two of them a gap can be
 * left out, longer than a row's target looks ahead, so that no row's target lies in the next period (a target one day
 * ahead of daily rows needs two days); or each row says itself until when its label looks.
 */
import { DateTime, Duration, Effect, Option } from "effect"
import type * as Assignment from "../Assignment.ts"
import type * as Near from "../Near.ts"
import type { Table } from "../Table.ts"
import * as Grouped from "./Grouped.ts"
import * as Share from "./Share.ts"
import { SplitError } from "./SplitError.ts"

/** A length of time, such as `"90 days"`. */
export type Length = `${number} ${Duration.Unit}`

/** A length of the calendar, such as `"3 months"` or `"1 year"`: as long as the months before the last row are. */
export type Calendar = `${number} ${"month" | "months" | "quarter" | "quarters" | "year" | "years"}`

/** A number of rows. */
export interface Rows {
  readonly rows: number
}

/** How a table is split by time. */
export interface Options {
  /** The latest rows before test: a length of time or of the calendar, a fraction of all rows, or a number of rows. */
  readonly validation: Length | Calendar | number | Rows
  /** The latest rows: a length of time or of the calendar, a fraction of all rows, or a number of rows. */
  readonly test: Length | Calendar | number | Rows
  /** The time zone whose calendar counts, such as `"Europe/Berlin"`; UTC unless given. */
  readonly zone?: string
  /** The least time between the last row of a period and the first of the next; zero unless given. */
  readonly gap?: Length
  /** A column with the instant at which a row's label is known; unless given, that is the row's own time. */
  readonly labelEnd?: string
  /** Rows that have near ones in a later period are left out. */
  readonly near?: Near.Near | undefined
}

/**
 * Decides a temporal split. A length `d` takes the rows less than `d` before the last one that is left; a fraction or a
 * number takes that many rows, moved to the nearest change of time, so that equal times stay together. Rows whose time plus the gap,
 * or whose label's end, is later than the next period's first are left out.
 */
export const assign = (on: string, options: Options): Assignment.Assign =>
  Effect.fnUntraced(function* (table) {
    const split = "Split.temporal"
    yield* Share.refuseGroups(split, table, [], "Split by group and time: use Split.groupedTemporal.")
    const again = "All its rows are near later ones: call fewer rows near, or bring more of them."
    return yield* purged(split, table, yield* periods(split, table, on, options), { near: options.near }, again)
  })

/**
 * Decides a temporal split in which no group is on two sides: rows of a group that occurs in a later period too are left
 * out of the earlier one.
 */
export const assignGrouped = (on: string, groups: Grouped.On, options: Options): Assignment.Assign =>
  Effect.fnUntraced(function* (table) {
    const split = "Split.groupedTemporal"
    const again =
      "All its groups occur later too. If a model is to meet them again, they are no groups to keep apart: " +
      "declare the column without Column.group and use Split.temporal."
    const together = { group: groups, near: options.near }
    return yield* purged(split, table, yield* periods(split, table, on, options), together, again)
  })

/** Leaves out the rows of a period of which the group has rows in a later one, or that are near some. */
const purged = Effect.fnUntraced(function* (
  split: string,
  table: Table,
  { hint, places }: { readonly places: Uint8Array; readonly hint: string },
  together: Grouped.Together,
  again: string
): Effect.fn.Return<Assignment.Assignment, SplitError> {
  const assignment = yield* Share.refuseEmpty(split, { places }, ["test", "validation", "train"], hint)
  const firsts = yield* Grouped.firsts(split, table, together)
  if (firsts === undefined) return assignment
  const latest = new Uint8Array(places.length)
  places.forEach((place, row) => {
    if (place !== 3) latest[firsts[row]] = Math.max(latest[firsts[row]], place)
  })
  const left = { places: places.map((place, row) => (place < latest[firsts[row]] ? 3 : place)) }
  return yield* Share.refuseEmpty(split, left, ["test", "validation", "train"], again)
})

const periods = Effect.fnUntraced(function* (split: string, table: Table, on: string, options: Options) {
  const times = yield* instants(split, table, on)
  const gap = options.gap === undefined ? 0 : yield* millis(split, "gap", options.gap)
  const test = yield* tail(split, "test", options.test, options.zone)
  const validation = yield* tail(split, "validation", options.validation, options.zone)
  const known = options.labelEnd === undefined ? times : yield* labelEnds(split, table, times, options.labelEnd)

  const sorted = times.toSorted()
  const testFrom = sorted[startOf(sorted, test, sorted.length)]
  const isOver = (row: number, from: number) => times[row] + gap <= from && known[row] <= from
  const before = times.filter((time, row) => time < testFrom && isOver(row, testFrom)).sort()
  const validationFrom = before[startOf(before, validation, sorted.length)]

  const places = Uint8Array.from(times, (time, row) => {
    if (time >= testFrom) return 2
    if (!isOver(row, testFrom)) return 3
    if (time >= validationFrom) return 1
    return isOver(row, validationFrom) ? 0 : 3
  })
  const period = sorted.length === 0 ? "no time" : `${iso(sorted[0])} to ${iso(sorted[sorted.length - 1])}`
  return { places, hint: `Ask for shorter validation, test or gap: the rows span ${period}.` }
})

/** Returns when each row's label is known; fails when one is known before its row. */
export const labelEnds = Effect.fnUntraced(function* (split: string, table: Table, times: Float64Array, name: string) {
  const ends = yield* instants(split, table, name)
  const bad = ends.findIndex((end, row) => end < times[row])
  if (bad < 0) return ends
  const reason = `the label of row ${bad + 1} ends at ${iso(ends[bad])}, before the row's time ${iso(times[bad])}`
  return yield* new SplitError({ split, reason, hint: `Give "${name}" the instant at which the label is known.` })
})

/** Returns the times of a column of instants. */
export const instants = (split: string, table: Table, on: string): Effect.Effect<Float64Array, SplitError> => {
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

/** The end of a sorted list of times: those less than `millis` before the last, a fraction of all rows, or some rows. */
type Tail = { readonly before: (time: number) => number } | { readonly fraction: number } | Rows

const tail = Effect.fnUntraced(function* (
  split: string,
  partition: "validation" | "test",
  share: Length | Calendar | number | Rows,
  zone = "UTC"
): Effect.fn.Return<Tail, SplitError> {
  if (typeof share === "number") return { fraction: yield* Share.fraction(split, partition, share) }
  const refuse = (reason: string, hint: string) => new SplitError({ split, partition, reason, hint })
  if (typeof share === "object") {
    if (Number.isSafeInteger(share.rows) && share.rows > 0) return share
    return yield* refuse(`${partition} is to have ${share.rows} rows`, "Give a whole number of rows, 1 or more.")
  }
  if (Option.isNone(DateTime.zoneFromString(zone))) {
    return yield* refuse(`"${zone}" is no time zone`, 'Give a name such as "Europe/Berlin", or leave it out for UTC.')
  }
  const months = monthsOf(share)
  if (months !== undefined) {
    if (Number.isSafeInteger(months) && months > 0) return { before: (time) => monthsBefore(time, months, zone) }
    return yield* refuse(`${partition} is "${share}" long`, 'Give whole months, quarters or years, such as "3 months".')
  }
  const length = yield* millis(split, partition, share as Length) // what is no calendar length
  if (length > 0) return { before: (time) => time - length }
  return yield* refuse(`${partition} is "${share}" long`, 'Give a time such as "90 days".')
})

const monthsIn: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 }

/** How many months a length of the calendar has; undefined for other lengths. */
const monthsOf = (length: Length | Calendar): number | undefined => {
  const [count, unit = ""] = length.split(" ")
  const months = monthsIn[unit.replace(/s$/, "")]
  return months === undefined ? undefined : Number(count) * months
}

/** The instant some months before another, at the same time of the day of a zone; the month's last day where it is shorter. */
const monthsBefore = (time: number, months: number, zone: string): number => {
  const whole = Math.floor(time)
  const zoned = DateTime.makeZonedUnsafe(whole, { timeZone: zone }) // the zone was checked
  return DateTime.toEpochMillis(DateTime.subtract(zoned, { months })) + (time - whole)
}

/** Returns the milliseconds of a length of time. */
export const millis = (split: string, name: string, length: Length): Effect.Effect<number, SplitError> =>
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
  if ("before" in tail) {
    if (length === 0) return 0
    const boundary = tail.before(sorted[length - 1])
    return length - sorted.filter((time) => time > boundary).length
  }
  const rows = "rows" in tail ? tail.rows : Math.round(all * tail.fraction)
  return changeNear(sorted, Math.max(0, length - rows))
}

/** Moves a place in a sorted list of times to the nearest change of time; the end is none. */
export const changeNear = (sorted: Float64Array, start: number): number => {
  const { length } = sorted
  if (start === length || start === 0 || sorted[start - 1] !== sorted[start]) return start
  const first = sorted.indexOf(sorted[start])
  const next = sorted.lastIndexOf(sorted[start]) + 1
  return next === length || start - first <= next - start ? first : next
}

const iso = (time: number): string =>
  Option.match(DateTime.make(time), { onNone: () => String(time), onSome: DateTime.formatIso })
