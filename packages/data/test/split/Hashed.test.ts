import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Source, Split } from "../../src/index.ts"
import { points, xs } from "./rows.ts"

describe("Split.hashed", () => {
  it.effect("gives shares that hold on average, to rows and to groups", () =>
    Effect.gen(function* () {
      const many = Source.fromTable(points(20_000))
      const drawn = yield* xs(Split.hashed(many, { validation: 0.1, test: 0.3 }), 3)
      assert.closeTo(drawn.validation.length, 2000, 5 * Math.sqrt(20_000 * 0.1 * 0.9))
      assert.closeTo(drawn.test, 6000, 5 * Math.sqrt(20_000 * 0.3 * 0.7))
      const grouped = yield* xs(Split.hashedGrouped(many, { on: "x", validation: 0.1, test: 0.3 }), 3)
      assert.closeTo(grouped.validation.length, 2000, 5 * Math.sqrt(20_000 * 0.1 * 0.9))
    })
  )

  it.effect("puts another tenth aside for another seed", () =>
    Effect.gen(function* () {
      const parts = Split.hashed(Source.fromTable(points(1000)), { validation: 0.1, test: 0.1 })
      const one = new Set((yield* xs(parts, 1)).validation)
      assert.isBelow((yield* xs(parts, 2)).validation.filter((x) => one.has(x)).length, 30)
    })
  )

  it.effect("reads all 16 bytes of an id", () =>
    Effect.gen(function* () {
      const counted = new Uint8Array(1000 * 16)
      for (let row = 0; row < 1000; row++) new DataView(counted.buffer).setUint32(16 * row + 12, row)
      const rows = { ...points(1000), ids: counted }
      const { validation } = yield* xs(Split.hashed(Source.fromTable(rows), { validation: 0.2, test: 0.2 }))
      assert.closeTo(validation.length, 200, 5 * Math.sqrt(1000 * 0.2 * 0.8))
    })
  )
})
