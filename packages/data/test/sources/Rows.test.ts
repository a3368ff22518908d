import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as fc from "fast-check"
import { Ledger, Pipeline, Store } from "@watertight/core"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import { run } from "../run.ts"
import { externalOf, failure, runs } from "./files.ts"

const Trips = Columns.make({
  at: Column.timestamp,
  zone: Column.category(["a", "b"]),
  fare: Column.float,
  image: Column.tensor([1, 2], "uint8")
})
const good = { at: "2024-01-31", zone: "b", fare: 12.5, image: [[1, 2]] } as const
const rowsOf = (rows: ReadonlyArray<unknown>) => Source.rows(rows as ReadonlyArray<Source.RowOf<typeof Trips>>, Trips)

describe("Source.rows", () => {
  it.effect("makes a table of objects", () =>
    Effect.gen(function* () {
      const table = yield* run(
        Source.rows(
          [
            good,
            { at: new Date(-1), zone: "a", fare: -0, image: Uint8Array.of(3, 255) },
            { at: "1969-12-31T23:59:59.5+01:00", zone: "a", fare: 5e-324, image: [4, 5] }
          ],
          Trips
        )
      )
      assert.deepStrictEqual(table.values, {
        at: Float64Array.of(Date.UTC(2024, 0, 31), -1, -3_600_500),
        zone: Int32Array.of(1, 0, 0),
        fare: Float64Array.of(12.5, -0, 5e-324),
        image: Uint8Array.of(1, 2, 3, 255, 4, 5)
      })
    })
  )

  it.effect("keeps as many rows as there are", () =>
    Effect.gen(function* () {
      const count = fc.integer({ min: 1, max: 300 })
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(count, async (length) => {
            const rows = Array.from({ length }, (_, fare) => ({ ...good, fare, image: [fare % 256, 0] }))
            const { values } = await Effect.runPromise(run(Source.rows(rows, Trips)))
            assert.deepStrictEqual(
              [...values.fare],
              rows.map(({ fare }) => fare)
            )
            assert.deepStrictEqual(
              [...values.image],
              rows.flatMap(({ image }) => image)
            )
          }),
          { numRuns: Math.min(runs, 20) }
        )
      )
    })
  )

  it.effect("lists every cell that is wrong", () =>
    Effect.gen(function* () {
      const { fare, ...without } = good
      const cases: ReadonlyArray<[unknown, string, string]> = [
        [null, "", "null"],
        [[1], "", "an array of 1"],
        [without, "fare", "nothing"],
        [Object.create(good), "at", "nothing"],
        [{ ...good, fare: "12" }, "fare", '"12"'],
        [{ ...good, fare: 2n ** 53n }, "fare", "9007199254740992n"],
        [{ ...good, fare: Number.NaN }, "fare", "NaN"],
        [{ ...good, fare: null }, "fare", "null"],
        [{ ...good, zone: "c" }, "zone", '"c"'],
        [{ ...good, zone: 1 }, "zone", "1"],
        [{ ...good, at: new Date(Number.NaN) }, "at", "an invalid date"],
        [{ ...good, at: "2024-02-30" }, "at", '"2024-02-30"'],
        [{ ...good, at: "2024-01-31T08:00:00" }, "at", '"2024-01-31T08:00:00"'],
        [{ ...good, at: fare }, "at", "12.5"],
        [{ ...good, image: [1, 256] }, "image", "an array of 2"],
        [{ ...good, image: [1.5, 2] }, "image", "an array of 2"],
        [{ ...good, image: [[1], [2]] }, "image", "an array of 2"],
        [{ ...good, image: BigInt64Array.of(1n, 2n) }, "image", "BigInt64Array"],
        [{ ...good, image: new Uint8Array(3) }, "image", "Uint8Array"],
        [{ ...good, tip: 1 }, "tip", "1"]
      ]
      for (const [row, column, value] of cases) {
        const error = yield* failure(rowsOf([good, row]))
        assert.deepStrictEqual([error.problem, error.row, error.column, error.value], ["bad value", 2, column, value])
      }
      const all = yield* failure(rowsOf(cases.map(([row]) => row)))
      const distinct = new Set(all.bad?.map(({ row }) => row))
      assert.strictEqual(distinct.size, cases.length)
      assert.match(all.message, /^rows: \d+ values are wrong:\n  row 1 holds null, which is not an object\n/)
      assert.match(all.message, /  and \d+ more\n/)
      assert.strictEqual((yield* failure(rowsOf([]))).problem, "empty file")
      assert.strictEqual((yield* failure(Source.rows([], {}))).problem, "bad columns")
    })
  )

  it.effect("D12 its digest is that of what the rows hold", () =>
    Effect.gen(function* () {
      const digest = (rows: ReadonlyArray<unknown>) => externalOf(rowsOf(rows))
      const same = yield* digest([{ ...good, image: Uint8Array.of(1, 2), at: new Date(Date.UTC(2024, 0, 31)) }])
      assert.strictEqual(yield* digest([good]), same)
      const others = yield* Effect.forEach(
        [[], [good, good], [{ ...good, fare: 12 }], [{ ...good, fare: "1" }], [{ ...good, fare: "2" }]],
        digest
      )
      assert.strictEqual(new Set([same, ...others]).size, 6)
    })
  )
})

describe("Source.stream", () => {
  it.effect("reads the rows of a stream, in their order", () =>
    Effect.gen(function* () {
      const X = Columns.make({ x: Column.float })
      const stream = Stream.map(Stream.range(0, 9_999), (x) => ({ x }))
      const table = yield* run(Source.stream(stream, X))
      assert.deepStrictEqual(
        table.values.x,
        Float64Array.from({ length: 10_000 }, (_, x) => x)
      )
      const rows = Source.rows(
        Array.from({ length: 10_000 }, (_, x) => ({ x })),
        X
      )
      assert.strictEqual(yield* externalOf(Source.stream(stream, X)), yield* externalOf(rows))
      assert.strictEqual(Table.digest(table), Table.digest(yield* run(rows)))
    })
  )

  it.effect("fails as the stream fails", () =>
    Effect.gen(function* () {
      const broken = Stream.concat(Stream.make({ x: 1 }), Stream.fail("no more" as const))
      const error = yield* Effect.flip(run(Source.stream(broken, { x: Column.float })))
      assert.strictEqual(error, "no more")
    })
  )

  it.effect("refuses a stream that gives other rows when it is read again", () =>
    Effect.gen(function* () {
      let passes = 0
      const drifting = Stream.suspend(() => Stream.make({ x: passes++ }))
      const pipeline = Pipeline.make("p", { it: Source.stream(drifting, { x: Column.float }) })
      const error = yield* Effect.flip(Pipeline.run(pipeline, { seed: 1 }))
      assert.strictEqual((error as { readonly _tag: string })._tag, "ChangedWhileRead")
    }).pipe(Effect.provide([Store.layerMemory, Ledger.layerMemory]))
  )
})
