/**
 * The laws of label reviews: planted wrong labels come first, clean labels are quiet, the order of rows does not count,
 * features that say nothing accuse nobody, and only train rows are looked at. Each takes a way of reviewing.
 */
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import * as Column from "../Column.ts"
import * as Columns from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import type * as Review from "../Review.ts"
import { draws } from "./internal/splitMix.ts"
import * as RowId from "../RowId.ts"
import { type Table, take } from "../Table.ts"

/** The columns the laws plant wrong labels in: `label` is where `x` and `y` lie, `size` is made of them. */
export const Rows = Columns.make({
  x: Column.float,
  y: Column.float,
  gap: Column.optional(Column.float),
  zone: Column.category(["p", "q"]),
  label: Column.category(["a", "b", "c"]),
  size: Column.float
})

type Values = Table<typeof Rows>["values"]

/** A way of reviewing labels. */
export type Subject = (
  train: Dataset.Dataset<typeof Rows, "train">,
  options: { readonly target: string }
) => Effect.Effect<Review.Review, unknown>

const made = (values: Values, length: number): Table<typeof Rows> => ({
  columns: Rows,
  length,
  values,
  ids: RowId.ofContent(Rows, values, length)
})

const cases = fc.record({ seed: fc.nat(1_000_000), rows: fc.integer({ min: 150, max: 240 }) })
type Case = { readonly seed: number; readonly rows: number }

/** Rows of three classes around three points, `apart` times as far from each other as they are wide. */
const clean = ({ rows, seed }: Case, apart: number): Table<typeof Rows> => {
  const draw = draws(seed)
  const bell = () => draw() + draw() + draw() + draw() - 2
  const label = Int32Array.from({ length: rows }, () => Math.floor(3 * draw()))
  const x = Float64Array.from(label, (code) => apart * Math.cos((2 * Math.PI * code) / 3) + bell())
  const y = Float64Array.from(label, (code) => apart * Math.sin((2 * Math.PI * code) / 3) + bell())
  const zone = Int32Array.from(label, () => Math.floor(2 * draw()))
  const size = Float64Array.from(x, (value, row) => 10 * value + 3 * y[row] + bell())
  const gap = Float64Array.from(label, () => (draw() < 0.2 ? NaN : bell()))
  return made({ x, y, gap, zone, label, size }, rows)
}

const trainOf = (table: Table<typeof Rows>) => Dataset.make<typeof Rows, "train">(table, undefined, "train")

/** Every 29th row. */
const isPlanted = (row: number): boolean => row % 29 === 11

const ensureFirst = ({ suspects }: Review.Review, rows: number): void => {
  const planted = Array.from({ length: rows }, (_, row) => row).filter(isPlanted).length
  const first = suspects.slice(0, planted)
  const other = first.find(({ row }) => !isPlanted(row))
  Law.ensure(other === undefined, () => `row ${other?.row} is ranked before planted ones: ${JSON.stringify(first)}`)
  Law.ensure(first.length >= planted / 5, () => `of ${planted} planted labels ${first.length} were found`)
}

/** Wrong labels planted among classes that are well apart come before all others; at least a fifth of them are found. */
export const planted = (review: Subject): Law.Law =>
  Law.make("review: planted wrong labels are ranked first", cases, (at) =>
    Effect.gen(function* () {
      const table = clean(at, 4)
      const label = table.values.label.map((code, row) => (isPlanted(row) ? (code + 1 + (row % 2)) % 3 : code))
      const wrong = made({ ...table.values, label }, at.rows)
      const found = yield* review(trainOf(wrong), { target: "label" })
      ensureFirst(found, at.rows)
      const levels = Rows.label.levels
      const odd = found.suspects.find(
        ({ given, likely, row }) =>
          isPlanted(row) && (given !== levels[label[row]] || likely !== levels[table.values.label[row]])
      )
      Law.ensure(odd === undefined, () => `${JSON.stringify(odd)} is not what the row was`)
    })
  )

/** Wrong numbers planted among numbers that the features explain come before all others. */
export const plantedNumbers = (review: Subject): Law.Law =>
  Law.make("review: planted wrong numbers are ranked first", cases, (at) =>
    Effect.gen(function* () {
      const table = clean(at, 1)
      const size = table.values.size.map((value, row) => (isPlanted(row) ? value + 400 : value))
      ensureFirst(yield* review(trainOf(made({ ...table.values, size }, at.rows)), { target: "size" }), at.rows)
    })
  )

/** Clean labels of classes that are well apart give nothing to look at. */
export const quiet = (review: Subject): Law.Law =>
  Law.make("review: clean labels are not suspicious", cases, (at) =>
    Effect.gen(function* () {
      const { suspects, suspicious } = yield* review(trainOf(clean(at, 4)), { target: "label" })
      Law.ensure(suspicious === 0 && suspects.length === 0, () => `suspicious: ${JSON.stringify(suspects)}`)
    })
  )

/** Labels that the features say nothing of are not called wrong: the review says why. */
export const modest = (review: Subject): Law.Law =>
  Law.make("review: features that say nothing accuse nobody", cases, (at) =>
    Effect.gen(function* () {
      const { agreement, skipped, suspicious } = yield* review(trainOf(clean(at, 0)), { target: "label" })
      Law.ensure(
        skipped !== null && suspicious === 0,
        () => `${suspicious} are suspicious at an agreement of ${agreement}`
      )
    })
  )

/** Everything but where rows stand. */
const unplaced = ({ suspects, ...rest }: Review.Review) =>
  JSON.stringify({ ...rest, suspects: suspects.map(({ row: _, ...suspect }) => suspect) })

/** The order of the rows changes nothing, of classes and of numbers. */
export const order = (review: Subject): Law.Law =>
  Law.make("review: the order of the rows changes nothing", cases, (at) =>
    Effect.gen(function* () {
      const table = clean(at, 1)
      const by = 1 + (at.seed % (at.rows - 1))
      const turned = take(table, Uint32Array.from({ length: at.rows }, (_, row) => (row + by) % at.rows).reverse())
      for (const target of ["label", "size"]) {
        const before = unplaced(yield* review(trainOf(table), { target }))
        const after = unplaced(yield* review(trainOf(turned), { target }))
        Law.ensure(before === after, () => `${before} became ${after}`)
      }
    })
  )

/** Rows of validation and test are refused, also when types were cast away. */
export const refused = (review: Subject): Law.Law =>
  Law.make("review: test rows cannot be given", cases, (at) =>
    Effect.gen(function* () {
      for (const partition of ["validation", "test"] as const) {
        const rows: unknown = Dataset.make(clean(at, 1), undefined, partition)
        const given = rows as Dataset.Dataset<typeof Rows, "train"> // what a cast does
        const found = yield* Effect.option(review(given, { target: "label" }))
        Law.ensure(found._tag === "None", () => `rows of ${partition} were reviewed`)
      }
    })
  )

/** All laws of a way of reviewing labels. */
export const all = (review: Subject): ReadonlyArray<Law.Law> =>
  [planted, plantedNumbers, quiet, modest, order, refused].map((law) => law(review))
