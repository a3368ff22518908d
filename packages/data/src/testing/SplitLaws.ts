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
import type * as Near from "../Near.ts"
import * as RowId from "../RowId.ts"
import { nearPairs } from "./CleanLaws.ts"
import * as Share from "../split/Share.ts"
import type { Shares } from "../Split.ts"
import * as Table from "../Table.ts"
import { anywhere } from "./Tables.ts"
import * as TableLaw from "./internal/tableLaw.ts"

/** A way of splitting, and tables to split: large enough that no partition must be empty. */
export interface Subject<C extends Columns> {
  readonly assign: Assignment.Assign<C>
  readonly tables: fc.Arbitrary<Table.Table<C>>
}

const partitions: ReadonlyArray<Partition> = ["train", "validation", "test"]

const make = <C extends Columns>(
  name: string,
  { assign, tables }: Subject<C>,
  check: (
    table: Table.Table<C>,
    assignment: Assignment.Assignment,
    key: Key.Key
  ) => void | Effect.Effect<unknown, unknown>
): Law.Law =>
  TableLaw.make(name, fc.record({ table: anywhere(tables), seed: fc.nat() }), ({ seed, table }) => {
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
    const codes = Table.numbers(table, subject.on)
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
      const times = Table.numbers(table, subject.on)
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

/** A row's label is known before the next period begins. */
export const purged = <C extends Columns>(
  subject: Subject<C> & { readonly on: KeysOf<C, "timestamp">; readonly labelEnd: KeysOf<C, "timestamp"> }
): Law.Law =>
  make("purged: every label is known before the next period begins", subject, (table, assignment) => {
    const times = Table.numbers(table, subject.on)
    const ends = Table.numbers(table, subject.labelEnd)
    const follows = (earlier: Partition, later: Partition) => {
      const first = Math.min(...Array.from(Assignment.rows(assignment, later), (row) => times[row]))
      const row = Assignment.rows(assignment, earlier).find((row) => ends[row] > first)
      Law.ensure(
        row === undefined,
        () => `row ${row} of ${earlier} has a label known after ${later} begins at ${first}`
      )
    }
    follows("train", "validation")
    follows("validation", "test")
  })

/** Rows of one group are in one partition; `on` lists the columns of groups. */
export const grouped = <C extends Columns>(
  subject: Subject<C> & { readonly on: ReadonlyArray<KeysOf<C, "category" | "float">> }
): Law.Law =>
  make("grouped: no group is on two sides", subject, (table, { places }) => {
    for (const name of subject.on) {
      const values = Table.numbers(table, name)
      apart(places, (row) => `${name} ${values[row]}`)
    }
  })

/** Rows with equal ids are in one partition. */
export const duplicates = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("duplicates: equal rows are on one side", subject, (table, { places }) => apart(places, idOf(table)))

/** Rows that are near are in one partition, each pair compared by itself. */
export const near = <C extends Columns>(subject: Subject<C> & { readonly near: Near.Near }): Law.Law =>
  make("near: rows that are near are on one side", subject, (table, { places }) =>
    Effect.map(nearPairs(subject.near, table), (pairs) =>
      pairs.forEach(([first, second]) =>
        Law.ensure(places[first] === places[second], () => `rows ${first} and ${second} are near, and on two sides`)
      )
    )
  )

/** Sizes of partitions are as near to what was asked for as whole groups allow. Without `on`, equal rows are groups. */
export const groupedSizes = <C extends Columns>(
  subject: Subject<C> & { readonly on?: KeysOf<C, "category" | "float">; readonly shares: Shares }
): Law.Law =>
  make("grouped: sizes are within half of the largest group of their shares", subject, (table, assignment) => {
    const { on } = subject
    const values: ArrayLike<number> = on === undefined ? [] : Table.numbers(table, on)
    const nameOf = on === undefined ? idOf(table) : (row: number) => `${values[row]}`
    const sizesAt = (name: Partition) => countBy(Assignment.rows(assignment, name), nameOf)
    const all = countBy(Uint32Array.from(assignment.places.keys()), nameOf)
    const half = Math.max(...all.values()) / 2
    for (const name of ["validation", "test"] as const) {
      const share = subject.shares[name] * table.length
      const there = sizesAt(name)
      const count = Share.sum([...there.values()])
      const isSmallest = there.size === 1 && [...sizesAt("train").values()].every((size) => size >= count)
      const nearer = isSmallest && count >= 2 * share - 1e-9
      Law.ensure(nearer || Math.abs(count - share) <= half + 1e-9, () => {
        return `${name} has ${count} rows, its share is ${share}, half of the largest group is ${half}`
      })
    }
  })

/** Classes are as near to their shares as moves of single groups can bring them. Without `on`, equal rows are groups. */
export const stratifiedGrouped = <C extends Columns>(
  subject: Subject<C> & {
    readonly on?: KeysOf<C, "category" | "float">
    readonly stratify: KeysOf<C, "category">
    readonly shares: Shares
  }
): Law.Law =>
  make(
    "stratified: no group can be moved to bring the classes nearer to their shares",
    subject,
    (table, { places }) => {
      const { on, shares, stratify } = subject
      const values: ArrayLike<number> = on === undefined ? [] : Table.numbers(table, on)
      const nameOf = on === undefined ? idOf(table) : (row: number) => `${values[row]}`
      const codes = Table.numbers(table, stratify)
      const rows = [...places.keys()]
      const totals = countBy(rows, (row) => codes[row])
      const share = shareOf(shares)
      const distance = (placeOf: (row: number) => number) => {
        const counts = countBy(rows, (row) => `${placeOf(row)}/${codes[row]}`)
        return Share.sum(
          partitions.flatMap((name, place) =>
            [...totals].map(
              ([code, total]) => ((counts.get(`${place}/${code}`) ?? 0) - share[name] * total) ** 2 / total
            )
          )
        )
      }
      const now = distance((row) => places[row])
      for (const group of new Set(rows.map(nameOf))) {
        partitions.forEach((name, place) => {
          const moved = distance((row) => (nameOf(row) === group ? place : places[row]))
          Law.ensure(
            moved > now - 1e-6,
            () => `with group ${group} in ${name}, the distance is ${moved} instead of ${now}`
          )
        })
      }
    }
  )

/** Where rows stand in the table does not count: for splits that go by names or ids. Rows of equal ids count as one. */
export const orderIndependent = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("split: the order of rows does not count", subject, (table, { places }, key) => {
    const order = Key.permutation(Key.foldIn(key, "order"), table.length)
    return Effect.map(subject.assign(Table.take(table, order), key), (again) => {
      const row = order.findIndex((row, index) => again.places[index] !== places[row])
      Law.ensure(row < 0, () => `row ${order[row]} is elsewhere when rows stand in another order`)
    })
  })

/** Rows stay where they are when others are removed, or, the other way round, appended. */
export const stable = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("hashed: rows stay on their side when others are appended or removed", subject, (table, { places }, key) => {
    const kept = Key.permutation(Key.foldIn(key, "kept"), table.length).slice(0, Math.ceil(0.9 * table.length))
    return Effect.matchEffect(subject.assign(Table.take(table, kept), key), {
      onFailure: () => Effect.void,
      onSuccess: (fewer) =>
        Effect.sync(() => {
          const row = kept.findIndex((row, index) => fewer.places[index] !== places[row])
          Law.ensure(
            row < 0,
            () => `row ${kept[row]} is elsewhere when ${table.length - kept.length} others are removed`
          )
        })
    })
  })

const apart = (places: Uint8Array, nameOf: (row: number) => string): void => {
  const sides = new Map<string, number>()
  places.forEach((place, row) => {
    if (Assignment.places[place] === "left out") return
    const name = nameOf(row)
    const side = sides.get(name) ?? place
    Law.ensure(side === place, () => `${name} is in ${Assignment.places[side]} and in ${Assignment.places[place]}`)
    sides.set(name, side)
  })
}

const idOf = ({ ids }: Table.Table) => {
  const hex = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength).toString("hex")
  return (row: number) => hex.slice(2 * RowId.bytes * row, 2 * RowId.bytes * (row + 1))
}

const countBy = <A>(rows: Iterable<number>, nameOf: (row: number) => A): ReadonlyMap<A, number> => {
  const counts = new Map<A, number>()
  for (const row of rows) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + 1)
  return counts
}

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
