import { assert, describe, it } from "@effect/vitest"
import { Split } from "../../src/index.ts"
import { features } from "../steps/featureFixtures.ts"

describe("Split.representativeness", () => {
  it("D38 representativeness: is statsmodels' interval of the difference of two shares", () => {
    for (const { confidence, interval, test, validation } of features.differences) {
      const measured = ([count, rows]: readonly [number, number]) => ({ rate: count / rows, rows })
      const found = Split.representativeness({ validation: measured(validation), test: measured(test), confidence })
      assert.closeTo(found.interval[0], interval[0], 1e-12)
      assert.closeTo(found.interval[1], interval[1], 1e-12)
      assert.strictEqual(found.isRepresentative, interval[0] <= 0)
    }
  })

  it("D38 says what a test that is much worse means, and that a little may be chance", () => {
    const worse = Split.representativeness({ validation: { rate: 0.95, rows: 500 }, test: { rate: 0.9, rows: 500 } })
    const measured = "validation is 5.0 percentage points above test (1.7 to 8.3, 95 % confidence)"
    const meaning = "decisions were fitted to the validation rows, or these are not like the test rows"
    assert.strictEqual(worse.note, `${measured}: ${meaning}`)
    const little = Split.representativeness({ validation: { rate: 0.91, rows: 500 }, test: { rate: 0.9, rows: 500 } })
    assert.isTrue(little.isRepresentative)
    assert.match(little.note, /that may be chance$/)
  })

  it("refuses what is no rate and no number of rows", () => {
    const good = { rate: 0.5, rows: 10 }
    assert.throws(() => Split.representativeness({ validation: { rate: 1.5, rows: 10 }, test: good }), RangeError)
    assert.throws(() => Split.representativeness({ validation: good, test: { rate: 0.5, rows: 0 } }), RangeError)
  })
})
