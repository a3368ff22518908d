import { assert, describe, it } from "@effect/vitest"
import { Key, type Node } from "@watertight/core"
import { Effect } from "effect"
import { Assignment, Source, Split, type Table } from "../../src/index.ts"
import * as Random from "../../src/split/Random.ts"
import { Points, table, points, times, days, xs, failure } from "./rows.ts"

describe("Split.random", () => {
  it.effect("gives every row once, in the table's order, and sizes that are exact", () =>
    Effect.gen(function* () {
      const parts = Split.random(Source.fromTable(points(1000)), { validation: 0.1, test: 0.2 })
      const { test, train, validation } = yield* xs(parts)
      assert.deepStrictEqual([train.length, validation.length, test], [700, 100, 200])
      assert.strictEqual(new Set([...train, ...validation]).size, 800)
      assert.deepStrictEqual(
        train,
        train.toSorted((a, b) => a - b)
      )
      assert.notDeepEqual(
        train,
        train.map((_, row) => row)
      )
    })
  )

  it.effect("depends on the seed, and on nothing else", () =>
    Effect.gen(function* () {
      const parts = () => Split.random(Source.fromTable(points(100)), { validation: 0.1, test: 0.2 })
      assert.deepStrictEqual(yield* xs(parts(), 7), yield* xs(parts(), 7))
      assert.notDeepEqual(yield* xs(parts(), 7), yield* xs(parts(), 8))
    })
  )

  it.effect("deals out what jax.random.permutation draws: test first, then validation", () =>
    Effect.gen(function* () {
      const assignment = yield* Random.assign({ validation: 0.05, test: 0.2 })(points(100), Key.fromSeed(42))
      assert.deepStrictEqual([...Assignment.rows(assignment, "validation")], [5, 30, 34, 72, 90])
      const first = [2, 4, 7, 16, 19, 29, 31, 35, 37, 44, 45, 58, 61, 63, 65, 78, 82, 83, 85, 99]
      assert.deepStrictEqual([...Assignment.rows(assignment, "test")], first) // jax 0.10.2: permutation(key(42), 100)[:20]
    })
  )

  it("gives each row an equal chance", () => {
    const counts = new Uint32Array(20)
    for (let seed = 0; seed < 2000; seed++) {
      const assignment = Random.deal(20, [0.5, 0.25, 0.25], Key.fromSeed(seed))
      for (const row of Assignment.rows(assignment, "validation")) counts[row]++
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 500) ** 2 / (2000 * 0.25 * 0.75), 0) * (19 / 20)
    assert.isBelow(chiSquare, 43.8) // 99.9th percentile of chi-squared with 19 degrees of freedom
  })

  it.effect("refuses shares that are none, and partitions without rows, and says what to change", () =>
    Effect.gen(function* () {
      const small = Source.fromTable(points(3))
      const message = (shares: Split.Shares) =>
        Effect.map(failure(Split.random(small, shares)), (error) => error.message)
      for (const share of [0, 1, -0.1, 1.5, NaN, Infinity]) {
        assert.include(yield* message({ validation: share, test: 0.1 }), `validation is to have the share ${share}`)
        assert.include(yield* message({ validation: 0.1, test: share }), `test is to have the share ${share}`)
      }
      assert.include(yield* message({ validation: 0.5, test: 0.5 }), "leave nothing for train")
      assert.include(
        yield* message({ validation: 0.1, test: 0.4 }),
        "validation would get none of the 3 rows. Give it a larger share"
      )
    })
  )

  it.effect("refuses a table with instants that was forced through the types", () =>
    Effect.gen(function* () {
      const dated = Source.fromTable(times(days(1, 2, 3, 4))) as Node.Node<unknown> as Node.Node<
        Table.Table<typeof Points>
      >
      const shares = { validation: 0.25, test: 0.25 }
      assert.include((yield* failure(Split.random(dated, shares))).message, "Split.temporal")
      assert.include((yield* failure(Split.stratified(dated, { on: "label", ...shares }))).message, "Split.temporal")
      assert.include(
        (yield* failure(Split.given({ train: dated, test: dated }, { validation: 0.5 }))).message,
        "Split.temporal"
      )
    })
  )
})

describe("duplicates", () => {
  const copies = table(Points, {
    x: Float64Array.from({ length: 300 }, (_, row) => Math.floor(row / 3)),
    label: Int32Array.from({ length: 300 }, (_, row) => Math.floor(row / 3) % 3)
  })

  it.effect("are parted by a random split, and kept together when asked to", () =>
    Effect.gen(function* () {
      const shares = { validation: 0.2, test: 0.2 }
      const both = (drawn: { readonly train: ReadonlyArray<number>; readonly validation: ReadonlyArray<number> }) =>
        drawn.validation.filter((x) => drawn.train.includes(x)).length
      const source = Source.fromTable(copies)
      assert.isAbove(both(yield* xs(Split.random(source, shares))), 10)
      const random = yield* xs(Split.random(source, { ...shares, duplicates: "together" }))
      assert.deepStrictEqual([both(random), random.validation.length, random.test], [0, 60, 60])
      const stratified = yield* xs(Split.stratified(source, { ...shares, on: "label", duplicates: "together" }))
      assert.strictEqual(both(stratified), 0)
      assert.closeTo(stratified.validation.length, 60, 9)
    })
  )
})
