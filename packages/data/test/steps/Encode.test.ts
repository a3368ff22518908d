import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Dataset, Recipe, Table } from "../../src/index.ts"
import { foldOf, viewOf } from "../../src/steps/Target.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"
import { close, fit, type Numbers } from "./fixtures.ts"
import { both, recipes } from "./recipeFixtures.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)
const { category } = recipes
const Size = { size: Column.category(category.levels) }
const describeSize = Recipe.forColumns(Size)
const sizes = (codes: Numbers) => ({ size: Int32Array.from(codes) })
const table = (codes: Numbers) => Table.make(Size, sizes(codes), { length: codes.length })

describe("D26 ordinal", () => {
  it.effect("agrees with scikit-learn's OrdinalEncoder", () =>
    Effect.gen(function* () {
      const recipe = describeSize.pipe(Recipe.ordinal("size", category.order))
      const made = yield* both(recipe, Size, sizes(category.train), sizes(category.other))
      assert.deepStrictEqual(made.train.columns.size, Column.float)
      assert.deepStrictEqual([...made.train.values.size], [...category.ordinal.train])
      assert.deepStrictEqual([...made.other.values.size], [...category.ordinal.other])
    })
  )

  it.effect("refuses an order that is not that of the levels", () =>
    Effect.gen(function* () {
      for (const order of [
        category.order.slice(1),
        [...category.order, "other"],
        ["small", ...category.order.slice(1)]
      ]) {
        const error = yield* Effect.flip(fit(describeSize.pipe(Recipe.ordinal("size", order)), yield* table([0])))
        assert.match(error.message, /ordinal of column "size": its levels are small, .* but the order names/)
      }
    })
  )
})

describe("D24 oneHot with rare levels merged", () => {
  const merged = describeSize.pipe(Recipe.oneHot("size", { minimumShare: 0.2 }))

  it.effect("agrees with scikit-learn's OneHotEncoder with min_frequency", () =>
    Effect.gen(function* () {
      const made = yield* both(merged, Size, sizes(category.train), sizes(category.other))
      assert.deepStrictEqual([...made.train.values.size], [...category.rare.train])
      assert.deepStrictEqual([...made.other.values.size], [...category.rare.other])
      const [{ frequent }] = made.learned as unknown as ReadonlyArray<{ readonly frequent: ReadonlyArray<string> }>
      assert.deepStrictEqual(made.other.columns.size, Column.tensor([frequent.length + 1]))
    })
  )

  it.effect("has no number for rare levels where there are none, and that one alone where all are", () =>
    Effect.gen(function* () {
      const columns = { size: Column.category(["a", "b"]) }
      const of = (share: number) => Recipe.forColumns(columns).pipe(Recipe.oneHot("size", { minimumShare: share }))
      const given = { size: Int32Array.of(0, 1, 1) }
      const none = yield* both(of(0.3), columns, given, given)
      assert.deepStrictEqual([...none.train.values.size], [1, 0, 0, 1, 0, 1])
      const all = yield* both(of(0.9), columns, given, given)
      assert.deepStrictEqual([...all.train.values.size], [1, 1, 1])
      assert.throws(() => of(0), RangeError)
      assert.throws(() => of(1), RangeError)
    })
  )
})

describe("frequency", () => {
  it.effect("is the share of the train rows, 0 for levels they do not have", () =>
    Effect.gen(function* () {
      const made = yield* both(describeSize.pipe(Recipe.frequency("size")), Size, sizes([0, 0, 1, 2]), sizes([0, 1, 4]))
      assert.deepStrictEqual(made.learned, [{ shares: [0.5, 0.25, 0.25, 0, 0] }])
      assert.deepStrictEqual([...made.other.values.size], [0.5, 0.25, 0])
    })
  )
})

describe("bin", () => {
  const X = { x: Column.float }
  for (const { name, other, quantile, train, uniform } of recipes.bins) {
    it.effect(`agrees with scikit-learn's KBinsDiscretizer on the column "${name}"`, () =>
      Effect.gen(function* () {
        for (const [by, expected] of [
          ["width", uniform],
          ["quantile", quantile]
        ] as const) {
          const recipe = Recipe.forColumns(X).pipe(Recipe.bin("x", { bins: 5, by }))
          const made = yield* both(recipe, X, { x: Float64Array.from(train) }, { x: Float64Array.from(other) })
          assert.deepStrictEqual(made.train.columns.x, Column.category(["0", "1", "2", "3", "4"]))
          assert.deepStrictEqual([...made.train.values.x], [...expected.train])
          assert.deepStrictEqual([...made.other.values.x], [...expected.other])
        }
      })
    )
  }

  it.effect("has fewer bins where quantiles fall together", () =>
    Effect.gen(function* () {
      const recipe = Recipe.forColumns(X).pipe(Recipe.bin("x", { bins: 4, by: "quantile" }))
      const of = (x: Numbers) => both(recipe, X, { x: Float64Array.from(x) }, { x: Float64Array.of(-9, 1, 9) })
      assert.deepStrictEqual((yield* of([1, 1, 1, 1])).learned, [{ bounds: [] }])
      const made = yield* of([1, 1, 1, 1, 2])
      assert.deepStrictEqual([...made.other.values.x], [0, 0, 0])
      assert.throws(() => Recipe.bin("x", { bins: 1, by: "width" })(Recipe.forColumns(X)), RangeError)
    })
  )
})

