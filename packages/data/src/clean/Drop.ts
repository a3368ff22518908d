/**
 * Steps that drop rows for what each holds by itself: missing values, values out of range, numbers that are none, blank
 * images and texts, and whatever a predicate says.
 */
import { Effect } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Tables from "../internal/columns/tables.ts"
import { instant } from "../internal/sources/decodeRows.ts"
import { isTexts, type Numbers, type Values } from "../RowId.ts"
import * as Table from "../Table.ts"
import type { CleanError } from "./CleanError.ts"
import { type A, adding, type Cleaning, columnOf, type KindRefusal, type Unless } from "./Describe.ts"
import * as Rows from "./Rows.ts"

/** `C` with no values missing in the columns named. */
export type Dropped<C extends Columns, Name extends string> = {
  readonly [K in keyof C]: K extends Name ? Column.CompleteOf<C[K]> : C[K]
}

type NeverMissing<C extends Columns, Name extends string> = string extends keyof C
  ? never
  : Name extends keyof C
    ? C[Name] extends Column.Optional
      ? never
      : `dropMissing: ${Name} is never missing; it is ${A<C[Name]["kind"]>}`
    : `dropMissing: there is no column ${Name}`

const optional = ["optional float", "optional category", "optional timestamp"] as const

/** Writes `code` for the rows in which a test holds and nothing is written yet. */
const mark = (left: Uint16Array, rows: Uint32Array, code: number, test: (row: number) => boolean): void => {
  for (let at = 0; at < rows.length; at++) if (left[at] === 0 && test(rows[at])) left[at] = code
}

/**
 * Drops the rows in which one of the columns is missing; a row that misses several counts for the first. The columns are
 * complete afterwards, also by their types: a target, or the instants to split by, must be. For features, imputing them
 * in the recipe keeps the rows.
 *
 * @example
 * import { Clean, Column, Columns, Source, Split } from "@watertight/data"
 * const Taxi = Columns.make({ pickup: Column.optional(Column.timestamp), fare: Column.optional(Column.float) })
 * const { table } = Clean.of(Source.csv("trips.csv", Taxi)).pipe(Clean.dropMissing(["pickup", "fare"]))
 * Split.temporal(table, { on: "pickup", validation: "7 days", test: "7 days" }).train.stage.name // => "train"
 */
export const dropMissing =
  <const Name extends string>(columns: ReadonlyArray<Name>) =>
  <C extends Columns, E, R>(
    cleaning: Unless<NeverMissing<C, Name>, Cleaning<C, E, R>>
  ): Cleaning<Dropped<C, Name>, E | CleanError, R> =>
    adding(cleaning, {
      params: { step: "drop-missing", columns },
      code: "versioned",
      reasons: columns.map((name) => `${name} is missing`),
      leave: Effect.fnUntraced(function* (table, rows) {
        const left = new Uint16Array(rows.length)
        for (const [place, name] of columns.entries()) {
          yield* columnOf("Clean.dropMissing", table, name, optional)
          const values = Table.numbers(table, name)
          const isMissing = values instanceof Int32Array ? (row: number) => values[row] < 0 : missingIn(values)
          mark(left, rows, place + 1, isMissing)
        }
        return left
      }),
      change: (table) =>
        Effect.sync(() => {
          const complete = columns.map((name) => [name, Column.complete(table.columns[name])])
          return Tables.withColumns(table, { ...table.columns, ...Object.fromEntries(complete) }, table.values)
        })
    })

const missingIn = (values: Numbers) => (row: number) => Number.isNaN(values[row])

type BoundRefusal<C extends Columns, Name extends string, Given> =
  | KindRefusal<
      C,
      Name,
      "float" | "optional float" | "timestamp" | "optional timestamp",
      "dropOutside",
      "float and timestamp"
    >
  | (string extends keyof C
      ? never
      : Name extends keyof C
        ? C[Name]["kind"] extends "float" | "optional float"
          ? [Given] extends [number]
            ? never
            : `dropOutside: ${Name} holds numbers: give numbers`
          : C[Name]["kind"] extends "timestamp" | "optional timestamp"
            ? [Given] extends [string | Date]
              ? never
              : `dropOutside: ${Name} holds instants: give them as text, such as 2024-01-31`
            : never
        : never)

