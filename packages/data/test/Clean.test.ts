import { assert, describe, it } from "@effect/vitest"
import { Key, Pipeline } from "@watertight/core"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Clean, Column, Columns, Dataset, Loader, Partitions, Recipe, Source, Split, Table } from "../src/index.ts"
import { NoPeeking, Tables } from "../src/testing/index.ts"
import { run } from "./run.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const Trip = Columns.make({
  pickup: Column.optional(Column.timestamp),
  distance: Column.optional(Column.float),
  zone: Column.optional(Column.category(["a", "b", "c"])),
  fare: Column.optional(Column.float)
})
const hour = 3_600_000

/** A hundred hourly trips; every seventh distance, fifth zone, 33rd fare and 41st pickup is missing. */
const trips = Table.make(
  Trip,
  {
    pickup: Float64Array.from({ length: 100 }, (_, row) => (row % 41 === 40 ? NaN : row * hour)),
    distance: Float64Array.from({ length: 100 }, (_, row) => (row % 7 === 0 ? NaN : (row * 37) % 11)),
    zone: Int32Array.from({ length: 100 }, (_, row) => (row % 5 === 0 ? -1 : row % 3)),
    fare: Float64Array.from({ length: 100 }, (_, row) => (row % 33 === 32 ? NaN : 3 + ((row * 37) % 11) * 2))
  },
  { length: 100 }
)

describe("D06 dropMissing", () => {
  it.effect("drops the rows that miss a column, and counts each under the first one it misses", () =>
    Effect.gen(function* () {
      const before = yield* trips
      const { excluded, table } = Clean.dropMissing(Source.fromTable(before), ["fare", "pickup", "zone"])
      const after = yield* run(table)
      const gone = (row: number) => row % 33 === 32 || row % 41 === 40 || row % 5 === 0
      const rows = Uint32Array.from({ length: 100 }, (_, row) => row).filter((row) => !gone(row))
      assert.deepStrictEqual(after.values, Table.take(before, rows).values)
      assert.deepStrictEqual(after.ids, Table.idsOf(before, rows))
      assert.deepStrictEqual(after.columns, {
        pickup: Column.timestamp,
        distance: Column.optional(Column.float),
        zone: Column.category(["a", "b", "c"]),
        fare: Column.float
      })
      assert.deepStrictEqual(yield* run(excluded), {
        rows: 100,
        kept: rows.length,
        missing: [
          { column: "fare", rows: 3 }, // 32, 65, 98
          { column: "pickup", rows: 2 }, // 40, 81
          { column: "zone", rows: 18 } // every fifth, less 40 and 65
        ]
      })
    })
  )

  it.effect("keeps every complete row, and every row is kept or counted once", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(Tables.arbitrary(Trip, { maxLength: 30 }), (before) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const { excluded, table } = Clean.dropMissing(Source.fromTable(before), ["zone", "distance"])
              const [after, { kept, missing, rows }] = [yield* run(table), yield* run(excluded)]
              assert.isTrue(after.values.zone.every((code) => code >= 0))
              assert.isFalse(after.values.distance.some(Number.isNaN))
              assert.strictEqual(after.length, kept)
              assert.strictEqual(
                missing.reduce((sum, each) => sum + each.rows, kept),
                rows
              )
            })
          )
        ),
        { numRuns: runs }
      )
    )
  )
})

describe("missing values from source to batch", () => {
  const pipeline = Effect.map(trips, (table) => {
    const clean = Clean.dropMissing(Source.fromTable(table), ["pickup", "fare"]).table
    const parts = Split.temporal(clean, { on: "pickup", validation: 0.2, test: 0.2 })
    const recipe = Recipe.of(parts.train).pipe(
      Recipe.missingIndicator(["distance", "zone"]),
      Recipe.imputeMedian("distance"),
      Recipe.imputeConstant("zone", "none"),
      Recipe.targetEncode("zone", { target: "fare", smoothing: 2 }),
      Recipe.calendar("pickup", ["hour"]),
      Recipe.robust(["distance", "pickup_hour"])
    )
    const fitted = Recipe.fit(recipe, parts.train)
    return { fitted, ready: Partitions.map(parts, (part) => Recipe.apply(fitted, part)) }
  })

  it.effect("imputed rows can be loaded", () =>
    Effect.gen(function* () {
      const { ready } = yield* pipeline
      const train = yield* run(ready.train)
      const features = ["distance", "distance_missing", "zone", "zone_missing", "pickup_hour"] as const
      const loader = yield* Loader.make(train, {
        features,
        target: "fare",
        batchSize: 8,
        key: Key.fromSeed(7),
        prefetch: 0
      })
      const batch = yield* loader.read(Loader.start)
      assert.isTrue(batch.features.every(Number.isFinite))
      assert.strictEqual(loader.width, 5)
    })
  )

  it.effect("what is not imputed is refused by the loader, should types have been cast away", () =>
    Effect.gen(function* () {
      const train = Dataset.make(yield* trips, undefined, "train")
      const options = { features: ["distance"], target: "fare", batchSize: 8, key: Key.fromSeed(7), prefetch: 0 }
      const error = yield* Effect.flip(Loader.make(train as never, options as never))
      assert.strictEqual(error.message, 'Loader: column "distance" may be missing: impute it first')
    })
  )

  it.effect("no peeking: changing the test rows changes no digest on the train side", () =>
    Effect.gen(function* () {
      const { fitted, ready } = yield* pipeline
      const outputs = { fitted, train: ready.train, validation: ready.validation, test: ready.test }
      yield* NoPeeking.check(Pipeline.make("gaps", outputs), { seed: 7 })
    })
  )
})
