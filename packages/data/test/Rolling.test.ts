import { assert, describe, it } from "@effect/vitest"
import type { Node } from "@watertight/core"
import { Effect } from "effect"
import type * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { Column, Columns, Join, Source, Table, Window } from "../src/index.ts"
import { Tables, WindowLaws } from "../src/testing/index.ts"
import { run } from "./run.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

type Gaps = ReadonlyArray<number | null>
interface Fixtures {
  readonly at: ReadonlyArray<number>
  readonly shop: ReadonlyArray<number>
  readonly sold: Gaps
  readonly windows: ReadonlyArray<{
    readonly over: Window.Reach
    readonly until: "before" | "now"
    readonly minimum: number
    readonly grouped: boolean
    readonly expected: Readonly<Record<Window.Statistic, Gaps>>
  }>
  readonly forward: Gaps
  readonly quotes: Readonly<Record<"at" | "shop" | "price", ReadonlyArray<number>>>
  readonly joins: ReadonlyArray<{
    readonly exact: boolean
    readonly within: "24 hours" | null
    readonly by: boolean
    readonly expected: Gaps
  }>
}

const fixtures: Fixtures = JSON.parse(readFileSync(new URL("fixtures/window_fixtures.json", import.meta.url), "utf8"))
const numbers = (gaps: Gaps) => Float64Array.from(gaps, (value) => value ?? NaN)
const close = (actual: ArrayLike<number>, expected: Gaps, what: string) => {
  assert.strictEqual(actual.length, expected.length)
  expected.forEach((value, row) => {
    if (value === null) assert.isNaN(actual[row], `${what}, row ${row}`)
    else assert.closeTo(actual[row], value, 1e-9 * Math.max(1, Math.abs(value)), `${what}, row ${row}`)
  })
}

const Sales = Columns.make({
  at: Column.timestamp,
  shop: Column.category(["x", "y", "z", "w"]),
  sold: Column.optional(Column.float)
})
const sales = Effect.runSync(
  Table.make(
    Sales,
    { at: Float64Array.from(fixtures.at), shop: Int32Array.from(fixtures.shop), sold: numbers(fixtures.sold) },
    { length: fixtures.at.length }
  )
)
const statistics = ["mean", "sd", "min", "max", "sum", "count"] as const

