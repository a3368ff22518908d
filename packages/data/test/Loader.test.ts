import { assert, describe, it } from "@effect/vitest"
import { Digest, Key } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as fc from "fast-check"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Augment, Column, Columns, Dataset, Loader, Sampler, Table } from "../src/index.ts"
import { LoaderLaws } from "../src/testing/index.ts"

const Trip = Columns.make({
  distance: Column.float,
  zone: Column.category(["a", "b", "c"]),
  image: Column.tensor([2, 2], "uint8"),
  embedding: Column.tensor([3]),
  pickup: Column.timestamp,
  fare: Column.float
})

const trips = (length: number, change: Partial<Table.Table<typeof Trip>["values"]> = {}) =>
  Table.make(
    Trip,
    {
      distance: Float64Array.from({ length }, (_, row) => row / 3),
      zone: Int32Array.from({ length }, (_, row) => row % 3),
      image: Uint8Array.from({ length: 4 * length }, (_, place) => place % 256),
      embedding: Float32Array.from({ length: 3 * length }, (_, place) => -place),
      pickup: new Float64Array(length),
      fare: Float64Array.from({ length }, (_, row) => 100 + row),
      ...change
    },
    { length }
  )

const key = Key.fromSeed(7)
const position = (epoch: number, step: number): Loader.Position => ({ version: 1, epoch, step })
const copy = ({ features, noise, rows, target, weight }: Loader.Batch) => ({
  features: [...features],
  noise: Object.fromEntries(Object.entries(noise).map(([name, mask]) => [name, [...mask]])),
  rows,
  target: [...target],
  weight: [...weight]
})

