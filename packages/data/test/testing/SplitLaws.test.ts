import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { type Assignment, Column, Columns, Near, RowId, Split, type Table } from "../../src/index.ts"
import * as Blocks from "../../src/split/Blocks.ts"
import * as Grouped from "../../src/split/Grouped.ts"
import * as Hashed from "../../src/split/Hashed.ts"
import * as Random from "../../src/split/Random.ts"
import * as Stratified from "../../src/split/Stratified.ts"
import * as StratifiedGrouped from "../../src/split/StratifiedGrouped.ts"
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

const names = (count: number) => Column.category(Array.from({ length: count }, (_, index) => `${index}`))
/** Rows of users, some of whom share houses. */
const Chains = Columns.make({ x: Column.float, user: names(40), house: Column.group(names(30)), label: names(3) })
const chains = Tables.arbitrary(Chains, { minLength: 20, maxLength: 60 }).map((table) => ({
  ...table,
  ids: table.ids,
  // most users live alone, so that there is more than one chain
  values: {
    ...table.values,
    house: table.values.user.map((user, row) => (row % 9 === 0 ? table.values.house[row] : user % 30))
  }
}))
const Users = Columns.make({ x: Column.float, user: Column.group(names(30)), label: names(3) })
const users = Tables.arbitrary(Users, { minLength: 20, maxLength: 60 })
/** Rows of which many are equal. */
const Copies = Columns.make({ label: names(3), colour: names(8) })
const copies = Tables.arbitrary(Copies, { minLength: 20, maxLength: 60 })
/** Rows of which none are equal. */
const distinct = fc.integer({ min: 20, max: 60 }).chain((length) =>
  fc.int32Array({ minLength: length, maxLength: length, min: 0, max: 11 }).map((label) => {
    const x = Float64Array.from({ length }, (_, row) => row)
    return { columns: Classes, length, values: { x, label }, ids: RowId.ofContent(Classes, { x, label }, length) }
  })
)
/** Labels that are known up to ten hours later. */
const Labelled = Columns.make({ t: Column.timestamp, known: Column.timestamp, x: Column.float })
const labelled = Tables.arbitrary(Labelled, { minLength: 20, maxLength: 60 }).map((table) => {
  const known = table.values.t.map((time, row) => time + (table.values.known[row] % (10 * hour)))
  return { ...table, ids: table.ids, values: { ...table.values, known } }
})
/** Users who come and go. */
const Visits = Columns.make({ t: Column.timestamp, user: Column.group(Column.float) })
const visits = Tables.arbitrary(Visits, { minLength: 20, maxLength: 60 }).map((table) => {
  const user = table.values.t.map((time, row) => Math.floor(time / hour / 5) + (row % 3) / 10)
  return { ...table, ids: table.ids, values: { ...table.values, user } }
})

const grouped = { assign: Grouped.assign("label", shares), tables: classes }
const stratifiedGrouped = { assign: StratifiedGrouped.assign("user", "label", shares), tables: users }

const places =
  (of: (table: { readonly length: number }, key: Key.Key) => ReadonlyArray<number>): Assignment.Assign =>
  (table, key) =>
    Effect.sync(() => ({ places: Uint8Array.from(of(table, key)) }))
const rows = (length: number, placeOf: (row: number) => number) => Array.from({ length }, (_, row) => placeOf(row))

const holds = (law: Law.Law, tries = runs) => it.effect(law.name, () => law.check({ runs: tries }))
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

describe("Split.temporal with labels that end later", () => {
  const subject = {
    assign: Temporal.assign("t", { validation: "7 hours", test: 0.2, labelEnd: "known" }),
    tables: labelled
  }
  holds(SplitLaws.partition({ ...subject, leftOut: true }))
  holds(SplitLaws.temporal({ ...subject, on: "t", gap: 0 }))
  holds(SplitLaws.purged({ ...subject, on: "t", labelEnd: "known" }))
})