describe("Window.rolling", () => {
  for (const { expected, grouped, minimum, over, until } of fixtures.windows) {
    const size = typeof over === "object" ? `${over.rows} rows` : over
    it.effect(`is pandas' rolling over ${size} ${until}, from ${minimum} on${grouped ? ", by shop" : ""}`, () =>
      Effect.gen(function* () {
        const series = grouped ? { series: "shop" as const } : {}
        const options = { on: "at", columns: ["sold"], statistics, over, until, minimum, ...series } as const
        const table = yield* run(Window.rolling(Source.fromTable(sales), options))
        assert.deepStrictEqual(table.ids, sales.ids)
        const suffix = typeof over === "object" ? `${over.rows}rows` : over.replace(" ", "")
        const named: Readonly<Record<string, ArrayLike<number>>> = table.values
        for (const each of statistics) close(named[`sold_${each}_${suffix}`], expected[each], each)
        const columns: Columns.Columns = table.columns
        assert.deepStrictEqual(columns[`sold_count_${suffix}`], Column.float)
        assert.deepStrictEqual(columns[`sold_mean_${suffix}`], Column.optional(Column.float))
      })
    )
  }

  it.effect("forgets what has left, to the last bit", () =>
    Effect.gen(function* () {
      const columns = { at: Column.timestamp, x: Column.float }
      const x = Float64Array.of(1e120, 1e-3, 2e-3, 4e-3, 1e110, 0.1, 0.1, 0.1)
      const at = Float64Array.from(x, (_, hour) => hour * 3_600_000)
      const node = Source.fromTable(yield* Table.make(columns, { at, x }, { length: x.length }))
      const { values } = yield* run(
        Window.rolling(node, { on: "at", columns: ["x"], statistics: ["sum", "sd"], over: { rows: 2 }, until: "now" })
      )
      assert.strictEqual(values.x_sum_2rows[3], 2e-3 + 4e-3)
      assert.strictEqual(values.x_sum_2rows[7], 0.2)
      assert.strictEqual(values.x_sd_2rows[7], 0)
    })
  )

  it.effect("counts equal instants all or none, whatever their order, and refuses them where rows are counted", () =>
    Effect.gen(function* () {
      const columns = { at: Column.timestamp, x: Column.float }
      const made = yield* Table.make(
        columns,
        { at: Float64Array.of(2, 1, 2), x: Float64Array.of(3, 5, 7) },
        { length: 3 }
      )
      const node = Source.fromTable(made)
      const sum = { on: "at", columns: ["x"], statistics: ["sum"] } as const
      const before = yield* run(Window.rolling(node, { ...sum, over: "1 day" }))
      assert.deepStrictEqual([...before.values.x_sum_1day], [5, NaN, 5])
      const now = yield* run(Window.rolling(node, { ...sum, over: "1 day", until: "now" }))
      assert.deepStrictEqual([...now.values.x_sum_1day], [15, 5, 15])
      const counted = yield* Effect.flip(run(Window.rolling(node, { ...sum, over: { rows: 2 } })))
      assert.match(counted.message, /Window.rolling: rows 1 and 3 have the same time in "at". Aggregate/)
    })
  )

  it.effect("refuses infinities, sizes that are none and names that are taken", () =>
    Effect.gen(function* () {
      const columns = { at: Column.timestamp, x: Column.float }
      const made = yield* Table.make(columns, { at: Float64Array.of(1), x: Float64Array.of(Infinity) }, { length: 1 })
      const of = (more: { readonly over: Window.Reach; readonly minimum?: number }) =>
        Effect.map(
          Effect.flip(
            run(Window.rolling(Source.fromTable(made), { on: "at", columns: ["x"], statistics: ["sum"], ...more }))
          ),
          ({ message }) => message
        )
      assert.match(yield* of({ over: "1 day" }), /row 1 of column "x" holds Infinity/)
      const large = yield* Table.make(
        columns,
        { at: Float64Array.of(1, 2, 3), x: Float64Array.of(1e308, 1e308, -1e308) },
        { length: 3 }
      )
      const options = { on: "at", columns: ["x"], over: "1 day", until: "now" } as const
      for (const each of ["mean", "sum", "sd"] as const) {
        const error = yield* Effect.flip(
          run(Window.rolling(Source.fromTable(large), { ...options, statistics: [each] }))
        )
        assert.match(error.message, /the window of row [23] of column "x" holds numbers too large for float64/)
      }
      const least = yield* run(Window.rolling(Source.fromTable(large), { ...options, statistics: ["min"] }))
      assert.deepStrictEqual([...least.values.x_min_1day], [1e308, 1e308, -1e308])
      assert.match(yield* of({ over: "0 days" }), /over is no length of time/)
      assert.match(yield* of({ over: { rows: 0 } }), /over.rows is 0/)
      assert.match(yield* of({ over: "1 day", minimum: 0 }), /minimum is 0/)
      const twice = Window.rolling(
        Window.rolling(Source.fromTable(sales), { on: "at", columns: ["sold"], statistics: ["max"], over: "2 days" }),
        { on: "at", columns: ["sold"], statistics: ["max"], over: "2 days" }
      )
      assert.match((yield* Effect.flip(run(twice))).message, /there is already a column "sold_max_2days"/)
    })
  )
})

