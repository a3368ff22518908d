import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Recipe, Table } from "../../src/index.ts"
import { fit, fixtures } from "./fixtures.ts"

describe("D24 oneHot", () => {
  it.effect("agrees with scikit-learn's OneHotEncoder", () =>
    Effect.gen(function* () {
      const { codes, levels, oneHot } = fixtures.category
      const columns = { size: Column.category(levels) }
      const table = yield* Table.make(columns, { size: Int32Array.from(codes) }, { length: codes.length })
      const recipe = Recipe.forColumns(columns).pipe(Recipe.oneHot("size"))
      const after = yield* Recipe.applyTable(yield* fit(recipe, table), table)
      assert.deepStrictEqual(after.columns.size, { kind: "tensor", shape: [3], dtype: "float32" })
      assert.deepStrictEqual([...after.values.size], [...oneHot])
    })
  )
})
