/**
 * The laws of augmentation, for operations of this package in any combination and for loaders of one's own. A row is read
 * in several surroundings, and must come out alike in all of them.
 */
import { Digest, Key } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect, type Scope } from "effect"
import * as fc from "fast-check"
import { type Augment, fromOperations } from "../augment/Describe.ts"
import type { Columns } from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import * as Loader from "../Loader.ts"
import * as Sampler from "../Sampler.ts"
import * as Table from "../Table.ts"

/** How a case is read. */
export interface Setup {
  /** The train rows, some of the subject's. Without `shuffle` they are read in this order. */
  readonly table: Table.Table
  readonly batchSize: number
  readonly seed: number
  readonly shuffle: boolean
  readonly prefetch: number
  readonly workers: number
  /** With its operations, with all of them at probability 0, or without them. */
  readonly augment: "on" | "never" | "off"
}

/** What the laws use of a loader. */
export interface Readable {
  readonly steps: number
  readonly read: (position: Loader.Position) => Effect.Effect<Loader.Batch, unknown>
}

/** What is checked: at least 8 rows of different ids, and loaders that augment them. */
export interface Subject {
  readonly table: Table.Table
  readonly make: (setup: Setup) => Effect.Effect<Readable, unknown, Scope.Scope>
  /** Whether numbers stay between the smallest and the largest there are, and labels as they are. */
  readonly keeps: { readonly range: boolean; readonly labels: boolean }
}

/** Makes the subject of an augmentation. */
export const subject = <C extends Columns>(options: {
  readonly table: Table.Table<C>
  readonly features: ReadonlyArray<string>
  readonly target: string
  readonly augment: Augment<C>
  readonly keeps?: Partial<Subject["keeps"]>
}): Subject => ({
  table: options.table,
  keeps: { range: true, labels: true, ...options.keeps },
  make: ({ augment, table, ...setup }) => {
    const { features, target } = options
    const never = options.augment.operations.map((operation) => ({ ...operation, probability: 0 }))
    const dataset: Dataset.Dataset<Columns, "train"> = Dataset.make(table, undefined, "train")
    return Loader.make(dataset, {
      ...setup,
      features,
      target,
      key: Key.fromSeed(setup.seed),
      sampler: setup.shuffle ? Sampler.shuffled : Sampler.sequential,
      augment:
        augment === "off"
          ? undefined
          : fromOperations(augment === "on" ? options.augment.operations : never, options.augment.modules)
    })
  }
})

type Surroundings = Pick<Setup, "batchSize" | "seed"> & { readonly rows: ReadonlyArray<number> }

/** Some of a subject's rows in some order, and a batch size for them. */
const surroundings = ({ table: { length } }: Subject): fc.Arbitrary<Surroundings> => {
  const all = Array.from({ length }, (_, row) => row)
  const rows = fc.shuffledSubarray(all, { minLength: length, maxLength: length })
  return fc.record({ rows, batchSize: fc.integer({ min: 1, max: length }), seed: fc.nat() })
}

const setupOf = (subject: Subject, { batchSize, rows, seed }: Surroundings, change: Partial<Setup> = {}): Setup => ({
  table: Table.take(subject.table, Uint32Array.from(rows)),
  batchSize,
  seed,
  shuffle: false,
  prefetch: 0,
  workers: 1,
  augment: "on",
  ...change
})

/** What a batch holds in one place. */
interface Row {
  readonly features: Float32Array
  readonly target: Float32Array | Int32Array
  readonly weight: number
}

const digest = (value: Row | ReadonlyArray<Row>): Digest.Digest =>
  Digest.of(
    (Array.isArray(value) ? value : [value]).map(({ features, target, weight }) => ({ features, target, weight }))
  )

/** Reads an epoch: all places of all batches, those of padding too. */
const readEpoch = (subject: Subject, setup: Setup, epoch: number): Effect.Effect<ReadonlyArray<Row>, unknown> =>
  Effect.scoped(
    Effect.gen(function* () {
      const loader = yield* subject.make(setup)
      const rows: Array<Row> = []
      for (let step = 0; step < loader.steps; step++) {
        const { features, target, weight } = yield* loader.read({ version: 1, epoch, step })
        const [width, targets] = [features.length / setup.batchSize, target.length / setup.batchSize]
        for (let place = 0; place < setup.batchSize; place++) {
          rows.push({
            features: features.slice(place * width, (place + 1) * width),
            target: target.slice(place * targets, (place + 1) * targets),
            weight: weight[place]
          })
        }
      }
      return rows
    })
  )

