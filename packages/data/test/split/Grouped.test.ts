import { assert, describe, it } from "@effect/vitest"
import { Key, type Node } from "@watertight/core"
import { Effect } from "effect"
import { Column, Columns, type Partitions, Source, Split, type Table } from "../../src/index.ts"
import * as Grouped from "../../src/split/Grouped.ts"
import { type Points, labels, table, times, days, xs, failure } from "./rows.ts"

describe("Split.grouped", () => {
  const Rows = Columns.make({ x: Column.float, who: Column.group(Column.float), label: labels })
  const rows = (who: ReadonlyArray<number>) =>
    table(Rows, {
      x: Float64Array.from(who, (_, row) => row),
      who: Float64Array.from(who),
      label: Int32Array.from(who, (_, row) => (row % 2 === 0 ? 0 : 1))
    })
  const pairs = rows(Array.from({ length: 200 }, (_, row) => Math.floor(row / 2)))

  it.effect("draws whole groups, and sizes are exact where groups allow", () =>
    Effect.gen(function* () {
      const parts = Split.grouped(Source.fromTable(pairs), { on: "who", validation: 0.1, test: 0.2 })
      const { test, train, validation } = yield* xs(parts)
      assert.deepStrictEqual([train.length, validation.length, test], [140, 20, 40])
      const users = (part: ReadonlyArray<number>) => new Set(part.map((x) => Math.floor(x / 2)))
      assert.strictEqual(users(train).size, 70)
      assert.isFalse(validation.some((x) => users(train).has(Math.floor(x / 2))))
    })
  )

  it.effect("gives test one group where every group is far larger than its share", () =>
    Effect.gen(function* () {
      const three = rows([...Array(50).fill(1), ...Array(30).fill(2), ...Array(40).fill(3)])
      const drawn = yield* xs(Split.grouped(Source.fromTable(three), { on: "who", validation: 0.05, test: 0.05 }))
      assert.deepStrictEqual([drawn.train.length, drawn.validation.length, drawn.test], [50, 40, 30])
    })
  )

  it.effect("says how many groups there are when they are too few, and where one is missing", () =>
    Effect.gen(function* () {
      const shares = { on: "who", validation: 0.2, test: 0.2 } as const
      const two = yield* failure(Split.grouped(Source.fromTable(rows([1, 1, 2, 2])), shares))
      assert.include(two.message, "train would get none of the 4 rows. The rows have 2 groups: bring more of them")
      const missing = yield* failure(Split.grouped(Source.fromTable(rows([1, NaN, 2, 3])), shares))
      assert.include(missing.message, 'row 2 has no group in "who". Give every row a group.')
    })
  )

  it.effect("puts rows where it always did", () =>
    Effect.gen(function* () {
      const ten = rows(Array.from({ length: 20 }, (_, row) => row % 10))
      const assignment = yield* Grouped.assign("who", { validation: 0.2, test: 0.2 })(ten, Key.fromSeed(42))
      assert.strictEqual(assignment.places.slice(0, 10).join(""), "2001100200")
    })
  )

  it.effect("refuses other splits of a table with declared groups that was forced through the types", () =>
    Effect.gen(function* () {
      const forced = Source.fromTable(pairs) as Node.Node<unknown> as Node.Node<Table.Table<typeof Points>>
      const shares = { validation: 0.25, test: 0.25 }
      const message = <R>(parts: Partitions.Partitions<Columns.Columns, Split.SplitError, R>) =>
        Effect.map(failure(parts), (error) => error.message)
      const sentence = '"who" is declared as a group, and its groups would land on both sides'
      assert.include(yield* message(Split.random(forced, shares)), `${sentence}. Split by group: use Split.grouped.`)
      assert.include(yield* message(Split.random(forced, { ...shares, duplicates: "together" })), sentence)
      assert.include(yield* message(Split.stratified(forced, { on: "label", ...shares })), "Split.stratifiedGrouped")
      assert.include(yield* message(Split.hashed(forced, shares)), "Split.hashedGrouped")
      assert.include(yield* message(Split.grouped(forced, { on: "label", ...shares })), 'declared group in "on"')
      assert.include(yield* message(Split.given({ train: forced, test: forced }, { validation: 0.5 })), sentence)
      const dated = Source.fromTable(times(days(1, 2, 3, 4))) as Node.Node<unknown> as typeof forced
      assert.include(yield* message(Split.grouped(dated, { on: "x", ...shares })), "Split.groupedTemporal")
    })
  )
})

describe("Split.stratifiedGrouped", () => {
  it.effect("D35: keeps the classes in proportion with whole groups", () =>
    Effect.gen(function* () {
      const Rows = Columns.make({ x: Column.float, who: Column.group(Column.float), label: labels })
      const rows = table(Rows, {
        x: Float64Array.from({ length: 1000 }, (_, row) => row),
        who: Float64Array.from({ length: 1000 }, (_, row) => Math.floor(row / 5)),
        label: Int32Array.from({ length: 1000 }, (_, row) => (row < 100 ? 2 : row % 5 === 0 ? 1 : 0))
      })
      const options = { on: "who", stratify: "label", validation: 0.2, test: 0.2 } as const
      const { train, validation } = yield* xs(Split.stratifiedGrouped(Source.fromTable(rows), options))
      const rare = (part: ReadonlyArray<number>) => part.filter((x) => x < 100).length
      assert.deepStrictEqual([rare(train), rare(validation)], [60, 20])
      assert.deepStrictEqual([train.length, validation.length], [600, 200])
    })
  )
})