describe("targetEncode", () => {
  const columns = { ...Size, y: Column.float }
  const described = Recipe.forColumns(columns)
  const recipe = described.pipe(Recipe.targetEncode("size", { target: "y", smoothing: 3 }))
  const train = { size: Int32Array.from(category.train), y: Float64Array.from(category.target) }
  const other = { size: Int32Array.from(category.other), y: new Float64Array(category.other.length) }

  it.effect("agrees with scikit-learn's TargetEncoder on rows that were not fitted", () =>
    Effect.gen(function* () {
      const made = yield* both(recipe, columns, train, other)
      close(made.other.values.size, category.targetEncoding, "other")
      assert.deepStrictEqual(made.other.columns.size, Column.float)
    })
  )

  it.effect("gives a train row what the rows outside its fold say, and other partitions what all do", () =>
    Effect.gen(function* () {
      const given = yield* Table.make(columns, train, { length: train.y.length })
      const fitted = yield* fit(recipe, given)
      const of = (rows: Uint32Array | undefined, partition: "train" | "validation") =>
        Effect.flatMap(Recipe.applyDataset(fitted, Dataset.make(given, rows, partition)), Dataset.rows)
      const encoded = yield* of(undefined, "train")
      const whole = yield* Recipe.applyTable(fitted, given)
      assert.deepStrictEqual((yield* of(undefined, "validation")).values.size, whole.values.size)
      for (let row = 0; row < given.length; row++) {
        const fold = foldOf(viewOf(given.ids), row, 5)
        const rest = Uint32Array.from(train.y.keys()).filter((place) => foldOf(viewOf(given.ids), place, 5) !== fold)
        const withoutFold = yield* fit(recipe, Table.take(given, rest))
        const expected = yield* Recipe.applyTable(withoutFold, Table.take(given, Uint32Array.of(row)))
        close([encoded.values.size[row]], [...expected.values.size], `row ${row}`)
      }
      assert.isTrue(encoded.values.size.some((value, row) => Math.abs(value - whole.values.size[row]) > 0.01))
    })
  )

  it.effect("later steps of the recipe learn from what the train rows get", () =>
    Effect.gen(function* () {
      const given = yield* Table.make(columns, train, { length: train.y.length })
      const fitted = yield* fit(recipe.pipe(Recipe.standardize("size")), given)
      const rows = yield* Effect.flatMap(
        Recipe.applyDataset(fitted, Dataset.make(given, undefined, "train")),
        Dataset.rows
      )
      const mean = rows.values.size.reduce((sum, value) => sum + value, 0) / rows.length
      assert.closeTo(mean, 0, 1e-12)
    })
  )

  it.effect("spreads rows evenly over folds, whatever their order", () =>
    Effect.gen(function* () {
      const many = yield* Table.make(
        { x: Column.float },
        { x: Float64Array.from({ length: 10_000 }, (_, row) => row) },
        { length: 10_000 }
      )
      const counts = [0, 0, 0, 0, 0]
      const view = viewOf(many.ids)
      for (let row = 0; row < many.length; row++) counts[foldOf(view, row, 5)]++
      assert.isTrue(
        counts.every((count) => Math.abs(count - 2000) < 200),
        counts.join()
      )
    })
  )

  it("takes a row's fold from the first 32 bits of its id, whatever the number of folds", () => {
    const ids = new Uint8Array(3 + 16 * 6)
    const view = viewOf(ids.subarray(3))
    const words = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]
    words.forEach((word, row) => view.setUint32(16 * row, word))
    for (const folds of [2, 3, 5, 7, 641, 65_537, 2 ** 31 - 1, 2 ** 32 - 1]) {
      assert.deepStrictEqual(
        words.map((_, row) => foldOf(view, row, folds)),
        words.map((word) => word % folds)
      )
    }
  })

  it.effect("refuses targets that are no numbers or have three levels, and rows that are all in one fold", () =>
    Effect.gen(function* () {
      const of = (y: Numbers) =>
        Effect.flatMap(
          Table.make(columns, { ...sizes(y.map(() => 0)), y: Float64Array.from(y) }, { length: y.length }),
          (rows) => fit(recipe, rows)
        )
      assert.match((yield* Effect.flip(of([1, 2, NaN]))).message, /targetEncode of column "y", row 2 .*holds NaN/)
      assert.match((yield* Effect.flip(of([1]))).message, /all in one of 5 folds/)
      const three = { ...Size, y: Column.category(["a", "b", "c"]) }
      const forced = Recipe.forColumns(three).pipe(Recipe.targetEncode("size", { target: "y", smoothing: 1 }))
      const rows = yield* Table.make(three, { ...sizes([0]), y: Int32Array.of(2) }, { length: 1 })
      assert.match((yield* Effect.flip(fit(forced, rows))).message, /a category of two levels/)
      assert.throws(() => Recipe.targetEncode("size", { target: "y", smoothing: -1 })(described), RangeError)
      assert.throws(() => Recipe.targetEncode("size", { target: "y", smoothing: 1, folds: 1 })(described), RangeError)
    })
  )
})

describe("laws", () => {
  const columns = {
    a: Column.category(["p", "q", "r"]),
    b: Column.category(["p", "q"]),
    c: Column.category(["p", "q", "r", "s"]),
    x: Column.float,
    z: Column.float
  }
  const recipe = Recipe.forColumns(columns).pipe(
    Recipe.oneHot("a", { minimumShare: 0.3 }),
    Recipe.ordinal("b", ["q", "p"]),
    Recipe.frequency("c"),
    Recipe.clip("x"),
    Recipe.bin("x", { bins: 3, by: "width" }),
    Recipe.bin("z", { bins: 3, by: "quantile" })
  )
  const tables = Tables.arbitrary(columns, { maxLength: 30 }).map((each) => ({
    ...each,
    ids: each.ids,
    values: { ...each.values, x: each.values.x.map(Math.asinh), z: each.values.z.map(Math.asinh) }
  }))
  for (const law of RecipeLaws.laws({ recipe, tables })) it.effect(law.name, () => law.check({ runs }))
})
