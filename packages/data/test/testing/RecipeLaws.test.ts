import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type * as fc from "fast-check"
import { Column, Columns, Dataset, Recipe, Step, type Table } from "../../src/index.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const Trip = Columns.make({
  distance: Column.float,
  fare: Column.float,
  zone: Column.category(["a", "b", "c"]),
  image: Column.tensor([2, 3], "uint8"),
  embedding: Column.tensor([3])
})

/** Floats to the edges of float64 become numbers within 710, many of them equal. */
const moderate = (values: Float64Array) => values.map((value) => Math.round(Math.asinh(value) * 100) / 100)

const tables: fc.Arbitrary<Table.Table<typeof Trip>> = Tables.arbitrary(Trip, { maxLength: 40 }).map((table) => ({
  ...table,
  ids: table.ids,
  values: {
    ...table.values,
    distance: moderate(table.values.distance),
    fare: table.values.fare.fill(1 / 3),
    embedding: Float32Array.from(table.values.embedding, (value) => Math.asinh(value))
  }
}))

const describeTrips = Recipe.forColumns(Trip)
const Gaps = Columns.make({
  age: Column.optional(Column.float),
  income: Column.optional(Column.float),
  children: Column.optional(Column.float),
  zone: Column.optional(Column.category(["a", "b", "c"])),
  since: Column.optional(Column.timestamp)
})
const gaps: fc.Arbitrary<Table.Table<typeof Gaps>> = Tables.arbitrary(Gaps, { maxLength: 40 }).map((table) => ({
  ...table,
  ids: table.ids,
  values: { ...table.values, age: moderate(table.values.age), children: moderate(table.values.children) }
}))
const filling = Recipe.forColumns(Gaps).pipe(
  Recipe.missingIndicator(["age", "zone", "since"]),
  Recipe.imputeMean("age"),
  Recipe.imputeMedian("income"),
  Recipe.imputeMode(["children", "zone", "since"]),
  Recipe.standardize("age"),
  Recipe.oneHot("zone")
)
const constants = Recipe.forColumns(Gaps).pipe(
  Recipe.imputeConstant("age", -1),
  Recipe.imputeConstant("zone", "none"),
  Recipe.imputeConstant("since", 0),
  Recipe.oneHot("zone")
)

const every = describeTrips.pipe(
  Recipe.standardize(["distance", "fare"]),
  Recipe.minMax("embedding", { per: "element" }),
  Recipe.oneHot("zone"),
  Recipe.scale("image", 1 / 255),
  Recipe.standardize("image", { per: "channel" }),
  Recipe.minMax("distance", { clip: true })
)

/** A step on the column `distance` that does what it should not. */
const broken = (
  fit: Step.ColumnOptions<"distance", Column.Float, Column.Float, number>["fit"],
  apply: Step.ColumnOptions<"distance", Column.Float, Column.Float, number>["apply"]
) => {
  const options = { name: "broken", version: 1, column: "distance", takes: ["float"] } as const
  const becomes = (column: Column.Float) => column
  const step = Step.column({ ...options, becomes, state: Schema.Finite, fit, apply })
  return describeTrips.pipe(Recipe.step(step))
}

const one = () => Effect.succeed(1)
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length

