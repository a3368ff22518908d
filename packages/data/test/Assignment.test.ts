import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { Assignment } from "../src/index.ts"

describe("Assignment", () => {
  it.effect("is kept as an Arrow file and read back exactly", () =>
    Effect.gen(function* () {
      const assignment = { places: Uint8Array.of(0, 1, 2, 3, 0) }
      const codec = Assignment.codec
      if (codec._tag !== "Stored") return assert.fail("an assignment is stored")
      assert.deepStrictEqual(yield* codec.decode(codec.encode(assignment)), assignment)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(codec.decode({ meta: { version: 1 }, blobs: {} }))))
      assert.deepStrictEqual(Assignment.rows(assignment, "train"), Uint32Array.of(0, 4))
      assert.strictEqual(Assignment.count(assignment, "left out"), 1)
    })
  )
})
