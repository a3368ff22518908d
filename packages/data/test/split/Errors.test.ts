import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { Split } from "../../src/index.ts"

interface Case {
  readonly confidence: 90 | 95 | 99
  readonly validation: Split.Errors
  readonly test: Split.Errors
  readonly halfWidth: number
  readonly interval: readonly [number, number]
}
const { cases }: { readonly cases: ReadonlyArray<Case> } = JSON.parse(
  readFileSync(new URL("../fixtures/error_fixtures.json", import.meta.url), "utf8")
)

describe("D37 D38 errors", () => {
  it("intervals of means and of their differences are statsmodels'", () => {
    for (const { confidence, halfWidth, interval, test, validation } of cases) {
      assert.closeTo(Split.errorResolution(validation, { confidence }).halfWidth, halfWidth, 1e-12)
      const found = Split.errorRepresentativeness({ validation, test, confidence })
      assert.closeTo(found.interval[0], interval[0], 1e-12)
      assert.closeTo(found.interval[1], interval[1], 1e-12)
      assert.strictEqual(found.isRepresentative, interval[0] <= 0)
    }
  })

  it("so many rows are known so well, and one row fewer is not", () => {
    const { deviation } = cases[0].validation
    for (const half of [0.5, 0.05, 0.001]) {
      const rows = Split.rowsForError(half, { deviation })
      const halfOf = (count: number) => Split.errorResolution({ mean: 1, deviation, rows: count }).halfWidth
      assert.isAtMost(halfOf(rows), half)
      assert.isAbove(halfOf(rows - 1), half)
    }
  })

  it("says what a test that is much worse means, and that a little may be chance", () => {
    const validation = { mean: 2, deviation: 1.5, rows: 400 }
    const worse = Split.errorRepresentativeness({ validation, test: { mean: 2.5, deviation: 1.8, rows: 400 } })
    const measured = "validation's mean absolute error is 0.5 below that of test (0.27 to 0.73, 95 % confidence)"
    const meaning = "decisions were fitted to the validation rows, or these are not like the test rows"
    assert.strictEqual(worse.note, `${measured}: ${meaning}`)
    const better = Split.errorRepresentativeness({ validation, test: { ...validation, mean: 1.9 } })
    assert.isTrue(better.isRepresentative)
    assert.match(better.note, /0\.1 above that of test \(-0\.11 to 0\.31, 95 % confidence\): that may be chance$/)
  })

  it("refuses what are no errors of rows", () => {
    const good = { mean: 1, deviation: 1, rows: 10 }
    for (const bad of [{ rows: 1 }, { mean: -1 }, { deviation: NaN }, { mean: Infinity }]) {
      const wrong = { ...good, ...bad }
      assert.throws(() => Split.errorResolution(wrong), RangeError)
      assert.throws(() => Split.errorRepresentativeness({ validation: good, test: wrong }), RangeError)
      assert.throws(() => Split.errorRepresentativeness({ validation: wrong, test: good }), RangeError)
    }
    assert.throws(() => Split.rowsForError(0, good), RangeError)
    assert.throws(() => Split.rowsForError(0.1, { deviation: 0 }), RangeError)
  })
})
