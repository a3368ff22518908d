import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Dataset, Source, Split, type Table } from "../../src/index.ts"
import { run } from "../run.ts"
import { Points, table, points, xs, failure } from "./rows.ts"

describe("Split.given", () => {
  const train = points(60)
  const test = points(12)

  it.effect("carves validation out of train, stratified, and takes test as it is", () =>
    Effect.gen(function* () {
      const tables = { train: Source.fromTable(train, "train rows"), test: Source.fromTable(test, "test rows") }
      const parts = Split.given(tables, { validation: 0.1, stratify: "label" })
      const drawn = yield* xs(parts)
      assert.deepStrictEqual([drawn.train.length, drawn.validation.length, drawn.test], [54, 6, 12])
      assert.deepStrictEqual(
        [0, 1, 2].map((code) => drawn.validation.filter((x) => x % 3 === code).length),
        [2, 2, 2]
      )
      assert.strictEqual((yield* run(parts.test)).fingerprint, Dataset.make(test, undefined, "test").fingerprint)
    })
  )

  it.effect("takes a validation table where there is one", () =>
    Effect.gen(function* () {
      const node = Source.fromTable(train)
      const drawn = yield* xs(
        Split.given({ train: node, validation: Source.fromTable(test), test: Source.fromTable(test) })
      )
      assert.deepStrictEqual([drawn.train.length, drawn.validation.length, drawn.test], [60, 12, 12])
    })
  )

  it.effect(
    "makes train and validation without reading test",
    () =>
      Effect.gen(function* () {
        const unreadable = Source.csv("no/such/file.csv", Points)
        const parts = Split.given({ train: Source.fromTable(train), test: unreadable }, { validation: 0.1 })
        assert.strictEqual((yield* run(parts.train as never as typeof parts.validation)).length, 54)
      }) as Effect.Effect<void> // the file system is never asked for
  )

  it.effect("refuses other columns, tables without rows and shares that are none", () =>
    Effect.gen(function* () {
      const other = table({ ...Points, label: Column.category(["c", "b", "a"]) }, test.values)
      const tables = (test: Table.Table<typeof Points>) => ({
        train: Source.fromTable(train),
        test: Source.fromTable(test)
      })
      const levels = yield* Effect.flip(run(Split.given(tables(other), { validation: 0.1 }).test))
      assert.include(levels.message, 'the column "label" of test is not declared as that of train')
      const none = yield* Effect.flip(run(Split.given(tables(points(0)), { validation: 0.1 }).test))
      assert.include(none.message, "test has no rows")
      assert.include((yield* failure(Split.given(tables(test), { validation: 0 }))).message, "the share 0")
      assert.include(
        (yield* failure(Split.given(tables(test), { validation: 0.001 }))).message,
        "validation would get none"
      )
    })
  )
})
