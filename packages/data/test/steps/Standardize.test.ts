import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Recipe } from "../../src/index.ts"
import { type Numbers, close, describeX, fixtures, Image, through, throughImage } from "./fixtures.ts"

describe("D22 standardize", () => {
  for (const { mean, name, other, standardize, train, variance } of fixtures.columns) {
    it.effect(`agrees with scikit-learn's StandardScaler on the column "${name}"`, () =>
      Effect.gen(function* () {
        const made = yield* through(describeX.pipe(Recipe.standardize("x")), train, other)
        const [learned] = made.learned as unknown as ReadonlyArray<{
          readonly mean: Numbers
          readonly variance: Numbers
        }>
        assert.closeTo(learned.mean[0] / mean[0], 1, 1e-9)
        // What scikit-learn's sum leaves of a constant's variance, it too takes for 0.
        if (name === "constant") assert.deepStrictEqual(learned, { mean: [0.1], variance: [0] })
        else assert.closeTo(learned.variance[0] / variance[0], 1, 1e-6)
        close(made.train, standardize.train, "train")
        close(made.other, standardize.other, "other")
      })
    )
  }

  it.effect("leaves constants finite: they become 0, other values their distance", () =>
    Effect.gen(function* () {
      for (const constant of [0, -0, 0.1, 1e300, -5e-324]) {
        const made = yield* through(describeX.pipe(Recipe.standardize("x")), [constant, constant, constant], [1])
        close(made.train, [0, 0, 0], `${constant}`)
        close(made.other, [1 - constant], "other")
      }
    })
  )

  it.effect("has mean 0 and variance 1 also where squares of the numbers would cancel", () =>
    Effect.gen(function* () {
      const train = Array.from({ length: 1000 }, (_, row) => 1.7e9 + (row % 7) / 8)
      const { train: x } = yield* through(describeX.pipe(Recipe.standardize("x")), train)
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length
      assert.isBelow(Math.abs(mean), 1e-6)
      assert.isBelow(Math.abs(variance - 1), 1e-9)
    })
  )

  it.effect("refuses numbers whose distances float64 cannot square", () =>
    Effect.gen(function* () {
      const refused = (x: Numbers) => Effect.flip(through(describeX.pipe(Recipe.standardize("x")), x))
      assert.match((yield* refused([1e200, -1e200])).message, /standardize of column "x": holds numbers too far apart/)
      assert.match((yield* refused([1e308, -1e308])).message, /too far apart/)
      assert.match((yield* refused([1e-200, 2e-200])).message, /too close together/)
    })
  )
})

describe("D21 standardize", () => {
  for (const { mean, per, standardize, variance } of fixtures.image.cases) {
    it.effect(`per ${per} agrees with scikit-learn's StandardScaler`, () =>
      Effect.gen(function* () {
        const made = yield* throughImage(Image.pipe(Recipe.standardize("image", { per })))
        const [learned] = made.learned as unknown as ReadonlyArray<{
          readonly mean: Numbers
          readonly variance: Numbers
        }>
        close(learned.mean, mean, "mean")
        learned.variance.forEach((each, index) => assert.closeTo(each, variance[index], 1e-6 * (1 + variance[index])))
        close(made.train, standardize.train, "train")
        close(made.other, standardize.other, "other")
      })
    )
  }
})