describe("Loader.make", () => {
  it.effect("D64 lays features side by side in the order named, as float32, and pads the last batch", () =>
    Effect.gen(function* () {
      const train = Dataset.make(yield* trips(5), Uint32Array.of(4, 1, 2), "train")
      const loader = yield* Loader.make(train, {
        features: ["embedding", "distance", "image"],
        target: "fare",
        batchSize: 2,
        key,
        sampler: Sampler.sequential,
        prefetch: 0
      })
      assert.deepStrictEqual([loader.rows, loader.width, loader.batchSize, loader.steps], [3, 8, 2, 2])
      const first = yield* loader.read(position(3, 0))
      assert.instanceOf(first.features, Float32Array)
      assert.instanceOf(first.target, Float32Array)
      assert.deepStrictEqual(copy(first), {
        features: [-12, -13, -14, Math.fround(4 / 3), 16, 17, 18, 19, -3, -4, -5, Math.fround(1 / 3), 4, 5, 6, 7],
        noise: {},
        rows: 2,
        target: [104, 101],
        weight: [1, 1]
      })
      const last = copy(yield* loader.read(position(3, 1)))
      assert.deepStrictEqual([last.rows, last.target, last.weight], [1, [102, 0], [1, 0]])
      assert.deepStrictEqual(last.features.slice(8), [0, 0, 0, 0, 0, 0, 0, 0])
    })
  )

  it.effect("gives a category's codes as int32", () =>
    Effect.gen(function* () {
      const options = { features: ["distance"], target: "zone", batchSize: 5, key } as const
      for (const prefetch of [0, 1]) {
        const train = Dataset.make(yield* trips(5), undefined, "validation")
        const loader = yield* Loader.make(train, { ...options, sampler: Sampler.sequential, prefetch })
        const { target } = yield* loader.read(Loader.start)
        assert.instanceOf(target, Int32Array)
        assert.deepStrictEqual([...target], [0, 1, 2, 0, 1])
      }
    })
  )

  it.effect("every epoch has an order and noise of its own", () =>
    Effect.gen(function* () {
      const train = Dataset.make(yield* trips(64), undefined, "train")
      const noise = [{ name: "mask", size: 256, keep: 0.5 }]
      const options = { features: ["distance"], target: "fare", batchSize: 32, prefetch: 0 } as const
      const loader = yield* Loader.make(train, { ...options, key, noise })
      const orders = new Set<string>()
      const masks = new Set<string>()
      for (let epoch = 0; epoch < 20; epoch++) {
        for (let step = 0; step < 2; step++) {
          const batch = yield* loader.read(position(epoch, step))
          orders.add(Digest.of(batch.features))
          masks.add(Digest.of(batch.noise.mask))
          assert.isTrue(batch.noise.mask.every((value) => value === 0 || value === 2))
        }
      }
      assert.deepStrictEqual([orders.size, masks.size], [40, 40])
      const other = yield* Loader.make(train, { ...options, key: Key.fromSeed(8), noise })
      assert.notDeepEqual(copy(yield* other.read(Loader.start)), copy(yield* loader.read(Loader.start)))
    })
  )

  it.effect("a noise does not depend on the other noises, nor on the batch's rows", () =>
    Effect.gen(function* () {
      const [few, many] = [yield* trips(8), yield* trips(80)]
      const mask = { name: "mask", size: 100, keep: 0.7 }
      const options = { features: ["distance"], target: "fare", batchSize: 8, key, prefetch: 0 } as const
      const one = yield* Loader.make(Dataset.make(few, undefined, "train"), { ...options, noise: [mask] })
      const two = yield* Loader.make(Dataset.make(many, undefined, "train"), {
        ...options,
        noise: [{ name: "other", size: 5, keep: 0.5 }, mask]
      })
      const drawn = copy(yield* one.read(Loader.start)).noise.mask
      assert.deepStrictEqual(copy(yield* two.read(Loader.start)).noise.mask, drawn)
      const expected = ["noise", "mask", 0, 0].reduce<Key.Key>(Key.foldIn, key)
      assert.deepStrictEqual(drawn, [...Key.bernoulli(expected, 0.7, new Float32Array(100), 1 / 0.7)])
    })
  )

  it.effect("golden: the batches of seed 7", () =>
    Effect.gen(function* () {
      const train = Dataset.make(yield* trips(7), undefined, "train")
      const options = { features: ["distance"], target: "zone", batchSize: 4, key, prefetch: 0 } as const
      const loader = yield* Loader.make(train, { ...options, noise: [{ name: "mask", size: 6, keep: 0.5 }] })
      const read = (epoch: number, step: number) =>
        Effect.map(loader.read(position(epoch, step)), ({ features, noise }) => [
          [...features].map((value) => Math.round(value * 3)),
          [...noise.mask]
        ])
      assert.deepStrictEqual(
        [yield* read(0, 0), yield* read(0, 1), yield* read(1, 0)],
        [
          [
            [5, 0, 1, 3],
            [0, 0, 0, 0, 2, 2]
          ],
          [
            [4, 2, 6, 0],
            [2, 2, 2, 0, 2, 0]
          ],
          [
            [4, 3, 6, 1],
            [2, 2, 0, 0, 0, 2]
          ]
        ]
      )
    })
  )

  it.effect("refuses test rows forced through the types", () =>
    Effect.gen(function* () {
      const test = Dataset.make(yield* trips(5), undefined, "test")
      const options = { features: ["distance"], target: "fare", batchSize: 2, key } as const
      assert.strictEqual((yield* Effect.flip(Loader.make(test as never, options)))._tag, "SealedError")
    })
  )

  const refusals: ReadonlyArray<readonly [string, object, string]> = [
    [
      "a batch larger than the partition",
      { batchSize: 6 },
      "Loader: batchSize is 6, but there are only 5 rows; give at most that many"
    ],
    ["a batch size of 0", { batchSize: 0 }, "Loader: batchSize is 0; give a positive integer, for instance 128"],
    ["half a batch", { batchSize: 1.5 }, "Loader: batchSize is 1.5; give a positive integer, for instance 128"],
    ["no features", { features: [] }, "Loader: no features are given; name at least one column"],
    [
      "a missing feature",
      { features: ["speed"] },
      'Loader: column "speed" is not there; there are distance, zone, image, embedding, pickup, fare'
    ],
    [
      "a category as feature",
      { features: ["zone"] },
      'Loader: column "zone" is a category, not a float or tensor; encode it first, for instance by Recipe.oneHot'
    ],
    [
      "an instant as feature",
      { features: ["pickup"] },
      'Loader: column "pickup" is a timestamp, not a float or tensor'
    ],
    [
      "a feature named twice",
      { features: ["distance", "distance"] },
      'Loader: column "distance" is named twice among the features'
    ],
    [
      "the target as feature",
      { features: ["distance", "fare"] },
      'Loader: column "fare" is the target; it cannot be a feature too'
    ],
    [
      "a missing target",
      { target: "tip" },
      'Loader: column "tip" is not there; there are distance, zone, image, embedding, pickup, fare'
    ],
    ["a tensor as target", { target: "image" }, 'Loader: column "image" is a tensor, not a float or category'],
    [
      "a noise that keeps nothing",
      { noise: [{ name: "n", size: 1, keep: 0 }] },
      'Loader: noise "n" keeps 0; give a probability from 2^-16 to 1'
    ],
    [
      "a noise that keeps NaN",
      { noise: [{ name: "n", size: 1, keep: NaN }] },
      'Loader: noise "n" keeps NaN; give a probability from 2^-16 to 1'
    ],
    [
      "a noise of half a number",
      { noise: [{ name: "n", size: 0.5, keep: 1 }] },
      'Loader: the size of noise "n" is 0.5; give an integer of at least 0'
    ],
    [
      "two noises of one name",
      {
        noise: [
          { name: "n", size: 1, keep: 1 },
          { name: "n", size: 2, keep: 1 }
        ]
      },
      'Loader: two noises are called "n"; give each a name of its own'
    ],
    ["a negative prefetch", { prefetch: -1 }, "Loader: prefetch is -1; give an integer of at least 0"],
    ["half a worker", { workers: 0.5 }, "Loader: workers is 0.5; give an integer of at least 0"]
  ]
  for (const [what, options, message] of refusals) {
    it.effect(`refuses ${what}`, () =>
      Effect.gen(function* () {
        const train = Dataset.make(yield* trips(5), undefined, "train")
        const given = { features: ["distance"], target: "fare", batchSize: 2, key, ...options } as never
        const error = yield* Effect.flip(Loader.make(train, given))
        assert.deepStrictEqual([error._tag, error.message], ["LoaderError", message])
      })
    )
  }

  it.effect("refuses an empty partition", () =>
    Effect.gen(function* () {
      const empty = Dataset.make(yield* trips(5), new Uint32Array(0), "train")
      const options = { features: ["distance"], target: "fare", key } as const
      const refused = (batchSize: number) => Effect.flip(Loader.make(empty, { ...options, batchSize }))
      assert.strictEqual((yield* refused(1)).message, "Loader: there are no rows to make batches of")
      assert.strictEqual((yield* refused(8)).message, "Loader: there are no rows to make batches of")
    })
  )

  it.effect("D10 refuses NaN, infinity and what float32 cannot hold, naming column and row", () =>
    Effect.gen(function* () {
      const make = (change: Partial<Table.Table<typeof Trip>["values"]>) =>
        Effect.flatMap(trips(5, change), (table) =>
          Effect.flip(
            Loader.make(Dataset.make(table, undefined, "train"), {
              features: ["distance", "embedding"],
              target: "fare",
              batchSize: 2,
              key
            })
          )
        )
      const embedding = new Float32Array(15)
      embedding[7] = -Infinity
      const bad = [
        yield* make({ distance: Float64Array.of(0, 1, NaN, 3, 4) }),
        yield* make({ distance: Float64Array.of(0, 1, 2, 3, 1e39) }),
        yield* make({ embedding }),
        yield* make({ fare: Float64Array.of(0, NaN, 2, 3, 4) })
      ]
      assert.deepStrictEqual(
        bad.map((error) => error.message),
        [
          'Loader: column "distance", row 2 holds NaN; drop or repair such rows at the source',
          'Loader: column "distance", row 4 holds 1e+39, too large for float32; scale the column in the recipe',
          'Loader: column "embedding", row 2 holds -Infinity; drop or repair such rows at the source',
          'Loader: column "fare", row 1 holds NaN; drop or repair such rows at the source'
        ]
      )
    })
  )
})

