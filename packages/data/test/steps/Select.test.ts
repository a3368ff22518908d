import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { Column, Columns, Dataset, Recipe, Table } from "../../src/index.ts"
import * as Mutual from "../../src/internal/statistics/mutual.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"
import { columnOf, features } from "./featureFixtures.ts"
import { close, fit, type Numbers } from "./fixtures.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)
const { selection } = features
const names = ["a", "b", "c", "d", "e"] as const
const Given = Columns.make({
  a: Column.float,
  b: Column.float,
  c: Column.float,
  d: Column.float,
  e: Column.float,
  float: Column.float,
  two: Column.category(["no", "yes"]),
  three: Column.category(["low", "middle", "high"])
})
const given = Effect.runSync(
  Table.make(
    Given,
    {
      a: columnOf(selection.x, 0, 5),
      b: columnOf(selection.x, 1, 5),
      c: columnOf(selection.x, 2, 5),
      d: columnOf(selection.x, 3, 5),
      e: columnOf(selection.x, 4, 5),
      float: Float64Array.from(selection.y),
      two: Int32Array.from(selection.label),
      three: Int32Array.from(selection.three)
    },
    { length: selection.y.length }
  )
)
const described = Recipe.forColumns(Given)
interface Learned {
  readonly features: ReadonlyArray<{ readonly feature: string; readonly score: number; readonly selected: boolean }>
}
const learnedBy = <Out extends Columns.Columns>(recipe: Recipe.Recipe<typeof Given, Out>) =>
  Effect.map(fit(recipe, given), ({ steps }) => (steps[0].learned as unknown as Learned).features)
const scores = (learned: Learned["features"]) => learned.map(({ score }) => score)
const chosen = (learned: Learned["features"]) => learned.filter((each) => each.selected).map((each) => each.feature)

describe("select by mutual information", () => {
  for (const expected of selection.mutual) {
    const { neighbors } = expected
    const by = { score: "mutualInformation", neighbors, discrete: ["d"] } as const
    it.effect(`agrees with scikit-learn's estimates with ${neighbors} neighbors`, () =>
      Effect.gen(function* () {
        for (const target of ["float", "two", "three"] as const) {
          const learned = yield* learnedBy(described.pipe(Recipe.select(names, { target, as: "chosen", by, top: 5 })))
          close(scores(learned), expected[target], target)
        }
      })
    )
  }

  it("knows the digamma function", () => {
    assert.closeTo(Mutual.digamma(1), -0.5772156649015329, 1e-13)
    assert.closeTo(Mutual.digamma(2.5), 0.7031566406452432, 1e-13)
    assert.closeTo(Mutual.digamma(1000), 6.907255195648812, 1e-12)
  })

  it("is the entropy of a column with itself, and 0 for what is independent", () => {
    const x = Float64Array.of(1, 1, 2, 2)
    assert.closeTo(Mutual.discrete(x, x), Math.log(2), 1e-15)
    assert.strictEqual(Mutual.discrete(x, Float64Array.of(5, 6, 5, 6)), 0)
    const same = new Float64Array(9).fill(3)
    for (const estimate of [Mutual.mixed(same, same, 3), Mutual.continuous(same, same, 3)]) {
      assert.isTrue(Number.isFinite(estimate))
    }
  })

  it.effect("keeps the best, names and scores of all are learned, and the tensor holds them in their order", () =>
    Effect.gen(function* () {
      const by = { score: "mutualInformation", discrete: ["d"] } as const
      const recipe = described.pipe(Recipe.select(names, { target: "float", as: "chosen", by, top: 2 }))
      const fitted = yield* fit(recipe, given)
      const learned = (fitted.steps[0].learned as unknown as Learned).features
      assert.deepStrictEqual(chosen(learned), ["a", "d"])
      const { columns, values } = yield* Recipe.applyTable(fitted, given)
      assert.deepStrictEqual(columns.chosen, Column.tensor([2]))
      const rows: Numbers = [...given.values.a].flatMap((a, row) => [a, given.values.d[row]])
      close(values.chosen, rows, "chosen")
    })
  )
})

