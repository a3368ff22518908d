import { assert, describe, it } from "@effect/vitest"
import { Partitions, Source, Split } from "../src/index.ts"
import { points } from "./split/rows.ts"

describe("Partitions.map", () => {
  it("does the same to all three", () => {
    const parts = Split.random(Source.fromTable(points(10)), { validation: 0.2, test: 0.2 })
    const mapped = Partitions.map(parts, (part) => part)
    assert.deepStrictEqual(mapped, parts)
  })
})