describe("Loader.read", () => {
  it.effect("refuses positions where no batch is", () =>
    Effect.gen(function* () {
      const train = Dataset.make(yield* trips(5), undefined, "train")
      for (const prefetch of [0, 1]) {
        const options = { features: ["distance"], target: "fare", batchSize: 2, key, prefetch } as const
        const loader = yield* Loader.make(train, options)
        for (const [epoch, step] of [
          [0, 3],
          [0, -1],
          [-1, 0],
          [0.5, 0],
          [0, NaN],
          [2 ** 31, 0]
        ]) {
          const error = yield* Effect.flip(loader.read(position(epoch, step)))
          assert.match(error.message, /^Loader: there is no batch at epoch .*: an epoch has 3 steps, from 0$/)
        }
        assert.strictEqual((yield* loader.read(position(2 ** 31 - 1, 2))).rows, 1)
      }
    })
  )

  it.effect("D61 D62 prefetched batches lie in shared memory that is allocated once and used again", () =>
    Effect.gen(function* () {
      const train = Dataset.make(yield* trips(40), undefined, "train")
      const options = { features: ["distance"], target: "fare", batchSize: 4, key, prefetch: 2, workers: 2 } as const
      const loader = yield* Loader.make(train, options)
      const buffers = new Set<unknown>()
      for (let index = 0; index < 60; index++) {
        const { features } = yield* loader.read(position(Math.floor(index / 10), index % 10))
        assert.instanceOf(features.buffer, SharedArrayBuffer)
        buffers.add(features.buffer)
      }
      assert.strictEqual(buffers.size, 3)
    })
  )

  it.effect("D62 makes batches ahead as it is told, else where they take longer to make than to hand over", () =>
    Effect.gen(function* () {
      const preparing = (more: Partial<Loader.Settings>, augmented = false) =>
        Effect.gen(function* () {
          const options = { features: ["row", "block"], target: "target", batchSize: 32, key } as const
          const augment = Augment.forColumns(rows.columns).pipe(Augment.noise("row"))
          const loader = yield* Loader.make(rows, { ...options, ...more, augment: augmented ? augment : undefined })
          const { prefetch, workers } = yield* loader.timing
          return [prefetch, workers]
        }).pipe(Effect.scoped)
      const rows = LoaderLaws.numbered(20_000)
      assert.deepStrictEqual(yield* preparing({}), [0, 0])
      assert.deepStrictEqual(yield* preparing({ prefetch: 3 }), [3, 1])
      assert.deepStrictEqual(yield* preparing({ workers: 2 }), [64, 2])
      assert.deepStrictEqual(yield* preparing({ prefetch: 1, workers: 4 }), [1, 2])
      assert.deepStrictEqual(yield* preparing({}, true), [32, 1])
      assert.deepStrictEqual(yield* preparing({ noise: [{ name: "mask", size: 20_000, keep: 0.5 }] }), [32, 1])
      assert.deepStrictEqual(yield* preparing({ batchSize: 200 }), [32, 1])
      assert.deepStrictEqual(yield* preparing({ batchSize: 200, prefetch: 0 }), [0, 0])
      assert.deepStrictEqual(yield* preparing({ batchSize: 200, workers: 0 }), [0, 0])
      assert.deepStrictEqual(yield* preparing({ batchSize: 200, shard: { rank: 0, of: 8 } }), [0, 0])
      assert.deepStrictEqual(yield* preparing({ batchSize: 5000 }), [32, 1])
      assert.deepStrictEqual(yield* preparing({ batchSize: 20_000 }), [9, 1])
      assert.deepStrictEqual(yield* preparing({ noise: [{ name: "mask", size: 3_000_000, keep: 0.5 }] }), [4, 1])
    })
  )

  it.effect("makes batches in a process of its own that ends by itself", () =>
    Effect.sync(() => {
      const file = fileURLToPath(new URL("./fixtures/read_prefetched.ts", import.meta.url))
      const out = execFileSync(process.execPath, [file], { encoding: "utf8", timeout: 20_000 })
      assert.strictEqual(out, "read 6 batches\n")
    })
  )
})

