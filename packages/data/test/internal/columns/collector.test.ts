import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column } from "../../../src/index.ts"
import * as Collector from "../../../src/internal/columns/collector.ts"

describe("Collector.make", () => {
  it.effect("gives room for as many rows as are wanted, and to DuckDB for all it may give", () =>
    Effect.gen(function* () {
      const columns = { image: Column.tensor([64, 64], "uint8") }
      const { room } = yield* Collector.make(columns, 100)
      assert.deepStrictEqual([room(60).rows, room(60).stays], [60, true])
      assert.deepStrictEqual([room(4096).rows, room(4096).stays], [2048, false])
    })
  )
})
