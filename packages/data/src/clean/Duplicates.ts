/**
 * Steps that drop rows for being like others: equal rows, equal rows of which the targets contradict each other, and near
 * duplicates. Of rows that are alike, the first stays.
 */
import { Effect, type Schema } from "effect"
import type { Columns } from "../Columns.ts"
import * as Tables from "../internal/columns/tables.ts"
import * as EqualRows from "../internal/rows/equalRows.ts"
import * as Near from "../Near.ts"
import * as RowId from "../RowId.ts"
import * as Table from "../Table.ts"
import { CleanError } from "./CleanError.ts"
import { adding, type Cleaning, type Unless } from "./Describe.ts"

/** Which columns are compared: all unless `by` names them or `except` leaves some out. */
export interface Compared<out Name extends string> {
  readonly by?: ReadonlyArray<Name>
  readonly except?: ReadonlyArray<Name>
}

/**
 * What happens to rows that are equal but for the target: `"drop"` drops all of them, `"keep"` keeps one for each
 * target, `"fail"` fails with a `CleanError` that lists them.
 */
export type Contradictions = "drop" | "keep" | "fail"

/** How duplicates are found: a target is named together with what contradictions are to come to. */
export type Options<Name extends string, Target extends string> = Compared<Name> &
  (
    | { readonly target: Target; readonly contradictions: Contradictions }
    | { readonly target?: never; readonly contradictions?: never }
  )

type NameRefusal<C extends Columns, Name extends string> = string extends keyof C
  ? never
  : Name extends keyof C
    ? never
    : `dropDuplicates: there is no column ${Name}`

const step = "Clean.dropDuplicates"

const nothing = { step, reason: "there is no column left to compare", hint: "Name some." }

const refuse = (column: string) =>
  Effect.fail(new CleanError({ step, column, reason: "is no column", hint: "Check its name." }))

/** The rows at the given places, which are ascending: nothing is copied where those are all. */
const someRows = (table: Table.Table, rows: Uint32Array): Table.Table =>
  rows.length === table.length ? table : Table.take(table, rows)

/** Numbers rows by what they hold in some columns: equal rows have one number, the place of the first of them. */
const contents = (table: Table.Table, rows: Uint32Array, names: ReadonlyArray<string>): Uint32Array => {
  const some = someRows(Tables.select(table, names), rows)
  return EqualRows.firsts(RowId.ofContent(some.columns, some.values, some.length))
}

/** Writes 1 for rows that others like them go before. */
const later = (firsts: Uint32Array): Uint16Array => Uint16Array.from(firsts, (first, at) => (first < at ? 1 : 0))

/** Tells, by the first row of each set of equal rows, which sets have several targets. */
const contradictory = (features: Uint32Array, targets: Uint32Array): Uint8Array => {
  const found = new Uint8Array(features.length)
  features.forEach((first, at) => {
    if (targets[first] !== targets[at]) found[first] = 1
  })
  return found
}

const listed = 20

const contradiction = (target: string, rows: ReadonlyArray<number>): CleanError => {
  const shown = rows.slice(0, listed).join(", ")
  const more = rows.length > listed ? `, and ${rows.length - listed} more` : ""
  const reason = `differs in rows that are equal otherwise: ${shown}${more}`
  return new CleanError({ step, column: target, reason, hint: "Correct them, or choose to drop or keep them.", rows })
}

const byTarget = (
  features: Uint32Array,
  both: Uint32Array,
  targets: Uint32Array,
  choice: Contradictions
): Uint16Array => {
  if (choice === "keep") return later(both)
  const several = contradictory(features, targets)
  return Uint16Array.from(features, (first, at) => (several[first] === 1 ? 2 : first < at ? 1 : 0))
}

