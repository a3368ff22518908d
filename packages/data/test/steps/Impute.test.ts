import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Columns, Recipe, Table } from "../../src/index.ts"
import { close, fit } from "./fixtures.ts"
import { both, recipes, withNaN } from "./recipeFixtures.ts"

const X = Columns.make({ x: Column.optional(Column.float) })
const describeX = Recipe.forColumns(X)
const Zone = Columns.make({ zone: Column.optional(Column.category(["c", "a", "b"])) })
const describeZone = Recipe.forColumns(Zone)
const zones = (codes: ReadonlyArray<number>) =>
  Table.make(Zone, { zone: Int32Array.from(codes) }, { length: codes.length })
const numbers = (x: ReadonlyArray<number>) => Table.make(X, { x: Float64Array.from(x) }, { length: x.length })

const steps = {
  mean: describeX.pipe(Recipe.imputeMean("x")),
  median: describeX.pipe(Recipe.imputeMedian("x")),
  mode: describeX.pipe(Recipe.imputeMode("x")),
  constant: describeX.pipe(Recipe.imputeConstant("x", -7.5))
}

describe("D07 D08 D09 impute", () => {
  for (const given of recipes.impute) {
    for (const strategy of ["mean", "median", "mode", "constant"] as const) {
      it.effect(`${strategy} agrees with scikit-learn's SimpleImputer on the column "${given.name}"`, () =>
        Effect.gen(function* () {
          const made = yield* both(steps[strategy], X, { x: withNaN(given.train) }, { x: withNaN(given.other) })
          assert.deepStrictEqual(made.train.columns.x, Column.float)
          close(made.train.values.x, given[strategy].train, "train")
          close(made.other.values.x, given[strategy].other, "other")
        })
      )
    }

    it.effect(`missingIndicator agrees with scikit-learn's MissingIndicator on the column "${given.name}"`, () =>
      Effect.gen(function* () {
        const recipe = describeX.pipe(Recipe.missingIndicator("x"), Recipe.imputeMean("x"))
        const made = yield* both(recipe, X, { x: withNaN(given.train) }, { x: withNaN(given.other) })
        assert.deepStrictEqual(made.other.columns, { x: Column.float, x_missing: Column.float })
        assert.deepStrictEqual([...made.train.values.x_missing], [...given.indicator.train])
        assert.deepStrictEqual([...made.other.values.x_missing], [...given.indicator.other])
      })
    )
  }
})

describe("D07 imputeMedian", () => {
  it.effect("learns from what is there, and halves between the middle two also where their sum overflows", () =>
    Effect.gen(function* () {
      const fitted = yield* fit(describeX.pipe(Recipe.imputeMedian("x")), yield* numbers([1e308, NaN, 1.5e308]))
      assert.deepStrictEqual(fitted.steps[0].learned, { value: 1.25e308 })
    })
  )

  it.effect("refuses columns of which the train rows have nothing, and infinities by row", () =>
    Effect.gen(function* () {
      for (const recipe of [steps.mean, steps.median, steps.mode]) {
        const nothing = yield* Effect.flip(fit(recipe, yield* numbers([NaN, NaN])))
        assert.match(nothing.message, /column "x": all of it is missing in the train rows; use Recipe.imputeConstant/)
        const infinite = yield* Effect.flip(fit(recipe, yield* numbers([NaN, 1, -Infinity])))
        assert.deepStrictEqual([infinite.row, infinite.partition], [2, "train"])
      }
      const constant = yield* fit(describeX.pipe(Recipe.imputeConstant("x", 3)), yield* numbers([NaN, NaN]))
      const after = yield* Recipe.applyTable(constant, yield* numbers([NaN, 4]))
      assert.deepStrictEqual([...after.values.x], [3, 4])
    })
  )
})