describe("select by L1", () => {
  for (const { float, penalty, two } of selection.l1) {
    const by = { score: "l1", penalty } as const
    it.effect(`has the coefficients of Lasso and LogisticRegression at penalty ${penalty}`, () =>
      Effect.gen(function* () {
        for (const [target, expected] of [
          ["float", float],
          ["two", two]
        ] as const) {
          const recipe = described.pipe(Recipe.select(names, { target, as: "chosen", by }))
          const sizes = expected.map(Math.abs)
          if (sizes.every((size) => size === 0)) {
            const error = yield* Effect.flip(fit(recipe, given))
            assert.match(error.message, /select of column "a": and b, c, d, e: no feature has a score above 0.00001/)
            continue
          }
          const learned = yield* learnedBy(recipe)
          close(scores(learned), sizes, target)
          assert.deepStrictEqual(
            chosen(learned),
            names.filter((_, at) => sizes[at] > 1e-5)
          )
        }
      })
    )
  }

  it.effect("selects elements of tensors by name, and leaves out what is constant or a copy", () =>
    Effect.gen(function* () {
      const columns = { v: Column.tensor([3]), x: Column.float, y: Column.float }
      const length = 40
      const x = Float64Array.from({ length }, (_, row) => Math.sin(row * 1.7))
      const v = Float32Array.from({ length: 3 * length }, (_, place) =>
        place % 3 === 0 ? 7 : place % 3 === 1 ? Math.cos(Math.floor(place / 3) * 2.3) : x[Math.floor(place / 3)]
      )
      const y = x.map((value, row) => 2 * value - v[3 * row + 1])
      const table = yield* Table.make(columns, { v, x, y }, { length })
      const by = { score: "l1", penalty: 0.01 } as const
      const recipe = Recipe.forColumns(columns).pipe(Recipe.select(["v", "x"], { target: "y", as: "best", by, top: 2 }))
      const fitted = yield* fit(recipe, table)
      const learned = (fitted.steps[0].learned as unknown as Learned).features
      assert.deepStrictEqual(
        learned.map(({ feature }) => feature),
        ["v[0]", "v[1]", "v[2]", "x"]
      )
      assert.strictEqual(learned[0].score, 0)
      assert.include(chosen(learned), "v[1]")
      assert.strictEqual(chosen(learned).length, 2)
    })
  )

  it.effect("refuses what it cannot tell, and options that make no sense", () =>
    Effect.gen(function* () {
      const by = { score: "l1", penalty: 0.1 } as const
      const three = yield* Effect.flip(
        fit(described.pipe(Recipe.select(names, { target: "three", as: "s", by })), given)
      )
      assert.match(three.message, /L1 tells two classes apart; this has 3/)
      const one = { ...given, ids: given.ids, values: { ...given.values, two: new Int32Array(given.length) } }
      const same = yield* Effect.flip(fit(described.pipe(Recipe.select(names, { target: "two", as: "s", by })), one))
      assert.match(same.message, /all train rows are of one class/)
      const bad = { ...given, ids: given.ids, values: { ...given.values, c: given.values.c.with(4, NaN) } }
      const nan = yield* Effect.flip(fit(described.pipe(Recipe.select(names, { target: "two", as: "s", by })), bad))
      assert.match(nan.message, /select of column "c", row 4 of the train partition: holds NaN/)
      const rows = {
        ...given,
        ids: given.ids,
        values: { ...given.values, float: given.values.float.with(0, Infinity) }
      }
      const far = yield* Effect.flip(fit(described.pipe(Recipe.select(names, { target: "float", as: "s", by })), rows))
      assert.match(far.message, /column "float", row 0/)
      const wide = {
        ...given,
        ids: given.ids,
        values: { ...given.values, a: given.values.a.with(0, 1e308).with(1, -1e308) }
      }
      const apart = yield* Effect.flip(fit(described.pipe(Recipe.select(names, { target: "two", as: "s", by })), wide))
      assert.match(apart.message, /column "a".*too far apart for float64/)
      const wrong = [
        { by: { score: "l1", penalty: 0 } },
        { by, top: 0 },
        { by, above: -1 },
        { by: { score: "mutualInformation", neighbors: 0 } }
      ] as const
      for (const each of wrong) {
        assert.throws(() => Recipe.select(names, { target: "two", as: "s", ...each })(described), RangeError)
      }
    })
  )
})

