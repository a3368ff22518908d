/**
 * The laws of resampling. Each takes plans, those of this package or one's own, and tables to try them on. A table that a
 * plan refuses with a `SplitError` is passed over; plans that refuse nearly all of them fail.
 */
import { Digest, Key } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import type { Columns, KeysOf } from "../Columns.ts"
import type * as Near from "../Near.ts"
import type { FoldPlan, Plan, Sides } from "../Resample.ts"
import type { SplitError } from "../split/SplitError.ts"
import * as Table from "../Table.ts"
import { nearPairs } from "./CleanLaws.ts"
import { anywhere } from "./Tables.ts"
import * as LazyTables from "../internal/columns/tables.ts"
import * as TableLaw from "./internal/tableLaw.ts"

/** Plans, and tables to resample: large enough that no side of a fold must be empty. */
export interface Subject<C extends Columns> {
  readonly plans: ReadonlyArray<Plan>
  readonly tables: fc.Arbitrary<Table.Table<C>>
}

interface Drawn extends Sides {
  readonly name: string
}

/** The folds of each plan; `mark` gets the columns it says it reads, and no others. */
const draw = (
  plans: ReadonlyArray<Plan>,
  table: Table.Table,
  key: Key.Key
): Effect.Effect<ReadonlyArray<ReadonlyArray<Drawn>>, SplitError> =>
  Effect.forEach(plans, ({ check, folds, mark, name, reads }) => {
    const some = reads === "all" ? table : LazyTables.select(table, reads)
    return Effect.map(Effect.andThen(check(table.columns), mark(some, Key.foldIn(key, name))), (marks) =>
      folds.map((fold: FoldPlan) => ({ name: fold.name, ...fold.sides(marks) }))
    )
  })

const make = <C extends Columns>(
  name: string,
  { plans, tables }: Subject<C>,
  check: (
    table: Table.Table<C>,
    drawn: ReadonlyArray<ReadonlyArray<Drawn>>,
    key: Key.Key
  ) => void | Effect.Effect<unknown, unknown>
): Law.Law =>
  TableLaw.make(name, fc.record({ table: anywhere(tables), seed: fc.nat() }), ({ seed, table }) => {
    const key = Key.fromSeed(seed)
    return Effect.matchEffect(draw(plans, table, key), {
      onFailure: () => Effect.sync(() => fc.pre(false)),
      onSuccess: (drawn) => {
        const isEmpty = drawn.flat().some(({ train, validation }) => train.length === 0 || validation.length === 0)
        return isEmpty
          ? Effect.sync(() => fc.pre(false)) // refused when a pipeline runs
          : Effect.suspend(() => check(table, drawn, key) ?? Effect.void)
      }
    })
  })

/** No row is on both sides of a fold, nor twice on one; with `repeats`, train may have it more than once. */
export const disjoint = <C extends Columns>(subject: Subject<C> & { readonly repeats?: boolean }): Law.Law =>
  make("resample: no row is on both sides of a fold, nor twice on one", subject, (table, drawn) => {
    for (const { name, train, validation } of drawn.flat()) {
      const seen = new Set(validation)
      Law.ensure(seen.size === validation.length, () => `${name} validates a row twice`)
      const both = train.find((row) => seen.has(row))
      Law.ensure(both === undefined, () => `row ${both} is on both sides of ${name}`)
      const once = subject.repeats === true || new Set(train).size === train.length
      Law.ensure(once, () => `${name} trains on a row twice`)
      const beyond = [...train, ...validation].find((row) => row >= table.length)
      Law.ensure(beyond === undefined, () => `${name} has the row ${beyond} of ${table.length}`)
    }
  })

/** Every row validates exactly one fold of a plan and is in train of all others. */
export const complete = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("k-fold: every row validates one fold and is in train of all others", subject, (table, drawn) => {
    for (const folds of drawn) {
      const [validating, training] = [new Uint32Array(table.length), new Uint32Array(table.length)]
      for (const { train, validation } of folds) {
        for (const row of validation) validating[row]++
        for (const row of train) training[row]++
      }
      const wrong = validating.findIndex((times, row) => times !== 1 || training[row] !== folds.length - 1)
      Law.ensure(
        wrong < 0,
        () => `row ${wrong} validates ${validating[wrong]} folds, is in train of ${training[wrong]}`
      )
    }
  })

/** Validation sides differ in size by at most one row, or, with `on`, by at most the largest group. */
export const sizes = <C extends Columns>(
  subject: Subject<C> & { readonly on?: KeysOf<C, "category" | "float"> }
): Law.Law =>
  make("k-fold: sizes differ by one row, or by the largest group, at most", subject, (table, drawn) => {
    const groups: ArrayLike<unknown> = subject.on === undefined ? [] : table.values[subject.on]
    const counts = new Map<unknown, number>()
    for (const group of Array.from(groups)) counts.set(group, (counts.get(group) ?? 0) + 1)
    const allowed = Math.max(1, ...counts.values())
    for (const folds of drawn) {
      const found = folds.map(({ validation }) => validation.length)
      const difference = Math.max(...found) - Math.min(...found)
      Law.ensure(difference <= allowed, () => `sizes are ${found.join(", ")}, which may differ by ${allowed}`)
    }
  })

