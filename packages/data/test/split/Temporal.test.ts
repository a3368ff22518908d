import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Columns, Source, Split } from "../../src/index.ts"
import { table, times, day, days, xs, failure } from "./rows.ts"

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
