import { assert, describe, it } from "@effect/vitest"
import { Key, type Node } from "@watertight/core"
import { Effect, Exit } from "effect"
import * as fc from "fast-check"
import {
  Assignment,
  Column,
  Columns,
  Dataset,
  Near,
  Partitions,
  type RowId,
  Source,
  Split,
  Table
} from "../src/index.ts"
import * as Grouped from "../src/split/Grouped.ts"
import * as Hashed from "../src/split/Hashed.ts"
import * as Random from "../src/split/Random.ts"
import * as Stratified from "../src/split/Stratified.ts"
import { mails } from "./mails.ts"
import { run } from "./run.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const labels = Column.category(["a", "b", "c"])
const Points = Columns.make({ x: Column.float, label: labels })
const Times = Columns.make({ t: Column.timestamp, x: Column.float })

const table = <C extends Columns.Columns>(columns: C, values: Table.Table<C>["values"]) => {
  const named: Readonly<Record<string, RowId.Values>> = values
  return Effect.runSync(Table.make(columns, values, { length: Object.values(named)[0].length }))
}
const points = (length: number, codeOf = (row: number) => row % 3) =>
  table(Points, {
    x: Float64Array.from({ length }, (_, row) => row),
    label: Int32Array.from({ length }, (_, row) => codeOf(row))
  })
const times = (t: ReadonlyArray<number>) =>
  table(Times, { t: Float64Array.from(t), x: Float64Array.from(t, (_, row) => row) })

const day = 86_400_000
const days = (...numbers: ReadonlyArray<number>) => numbers.map((number) => Date.UTC(2020, 0, 1) + number * day)

/** The x of every row in each partition. */
const xs = Effect.fnUntraced(function* <C extends { readonly x: Column.Float }, E, R>(
  parts: Partitions.Partitions<C, E, R>,
  seed = 0
) {
  const read = (table: Table.Table<C>) => [...(table.values.x as Float64Array)]
  return {
    train: read(yield* Dataset.rows(yield* run(parts.train, seed))),
    validation: read(yield* Dataset.rows(yield* run(parts.validation, seed))),
    test: (yield* run(parts.test, seed)).length
  }
})

const failure = <C extends Columns.Columns, R>(parts: Partitions.Partitions<C, Split.SplitError, R>) =>
  Effect.flip(run(parts.train))

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