describe("Loader.Position", () => {
  it("is at most 256 bytes of JSON, and reads back", () => {
    const codec = Schema.fromJsonString(Loader.Position)
    const index = fc.integer({ min: 0, max: 2 ** 31 - 1 })
    fc.assert(
      fc.property(index, index, (epoch, step) => {
        const state = Schema.encodeSync(codec)(position(epoch, step))
        assert.isAtMost(Buffer.byteLength(state), 70)
        assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(state), position(epoch, step))
      }),
      { numRuns: 100 }
    )
    for (const state of [
      '{"version":2,"epoch":0,"step":0}',
      '{"version":1,"epoch":-1,"step":0}',
      '{"version":1,"epoch":0}'
    ]) {
      assert.throws(() => Schema.decodeUnknownSync(codec)(state))
    }
  })

  it.effect("next visits every step of every epoch", () =>
    Effect.gen(function* () {
      const train = Dataset.make(yield* trips(5), undefined, "train")
      const options = { features: ["distance"], target: "fare", batchSize: 2, key, prefetch: 0 } as const
      const loader = yield* Loader.make(train, options)
      const visited = [Loader.start]
      while (visited.length < 5) visited.push(Loader.next(loader, visited[visited.length - 1]))
      assert.deepStrictEqual(
        visited.map(({ epoch, step }) => [epoch, step]),
        [
          [0, 0],
          [0, 1],
          [0, 2],
          [1, 0],
          [1, 1]
        ]
      )
    })
  )
})

