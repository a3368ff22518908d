/**
 * The laws of recipes and of the steps in them, this package's or one's own. Rows that a recipe refuses with a
 * `RecipeError` are passed over; a recipe that refuses nearly all of them fails.
 */
import { Digest, Key } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import type { Columns } from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import * as Recipe from "../Recipe.ts"
import type { Numbers } from "../RowId.ts"
import * as Table from "../Table.ts"
import * as TableLaw from "./internal/tableLaw.ts"

/** A recipe, and tables to try it on. */
export interface Subject<C extends Columns> {
  readonly recipe: Recipe.Recipe<C, Columns>
  readonly tables: fc.Arbitrary<Table.Table<C>>
}

const passing = <A>(effect: Effect.Effect<A, unknown>): Effect.Effect<A, unknown> =>
  Effect.catchIf(
    effect,
    (error) => error instanceof Recipe.RecipeError,
    () => Effect.sync(() => fc.pre(false) as never) // fc.pre(false) throws
  )

/** Steps that draw are given this key. */
const key = Key.fromSeed(0)

const fitAll = <C extends Columns>(recipe: Recipe.Recipe<C, Columns>, table: Table.Table<C>) =>
  passing(Recipe.fitDataset(recipe, Dataset.make(table, undefined, "train"), { key }))

/** The columns named become standard: over all of their numbers in the train rows together. */
export const standardized = <C extends Columns>(
  subject: Subject<C> & { readonly columns: ReadonlyArray<string> }
): Law.Law =>
  TableLaw.make(
    "standardize: train columns have mean 0 and variance 1 to 1e-6, and constants stay finite",
    subject.tables,
    Effect.fnUntraced(function* (table) {
      const fitted = yield* fitAll(subject.recipe, table)
      const after = yield* passing(Recipe.applyTable(fitted, table))
      for (const name of subject.columns) isStandard(name, Table.numbers(table, name), Table.numbers(after, name))
    })
  )

const meanOf = (values: Numbers): number => {
  let sum = 0
  for (const value of values) sum += value / values.length
  return sum
}

const varianceOf = (values: Numbers): number => {
  const mean = meanOf(values)
  let sum = 0
  for (const value of values) sum += (value - mean) ** 2 / values.length
  return sum
}

const isStandard = (name: string, before: Numbers, after: Numbers): void => {
  Law.ensure(
    after.every(Number.isFinite),
    () => `column ${name} holds ${after.find((value) => !Number.isFinite(value))}`
  )
  if (before.every((value) => value === before[0])) return
  // A mean that float64 has no number for is missed by half the distance of its neighbours.
  const missed = (Math.abs(meanOf(before)) * 2 ** -52) / Math.sqrt(varianceOf(before))
  const [mean, variance] = [meanOf(after), varianceOf(after)]
  Law.ensure(Math.abs(mean) <= 1e-6 + missed, () => `column ${name} has mean ${mean}`)
  Law.ensure(Math.abs(variance - 1) <= 1e-6, () => `column ${name} has variance ${variance}`)
}

/** The partitions of one table. */
export interface Parts<C extends Columns> {
  readonly train: Dataset.Dataset<C, "train">
  readonly validation: Dataset.Dataset<C, "validation">
  readonly test: Dataset.Dataset<C, "test">
}

/** What a recipe learns from partitions. */
export const learned =
  <C extends Columns>(recipe: Recipe.Recipe<C, Columns>) =>
  ({ train }: Parts<C>): Effect.Effect<unknown, unknown> =>
    Effect.map(Recipe.fitDataset(recipe, train, { key }), ({ steps }) => steps.map((step) => step.learned))

/**
 * What is learned is decided by the rows and the key, and by the order of the rows only if `anyOrder` does not say otherwise:
 * sums of floats in another order may differ in the last bit.
 */
export const fitsByKey = <C extends Columns>(subject: Subject<C> & { readonly anyOrder?: boolean }): Law.Law =>
  Law.make(
    "fit: the same rows and key give the same statistics",
    subject.tables.filter((table) => table.length >= 1),
    Effect.fnUntraced(function* (table) {
      const backwards = Uint32Array.from({ length: table.length }, (_, row) => table.length - 1 - row)
      const again = subject.anyOrder === true ? Table.take(table, backwards) : table
      const [first, second] = [yield* fitAll(subject.recipe, table), yield* fitAll(subject.recipe, again)]
      const [before, after] = [first, second].map(({ steps }) => JSON.stringify(steps.map((step) => step.learned)))
      Law.ensure(before === after, () => `${before} became ${after} from the same rows and key`)
    })
  )

