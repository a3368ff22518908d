/**
 * The laws of cleaning, by this package's steps or one's own. Each takes a way of cleaning a table and tables to try it
 * on. A table that is refused with a `CleanError` is passed over; cleaning that refuses nearly all of them fails.
 */
import { Key } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import * as Clean from "../Clean.ts"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Near from "../Near.ts"
import * as RowId from "../RowId.ts"
import * as Table from "../Table.ts"
import { anywhere } from "./Tables.ts"
import * as TableLaw from "./internal/tableLaw.ts"

/** A way of cleaning, and tables to try it on. */
export interface Subject<C extends Columns> {
  readonly clean: (table: Table.Table<C>) => Effect.Effect<Clean.Cleaned<Columns>, Clean.CleanError>
  readonly tables: fc.Arbitrary<Table.Table<C>>
}

const passing = <A>(effect: Effect.Effect<A, Clean.CleanError>): Effect.Effect<A, Clean.CleanError> =>
  Effect.catchIf(
    effect,
    (error) => error instanceof Clean.CleanError,
    () => Effect.sync(() => fc.pre(false) as never) // fc.pre(false) throws
  )

const make = <C extends Columns>(
  name: string,
  { clean, tables }: Subject<C>,
  check: (table: Table.Table<C>, cleaned: Clean.Cleaned<Columns>, seed: number) => void | Effect.Effect<void, unknown>
): Law.Law =>
  TableLaw.make(name, fc.record({ table: anywhere(tables), seed: fc.nat() }), ({ seed, table }) =>
    Effect.flatMap(passing(clean(table)), (cleaned) => Effect.suspend(() => check(table, cleaned, seed) ?? Effect.void))
  )

/** The ids of rows, as text. */
const idsOf = ({ ids }: Table.Table): ReadonlyArray<string> => {
  const hex = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength).toString("hex")
  const size = 2 * RowId.bytes
  return Array.from({ length: hex.length / size }, (_, row) => hex.slice(size * row, size * (row + 1)))
}

/** Rows that stay are rows that came. */
export const subsequence = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("clean: rows that stay are rows that came, in their order, with their ids", subject, (table, cleaned) => {
    const came = idsOf(table)
    let at = 0
    idsOf(cleaned.table).forEach((id, row) => {
      at = came.indexOf(id, at) + 1
      Law.ensure(
        at > 0,
        () => `row ${row} of those that stay has an id that no row has that came after those before it`
      )
    })
  })

/** Every row that leaves is counted once. */
export const counted = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("clean: rows that came are those that left, by reason, and those that stayed", subject, (table, cleaned) => {
    const { kept, rows, steps } = cleaned.excluded
    Law.ensure(rows === table.length, () => `${rows} rows are said to have come; ${table.length} did`)
    Law.ensure(kept === cleaned.table.length, () => `${kept} rows are said to be kept; ${cleaned.table.length} are`)
    const left = steps.reduce((sum, step) => sum + step.rows, 0)
    Law.ensure(left + kept === rows, () => `${left} rows left and ${kept} stayed of ${rows}`)
    Law.ensure(
      steps.every((step) => step.rows >= 0),
      () => "fewer than no rows left for a reason"
    )
  })

/** How many values of a column are missing. */
const missingIn = (table: Table.Table, name: string): number => {
  const column = table.columns[name]
  if (column === undefined || !Column.isOptional(column)) return 0
  const isMissing = column.kind === "optional category" ? (value: number) => value < 0 : Number.isNaN
  return Array.from(Table.numbers(table, name)).filter(isMissing).length
}

/** Every value that is made missing is counted under its column. For cleaning of which no row leaves. */
export const countedMissing = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("clean: values that are made missing are counted by column", subject, (table, cleaned) => {
    for (const name of Object.keys(cleaned.table.columns)) {
      const made = missingIn(cleaned.table, name) - missingIn(table, name)
      const counts = (cleaned.excluded.missing ?? []).filter(({ column }) => column === name)
      const counted = counts.reduce((sum, { values }) => sum + values, 0)
      Law.ensure(counted === made, () => `${made} values of "${name}" were made missing, ${counted} were counted`)
    }
  })

