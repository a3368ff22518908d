import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Column, Recipe, Step } from "../../src/index.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"
import { close, describeX, fit, floats, type Numbers, through } from "./fixtures.ts"
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

describe("inverse", () => {
  const columns = { a: Column.float, b: Column.float, c: Column.float, zone: Column.category(["p", "q"]) }
  const described = Recipe.forColumns(columns)
  const moderate = (value: number) => Math.round(Math.asinh(value) * 100) / 100
  const tables = Tables.arbitrary(columns, { maxLength: 30 }).map((table) => ({
    ...table,
    ids: table.ids,
    values: {
      ...table.values,
      a: table.values.a.map(moderate),
      b: table.values.b.map((value) => Math.abs(moderate(value))),
      c: table.values.c.map((value) => Math.tanh(moderate(value)))
    }
  }))
  const recipe = described.pipe(
    Recipe.standardize(["a", "b"]),
    Recipe.minMax("a"),
    Recipe.robust("a"),
    Recipe.scale("a", -3),
    Recipe.minMax("b"),
    Recipe.logarithm("b", { plus: 1 }),
    Recipe.yeoJohnson("c"),
    Recipe.frequency("zone"),
    Recipe.polynomial(["a", "b"], { as: "products" })
  )
  const law = RecipeLaws.inverts({ recipe, tables, columns: ["a", "b", "c"] })
  it.effect(law.name, () => law.check({ runs }))

  it.effect("undoes powers of either sign and the logarithm without an addition", () =>
    Effect.gen(function* () {
      for (const { name, other, train } of recipes.scale) {
        if (name === "offset") continue // its exponent of 20 leaves float64's range
        const table = yield* floats(train)
        const fitted = yield* fit(yeoJohnson, table)
        const after = yield* Recipe.applyTable(fitted, yield* floats(other))
        close(yield* Recipe.inverse(fitted, "x", after.values.x), other, name)
      }
      const fitted = yield* fit(describeX.pipe(Recipe.logarithm("x")), yield* floats([1, 2]))
      close(yield* Recipe.inverse(fitted, "x", Float64Array.of(0, 1)), [1, Math.E], "exp")
    })
  )

  it.effect("the law fails for an inverse that forgets something", () =>
    Effect.gen(function* () {
      const wrong = (inverse: (values: Float64Array, mean: number) => Float64Array) =>
        RecipeLaws.inverts({
          tables,
          columns: ["a"],
          recipe: described.pipe(
            Recipe.step(
              Step.column({
                name: "centre",
                version: 1,
                column: "a",
                takes: ["float"],
                becomes: (column: Column.Float) => column,
                state: Schema.Finite,
                fit: ({ values }) => Effect.succeed(values.reduce((sum, value) => sum + value / values.length, 0)),
                apply: ({ values }, mean) => Effect.succeed(values.map((value) => value - mean)),
                inverse
              })
            )
          )
        })
      yield* wrong((values, mean) => values.map((value) => value + mean)).check({ runs })
      const violation = yield* Effect.flip(wrong((values) => values.slice()).check({ runs: 200 }))
      assert.match(violation.reason, /column a, row \d+: .* came back as/)
    })
  )

  it.effect("is refused where numbers were lost, and for numbers that nothing becomes", () =>
    Effect.gen(function* () {
      const table = yield* floats([1, 2, 5])
      const undo = (of: typeof describeX, values: Numbers) =>
        Effect.flatMap(fit(of, table), (fitted) => Recipe.inverse(fitted, "x", Float64Array.from(values)))
      for (const lossy of [
        clip,
        uniform,
        describeX.pipe(Recipe.minMax("x", { clip: true })),
        describeX.pipe(Recipe.scale("x", 0))
      ]) {
        assert.match(
          (yield* Effect.flip(undo(lossy, [0]))).message,
          /Recipe.inverse of column "x": \w+ cannot be undone/
        )
      }
      const bounded = describeX.pipe(Recipe.yeoJohnson("x"))
      const fitted = yield* fit(bounded, table)
      const [{ lambda }] = fitted.steps.map((step) => step.learned) as unknown as ReadonlyArray<{ lambda: Numbers }>
      assert.isBelow(lambda[0], 0)
      const error = yield* Effect.flip(Recipe.inverse(fitted, "x", Float64Array.of(0, 2 / -lambda[0])))
      assert.deepStrictEqual([error._tag, error.row], ["RecipeError", 1])
    })
  )
})

describe("laws", () => {
  const columns = { a: Column.float, b: Column.float, t: Column.tensor([2, 2]), u: Column.tensor([3], "uint8") }
  const moderate = (value: number) => Math.round(Math.asinh(value) * 100) / 100
  const tables = Tables.arbitrary(columns, { maxLength: 30 }).map((table) => ({
    ...table,
    ids: table.ids,
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
