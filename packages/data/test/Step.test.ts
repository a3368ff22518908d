import { assert, describe, it } from "@effect/vitest"
import { Key, Node, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import { Column, Columns, Dataset, Recipe, Step, Table } from "../src/index.ts"
import { run } from "./run.ts"

const Trip = Columns.make({ fare: Column.float, distance: Column.float })
const table = Table.make(
  Trip,
  { fare: Float64Array.of(10, 20, 30), distance: Float64Array.of(1, 4, 10) },
  { length: 3 }
)

const through = Effect.fnUntraced(function* <Out extends Columns.Columns>(recipe: Recipe.Recipe<typeof Trip, Out>) {
  const rows = yield* table
  const fitted = yield* Recipe.fitDataset(recipe, Dataset.make(rows, undefined, "train"))
  return { learned: fitted.steps.map((step) => step.learned), rows: yield* Recipe.applyTable(fitted, rows) }
})

/** Adds the fare per mile, less its mean over the train rows. */
const rate = Step.make({
  name: "rate",
  version: 1,
  state: Schema.Struct({ mean: Schema.Finite }),
  columns: (_: typeof Trip) => Effect.succeed({ rate: Column.float }),
  fit: ({ length, values }) =>
    Effect.succeed({ mean: values.fare.reduce((sum, fare, row) => sum + fare / values.distance[row], 0) / length }),
  apply: ({ values }, { mean }) =>
    Effect.succeed({ rate: values.fare.map((fare, row) => fare / values.distance[row] - mean) })
})

describe("Step.make", () => {
  it.effect("a step of one's own adds columns, with what it learned kept as data", () =>
    Effect.gen(function* () {
      const { learned, rows } = yield* through(
        Recipe.forColumns(Trip).pipe(Recipe.step(rate), Recipe.scale("rate", 10))
      )
      assert.deepStrictEqual(learned, [{ mean: 6 }, null])
      assert.deepStrictEqual(Object.keys(rows.columns), ["fare", "distance", "rate"])
      assert.deepStrictEqual([...rows.values.rate], [40, -10, -30])
    })
  )

  it.effect("what a step returns is checked", () =>
    Effect.gen(function* () {
      const bad = (made: Partial<Step.Options<typeof Trip, { readonly rate: Column.Float }, number>>) =>
        Effect.flip(
          through(
            Recipe.forColumns(Trip).pipe(
              Recipe.step(
                Step.make<typeof Trip, { readonly rate: Column.Float }, number>({
                  name: "bad",
                  version: 1,
                  state: Schema.Finite,
                  columns: () => Effect.succeed({ rate: Column.float }),
                  fit: () => Effect.succeed(1),
                  apply: ({ length }) => Effect.succeed({ rate: new Float64Array(length) }),
                  ...made
                })
              )
            )
          )
        )
      const short = yield* bad({ apply: () => Effect.succeed({ rate: new Float64Array(2) }) })
      assert.strictEqual(short.message, 'bad of column "rate": holds 2 numbers instead of 3')
      const missing = yield* bad({ apply: () => Effect.succeed({} as never) })
      assert.strictEqual(missing.message, 'bad of column "rate": has no values')
      const unlearned = yield* bad({ fit: () => Effect.succeed(Number.NaN) })
      assert.match(unlearned.message, /^bad: learned no/)
    })
  )
})

describe("Step.added", () => {
  const sum = (columns: ReadonlyArray<string>, as = "sum") =>
    Step.added({
      name: "sum",
      version: 1,
      columns,
      takes: ["float"],
      adds: (read) => ({ [as]: read.length === 2 ? Column.float : Column.timestamp }),
      state: Schema.Struct({ least: Schema.Finite }),
      fit: ([{ values }]) => Effect.succeed({ least: Math.min(...values) }),
      apply: ([first, second], { least }) =>
        Effect.succeed({ [as]: first.values.map((value, row) => value + second.values[row] - least) })
    })

  it.effect("makes columns of others, with what it learned", () =>
    Effect.gen(function* () {
      const { learned, rows } = yield* through(Recipe.forColumns(Trip).pipe(Recipe.step(sum(["fare", "distance"]))))
      assert.deepStrictEqual(learned, [{ least: 10 }])
      assert.deepStrictEqual([...(rows.values as Readonly<Record<string, Float64Array>>)["sum"]], [1, 14, 30])
    })
  )

  it.effect("refuses columns that are missing or of another kind, and names that are taken", () =>
    Effect.gen(function* () {
      const refused = (step: Step.Step<Columns.Columns>) =>
        Effect.map(Effect.flip(through(Recipe.forColumns(Trip).pipe(Recipe.step(step)))), (error) => error.message)
      assert.match(yield* refused(sum(["fare", "tip"])), /sum of column "tip": there is no such column/)
      assert.match(yield* refused(sum(["fare", "distance"], "fare")), /"fare": there is already such a column/)
    })
  )
})

describe("Step.column", () => {
  it.effect("changes one column, and refuses by row", () =>
    Effect.gen(function* () {
      const logarithm = Step.column({
        name: "logarithm",
        version: 1,
        column: "distance",
        takes: ["float"],
        becomes: (column: Column.Float) => column,
        state: Schema.Null,
        fit: () => Effect.succeed(null),
        apply: ({ refuse, values }) => {
          const place = values.findIndex((value) => value > 4)
          return place < 0 ? Effect.succeed(values.map(Math.log)) : Effect.fail(refuse("is too far", place))
        }
      })
      const error = yield* Effect.flip(through(Recipe.forColumns(Trip).pipe(Recipe.step(logarithm))))
      assert.strictEqual(error.message, 'logarithm of column "distance", row 2: is too far')
    })
  )
})

describe("a step that draws", () => {
  const state = Schema.Finite
  const noise = (name: string, column: "fare" | "distance" = "fare") =>
    Step.numeric({
      name,
      version: 1,
      code: "versioned",
      column,
      draws: true,
      state,
      fit: (_, key) => Effect.succeed(Key.uniform(key, 1)[0]),
      apply: ({ values }, shift) => Effect.succeed(Float64Array.from(values, (value) => value + shift))
    })
  const described = Recipe.forColumns(Trip).pipe(Recipe.standardize("distance"), Recipe.step(noise("noise")))
  const train = Node.make(
    Stage.make({
      name: "train",
      version: 1,
      origin: "train",
      codec: Dataset.codec<typeof Trip, "train">(),
      run: (_: object) => Effect.map(Effect.orDie(table), (rows) => Dataset.make(rows, undefined, "train"))
    }),
    {}
  )
  const drawn = (node: Node.Node<Recipe.Fitted<typeof Trip, Columns.Columns>, unknown>, seed: number) =>
    Effect.map(run(node, seed), ({ steps }) => steps.filter(({ step }) => step.draws).map(({ learned }) => learned))

  it.effect("is given a key of the seed, and the seed is in the cache key of a fit that draws and of no other", () =>
    Effect.gen(function* () {
      const fitted = Recipe.fit(described, train)
      assert.isTrue(fitted.stage.draws)
      assert.isFalse(Recipe.fit(Recipe.forColumns(Trip).pipe(Recipe.standardize("fare")), train).stage.draws)
      assert.deepStrictEqual(yield* drawn(fitted, 7), yield* drawn(fitted, 7))
      assert.notDeepEqual(yield* drawn(fitted, 7), yield* drawn(fitted, 8))
    })
  )

  it.effect("draws the same whatever other steps there are, and something else than every other step", () =>
    Effect.gen(function* () {
      const [alone] = yield* drawn(Recipe.fit(described, train), 7)
      const more = Recipe.forColumns(Trip).pipe(
        Recipe.step(noise("other")),
        Recipe.scale("distance", 2),
        Recipe.step(noise("noise")),
        Recipe.step(noise("noise", "distance"))
      )
      const all = yield* drawn(Recipe.fit(more, train), 7)
      assert.strictEqual(all[1], alone)
      assert.strictEqual(new Set(all).size, 3)
    })
  )

  it.effect("is refused without a key, and one that does not say so is given none", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(through(described))
      assert.match(error.message, /^noise: draws random numbers: give Recipe.fitDataset a key/)
      const keys: Array<unknown> = []
      const silent = Step.make({
        name: "silent",
        version: 1,
        state,
        columns: (_: typeof Trip) => Effect.succeed({}),
        fit: (_, key) => Effect.sync(() => keys.push(key)),
        apply: () => Effect.succeed({})
      })
      const rows = Dataset.make(yield* table, undefined, "train")
      yield* Recipe.fitDataset(Recipe.forColumns(Trip).pipe(Recipe.step(silent)), rows, { key: Key.fromSeed(1) })
      assert.deepStrictEqual(keys, [undefined])
    })
  )
})