/** Whatever `fit` returns depends on the train rows alone. For a recipe, `fit` is `RecipeLaws.learned(recipe)`. */
export const fitsTrainOnly = <C extends Columns>(subject: {
  readonly fit: (parts: Parts<C>) => Effect.Effect<unknown, unknown>
  readonly tables: fc.Arbitrary<Table.Table<C>>
}): Law.Law =>
  TableLaw.make(
    "fit: statistics do not change when validation or test rows change",
    subject.tables.filter((table) => table.length >= 9),
    Effect.fnUntraced(function* (table) {
      const size = Math.floor(table.length / 3)
      const whole = (others: number) => {
        const from = Uint32Array.from({ length: 2 * size }, (_, at) =>
          at % 2 === 0 ? at / 2 : others * size + (at >> 1)
        )
        const every = Table.take(table, from)
        const places = (first: number, step: number) =>
          Uint32Array.from({ length: Math.ceil((2 * size - first) / step) }, (_, index) => first + index * step)
        return {
          train: Dataset.make(every, places(0, 2), "train"),
          validation: Dataset.make(every, places(1, 4), "validation"),
          test: Dataset.make(every, places(3, 4), "test")
        }
      }
      const first = yield* passing(subject.fit(whole(1)))
      const second = yield* passing(subject.fit(whole(2)))
      const [before, after] = [JSON.stringify(first), JSON.stringify(second)]
      Law.ensure(before === after, () => `${before} became ${after} when only other rows had changed`)
    })
  )

/** A row's output is the same alone, in another order, and among other rows. */
export const appliesByRow = <C extends Columns>(subject: Subject<C>): Law.Law =>
  TableLaw.make(
    "apply: one row's output does not depend on the other rows",
    subject.tables
      .filter((table) => table.length >= 2)
      .chain((table) => fc.tuple(fc.constant(table), fc.array(fc.nat(table.length - 1)))),
    Effect.fnUntraced(function* ([table, rows]) {
      const fitted = yield* fitAll(subject.recipe, table)
      const picked = Uint32Array.from(rows)
      const all = yield* passing(Recipe.applyTable(fitted, table))
      const some = yield* passing(Recipe.applyTable(fitted, Table.take(table, picked)))
      Law.ensure(all.length === table.length, () => `${table.length} rows became ${all.length}`)
      Law.ensure(
        Table.digest(some) === Table.digest(all, picked),
        () => `rows ${rows.join(", ")} alone give something else than among all ${table.length}`
      )
      const inTrain = (places: Uint32Array | undefined) =>
        passing(Recipe.applyDataset(fitted, Dataset.make(table, places, "train")).pipe(Effect.flatMap(Dataset.rows)))
      const [allTrain, someTrain] = [yield* inTrain(undefined), yield* inTrain(picked)]
      Law.ensure(
        Table.digest(someTrain) === Table.digest(allTrain, picked),
        () => `train rows ${rows.join(", ")} alone give something else than among all ${table.length}`
      )
    })
  )

/**
 * What a recipe makes of a train row does not depend on the row's own target: targets are encoded out of fold. Holds where
 * no step after the encoding learns from what it made.
 */
export const ownTargetUnseen = <C extends Columns>(subject: Subject<C> & { readonly target: string }): Law.Law =>
  TableLaw.make(
    "target encoding: a train row's own target changes nothing else in it",
    subject.tables
      .filter((table) => table.length >= 2)
      .chain((table) => fc.tuple(fc.constant(table), fc.nat(table.length - 1))),
    Effect.fnUntraced(function* ([table, row]) {
      const before = Table.numbers(table, subject.target)
      const after = before.slice()
      after[row] = before instanceof Int32Array ? 1 - before[row] : before[row] + 1000
      const made = Effect.fnUntraced(function* (target: Numbers) {
        const given = { ...table, ids: table.ids, values: { ...table.values, [subject.target]: target } }
        const train = Dataset.make(given, undefined, "train")
        const fitted = yield* passing(Recipe.fitDataset(subject.recipe, train, { key }))
        const rows = yield* passing(Effect.flatMap(Recipe.applyDataset(fitted, train), Dataset.rows))
        const { [subject.target]: _, ...others } = Table.take(rows, Uint32Array.of(row)).values
        return others
      })
      const [one, other] = [yield* made(before), yield* made(after)]
      const told = Object.keys(one).find((name) => Digest.of(one[name]) !== Digest.of(other[name]))
      Law.ensure(told === undefined, () => `column ${told} of row ${row} changed with the row's target`)
    })
  )