/**
 * Drops rows that are equal to an earlier one: in all columns, in those of `by`, or in all but those of `except` (an id,
 * a time of entry). With a `target`, rows are equal when everything else is: those of which the targets agree leave as
 * duplicates; those of which they do not are contradictory, and `contradictions` says what becomes of them.
 *
 * @example
 * import { Clean, Column, Columns, Source } from "@watertight/data"
 * const Mail = Columns.make({ id: Column.float, body: Column.text, spam: Column.category(["no", "yes"]) })
 * Clean.of(Source.csv("mails.csv", Mail)).pipe(
 *   Clean.dropDuplicates({ except: ["id"], target: "spam", contradictions: "drop" })
 * ).steps[0].reasons // => ["duplicate", "equal rows with different spam"]
 */
export const dropDuplicates =
  <const Name extends string = never, const Target extends string = never>(options: Options<Name, Target> = {}) =>
  <C extends Columns, E, R>(
    cleaning: Unless<NameRefusal<C, Name | Target>, Cleaning<C, E, R>>
  ): Cleaning<C, E | CleanError, R> => {
    const { by, contradictions, except = [], target } = options
    const params: Readonly<Record<string, Schema.Json>> = {
      ...(by === undefined ? {} : { by }),
      except,
      ...(target === undefined ? {} : { target, contradictions })
    }
    const duplicate = by === undefined ? "duplicate" : `duplicate by ${by.join(", ")}`
    return adding(cleaning, {
      params: { step: "drop-duplicates", ...params },
      code: "versioned",
      reasons: [duplicate, ...(contradictions === "drop" ? [`equal rows with different ${target}`] : [])],
      leave: Effect.fnUntraced(function* (table, rows) {
        const wanted: ReadonlyArray<string> = by ?? Object.keys(table.columns)
        const skipped: ReadonlyArray<string> = [...except, ...(target === undefined ? [] : [target])]
        const unknown = [...wanted, ...skipped].find((name) => table.columns[name] === undefined)
        if (unknown !== undefined) return yield* refuse(unknown)
        const names = wanted.filter((name) => !skipped.includes(name))
        if (names.length === 0) return yield* new CleanError(nothing)
        const features = contents(table, rows, names)
        if (target === undefined || contradictions === undefined) return later(features)
        const targets = contents(table, rows, [target])
        const several = contradictory(features, targets)
        if (contradictions === "fail" && several.includes(1)) {
          return yield* contradiction(
            target,
            Array.from(rows, (row) => row + 1).filter((_, at) => several[features[at]] === 1)
          )
        }
        return byTarget(features, contents(table, rows, [...names, target]), targets, contradictions)
      })
    })
  }

/**
 * Drops rows that are near an earlier one, directly or through others (see `Near`): of each set of rows that hang together
 * so, the first stays. It compares all rows that came before the split, so that near ones cannot land on two sides; to
 * keep them all, give `near` to the split instead.
 *
 * @example
 * import { Clean, Column, Columns, Near, Source } from "@watertight/data"
 * const mails = Source.csv("mails.csv", Columns.make({ body: Column.text, spam: Column.category(["no", "yes"]) }))
 * Clean.of(mails).pipe(
 *   Clean.dropNearDuplicates(Near.text("body", { similarity: 0.8 }))
 * ).steps[0].reasons // => ["near duplicate by body"]
 */
export const dropNearDuplicates =
  <const N extends Near.Near>(near: N) =>
  <C extends Columns, E, R>(
    cleaning: Unless<Near.Refusal<C, N>, Cleaning<C, E, R>>
  ): Cleaning<C, E | CleanError, R> => {
    const names = near.by === "row" ? near.columns : [near.column]
    return adding(cleaning, {
      params: { step: "drop-near-duplicates", near: Near.toJson(near) },
      code: "versioned",
      reasons: [names.length === 0 ? "near duplicate" : `near duplicate by ${names.join(", ")}`],
      leave: (table, rows) =>
        Near.firsts(near, someRows(Near.select(near, table), rows)).pipe(
          Effect.map(later),
          Effect.mapError(
            ({ column, reason }) =>
              new CleanError({ step: "Clean.dropNearDuplicates", column, reason, hint: "Compare other columns." })
          )
        )
    })
  }
