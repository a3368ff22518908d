import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Recipe, Table } from "../../src/index.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"
import { close, fit, type Numbers } from "./fixtures.ts"
import { both, recipes } from "./recipeFixtures.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)
const { calendar, tensor } = recipes

const T = { t: Column.tensor([tensor.width]) }
const describeT = Recipe.forColumns(T)
const values = (numbers: Numbers) => ({ t: Float32Array.from(numbers) })

describe("pca", () => {
  it.effect("agrees with scikit-learn's PCA, signs included", () =>
    Effect.gen(function* () {
      const recipe = describeT.pipe(Recipe.pca("t", { components: 3 }))
      const made = yield* both(recipe, T, values(tensor.train), values(tensor.other))
      assert.deepStrictEqual(made.train.columns.t, Column.tensor([3]))
      close(made.train.values.t, tensor.pca.train, "train")
      close(made.other.values.t, tensor.pca.other, "other")
      const [{ variance }] = made.learned as unknown as ReadonlyArray<{ readonly variance: Numbers }>
      close(variance, tensor.explained, "variance")
    })
  )

  it.effect("finds the directions of a hundred numbers: orthogonal, of length 1, by falling variance", () =>
    Effect.gen(function* () {
      const width = 100
      const columns = { t: Column.tensor([width]) }
      const rows = Float32Array.from({ length: 300 * width }, (_, place) => Math.sin(place * place) * (1 + (place % 7)))
      const table = yield* Table.make(columns, { t: rows }, { length: 300 })
      const fitted = yield* fit(Recipe.forColumns(columns).pipe(Recipe.pca("t", { components: width })), table)
      const learned = fitted.steps[0].learned as unknown as {
        readonly directions: ReadonlyArray<Numbers>
        readonly variance: Numbers
      }
      const dot = (a: Numbers, b: Numbers) => a.reduce((sum, value, at) => sum + value * b[at], 0)
      learned.directions.forEach((one, i) =>
        learned.directions.forEach((other, j) => assert.closeTo(dot(one, other), i === j ? 1 : 0, 1e-10))
      )
      assert.isTrue(learned.variance.every((each, at) => at === 0 || each <= learned.variance[at - 1]))
      const mean = Array.from({ length: width }, (_, at) => {
        let sum = 0
        for (let row = 0; row < 300; row++) sum += rows[row * width + at]
        return sum / 300
      })
      const total = rows.reduce((sum, value, place) => sum + (value - mean[place % width]) ** 2, 0) / 299
      assert.closeTo(learned.variance.reduce((sum, each) => sum + each, 0) / total, 1, 1e-12)
    })
  )

  it.effect("refuses more components than numbers", () =>
    Effect.gen(function* () {
      const table = yield* Table.make(T, values(tensor.train), { length: tensor.train.length / tensor.width })
      const error = yield* Effect.flip(fit(describeT.pipe(Recipe.pca("t", { components: 5 })), table))
      assert.match(error.message, /pca of column "t": it has 4 numbers a row, too few for 5 components/)
      assert.throws(() => Recipe.pca("t", { components: 0 })(describeT), RangeError)
    })
  )
})

describe("varianceThreshold", () => {
  it.effect("agrees with scikit-learn's VarianceThreshold", () =>
    Effect.gen(function* () {
      const recipe = describeT.pipe(Recipe.varianceThreshold("t", { threshold: 0.9 }))
      const made = yield* both(recipe, T, values(tensor.flat.train), values(tensor.flat.other))
      close(made.train.values.t, tensor.selected.train, "train")
      close(made.other.values.t, tensor.selected.other, "other")
    })
  )

  it.effect("drops constants only, unless told otherwise, and refuses to drop all", () =>
    Effect.gen(function* () {
      const made = yield* both(
        describeT.pipe(Recipe.varianceThreshold("t")),
        T,
        values(tensor.flat.train),
        values(tensor.flat.other)
      )
      assert.deepStrictEqual(made.learned, [{ kept: [0, 1, 3] }])
      assert.deepStrictEqual(made.other.columns.t, Column.tensor([3]))
      const constant = yield* Table.make(T, values([0.1, 1, 2, 3, 0.1, 1, 2, 3]), { length: 2 })
      const error = yield* Effect.flip(fit(describeT.pipe(Recipe.varianceThreshold("t")), constant))
      assert.match(error.message, /none of its 4 numbers has a variance above 0/)
      assert.throws(() => Recipe.varianceThreshold("t", { threshold: -1 })(describeT), RangeError)
    })
  )
})