/** Neither fitting nor applying writes into the rows it was given. */
export const leavesInput = <C extends Columns>(subject: Subject<C>): Law.Law =>
  TableLaw.make(
    "apply: the input's bytes are unchanged",
    subject.tables.filter((table) => table.length >= 1),
    Effect.fnUntraced(function* (table) {
      const before = Digest.of({ ...table.values, ids: table.ids })
      const unchanged = () => Digest.of({ ...table.values, ids: table.ids }) === before
      const fitted = yield* fitAll(subject.recipe, table)
      Law.ensure(unchanged(), () => "fit wrote into its input")
      yield* passing(Recipe.applyTable(fitted, table))
      Law.ensure(unchanged(), () => "apply wrote into its input")
    })
  )

/** What was learned is read back from JSON to the same outputs. */
export const serializes = <C extends Columns>(subject: Subject<C>): Law.Law =>
  TableLaw.make(
    "fit: what was learned is JSON, and read back it gives the same outputs",
    subject.tables.filter((table) => table.length >= 1),
    Effect.fnUntraced(function* (table) {
      const fitted = yield* fitAll(subject.recipe, table)
      const steps = fitted.steps.map(({ learned, step }) => ({ step, learned: JSON.parse(JSON.stringify(learned)) }))
      const before = yield* passing(Recipe.applyTable(fitted, table))
      const after = yield* Recipe.applyTable({ ...fitted, steps }, table)
      Law.ensure(Table.digest(before) === Table.digest(after), () => "what was read back gives other outputs")
    })
  )

/** No rows stay no rows, and one row can be learned from or is refused with a `RecipeError`. */
export const fewRows = <C extends Columns>(subject: Subject<C>): Law.Law =>
  TableLaw.make(
    "apply: no rows give no rows, and one row is one row",
    subject.tables.filter((table) => table.length >= 1),
    Effect.fnUntraced(function* (table) {
      const fitted = yield* fitAll(subject.recipe, table)
      for (const rows of [[], [0]]) {
        const some = yield* passing(Recipe.applyTable(fitted, Table.take(table, Uint32Array.from(rows))))
        Law.ensure(some.length === rows.length, () => `${rows.length} rows became ${some.length}`)
      }
      const alone = Dataset.make(table, Uint32Array.of(0), "train")
      const one = yield* Effect.result(Recipe.fitDataset(subject.recipe, alone, { key }))
      if (Result.isSuccess(one)) yield* passing(Recipe.applyDataset(one.success, alone))
    })
  )

/** What was applied to the float columns named is undone again, to 1e-9 of the column's largest number. */
export const inverts = <C extends Columns>(
  subject: Subject<C> & { readonly columns: ReadonlyArray<string> }
): Law.Law =>
  TableLaw.make(
    "inverse: what was applied and undone is what it was",
    subject.tables.filter((table) => table.length >= 1),
    Effect.fnUntraced(function* (table) {
      const fitted = yield* fitAll(subject.recipe, table)
      const after = yield* passing(Recipe.applyTable(fitted, table))
      for (const name of subject.columns) {
        const before = Float64Array.from(Table.numbers(table, name))
        const scaled = Float64Array.from(Table.numbers(after, name))
        const any: unknown = fitted
        const wide = any as Recipe.Fitted<Columns, Columns> // names of columns are checked at run time here
        const back = yield* Recipe.inverse(wide, name as never, scaled) // the caller names float columns
        const largest = before.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
        const row = back.findIndex((value, at) => !(Math.abs(value - before[at]) <= 1e-9 * largest))
        Law.ensure(row < 0, () => `column ${name}, row ${row}: ${before[row]} came back as ${back[row]}`)
      }
    })
  )

/** The laws that hold for every recipe. */
export const laws = <C extends Columns>(subject: Subject<C>): ReadonlyArray<Law.Law> => [
  fitsTrainOnly({ fit: learned(subject.recipe), tables: subject.tables }),
  fitsByKey(subject),
  appliesByRow(subject),
  leavesInput(subject),
  serializes(subject),
  fewRows(subject)
]
