import { assert, describe, it } from "@effect/vitest"
import { type Codec, Node, Pipeline, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import { Column, Columns, Dataset, Recipe, Split, Step, Table } from "../src/index.ts"
import { run } from "./run.ts"

const Trip = Columns.make({
  pickup: Column.timestamp,
  distance: Column.float,
  zone: Column.category(["a", "b", "c"]),
  image: Column.tensor([2, 2], "uint8")
})

const trips = (length: number, distance = (row: number) => row ** 2) =>
  Table.make(
    Trip,
    {
      pickup: Float64Array.from({ length }, (_, row) => row * 3_600_000),
      distance: Float64Array.from({ length }, (_, row) => distance(row)),
      zone: Int32Array.from({ length }, (_, row) => row % 3),
      image: Uint8Array.from({ length: 4 * length }, (_, place) => (place * 37) % 256)
    },
    { length }
  )

/** A node that gives a partition, as a split's nodes do. */
const part = <P extends Dataset.Partition>(
  partition: P,
  table: Table.Table<typeof Trip>,
  rows?: ReadonlyArray<number>
) =>
  Node.make(
    Stage.make({
      name: partition,
      version: 1,
      origin: partition,
      codec: Dataset.codec<typeof Trip, P>(),
      run: (_: object) => Effect.sync(() => Dataset.make(table, rows && Uint32Array.from(rows), partition))
    }),
    {}
  )

const describeTrips = Recipe.forColumns(Trip).pipe(
  Recipe.standardize("distance"),
  Recipe.oneHot("zone"),
  Recipe.scale("image", 1 / 255),
  Recipe.standardize("zone", { per: "element" })
)

describe("Recipe.fit and Recipe.apply", () => {
  it.effect("D30 learn from train and apply to every partition, which stays what it was", () =>
    Effect.gen(function* () {
      const table = yield* trips(10)
      const train = part("train", table, [0, 1, 2, 3, 4])
      const test = part("test", table, [9, 7])
      const fitted = Recipe.fit(Recipe.of(train).pipe(Recipe.standardize("distance"), Recipe.oneHot("zone")), train)
      const ready = yield* run(Recipe.apply(fitted, train))
      const rows = yield* Dataset.rows(ready)
      assert.deepStrictEqual(rows.columns.zone, { kind: "tensor", shape: [3], dtype: "float32" })
      assert.deepStrictEqual(
        [...rows.values.distance].map((x) => x.toFixed(3)),
        ["-1.017", "-0.848", "-0.339", "0.509", "1.695"]
      )
      assert.deepStrictEqual([...rows.values.zone.subarray(0, 6)], [1, 0, 0, 0, 1, 0])
      const sealed = yield* run(Recipe.apply(fitted, test))
      assert.deepStrictEqual([sealed.partition, sealed.length], ["test", 2])
      assert.deepStrictEqual(Dataset.ids(sealed), Dataset.ids(yield* run(test)))
      assert.strictEqual((yield* Effect.flip(Dataset.rows(sealed as never)))._tag, "SealedError")
    })
  )

  it.effect("keep what was learned as JSON that reads back to the same outputs", () =>
    Effect.gen(function* () {
      const table = yield* trips(9, (row) => [-0, 1, -5][row % 3])
      const train = part("train", table)
      const recipes: ReadonlyArray<Recipe.Recipe<typeof Trip, Columns.Columns>> = [
        describeTrips,
        Recipe.forColumns(Trip).pipe(Recipe.minMax("distance"))
      ]
      for (const recipe of recipes) {
        const node = Recipe.fit(recipe, train)
        const codec = node.stage.codec()
        assert.isTrue(codec._tag === "Stored")
        if (codec._tag !== "Stored") return
        const fitted = yield* run(node)
        const { blobs, meta } = codec.encode(fitted)
        assert.deepStrictEqual(blobs, {})
        const stored: Schema.Json = JSON.parse(JSON.stringify(meta))
        const restored = (yield* codec.decode({ meta: stored, blobs: {} })) as typeof fitted
        const [before, after] = [yield* Recipe.applyTable(fitted, table), yield* Recipe.applyTable(restored, table)]
        assert.strictEqual(Table.digest(before), Table.digest(after))
      }
    })
  )

  it.effect("are fitted on what later steps read, and compute nothing else", () =>
    Effect.gen(function* () {
      const applied: Array<string> = []
      const add = (name: "a" | "b", reads?: ReadonlyArray<string>) =>
        Step.make({
          name: `add to ${name}`,
          version: 1,
          state: Schema.Finite,
          changes: [name],
          ...(reads === undefined ? {} : { reads }),
          columns: (columns: { readonly a: Column.Float; readonly b: Column.Float }) =>
            Effect.succeed({ [name]: columns[name] }),
          fit: ({ values }) => Effect.sync(() => values[name][0]),
          apply: ({ values }, first) =>
            Effect.sync(() => {
              applied.push(name)
              return { [name]: values[name].map((value) => value + first) }
            })
        })
      const values = { a: Float64Array.of(1, 2), b: Float64Array.of(10, 20) }
      const table = yield* Table.make({ a: Column.float, b: Column.float }, values, { length: 2 })
      const learned = (...steps: ReadonlyArray<Step.Any>) => {
        applied.length = 0
        const described = { ...Recipe.forColumns(table.columns), steps }
        return Effect.map(Recipe.fitDataset(described, Dataset.make(table, undefined, "train")), (fitted) => [
          fitted.steps.map((each) => each.learned),
          [...applied]
        ])
      }
      assert.deepStrictEqual(yield* learned(add("a", ["a"]), add("b", ["b"]), add("a", ["a"])), [[1, 10, 2], ["a"]])
      assert.deepStrictEqual(yield* learned(add("a", ["a"]), add("b", ["b"])), [[1, 10], []])
      assert.deepStrictEqual(yield* learned(add("a"), add("b"), add("a")), [
        [1, 10, 2],
        ["a", "b"]
      ])
    })
  )

  it.effect("store every statistic by name", () =>
    Effect.gen(function* () {
      const recipe = Recipe.forColumns(Trip).pipe(Recipe.standardize("distance"), Recipe.minMax("image"))
      const node = Recipe.fit(recipe, part("train", yield* trips(3)))
      const codec = node.stage.codec()
      const { meta } = codec._tag === "Stored" ? codec.encode(yield* run(node)) : { meta: null }
      assert.deepStrictEqual((meta as { readonly steps: Schema.Json }).steps, [
        {
          name: "standardize",
          version: 1,
          config: { column: "distance", per: "tensor" },
          learned: { mean: [5 / 3], variance: [26 / 9] }
        },
        {
          name: "minMax",
          version: 1,
          config: { column: "image", per: "tensor", clip: false },
          learned: { min: [0], max: [222] }
        }
      ])
      assert.deepStrictEqual(node.stage.params, {
        steps: [
          { name: "standardize", version: 1, config: { column: "distance", per: "tensor" } },
          { name: "minMax", version: 1, config: { column: "image", per: "tensor", clip: false } }
        ]
      })
    })
  )

  it.effect("another recipe's statistics are not read", () =>
    Effect.gen(function* () {
      const train = part("train", yield* trips(3))
      const one = Recipe.fit(Recipe.forColumns(Trip).pipe(Recipe.standardize("distance")), train)
      const codecOf = (node: Node.Any) =>
        node.stage.codec() as Extract<Codec.Codec<unknown>, { readonly _tag: "Stored" }>
      const encoded = codecOf(one).encode(yield* run(one))
      for (const recipe of [
        Recipe.forColumns(Trip),
        Recipe.forColumns(Trip).pipe(Recipe.minMax("distance")),
        Recipe.forColumns(Trip).pipe(Recipe.standardize("image")),
        Recipe.forColumns(Trip).pipe(Recipe.standardize("distance", { per: "element" }))
      ]) {
        const error = yield* Effect.flip(codecOf(Recipe.fit(recipe, train)).decode(encoded))
        assert.strictEqual(error._tag, "ArtifactError")
      }
    })
  )

  it.effect("reuse results of versioned code only when every step is", () =>
    Effect.gen(function* () {
      const train = part("train", yield* trips(3))
      const own = Step.column({
        name: "own",
        version: 1,
        column: "distance",
        takes: ["float"],
        becomes: (column: Column.Float) => column,
        state: Schema.Null,
        fit: () => Effect.succeed(null),
        apply: ({ values }) => Effect.succeed(values.slice())
      })
      const builtIn = Recipe.fit(Recipe.of(train).pipe(Recipe.standardize("distance")), train)
      const mixed = Recipe.fit(Recipe.of(train).pipe(Recipe.standardize("distance"), Recipe.step(own)), train)
      assert.deepStrictEqual([builtIn.stage.code, Recipe.apply(builtIn, train).stage.code], ["versioned", "versioned"])
      assert.deepStrictEqual([mixed.stage.code, Recipe.apply(mixed, train).stage.code], ["sources", "sources"])
    })
  )

  it.effect("work on a real split, and peeking forced through the types is a leak", () =>
    Effect.gen(function* () {
      const columns = { x: Column.float }
      const source = Node.make(
        Stage.make({
          name: "source",
          version: 1,
          origin: "unsplit",
          codec: Table.codec<typeof columns>(),
          run: (_: object) =>
            Effect.orDie(
              Table.make(columns, { x: Float64Array.from({ length: 50 }, (__, row) => row) }, { length: 50 })
            )
        }),
        {}
      )
      const parts = Split.random(source, { validation: 0.2, test: 0.2 })
      const recipe = Recipe.of(parts.train).pipe(Recipe.standardize("x"))
      const fine = Recipe.apply(Recipe.fit(recipe, parts.train), parts.test)
      yield* Pipeline.plan(Pipeline.make("fine", { fine }))
      assert.strictEqual((yield* run(fine)).length, 10)
      for (const forced of [parts.validation, parts.test, source]) {
        const leak = Recipe.apply(Recipe.fit(recipe, forced as never), parts.test)
        assert.strictEqual((yield* Effect.flip(Pipeline.plan(Pipeline.make("leak", { leak }))))._tag, "LeakError")
      }
    })
  )
})

describe("Recipe.fitDataset", () => {
  it.effect("D30 refuses other partitions when types were cast away", () =>
    Effect.gen(function* () {
      const table = yield* trips(3)
      for (const partition of ["validation", "test"] as const) {
        const error = yield* Effect.flip(
          Recipe.fitDataset(describeTrips, Dataset.make(table, undefined, partition) as never)
        )
        assert.strictEqual(
          error.message,
          `Recipe.fit: it learns from the train partition only; this is the ${partition} partition`
        )
      }
    })
  )

  it.effect("refuses an empty partition, and columns that are missing or of the wrong kind", () =>
    Effect.gen(function* () {
      const table = yield* trips(3)
      const refused = (recipe: Recipe.Recipe<never, Columns.Columns>, rows?: Uint32Array) =>
        Effect.map(
          Effect.flip(Recipe.fitDataset(recipe, Dataset.make(table, rows, "train") as never)),
          (error) => error.message
        )
      const other = Recipe.forColumns({ speed: Column.float, zone: Column.float })
      assert.match(yield* refused(describeTrips, new Uint32Array(0)), /the train partition has no rows to learn from/)
      assert.strictEqual(
        yield* refused(other.pipe(Recipe.standardize("speed"))),
        'standardize of column "speed": there is no such column; there are pickup, distance, zone, image'
      )
      assert.strictEqual(
        yield* refused(other.pipe(Recipe.standardize("zone"))),
        'standardize of column "zone": it takes float or tensor columns; this is a category'
      )
    })
  )
})

describe("Recipe.applyTable", () => {
  it.effect("refuses columns other than those it was fitted on", () =>
    Effect.gen(function* () {
      const table = yield* trips(3)
      const fitted = yield* Recipe.fitDataset(describeTrips, Dataset.make(table, undefined, "train"))
      const others: ReadonlyArray<readonly [string, Columns.Columns]> = [
        ["zone", { ...Trip, zone: Column.category(["a", "b", "d"]) }],
        ["zone", { ...Trip, zone: Column.category(["a", "c", "b"]) }],
        ["image", { ...Trip, image: Column.tensor([4], "uint8") }],
        ["extra", { ...Trip, extra: Column.float }]
      ]
      for (const [column, columns] of others) {
        const error = yield* Effect.flip(Recipe.applyTable(fitted, { ...table, ids: table.ids, columns } as never))
        assert.deepStrictEqual([error._tag, error.step, error.column], ["RecipeError", "Recipe.apply", column])
      }
      const { zone: _, ...fewer } = Trip
      assert.strictEqual(
        (yield* Effect.flip(Recipe.applyTable(fitted, { ...table, ids: table.ids, columns: fewer } as never))).column,
        "zone"
      )
      const reordered = { image: Trip.image, zone: Trip.zone, distance: Trip.distance, pickup: Trip.pickup }
      assert.strictEqual((yield* Recipe.applyTable(fitted, { ...table, ids: table.ids, columns: reordered })).length, 3)
    })
  )
})

describe("D10 NaN and infinity", () => {
  const X = Columns.make({ x: Column.float })
  const floats = (x: ReadonlyArray<number>) => Table.make(X, { x: Float64Array.from(x) }, { length: x.length })
  const recipes = {
    standardize: Recipe.forColumns(X).pipe(Recipe.standardize("x")),
    minMax: Recipe.forColumns(X).pipe(Recipe.minMax("x")),
    scale: Recipe.forColumns(X).pipe(Recipe.scale("x", 2))
  }
  for (const [name, recipe] of Object.entries(recipes)) {
    it.effect(`${name} names column and row, when fitting and when applying`, () =>
      Effect.gen(function* () {
        const fitted = yield* Recipe.fitDataset(recipe, Dataset.make(yield* floats([1, 2, 3]), undefined, "train"))
        for (const bad of [NaN, Infinity, -Infinity]) {
          const table = yield* floats(Array.from({ length: 10_000 }, (_, row) => (row === 8_192 ? bad : row)))
          const applying = yield* Effect.flip(Recipe.applyDataset(fitted, Dataset.make(table, undefined, "validation")))
          assert.deepStrictEqual([applying.column, applying.row, applying.partition], ["x", 8_192, "validation"])
          assert.strictEqual(
            applying.message,
            `${name} of column "x", row 8192 of the validation partition: holds ${bad}; drop or repair such rows at the source`
          )
          if (name === "scale") continue
          const fitting = yield* Effect.flip(Recipe.fitDataset(recipe, Dataset.make(table, undefined, "train")))
          assert.deepStrictEqual([fitting.column, fitting.row, fitting.partition], ["x", 8_192, "train"])
        }
      })
    )
  }

  it.effect("a tensor's bad number is found in its row", () =>
    Effect.gen(function* () {
      const columns = { t: Column.tensor([2, 3]) }
      const values = new Float32Array(60)
      values[23] = NaN
      const train = Dataset.make(yield* Table.make(columns, { t: values }, { length: 10 }), undefined, "train")
      const error = yield* Effect.flip(
        Recipe.fitDataset(Recipe.forColumns(columns).pipe(Recipe.standardize("t")), train)
      )
      assert.strictEqual(error.row, 3)
    })
  )
})