describe("RecipeLaws", () => {
  for (const law of RecipeLaws.laws({ recipe: every, tables })) it.effect(law.name, () => law.check({ runs }))
  for (const law of RecipeLaws.laws({ recipe: filling, tables: gaps })) {
    it.effect(`D07 D08 ${law.name}`, () => law.check({ runs }))
  }
  for (const law of RecipeLaws.laws({ recipe: constants, tables: gaps })) {
    it.effect(`D09 ${law.name}`, () => law.check({ runs }))
  }

  const columns = ["distance", "fare", "image", "embedding"]
  const standard = RecipeLaws.standardized({
    recipe: describeTrips.pipe(Recipe.standardize(columns as never)),
    tables,
    columns
  })
  it.effect(`D22 ${standard.name}`, () => standard.check({ runs }))

  const breaks = (recipe: Recipe.Recipe<typeof Trip, Columns.Columns>) => ({
    standardized: RecipeLaws.standardized({ recipe, tables, columns: ["distance"] }),
    fit: RecipeLaws.fitsTrainOnly({ fit: RecipeLaws.learned(recipe), tables }),
    byRow: RecipeLaws.appliesByRow({ recipe, tables }),
    input: RecipeLaws.leavesInput({ recipe, tables }),
    serializes: RecipeLaws.serializes({ recipe, tables }),
    few: RecipeLaws.fewRows({ recipe, tables })
  })

  it.effect(
    "standardized fails for the sample variance, for a forgotten mean, and for constants that divide by 0",
    () =>
      Effect.gen(function* () {
        const apply = (scale: (values: Float64Array) => number, center: (values: Float64Array) => number) =>
          broken(one, ({ values }) => Effect.succeed(values.map((value) => (value - center(values)) / scale(values))))
        const deviation = (values: Float64Array, count: number) =>
          Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / count)
        const sample = apply((values) => deviation(values, values.length - 1) || 1, mean)
        const uncentered = apply(
          (values) => deviation(values, values.length) || 1,
          () => 0
        )
        const unguarded = apply((values) => deviation(values, values.length), mean)
        for (const [recipe, reason] of [
          [sample, /has variance/],
          [uncentered, /has mean/],
          [unguarded, /holds (NaN|-?Infinity)/]
        ] as const) {
          const violation = yield* Effect.flip(breaks(recipe).standardized.check({ runs: 200 }))
          assert.match(violation.reason, reason)
        }
      })
  )

  it.effect("fit fails for statistics of all rows", () =>
    Effect.gen(function* () {
      const peeking = RecipeLaws.fitsTrainOnly<typeof Trip>({
        tables,
        fit: ({ train, validation }) =>
          Effect.gen(function* () {
            const [first, second] = [yield* Dataset.rows(train), yield* Dataset.rows(validation)]
            return mean(first.values.distance) + mean(second.values.distance)
          })
      })
      const violation = yield* Effect.flip(peeking.check({ runs: 200 }))
      assert.match(violation.message, /fit: statistics do not change when validation or test rows change/)
      const counting = RecipeLaws.fitsTrainOnly<typeof Trip>({
        tables,
        fit: ({ test }) => Effect.succeed(test.fingerprint)
      })
      assert.match((yield* Effect.flip(counting.check({ runs: 200 }))).reason, /when only other rows had changed/)
    })
  )

  it.effect("fit fails for what is not of the rows and the key, or of where a row stands", () =>
    Effect.gen(function* () {
      let fits = 0
      const [counting, first] = [
        broken(
          () => Effect.sync(() => fits++),
          ({ values }) => Effect.succeed(values.slice())
        ),
        broken(
          ({ values }) => Effect.succeed(values[0]),
          ({ values }) => Effect.succeed(values.slice())
        )
      ]
      for (const law of [
        RecipeLaws.fitsByKey({ recipe: counting, tables }),
        RecipeLaws.fitsByKey({ recipe: first, tables, anyOrder: true })
      ]) {
        assert.match((yield* Effect.flip(law.check({ runs: 100 }))).reason, /from the same rows and key/)
      }
      yield* RecipeLaws.fitsByKey({ recipe: first, tables }).check({ runs })
    })
  )

  it.effect("apply fails for statistics of the rows it is applied to", () =>
    Effect.gen(function* () {
      const local = broken(one, ({ values }) => Effect.succeed(values.map((value) => value - mean(values))))
      const running = broken(one, ({ values }) => {
        let sum = 0
        return Effect.succeed(values.map((value) => (sum += value)))
      })
      for (const recipe of [local, running]) {
        assert.match((yield* Effect.flip(breaks(recipe).byRow.check({ runs: 200 }))).reason, /give something else/)
      }
    })
  )

  it.effect("apply fails for writing into its input, and so does fit", () =>
    Effect.gen(function* () {
      const applying = broken(one, ({ values }) => Effect.succeed(values.fill(0)))
      const fitting = broken(
        ({ values }) => Effect.succeed(values.sort()[0]),
        ({ values }) => Effect.succeed(values.slice())
      )
      assert.match((yield* Effect.flip(breaks(applying).input.check({ runs: 200 }))).reason, /apply wrote/)
      assert.match((yield* Effect.flip(breaks(fitting).input.check({ runs: 200 }))).reason, /fit wrote/)
    })
  )

  it.effect("what was learned fails where JSON does not keep it", () =>
    Effect.gen(function* () {
      const signed = broken(
        () => Effect.succeed(-0),
        ({ values }, zero) => Effect.succeed(values.map(() => 1 / zero))
      )
      assert.match((yield* Effect.flip(breaks(signed).serializes.check({ runs: 200 }))).reason, /gives other outputs/)
    })
  )

  it.effect("few rows fail for steps that need a row, and for those that need two to fit", () =>
    Effect.gen(function* () {
      const needsRow = broken(one, ({ values }) =>
        Effect.sync(() => [values[0].toFixed(2), values.slice()][1] as Float64Array)
      )
      const needsTwo = broken(
        ({ values }) => Effect.sync(() => Number(values[1].toFixed(2))),
        ({ values }) => Effect.succeed(values.slice())
      )
      for (const recipe of [needsRow, needsTwo]) {
        assert.match((yield* Effect.flip(breaks(recipe).few.check({ runs: 200 }))).reason, /toFixed/)
      }
    })
  )

  const Told = Columns.make({
    zone: Column.category(["a", "b", "c"]),
    fare: Column.float,
    won: Column.category(["no", "yes"])
  })
  const told = Tables.arbitrary(Told, { maxLength: 30 }).map((table) => ({
    ...table,
    ids: table.ids,
    values: { ...table.values, fare: moderate(table.values.fare) }
  }))
  const describeTold = Recipe.forColumns(Told)
  for (const target of ["fare", "won"] as const) {
    const recipe = describeTold.pipe(Recipe.targetEncode("zone", { target, smoothing: 1, folds: 2 }))
    const laws = [
      RecipeLaws.ownTargetUnseen({ recipe, tables: told, target }),
      ...RecipeLaws.laws({ recipe, tables: told })
    ]
    for (const law of laws) it.effect(`targetEncode by ${target}: ${law.name}`, () => law.check({ runs }))
  }

  it.effect("target encoding fails for means that a row is part of", () =>
    Effect.gen(function* () {
      const naive = Step.make({
        name: "naive",
        version: 1,
        state: Schema.Array(Schema.Finite),
        columns: (_: typeof Told) => Effect.succeed({ zone: Column.float }),
        fit: ({ values }) =>
          Effect.sync(() =>
            [0, 1, 2].map((code) => {
              const own = values.fare.filter((_, row) => values.zone[row] === code)
              return own.length === 0 ? 0 : mean(own)
            })
          ),
        apply: ({ values }, means) => Effect.succeed({ zone: Float64Array.from(values.zone, (code) => means[code]) })
      })
      const law = RecipeLaws.ownTargetUnseen({
        recipe: describeTold.pipe(Recipe.step(naive)),
        tables: told,
        target: "fare"
      })
      const violation = yield* Effect.flip(law.check({ runs: 200 }))
      assert.match(violation.reason, /column zone of row \d+ changed with the row's target/)
    })
  )

  it.effect("train rows too are each encoded by themselves", () =>
    Effect.gen(function* () {
      const places = Step.make({
        name: "places",
        version: 1,
        state: Schema.Null,
        columns: (_: typeof Trip) => Effect.succeed({ distance: Column.float }),
        fit: () => Effect.succeed(null),
        apply: ({ values }, _, partition) =>
          Effect.succeed({ distance: values.distance.map((value, row) => (partition === "train" ? row : value)) })
      })
      const violation = yield* Effect.flip(breaks(describeTrips.pipe(Recipe.step(places))).byRow.check({ runs: 200 }))
      assert.match(violation.reason, /^train rows .* give something else/)
    })
  )

  it.effect("a recipe that refuses everything does not pass", () =>
    Effect.gen(function* () {
      const refusing = broken(
        ({ refuse }) => Effect.fail(refuse("no")),
        ({ values }) => Effect.succeed(values.slice())
      )
      for (const law of Object.values(breaks(refusing))) {
        assert.strictEqual((yield* Effect.exit(law.check({ runs: 1 })))._tag, "Failure")
      }
    })
  )
})