describe("select by permutation", () => {
  const rows = 900
  const Rows = Columns.make({
    pair: Column.tensor([2]),
    x: Column.float,
    noise: Column.float,
    constant: Column.float,
    y: Column.float,
    label: Column.category(["no", "yes", "maybe"])
  })
  const made = (seed: number, length = rows) => {
    const uniform = Float64Array.from(Key.uniform(Key.fromSeed(seed), 4 * length))
    const column = (at: number) => uniform.subarray(at * length, (at + 1) * length)
    const [p, q, x] = [column(0), column(1), column(2)]
    const y = x.map((value, row) => 4 * (p[row] - 0.5) * (q[row] - 0.5) + (value - 0.5) ** 2)
    const pair = Float32Array.from({ length: 2 * length }, (_, at) => (at % 2 === 0 ? p : q)[at >> 1])
    const label = Int32Array.from(y, (value) => (value < 0 ? 0 : value < 0.4 ? 1 : 2))
    const values = { pair, x, noise: column(3), constant: new Float64Array(length).fill(7), y, label }
    return Table.make(Rows, values, { length })
  }
  const columns = ["pair", "x", "noise", "constant"] as const
  const learnedOf = <C extends Columns.Columns, Out extends Columns.Columns>(
    recipe: Recipe.Recipe<C, Out>,
    table: Table.Table<C>,
    seed = 1
  ) =>
    Effect.map(
      Recipe.fitDataset(recipe, Dataset.make(table, undefined, "train"), { key: Key.fromSeed(seed) }),
      ({ steps }) => steps[0].learned as unknown as Permuted
    )
  interface Permuted extends Learned {
    readonly features: ReadonlyArray<
      Learned["features"][number] & { readonly deviation: number; readonly error: number }
    >
    readonly model: {
      readonly metric: string
      readonly score: number
      readonly fitted: number
      readonly scored: number
    }
  }

  for (const target of ["y", "label"] as const) {
    const recipe = Recipe.forColumns(Rows).pipe(
      Recipe.select(columns, { target, as: "best", by: { score: "permutation" } })
    )
    it.effect(`keeps whole columns that tell ${target}, and neither noise nor constants`, () =>
      Effect.gen(function* () {
        const table = yield* made(3)
        const train = Dataset.make(table, undefined, "train")
        const fitted = yield* Recipe.fitDataset(recipe, train, { key: Key.fromSeed(1) })
        const { features, model } = fitted.steps[0].learned as unknown as Permuted
        assert.deepStrictEqual(
          features.map(({ feature, selected }) => [feature, selected]),
          [
            ["pair", true],
            ["x", true],
            ["noise", false],
            ["constant", false]
          ]
        )
        const [pair, x, noise, constant] = features
        assert.isAbove(pair.score, x.score)
        assert.isAbove(x.score, 3 * x.error)
        assert.isBelow(Math.abs(noise.score), 0.02)
        assert.deepStrictEqual([constant.score, constant.deviation, constant.error], [0, 0, 0])
        assert.deepStrictEqual([model.metric, model.fitted + model.scored], [target === "y" ? "R2" : "log loss", rows])
        if (target === "y") assert.isAbove(model.score, 0.7)
        else assert.isBelow(model.score, 0.6)
        const { columns: after, values } = yield* Recipe.applyTable(fitted, table)
        assert.deepStrictEqual(after.best, Column.tensor([3]))
        close(
          values.best.subarray(0, 3),
          [table.values.pair[0], table.values.pair[1], table.values.x[0]].map(Math.fround),
          "best"
        )
        assert.strictEqual(JSON.stringify(yield* learnedOf(recipe, table)), JSON.stringify({ features, model }))
        assert.notStrictEqual((yield* learnedOf(recipe, table, 2)).features[0].score, pair.score)
      })
    )
  }

  it.effect("of columns that tell nothing it keeps none in 19 of 20 fits", () =>
    Effect.gen(function* () {
      const recipe = Recipe.forColumns(Rows).pipe(
        Recipe.select(["x", "noise", "pair"], { target: "y", as: "best", by: { score: "permutation" } })
      )
      let kept = 0
      for (let draw = 0; draw < 100; draw++) {
        const table = yield* made(100 + draw, 120)
        const y = Float64Array.from(Key.normal(Key.fromSeed(500 + draw), 120))
        const result = yield* Effect.result(
          learnedOf(recipe, { ...table, ids: table.ids, values: { ...table.values, y } }, draw)
        )
        if (Result.isSuccess(result)) kept++
        else assert.match(result.failure.message, /no feature has a score above what chance explains/)
      }
      assert.isAtMost(kept, 10) // of 100 at 1 in 20: more would be so one time in a hundred
    })
  )

  it.effect("top and above choose, and rows of one group or of the same time are on one side", () =>
    Effect.gen(function* () {
      const table = yield* made(5)
      const best = yield* learnedOf(
        Recipe.forColumns(Rows).pipe(
          Recipe.select(columns, { target: "y", as: "best", top: 1, by: { score: "permutation" } })
        ),
        table
      )
      assert.deepStrictEqual(chosen(best.features), ["pair"])
      const none = Recipe.forColumns(Rows).pipe(
        Recipe.select(columns, { target: "y", as: "best", above: 50, by: { score: "permutation" } })
      )
      assert.match((yield* Effect.flip(learnedOf(none, table))).message, /no feature has a score above 50/)

      const Visits = Columns.make({
        x: Column.float,
        patient: Column.group(Column.float),
        day: Column.timestamp,
        y: Column.float
      })
      const length = 400
      const patient = Float64Array.from({ length }, (_, row) => row % 40)
      const noise = Float64Array.from(Key.normal(Key.fromSeed(9), 40))
      const visits = yield* Table.make(
        Visits,
        {
          x: patient.map((id) => noise[id]),
          patient,
          day: Float64Array.from({ length }, (_, row) => Math.floor(row / 40)),
          y: patient.map((id) => noise[39 - id])
        },
        { length }
      )
      const { day: _, ...Days } = Visits
      const { day: __, ...values } = visits.values
      const untimed = yield* Table.make(Days, values, { length })
      const asked = { score: "permutation", group: "patient" } as const
      // each patient has one x and one y: a model that has seen the patient knows y, one that has not does not
      const apart = Recipe.forColumns(Days).pipe(
        Recipe.select(["x"], { target: "y", as: "best", top: 1, by: { ...asked, scored: 0.5 } })
      )
      const ofGroups = yield* learnedOf(apart, untimed)
      assert.deepStrictEqual([ofGroups.model.fitted, ofGroups.model.scored], [200, 200])
      assert.isBelow(ofGroups.model.score, 0.3)
      const inTime = (more: object, share: number) =>
        Recipe.forColumns(Visits as Columns.Columns).pipe(
          Recipe.select(["x"], {
            target: "y",
            as: "best",
            top: 1,
            by: { score: "permutation", time: "day", scored: share, ...more }
          })
        )
      const ofDays = yield* Effect.flip(learnedOf(inTime(asked, 0.3), visits))
      assert.match(
        ofDays.message,
        /a model needs 20 rows and its scores 10; here are 0 and 120: bring more rows or groups/
      )
      const undeclared = yield* Effect.flip(learnedOf(inTime({}, 0.3), visits))
      assert.match(undeclared.message, /select of column "patient": its rows stay together: name it as the group/)
      const { patient: ___, ...Plain } = Visits
      const { patient: ____, ...plain } = visits.values
      const days = yield* Table.make(Plain, plain, { length })
      const timed = Recipe.forColumns(Plain).pipe(
        Recipe.select(["x"], {
          target: "y",
          as: "best",
          top: 1,
          by: { score: "permutation", time: "day", scored: 0.25 }
        })
      )
      const late = yield* learnedOf(timed, days)
      assert.deepStrictEqual([late.model.fitted, late.model.scored], [280, 120]) // of 10 days the last 3: none is parted
      assert.isAbove(late.model.score, 0.6)
      const untold = Recipe.forColumns(Plain as Columns.Columns).pipe(
        Recipe.select(["x"], { target: "y", as: "best", by: { score: "permutation" } })
      )
      const error = yield* Effect.flip(learnedOf(untold, days))
      assert.match(error.message, /select of column "day": rows near in time are alike: name it as the time/)
    })
  )

  it.effect("refuses too few rows, targets that do not vary, and options that make no sense", () =>
    Effect.gen(function* () {
      const by = { score: "permutation" } as const
      const recipe = Recipe.forColumns(Rows).pipe(Recipe.select(columns, { target: "y", as: "best", by }))
      const few = yield* Effect.flip(learnedOf(recipe, yield* made(1, 20)))
      assert.match(few.message, /select of column "y": a model needs 20 rows and its scores 10; here are 15 and 5/)
      const table = yield* made(1, 100)
      const same = { ...table, ids: table.ids, values: { ...table.values, y: new Float64Array(100) } }
      assert.match(
        (yield* Effect.flip(learnedOf(recipe, same))).message,
        /does not vary in the 25 rows that are scored/
      )
      for (const wrong of [{ repeats: 1 }, { scored: 0 }, { scored: 1 }]) {
        assert.throws(
          () => Recipe.select(columns, { target: "y", as: "s", by: { ...by, ...wrong } })(Recipe.forColumns(Rows)),
          RangeError
        )
      }
    })
  )

  const tables = fc
    .tuple(fc.nat(1000), fc.integer({ min: 1, max: 120 }))
    .map(([seed, length]) => Effect.runSync(Effect.orDie(made(seed, length))))
  const recipe = Recipe.forColumns(Rows).pipe(
    Recipe.select(columns, { target: "label", as: "best", top: 3, by: { score: "permutation", repeats: 2 } })
  )
  for (const law of [
    ...RecipeLaws.laws({ recipe, tables }),
    RecipeLaws.fitsByKey({ recipe, tables, anyOrder: true })
  ]) {
    it.effect(law.name, () => law.check({ runs: Math.ceil(runs / 5) }))
  }
})

