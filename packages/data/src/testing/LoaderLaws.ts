/**
 * The laws of loaders, this package's or one's own. A loader is checked through a function that makes one over numbered
 * rows, so that a batch shows which rows it holds.
 */
import { Digest } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect, type Scope } from "effect"
import * as fc from "fast-check"
import * as Column from "../Column.ts"
import * as Dataset from "../Dataset.ts"
import type { Batch, Position } from "../Loader.ts"
import * as RowId from "../RowId.ts"
import * as Tables from "./Tables.ts"
import * as TableLaw from "./internal/tableLaw.ts"

/** What the loader of a case must be like. */
export interface Setup {
  readonly rows: number
  readonly batchSize: number
  readonly seed: number
  /** 0 in the laws that are not about prefetching. */
  readonly prefetch: number
  readonly workers: number
  /** Whether the rows lie on disk, for `numbered`. */
  readonly onDisk: boolean
}

/** What the laws use of a loader. */
export interface Readable {
  /** Batches in an epoch. */
  readonly steps: number
  readonly read: (position: Position) => Effect.Effect<Batch, unknown>
}

/**
 * A way of making loaders, over `setup.rows` rows whose first feature and whose target are the row's number, from 0; for
 * instance over `numbered(setup.rows)`.
 */
export interface Subject {
  readonly make: (setup: Setup) => Effect.Effect<Readable, unknown, Scope.Scope>
}

/** Makes rows that show their number: as `row`, as `target`, and in a tensor `block` wide enough to be copied as memory. */
export const numbered = (rows: number, onDisk = false) => {
  const columns = { row: Column.float, block: Column.tensor([5, 8], "uint8"), target: Column.float }
  const numbers = Float64Array.from({ length: rows }, (_, row) => row)
  const values = {
    row: numbers,
    block: Uint8Array.from({ length: rows * 40 }, (_, place) => (place * 7 + Math.floor(place / 40)) % 251),
    target: numbers.slice()
  }
  const table = { columns, length: rows, values, ids: RowId.ofContent(columns, values, rows) }
  return Dataset.make(onDisk ? Tables.onDisk(table) : table, undefined, "train")
}

const setups = (most: number): fc.Arbitrary<Setup> =>
  fc.integer({ min: 1, max: most }).chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      batchSize: fc.integer({ min: Math.min(rows, Math.ceil(rows / 6)), max: rows }),
      seed: fc.nat(),
      prefetch: fc.constant(0),
      workers: fc.constant(1),
      onDisk: fc.boolean()
    })
  )

const at = (loader: Readable, index: number): Position => ({
  version: 1,
  epoch: Math.floor(index / loader.steps),
  step: index % loader.steps
})

/** A batch's digest, taken before the next read may write into its arrays. */
const read = (loader: Readable, position: Position): Effect.Effect<Digest.Digest, unknown> =>
  Effect.map(loader.read(position), ({ features, noise, rows, target, weight }) =>
    Digest.of({ features, noise, rows, target, weight })
  )

const show = ({ epoch, step }: Position) => `epoch ${epoch}, step ${step}`

/** Every epoch visits every row once, with its own target; padding is zeros of weight 0. */
export const permutation = (subject: Subject): Law.Law =>
  TableLaw.make(
    "loader: an epoch is a permutation of the rows",
    fc.record({ setup: setups(300), epoch: fc.nat(1000) }),
    ({ epoch, setup }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const loader = yield* subject.make(setup)
          const seen = new Uint8Array(setup.rows)
          for (let step = 0; step < loader.steps; step++) {
            const batch = yield* loader.read({ version: 1, epoch, step })
            const width = batch.features.length / setup.batchSize
            for (let place = 0; place < setup.batchSize; place++) {
              const features = batch.features.subarray(place * width, (place + 1) * width)
              const row = features[0]
              const padding = place >= batch.rows
              Law.ensure(
                batch.weight[place] === (padding ? 0 : 1),
                () => `step ${step}, place ${place} of ${batch.rows} has weight ${batch.weight[place]}`
              )
              if (padding) {
                Law.ensure(
                  features.every((value) => value === 0),
                  () => `step ${step}: the padding is not zero`
                )
              } else {
                Law.ensure(
                  batch.target[place] === row,
                  () => `row ${row} came with the target of row ${batch.target[place]}`
                )
                seen[row]++
              }
            }
          }
          const wrong = seen.findIndex((times) => times !== 1)
          Law.ensure(wrong < 0, () => `epoch ${epoch} visits row ${wrong} ${seen[wrong]} times`)
        })
      )
  )

/** Reading other batches first changes nothing. */
export const independent = (subject: Subject): Law.Law =>
  TableLaw.make(
    "loader: batch i is the same whatever was read before",
    fc.record({ setup: setups(60), before: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }), index: fc.nat(30) }),
    ({ before, index, setup }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const fresh = yield* subject.make(setup)
          const used = yield* subject.make(setup)
          for (const earlier of before) yield* used.read(at(used, earlier))
          const position = at(fresh, index)
          const [alone, after] = [yield* read(fresh, position), yield* read(used, position)]
          Law.ensure(alone === after, () => `${show(position)} differs after reading batches ${before.join(", ")}`)
        })
      )
  )

/** A loader made anew continues exactly from any saved position, which is at most 256 bytes of JSON. */
export const resumes = (subject: Subject): Law.Law =>
  TableLaw.make("loader: the state restored at every i gives the same tail", setups(40), (setup) =>
    Effect.scoped(
      Effect.gen(function* () {
        const loader = yield* subject.make(setup)
        const end = 2 * loader.steps
        const batches: Array<Digest.Digest> = []
        for (let index = 0; index < end; index++) batches.push(yield* read(loader, at(loader, index)))
        for (let saved = 0; saved < end; saved++) {
          const state = JSON.stringify(at(loader, saved))
          Law.ensure(Buffer.byteLength(state) <= 256, () => `the state is ${Buffer.byteLength(state)} bytes`)
          const restored: Position = JSON.parse(state)
          const resumed = yield* subject.make(setup)
          const first = restored.epoch * resumed.steps + restored.step
          for (let index = first; index < end; index++) {
            const same = (yield* read(resumed, at(resumed, index))) === batches[index]
            Law.ensure(same, () => `resumed at ${show(restored)}, ${show(at(resumed, index))} differs`)
          }
        }
      })
    )
  )

/** Batches are the same bits when made ahead, by however many workers, read in order and after a jump. */
export const prefetched = (subject: Subject): Law.Law =>
  TableLaw.make(
    "loader: prefetch and workers do not change a bit",
    fc.record({
      setup: setups(60),
      prefetch: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.integer({ min: 6, max: 64 })),
      workers: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 4, max: 8 })),
      jump: fc.nat(20)
    }),
    ({ jump, prefetch, setup, workers }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const plain = yield* subject.make({ ...setup, prefetch: 0 })
          const ahead = yield* subject.make({ ...setup, prefetch, workers })
          const length = Math.min(2 * plain.steps, 8)
          const order = Array.from({ length: 2 * length }, (_, index) => (index < length ? index : jump + index))
          for (const index of order) {
            const position = at(plain, index)
            const same = (yield* read(plain, position)) === (yield* read(ahead, position))
            Law.ensure(same, () => `${show(position)} differs with prefetch ${prefetch} and ${workers} workers`)
          }
        })
      )
  )

/** The laws that hold for every loader. */
export const laws = (subject: Subject): ReadonlyArray<Law.Law> => [
  permutation(subject),
  independent(subject),
  resumes(subject),
  prefetched(subject)
]
