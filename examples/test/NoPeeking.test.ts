import { Node, Pipeline, Stage } from "@watertight/core"
import { Recipe, Source, Split, Table } from "@watertight/data"
import { NoPeeking } from "@watertight/data/testing"
import { Engine } from "@watertight/model"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Digits from "../digits/digits.ts"
import * as Mail from "../mail/mail.ts"
import * as Weather from "../weather/weather.ts"

const services = Layer.merge(Engine.onnx({ threads: 1 }), NodeServices.layer)

const digits = {
  train: Source.head(Digits.read("train"), 600),
  test: Source.head(Digits.read("t10k"), 200)
}

describe("no peeking: changing the test rows changes no digest on the train side", () => {
  it.live("digits", () =>
    NoPeeking.check(Digits.make(digits, { epochs: 1, hidden: [16] }), { seed: 7 }).pipe(Effect.provide(services))
  )

  it.live("weather", () =>
    NoPeeking.check(Weather.make(Weather.days, { epochs: 2 }), { seed: 7 }).pipe(Effect.provide(services))
  )

  it.live("mail", () =>
    NoPeeking.check(Mail.make(Mail.every(25), { epochs: 1, words: 200, hidden: 4 }), { seed: 7 }).pipe(
      Effect.provide(services)
    )
  )

  /** Scales by the largest value of all rows, before the split. */
  const scaledByAll = Node.make(
    Stage.make({
      name: "scale by the largest",
      version: 1,
      codec: Table.codec<typeof Weather.Weather>(),
      run: ({ table }: { readonly table: Table.Table<typeof Weather.Weather> }) =>
        Effect.sync(() => {
          const largest = table.values.wind.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
          const wind = table.values.wind.map((value) => value / largest)
          return { ...table, ids: table.ids, values: { ...table.values, wind } }
        })
    }),
    { table: Weather.days }
  )

  it.live("fails for a stage that scales before the split, and names the first artifact that noticed", () =>
    Effect.gen(function* () {
      const parts = Split.temporal(scaledByAll, { on: "date", validation: 0.1, test: 0.2 })
      const fitted = Recipe.fit(Recipe.of(parts.train).pipe(Recipe.standardize("temp_max")), parts.train)
      const violation = yield* Effect.flip(NoPeeking.check(Pipeline.make("leaky", { fitted }), { seed: 7 }))
      assert.strictEqual(violation._tag, "LawViolation")
      assert.match(violation.message, /poison \d+ test rows[^]*"train" was/)
    }).pipe(Effect.provide(services))
  )

  it.live("fails for a target that looks ahead over a split without a gap", () =>
    Effect.gen(function* () {
      const series = Weather.series(Weather.days)
      const parts = Split.temporal(series, { on: "date", validation: 0.1, test: 0.2 })
      const fitted = Recipe.fit(Recipe.of(parts.train).pipe(Recipe.standardize("tomorrow")), parts.train)
      const peek = Recipe.apply(fitted, parts.validation)
      const violation = yield* Effect.flip(NoPeeking.check(Pipeline.make("no gap", { peek }), { seed: 7 }))
      assert.match(violation.message, /"validation" was/)
    }).pipe(Effect.provide(services))
  )
})