describe("Split.grouped", () => {
  holds(SplitLaws.partition(grouped))
  holds(SplitLaws.grouped({ ...grouped, on: ["label"] }))
  holds(SplitLaws.groupedSizes({ ...grouped, on: "label", shares }))
  holds(SplitLaws.orderIndependent(grouped))
  holds(SplitLaws.deterministic(grouped))

  const chained = { assign: Grouped.assign(["user", "house"], shares), tables: chains }
  holds(SplitLaws.partition(chained))
  holds(SplitLaws.grouped({ ...chained, on: ["user", "house"] }))
  holds(SplitLaws.orderIndependent(chained))
})

describe("Split.stratifiedGrouped", () => {
  holds(SplitLaws.partition(stratifiedGrouped))
  holds(SplitLaws.grouped({ ...stratifiedGrouped, on: ["user"] }))
  holds(SplitLaws.stratifiedGrouped({ ...stratifiedGrouped, on: "user", stratify: "label", shares }))
  holds(SplitLaws.orderIndependent(stratifiedGrouped))
  holds(SplitLaws.deterministic(stratifiedGrouped))
})

describe("Split.hashed", () => {
  const hashed = { assign: Hashed.assign(shares), tables: classes }
  holds(SplitLaws.partition(hashed))
  holds(SplitLaws.stable(hashed))
  holds(SplitLaws.orderIndependent(hashed))
  holds(SplitLaws.duplicates({ assign: Hashed.assign(shares), tables: copies }))

  const byGroup = { assign: Hashed.assignGroups("user", shares), tables: users }
  holds(SplitLaws.partition(byGroup))
  holds(SplitLaws.grouped({ ...byGroup, on: ["user"] }))
  holds(SplitLaws.stable(byGroup))
})

describe("duplicates kept together", () => {
  const together = { assign: Grouped.assignTogether(shares), tables: copies }
  holds(SplitLaws.partition(together))
  holds(SplitLaws.duplicates(together))
  holds(SplitLaws.groupedSizes({ ...together, shares }))
  holds(SplitLaws.orderIndependent(together))

  const classed = { assign: StratifiedGrouped.assignTogether("label", shares), tables: copies }
  holds(SplitLaws.partition(classed))
  holds(SplitLaws.duplicates(classed))
  holds(SplitLaws.stratifiedGrouped({ ...classed, stratify: "label", shares }))

  const single = { assign: StratifiedGrouped.assignTogether("label", shares), tables: distinct }
  holds(SplitLaws.stratified({ ...single, on: "label", shares }))
})

/** Texts of which some are near: few beginnings, a few words changed. */
const Letters = Columns.make({ body: Column.text, label: names(3) })
const letters = fc
  .array(fc.record({ of: fc.nat(8), changed: fc.nat(3), label: fc.nat(2) }), { minLength: 12, maxLength: 18 })
  .map((drawn): Table.Table<typeof Letters> => {
    const bodies = drawn.map(({ changed, of }, row) =>
      Array.from({ length: 12 }, (_, word) => (word < changed ? `${row}x${word}` : `${of}w${word}`)).join(" ")
    )
    const values = { body: bodies, label: Int32Array.from(drawn, ({ label }) => label) }
    return { columns: Letters, length: drawn.length, values, ids: RowId.ofContent(Letters, values, drawn.length) }
  })

/** The same of nine users. */
const Signed = Columns.make({ ...Letters, user: Column.group(Column.float) })
const signed = letters.map((table): Table.Table<typeof Signed> => {
  const values = { ...table.values, user: Float64Array.from({ length: table.length }, (_, row) => row % 9) }
  return { columns: Signed, length: table.length, values, ids: RowId.ofContent(Signed, values, table.length) }
})

describe("near duplicates and groups kept together", () => {
  const near = Near.text("body", { words: 1, similarity: 0.7 })
  const half = { validation: 0.3, test: 0.3 }
  const subjects = {
    grouped: { assign: Grouped.assign("user", half, near), tables: signed },
    stratified: { assign: StratifiedGrouped.assign("user", "label", half, near), tables: signed }
  }
  for (const subject of Object.values(subjects)) {
    holds(SplitLaws.partition(subject))
    holds(SplitLaws.near({ ...subject, near }), Math.ceil(runs / 5))
    holds(SplitLaws.grouped({ ...subject, on: ["user"] }))
    holds(SplitLaws.orderIndependent(subject))
  }
  breaks(
    "groups are kept together, not near rows",
    SplitLaws.near({ assign: Grouped.assign("user", half), tables: signed, near })
  )
})

