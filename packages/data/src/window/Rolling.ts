/**
 * Statistics of the rows of a window that ends at each row. Windows are kept as two stacks of merged statistics (each
 * number enters once and leaves without being subtracted), so the cost is linear, a large number that has left leaves no
 * rounding behind, and what comes later cannot change a bit. Variances are merged by Chan, Golub and LeVeque's formula.
 */
import { Effect } from "effect"
import type { Length, Rows } from "../split/Temporal.ts"
import * as Table from "../Table.ts"
import * as Series from "./Series.ts"

/** What is computed of a window's numbers: `sd` is the sample's (divided by n − 1), `count` how many are there. */
export type Statistic = "mean" | "sd" | "min" | "max" | "sum" | "count"

/** Which rows are in a row's window. */
export interface Reach {
  /** A length of time, or a number of rows. */
  readonly over: Length | Rows
  /** Whether a window ends before its row (and all others of that instant) or with it. */
  readonly until: "before" | "now"
  /** How many numbers must be there, else the statistic is missing. */
  readonly minimum: number
}

/** Numbers merged: how many, their sum, the squares of their deviations from the mean, their range. */
type Merged = Float64Array

const size = 5
const empty = (out: Merged, at: number): void => {
  out[at] = out[at + 1] = out[at + 2] = 0
  out[at + 3] = Infinity
  out[at + 4] = -Infinity
}

/** Merges what stands at `b` of `from` into what stands at `a` of `into`. */
const merge = (into: Merged, a: number, from: Merged, b: number): void => {
  if (from[b] === 0) return
  if (into[a] > 0) {
    const apart = from[b + 1] / from[b] - into[a + 1] / into[a]
    into[a + 2] += from[b + 2] + (apart * apart * into[a] * from[b]) / (into[a] + from[b])
  } else into[a + 2] = from[b + 2]
  into[a] += from[b]
  into[a + 1] += from[b + 1]
  into[a + 3] = Math.min(into[a + 3], from[b + 3])
  into[a + 4] = Math.max(into[a + 4], from[b + 4])
}

/** A queue of numbers that knows their statistics: places `head` to `tail` of the numbers given. */
const queue = (numbers: Float64Array) => {
  const front = new Float64Array(size * numbers.length)
  const back = new Float64Array(size)
  const one = new Float64Array(size)
  const whole = new Float64Array(size)
  let [head, middle, tail] = [0, 0, 0]
  const take = (at: number, out: Merged, to: number): void => {
    const value = numbers[at]
    empty(out, to)
    if (Number.isNaN(value)) return
    out[to] = 1
    out[to + 1] = out[to + 3] = out[to + 4] = value
  }
  const turn = (): void => {
    for (let at = tail - 1; at >= head; at--) {
      take(at, front, size * at)
      if (at < tail - 1) merge(front, size * at, front, size * (at + 1))
    }
    middle = tail
    empty(back, 0)
  }
  return {
    restart: (at: number): void => {
      head = middle = tail = at
      empty(back, 0)
    },
    /** Moves the window to places `from` to `to`, both of which only ever grow. */
    move: (from: number, to: number): Merged => {
      for (; tail < to; tail++) {
        take(tail, one, 0)
        merge(back, 0, one, 0)
      }
      while (head < from) {
        if (head >= middle) turn()
        head++
      }
      empty(whole, 0)
      if (head < middle) merge(whole, 0, front, size * head)
      merge(whole, 0, back, 0)
      return whole
    }
  }
}

const value = (statistic: Statistic, minimum: number, merged: Merged): number => {
  const [count, sum, squares, least, largest] = merged
  if (statistic === "count") return count
  if (count < minimum) return NaN
  switch (statistic) {
    case "mean":
      return Math.min(largest, Math.max(least, sum / count))
    case "sd":
      return count < 2 ? NaN : Math.sqrt(squares / (count - 1))
    case "min":
      return least
    case "max":
      return largest
    case "sum":
      return sum
  }
}

/** For each place in the series, where its window begins and ends. */
const bounds = ({ first, sorted, times }: Series.Series, { until }: Reach, over: number | Rows) => {
  const from = new Uint32Array(sorted.length)
  const to = new Uint32Array(sorted.length)
  const isBefore = (a: number, b: number) => (until === "before" ? a < b : a <= b)
  for (let place = 0, start = 0, end = 0; place < sorted.length; place++) {
    if (first[place] === place) start = end = place
    const time = times[sorted[place]]
    while (end < sorted.length && first[end] === first[place] && isBefore(times[sorted[end]], time)) end++
    if (typeof over === "object") start = Math.max(first[place], end - over.rows)
    // before: [time − over, time); now: (time − over, time]
    else while (start < end && isBefore(times[sorted[start]], time - over)) start++
    from[place] = start
    to[place] = end
  }
  return { from, to }
}

/** Computes the statistics of a column's windows, in the order of the table's rows. */
export const statistics = Effect.fnUntraced(function* (
  window: string,
  table: Table.Table,
  order: { readonly on: string; readonly by?: string | undefined },
  columns: ReadonlyArray<string>,
  wanted: ReadonlyArray<Statistic>,
  reach: Reach
) {
  const over = typeof reach.over === "object" ? reach.over : yield* Series.millis(window, "over", reach.over)
  if (typeof over === "object") yield* Series.wholeNumber(window, "over.rows", over.rows)
  yield* Series.wholeNumber(window, "minimum", reach.minimum)
  const series = Series.make(table, order)
  const hint = "Aggregate the rows first, or take windows of a length of time."
  if (typeof over === "object") yield* Series.refuseTies(window, series, order, hint)
  const { from, to } = bounds(series, reach, over)
  const made: Array<ReadonlyArray<Float64Array>> = []
  for (const column of columns) {
    const all = Table.numbers(table, column)
    const bad = all.findIndex((each: number) => Math.abs(each) === Infinity)
    if (bad >= 0) {
      const reason = `row ${bad + 1} of column "${column}" holds ${all[bad]}`
      return yield* new Series.WindowError({ window, reason, hint: "Drop or repair such rows at the source." })
    }
    const numbers = Float64Array.from(series.sorted, (row) => all[row])
    const moving = queue(numbers)
    const out = wanted.map(() => new Float64Array(table.length))
    const needs = [wanted.includes("sum") || wanted.includes("mean"), wanted.includes("sd")]
    for (let place = 0; place < numbers.length; place++) {
      if (series.first[place] === place) moving.restart(place)
      const merged = moving.move(from[place], to[place])
      const row = series.sorted[place]
      if ((needs[0] && !Number.isFinite(merged[1])) || (needs[1] && !Number.isFinite(merged[2]))) {
        const reason = `the window of row ${row + 1} of column "${column}" holds numbers too large for float64 to add`
        return yield* new Series.WindowError({ window, reason, hint: "Scale the column at the source." })
      }
      for (let each = 0; each < wanted.length; each++) out[each][row] = value(wanted[each], reach.minimum, merged)
    }
    made.push(out)
  }
  return made
})
