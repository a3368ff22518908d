import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect } from "effect"
import { Column, Columns, Source, Split } from "../../src/index.ts"
import * as Stratified from "../../src/split/Stratified.ts"
import { table, points, xs, failure } from "./rows.ts"

describe("Split.stratified", () => {
  it.effect("splits each class by itself", () =>
    Effect.gen(function* () {
      const skewed = points(1000, (row) => (row < 900 ? 0 : row < 990 ? 1 : 2))
      const parts = Split.stratified(Source.fromTable(skewed), { on: "label", validation: 0.1, test: 0.2 })
      const { test, train, validation } = yield* xs(parts)
      assert.deepStrictEqual([train.length, validation.length, test], [700, 100, 200])
      const classes = (rows: ReadonlyArray<number>) =>
        [0, 900, 990].map((from, at) => rows.filter((x) => x >= from && x < [900, 990, 1000][at]).length)
      assert.deepStrictEqual(classes(train), [630, 63, 7])
      assert.deepStrictEqual(classes(validation), [90, 9, 1])
    })
  )

  it.effect("keeps whole partitions within one row too, where each class by itself would not", () =>
    Effect.gen(function* () {
      const many = Columns.make({
        x: Column.float,
        label: Column.category(Array.from({ length: 40 }, (_, index) => `class ${index}`))
      })
      const classes = table(many, {
        x: Float64Array.from({ length: 240 }, (_, row) => row),
        label: Int32Array.from({ length: 240 }, (_, row) => row % 40)
      })
      const parts = Split.stratified(Source.fromTable(classes), { on: "label", validation: 0.1, test: 0.1 })
      const { test, train, validation } = yield* xs(parts)
      assert.deepStrictEqual([train.length, validation.length, test], [192, 24, 24])
    })
  )

  it.effect("puts rows where it always did", () =>
    Effect.gen(function* () {
      const assign = Stratified.assign("label", { validation: 0.2, test: 0.2 })
      const assignment = yield* assign(points(15), Key.fromSeed(42))
      assert.strictEqual(assignment.places.join(""), "200120010002001")
    })
  )

  it.effect("refuses a column that is no category", () =>
    Effect.gen(function* () {
      const error = yield* failure(
        Split.stratified(Source.fromTable(points(10)), { on: "x" as never, validation: 0.1, test: 0.1 })
      )
      assert.include(error.message, '"x" is a float column. Stratify on a category column.')
    })
  )
})
