import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect } from "effect"
import { Column, Columns, Dataset, Loader, Sampler, Table } from "../src/index.ts"

const Sales = Columns.make({
  row: Column.float,
  trust: Column.float,
  tokens: Column.float,
  zone: Column.category(["a", "b", "c"]),
  price: Column.float
})

/** Ten rows: seven of zone a, two of b, one of c. */
const sales = (change: Partial<Table.Table<typeof Sales>["values"]> = {}, length = 10) => {
  const floats = (f: (row: number) => number) => Float64Array.from({ length }, (_, row) => f(row))
  const values = {
    row: floats((row) => row),
    trust: floats((row) => row % 3),
    tokens: floats((row) => 1 + ((row * 37) % 101)),
    zone: Int32Array.from({ length }, (_, row) => (row < 0.7 * length ? 0 : row < 0.9 * length ? 1 : 2)),
    price: floats(() => 1),
    ...change
  }
  return Effect.map(Table.make(Sales, values, { length }), (table) => Dataset.make(table, undefined, "train"))
}

const key = Key.fromSeed(7)
const reading = { features: ["row"], target: "zone", batchSize: 4, key, prefetch: 0 } as const
const at = (epoch: number, step: number): Loader.Position => ({ version: 1, epoch, step })

const epochOf = (loader: Loader.Loader, epoch: number) =>
  Effect.map(
    Effect.forEach(
      Array.from({ length: loader.steps }, (_, step) => step),
      (step) => loader.rowsOf(at(epoch, step))
    ),
    (batches) => batches.map((rows) => [...rows])
  )

