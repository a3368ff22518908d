import { assert, it } from "@effect/vitest"
import { Interval } from "@watertight/eval"
import { readFileSync } from "node:fs"

interface Wilson {
  readonly successes: number
  readonly trials: number
  readonly low: number
  readonly high: number
}

const { wilson }: { readonly wilson: ReadonlyArray<Wilson> } = JSON.parse(
  readFileSync(new URL("./fixtures/classification.json", import.meta.url), "utf8")
)

for (const { high, low, successes, trials } of wilson) {
  it(`E02 interval: Wilson's of ${successes} in ${trials} is SciPy's`, () => {
    const got = Interval.wilson(successes, trials)
    assert.strictEqual(got.value, successes / trials)
    assert.closeTo(got.low, low, 1e-14)
    assert.closeTo(got.high, high, 1e-14)
  })
}

it("E02 interval: nothing seen leaves everything open", () => {
  assert.deepStrictEqual(Interval.wilson(0, 0), { value: 0, low: 0, high: 1 })
  assert.strictEqual(Interval.wilson(0, 10).low, 0)
  assert.strictEqual(Interval.wilson(10, 10).high, 1)
})

it("E08 interval: the normal interval is 1.96 standard errors to each side", () => {
  // [1, 2, 3, 4]: mean 2.5, squared deviations 5, standard error sqrt(5 / 3 / 4).
  const { high, low } = Interval.normal(2.5, 5, 4)
  assert.closeTo(high - 2.5, 1.959963984540054 * Math.sqrt(5 / 12), 1e-15)
  assert.closeTo(2.5 - low, high - 2.5, 1e-15)
})
