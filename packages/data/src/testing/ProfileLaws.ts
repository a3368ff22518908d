/**
 * The laws of profiles. Each takes a way of profiling a table, this package's or one's own.
 */
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import * as Column from "../Column.ts"
import * as Columns from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import * as IdOrder from "../internal/rows/idOrder.ts"
import type * as Profile from "../Profile.ts"
import { type Table, take } from "../Table.ts"
import * as Tables from "./Tables.ts"
import * as TableLaw from "./internal/tableLaw.ts"

/** A way of profiling train rows. */
export type Subject = (
  train: Dataset.Dataset<Columns.Columns, "train">,
  options: Profile.Options
) => Effect.Effect<Profile.Profile, unknown>

const Mixed = Columns.make({
  x: Column.float,
  gap: Column.optional(Column.float),
  zone: Column.category(["a", "b", "c"]),
  kind: Column.optional(Column.category(["p", "q"])),
  at: Column.timestamp,
  note: Column.text,
  pixels: Column.tensor([2], "uint8")
})

const tables = (options: Tables.Options): fc.Arbitrary<Table> => Tables.anywhere(Tables.arbitrary(Mixed, options))
const trainOf = (table: Table) => Dataset.make<Columns.Columns, "train">(table, undefined, "train")

/** Everything but where rows stand. */
const unplaced = ({ findings, ...rest }: Profile.Profile) =>
  JSON.stringify({ ...rest, findings: findings.map((finding) => ({ ...finding, rows: finding.rows.length })) })

/** The order of the rows changes no number and no finding. */
export const order = (profile: Subject): Law.Law =>
  TableLaw.make(
    "profile: the order of the rows changes nothing",
    fc.record({ table: tables({ maxLength: 80 }), by: fc.nat() }),
    ({ by, table }) =>
      Effect.gen(function* () {
        const turned = Uint32Array.from({ length: table.length }, (_, row) => (row + by) % table.length).reverse()
        const options = { target: "zone" }
        const before = unplaced(yield* profile(trainOf(table), options))
        const after = unplaced(yield* profile(trainOf(take(table, turned)), options))
        Law.ensure(before === after, () => `${before} became ${after}`)
      })
  )

const isNear = (found: number, expected: number): boolean =>
  Math.abs(found - expected) <= 1e-9 * Math.max(1, Math.abs(expected))

/** Counts, range and moments are those of plain float64 arithmetic on the rows. */
export const figures = (profile: Subject): Law.Law =>
  TableLaw.make(
    "profile: counts, range, mean and deviation are those of the rows",
    fc.array(fc.option(fc.integer({ min: -50, max: 50 }), { freq: 5 }), { maxLength: 80 }),
    (cells) =>
      Effect.gen(function* () {
        const values = Float64Array.from(cells, (cell) => cell ?? NaN)
        const columns = { x: Column.optional(Column.float) }
        const ids = new Uint8Array(16 * values.length).map((_, byte) => (byte * 97) % 251)
        const found = yield* profile(trainOf({ columns, length: values.length, values: { x: values }, ids }), {})
        const [column] = found.columns
        const known = cells.flatMap((cell) => cell ?? [])
        Law.ensure(column.missing === cells.length - known.length, () => `${column.missing} are missing`)
        Law.ensure(column.distinct === new Set(known).size, () => `${column.distinct} are distinct`)
        const { numbers } = column
        if (numbers === null) return Law.ensure(known.length === 0, () => "no figures of numbers that are there")
        const mean = known.reduce((sum, value) => sum + value, 0) / known.length
        const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length
        Law.ensure(numbers.count === known.length, () => `${numbers.count} numbers`)
        Law.ensure(numbers.min === Math.min(...known) && numbers.max === Math.max(...known), () => "another range")
        Law.ensure(isNear(numbers.mean, mean), () => `mean ${numbers.mean} instead of ${mean}`)
        Law.ensure(isNear(numbers.deviation, Math.sqrt(square)), () => `deviation ${numbers.deviation}`)
        const all = numbers.histogram.reduce((sum, count) => sum + count, 0)
        Law.ensure(all === known.length, () => `${all} numbers in the histogram`)
      })
  )

/** Tables of no row and of one row have a profile. */
export const small = (profile: Subject): Law.Law =>
  TableLaw.make("profile: no row and one row have a profile", tables({ maxLength: 1 }), (table) =>
    Effect.gen(function* () {
      const found = yield* profile(trainOf(table), { target: "zone", predictedAt: "at" })
      Law.ensure(found.rows === table.length, () => `${found.rows} rows instead of ${table.length}`)
      Law.ensure(found.columns.length === Object.keys(table.columns).length, () => "columns are missing")
      const odd = found.columns.find(({ distinct, missing }) => distinct > table.length || missing > table.length)
      Law.ensure(odd === undefined, () => `${odd?.name} has more values than rows`)
    })
  )

/** A row that is put in again is counted. */
export const repeats = (profile: Subject): Law.Law =>
  TableLaw.make(
    "profile: every repeated row is counted",
    fc.record({ table: tables({ minLength: 1, maxLength: 40 }), times: fc.integer({ min: 1, max: 5 }) }),
    ({ table, times }) =>
      Effect.gen(function* () {
        const rows = Uint32Array.from({ length: table.length + times }, (_, row) => (row < table.length ? row : 0))
        const found = yield* profile(trainOf(take(table, rows)), {})
        const distinct = new Set(IdOrder.keysOf(table.ids)).size
        const expected = table.length + times - distinct
        Law.ensure(found.repeats.rows === expected, () => `${found.repeats.rows} rows repeat instead of ${expected}`)
      })
  )

/** All laws of a way of profiling. */
export const all = (profile: Subject): ReadonlyArray<Law.Law> =>
  [order, figures, small, repeats].map((law) => law(profile))
