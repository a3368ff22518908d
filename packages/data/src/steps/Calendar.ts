/**
 * Parts of instants as features: the hour of the day, the day of the week and the like, as numbers or, so that the last hour
 * of a day lies beside the first, as points on a circle. All in UTC. Nothing is learned.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Step from "../Step.ts"

/**
 * A part of an instant: `year`; `month`, 1 to 12; `day` of the month, from 1; `dayOfYear`, from 1; `weekday`, 1 (Monday) to
 * 7 (Sunday) as in ISO 8601; `hour`, `minute`, `second`, from 0.
 */
export type Part = "year" | Cycle

/** A part that comes round again. */
export type Cycle = "month" | "day" | "dayOfYear" | "weekday" | "hour" | "minute" | "second"

const day = 86_400_000

const startOfYear = (date: Date): number => new Date(0).setUTCFullYear(date.getUTCFullYear(), 0, 1)

const value = (date: Date, part: Part): number => {
  switch (part) {
    case "year":
      return date.getUTCFullYear()
    case "month":
      return date.getUTCMonth() + 1
    case "day":
      return date.getUTCDate()
    case "dayOfYear":
      return Math.floor((date.getTime() - startOfYear(date)) / day) + 1
    case "weekday":
      return ((date.getUTCDay() + 6) % 7) + 1
    case "hour":
      return date.getUTCHours()
    case "minute":
      return date.getUTCMinutes()
    case "second":
      return date.getUTCSeconds()
  }
}

/** How many values a part goes through before it comes round: months and years of any length close the circle. */
const cycle = (date: Date, part: Cycle): number => {
  switch (part) {
    case "month":
      return 12
    case "day":
      return new Date(Date.UTC(2000 + (date.getUTCFullYear() % 400), date.getUTCMonth() + 1, 0)).getUTCDate()
    case "dayOfYear":
      return (new Date(0).setUTCFullYear(date.getUTCFullYear() + 1, 0, 1) - startOfYear(date)) / day
    case "weekday":
      return 7
    case "hour":
      return 24
    case "minute":
    case "second":
      return 60
  }
}

const isFromOne = (part: Cycle): boolean =>
  part === "month" || part === "day" || part === "dayOfYear" || part === "weekday"

/** How far round a part has come, in [0, 1). */
const turn = (date: Date, part: Cycle): number => (value(date, part) - (isFromOne(part) ? 1 : 0)) / cycle(date, part)

/** The largest instant that a `Date` can be, in milliseconds. */
const latest = 8.64e15

const derived = <Kind extends Part>(
  name: string,
  column: string,
  parts: ReadonlyArray<Kind>,
  features: ReadonlyArray<{ readonly suffix: string; readonly of: (date: Date, part: Kind) => number }>
) => {
  const named = parts.flatMap((part) =>
    features.map(({ of, suffix }) => ({ name: `${column}_${part}${suffix}`, of, part }))
  )
  return Step.added({
    name,
    version: 1,
    code: "versioned",
    config: { parts },
    columns: [column],
    takes: ["timestamp"],
    adds: () => Object.fromEntries(named.map((each) => [each.name, Column.float])),
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: Effect.fnUntraced(function* ([cells]: ReadonlyArray<Step.Cells<Column.Timestamp>>) {
      const bad = cells.values.findIndex((time) => Math.abs(time) > latest)
      if (bad >= 0) return yield* cells.refuse(`${cells.values[bad]} milliseconds from 1970 have no calendar`, bad)
      const out = named.map((): Float64Array => new Float64Array(cells.length))
      for (let row = 0; row < cells.length; row++) {
        const date = new Date(Math.floor(cells.values[row]))
        named.forEach(({ of, part }, index) => (out[index][row] = of(date, part)))
      }
      return Object.fromEntries(named.map((each, index) => [each.name, out[index]]))
    })
  })
}

/** Makes the step that adds parts as numbers: `pickup_hour`. */
export const numbers = (column: string, parts: ReadonlyArray<Part>) =>
  derived("calendar", column, parts, [{ suffix: "", of: value }])

/** Makes the step that adds parts as points on a circle of radius 1: `pickup_hour_sin` and `pickup_hour_cos`. */
export const circles = (column: string, parts: ReadonlyArray<Cycle>) =>
  derived("cyclic", column, parts, [
    { suffix: "_sin", of: (date, part) => Math.sin(2 * Math.PI * turn(date, part)) },
    { suffix: "_cos", of: (date, part) => Math.cos(2 * Math.PI * turn(date, part)) }
  ])
