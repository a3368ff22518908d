import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { Event } from "@watertight/core"
import { Effect } from "effect"
import { Column, Source, Split } from "../../src/index.ts"
import { run } from "../run.ts"

const fixtures: {
  readonly wilson: ReadonlyArray<{
    readonly rows: number
    readonly rate: number
    readonly confidence: 90 | 95 | 99
    readonly halfWidth: number
  }>
} = JSON.parse(readFileSync(new URL("../fixtures/split_fixtures.json", import.meta.url), "utf8"))

describe("Split.shares", () => {
  it("D31 standard: 80/10/10 where a tenth is a thousand rows or more", () => {
    assert.strictEqual(Split.shares(10_000), Split.presets.standard)
    assert.strictEqual(Split.shares(999_999), Split.presets.standard)
    assert.include(Split.presets.standard, { validation: 0.1, test: 0.1 })
  })

  it("D32 small data: 70/15/15", () => {
    assert.strictEqual(Split.shares(9_999), Split.presets.small)
    assert.include(Split.presets.small, { validation: 0.15, test: 0.15 })
  })

  it("D33 very large data: 98/1/1 from a million rows on", () => {
    assert.strictEqual(Split.shares(1_000_000), Split.presets.large)
    assert.include(Split.presets.large, { validation: 0.01, test: 0.01 })
  })

  it("has reasons that are true", () => {
    const halfWidth = (rows: number, share: number) => Split.resolution(rows * share).halfWidth
    assert.closeTo(halfWidth(10_000, Split.presets.standard.validation), 0.03, 0.002)
    assert.closeTo(halfWidth(1_000_000, Split.presets.large.validation), 0.01, 0.001)
  })
})

describe("Split.resolution", () => {
  it("D37 validation noise: is half of SciPy's Wilson interval", () => {
    for (const { confidence, halfWidth, rate, rows } of fixtures.wilson) {
      assert.closeTo(Split.resolution(rows, { confidence, rate }).halfWidth, halfWidth, 1e-12)
    }
  })

  it.effect("D37 validation size: the run says that 50 rows are few, and nothing of 5000", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const listener = (event: Event.Event) =>
        Effect.sync(() => void (event._tag === "Notice" && heard.push(`${event.node}: ${event.message}`)))
      for (const rows of [500, 50_000]) {
        const given = Array.from({ length: rows }, (_, x) => ({ x }))
        const parts = Split.random(Source.rows(given, { x: Column.float }), { validation: 0.1, test: 0.1 })
        const read = Effect.andThen(run(parts.train), run(parts.validation))
        yield* Effect.provideService(read, Event.Listener, listener)
      }
      const known = "a rate measured on 50 rows is known to ±13 percentage points (95 % confidence)"
      const errors = "a mean absolute error to about ±21 %" // 1.96 sqrt((pi / 2 - 1) / 50)
      assert.deepStrictEqual(heard, [`validation: ${known}, ${errors}: smaller differences between models are noise`])
    })
  )

  it("says so in a sentence", () => {
    const { note } = Split.resolution(1000, { confidence: 90 })
    assert.strictEqual(note, "a rate measured on 1000 rows is known to ±2.6 percentage points (90 % confidence)")
  })

  it("is inverted by rowsFor", () => {
    for (const rows of [1, 2, 37, 1000, 123_456]) {
      for (const rate of [0, 0.5, 0.9]) {
        const { halfWidth } = Split.resolution(rows, { rate })
        assert.strictEqual(Split.rowsFor(halfWidth, { rate }), rows)
      }
    }
  })

  it("refuses what is no number of rows, no rate and no width", () => {
    for (const rows of [0, -1, 1.5, NaN]) assert.throws(() => Split.resolution(rows), RangeError, "no number of rows")
    assert.throws(() => Split.resolution(10, { rate: 1.1 }), RangeError, "no rate")
    for (const half of [0, 1, NaN]) assert.throws(() => Split.rowsFor(half), RangeError, "no half width")
    assert.throws(() => Split.rowsFor(0.1, { rate: NaN }), RangeError, "no rate")
  })
})
