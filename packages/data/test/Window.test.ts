import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Column, Columns, RowId, Source, Table, Window } from "../src/index.ts"
import { run } from "./run.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const Days = Columns.make({ date: Column.timestamp, warm: Column.float, sky: Column.category(["sun", "rain"]) })
const day = 86_400_000
const series = (days: ReadonlyArray<number>, warm: ReadonlyArray<number>) =>
  Source.fromTable(
    Effect.runSync(
      Table.make(
        Days,
        {
          date: Float64Array.from(days, (number) => number * day),
          warm: Float64Array.from(warm),
          sky: Int32Array.from(days, (number) => number % 2)
        },
        { length: days.length }
      )
    )
  )
const list = (values: Float64Array) => [...values]

describe("Window.lags", () => {
  it.effect("adds what was before, sorted by time", () =>
    Effect.gen(function* () {
      const node = series([3, 1, 0, 2], [30, 10, 0, 20])
      const table = yield* run(Window.lags(node, { on: "date", columns: ["warm"], past: 2 }))
      assert.deepStrictEqual(Object.keys(table.columns), ["date", "warm", "sky", "warm_lag1", "warm_lag2"])
      assert.deepStrictEqual(list(table.values.warm), [20, 30])
      assert.deepStrictEqual(list(table.values.warm_lag1), [10, 20])
      assert.deepStrictEqual(list(table.values.warm_lag2), [0, 10])
      assert.deepStrictEqual([...table.values.sky], [0, 1])
    })
  )

  it.effect("keeps the ids of the rows", () =>
    Effect.gen(function* () {
      const node = series([3, 1, 0, 2], [30, 10, 0, 20])
      const [before, after] = [
        yield* run(node),
        yield* run(Window.lags(node, { on: "date", columns: ["warm"], past: 2 }))
      ]
      assert.deepStrictEqual(after.ids, Table.idsOf(before, Uint32Array.of(3, 0)))
      assert.strictEqual(after.ids.length, 2 * RowId.bytes)
    })
  )

  it.effect("leaves out rows with a hole in their past, when told how far apart rows stand", () =>
    Effect.gen(function* () {
      const node = series([0, 1, 2, 4, 5, 6], [0, 1, 2, 4, 5, 6])
      const some = yield* run(Window.lags(node, { on: "date", columns: ["warm"], past: 2, every: "1 day" }))
      assert.deepStrictEqual(list(some.values.warm), [2, 6])
      const all = yield* run(Window.lags(node, { on: "date", columns: ["warm"], past: 2 }))
      assert.deepStrictEqual(list(all.values.warm), [2, 4, 5, 6])
    })
  )

  it.effect("looks back only: what is later changes nothing", () =>
    Effect.promise(() => {
      const value = fc.double({ noNaN: true, noDefaultInfinity: true })
      return fc.assert(
        fc.asyncProperty(
          fc.array(value, { minLength: 4, maxLength: 12 }),
          fc.integer({ min: 1, max: 3 }),
          value,
          (warm, past, other) =>
            Effect.runPromise(
              Effect.gen(function* () {
                const days = warm.map((_, index) => index)
                const lagged = (warm: ReadonlyArray<number>) =>
                  run(Window.lags(series(days, warm), { on: "date", columns: ["warm"], past }))
                const before = yield* lagged(warm)
                const after = yield* lagged([...warm.slice(0, -1), other])
                assert.strictEqual(before.length, warm.length - past)
                const earlier = Uint32Array.from({ length: before.length - 1 }, (_, row) => row)
                assert.deepStrictEqual(Table.take(after, earlier).values, Table.take(before, earlier).values)
                for (let lag = 1; lag <= past; lag++) {
                  assert.deepStrictEqual(
                    list(before.values[`warm_lag${lag}`]),
                    warm.slice(past - lag, warm.length - lag)
                  )
                }
              })
            )
        ),
        { numRuns: runs }
      )
    })
  )
})

describe("Window.ahead", () => {
  it.effect("adds what comes later, as a target", () =>
    Effect.gen(function* () {
      const node = series([3, 1, 0, 2, 5], [30, 10, 0, 20, 50])
      const next = yield* run(Window.ahead(node, { on: "date", column: "warm", by: 1, as: "next" }))
      assert.deepStrictEqual(
        [list(next.values.warm), list(next.values.next)],
        [
          [0, 10, 20, 30],
          [10, 20, 30, 50]
        ]
      )
      const whole = yield* run(Window.ahead(node, { on: "date", column: "warm", by: 2, as: "next", every: "1 day" }))
      assert.deepStrictEqual(
        [list(whole.values.warm), list(whole.values.next)],
        [
          [0, 10],
          [20, 30]
        ]
      )
    })
  )
})

describe("what is no series", () => {
  it.effect("is refused, with what to do about it", () =>
    Effect.gen(function* () {
      const node = series([0, 1, 1], [0, 1, 2])
      const message = <A>(effect: Effect.Effect<A, Window.WindowError>) =>
        Effect.map(Effect.flip(effect), (error) => error.message)
      const lags = (past: number, more = {}) =>
        message(run(Window.lags(node, { on: "date", columns: ["warm"], past, ...more })))
      assert.include(yield* lags(1), 'rows 2 and 3 have the same time in "date"')
      for (const past of [0, -1, 1.5, NaN]) assert.include(yield* lags(past), `past is ${past}`)
      const short = series([0, 1], [0, 1])
      const long = Window.lags(short, { on: "date", columns: ["warm"], past: 2 })
      assert.include(yield* message(run(long)), "none of the 2 rows has its whole window")
      const odd = Window.lags(short, { on: "date", columns: ["warm"], past: 1, every: "0 days" })
      assert.include(yield* message(run(odd)), 'every is no length of time: "0 days"')
      const taken = Window.ahead(short, { on: "date", column: "warm", by: 1, as: "warm" })
      assert.include(yield* message(run(taken)), 'there is already a column "warm"')
    })
  )
})
