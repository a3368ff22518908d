import { assert, describe, it } from "@effect/vitest"
import { Key, type Node } from "@watertight/core"
import { Effect, Exit } from "effect"
import {
  type Assignment,
  Column,
  Columns,
  Near,
  type Partitions,
  Resample,
  Source,
  Split,
  Table
} from "../../src/index.ts"
import { run } from "../run.ts"
import { mails } from "../mails.ts"
import * as Hashed from "../../src/split/Hashed.ts"
import { day, Points, labels, table, failure, xs } from "./rows.ts"

describe("D04 near duplicates", () => {
  const Mail = Columns.make({ x: Column.float, body: Column.text, label: labels })
  const near = Near.text("body", { words: 3, similarity: 0.7 })
  const corpus = mails("spam-1")
  const body = [...corpus, ...corpus.slice(0, 20)]
  const source = Source.fromTable(
    table(Mail, {
      x: Float64Array.from(body.keys()),
      body,
      label: Int32Array.from(body, (_, row) => row % 2)
    })
  )
  const shares = { validation: 0.2, test: 0.2 }

  it.effect("are on two sides of a random split, and on one when it is said what near is", () =>
    Effect.gen(function* () {
      const pairs = yield* Near.pairs(near, yield* run(source))
      assert.isAtLeast(pairs.length, 40)
      const parted = (split: Partitions.Partitions<typeof Mail, Split.SplitError, never>) =>
        Effect.map(run(split.test.inputs.assignment as Node.Node<Assignment.Assignment>), ({ places }) => ({
          pairs: pairs.filter(([first, second]) => places[first] !== places[second]).length,
          sizes: [1, 2].map((place) => places.filter((found) => found === place).length)
        }))
      assert.isAtLeast((yield* parted(Split.random(source, shares))).pairs, 10)
      const random = yield* parted(Split.random(source, { ...shares, near }))
      assert.deepStrictEqual(random, { pairs: 0, sizes: [104, 104] })
      const stratified = yield* parted(Split.stratified(source, { ...shares, on: "label", near }))
      assert.strictEqual(stratified.pairs, 0)
      stratified.sizes.forEach((size) => assert.closeTo(size, 104, 3))
      assert.isAtLeast((yield* parted(Split.hashed(source, shares))).pairs, 10)
      const hashed = yield* parted(Split.hashed(source, { ...shares, near }))
      assert.strictEqual(hashed.pairs, 0)
      hashed.sizes.forEach((size) => assert.closeTo(size, 104, 40))
      assert.deepStrictEqual(Split.hashed(source, { ...shares, near }).test.inputs.assignment.stage.params, {
        ...shares,
        near: { by: "text", column: "body", unit: "words", size: 3, similarity: 0.7 }
      })
    })
  )

  it.effect("are on one side of splits by group, and of a validation carved out of train", () =>
    Effect.gen(function* () {
      const pairs = yield* Near.pairs(near, yield* run(source))
      const apart = (node: Node.Any) =>
        Effect.map(
          run(node.inputs["assignment"] as Node.Node<Assignment.Assignment>),
          ({ places }) => pairs.filter(([first, second]) => places[first] !== places[second]).length
        )
      const grouped = { ...shares, on: "x" } as const
      assert.isAtLeast(yield* apart(Split.grouped(source, grouped).test), 10)
      assert.strictEqual(yield* apart(Split.grouped(source, { ...grouped, near }).test), 0)
      const stratified = { ...grouped, stratify: "label", near } as const
      assert.strictEqual(yield* apart(Split.stratifiedGrouped(source, stratified).test), 0)
      const tables = { train: source, test: source }
      assert.isAtLeast(yield* apart(Split.given(tables, { validation: 0.3 }).train), 10)
      assert.strictEqual(yield* apart(Split.given(tables, { validation: 0.3, near }).train), 0)
      const both = { validation: 0.3, stratify: "label", near } as const
      assert.strictEqual(yield* apart(Split.given(tables, both).train), 0)
    })
  )

  it.effect("hashed: rows stay on their side when rows are removed that they are not near to", () =>
    Effect.gen(function* () {
      const whole = yield* run(source)
      const firsts = yield* Near.firsts(near, whole)
      const sizes = new Map<number, number>()
      firsts.forEach((first) => sizes.set(first, (sizes.get(first) ?? 0) + 1))
      const kept = Uint32Array.from(firsts.keys()).filter((row) => firsts[row] % 3 !== 0)
      const assign = Hashed.assign(shares, near)
      const { places } = yield* assign(whole, Key.fromSeed(7))
      const fewer = yield* assign(Table.take(whole, kept), Key.fromSeed(7))
      assert.deepStrictEqual(
        fewer.places,
        Uint8Array.from(kept, (row) => places[row])
      )
      assert.isAtLeast([...sizes.values()].filter((size) => size > 1).length, 10)
    })
  )

  it.effect("hashed: sets of near rows get their shares, however many rows they have", () =>
    Effect.gen(function* () {
      const sets = 1500
      const rows = table(Points, {
        x: Float64Array.from({ length: 6 * sets }, (_, row) => row),
        label: new Int32Array(6 * sets)
      })
      const round = Near.row({ columns: ["x"], differing: 0, round: { x: 6 } })
      const { places } = yield* Hashed.assign(shares, round)(rows, Key.fromSeed(3))
      const test = new Set(
        Array.from(places.keys())
          .filter((row) => places[row] === 2)
          .map((row) => Math.round(row / 6))
      )
      assert.closeTo(test.size, 0.2 * sets, 5 * Math.sqrt(sets * 0.2 * 0.8))
    })
  )

  it.effect("says when the rows hang together too much to be split, and what cannot be compared", () =>
    Effect.gen(function* () {
      const copies = Source.fromTable(
        table(Mail, { x: Float64Array.of(1, 2, 3, 4), body: ["a b", "a b", "a b", "a b"], label: new Int32Array(4) })
      )
      const all = yield* failure(Split.random(copies, { ...shares, near }))
      assert.include(all.message, "The rows come to 1 set of near duplicates: call fewer rows near")
      const forced = yield* failure(Split.random(copies, { ...shares, near: Near.text("x") as never }))
      assert.strictEqual(
        forced.message,
        'Split.random: Near duplicates: "x" is a float column; texts are compared so. Compare other columns.'
      )
    })
  )

  const Seen = Columns.make({
    x: Column.float,
    what: Column.category(["fox", "hen", "owl", "elk"]),
    t: Column.timestamp
  })
  const seen = (what: string) =>
    table(Seen, {
      x: Float64Array.from(what, (_, row) => row),
      what: Int32Array.from(what, (letter) => "fhoe".indexOf(letter)),
      t: Float64Array.from(what, (_, row) => row * day)
    })
  const alike = Near.row({ columns: ["what"], differing: 0 })

  it.effect("by time: leave the earlier period, and none moves to a later one", () =>
    Effect.gen(function* () {
      const source = Source.fromTable(seen("fohfeoohef"))
      const periods = { on: "t", validation: { rows: 2 }, test: { rows: 3 } } as const
      assert.deepStrictEqual(yield* xs(Split.temporal(source, periods)), {
        train: [0, 1, 2, 3, 4],
        validation: [5, 6],
        test: 3
      })
      const parts = Split.temporal(source, { ...periods, near: alike })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(run(parts.train)))) // all of train come again
      const fewer = Source.fromTable(seen("ffohhoohee"))
      const drawn = yield* xs(Split.temporal(fewer, { ...periods, near: alike }))
      assert.deepStrictEqual(drawn, { train: [0, 1], validation: [5, 6], test: 3 })
      const { message } = yield* failure(parts)
      assert.include(message, "All its rows are near later ones: call fewer rows near")
    })
  )

  it.effect("in folds: leave the side that does not decide", () =>
    Effect.gen(function* () {
      const { train } = Split.given({
        train: Source.fromTable(seen("foohfhee")),
        validation: Source.fromTable(seen("f")),
        test: Source.fromTable(seen("f"))
      })
      const sides = <E, R>([fold]: ReadonlyArray<Resample.Fold<typeof Seen, E, R>>) =>
        Effect.map(xs({ ...fold, test: fold.validation as never }), ({ train, validation }) => [train, validation])
      const windows = { on: "t", folds: 1, validation: { rows: 4 } } as const
      assert.deepStrictEqual(yield* sides(Resample.expanding(train, windows)), [
        [0, 1, 2, 3],
        [4, 5, 6, 7]
      ])
      const left = [
        [1, 2],
        [4, 5, 6, 7]
      ]
      assert.deepStrictEqual(yield* sides(Resample.expanding(train, { ...windows, near: alike })), left)
      const blocks = { on: "t", blocks: 2, validation: 1, near: alike } as const
      assert.deepStrictEqual(yield* sides(Resample.combinatorialPurged(train, blocks).slice(1)), left)
    })
  )

  it.effect("of groups left out: leave train with all of their group, and validate in their turn", () =>
    Effect.gen(function* () {
      const Herd = Columns.make({ x: Column.float, what: Seen.what, farm: Column.category(["A", "B", "C"]) })
      const farm = Int32Array.of(0, 0, 1, 1, 2, 2)
      const rows = table(Herd, {
        x: Float64Array.from(farm, (_, row) => row),
        what: Int32Array.of(0, 1, 1, 2, 3, 3),
        farm
      })
      const node = Source.fromTable(rows)
      const { train } = Split.given({ train: node, validation: node, test: node })
      const folds = Resample.leaveOneGroupOut(train, { on: "farm", groups: ["C", "A", "B"], near: alike })
      const found = yield* Effect.forEach(folds, (fold) => xs({ ...fold, test: fold.validation as never }))
      const [c, a, b] = found.map(({ train, validation }) => [train, validation])
      assert.deepStrictEqual(
        { c, a, b },
        {
          c: [
            [0, 1, 2, 3],
            [4, 5]
          ],
          a: [
            [4, 5],
            [0, 1]
          ],
          b: [
            [4, 5],
            [2, 3]
          ]
        }
      )
    })
  )

  it("of partitions that are given are not parted, and the type says so", () => {
    const node = Source.fromTable(seen("f"))
    const options = { validation: 0.1, near: alike } as never
    assert.throws(() => Split.given({ train: node, validation: node as never, test: node }, options), /none is carved/)
  })
})
