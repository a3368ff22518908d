import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Recipe } from "../../src/index.ts"
import { close, describeX, fixtures, Image, through, throughImage } from "./fixtures.ts"

describe("D23 minMax", () => {
  for (const { clipped, max, min, minMax, name, other, train } of fixtures.columns) {
    it.effect(`agrees with scikit-learn's MinMaxScaler on the column "${name}"`, () =>
      Effect.gen(function* () {
        const made = yield* through(describeX.pipe(Recipe.minMax("x")), train, other)
        assert.deepStrictEqual(made.learned, [{ min, max }])
        close(made.train, minMax.train, "train")
        close(made.other, minMax.other, "other")
        const cut = yield* through(describeX.pipe(Recipe.minMax("x", { clip: true })), train, other)
        close(cut.other, clipped.other, "clipped")
      })
    )
  }

  for (const { minMax, per } of fixtures.image.cases) {
    it.effect(`per ${per} agrees with scikit-learn's MinMaxScaler`, () =>
      Effect.gen(function* () {
        const made = yield* throughImage(Image.pipe(Recipe.minMax("image", { per })))
        close(made.train, minMax.train, "train")
        close(made.other, minMax.other, "other")
      })
    )
  }

  it.effect("maps the bounds of the train rows to exactly 0 and 1, and constants to 0", () =>
    Effect.gen(function* () {
      const { train } = yield* through(describeX.pipe(Recipe.minMax("x")), [0.3, -1e300, 1e300, 0.7])
      assert.deepStrictEqual([Math.min(...train), Math.max(...train)], [0, 1])
      close((yield* through(describeX.pipe(Recipe.minMax("x")), [-0, -0])).train, [0, 0], "constants")
    })
  )

  it.effect("refuses a range too wide for float64", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(through(describeX.pipe(Recipe.minMax("x")), [-1.7e308, 1.7e308]))
      assert.match(error.message, /minMax of column "x": holds numbers too far apart/)
    })
  )
})
