import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect } from "effect"
import { Augment, Column, Columns, Dataset, Loader, Sampler, Table } from "../src/index.ts"

const Rows = Columns.make({ x: Column.float, kind: Column.category(["often", "seldom"]) })

/** Eight rows of which one is seldom. */
const train = Effect.map(
  Table.make(
    Rows,
    { x: Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7), kind: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1) },
    { length: 8 }
  ),
  (table) => Dataset.make(table, undefined, "train")
)

const reading = { features: ["x"], target: "kind", batchSize: 8, key: Key.fromSeed(3) } as const
const noisy = Augment.forColumns(Rows).pipe(Augment.noise("x"))
const blended = Augment.forColumns(Rows).pipe(Augment.mixup({ alpha: 0.4 }))

describe("augmented batches of a sampler", () => {
  it.effect("D03 D48 a row that an epoch visits many times is augmented anew each time, by workers as without", () =>
    Effect.gen(function* () {
      const rows = yield* train
      const read = (prefetch: number) =>
        Effect.gen(function* () {
          const options = { ...reading, sampler: Sampler.balanced("kind"), augment: noisy, prefetch, workers: 2 }
          const { features, target } = yield* Effect.flatMap(Loader.make(rows, options), (loader) =>
            loader.read(Loader.start)
          )
          return [...features].filter((_, row) => target[row] === 1)
        })
      const seldom = yield* read(0)
      assert.strictEqual(seldom.length, 4)
      assert.strictEqual(new Set(seldom).size, 4)
      assert.deepStrictEqual(yield* read(3), seldom)
    })
  )

  it.effect("D03 D49 a blended row weighs what its shares of the classes weigh", () =>
    Effect.gen(function* () {
      const rows = yield* train
      const options = { ...reading, augment: blended, prefetch: 0, classWeights: { seldom: 7 } } as const
      const { target, weight } = yield* Effect.flatMap(Loader.make(rows, options), (loader) =>
        loader.read(Loader.start)
      )
      weight.forEach((value, row) => assert.closeTo(value, target[2 * row] + 7 * target[2 * row + 1], 1e-5))
      assert.isTrue(weight.some((value) => value > 1 && value < 7))
    })
  )

  it.effect("D60 ranks read the augmented rows of a single rank's batch", () =>
    Effect.gen(function* () {
      const rows = yield* train
      const read = (rank: number, of: number) =>
        Effect.flatMap(
          Loader.make(rows, {
            ...reading,
            sampler: Sampler.balanced("kind"),
            augment: blended,
            prefetch: 0,
            shard: { rank, of }
          }),
          (loader) => Effect.map(loader.read(Loader.start), ({ features }) => [...features])
        )
      const [whole, even, odd] = [yield* read(0, 1), yield* read(0, 2), yield* read(1, 2)]
      assert.deepStrictEqual(
        whole,
        even.flatMap((value, row) => [value, odd[row]])
      )
    })
  )
})