/** The least and the greatest value that is right; without one, all up or down to the other are. */
export interface Range<out Minimum, out Maximum = Minimum> {
  readonly minimum?: Minimum
  readonly maximum?: Maximum
}

type Bound = number | string | Date

const bound = (column: string, value: Bound): number => {
  const found = typeof value === "number" ? value : (instant(value) ?? Number.NaN)
  if (Number.isNaN(found)) throw new RangeError(`Clean.dropOutside: ${String(value)} is no bound for "${column}"`)
  return found
}

/**
 * Drops the rows in which a number or an instant is out of the range of what can be; bounds are right themselves, missing
 * values stay, NaN in a column that may not miss any does not. Instants are given as a `Date` or in ISO 8601, a day
 * (`"2024-01-31"`) or a time with its offset. Throws a `RangeError` for a range without bounds or values.
 *
 * @example
 * import { Clean, Column, Columns, Source } from "@watertight/data"
 * const trips = Source.csv("trips.csv", Columns.make({ at: Column.timestamp, speed: Column.float }))
 * Clean.of(trips).pipe(
 *   Clean.dropOutside("speed", { minimum: 0, maximum: 200 }),
 *   Clean.dropOutside("at", { minimum: "2009-01-01" })
 * ).steps.length // => 2
 */
export const dropOutside = <
  const Name extends string,
  const Minimum extends Bound = never,
  const Maximum extends Bound = never
>(
  column: Name,
  range: Range<Minimum, Maximum>
) => {
  const { maximum, minimum } = range
  const least = minimum === undefined ? -Infinity : bound(column, minimum)
  const most = maximum === undefined ? Infinity : bound(column, maximum)
  if ((minimum === undefined && maximum === undefined) || least > most) {
    throw new RangeError(`Clean.dropOutside: no value of "${column}" is out of the range, or all are`)
  }
  const show = (value: Bound) => (value instanceof Date ? value.toISOString() : value)
  const params = {
    ...(minimum === undefined ? {} : { minimum: show(minimum) }),
    ...(maximum === undefined ? {} : { maximum: show(maximum) })
  }
  const sides = [
    ...(minimum === undefined ? [] : [`below ${show(minimum)}`]),
    ...(maximum === undefined ? [] : [`above ${show(maximum)}`])
  ]
  return <C extends Columns, E, R>(
    cleaning: Unless<BoundRefusal<C, Name, Minimum | Maximum>, Cleaning<C, E, R>>
  ): Cleaning<C, E | CleanError, R> =>
    adding(cleaning, {
      params: { step: "drop-outside", column, ...params },
      code: "versioned",
      reasons: [`${column} is ${sides.join(" or ")}`],
      leave: Effect.fnUntraced(function* (table, rows) {
        const kinds = typeof (minimum ?? maximum) === "number" ? numberKinds : instantKinds
        const declared = yield* columnOf("Clean.dropOutside", table, column, kinds)
        const left = new Uint16Array(rows.length)
        const values = Table.numbers(table, column)
        const mayMiss = Column.isOptional(declared)
        mark(
          left,
          rows,
          1,
          (row) => !(values[row] >= least && values[row] <= most) && !(mayMiss && Number.isNaN(values[row]))
        )
        return left
      })
    })
}

const numberKinds = ["float", "optional float"] as const
const instantKinds = ["timestamp", "optional timestamp"] as const

type FiniteRefusal<C extends Columns, Name extends string> = KindRefusal<
  C,
  Name,
  "float" | "optional float" | "tensor",
  "dropNonFinite",
  "float and tensor"
>

/**
 * Drops the rows in which a number is infinite, or is NaN where none may be missing: in the columns named, or in all
 * columns of floats and tensors.
 */