describe("Window.forwardFill", () => {
  it.effect("is pandas' ffill by group, in the order of time", () =>
    Effect.gen(function* () {
      const options = { on: "at", series: "shop", columns: ["sold"] } as const
      const table = yield* run(Window.forwardFill(Source.fromTable(sales), options))
      close(table.values.sold, fixtures.forward, "sold")
      assert.deepStrictEqual(table.columns, sales.columns)
    })
  )

  it.effect("takes nothing older than `within`, of another series or of later", () =>
    Effect.gen(function* () {
      const columns = Columns.make({
        at: Column.timestamp,
        who: Column.float,
        when: Column.optional(Column.timestamp),
        what: Column.optional(Column.category(["a", "b"]))
      })
      const hour = 3_600_000
      const made = yield* Table.make(
        columns,
        {
          at: Float64Array.of(3, 0, 1, 2, 9).map((each) => each * hour),
          who: Float64Array.of(1, 1, 1, 2, 1),
          when: Float64Array.of(NaN, NaN, 5, NaN, NaN),
          what: Int32Array.of(-1, 1, -1, -1, -1)
        },
        { length: 5 }
      )
      const filled = yield* run(
        Window.forwardFill(Source.fromTable(made), {
          on: "at",
          series: "who",
          columns: ["when", "what"],
          within: "3 hours"
        })
      )
      assert.deepStrictEqual([...filled.values.when], [5, NaN, 5, NaN, NaN])
      assert.deepStrictEqual([...filled.values.what], [1, 1, 1, -1, -1])
    })
  )
})

describe("Window.differences and lags by series", () => {
  it.effect("take what came before in the own series", () =>
    Effect.gen(function* () {
      const columns = { at: Column.timestamp, shop: Column.category(["x", "y"]), x: Column.float }
      const made = yield* Table.make(
        columns,
        {
          at: Float64Array.of(1, 1, 2, 3, 3),
          shop: Int32Array.of(0, 1, 0, 1, 0),
          x: Float64Array.of(1, 10, 4, 30, 9)
        },
        { length: 5 }
      )
      const node = Source.fromTable(made)
      const order = { on: "at", series: "shop", columns: ["x"] } as const
      const less = yield* run(Window.differences(node, { ...order, past: 1 }))
      assert.deepStrictEqual([...less.values.x], [4, 30, 9])
      assert.deepStrictEqual([...less.values.x_diff1], [3, 20, 5])
      const before = yield* run(Window.lags(node, { ...order, past: 2 }))
      assert.deepStrictEqual([[...before.values.x_lag1], [...before.values.x_lag2]], [[4], [1]])
      const next = yield* run(Window.ahead(node, { on: "at", series: "shop", column: "x", by: 1, as: "next" }))
      assert.deepStrictEqual([...next.values.next], [4, 30, 9])
      const tied = yield* Effect.flip(run(Window.differences(node, { on: "at", columns: ["x"], past: 1 })))
      assert.match(tied.message, /rows 1 and 2 have the same time in "at"/)
    })
  )
})

describe("Join.asOf", () => {
  const Quotes = Columns.make({
    at: Column.timestamp,
    shop: Column.category(["w", "z", "y", "x"]),
    price: Column.float
  })
  const { at, price, shop } = fixtures.quotes
  const quotes = Effect.runSync(
    Table.make(
      Quotes,
      {
        at: Float64Array.from(at),
        shop: Int32Array.from(shop, (code) => Quotes.shop.levels.indexOf((["x", "y", "z", "w"] as const)[code])),
        price: Float64Array.from(price)
      },
      { length: at.length }
    )
  )
  for (const { by, exact, expected, within } of fixtures.joins) {
    it.effect(
      `is pandas' merge_asof${exact ? " with exact matches" : ""}${by ? " by shop" : ""} within ${within}`,
      () =>
        Effect.gen(function* () {
          const options = {
            on: "at",
            columns: ["price"],
            exact,
            ...(by ? { by: "shop" as const } : {}),
            ...(within === null ? {} : { within })
          } as const
          const joined = yield* run(Join.asOf(Source.fromTable(sales), Source.fromTable(quotes), options))
          close(joined.values.price, expected, "price")
          assert.deepStrictEqual(joined.columns, { ...Sales, price: Column.optional(Column.float) })
          assert.deepStrictEqual(joined.ids, sales.ids)
        })
    )
  }

  it.effect("refuses two rows of one instant on the right, and columns that are there", () =>
    Effect.gen(function* () {
      const twice = Source.fromTable(Table.take(quotes, Uint32Array.of(0, 1, 0)))
      const left = Source.fromTable(sales)
      const tied = yield* Effect.flip(run(Join.asOf(left, twice, { on: "at", columns: ["price"] })))
      assert.match(tied.message, /Join.asOf, right table: rows 1 and 3 have the same time in "at"/)
      const taken = yield* Effect.flip(
        run(Join.asOf(left, Source.fromTable(quotes), { on: "at", by: "shop", columns: ["shop"] }))
      )
      assert.match(taken.message, /there is already a column "shop"/)
    })
  )

  it.effect("brings every kind, missing where there is nothing", () =>
    Effect.gen(function* () {
      const columns = Columns.make({
        at: Column.timestamp,
        seen: Column.timestamp,
        zone: Column.category(["a", "b"]),
        rain: Column.optional(Column.float)
      })
      const right = yield* Table.make(
        columns,
        { at: Float64Array.of(5), seen: Float64Array.of(4), zone: Int32Array.of(1), rain: Float64Array.of(NaN) },
        { length: 1 }
      )
      const left = yield* Table.make({ at: Column.timestamp }, { at: Float64Array.of(4, 5, 6) }, { length: 3 })
      const wanted = { on: "at", columns: ["seen", "zone", "rain"] } as const
      const { values } = yield* run(Join.asOf(Source.fromTable(left), Source.fromTable(right), wanted))
      assert.deepStrictEqual([...values.seen], [NaN, NaN, 4])
      assert.deepStrictEqual([...values.zone], [-1, -1, 1])
      assert.deepStrictEqual([...values.rain], [NaN, NaN, NaN])
    })
  )
})

