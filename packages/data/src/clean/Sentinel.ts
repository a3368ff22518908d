/**
 * Values that stand for a missing one, such as -999, "N/A" or 1970-01-01, made missing: by their type, too.
 */
import { Effect } from "effect"
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Derive from "../internal/columns/derive.ts"
import { instant } from "../internal/sources/decodeRows.ts"
import * as Table from "../Table.ts"
import { CleanError } from "./CleanError.ts"
import { adding, type Cleaning, columnOf, type Unless } from "./Describe.ts"

/** What stands for a missing value: a number, a level, an instant. */
export type Sentinel = number | string | Date

/** The column once a value of it stands for none. */
export type MissingOf<C extends Column.Column, Value> = C extends Column.Float | Column.OptionalFloat
  ? Column.OptionalFloat
  : C extends Column.Timestamp | Column.OptionalTimestamp
    ? Column.OptionalTimestamp
    : C extends Column.Category<infer Level> | Column.OptionalCategory<infer Level>
      ? Column.OptionalCategory<Exclude<Level, Value>>
      : C

/** `C` with a column that may be missing. */
export type Missing<C extends Columns, Name extends string, Value> = {
  readonly [K in keyof C]: K extends Name ? MissingOf<C[K], Value> : C[K]
}

type ValueRefusal<C extends Column.Column, Name extends string, Value> = C extends { readonly group: true }
  ? `sentinel: ${Name} is a group, and every row needs one: use Clean.drop`
  : C["kind"] extends "float" | "optional float"
    ? [Value] extends [number]
      ? never
      : `sentinel: ${Name} holds numbers: give a number`
    : C["kind"] extends "timestamp" | "optional timestamp"
      ? [Value] extends [string | Date]
        ? never
        : `sentinel: ${Name} holds instants: give one as text, such as 1970-01-01`
      : C extends Column.Category<infer Level> | Column.OptionalCategory<infer Level>
        ? [Value] extends [Level]
          ? never
          : `sentinel: ${Name} has no such level`
        : `sentinel: ${Name} is a ${C["kind"]}, which is never missing: use Clean.drop`

type SentinelRefusal<C extends Columns, Name extends string, Value> = string extends keyof C
  ? never
  : Name extends keyof C
    ? ValueRefusal<C[Name], Name, Value>
    : `sentinel: there is no column ${Name}`

const kinds = ["float", "optional float", "category", "optional category", "timestamp", "optional timestamp"] as const

const refuse = (column: string, reason: string, hint: string) =>
  Effect.fail(new CleanError({ step: "Clean.sentinel", column, reason, hint }))

/** Numbers and instants: those that are given become NaN. */
const numbers = (
  column: string,
  declared: Column.Column,
  values: Float64Array,
  given: ReadonlyArray<Sentinel>
): Effect.Effect<readonly [Column.Column, Float64Array], CleanError> => {
  const isInstant = declared.kind.endsWith("timestamp")
  const found = given.map((value) => (isInstant ? (instant(value) ?? Number.NaN) : Number(value)))
  const wrong = given.findIndex((value, at) => Number.isNaN(found[at]) || (typeof value === "number") === isInstant)
  if (wrong >= 0) {
    const hint = isInstant ? 'Give a Date, or "1970-01-01".' : "Give a number."
    return refuse(column, `holds no such value as ${String(given[wrong])}`, hint)
  }
  const kind = isInstant ? "optional timestamp" : "optional float"
  return Effect.sync(() => [{ kind }, values.map((value) => (found.includes(value) ? Number.NaN : value))])
}

/** Levels: those that are given become missing, and are no levels any more. */
const levels = (
  column: string,
  declared: Column.Category | Column.OptionalCategory,
  codes: Int32Array,
  given: ReadonlyArray<Sentinel>
): Effect.Effect<readonly [Column.Column, Int32Array], CleanError> => {
  const unknown = given.find((level) => !declared.levels.some((known) => known === level))
  if (unknown !== undefined) return refuse(column, `has no level ${String(unknown)}`, "Give levels of the column.")
  const left = declared.levels.filter((level) => !given.includes(level))
  if (left.includes("")) {
    return refuse(column, "has a level that is empty text, which is how files write a missing value", "Give it too.")
  }
  const codeOf = Int32Array.from(declared.levels, (level) => left.indexOf(level))
  return Effect.sync(() => [
    { kind: "optional category", levels: left },
    codes.map((code) => (code < 0 ? -1 : codeOf[code]))
  ])
}

/**
 * Makes values that stand for a missing one missing: the column may then be missing by its type, so rows are dropped or
 * values imputed; how many there were is counted beside the rows that left. A level that stands for none is no level afterwards. Rows keep their ids. For a sentinel that is to
 * stay a value of its own, use `Recipe.imputeConstant` and `Recipe.missingIndicator`.
 *
 * @example
 * import { Clean, Column, Columns, Source } from "@watertight/data"
 * const Person = Columns.make({ age: Column.float, home: Column.category(["own", "rent", "N/A"]) })
 * Clean.of(Source.csv("people.csv", Person)).pipe(
 *   Clean.sentinel("age", [-999, 999]),
 *   Clean.sentinel("home", "N/A")
 * ).steps.length // => 2
 */
export const sentinel =
  <const Name extends string, const Value extends Sentinel>(column: Name, value: Value | ReadonlyArray<Value>) =>
  <C extends Columns, E, R>(
    cleaning: Unless<SentinelRefusal<C, Name, Value>, Cleaning<C, E, R>>
  ): Cleaning<Missing<C, Name, Value>, E | CleanError, R> => {
    const given: ReadonlyArray<Sentinel> = Array.isArray(value) ? value : [value]
    return adding(cleaning, {
      params: {
        step: "sentinel",
        column,
        values: given.map((each) => (each instanceof Date ? each.toISOString() : each))
      },
      code: "versioned",
      reasons: [],
      makesMissing: column,
      change: Effect.fnUntraced(function* (table) {
        const declared = yield* columnOf("Clean.sentinel", table, column, kinds)
        if ("group" in declared) return yield* refuse(column, "is a group, and every row needs one", "Use Clean.drop.")
        const values = Table.numbers(table, column)
        const [made, changed] =
          declared.kind === "category" || declared.kind === "optional category"
            ? yield* levels(column, declared, values as Int32Array, given) // of a category
            : yield* numbers(column, declared, values as Float64Array, given) // of numbers or instants
        return yield* Effect.catch(
          Derive.table(table, { ...table.columns, [column]: made }, { [column]: changed }),
          ({ reason }) => refuse(column, reason, "Check its values.")
        )
      })
    })
  }
