import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Recipe } from "../../src/index.ts"
import { describeX, fixtures, Image, through, throughImage } from "./fixtures.ts"

describe("D20 scale", () => {
  it.effect("divides pixels by 255, to [0, 1]", () =>
    Effect.gen(function* () {
      const { learned, train } = yield* throughImage(Image.pipe(Recipe.scale("image", 1 / 255)))
      assert.deepStrictEqual(learned, [null])
      fixtures.image.train.forEach((pixel, index) => assert.strictEqual(train[index], Math.fround(pixel / 255)))
      assert.isTrue(train.every((value) => value >= 0 && value <= 1))
    })
  )

  it.effect("keeps floats in float64, and refuses what overflows", () =>
    Effect.gen(function* () {
      const { train } = yield* through(describeX.pipe(Recipe.scale("x", 2)), [0.1, -3])
      assert.deepStrictEqual([...train], [0.2, -6])
      const error = yield* Effect.flip(through(describeX.pipe(Recipe.scale("x", 1e10)), [1, 1e300]))
      assert.match(error.message, /scale of column "x", row 1: 1e\+300 becomes Infinity/)
      assert.throws(() => describeX.pipe(Recipe.scale("x", Number.NaN)), RangeError)
    })
  )
})