describe("Loader.sequential", () => {
  it.effect("reads a table in its order, the last batch padded, in arrays of its own", () =>
    Effect.gen(function* () {
      const table = yield* trips(5)
      const batches = yield* Loader.sequential(table, { features: ["distance"], target: "fare", batchSize: 2 })
      assert.deepStrictEqual([batches.rows, batches.width, batches.batchSize, batches.steps], [5, 1, 2, 3])
      const all = [0, 1, 2].map(batches.batch)
      assert.deepStrictEqual(
        all.map((batch) => [...batch.target]),
        [
          [100, 101],
          [102, 103],
          [104, 0]
        ]
      )
      assert.deepStrictEqual(
        all.map((batch) => batch.rows),
        [2, 2, 1]
      )
      assert.deepStrictEqual([...batches.target], [100, 101, 102, 103, 104])
      assert.throws(() => batches.batch(3), RangeError)
    })
  )

  it.effect("takes tables smaller than a batch, and no empty ones", () =>
    Effect.gen(function* () {
      const options = { features: ["image"], target: "zone", batchSize: 8 } as const
      const batches = yield* Loader.sequential(yield* trips(2), options)
      assert.deepStrictEqual([...batches.batch(0).weight], [1, 1, 0, 0, 0, 0, 0, 0])
      const error = yield* Effect.flip(Loader.sequential(yield* trips(0), options))
      assert.strictEqual(error.message, "Loader: there are no rows to make batches of")
    })
  )

  it.effect("featureWidth counts a row's numbers", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Loader.featureWidth(Trip, ["distance", "image", "embedding"]), 8)
      assert.match((yield* Effect.flip(Loader.featureWidth(Trip, ["zone"]))).message, /is a category/)
    })
  )
})
