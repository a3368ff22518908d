import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Recipe } from "../../src/index.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"
import { close, describeX, type Numbers, through } from "./fixtures.ts"
import { recipes } from "./recipeFixtures.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const robust = describeX.pipe(Recipe.robust("x"))
const clip = describeX.pipe(Recipe.clip("x", { lower: 0.05, upper: 0.9 }))
const yeoJohnson = describeX.pipe(Recipe.yeoJohnson("x"))
const uniform = describeX.pipe(Recipe.quantile("x"))
const normal = describeX.pipe(Recipe.quantile("x", { output: "normal", quantiles: 10 }))

const refused = (recipe: typeof describeX, train: Numbers) =>
  Effect.map(Effect.flip(through(recipe, train)), (error) => error as Recipe.RecipeError)

for (const given of recipes.scale) {
  const { name, other, train } = given
  const agrees = (
    recipe: typeof describeX,
    expected: { readonly train: Numbers; readonly other: Numbers },
    to = 1e-6
  ) =>
    Effect.gen(function* () {
      const made = yield* through(recipe, train, other)
      close(made.train, expected.train, "train", to)
      close(made.other, expected.other, "other", to)
      return made.learned[0] as Readonly<Record<string, Numbers>>
    })

  describe(`the column "${name}"`, () => {
    it.effect("robust agrees with scikit-learn's RobustScaler", () =>
      Effect.gen(function* () {
        yield* agrees(robust, given.robust)
        yield* agrees(describeX.pipe(Recipe.robust("x", { between: [0.1, 0.9] })), given.robust10)
      })
    )

    it.effect("clip agrees with numpy's quantile and clip", () =>
      Effect.gen(function* () {
        const { lower, upper } = yield* agrees(clip, given.clipped)
        close([...lower, ...upper], given.bounds, "bounds")
      })
    )

    it.effect("yeoJohnson, standardized, agrees with scikit-learn's PowerTransformer", () =>
      Effect.gen(function* () {
        // Half a unit around a million is a straight line to any power: float64 leaves the likelihood flat to 1e-5.
        const to = name === "offset" ? 1e-5 : 1e-6
        const { lambda } = yield* agrees(yeoJohnson.pipe(Recipe.standardize("x")), given.yeoJohnson, to)
        if (name !== "offset") close(lambda, given.lambda, "lambda")
      })
    )

    it.effect("quantile agrees with scikit-learn's QuantileTransformer", () =>
      Effect.gen(function* () {
        yield* agrees(uniform, given.uniform)
        yield* agrees(normal, given.normalQuantile)
      })
    )
  })
}

describe("logarithm", () => {
  it.effect("is that of numpy, and names the row that has none", () =>
    Effect.gen(function* () {
      const plain = describeX.pipe(Recipe.logarithm("x"))
      close((yield* through(plain, [1, Math.E, 1e-300])).train, [0, 1, -690.77552789821], "log")
      const plusOne = describeX.pipe(Recipe.logarithm("x", { plus: 1 }))
      assert.deepStrictEqual([...(yield* through(plusOne, [0, 1e-20])).train], [0, 1e-20])
      const error = yield* refused(plain, [1, 0])
      assert.match(error.message, /logarithm of column "x", row 1: 0 plus 0 has no logarithm/)
    })
  )
})

describe("what cannot be learned", () => {
  it.effect("is refused with the column, and NaN and infinity with the row", () =>
    Effect.gen(function* () {
      for (const recipe of [robust, clip, yeoJohnson, uniform, normal, describeX.pipe(Recipe.logarithm("x"))]) {
        const applied = yield* refused(recipe, [1, NaN])
        assert.deepStrictEqual([applied._tag, applied.row], ["RecipeError", 1])
      }
      assert.match((yield* refused(robust, [-1.7e308, -1.7e308, 1.7e308, 1.7e308])).message, /too far apart/)
    })
  )

  it("options that mean nothing throw", () => {
    for (const make of [
      () => Recipe.robust("x", { between: [0.75, 0.25] })(describeX),
      () => Recipe.clip("x", { lower: -0.1 })(describeX),
      () => Recipe.clip("x", { upper: NaN })(describeX),
      () => Recipe.quantile("x", { quantiles: 1 })(describeX),
      () => Recipe.logarithm("x", { plus: Infinity })(describeX)
    ]) {
      assert.throws(make, RangeError)
    }
  })
})

describe("constants and single rows", () => {
  it.effect("stay finite", () =>
    Effect.gen(function* () {
      for (const recipe of [robust, clip, yeoJohnson, uniform, normal]) {
        for (const train of [[3], [3, 3, 3], [-0, 0]]) {
          assert.isTrue((yield* through(recipe, train, [1e3, -1e3])).other.every(Number.isFinite))
        }
      }
    })
  )
})

describe("laws", () => {
  const columns = { a: Column.float, b: Column.float, t: Column.tensor([2, 2]), u: Column.tensor([3], "uint8") }
  const moderate = (value: number) => Math.round(Math.asinh(value) * 100) / 100
  const tables = Tables.arbitrary(columns, { maxLength: 30 }).map((table) => ({
    ...table,
    values: { ...table.values, b: table.values.b.map(moderate), t: table.values.t.map(moderate) }
  }))
  const recipe = Recipe.forColumns(columns).pipe(
    Recipe.clip(["a", "b"], { lower: 0.1, upper: 0.8 }),
    Recipe.quantile("a", { output: "normal" }),
    Recipe.yeoJohnson("b"),
    Recipe.robust("t", { per: "element" }),
    Recipe.logarithm("u", { plus: 1 }),
    Recipe.quantile("u", { per: "channel", quantiles: 5 })
  )
  for (const law of RecipeLaws.laws({ recipe, tables })) it.effect(law.name, () => law.check({ runs }))
})
