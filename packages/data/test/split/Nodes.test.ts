import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Dataset, Source, Split, type Table } from "../../src/index.ts"
import { run } from "../run.ts"
import * as fc from "fast-check"
import { Points, table, points, xs, failure } from "./rows.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

describe("Split.make", () => {
  const own = (places: ReadonlyArray<number>) =>
    Split.make(Source.fromTable(points(4)), {
      name: "own-split",
      version: 1,
      params: null,
      draws: false,
      assign: () => Effect.succeed({ places: Uint8Array.from(places) })
    })

  it.effect("checks what a split of one's own assigns", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* xs(own([1, 0, 2, 3])), { train: [1], validation: [0], test: 1 })
      assert.include((yield* failure(own([1, 0, 2]))).message, "3 places were assigned to 4 rows")
      assert.include((yield* failure(own([1, 0, 2, 4]))).message, "row 4 was assigned the place 4")
      assert.include((yield* failure(own([0, 0, 1, 3]))).message, "test would get none")
    })
  )
})

describe("what train rows are made of", () => {
  it.effect("does not change when validation and test rows do", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(fc.integer({ min: 10, max: 60 }), fc.nat(100), fc.double(), (length, seed, poison) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const clean = points(length)
              const shares = { validation: 0.2, test: 0.2 }
              const train = (table: Table.Table<typeof Points>) =>
                run(Split.random(Source.fromTable(table), shares).train, seed)
              const before = yield* train(clean)
              const kept = new Set((yield* Dataset.rows(before)).values.x)
              const poisoned = table(Points, {
                ...clean.values,
                x: clean.values.x.map((x) => (kept.has(x) ? x : poison))
              })
              assert.strictEqual((yield* train(poisoned)).fingerprint, before.fingerprint)
            })
          )
        ),
        { numRuns: runs }
      )
    )
  )

  it("is marked in the lineage", () => {
    const parts = Split.random(Source.fromTable(points(10)), { validation: 0.2, test: 0.2 })
    assert.deepStrictEqual([...parts.train.lineage], ["train"])
    assert.deepStrictEqual([...parts.validation.lineage], ["validation"])
    assert.deepStrictEqual([...parts.test.lineage], ["test"])
    assert.deepStrictEqual([...parts.test.inputs.table.lineage], ["unsplit"])
  })
})
