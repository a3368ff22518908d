import { assert, describe, it } from "@effect/vitest"
import { Ledger, Pipeline, Store } from "@watertight/core"
import { Effect, Layer } from "effect"
import { Balance, Column, Columns, Dataset, Join, Recipe, Source, Split, Table, Window } from "../src/index.ts"
import { NoPeeking } from "../src/testing/index.ts"

const Visits = Columns.make({
  at: Column.timestamp,
  shop: Column.category(["x", "y", "z"]),
  user: Column.text,
  spent: Column.float,
  age: Column.optional(Column.float),
  back: Column.category(["no", "yes"])
})
const length = 90
const each = (f: (row: number) => number) => Float64Array.from({ length }, (_, row) => f(row))
const visits = Effect.runSync(
  Table.make(
    Visits,
    {
      at: each((row) => row * 3_600_000),
      shop: Int32Array.from({ length }, (_, row) => (row * 7) % 3),
      user: Array.from({ length }, (_, row) => `user ${(row * row) % 11}`),
      spent: each((row) => 10 + 5 * Math.sin(row) + row / 10),
      age: each((row) => (row % 4 === 0 ? NaN : 20 + ((row * 13) % 50))),
      back: Int32Array.from({ length }, (_, row) => (row % 5 === 0 ? 1 : 0))
    },
    { length }
  )
)

/** Everything that looks back, fills, encodes, selects and balances, one after the other. */
const outputs = () => {
  const source = Source.fromTable(visits)
  const before = Window.lags(source, { on: "at", series: "shop", columns: ["spent"], past: 1 })
  const rolled = Window.rolling(
    Window.forwardFill(source, { on: "at", series: "shop", columns: ["age"], within: "9 hours" }),
    {
      on: "at",
      series: "shop",
      columns: ["spent"],
      statistics: ["mean", "sd", "count"],
      over: "12 hours"
    }
  )
  const joined = Join.asOf(rolled, before, { on: "at", by: "shop", columns: ["spent_lag1"] })
  const parts = Split.temporal(joined, { on: "at", validation: "12 hours", test: "24 hours" })
  const recipe = Recipe.of(parts.train).pipe(
    Recipe.imputeNearest(["age", "spent", "spent_mean_12hours", "spent_sd_12hours", "spent_lag1"], { neighbors: 3 }),
    Recipe.hash(["shop", "user"], { as: "hashed", width: 6 }),
    Recipe.embeddingIndex("user", { minimumCount: 2 }),
    Recipe.select(["age", "spent", "spent_mean_12hours", "spent_lag1"], {
      target: "back",
      as: "chosen",
      by: { score: "mutualInformation" },
      top: 3
    }),
    Recipe.standardize(["chosen", "hashed"])
  )
  const fitted = Recipe.fit(recipe, parts.train)
  const ready = Recipe.apply(fitted, parts.train)
  const smote = Balance.smote(ready, { on: "back", features: ["chosen", "spent"], neighbors: 3 })
  const over = Balance.overSample(ready, { on: "back" })
  const under = Balance.underSample(ready, { on: "back", ratio: 0.8 })
  return { fitted, smote, over, under, test: Recipe.apply(fitted, parts.test) }
}
const services = Layer.merge(Store.layerMemory, Ledger.layerMemory)

describe("D30 D36 features over time, filled, encoded, selected and balanced", () => {
  it.effect("do not notice the test rows", () => NoPeeking.check(Pipeline.make("features", outputs()), { seed: 5 }))

  it.effect("are the same again with the same seed, and what is drawn is not with another", () =>
    Effect.gen(function* () {
      const run = (seed: number) =>
        Effect.map(
          Effect.provide(Pipeline.run(Pipeline.make("features", outputs()), { seed }), services, { local: true }),
          ({ outputs }) => outputs
        )
      const [first, again, other] = [yield* run(1), yield* run(1), yield* run(2)]
      for (const name of ["smote", "over", "under", "test"] as const) {
        assert.strictEqual(first[name].fingerprint, again[name].fingerprint, name)
        if (name !== "test") assert.notStrictEqual(first[name].fingerprint, other[name].fingerprint, name)
      }
      const rows = yield* Dataset.rows(first.smote)
      const counts = [0, 0]
      for (const code of rows.values.back) counts[code]++
      assert.strictEqual(counts[0], counts[1])
      assert.deepStrictEqual(rows.columns.chosen.shape, [3])
    })
  )
})