describe("near duplicates kept together", () => {
  const near = Near.text("body", { words: 1, similarity: 0.7 })
  const subjects = {
    random: { assign: Grouped.assignTogether(shares, near), tables: letters },
    stratified: { assign: StratifiedGrouped.assignTogether("label", shares, near), tables: letters },
    hashed: { assign: Hashed.assign(shares, near), tables: letters }
  }
  for (const subject of Object.values(subjects)) {
    holds(SplitLaws.partition(subject))
    holds(SplitLaws.near({ ...subject, near }), Math.ceil(runs / 5)) // compares all with all, pair by pair
    holds(SplitLaws.duplicates(subject))
    holds(SplitLaws.orderIndependent(subject))
    holds(SplitLaws.deterministic(subject))
  }
  breaks(
    "only equal rows are kept together",
    SplitLaws.near({ assign: Grouped.assignTogether(shares), tables: letters, near })
  )
  breaks("each row is hashed by itself", SplitLaws.near({ assign: Hashed.assign(shares), tables: letters, near }))
  const byFirst: Assignment.Assign = (table, key) =>
    Effect.map(Effect.orDie(Near.firsts(near, table)), (firsts) => ({
      places: Uint8Array.from(firsts, (first) => (first + key.lo) % 3)
    }))
  breaks(
    "sets of near rows are drawn by where their first stands",
    SplitLaws.orderIndependent({ assign: byFirst, tables: letters })
  )
})

describe("Split.groupedTemporal", () => {
  const assign = Temporal.assignGrouped("t", "user", { validation: 0.3, test: 0.3, gap: "1 hour" })
  const subject = { assign, tables: visits }
  holds(SplitLaws.partition({ ...subject, leftOut: true }))
  holds(SplitLaws.grouped({ ...subject, on: ["user"] }))
  holds(SplitLaws.temporal({ ...subject, on: "t", gap: hour }))
  holds(SplitLaws.deterministic(subject))
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
  breaks(
    "labels are not looked at",
    SplitLaws.purged({
      assign: Temporal.assign("t", { validation: "7 hours", test: 0.2 }),
      tables: labelled,
      on: "t",
      labelEnd: "known"
    })
  )
  breaks("groups are not looked at", SplitLaws.grouped({ ...random, on: ["label"] }))
  breaks(
    "only the first column of groups is looked at",
    SplitLaws.grouped({ assign: groupsOnly("user"), tables: chains, on: ["user", "house"] })
  )
  breaks("each row is split by itself", SplitLaws.duplicates({ assign: Random.assign(shares), tables: copies }))
  breaks(
    "sizes of groups are not looked at",
    SplitLaws.groupedSizes({ assign: byName, tables: classes, on: "label", shares })
  )
  breaks(
    "classes are not looked at when groups are placed",
    SplitLaws.stratifiedGrouped({ assign: groupsOnly("user"), tables: users, on: "user", stratify: "label", shares })
  )
  breaks("rows are drawn by where they stand", SplitLaws.orderIndependent(random))
  breaks("rows are drawn by where they stand", SplitLaws.stable(random))
  breaks("sizes are made exact", SplitLaws.stable({ assign: Grouped.assignTogether(shares), tables: classes }))
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

/** Looks at one column of groups, whatever is declared. */
function groupsOnly(on: string): Assignment.Assign {
  return Effect.fnUntraced(function* (table, key) {
    const { of, sizes } = Blocks.make([yield* Blocks.groups("broken", table, on)], key)
    return Grouped.toRows(of, Grouped.deal(sizes, [0.65, 0.15, 0.2]))
  })
}

/** Gives every third group to test, every third to validation. */
function byName({ values: { label } }: { readonly values: { readonly label: Int32Array } }) {
  return Effect.sync((): Assignment.Assignment => ({ places: Uint8Array.from(label, (code) => code % 3) }))
}
