/**
 * The laws of samplers, this package's or one's own: classes in balance or in proportion, rows of similar length together,
 * draws by weight, ranks that share a batch. A sampler is checked through the loaders that it makes over numbered rows.
 */
import { Law } from "@watertight/core/testing"
import { Effect, type Scope } from "effect"
import * as fc from "fast-check"
import type { Batch } from "../Loader.ts"
import type { Readable } from "./LoaderLaws.ts"

/** What the loader of a case must be like. */
export interface Setup {
  readonly batchSize: number
  readonly seed: number
  /** One number per row: the code of its class, its weight or its length, as the law says. */
  readonly values: ReadonlyArray<number>
}

/** Makes loaders over `setup.values.length` rows whose first feature is the row's number, from 0. */
export type Make<More = object> = (setup: Setup & More) => Effect.Effect<Readable, unknown, Scope.Scope>

const setups = <A>(value: fc.Arbitrary<number>, more: fc.Arbitrary<A>): fc.Arbitrary<Setup & A> =>
  fc
    .array(value, { minLength: 1, maxLength: 80 })
    .filter((values) => values.some((each) => each > 0))
    .chain((values) =>
      fc
        .tuple(fc.integer({ min: 1, max: values.length }), fc.nat(), more)
        .map(([batchSize, seed, rest]) => ({ values, batchSize, seed, ...rest }))
    )

/** The rows of a batch that are not padding. */
const rowsOf = ({ features, rows, weight }: Batch): ReadonlyArray<number> => {
  const width = features.length / weight.length
  return Array.from({ length: rows }, (_, place) => features[place * width])
}

/** The rows of each batch of an epoch. */
const epochOf = Effect.fnUntraced(function* (loader: Readable, epoch: number) {
  const batches: Array<ReadonlyArray<number>> = []
  for (let step = 0; step < loader.steps; step++) batches.push(rowsOf(yield* loader.read({ version: 1, epoch, step })))
  return batches
})

const tally = (values: Iterable<number>): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

const epochs = 3

const law = <A>(
  name: string,
  cases: fc.Arbitrary<Setup & A>,
  make: Make<A>,
  check: (setup: Setup & A, epochs: ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>) => void
): Law.Law =>
  Law.make(name, cases, (setup) =>
    Effect.scoped(
      Effect.gen(function* () {
        const loader = yield* make(setup)
        check(
          setup,
          yield* Effect.forEach(
            Array.from({ length: epochs }, (_, epoch) => epoch),
            (epoch) => epochOf(loader, epoch)
          )
        )
      })
    )
  )

const visitsOnce = (values: ReadonlyArray<number>, batches: ReadonlyArray<ReadonlyArray<number>>): void => {
  const seen = tally(batches.flat())
  const row = values.findIndex((_, index) => seen.get(index) !== 1)
  Law.ensure(row < 0, () => `an epoch visits row ${row} ${seen.get(row) ?? 0} times`)
}

/** Classes are visited equally often, in every batch to within one row, and rows of a class take turns. */
export const balanced = (make: Make): Law.Law =>
  law(
    "balanced: classes are equally often in every batch, and their rows take turns",
    setups(fc.nat(3), fc.constant({})),
    make,
    ({ values }, read) => {
      const classes = [...new Set(values)]
      for (const rows of read.flat()) {
        const counts = tally(rows.map((row) => values[row]))
        const found = classes.map((each) => counts.get(each) ?? 0)
        Law.ensure(
          Math.max(...found) - Math.min(...found) <= 1,
          () => `a batch has the classes ${found.join(", ")} times`
        )
      }
      for (const batches of read) {
        const counts = [...tally(batches.flat().map((row) => values[row])).values()]
        Law.ensure(new Set(counts).size === 1, () => `an epoch has the classes ${counts.join(", ")} times`)
      }
      const visits = tally(read.flat(2))
      for (const each of classes) {
        const own = values.flatMap((value, row) => (value === each ? [visits.get(row) ?? 0] : []))
        Law.ensure(
          Math.max(...own) - Math.min(...own) <= 1,
          () => `rows of class ${each} were visited ${own.join(", ")} times`
        )
      }
    }
  )

/** An epoch visits every row once, and every batch has of each class its share to within less than two rows. */
export const stratified = (make: Make): Law.Law =>
  law(
    "stratified: every batch has its share of each class",
    setups(fc.nat(3), fc.constant({})),
    make,
    ({ values }, read) => {
      const shares = tally(values)
      for (const batches of read) {
        visitsOnce(values, batches)
        for (const rows of batches) {
          const counts = tally(rows.map((row) => values[row]))
          for (const [each, size] of shares) {
            const share = (rows.length * size) / values.length
            const got = counts.get(each) ?? 0
            Law.ensure(
              Math.abs(got - share) < 2,
              () => `a batch of ${rows.length} has ${got} of class ${each}, its share is ${share}`
            )
          }
        }
      }
    }
  )