describe("laws", () => {
  const columns = Columns.make({
    at: Column.timestamp,
    shop: Column.category(["x", "y"]),
    price: Column.float,
    sold: Column.optional(Column.float)
  })
  const tables: fc.Arbitrary<Table.Table<typeof columns>> = Tables.arbitrary(columns, { maxLength: 14 }).map(
    (table) => ({
      ...table,
      ids: table.ids,
      values: { ...table.values, price: table.values.price.map(Math.asinh), sold: table.values.sold.map(Math.asinh) }
    })
  )
  const by = { on: "at", series: "shop" } as const
  type Given = ReturnType<typeof Source.fromTable<typeof columns>>
  const reach = { columns: ["price", "sold"], statistics } as const
  const law = <D extends Columns.Columns>(
    name: string,
    window: (table: Given) => Node.Node<Table.Table<D>, Window.WindowError>
  ) =>
    it.effect(`${name}: ${WindowLaws.truncates({ on: "at", window, tables }).name}`, () =>
      WindowLaws.truncates({ on: "at", window, tables }).check({ runs })
    )
  law("lags", (table) => Window.lags(table, { ...by, columns: ["price"], past: 1 }))
  law("differences", (table) => Window.differences(table, { ...by, columns: ["price"], past: 2 }))
  law("rolling over time", (table) => Window.rolling(table, { ...by, ...reach, over: "5 hours" }))
  law("rolling until now", (table) => Window.rolling(table, { on: "at", ...reach, over: "5 hours", until: "now" }))
  law("rolling over rows", (table) => Window.rolling(table, { ...by, ...reach, over: { rows: 3 } }))
  law("forward fill", (table) => Window.forwardFill(table, { ...by, columns: ["sold"] }))
  const others = (table: Given) => Window.lags(table, { ...by, columns: ["price"], past: 1 })
  law("as-of join", (table) => Join.asOf(table, others(table), { on: "at", by: "shop", columns: ["price_lag1"] }))
  law("exact as-of join", (table) =>
    Join.asOf(table, others(table), { on: "at", by: "shop", columns: ["price_lag1"], exact: true })
  )

  it.effect("is broken by a window that looks ahead", () =>
    Effect.gen(function* () {
      const window = (table: Given) => Window.ahead(table, { ...by, column: "price", by: 1, as: "next" })
      const error = yield* Effect.flip(WindowLaws.truncates({ on: "at", window, tables }).check({ runs: 200 }))
      assert.match(error.message, /truncate the future/)
    })
  )
})
