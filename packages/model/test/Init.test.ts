import { assert, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Init } from "@watertight/model"
import { readFileSync } from "node:fs"

interface Case {
  readonly name: "heNormal" | "heUniform" | "glorotNormal" | "glorotUniform" | "lecunNormal"
  readonly shape: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

const fixtures: { readonly seed: number; readonly cases: ReadonlyArray<Case> } = JSON.parse(
  readFileSync(new URL("./fixtures/module/init.json", import.meta.url), "utf8")
)

for (const { name, shape, values } of fixtures.cases) {
  it(`M04 init: ${name} draws what JAX draws for [${shape}]`, () => {
    const drawn = Init.draw(Init[name], Key.fromSeed(fixtures.seed), shape)
    if (name.endsWith("Uniform")) return assert.deepStrictEqual([...drawn], [...values])
    values.forEach((value, index) => assert.closeTo(drawn[index], value, 1e-6 * Math.abs(value) + 1e-9))
  })
}

const moments = (values: Float32Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length }
}

const variances = [
  ["heNormal", 2 / 300],
  ["heUniform", 2 / 300],
  ["glorotNormal", 2 / 500],
  ["glorotUniform", 2 / 500],
  ["lecunNormal", 1 / 300]
] as const

for (const [name, expected] of variances) {
  it(`M04 init: ${name} has mean 0 and the variance of its source`, () => {
    const { mean, variance } = moments(Init.draw(Init[name], Key.fromSeed(1), [300, 200]))
    // 60,000 draws: the relative deviation of a variance estimate is at most sqrt(2 / 60,000) = 0.6 %.
    assert.closeTo(variance / expected, 1, 0.025)
    assert.closeTo(mean / Math.sqrt(expected / 60_000), 0, 4)
  })
}

it("M04 init: uniform draws stay within their limits and reach near them", () => {
  const limit = Math.sqrt(6 / 300)
  const values = Init.draw(Init.heUniform, Key.fromSeed(2), [300, 200])
  assert.isAtMost(Math.max(...values), limit)
  assert.isAtLeast(Math.min(...values), -limit * (1 + 1e-7))
  assert.isAbove(Math.max(...values), 0.999 * limit)
})

it("M04 init: fans multiply by the receptive field, and a bias has none", () => {
  assert.deepStrictEqual(Init.fans([784, 512]), { in: 784, out: 512 })
  assert.deepStrictEqual(Init.fans([3, 3, 16, 32]), { in: 144, out: 288 })
  assert.throws(() => Init.draw(Init.heNormal, Key.fromSeed(0), [10]), RangeError)
})

it("init: constants fill, and options out of range throw", () => {
  assert.deepStrictEqual([...Init.draw(Init.constant(0.5), Key.fromSeed(0), [2, 2])], [0.5, 0.5, 0.5, 0.5])
  assert.deepStrictEqual([...Init.draw(Init.zeros, Key.fromSeed(0), [])], [0])
  assert.throws(() => Init.constant(NaN), RangeError)
  assert.throws(() => Init.varianceScaling({ scale: -1, fan: "in", distribution: "normal" }), RangeError)
})

it("init: golden values of one seed do not change", () => {
  const values = Init.draw(Init.heNormal, Key.foldIn(Key.fromSeed(0), "dense0/weight"), [3, 2])
  assert.deepStrictEqual(
    [...values],
    [
      -1.4814831018447876, -1.8156869411468506, 0.7268351912498474, -1.8851065635681152, -0.3082621395587921,
      0.7490593791007996
    ]
  )
})