/** What is clean stays as it is. For cleaning that changes no column's kind, so that it can be done again. */
export const idempotent = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("clean: twice is once", subject, (_, cleaned) =>
    Effect.map(subject.clean(of<C>(cleaned.table)), (again) => {
      const left = cleaned.table.length - again.table.length
      Law.ensure(left === 0, () => `${left} more rows left the second time`)
      Law.ensure(Table.digest(again.table) === Table.digest(cleaned.table), () => "the second time changed a value")
    })
  )

/** A table of which the columns' kinds did not change. */
const of = <C extends Columns>(table: Table.Table): Table.Table<C> => table as Table.Table<C> // cleaned so that they do not

/** What came is not touched. */
export const pure = <C extends Columns>(subject: Subject<C>): Law.Law =>
  TableLaw.make(
    "clean: the table that came is unchanged",
    anywhere(subject.tables),
    Effect.fnUntraced(function* (table) {
      const before = Table.digest(table)
      yield* passing(subject.clean(table))
      Law.ensure(Table.digest(table) === before, () => "a value of it was written over")
    })
  )

/** Whether a row stays depends on nothing but the row: for cleaning that does not compare rows. */
export const rowwise = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make(
    "clean: each row is judged by itself",
    subject,
    Effect.fnUntraced(function* (table, cleaned, seed) {
      if (table.length === 0) return
      const row = seed % table.length
      const alone = yield* subject.clean(Table.take(table, Uint32Array.of(row)))
      const id = idsOf(table)[row]
      const stays = idsOf(cleaned.table).includes(id)
      Law.ensure(
        (alone.table.length === 1) === stays,
        () => `row ${row} ${stays ? "stays" : "leaves"} among others and ${stays ? "leaves" : "stays"} alone`
      )
    })
  )

/** As many rows leave for each reason in whatever order rows stand, though others of those that are alike. */
export const orderIndependent = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("clean: in any order, as many rows leave for each reason", subject, (table, cleaned, seed) =>
    Effect.map(subject.clean(Table.take(table, Key.permutation(Key.fromSeed(seed), table.length))), (again) =>
      cleaned.excluded.steps.forEach(({ reason, rows }, step) => {
        const found = again.excluded.steps[step].rows
        Law.ensure(found === rows, () => `${rows} rows left as "${reason}"; in another order ${found} did`)
      })
    )
  )

/** Of rows that are alike, the first stays: the first row of a table does, where rows leave for being like others only. */
export const firstStays = <C extends Columns>(subject: Subject<C>): Law.Law =>
  make("clean: of rows that are alike the first stays", subject, (table, cleaned) => {
    const stayed = new Set(idsOf(cleaned.table))
    if (table.length > 0) Law.ensure(stayed.has(idsOf(table)[0]), () => "the first row of all left")
  })

/** No two rows left are equal in the columns named, in all unless some are. */
export const distinct = <C extends Columns>(
  subject: Subject<C> & { readonly by?: ReadonlyArray<keyof C & string> }
): Law.Law =>
  make("clean: no two rows left are equal", subject, (_, { table }) => {
    const names = subject.by ?? Object.keys(table.columns)
    const pick = <A>(all: Readonly<Record<string, A>>) => Object.fromEntries(names.map((name) => [name, all[name]]))
    const ids = idsOf({ ...table, ids: RowId.ofContent(pick(table.columns), pick(table.values), table.length) })
    ids.forEach((id, row) => {
      const first = ids.indexOf(id)
      Law.ensure(first === row, () => `rows ${first} and ${row} of those that stay are equal`)
    })
  })

/** No two rows left are near, each pair compared by itself. */
export const apart = <C extends Columns>(subject: Subject<C> & { readonly near: Near.Near }): Law.Law =>
  make("clean: no two rows left are near", subject, (_, { table }) =>
    Effect.map(nearPairs(subject.near, table), (pairs) =>
      Law.ensure(pairs.length === 0, () => `rows ${pairs[0].join(" and ")} of those that stay are near`)
    )
  )

/** Lists the pairs of near rows of a table by comparing each pair by itself: slow, and without what makes it fast. */
export const nearPairs = Effect.fnUntraced(function* (near: Near.Near, table: Table.Table) {
  const found: Array<readonly [first: number, second: number]> = []
  for (let second = 0; second < table.length; second++) {
    for (let first = 0; first < second; first++) {
      const pairs = yield* Near.pairs(near, Table.take(table, Uint32Array.of(first, second)))
      if (pairs.length > 0) found.push([first, second])
    }
  }
  return found
})