/**
 * An epoch visits every row once, and the rows of a batch lie in one bucket: fewer rows than a bucket holds are longer than
 * its shortest and shorter than its longest. Loaders sort rows into at most `buckets` buckets, and one more.
 */
export const bucketed = (make: Make<{ readonly buckets: number }>): Law.Law =>
  law(
    "bucketed: an epoch is a permutation of the rows, and rows of a batch are of similar length",
    setups(fc.nat(30), fc.record({ buckets: fc.integer({ min: 1, max: 12 }) })),
    make,
    ({ batchSize, buckets, values }, read) => {
      const bucketRows = Math.max(1, Math.floor(values.length / batchSize / buckets)) * batchSize
      for (const batches of read) {
        visitsOnce(values, batches)
        for (const rows of batches) {
          const lengths = rows.map((row) => values[row])
          const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)]
          const between = values.filter((value) => value > shortest && value < longest).length
          Law.ensure(
            between < bucketRows,
            () =>
              `a batch has lengths from ${shortest} to ${longest}: ${between} rows lie between, a bucket has ${bucketRows}`
          )
        }
      }
    }
  )

/** Rows come as often as their weight says: within six standard deviations, and never without weight. */
export const weighted = (make: Make<{ readonly perEpoch: number }>): Law.Law =>
  law(
    "weighted: rows are drawn in proportion to their weights",
    setups(fc.oneof(fc.constant(0), fc.nat(20)), fc.constant({ perEpoch: 2000 })),
    make,
    ({ values }, read) => {
      const visits = tally(read.flat(2))
      const total = values.reduce((sum, value) => sum + value, 0)
      const drawn = read.flat(2).length
      values.forEach((value, row) => {
        const [got, expected] = [visits.get(row) ?? 0, (drawn * value) / total]
        const allowed = value === 0 || value === total ? 0 : 6 * Math.sqrt(expected) + 8
        Law.ensure(Math.abs(got - expected) <= allowed, () => `row ${row} was drawn ${got} times; expected ${expected}`)
      })
      const [first, second] = read.map((batches) => batches.flat().join())
      const isChoice = values.filter((value) => value > 0).length > 1
      Law.ensure(!isChoice || first !== second, () => "two epochs draw the same rows")
    }
  )

const pick = (values: ArrayLike<number>, unit: number, row: number): string =>
  Array.from({ length: unit }, (_, place) => values[row * unit + place]).join()

/** All that a row of a batch holds. */
const rowAt = ({ features, noise, target, weight }: Batch, row: number): string => {
  const count = weight.length
  const parts = [features, target, weight, ...Object.values(noise)]
  return parts.map((part) => pick(part, part.length / count, row)).join(" | ")
}

/**
 * However many ranks there are, rank r's batch is the rows r, r + ranks, … of the batch of a single rank: masks, weights and
 * padding included, in as many steps. `values` are 1 for every row.
 */
export const sharded = (make: Make<{ readonly rank: number; readonly ranks: number }>): Law.Law =>
  Law.make(
    "sharded: the ranks' batches together are those of one rank",
    fc
      .record({ rows: fc.integer({ min: 8, max: 60 }), ranks: fc.integer({ min: 1, max: 4 }), seed: fc.nat() })
      .chain(({ ranks, ...rest }) =>
        fc.record({
          ranks: fc.constant(ranks),
          seed: fc.constant(rest.seed),
          values: fc.constant(Array<number>(rest.rows).fill(1)),
          batchSize: fc.integer({ min: 1, max: 2 }).map((each) => each * ranks),
          epoch: fc.nat(3)
        })
      ),
    ({ epoch, ranks, ...setup }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const whole = yield* make({ ...setup, rank: 0, ranks: 1 })
          const parts = yield* Effect.forEach(
            Array.from({ length: ranks }, (_, rank) => rank),
            (rank) => make({ ...setup, rank, ranks })
          )
          for (const [rank, part] of parts.entries()) {
            Law.ensure(
              part.steps === whole.steps,
              () => `rank ${rank} has ${part.steps} steps, a single rank ${whole.steps}`
            )
          }
          for (let step = 0; step < whole.steps; step++) {
            const position = { version: 1, epoch, step } as const
            const all = yield* whole.read(position)
            const own = yield* Effect.forEach(parts, ({ read }) => read(position))
            for (let row = 0; row < setup.batchSize; row++) {
              const rank = row % ranks
              const got = rowAt(own[rank], Math.floor(row / ranks))
              Law.ensure(
                got === rowAt(all, row),
                () => `step ${step}: row ${row} of the batch is not that of rank ${rank}`
              )
            }
            const rows = own.reduce((sum, batch) => sum + batch.rows, 0)
            Law.ensure(rows === all.rows, () => `step ${step}: the ranks have ${rows} rows, a single rank ${all.rows}`)
          }
        })
      )
  )