describe("Sampler", () => {
  it.effect("golden: the rows of seed 7", () =>
    Effect.gen(function* () {
      const rows = yield* sales()
      const read = (sampler: Sampler.Sampler) =>
        Effect.gen(function* () {
          const wide = rows as Dataset.Dataset<Columns.Columns, "train">
          const loader = yield* Loader.make(wide, { ...reading, sampler })
          return (yield* epochOf(loader, 1)).map((batch) => batch.join(" ")).join(" / ")
        })
      assert.deepStrictEqual(
        [
          yield* read(Sampler.shuffled),
          yield* read(Sampler.sequential),
          yield* read(Sampler.weighted("trust")),
          yield* read(Sampler.weightedByClass("zone", { a: 1, b: 1, c: 8 })),
          yield* read(Sampler.balanced("zone")),
          yield* read(Sampler.stratified("zone")),
          yield* read(Sampler.bucketed("tokens", { buckets: 2 }))
        ],
        [
          "3 4 0 8 / 9 7 5 6 / 1 2",
          "0 1 2 3 / 4 5 6 7 / 8 9",
          "8 5 1 4 / 1 2 8 7 / 1 2",
          "9 9 0 6 / 0 2 9 9 / 0 3",
          "5 8 9 6 / 7 8 0 9 / 7 9 9 0",
          "0 8 3 4 / 7 9 2 5 / 6 1",
          "1 4 6 9 / 8 2 5 7 / 0 3"
        ]
      )
    })
  )

  it.effect("what is read is what rowsOf says, with the rows' own targets", () =>
    Effect.gen(function* () {
      const rows = yield* sales()
      const loader = yield* Loader.make(rows, { ...reading, sampler: Sampler.balanced("zone") })
      assert.deepStrictEqual([loader.rows, loader.steps], [10, 3])
      for (const step of [0, 1, 2]) {
        const { features, target } = yield* loader.read(at(3, step))
        const found = [...(yield* loader.rowsOf(at(3, step)))]
        assert.deepStrictEqual([...features], found)
        assert.deepStrictEqual(
          [...target],
          found.map((row) => (row < 7 ? 0 : row < 9 ? 1 : 2))
        )
      }
    })
  )

  it.effect("D03 balanced: a class of one row is read as often as one of seven, and all of the seven in turn", () =>
    Effect.gen(function* () {
      const loader = yield* Loader.make(yield* sales(), { ...reading, sampler: Sampler.balanced("zone") })
      const visits = new Array<number>(10).fill(0)
      for (let epoch = 0; epoch < 7; epoch++) for (const row of (yield* epochOf(loader, epoch)).flat()) visits[row]++
      assert.deepStrictEqual(visits, [4, 4, 4, 4, 4, 4, 4, 14, 14, 28])
    })
  )

  it.effect("bucketed batches waste less padding than shuffled ones, and epochs differ", () =>
    Effect.gen(function* () {
      const rows = yield* sales({}, 400)
      const waste = (sampler: Sampler.Sampler<never, never> | Sampler.Sampler<"tokens", "float">) =>
        Effect.flatMap(Loader.make(rows, { ...reading, sampler }), (loader) =>
          Loader.padding(loader, rows, "tokens", 2)
        )
      const [shuffled, few, many] = [
        yield* waste(Sampler.shuffled),
        yield* waste(Sampler.bucketed("tokens", { buckets: 5 })),
        yield* waste(Sampler.bucketed("tokens", { buckets: 100 }))
      ]
      const total = Array.from({ length: 400 }, (_, row) => 1 + ((row * 37) % 101)).reduce((a, b) => a + b)
      assert.deepStrictEqual([shuffled.filled, few.filled, many.filled], [total, total, total])
      assert.isAbove(shuffled.waste, 0.3)
      assert.isBelow(few.waste, 0.15)
      assert.isBelow(many.waste, 0.02)
      assert.strictEqual(few.waste, 1 - few.filled / few.padded)
      const loader = yield* Loader.make(rows, { ...reading, sampler: Sampler.bucketed("tokens", { buckets: 5 }) })
      const sets = (epoch: number) =>
        Effect.map(epochOf(loader, epoch), (all) => all.map((batch) => batch.toSorted((a, b) => a - b).join()))
      const [first, second] = [yield* sets(0), yield* sets(1)]
      assert.isBelow(first.filter((batch) => second.includes(batch)).length, 5)
    })
  )

  const refusals: ReadonlyArray<readonly [string, Sampler.Sampler, RegExp]> = [
    ["a category as weights", Sampler.weighted("zone"), /column "zone" is a category, not a float/],
    ["a float as classes", Sampler.balanced("price"), /column "price" is a float, not a category/],
    ["a column that is not there", Sampler.stratified("sone"), /column "sone" is not there; there are row, trust/],
    ["no draws", Sampler.weighted("trust", { perEpoch: 0 }), /draws 0 rows an epoch; give an integer from 1 to 2\^32/],
    [
      "a class without weight",
      Sampler.weightedByClass("zone", { a: 1, b: 1 }),
      /"zone", row 9 is "c", which is given no weight/
    ],
    ["a class that is not there", Sampler.weightedByClass("zone", { d: 1 }), /has no level "d"; there are a, b, c/],
    ["weights of 0", Sampler.weightedByClass("zone", { a: 0, b: 0, c: 0 }), /weighs nothing in every row/],
    [
      "a negative weight",
      Sampler.weightedByClass("zone", { a: -1, b: 0, c: 0 }),
      /row 0 weighs -1; a weight is a finite/
    ],
    ["no buckets", Sampler.bucketed("tokens", { buckets: 0 }), /has 0 buckets; give a positive integer/]
  ]
  for (const [what, sampler, message] of refusals) {
    it.effect(`refuses ${what}`, () =>
      Effect.gen(function* () {
        const rows = (yield* sales()) as Dataset.Dataset<Columns.Columns, "train">
        const error = yield* Effect.flip(Loader.make(rows, { ...reading, sampler }))
        assert.strictEqual(error._tag, "LoaderError")
        assert.match(error.message, message)
      })
    )
  }

  it.effect("refuses weights and lengths that are no numbers, naming the row", () =>
    Effect.gen(function* () {
      const bad = Float64Array.of(1, 2, NaN, 1, 1, 1, 1, 1, 1, 1)
      const weights = Loader.make(yield* sales({ trust: bad }), { ...reading, sampler: Sampler.weighted("trust") })
      assert.match((yield* Effect.flip(weights)).message, /column "trust", row 2 weighs NaN/)
      const lengths = Loader.make(yield* sales({ tokens: bad }), { ...reading, sampler: Sampler.bucketed("tokens") })
      assert.match((yield* Effect.flip(lengths)).message, /column "tokens", row 2 is NaN long/)
    })
  )
})