/** The same key and rows give the same bits. */
export const replays = (subject: Subject): Law.Law =>
  Law.make("augment: the same key gives the same bits", surroundings(subject), (around) =>
    Effect.gen(function* () {
      const setup = setupOf(subject, around)
      const [first, second] = [yield* readEpoch(subject, setup, 3), yield* readEpoch(subject, setup, 3)]
      Law.ensure(digest(first) === digest(second), () => "read again, the epoch differs")
    })
  )

/** A row comes out the same in any order, in batches of any size. */
export const ownOnly = (subject: Subject): Law.Law => {
  const cases = fc.record({ one: surroundings(subject), other: surroundings(subject), epoch: fc.nat(1000) })
  return Law.make(
    "augment: a row depends on its id, the epoch and the operations only",
    cases,
    ({ epoch, one, other }) =>
      Effect.gen(function* () {
        const first = yield* readEpoch(subject, setupOf(subject, one), epoch)
        const second = yield* readEpoch(subject, setupOf(subject, { ...other, seed: one.seed }), epoch)
        for (const [place, row] of one.rows.entries()) {
          const same = digest(first[place]) === digest(second[other.rows.indexOf(row)])
          Law.ensure(same, () => `row ${row} differs in another order and in batches of ${other.batchSize}`)
        }
      })
  )
}

/** Every epoch changes rows in its own way. */
export const epochsDiffer = (subject: Subject): Law.Law =>
  Law.make("augment: different epochs differ", surroundings(subject), (around) =>
    Effect.gen(function* () {
      const setup = setupOf(subject, around)
      const [first, second] = [yield* readEpoch(subject, setup, 0), yield* readEpoch(subject, setup, 1)]
      Law.ensure(digest(first) !== digest(second), () => "the second epoch is the first")
    })
  )

const extremes = (rows: ReadonlyArray<Row>) => {
  const all = rows.flatMap(({ features, weight }) => (weight === 0 ? [] : [...features]))
  return [Math.min(...all), Math.max(...all)] as const
}

/** As many numbers a row, finite, and within the range of the rows where the subject keeps it. */
export const keepsShape = (subject: Subject): Law.Law =>
  Law.make("augment: shape and range are kept", surroundings(subject), (around) =>
    Effect.gen(function* () {
      const plain = yield* readEpoch(subject, setupOf(subject, around, { augment: "off" }), 0)
      const changed = yield* readEpoch(subject, setupOf(subject, around), 0)
      Law.ensure(
        plain.length === changed.length && plain[0].features.length === changed[0].features.length,
        () => `${changed.length} rows of ${changed[0].features.length} numbers`
      )
      const [[low, high], [least, most]] = [extremes(plain), extremes(changed)]
      const isFinite = changed.every(({ features }) => features.every(Number.isFinite))
      Law.ensure(isFinite, () => "a number is not finite")
      const within = !subject.keeps.range || (least >= low && most <= high)
      Law.ensure(within, () => `numbers from ${least} to ${most}, where there were some from ${low} to ${high}`)
    })
  )

/** With probability 0 rows are as they are. */
export const neverIsIdentity = (subject: Subject): Law.Law =>
  Law.make("augment: probability 0 changes nothing", surroundings(subject), (around) =>
    Effect.gen(function* () {
      const plain = yield* readEpoch(subject, setupOf(subject, around, { augment: "off" }), 2)
      const never = yield* readEpoch(subject, setupOf(subject, around, { augment: "never" }), 2)
      plain.forEach(({ features, target }, place) => {
        const same = Digest.of(features) === Digest.of(never[place].features)
        Law.ensure(same, () => `the row in place ${place} was changed`)
        const label = never[place].target
        const isLabel = label.length === target.length ? label[0] === target[0] : label[target[0]] === 1
        Law.ensure(isLabel || plain[place].weight === 0, () => `the label in place ${place} was changed`)
      })
    })
  )