describe("Split.temporal", () => {
  it.effect("D34 takes the last days by length, whatever the order of the file", () =>
    Effect.gen(function* () {
      const source = Source.fromTable(times(days(9, 0, 1, 8, 2, 3, 4, 7, 5, 6)))
      const { test, train, validation } = yield* xs(
        Split.temporal(source, { on: "t", validation: "3 days", test: "2 days" })
      )
      assert.deepStrictEqual([train, validation, test], [[1, 2, 4, 5, 6], [7, 8, 9], 2])
    })
  )

  it.effect("takes the last rows by number", () =>
    Effect.gen(function* () {
      const source = Source.fromTable(times(days(9, 0, 1, 8, 2, 3, 4, 7, 5, 6)))
      const options = { on: "t", validation: { rows: 3 }, test: { rows: 2 } } as const
      const drawn = yield* xs(Split.temporal(source, options))
      assert.deepStrictEqual(drawn, { train: [1, 2, 4, 5, 6], validation: [7, 8, 9], test: 2 })
      const none = yield* failure(Split.temporal(source, { ...options, test: { rows: 0 } }))
      assert.include(none.message, "test is to have 0 rows. Give a whole number of rows, 1 or more.")
    })
  )

  it.effect("D34 takes months, quarters and years by the calendar, of UTC or of a zone", () =>
    Effect.gen(function* () {
      const at = (...dates: ReadonlyArray<string>) => Source.fromTable(times(dates.map((date) => Date.parse(date))))
      const months = at(
        "2023-01-01",
        "2024-01-31",
        "2024-02-28",
        "2024-02-29",
        "2024-03-01",
        "2024-03-31",
        "2024-05-31"
      )
      const split = { on: "t", validation: "1 month", test: "3 months" } as const
      // test begins after 29 February (31 February is not there), validation after 29 January
      const drawn = yield* xs(Split.temporal(months, split))
      assert.deepStrictEqual(drawn, { train: [0], validation: [1, 2, 3], test: 3 })
      assert.deepStrictEqual(yield* xs(Split.temporal(months, { ...split, test: "1 quarter" })), drawn)
      const years = at("2019-03-01", "2020-02-29", "2020-03-01", "2021-02-28", "2021-03-01", "2022-02-28")
      const byYear = yield* xs(Split.temporal(years, { on: "t", validation: "1 year", test: "1 year" }))
      assert.deepStrictEqual(byYear, { train: [0], validation: [1, 2, 3], test: 2 })

      // midnight in Berlin was 23:00 UTC in March 2024, before summer time, and 22:00 in April
      const nights = at("2024-01-01T00:00Z", "2024-02-15T00:00Z", "2024-03-14T22:30Z", "2024-04-14T22:00Z")
      const month = { on: "t", validation: { rows: 1 }, test: "1 month" } as const
      const utc = yield* xs(Split.temporal(nights, month))
      assert.deepStrictEqual(utc, { train: [0], validation: [1], test: 2 })
      const berlin = yield* xs(Split.temporal(nights, { ...month, zone: "Europe/Berlin" }))
      assert.deepStrictEqual(berlin, { train: [0, 1], validation: [2], test: 1 })

      const message = (options: object) =>
        Effect.map(failure(Split.temporal(months, { ...split, ...options } as never)), (error) => error.message)
      assert.include(yield* message({ zone: "Atlantis" }), '"Atlantis" is no time zone')
      assert.include(yield* message({ test: "0 months" }), 'test is "0 months" long. Give whole months')
      assert.include(yield* message({ test: "1.5 months" }), 'test is "1.5 months" long')
      assert.include(yield* message({ test: "many years" }), 'test is "many years" long')
    })
  )

  it.effect("leaves out what is in a gap", () =>
    Effect.gen(function* () {
      const source = Source.fromTable(times(days(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)))
      const touching = yield* xs(
        Split.temporal(source, { on: "t", validation: "3 days", test: "2 days", gap: "1 day" })
      )
      assert.deepStrictEqual(touching, { train: [0, 1, 2, 3, 4], validation: [5, 6, 7], test: 2 })
      const apart = yield* xs(
        Split.temporal(source, { on: "t", validation: "3 days", test: "2 days", gap: "36 hours" })
      )
      assert.deepStrictEqual(apart, { train: [0, 1, 2], validation: [4, 5, 6], test: 2 })
    })
  )

  it.effect("never parts equal times, by length or by fraction", () =>
    Effect.gen(function* () {
      const source = Source.fromTable(times(days(0, 0, 1, 1, 1, 2, 2, 3, 3, 3)))
      const fractions = yield* xs(Split.temporal(source, { on: "t", validation: 0.2, test: 0.2 }))
      assert.deepStrictEqual(fractions, { train: [0, 1, 2, 3, 4], validation: [5, 6], test: 3 })
      const lengths = yield* xs(Split.temporal(source, { on: "t", validation: "24 hours", test: "1 day" }))
      assert.deepStrictEqual(lengths, fractions)
    })
  )

  it.effect("refuses lengths and shares that are none, and periods that leave nothing", () =>
    Effect.gen(function* () {
      const source = Source.fromTable(times(days(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)))
      const message = (options: { validation: unknown; test: unknown; gap?: unknown }) =>
        Effect.map(failure(Split.temporal(source, { on: "t", ...options } as never)), (error) => error.message)
      assert.include(yield* message({ validation: "soon", test: 0.1 }), 'validation is no length of time: "soon"')
      assert.include(yield* message({ validation: "-1 days", test: 0.1 }), "no length of time")
      assert.include(yield* message({ validation: 0.1, test: "0 days" }), 'test is "0 days" long')
      assert.include(yield* message({ validation: 1.5, test: 0.1 }), "the share 1.5")
      assert.include(yield* message({ validation: 0.1, test: 0.1, gap: "x" }), "gap is no length of time")
      const all =
        "train would get none of the 10 rows. Ask for shorter validation, test or gap: the rows span 2020-01-01"
      assert.include(yield* message({ validation: "8 days", test: "2 days" }), all)
      assert.include(
        yield* message({ validation: "1 day", test: "1 day", gap: "20 days" }),
        "validation would get none"
      )
      const other = yield* failure(Split.temporal(source, { on: "x" as never, validation: 0.1, test: 0.1 }))
      assert.include(other.message, '"x" is a float column. Split on a timestamp column.')
    })
  )
})