describe("laws", () => {
  const columns = {
    x: Column.float,
    z: Column.float,
    v: Column.tensor([2]),
    y: Column.float,
    label: Column.category(["no", "yes"])
  }
  const tables = Tables.arbitrary(columns, { maxLength: 30 }).map((table) => ({
    ...table,
    ids: table.ids,
    values: {
      ...table.values,
      x: table.values.x.map(Math.asinh),
      z: table.values.z.map((value) => Math.round(Math.asinh(value))),
      v: table.values.v.map(Math.asinh),
      y: table.values.y.map(Math.asinh)
    }
  }))
  const information = { score: "mutualInformation", discrete: ["z"] } as const
  const recipe = Recipe.forColumns(columns).pipe(
    Recipe.select(["x", "z", "v"], { target: "y", as: "told", by: information, top: 2 }),
    Recipe.standardize("told", { per: "element" })
  )
  const linear = Recipe.forColumns(columns).pipe(
    Recipe.select(["x", "z", "v"], { target: "y", as: "linear", by: { score: "l1", penalty: 0.01 } }),
    Recipe.select(["x", "v"], { target: "label", as: "logistic", by: { score: "l1", penalty: 0.02 } })
  )
  for (const law of RecipeLaws.laws({ recipe, tables })) it.effect(law.name, () => law.check({ runs }))
  for (const law of RecipeLaws.laws({ recipe: linear, tables })) {
    it.effect(`L1 ${law.name}`, () => law.check({ runs }))
  }
})