describe("polynomial", () => {
  const columns = { a: Column.float, b: Column.float, c: Column.float }
  const rows = (numbers: Numbers) => ({
    a: Float64Array.from(numbers.filter((_, place) => place % 4 === 0)),
    b: Float64Array.from(numbers.filter((_, place) => place % 4 === 1)),
    c: Float64Array.from(numbers.filter((_, place) => place % 4 === 2))
  })
  for (const { degree, interactionsOnly, train } of tensor.polynomial) {
    it.effect(`of degree ${degree}${interactionsOnly ? ", interactions only," : ""} agrees with scikit-learn's`, () =>
      Effect.gen(function* () {
        const options = { as: "products", degree, interactionsOnly } as const
        const recipe = Recipe.forColumns(columns).pipe(Recipe.polynomial(["a", "b", "c"], options))
        const given = rows(tensor.train)
        const made = yield* both(recipe, columns, given, given)
        assert.deepStrictEqual(Object.keys(made.train.columns), ["a", "b", "c", "products"])
        close(made.train.values.products, train, "train")
      })
    )
  }

  it.effect("names the products that float32 cannot hold, and takes no name that is taken", () =>
    Effect.gen(function* () {
      const table = yield* Table.make(
        columns,
        { a: Float64Array.of(1, 1e30), b: Float64Array.of(1, -1e30), c: Float64Array.of(0, 0) },
        { length: 2 }
      )
      const of = (as: string) =>
        Recipe.forColumns(columns).pipe(Recipe.polynomial(["a", "b"], { as, interactionsOnly: true }))
      const fitted = yield* fit(of("products"), table)
      const error = yield* Effect.flip(Recipe.applyTable(fitted, table))
      assert.match(error.message, /row 1: a times b is -Infinity in float32; scale the columns first/)
      assert.match((yield* Effect.flip(fit(of("c"), table))).message, /column "c": there is already such a column/)
      for (const options of [
        { as: "p", degree: 1 },
        { as: "p", degree: 2.5 }
      ]) {
        assert.throws(() => Recipe.polynomial(["a"], options)(Recipe.forColumns(columns)), RangeError)
      }
    })
  )
})

describe("calendar and cyclic", () => {
  const columns = { at: Column.timestamp }
  const parts = ["year", "month", "day", "dayOfYear", "weekday", "hour", "minute", "second"] as const
  const cycles = ["month", "day", "dayOfYear", "weekday", "hour", "minute", "second"] as const

  it.effect("agree with Python's datetime, before 1970 and in leap years too", () =>
    Effect.gen(function* () {
      const recipe = Recipe.forColumns(columns).pipe(Recipe.calendar("at", parts), Recipe.cyclic("at", cycles))
      const given = { at: Float64Array.from(calendar.instants) }
      const { train } = yield* both(recipe, columns, given, given)
      const made: Readonly<Record<string, ArrayLike<number>>> = train.values
      for (const part of parts) assert.deepStrictEqual(Array.from(made[`at_${part}`]), [...calendar.parts[part]], part)
      for (const part of cycles) {
        close(made[`at_${part}_sin`], calendar.sin[part], `sin of ${part}`, 1e-12)
        close(made[`at_${part}_cos`], calendar.cos[part], `cos of ${part}`, 1e-12)
      }
    })
  )

  it.effect("refuse instants that no calendar has", () =>
    Effect.gen(function* () {
      const table = yield* Table.make(columns, { at: Float64Array.of(0, 9e15) }, { length: 2 })
      const fitted = yield* fit(Recipe.forColumns(columns).pipe(Recipe.calendar("at", ["year"])), table)
      assert.strictEqual((yield* Effect.flip(Recipe.applyTable(fitted, table))).row, 1)
    })
  )
})

describe("laws", () => {
  const columns = { t: Column.tensor([3]), a: Column.float, b: Column.float, at: Column.timestamp }
  const recipe = Recipe.forColumns(columns).pipe(
    Recipe.calendar("at", ["hour", "weekday"]),
    Recipe.cyclic("at", ["hour"]),
    Recipe.polynomial(["a", "b"], { as: "products" }),
    Recipe.varianceThreshold("products"),
    Recipe.pca("t", { components: 2 })
  )
  const tables = Tables.arbitrary(columns, { minLength: 1, maxLength: 30 }).map((each) => ({
    ...each,
    ids: each.ids,
    values: {
      ...each.values,
      t: each.values.t.map(Math.asinh),
      a: each.values.a.map((value, row) => Math.asinh(value) + row),
      b: each.values.b.map(Math.asinh)
    }
  }))
  for (const law of RecipeLaws.laws({ recipe, tables })) it.effect(law.name, () => law.check({ runs }))
})
