import { assert, describe, it } from "@effect/vitest"
import { Key, type Node, Pipeline, Store, Ledger } from "@watertight/core"
import { Effect, Layer } from "effect"
import { Balance, Column, Columns, Dataset, Resample, RowId, Source, Split, Table } from "../src/index.ts"
import { born, nearest, plan } from "../src/balance/Smote.ts"
import { run } from "./run.ts"
import { features } from "./steps/featureFixtures.ts"

const { smote } = features
const Points = Columns.make({
  x: Column.float,
  z: Column.float,
  kind: Column.category(["p", "q", "r"]),
  label: Column.category(["common", "rare"])
})
const points = Effect.runSync(
  Table.make(
    Points,
    {
      x: Float64Array.from(smote.x),
      z: Float64Array.from(smote.z),
      kind: Int32Array.from(smote.kind),
      label: Int32Array.from(smote.label)
    },
    { length: smote.x.length }
  )
)
const rareRows = Uint32Array.from({ length: 9 }, (_, row) => row)
const parts = Split.given(
  { train: Source.fromTable(points), test: Source.fromTable(points) },
  { validation: 0.2, stratify: "label" }
)
const counts = (codes: Int32Array, levels = 2) =>
  Array.from({ length: levels }, (_, code) => codes.filter((each) => each === code).length)
const opened = <C extends Columns.Columns, E>(node: Node.Node<Dataset.Dataset<C, "train">, E>, seed = 0) =>
  Effect.flatMap(run(node, seed), Dataset.rows)
const trainOf = <C extends Columns.Columns>(table: Table.Table<C>) => {
  const node = Source.fromTable(table)
  return Split.given({ train: node, validation: node, test: node }).train
}
const pointsAt = (rows: Uint32Array) => Table.take(points, rows)
const idsOf = (table: Table.Table) =>
  Array.from({ length: table.length }, (_, row) =>
    Buffer.from(table.ids.subarray(row * RowId.bytes, (row + 1) * RowId.bytes)).toString("hex")
  )

describe("D03 over-sampling", () => {
  it.effect("repeats rows of rare classes evenly and keeps all others", () =>
    Effect.gen(function* () {
      const all = yield* opened(Balance.overSample(trainOf(points), { on: "label" }))
      assert.deepStrictEqual(counts(all.values.label), [21, 21])
      assert.deepStrictEqual([...all.values.x.subarray(0, 30)], [...points.values.x])
      const times = counts(
        Int32Array.from(all.values.x, (x) => smote.x.indexOf(x)),
        9
      )
      assert.isTrue(
        times.every((count) => count === 2 || count === 3),
        times.join()
      )
      const half = yield* opened(Balance.overSample(trainOf(points), { on: "label", ratio: 0.5 }))
      assert.deepStrictEqual(counts(half.values.label), [21, 11])
      const enough = yield* opened(Balance.overSample(trainOf(points), { on: "label", ratio: 0.1 }))
      assert.deepStrictEqual(enough.values.x, points.values.x)
    })
  )

  it.effect("takes the same rows in any order of the table, and others with another seed", () =>
    Effect.gen(function* () {
      const turned = Uint32Array.from({ length: 30 }, (_, row) => 29 - row)
      for (const balance of [Balance.overSample, Balance.underSample] as const) {
        const of = (table: typeof points, seed: number) =>
          Effect.map(opened(balance(trainOf(table), { on: "label", ratio: 0.8 }), seed), (table) =>
            idsOf(table).sort().join()
          )
        assert.strictEqual(yield* of(points, 1), yield* of(pointsAt(turned), 1))
        assert.notStrictEqual(yield* of(points, 1), yield* of(points, 2))
      }
    })
  )
})

describe("D03 under-sampling", () => {
  it.effect("leaves rows of frequent classes out, and keeps the order", () =>
    Effect.gen(function* () {
      const all = yield* opened(Balance.underSample(trainOf(points), { on: "label" }))
      assert.deepStrictEqual(counts(all.values.label), [9, 9])
      const places = Array.from(all.values.x, (x) => smote.x.indexOf(x))
      assert.deepStrictEqual(
        places,
        places.toSorted((a, b) => a - b)
      )
      const half = yield* opened(Balance.underSample(trainOf(points), { on: "label", ratio: 0.5 }))
      assert.deepStrictEqual(counts(half.values.label), [18, 9])
    })
  )
})