export const dropNonFinite =
  <const Name extends string = never>(columns: ReadonlyArray<Name> = []) =>
  <C extends Columns, E, R>(
    cleaning: Unless<FiniteRefusal<C, Name>, Cleaning<C, E, R>>
  ): Cleaning<C, E | CleanError, R> =>
    adding(cleaning, {
      params: { step: "drop-non-finite", columns },
      code: "versioned",
      reasons: columns.length === 0 ? ["not finite"] : columns.map((name) => `${name} is not finite`),
      leave: Effect.fnUntraced(function* (table, rows) {
        const kinds = [...numberKinds, "tensor"] as const
        const all = Object.keys(table.columns).filter((name) => kinds.some((kind) => kind === table.columns[name].kind))
        const left = new Uint16Array(rows.length)
        for (const [place, name] of (columns.length === 0 ? all : columns).entries()) {
          const column = yield* columnOf("Clean.dropNonFinite", table, name, kinds)
          mark(left, rows, columns.length === 0 ? 1 : place + 1, nonFinite(column, Table.numbers(table, name)))
        }
        return left
      })
    })

const nonFinite = (column: Column.Column, values: Numbers) => {
  if (column.kind === "optional float") {
    return (row: number) => !Number.isFinite(values[row]) && !Number.isNaN(values[row])
  }
  const width = Column.width(column)
  return (row: number) => {
    for (let at = row * width; at < (row + 1) * width; at++) if (!Number.isFinite(values[at])) return true
    return false
  }
}

/**
 * Drops the rows in which an image is blank, of one value all over, or a text holds nothing but white space. With
 * `tolerance`, images whose values differ by no more than it are blank too.
 *
 * @example
 * import { Clean, Column, Columns, Source } from "@watertight/data"
 * const Scan = Columns.make({ image: Column.tensor([28, 28], "uint8") })
 * const scans = Source.npy({ image: { path: "scans.npy", column: Scan.image } })
 * Clean.of(scans).pipe(Clean.dropBlank("image")).steps[0].reasons // => ["image is blank"]
 */
export const dropBlank =
  <const Name extends string>(column: Name, options: { readonly tolerance?: number } = {}) =>
  <C extends Columns, E, R>(
    cleaning: Unless<KindRefusal<C, Name, "tensor" | "text", "dropBlank", "tensor and text">, Cleaning<C, E, R>>
  ): Cleaning<C, E | CleanError, R> => {
    const { tolerance = 0 } = options
    return adding(cleaning, {
      params: { step: "drop-blank", column, tolerance },
      code: "versioned",
      reasons: [`${column} is blank`],
      leave: Effect.fnUntraced(function* (table, rows) {
        const declared = yield* columnOf("Clean.dropBlank", table, column, ["tensor", "text"])
        const values: Values = table.values[column]
        const left = new Uint16Array(rows.length)
        const isBlank = isTexts(values)
          ? (row: number) => values[row].trim() === ""
          : constant(values, Column.width(declared), tolerance)
        mark(left, rows, 1, isBlank)
        return left
      })
    })
  }

const constant = (values: Numbers, width: number, tolerance: number) => (row: number) => {
  let [least, most] = [Infinity, -Infinity]
  for (let at = row * width; at < (row + 1) * width; at++) {
    if (values[at] < least) least = values[at]
    if (values[at] > most) most = values[at]
  }
  return most - least <= tolerance
}

/**
 * Drops the rows for which a predicate of one's own holds, and counts them under the reason. It gets one row at a time,
 * and must depend on nothing else; an edit of any file of yours cleans anew. Throws a `RangeError` for a blank reason.
 *
 * @example
 * import { Clean, Column, Columns, Source } from "@watertight/data"
 * const trips = Source.csv("trips.csv", Columns.make({ distance: Column.float, fare: Column.float }))
 * Clean.of(trips).pipe(
 *   Clean.drop("a fare without a trip", (row) => row.distance === 0 && row.fare > 0)
 * ).steps[0].reasons // => ["a fare without a trip"]
 */
export const drop = <C extends Columns, E, R>(reason: string, predicate: (row: Rows.Row<C>) => boolean) => {
  if (reason.trim() === "" || !reason.isWellFormed()) {
    throw new RangeError("Clean.drop: rows leave for a reason; give it a name")
  }
  return (cleaning: Cleaning<C, E, R>): Cleaning<C, E | CleanError, R> =>
    adding(cleaning, {
      params: { step: "drop", reason },
      code: "sources",
      reasons: [reason],
      leave: (table, rows) =>
        Effect.sync(() => {
          const left = new Uint16Array(rows.length)
          const { at } = Rows.view(table)
          mark(left, rows, 1, (row) => predicate(at(row) as Rows.Row<C>)) // the columns of C
          return left
        })
    })
}
