import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Column, Columns, Recipe, Table } from "../../src/index.ts"
import * as Neighbors from "../../src/internal/statistics/neighbors.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"
import { columnOf, features, type Gaps } from "./featureFixtures.ts"
import { close, fit } from "./fixtures.ts"
import { both } from "./recipeFixtures.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)
const { knn } = features
const gap = Column.optional(Column.float)
const Four = Columns.make({ a: gap, b: gap, c: gap, d: Column.float })
const names = ["a", "b", "c", "d"] as const
const four = (all: Gaps) => ({
  a: columnOf(all, 0, 4),
  b: columnOf(all, 1, 4),
  c: columnOf(all, 2, 4),
  d: columnOf(all, 3, 4)
})
const flat = (values: Readonly<Record<(typeof names)[number], Float64Array>>) =>
  names.flatMap((name) => [...values[name]])

describe("imputeNearest", () => {
  for (const { neighbors, other, standardized, train, weights } of knn.cases) {
    const scaled = standardized ? " after its StandardScaler" : ""
    it.effect(`D07 agrees with scikit-learn's KNNImputer${scaled} for ${neighbors} neighbors, weights ${weights}`, () =>
      Effect.gen(function* () {
        const recipe = Recipe.forColumns(Four).pipe(Recipe.imputeNearest(names, { neighbors, weights, standardized }))
        const made = yield* both(recipe, Four, four(knn.train), four(knn.other))
        assert.deepStrictEqual(made.other.columns, {
          a: Column.float,
          b: Column.float,
          c: Column.float,
          d: Column.float
        })
        close(flat(made.train.values), train, "train")
        close(flat(made.other.values), other, "other")
      })
    )
  }

  it.effect("takes the mean where no train row can be compared, as scikit-learn does", () =>
    Effect.gen(function* () {
      const columns = { a: gap, b: gap }
      const given = { a: columnOf(knn.far.given, 0, 2), b: columnOf(knn.far.given, 1, 2) }
      const recipe = Recipe.forColumns(columns).pipe(Recipe.imputeNearest(["a", "b"]))
      const { values } = (yield* both(recipe, columns, given, given)).train
      close([...values.a, ...values.b], knn.far.expected, "far")
    })
  )

  it.effect("refuses what it cannot compare, by name and row", () =>
    Effect.gen(function* () {
      const columns = { a: gap, b: Column.float }
      const recipe = Recipe.forColumns(columns).pipe(Recipe.imputeNearest(["a", "b"]))
      const of = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
        Effect.map(
          Effect.flatMap(
            Table.make(columns, { a: Float64Array.from(a), b: Float64Array.from(b) }, { length: a.length }),
            (table) => Effect.flip(fit(recipe, table))
          ),
          ({ message }) => message
        )
      assert.match(yield* of([NaN, NaN], [1, 2]), /column "a": all of it is missing in the train rows/)
      assert.match(yield* of([NaN, -Infinity], [1, 2]), /column "a", row 1 .*holds -Infinity/)
      assert.match(yield* of([1, 2], [1, NaN]), /column "b", row 1 .*holds NaN/)
      assert.match(yield* of([-1e308, 1e308], [1, 2]), /too far apart for float64/)
      assert.throws(() => Recipe.imputeNearest(["a"], { neighbors: 0 })(Recipe.forColumns(columns)), RangeError)
      assert.throws(() => Recipe.imputeNearest([])(Recipe.forColumns(columns)), RangeError)
    })
  )

  const columns = { a: gap, b: gap, c: Column.float }
  const tables = Tables.arbitrary(columns, { maxLength: 25 }).map((table) => ({
    ...table,
    ids: table.ids,
    values: {
      a: table.values.a.map(Math.asinh),
      b: table.values.b.map((value) => Math.round(Math.asinh(value) / 100)),
      c: table.values.c.map(Math.asinh)
    }
  }))
  const recipe = Recipe.forColumns(columns).pipe(
    Recipe.imputeNearest(["a", "b", "c"], { neighbors: 2 }),
    Recipe.standardize("a")
  )
  for (const law of RecipeLaws.laws({ recipe, tables })) it.effect(law.name, () => law.check({ runs }))
})

describe("neighbors", () => {
  const small = fc.integer({ min: -6, max: 6 }) // many ties
  const cases = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.record({
      width: fc.constant(width),
      rows: fc.array(fc.array(small, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 120 }),
      query: fc.array(fc.oneof({ weight: 4, arbitrary: small }, fc.constant(NaN)), {
        minLength: width,
        maxLength: width
      }),
      k: fc.integer({ min: 1, max: 9 }),
      metric: fc.constantFrom("squares" as const, "chebyshev" as const)
    })
  )
  it("are those of looking at every point, ties by place", () => {
    fc.assert(
      fc.property(cases, ({ k, metric, query, rows, width }) => {
        const tree = Neighbors.tree(Float64Array.from(rows.flat()), width, metric)
        const near = Neighbors.found(k)
        Neighbors.search(tree, Float64Array.from(query), near)
        const apart = (row: ReadonlyArray<number>) =>
          row.map((value, axis) => Math.abs(value - query[axis])).filter((each) => !Number.isNaN(each))
        const distance = (row: ReadonlyArray<number>) =>
          metric === "squares" ? apart(row).reduce((sum, each) => sum + each * each, 0) : Math.max(0, ...apart(row))
        const expected = rows
          .map((row, place) => ({ place, distance: distance(row) }))
          .sort((a, b) => a.distance - b.distance || a.place - b.place)
          .slice(0, k)
        assert.deepStrictEqual(
          [...near.places.subarray(0, near.count)],
          expected.map(({ place }) => place)
        )
      }),
      { numRuns: 4 * runs }
    )
  })
})