describe("Loader options", () => {
  it.effect("D64 last: pads, drops or keeps a batch that is not full", () =>
    Effect.gen(function* () {
      const noise = [{ name: "mask", size: 8, keep: 0.5 }]
      const read = (last: "pad" | "drop" | "keep", prefetch = 0) =>
        Effect.gen(function* () {
          const loader = yield* Loader.make(yield* sales(), { ...reading, noise, last, prefetch })
          const batch = yield* loader.read(at(0, loader.steps - 1))
          const { features, rows, target, weight } = batch
          return [loader.steps, rows, features.length, target.length, [...weight], batch.noise.mask.length]
        })
      assert.deepStrictEqual(yield* read("pad"), [3, 2, 4, 4, [1, 1, 0, 0], 8])
      assert.deepStrictEqual(yield* read("drop"), [2, 4, 4, 4, [1, 1, 1, 1], 8])
      for (const prefetch of [0, 2]) assert.deepStrictEqual(yield* read("keep", prefetch), [3, 2, 2, 2, [1, 1], 4])
    })
  )

  it.effect("D03 class weights: balanced ones are scikit-learn's, given ones are taken, padding weighs 0", () =>
    Effect.gen(function* () {
      const weightsOf = (
        classWeights: "balanced" | { readonly a?: number; readonly c?: number },
        zone = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 2)
      ) =>
        Effect.gen(function* () {
          const rows = yield* sales({ zone })
          const loader = yield* Loader.make(rows, { ...reading, batchSize: 7, classWeights })
          const found: Record<number, number> = {}
          for (const step of [0, 1]) {
            const { rows: count, target, weight } = yield* loader.read(at(0, step))
            for (let row = 0; row < 7; row++) {
              if (row < count) found[target[row]] = weight[row]
              else assert.strictEqual(weight[row], 0)
            }
          }
          return found
        })
      const near = (found: Readonly<Record<number, number>>, expected: Readonly<Record<number, number>>) => {
        assert.deepStrictEqual(Object.keys(found), Object.keys(expected))
        for (const [code, weight] of Object.entries(expected)) assert.closeTo(found[Number(code)], weight, 1e-6)
      }
      // fixtures/make_loader_fixtures.py
      near(yield* weightsOf("balanced"), { 0: 0.47619047619047616, 1: 1.6666666666666667, 2: 3.3333333333333335 })
      near(yield* weightsOf({ a: 0.5, c: 4 }), { 0: 0.5, 1: 1, 2: 4 })
      const absent = Int32Array.of(0, 0, 0, 0, 0, 2, 2, 2, 2, 2)
      near(yield* weightsOf("balanced", absent), { 0: 1, 2: 1 })
    })
  )

  const refusals: ReadonlyArray<readonly [string, object, RegExp]> = [
    ["a rank past the last", { shard: { rank: 2, of: 2 } }, /shard.rank is 2; of 2 ranks the last is 1/],
    ["a negative rank", { shard: { rank: -1, of: 2 } }, /shard.rank is -1; give an integer of at least 0/],
    ["no ranks", { shard: { rank: 0, of: 0 } }, /shard.of is 0; give an integer of at least 1/],
    [
      "a batch that ranks cannot share",
      { shard: { rank: 0, of: 3 } },
      /batchSize is 4, over all ranks; give a multiple of the 3/
    ],
    [
      "ranks that keep a last batch",
      { shard: { rank: 0, of: 2 }, last: "keep" },
      /would differ in size; pad or drop it/
    ],
    ["a ring of very many slots", { prefetch: 1001 }, /prefetch is 1001; give at most 1000/],
    ["another last batch", { last: "wrap" }, /last is "wrap"; it is "pad", "drop" or "keep"/],
    [
      "masks that rows cannot share",
      { shard: { rank: 0, of: 2 }, noise: [{ name: "n", size: 6, keep: 1 }] },
      /noise "n" has 6 numbers for 4 rows; to be cut with them it needs as many for each/
    ],
    [
      "class weights of a float",
      { target: "price", classWeights: "balanced" },
      /"price" is a float; class weights are for a category/
    ],
    ["class weights of no class", { classWeights: { d: 1 } }, /has no level "d" to weigh; there are a, b, c/],
    [
      "a class weight of 0",
      { classWeights: { a: 0 } },
      /gives the level "a" the weight 0; a class weight is a positive/
    ]
  ]
  for (const [what, options, message] of refusals) {
    it.effect(`refuses ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Loader.make(yield* sales(), { ...reading, ...options } as never))
        assert.match(error.message, message)
      })
    )
  }

  it.effect("D36 refuses to learn class weights from validation rows forced through the types", () =>
    Effect.gen(function* () {
      const table = yield* Dataset.rows(yield* sales())
      const validation = Dataset.make(table, undefined, "validation")
      const error = yield* Effect.flip(Loader.make(validation, { ...reading, classWeights: "balanced" } as never))
      assert.match(error.message, /classWeights are learned from train rows; these are validation rows/)
      const given = yield* Loader.make(validation, { ...reading, classWeights: { a: 2 } })
      assert.strictEqual(given.steps, 3)
    })
  )
})