/** Validation sides have the classes in the same proportions. */
export const stratified = <C extends Columns>(subject: Subject<C> & { readonly on: KeysOf<C, "category"> }): Law.Law =>
  make("stratified k-fold: each class is within one row of its share", subject, (table, drawn) => {
    const codes = Array.from(table.values[subject.on] as ArrayLike<number>) // a category's codes
    for (const folds of drawn) {
      for (const code of new Set(codes)) {
        const share = codes.filter((found) => found === code).length / folds.length
        for (const { name, validation } of folds) {
          const count = validation.filter((row) => codes[row] === code).length
          Law.ensure(Math.abs(count - share) < 1 + 1e-9, () => `class ${code} has ${count} of ${share} rows in ${name}`)
        }
      }
    }
  })

/** No group is on both sides of a fold; `on` lists the columns of groups. */
export const grouped = <C extends Columns>(
  subject: Subject<C> & { readonly on: ReadonlyArray<KeysOf<C, "category" | "float">> }
): Law.Law =>
  make("grouped: no group is on both sides of a fold", subject, (table, drawn) => {
    for (const column of subject.on) {
      const groups: ArrayLike<unknown> = table.values[column]
      for (const { name, train, validation } of drawn.flat()) {
        const validating = new Set(Array.from(validation, (row) => groups[row]))
        const both = train.find((row) => validating.has(groups[row]))
        Law.ensure(both === undefined, () => `${column} ${groups[both ?? 0]} is on both sides of ${name}`)
      }
    }
  })

/** Rows that are near are on one side of every fold, each pair compared by itself. */
export const near = <C extends Columns>(subject: Subject<C> & { readonly near: Near.Near }): Law.Law =>
  make("near: rows that are near are on one side of every fold", subject, (table, drawn) =>
    Effect.map(nearPairs(subject.near, table), (pairs) => {
      for (const { name, validation } of drawn.flat()) {
        const validating = new Set(validation)
        const apart = pairs.find(([first, second]) => validating.has(first) !== validating.has(second))
        Law.ensure(apart === undefined, () => `rows ${apart?.join(" and ")} are near, and on two sides of ${name}`)
      }
    })
  )

/** When labels are known: in a column, or a time after the row; and how long after it train may go on. In milliseconds. */
export interface Times<C extends Columns> {
  readonly on: KeysOf<C, "timestamp">
  readonly labelEnd?: KeysOf<C, "timestamp">
  readonly ahead?: number
  readonly embargo?: number
}

const timesOf = <C extends Columns>(table: Table.Table<C>, { ahead = 0, labelEnd, on }: Times<C>) => {
  const times = Table.numbers(table, on)
  const ends = Table.numbers(table, labelEnd ?? on)
  return { times, known: Array.from(ends, (end, row) => Math.max(end, times[row] + ahead)) }
}

/** Time runs from train to validation, and every label of train is known when validation begins. */
export const temporal = <C extends Columns>(subject: Subject<C> & Times<C>): Law.Law =>
  make("temporal: train comes before validation, and its labels are known by then", subject, (table, drawn) => {
    const { known, times } = timesOf(table, subject)
    for (const { name, train, validation } of drawn.flat()) {
      const first = Math.min(...Array.from(validation, (row) => times[row]))
      const late = train.find((row) => times[row] >= first || known[row] > first)
      Law.ensure(late === undefined, () => `row ${late} is in train of ${name}, which validates from ${first} on`)
    }
  })

/** For train on both sides of what validates: labels do not overlap, and the embargo has passed. */
export const purged = <C extends Columns>(subject: Subject<C> & Times<C>): Law.Law =>
  make("purged: no label of train overlaps one of validation, and the embargo is kept", subject, (table, drawn) => {
    const { known, times } = timesOf(table, subject)
    const { embargo = 0 } = subject
    for (const { name, train, validation } of drawn.flat()) {
      for (const row of train) {
        const other = validation.find((other) =>
          times[row] < times[other]
            ? known[row] > times[other]
            : times[row] === times[other] || known[other] + embargo > times[row]
        )
        Law.ensure(other === undefined, () => `row ${row} of train overlaps row ${other} of validation in ${name}`)
      }
    }
  })

/** Train has as many draws as there are rows, and exactly the rows that were not drawn validate. */
export const outOfBag = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("bootstrap: as many draws as rows, and those not drawn validate", subject, (table, drawn) => {
    for (const { name, train, validation } of drawn.flat()) {
      Law.ensure(train.length === table.length, () => `${name} draws ${train.length} of ${table.length} rows`)
      const all = new Set([...train, ...validation])
      Law.ensure(all.size === table.length, () => `${name} knows ${all.size} of ${table.length} rows`)
    }
  })

/** Folds depend on the table and the key, and on nothing that happened before. */
export const deterministic = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("resample: the same key gives the same folds", subject, (table, drawn, key) => {
    const digest = (folds: ReadonlyArray<ReadonlyArray<Drawn>>) =>
      Digest.of(folds.flat().map(({ name, train, validation }) => [name, train, validation]))
    return Effect.map(draw(subject.plans, table, key), (again) =>
      Law.ensure(digest(again) === digest(drawn), () => "a second drawing differs")
    )
  })