/** Padding is zeros of weight 0. */
export const paddingStays = (subject: Subject): Law.Law =>
  Law.make("augment: padding stays zero", surroundings(subject), (around) =>
    Effect.gen(function* () {
      const rows = yield* readEpoch(subject, setupOf(subject, around), 1)
      rows.forEach(({ features, target, weight }, place) => {
        Law.ensure(weight === (place < subject.table.length ? 1 : 0), () => `place ${place} has weight ${weight}`)
        const isZero = features.every((value) => value === 0) && target.every((value) => value === 0)
        Law.ensure(weight === 1 || isZero, () => `the padding in place ${place} is not zero`)
      })
    })
  )

/** What is stored stays as it is. */
export const tableStays = (subject: Subject): Law.Law =>
  Law.make("augment: the table is never changed", surroundings(subject), (around) =>
    Effect.gen(function* () {
      const setup = setupOf(subject, around)
      const before = Table.digest(setup.table)
      yield* readEpoch(subject, setup, 0)
      Law.ensure(Table.digest(setup.table) === before, () => "the table's numbers were changed")
    })
  )

/** Labels stay where the subject keeps them; blended ones are distributions. */
export const labelsHold = (subject: Subject): Law.Law =>
  Law.make("augment: labels stay, or are blended to a whole", surroundings(subject), (around) =>
    Effect.gen(function* () {
      const plain = yield* readEpoch(subject, setupOf(subject, around, { augment: "off" }), 1)
      const changed = yield* readEpoch(subject, setupOf(subject, around), 1)
      for (const [place, { target, weight }] of changed.entries()) {
        if (weight === 0) continue
        if (subject.keeps.labels) {
          Law.ensure(target[0] === plain[place].target[0], () => `the label in place ${place} was changed`)
        } else if (target.length > 1) {
          const sum = Array.from(target).reduce((total, share) => total + share, 0)
          Law.ensure(Math.abs(sum - 1) < 1e-6, () => `the shares of the labels in place ${place} make ${sum}`)
        }
      }
    })
  )

/**
 * Labels are blended as the features are. For subjects whose first feature is the target as a number: a category's code,
 * or the number itself.
 */
export const labelsFollow = (subject: Subject): Law.Law =>
  Law.make("augment: labels are blended by the shares of the features", surroundings(subject), (around) =>
    Effect.gen(function* () {
      const rows = yield* readEpoch(subject, setupOf(subject, around), 4)
      for (const [place, { features, target, weight }] of rows.entries()) {
        if (weight === 0) continue
        const label =
          target.length === 1 ? target[0] : Array.from(target).reduce((sum, share, code) => sum + share * code, 0)
        const near = Math.abs(label - features[0]) < 1e-5 * Math.max(1, Math.abs(label))
        Law.ensure(near, () => `in place ${place} features are blended to ${features[0]}, labels to ${label}`)
      }
    })
  )

/** Batches are the same bits when workers make them ahead, and from any position on. */
export const prefetched = (subject: Subject): Law.Law =>
  Law.make(
    "augment: workers, prefetch and resuming do not change a bit",
    fc.record({
      around: surroundings(subject),
      prefetch: fc.integer({ min: 1, max: 4 }),
      workers: fc.integer({ min: 1, max: 3 }),
      from: fc.nat(20)
    }),
    ({ around, from, prefetch, workers }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const plain = yield* subject.make(setupOf(subject, around, { shuffle: true }))
          const ahead = yield* subject.make(setupOf(subject, around, { shuffle: true, prefetch, workers }))
          const count = Math.min(6, 2 * plain.steps)
          const at = (loader: Readable, index: number) =>
            Effect.map(
              loader.read({ version: 1, epoch: Math.floor(index / plain.steps), step: index % plain.steps }),
              ({ features, target, weight }) => Digest.of({ features, target, weight })
            )
          const whole: Array<Digest.Digest> = []
          for (let index = 0; index < from + count; index++) whole.push(yield* at(plain, index))
          for (let index = from; index < from + count; index++) {
            const same = (yield* at(ahead, index)) === whole[index]
            Law.ensure(same, () => `batch ${index} differs with ${workers} workers, resumed at ${from}`)
          }
        })
      )
  )

/** The laws that hold for every augmentation. */
export const laws = (subject: Subject): ReadonlyArray<Law.Law> => [
  replays(subject),
  ownOnly(subject),
  epochsDiffer(subject),
  keepsShape(subject),
  neverIsIdentity(subject),
  paddingStays(subject),
  tableStays(subject),
  labelsHold(subject),
  prefetched(subject)
]
