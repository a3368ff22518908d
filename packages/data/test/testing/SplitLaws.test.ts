import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { type Assignment, Column, Columns, Split } from "../../src/index.ts"
import * as Random from "../../src/split/Random.ts"
import * as Stratified from "../../src/split/Stratified.ts"
import * as Temporal from "../../src/split/Temporal.ts"
import { SplitLaws, Tables } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)
const hour = 3_600_000

const Classes = Columns.make({
  x: Column.float,
  label: Column.category(Array.from({ length: 12 }, (_, index) => `${index}`))
})
const Times = Columns.make({ x: Column.float, t: Column.timestamp })
const classes = Tables.arbitrary(Classes, { minLength: 10, maxLength: 80 })
const times = Tables.arbitrary(Times, { minLength: 20, maxLength: 60 })
const shares = { validation: 0.15, test: 0.2 }

const random = { assign: Random.assign(shares), tables: classes }
const stratified = { assign: Stratified.assign("label", shares), tables: classes }
const temporal = { assign: Temporal.assign("t", { validation: "7 hours", test: 0.2, gap: "3 hours" }), tables: times }

const places =
  (of: (table: { readonly length: number }, key: Key.Key) => ReadonlyArray<number>): Assignment.Assign =>
  (table, key) =>
    Effect.sync(() => ({ places: Uint8Array.from(of(table, key)) }))
const rows = (length: number, placeOf: (row: number) => number) => Array.from({ length }, (_, row) => placeOf(row))

const holds = (law: Law.Law) => it.effect(law.name, () => law.check({ runs }))
const breaks = (why: string, law: Law.Law, tries = 100) =>
  it.effect(`"${law.name}" fails when ${why}`, () =>
    Effect.gen(function* () {
      const violation = yield* Effect.flip(law.check({ runs: tries, seed: 1 }))
      assert.strictEqual(violation.law, law.name)
    })
  )

describe("Split.random", () => {
  holds(SplitLaws.partition(random))
  holds(SplitLaws.sizes({ ...random, shares }))
  holds(SplitLaws.deterministic(random))
})

describe("Split.stratified", () => {
  holds(SplitLaws.partition(stratified))
  holds(SplitLaws.sizes({ ...stratified, shares }))
  holds(SplitLaws.stratified({ ...stratified, on: "label", shares }))
  holds(SplitLaws.deterministic(stratified))
})

describe("Split.temporal", () => {
  holds(SplitLaws.partition({ ...temporal, leftOut: true }))
  holds(SplitLaws.temporal({ ...temporal, on: "t", gap: 3 * hour }))
  holds(SplitLaws.deterministic(temporal))

  const byFraction = Temporal.assign("t", { validation: 0.2, test: 0.2 })
  holds(SplitLaws.partition({ assign: byFraction, tables: times }))
  holds(SplitLaws.temporal({ assign: byFraction, tables: times, on: "t", gap: 0 }))
})

describe("rounding a table of quotas", () => {
  it("keeps rows' sums and is within one of every cell and every column's sum", () => {
    const fraction = fc.double({ min: 0.001, max: 0.6, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.nat(30), { minLength: 1, maxLength: 60 }), fraction, fraction, (counts, a, b) => {
        const fractions = [1 - a / 2 - b / 2, a / 2, b / 2]
        const quotas = counts.map((count) => fractions.map((fraction) => fraction * count))
        const rounded = Stratified.round(quotas)
        const total = (table: ReadonlyArray<ReadonlyArray<number>>, column: number) =>
          table.reduce((sum, row) => sum + row[column], 0)
        rounded.forEach((row, index) => {
          assert.strictEqual(row[0] + row[1] + row[2], counts[index])
          row.forEach((cell, column) => assert.isBelow(Math.abs(cell - quotas[index][column]), 1))
        })
        for (const column of [0, 1, 2]) assert.isBelow(Math.abs(total(rounded, column) - total(quotas, column)), 1)
      }),
      { numRuns: 10 * runs }
    )
  })
})

describe("the laws of splits", () => {
  const dealt = (length: number) => rows(length, (row) => row % 3)
  const broken = (of: Parameters<typeof places>[0]) => ({ assign: places(of), tables: classes })

  breaks("a row is forgotten", SplitLaws.partition(broken(({ length }) => dealt(length - 1))))
  breaks(
    "a row is left out",
    SplitLaws.partition(broken(({ length }) => rows(length, (row) => (row === 9 ? 3 : row % 3))))
  )
  breaks(
    "a place does not exist",
    SplitLaws.partition(broken(({ length }) => rows(length, (row) => (row === 9 ? 4 : row % 3))))
  )
  breaks(
    "a place does not exist where rows may be left out",
    SplitLaws.partition({ ...broken(({ length }) => rows(length, (row) => (row === 9 ? 4 : row % 3))), leftOut: true })
  )
  breaks(
    "shares are rounded down one by one",
    SplitLaws.sizes({ ...broken(({ length }) => roundedDown(length)), shares })
  )
  breaks(
    "each row draws its own place",
    SplitLaws.sizes({ ...broken(({ length }, key) => coins(length, key.lo)), shares })
  )
  breaks("classes are not looked at", SplitLaws.stratified({ ...random, on: "label", shares }))
  breaks(
    "rows are put at random",
    SplitLaws.temporal({ assign: places(({ length }) => dealt(length)), tables: times, on: "t", gap: 0 })
  )
  breaks(
    "the gap is forgotten",
    SplitLaws.temporal({
      assign: Temporal.assign("t", { validation: "7 hours", test: 0.2 }),
      tables: times,
      on: "t",
      gap: 3 * hour
    })
  )
  breaks("equal times are parted", SplitLaws.temporal({ assign: byPlaceInLine, tables: times, on: "t", gap: 0 }))
  let calls = 0
  breaks(
    "something outside counts",
    SplitLaws.deterministic(broken(({ length }) => rows(length, (row) => (row + calls++) % 3)))
  )
  breaks(
    "every table is refused",
    SplitLaws.partition({
      assign: () => Effect.fail(new Split.SplitError({ split: "never", reason: "no", hint: "" })),
      tables: classes
    }),
    5
  )
})

/** Rounds validation and test down: train can get two rows more than its share. */
function roundedDown(length: number): ReadonlyArray<number> {
  const test = Math.floor(shares.test * length)
  const validation = Math.floor(shares.validation * length)
  return rows(length, (row) => (row < test ? 2 : row < test + validation ? 1 : 0))
}

/** Draws each row's place by itself: shares hold on average only. */
function coins(length: number, seed: number): ReadonlyArray<number> {
  return Array.from(Key.uniform(Key.fromSeed(seed), length), (u) => (u < 0.2 ? 2 : u < 0.35 ? 1 : 0))
}

/** Sorts by time and cuts by count, through equal times. */
function byPlaceInLine(table: { readonly length: number; readonly values: { readonly t: Float64Array } }) {
  return Effect.sync((): Assignment.Assignment => {
    const sorted = rows(table.length, (row) => row).sort((a, b) => table.values.t[a] - table.values.t[b])
    const places = new Uint8Array(table.length)
    sorted.forEach((row, turn) => (places[row] = turn < 10 ? 0 : turn < 15 ? 1 : 2))
    return { places }
  })
}