describe("Split.temporal with labels that end later", () => {
  const Labelled = Columns.make({ t: Column.timestamp, known: Column.timestamp, x: Column.float })
  const labelled = (ahead: (row: number) => number) => {
    const t = Float64Array.from(days(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    return table(Labelled, { t, known: t.map((time, row) => time + ahead(row) * day), x: t.map((_, row) => row) })
  }
  const split = (ahead: (row: number) => number) =>
    Split.temporal(Source.fromTable(labelled(ahead)), {
      on: "t",
      labelEnd: "known",
      validation: "3 days",
      test: "2 days"
    })

  it.effect("leaves out rows whose label is known only in the next period", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* xs(split(() => 0))).train, [0, 1, 2, 3, 4])
      const slow = yield* xs(split((row) => (row === 1 || row === 6 ? 6 : 0)))
      assert.deepStrictEqual(slow, { train: [0, 2, 3, 4], validation: [5, 7], test: 2 })
    })
  )

  it.effect("refuses a label that is known before its row", () =>
    Effect.gen(function* () {
      const { message } = yield* failure(split(() => -1))
      assert.include(message, "the label of row 1 ends at 2019-12-31T00:00:00.000Z, before the row's time 2020-01-01")
    })
  )
})

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

describe("Split.hashed", () => {
  it.effect("gives shares that hold on average, to rows and to groups", () =>
    Effect.gen(function* () {
      const many = Source.fromTable(points(20_000))
      const drawn = yield* xs(Split.hashed(many, { validation: 0.1, test: 0.3 }), 3)
      assert.closeTo(drawn.validation.length, 2000, 5 * Math.sqrt(20_000 * 0.1 * 0.9))
      assert.closeTo(drawn.test, 6000, 5 * Math.sqrt(20_000 * 0.3 * 0.7))
      const grouped = yield* xs(Split.hashedGrouped(many, { on: "x", validation: 0.1, test: 0.3 }), 3)
      assert.closeTo(grouped.validation.length, 2000, 5 * Math.sqrt(20_000 * 0.1 * 0.9))
    })
  )

  it.effect("puts another tenth aside for another seed", () =>
    Effect.gen(function* () {
      const parts = Split.hashed(Source.fromTable(points(1000)), { validation: 0.1, test: 0.1 })
      const one = new Set((yield* xs(parts, 1)).validation)
      assert.isBelow((yield* xs(parts, 2)).validation.filter((x) => one.has(x)).length, 30)
    })
  )

  it.effect("reads all 16 bytes of an id", () =>
    Effect.gen(function* () {
      const counted = new Uint8Array(1000 * 16)
      for (let row = 0; row < 1000; row++) new DataView(counted.buffer).setUint32(16 * row + 12, row)
      const rows = { ...points(1000), ids: counted }
      const { validation } = yield* xs(Split.hashed(Source.fromTable(rows), { validation: 0.2, test: 0.2 }))
      assert.closeTo(validation.length, 200, 5 * Math.sqrt(1000 * 0.2 * 0.8))
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
})

describe("Split.groupedTemporal", () => {
  const Visits = Columns.make({ t: Column.timestamp, who: Column.group(Column.float), x: Column.float })
  const visits = (who: ReadonlyArray<number>) =>
    Source.fromTable(
      table(Visits, {
        t: Float64Array.from(days(...who.keys())),
        who: Float64Array.from(who),
        x: Float64Array.from(who, (_, row) => row)
      })
    )
  const options = { on: "t", group: "who", validation: "3 days", test: "2 days" } as const

  it.effect("leaves out earlier rows of groups that come again", () =>
    Effect.gen(function* () {
      const drawn = yield* xs(Split.groupedTemporal(visits([1, 2, 3, 1, 4, 5, 4, 6, 6, 1]), options))
      assert.deepStrictEqual(drawn, { train: [1, 2], validation: [5, 6], test: 2 })
    })
  )

  it.effect("says what to do about groups that always come again", () =>
    Effect.gen(function* () {
      const { message } = yield* failure(Split.groupedTemporal(visits([1, 2, 1, 2, 1, 2, 1, 2, 1, 2]), options))
      assert.include(message, "validation would get none of the 10 rows. All its groups occur later too.")
      assert.include(message, "use Split.temporal")
    })
  )
})

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

describe("Split.make", () => {
  const own = (places: ReadonlyArray<number>) =>
    Split.make(Source.fromTable(points(4)), {
      name: "own-split",
      version: 1,
      params: null,
      draws: false,
      assign: () => Effect.succeed({ places: Uint8Array.from(places) })
    })

  it.effect("checks what a split of one's own assigns", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* xs(own([1, 0, 2, 3])), { train: [1], validation: [0], test: 1 })
      assert.include((yield* failure(own([1, 0, 2]))).message, "3 places were assigned to 4 rows")
      assert.include((yield* failure(own([1, 0, 2, 4]))).message, "row 4 was assigned the place 4")
      assert.include((yield* failure(own([0, 0, 1, 3]))).message, "test would get none")
    })
  )
})

