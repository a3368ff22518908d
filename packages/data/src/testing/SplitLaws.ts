/**
 * The laws of splits. Each takes a way of splitting, one of this package's or one's own, and tables to try it on. A table
 * that the split refuses with a `SplitError` is passed over; a split that refuses nearly all of them fails.
 */
import { Digest, Key } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import * as Assignment from "../Assignment.ts"
import type { Columns, KeysOf } from "../Columns.ts"
import type { Partition } from "../Dataset.ts"
import type { Shares } from "../Split.ts"
import type { Table } from "../Table.ts"

/** A way of splitting, and tables to split: large enough that no partition must be empty. */
export interface Subject<C extends Columns> {
  readonly assign: Assignment.Assign<C>
  readonly tables: fc.Arbitrary<Table<C>>
}

const partitions: ReadonlyArray<Partition> = ["train", "validation", "test"]

const make = <C extends Columns>(
  name: string,
  { assign, tables }: Subject<C>,
  check: (table: Table<C>, assignment: Assignment.Assignment, key: Key.Key) => void | Effect.Effect<unknown, unknown>
): Law.Law =>
  Law.make(name, fc.record({ table: tables, seed: fc.nat() }), ({ seed, table }) => {
    const key = Key.fromSeed(seed)
    return Effect.matchEffect(assign(table, key), {
      onFailure: () => Effect.sync(() => fc.pre(false)),
      onSuccess: (assignment) => Effect.suspend(() => check(table, assignment, key) ?? Effect.void)
    })
  })

/** Every row is in exactly one partition; with `leftOut`, rows may also be left out, as those in a gap of time are. */
export const partition = <C extends Columns>(subject: Subject<C> & { readonly leftOut?: boolean }): Law.Law =>
  make("partition: train, validation and test are disjoint and together everything", subject, (table, assignment) => {
    const found = assignment.places.length
    Law.ensure(found === table.length, () => `${found} places for ${table.length} rows`)
    const seen = new Uint8Array(table.length)
    for (const name of partitions) for (const row of Assignment.rows(assignment, name)) seen[row]++
    const twice = seen.findIndex((times) => times > 1)
    Law.ensure(twice < 0, () => `row ${twice} is in ${seen[twice]} partitions`)
    const missing = seen.findIndex(
      (times, row) =>
        times === 0 && !(subject.leftOut === true && Assignment.places[assignment.places[row]] === "left out")
    )
    Law.ensure(missing < 0, () => `row ${missing} has the place ${assignment.places[missing]}`)
  })

/** Sizes of partitions are what was asked for. */
export const sizes = <C extends Columns>(subject: Subject<C> & { readonly shares: Shares }): Law.Law =>
  make("partition: sizes are within one row of their shares", subject, (table, assignment) => {
    const share = shareOf(subject.shares)
    for (const name of partitions) withinOne(name, Assignment.count(assignment, name), share[name] * table.length)
  })

/** Every partition has the classes in the table's proportions. */
export const stratified = <C extends Columns>(
  subject: Subject<C> & { readonly on: KeysOf<C, "category">; readonly shares: Shares }
): Law.Law =>
  make("stratified: each class is within one row of its share", subject, (table, assignment) => {
    const share = shareOf(subject.shares)
    const column: Columns[string] = table.columns[subject.on]
    const codes: ArrayLike<number> = table.values[subject.on]
    const levels = column.kind === "category" ? column.levels : []
    levels.forEach((level, code) => {
      const all = Array.from(codes).filter((found) => found === code).length
      for (const name of partitions) {
        const count = Assignment.rows(assignment, name).filter((row) => codes[row] === code).length
        withinOne(`${level} in ${name}`, count, share[name] * all)
      }
    })
  })

/** Time runs from train through the gap to validation, and on through the gap to test. `gap` is in milliseconds. */
export const temporal = <C extends Columns>(
  subject: Subject<C> & { readonly on: KeysOf<C, "timestamp">; readonly gap: number }
): Law.Law =>
  make(
    "temporal: every train time plus the gap is at most every validation time, and the same for test",
    subject,
    (table, assignment) => {
      const times: ArrayLike<number> = table.values[subject.on]
      const of = (name: Partition) => Array.from(Assignment.rows(assignment, name), (row) => times[row])
      const follows = (earlier: Partition, later: Partition) => {
        const last = Math.max(...of(earlier))
        const first = Math.min(...of(later))
        Law.ensure(last + subject.gap <= first, () => `${earlier} ends at ${last}, ${later} begins at ${first}`)
        Law.ensure(last < first, () => `the time ${last} is in ${earlier} and in ${later}`)
      }
      follows("train", "validation")
      follows("validation", "test")
    }
  )

/** An assignment depends on the table and the key, and on nothing that happened before. */
export const deterministic = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("split: the same key gives the same assignment", subject, (table, assignment, key) =>
    Effect.map(subject.assign(table, key), (again) =>
      Law.ensure(Digest.of(again.places) === Digest.of(assignment.places), () => "a second run put rows elsewhere")
    )
  )

const shareOf = ({ test, validation }: Shares): Readonly<Record<Partition, number>> => ({
  train: 1 - validation - test,
  validation,
  test
})

const withinOne = (what: string, count: number, share: number): void =>
  Law.ensure(Math.abs(count - share) < 1 + 1e-9, () => `${what} has ${count} rows, its share is ${share}`)