describe("D08 imputeMode", () => {
  it.effect("takes the most frequent level, of equally frequent ones the one declared first", () =>
    Effect.gen(function* () {
      const recipe = describeZone.pipe(Recipe.imputeMode("zone"))
      const fitted = yield* fit(recipe, yield* zones([2, 1, -1, 2, 1, -1, -1]))
      assert.deepStrictEqual(fitted.steps[0].learned, { value: "a" })
      const after = yield* Recipe.applyTable(fitted, yield* zones([-1, 0, 2, -1]))
      assert.deepStrictEqual([...after.values.zone], [1, 0, 2, 1])
      assert.deepStrictEqual(after.columns.zone, Column.category(["c", "a", "b"]))
      const nothing = yield* Effect.flip(fit(recipe, yield* zones([-1])))
      assert.match(nothing.message, /all of it is missing/)
    })
  )

  it.effect("fills instants with the most frequent one", () =>
    Effect.gen(function* () {
      const columns = { at: Column.optional(Column.timestamp) }
      const recipe = Recipe.forColumns(columns).pipe(Recipe.imputeMode("at"))
      const table = yield* Table.make(columns, { at: Float64Array.of(5, NaN, 7, 7) }, { length: 4 })
      const after = yield* Recipe.applyTable(yield* fit(recipe, table), table)
      assert.deepStrictEqual([...after.values.at], [5, 7, 7, 7])
      assert.deepStrictEqual(after.columns.at, Column.timestamp)
    })
  )
})

describe("D09 imputeConstant", () => {
  it.effect("uses a level that is declared, and adds one that is not", () =>
    Effect.gen(function* () {
      const table = yield* zones([-1, 0, 2])
      const declared = yield* fit(describeZone.pipe(Recipe.imputeConstant("zone", "a")), table)
      assert.deepStrictEqual([...(yield* Recipe.applyTable(declared, table)).values.zone], [1, 0, 2])
      const recipe = describeZone.pipe(Recipe.imputeConstant("zone", "unknown"), Recipe.oneHot("zone"))
      const after = yield* Recipe.applyTable(yield* fit(recipe, table), table)
      assert.deepStrictEqual(after.columns.zone, Column.tensor([4]))
      assert.deepStrictEqual([...after.values.zone.subarray(0, 4)], [0, 0, 0, 1])
    })
  )

  it.effect("refuses a constant that is no value of the column", () =>
    Effect.gen(function* () {
      assert.throws(() => Recipe.imputeConstant("x", NaN)(describeX), RangeError)
      const forced = describeX.pipe(Recipe.imputeConstant("x", "none") as never) as typeof describeX
      const table = yield* numbers([NaN])
      const error = yield* Effect.flip(Effect.flatMap(fit(forced, table), (fitted) => Recipe.applyTable(fitted, table)))
      assert.strictEqual(error.message, 'imputeConstant of column "x": "none" is no number')
    })
  )
})

describe("missing values", () => {
  it.effect("are refused by steps that cannot take them, should types have been cast away", () =>
    Effect.gen(function* () {
      const table = yield* numbers([1, NaN])
      const forced = describeX.pipe(Recipe.standardize("x") as never) as typeof describeX
      const error = yield* Effect.flip(fit(forced, table))
      assert.strictEqual(error.message, 'standardize of column "x": it may be missing: impute it first')
      const complete = Recipe.forColumns({ x: Column.float }).pipe(Recipe.imputeMean("x" as never) as never)
      const other = yield* Effect.flip(fit(complete, { ...table, ids: table.ids, columns: { x: Column.float } }))
      assert.match(other.message, /it takes optional float columns; this is a float/)
    })
  )

  it.effect("an indicator overwrites no column", () =>
    Effect.gen(function* () {
      const columns = { ...X, x_missing: Column.float }
      const table = yield* Table.make(columns, { x: Float64Array.of(1), x_missing: Float64Array.of(1) }, { length: 1 })
      const error = yield* Effect.flip(fit(Recipe.forColumns(columns).pipe(Recipe.missingIndicator("x")), table))
      assert.strictEqual(error.message, 'missingIndicator of column "x_missing": there is already such a column')
    })
  )
})