describe("what train rows are made of", () => {
  it.effect("does not change when validation and test rows do", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.integer({ min: 10, max: 60 }), fc.nat(100), fc.double(), (length, seed, poison) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const clean = points(length)
              const shares = { validation: 0.2, test: 0.2 }
              const train = (table: Table.Table<typeof Points>) =>
                run(Split.random(Source.fromTable(table), shares).train, seed)
              const before = yield* train(clean)
              const kept = new Set((yield* Dataset.rows(before)).values.x)
              const poisoned = table(Points, {
                ...clean.values,
                x: clean.values.x.map((x) => (kept.has(x) ? x : poison))
              })
              assert.strictEqual((yield* train(poisoned)).fingerprint, before.fingerprint)
            })
          )
        ),
        { numRuns: runs }
      )
    )
  )

  it("is marked in the lineage", () => {
    const parts = Split.random(Source.fromTable(points(10)), { validation: 0.2, test: 0.2 })
    assert.deepStrictEqual([...parts.train.lineage], ["train"])
    assert.deepStrictEqual([...parts.validation.lineage], ["validation"])
    assert.deepStrictEqual([...parts.test.lineage], ["test"])
    assert.deepStrictEqual([...parts.test.inputs.table.lineage], ["unsplit"])
  })
})

describe("Partitions.map", () => {
  it("does the same to all three", () => {
    const parts = Split.random(Source.fromTable(points(10)), { validation: 0.2, test: 0.2 })
    const mapped = Partitions.map(parts, (part) => part)
    assert.deepStrictEqual(mapped, parts)
  })
})

describe("Assignment", () => {
  it.effect("is kept as an Arrow file and read back exactly", () =>
    Effect.gen(function* () {
      const assignment = { places: Uint8Array.of(0, 1, 2, 3, 0) }
      const codec = Assignment.codec
      if (codec._tag !== "Stored") return assert.fail("an assignment is stored")
      assert.deepStrictEqual(yield* codec.decode(codec.encode(assignment)), assignment)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(codec.decode({ meta: { version: 1 }, blobs: {} }))))
      assert.deepStrictEqual(Assignment.rows(assignment, "train"), Uint32Array.of(0, 4))
      assert.strictEqual(Assignment.count(assignment, "left out"), 1)
    })
  )
})
