import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as SideBySide from "../../../src/internal/columns/sideBySide.ts"
import * as Threads from "../../../src/internal/threads/pool.ts"
import * as Shared from "../../../src/internal/threads/shared.ts"
import { Column, Columns, Dataset, Recipe, type RowId, Step, Table } from "../../../src/index.ts"

const length = 270_000
const level = Column.category(["a", "b", "c"])
const columns = Columns.make({
  x: Column.float,
  y: Column.float,
  gaps: Column.optional(Column.float),
  holes: Column.optional(Column.category(["a", "b"])),
  level
})

const made = (change: (values: Record<string, RowId.Numbers>) => void = () => {}) => {
  const values = {
    x: Shared.float64(length),
    y: Shared.float64(length),
    gaps: Shared.float64(length),
    holes: Shared.int32(length),
    level: Shared.int32(length)
  }
  for (let row = 0; row < length; row++) {
    values.x[row] = Math.exp(Math.sin(row))
    values.y[row] = ((row * 7919) % 1009) / 7
    values.gaps[row] = row % 11 === 0 ? Number.NaN : Math.cos(row)
    values.holes[row] = (row % 3) - 1
    values.level[row] = row % 3
  }
  change(values)
  return Table.make(columns, values, { length, ids: new Uint8Array(16 * length) })
}

/** The same table, in memory that threads do not share. */
const plain = ({ ids, values: { gaps, holes, level, x, y } }: Table.Table<typeof columns>) => {
  const values = { x: x.slice(), y: y.slice(), gaps: gaps.slice(), holes: holes.slice(), level: level.slice() }
  return Table.make(columns, values, { length, ids })
}

const recipe = Recipe.forColumns(columns).pipe(
  Recipe.missingIndicator(["gaps", "holes"]),
  Recipe.imputeMedian("gaps"),
  Recipe.imputeMode("holes"),
  Recipe.clip(["x", "y"]),
  Recipe.standardize(["x", "gaps"]),
  Recipe.minMax("y", { clip: true }),
  Recipe.robust("x", { between: [0.1, 0.9] }),
  Recipe.polynomial(["x", "y", "gaps"], { as: "products", degree: 2 }),
  Recipe.quantile("x"),
  Recipe.quantile("gaps", { output: "normal", quantiles: 50 }),
  Recipe.bin("y", { bins: 7, by: "quantile" }),
  Recipe.oneHot("level"),
  Recipe.ordinal("holes", ["b", "a"]),
  Recipe.scale("gaps_missing", 2),
  Recipe.standardize("products", { per: "element" })
)

const through = <C extends Columns.Columns, D extends Columns.Columns>(
  described: Recipe.Recipe<C, D>,
  table: Table.Table<C>
) =>
  Effect.gen(function* () {
    const rows = Uint32Array.from({ length: table.length - 1000 }, (_, place) => (place * 7) % table.length)
    const train = Dataset.make(table, rows, "train")
    const fitted = yield* Recipe.fitDataset(described, train)
    const ready = yield* Recipe.applyDataset(fitted, train)
    return {
      learned: fitted.steps.map(({ learned }) => learned),
      fingerprint: ready.fingerprint,
      columns: ready.columns
    }
  })

describe("steps side by side", () => {
  it.live("give the same bits with 1, 2 and 3 threads, and where nobody may wait", () =>
    Effect.gen(function* () {
      const table = yield* made()
      const expected = Effect.runSync(Effect.flatMap(plain(table), (copy) => through(recipe, copy)))
      for (const threads of [1, 2, 3]) {
        assert.deepStrictEqual(yield* Effect.provideService(through(recipe, table), Threads.size, threads), expected)
      }
    })
  )

  it.live("leave a column in shared memory for the next step, and the table before as it was", () =>
    Effect.gen(function* () {
      const table = yield* made()
      const before = Table.digest(table)
      const described = Recipe.forColumns(columns).pipe(
        Recipe.standardize(["x", "y"]),
        Recipe.bin("x", { bins: 3, by: "width" })
      )
      const fitted = yield* Recipe.fitDataset(described, Dataset.make(table, undefined, "train"))
      const ready = yield* Recipe.applyTable(fitted, table)
      assert.deepStrictEqual([ready.values.x, ready.values.y].map(Shared.isShared), [true, true])
      assert.strictEqual(Table.digest(table), before)
    })
  )

  it.live("fail as the first of them in the recipe does, whoever is first in time", () =>
    Effect.gen(function* () {
      const table = yield* made(({ x, y }) => {
        x[length - 1] = Infinity
        y[0] = Number.NaN
      })
      const described = Recipe.forColumns(columns).pipe(Recipe.robust(["x", "y"]))
      const failure = (threads: number) =>
        Effect.flip(Recipe.fitDataset(described, Dataset.make(table, undefined, "train"))).pipe(
          Effect.provideService(Threads.size, threads)
        )
      for (const threads of [1, 2, 3]) {
        const error = yield* failure(threads)
        assert.deepStrictEqual([error.column, error.row, error.partition], ["x", length - 1, "train"])
      }
    })
  )

  it.effect("are those in a row of which none needs or makes what another makes, and none of one's own", () =>
    Effect.gen(function* () {
      const own = Step.column({
        name: "own",
        version: 1,
        column: "level",
        takes: ["category"],
        becomes: (column: Column.Category) => column,
        state: Schema.Null,
        fit: () => Effect.succeed(null),
        apply: ({ values }) => Effect.succeed(values)
      })
      const table = yield* made()
      const count = (described: Recipe.Recipe<typeof columns, Columns.Columns>, of: Table.Table = table) =>
        SideBySide.count(
          described.steps.map((step) => ({ step })),
          of
        )
      const start = Recipe.forColumns(columns)
      assert.strictEqual(yield* count(start.pipe(Recipe.standardize(["x", "y"]), Recipe.oneHot("level"))), 3)
      assert.strictEqual(yield* count(start.pipe(Recipe.standardize(["x", "y"]), Recipe.minMax("x"))), 2)
      assert.strictEqual(yield* count(start.pipe(Recipe.missingIndicator("gaps"), Recipe.scale("gaps_missing", 2))), 1)
      assert.strictEqual(yield* count(start.pipe(Recipe.scale("x", 2), Recipe.step(own), Recipe.scale("y", 2))), 1)
      assert.strictEqual(yield* count(start.pipe(Recipe.step(own), Recipe.scale("x", 2))), 1)
      const few = Table.take(table, Uint32Array.of(0, 1))
      assert.strictEqual(yield* count(start.pipe(Recipe.standardize(["x", "y"])), few), 1)
    })
  )
})
