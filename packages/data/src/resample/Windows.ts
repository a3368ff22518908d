/**
 * Windows that move through time: each fold validates on a period and trains on what came before it, all of it
 * (expanding) or the latest of it (sliding). Equal times stay together.
 */
import { Effect } from "effect"
import type { Columns } from "../Columns.ts"
import type * as Near from "../Near.ts"
import * as Blocks from "../split/Blocks.ts"
import * as Grouped from "../split/Grouped.ts"
import * as Share from "../split/Share.ts"
import { SplitError } from "../split/SplitError.ts"
import * as Temporal from "../split/Temporal.ts"
import type { Table } from "../Table.ts"
import * as Plan from "./Plan.ts"

/** How windows are laid. */
export interface Options {
  /** The column of instants. */
  readonly on: string
  /** How many windows, from 1 to 255. */
  readonly folds: number
  /** The period each fold validates on: a length of time, or a number of rows; `rows / (folds + 1)` rows unless given. */
  readonly validation?: Temporal.Length | Temporal.Rows
  /** The least time between the last row of train and the first of validation; zero unless given. */
  readonly gap?: Temporal.Length
  /** A column with the instant at which a row's label is known. */
  readonly labelEnd?: string
  /** Groups of which none may be on both sides: those that validate are left out of train. */
  readonly group?: Grouped.On
  /** Rows that are near ones that validate are left out of train. */
  readonly near?: Near.Near | undefined
  /** For sliding windows: how much train keeps, a length of time or a number of rows. */
  readonly train?: Temporal.Length | Temporal.Rows
}

/** One plan per window. */
export const plans = (resample: string, name: string, options: Options): ReadonlyArray<Plan.Plan> => {
  const { folds, gap, group, labelEnd, near, on, train, validation } = options
  const given = { validation, gap, labelEnd, group, train }
  return Plan.list(folds, (index) => ({
    name: `${name}-${index + 1}`,
    version: 1,
    code: "versioned",
    draws: false,
    repeats: false,
    params: {
      on,
      folds,
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      ...Blocks.toJson(near)
    },
    reads: columnsRead(options),
    check: (columns) =>
      Effect.andThen(Plan.checkCount(resample, "folds", folds, 1), checkGroups(resample, columns, group)),
    mark: (table) => markWindow(resample, table, options, index),
    folds: [{ name: `${name}-${index + 1}`, sides: Plan.single }]
  }))
}

/** The columns of instants and groups among the options; all where rows may be near. */
export const columnsRead = ({
  group,
  labelEnd,
  near,
  on
}: Pick<Options, "on" | "labelEnd" | "group" | "near">): Plan.Plan["reads"] =>
  near !== undefined
    ? "all"
    : [on, ...(labelEnd === undefined ? [] : [labelEnd]), ...(group === undefined ? [] : Grouped.names(group))]

/** Fails when a declared group is not named. */
export const checkGroups = (
  resample: string,
  columns: Columns,
  group: Grouped.On | undefined
): Effect.Effect<void, SplitError> =>
  Share.refuseGroups(
    resample,
    { columns },
    group === undefined ? [] : Grouped.names(group),
    'Name every declared group in "group".'
  )

/** Takes rows out of train whose group validates, or that are near one that does. */
export const purge = Effect.fnUntraced(function* (
  resample: string,
  table: Table,
  together: Grouped.Together,
  marks: Int32Array
) {
  const firsts = yield* Grouped.firsts(resample, table, together)
  if (firsts === undefined) return marks
  const validating = new Uint8Array(firsts.length)
  firsts.forEach((first, row) => (validating[first] ||= Number(marks[row] === Plan.mark.validation)))
  return marks.map((mark, row) =>
    mark === Plan.mark.train && validating[firsts[row]] === 1 ? Plan.mark.leftOut : mark
  )
})

const markWindow = Effect.fnUntraced(function* (
  resample: string,
  table: Table,
  options: Options,
  index: number
): Effect.fn.Return<Int32Array, SplitError> {
  const times = yield* Temporal.instants(resample, table, options.on)
  const known =
    options.labelEnd === undefined ? times : yield* Temporal.labelEnds(resample, table, times, options.labelEnd)
  const gap = options.gap === undefined ? 0 : yield* Temporal.millis(resample, "gap", options.gap)
  const sorted = times.toSorted()
  const [from, to] = yield* period(resample, sorted, options, index)
  const isOver = (time: number, row: number) => time < from && time + gap <= from && known[row] <= from
  const since = yield* oldest(resample, times.filter(isOver).sort(), from - gap, options.train)
  const marks = Int32Array.from(times, (time, row) => {
    if (time >= from) return time < to ? Plan.mark.validation : Plan.mark.leftOut
    return isOver(time, row) && time >= since ? Plan.mark.train : Plan.mark.leftOut
  })
  return yield* purge(resample, table, options, marks)
})

/** The times at which a window's validation begins and ends. */
const period = Effect.fnUntraced(function* (
  resample: string,
  sorted: Float64Array,
  { folds, validation }: Options,
  index: number
): Effect.fn.Return<readonly [from: number, to: number], SplitError> {
  const { length } = sorted
  const timeAt = (place: number) => (place < length ? sorted[Temporal.changeNear(sorted, place)] : Infinity)
  if (typeof validation === "string") {
    const size = yield* positive(resample, "validation", validation)
    const boundary = (left: number) =>
      left === 0 ? Infinity : (sorted.find((time) => time > sorted[length - 1] - left * size) ?? Infinity)
    return [boundary(folds - index), boundary(folds - index - 1)]
  }
  const size = validation?.rows ?? Math.floor(length / (folds + 1))
  if (!Number.isSafeInteger(size) || size < 1 || size * folds >= length) {
    const reason = `${folds} windows of ${size} rows and train before them do not fit into ${length} rows`
    return yield* new SplitError({ split: resample, reason, hint: "Ask for fewer folds or shorter validation." })
  }
  return [timeAt(length - (folds - index) * size), timeAt(length - (folds - index - 1) * size)]
})

/** The time from which on train keeps rows, of those that may be in it. */
const oldest = Effect.fnUntraced(function* (
  resample: string,
  sorted: Float64Array,
  until: number,
  train: Temporal.Length | Temporal.Rows | undefined
): Effect.fn.Return<number, SplitError> {
  if (train === undefined) return -Infinity
  if (typeof train === "string") {
    const boundary = until - (yield* positive(resample, "train", train))
    return sorted.find((time) => time > boundary) ?? Infinity
  }
  yield* Plan.checkCount(resample, "train.rows", train.rows, 1, Number.MAX_SAFE_INTEGER)
  return sorted[Math.max(0, sorted.length - train.rows)] ?? Infinity
})

const positive = (resample: string, name: string, length: Temporal.Length): Effect.Effect<number, SplitError> =>
  Effect.filterOrFail(
    Temporal.millis(resample, name, length),
    (millis) => millis > 0,
    () =>
      new SplitError({ split: resample, reason: `${name} is "${length}" long`, hint: 'Give a time such as "90 days".' })
  )