describe("D03 SMOTE", () => {
  const sets = { numbers: ["x", "z"], mixed: ["x", "z", "kind"] } as const
  for (const [name, columns] of Object.entries(sets)) {
    const expected = name === "mixed" ? smote.mixed : smote.numbers
    it(`has imbalanced-learn's neighbours and rows for ${columns.join(", ")}`, () => {
      const near = nearest(points, rareRows, columns, 4)
      near.forEach((others, row) => assert.deepStrictEqual(others, expected.near[row], `row ${row}`))
      const children = expected.parents.map((parent, index) => ({
        parent,
        other: expected.near[parent][expected.choices[index]],
        step: expected.steps[index],
        neighbors: expected.near[parent],
        id: new Uint8Array(RowId.bytes)
      }))
      const { values } = Effect.runSync(born(points, children, columns))
      const most = (index: number) => {
        const kinds = counts(
          Int32Array.from(expected.near[expected.parents[index]], (row) => smote.kind[row]),
          3
        )
        return kinds.filter((count) => count === Math.max(...kinds)).length === 1
      }
      expected.made.forEach(([x, z, kind], index) => {
        assert.closeTo(values.x[30 + index], x, 1e-12)
        assert.closeTo(values.z[30 + index], z, 1e-12)
        if (name === "mixed" && most(index)) assert.strictEqual(values.kind[30 + index], kind) // ties are drawn there
      })
    })
  }

  it.effect("adds rows until classes are balanced, each between parents of its class, with an id of its own", () =>
    Effect.gen(function* () {
      const all = yield* opened(Balance.smote(trainOf(points), { on: "label", neighbors: 3 }))
      assert.deepStrictEqual(counts(all.values.label), [21, 21])
      assert.deepStrictEqual(
        Table.digest(Table.take(all, Uint32Array.from(points.values.x.keys()))),
        Table.digest(points)
      )
      assert.strictEqual(new Set(idsOf(all)).size, all.length)
      const [least, largest] = [Math.min(...smote.x.slice(0, 9)), Math.max(...smote.x.slice(0, 9))]
      assert.isTrue(all.values.x.subarray(30).every((x) => x >= least && x <= largest))
      assert.isTrue(all.values.x.subarray(30).every((x) => !smote.x.includes(x)))
    })
  )

  it("plans the same children in any order of the rows", () => {
    const turned = Uint32Array.from({ length: 30 }, (_, row) => 29 - row)
    const of = (table: typeof points, rows: Uint32Array) => {
      const options = { features: ["x", "z", "kind"], neighbors: 4, count: 25 }
      const key = Key.fromSeed(3)
      const { ids, values } = Effect.runSync(born(table, plan(key, table, rows, options), options.features))
      const made = Array.from({ length: 25 }, (_, index) => {
        const id = Buffer.from(ids.subarray((30 + index) * RowId.bytes, (31 + index) * RowId.bytes)).toString("hex")
        return [id, values.x[30 + index], values.kind[30 + index]].join()
      })
      return made.sort()
    }
    const there = rareRows.map((row) => 29 - row)
    assert.deepStrictEqual(of(Table.take(points, turned), there), of(points, rareRows))
  })

  it.effect("copies what is no feature from a parent, and makes tensors new", () =>
    Effect.gen(function* () {
      const columns = Columns.make({
        at: Column.timestamp,
        who: Column.group(Column.float),
        v: Column.tensor([2]),
        label: Points.label
      })
      const length = 12
      const each = (f: (row: number) => number) => Float64Array.from({ length }, (_, row) => f(row))
      const values = {
        at: each((row) => row * 1000),
        who: each((row) => row),
        v: Float32Array.from({ length: 2 * length }, (_, place) => (place % 5) + place / 100),
        label: Int32Array.from({ length }, (_, row) => (row < 4 ? 1 : 0))
      }
      const node = Balance.smote(trainOf(yield* Table.make(columns, values, { length })), { on: "label", neighbors: 2 })
      const table = yield* opened(node)
      const added = Uint32Array.of(12, 13, 14, 15)
      const made = Table.take(table, added)
      assert.isTrue(made.values.at.every((at) => at <= 3000 && at % 1000 === 0))
      assert.isTrue(made.values.who.every((who, row) => who * 1000 === made.values.at[row]))
      assert.isTrue(made.values.v.every((value) => Number.isFinite(value)))
      assert.strictEqual(new Set([...made.values.v].filter((value) => values.v.includes(value))).size, 0)
    })
  )
})

describe("what cannot be balanced", () => {
  it.effect("is refused, with what to do about it", () =>
    Effect.gen(function* () {
      const message = <A, E extends Error>(node: Node.Node<A, E>) =>
        Effect.map(Effect.flip(run(node)), (error) => error.message)
      const train = trainOf(points)
      const few = /class "rare" has 9 train rows, too few for 9 neighbors of each. Ask for fewer/
      assert.match(yield* message(Balance.smote(train, { on: "label", neighbors: 9 })), few)
      const one = trainOf(pointsAt(rareRows))
      assert.match(yield* message(Balance.overSample(one, { on: "label" })), /the 9 train rows have one class only/)
      const self = { on: "label", features: ["label"] } as const
      assert.match(yield* message(Balance.smote(train, self)), /"label" is the class itself/)
      assert.throws(() => Balance.overSample(train, { on: "label", ratio: 0 }), RangeError)
      assert.throws(() => Balance.underSample(train, { on: "label", ratio: 1.5 }), RangeError)
      assert.throws(() => Balance.smote(train, { on: "label", neighbors: 0 }), RangeError)
    })
  )

  it.effect("is any other partition, also when types were cast away", () =>
    Effect.gen(function* () {
      const forced = parts.test as unknown as typeof parts.train
      const balanced = Balance.overSample(forced, { on: "label" })
      const direct = yield* Effect.flip(run(balanced))
      assert.match(direct.message, /it takes the train partition; this is the test partition/)
      const services = Layer.merge(Store.layerMemory, Ledger.layerMemory)
      const program = Effect.provide(Pipeline.run(Pipeline.make("leak", { balanced }), { seed: 1 }), services)
      assert.match((yield* Effect.flip(program)).message, /Leak: .*over-sample.* learns from its input "dataset"/)
    })
  )

  it.effect("is not resampled into folds afterwards", () =>
    Effect.gen(function* () {
      const made = Balance.smote(trainOf(points), { on: "label", neighbors: 3 })
      const [fold] = Resample.kFold(made, { folds: 3 })
      assert.match((yield* Effect.flip(run(fold.train))).message, /there twice or made of others/)
    })
  )
})
