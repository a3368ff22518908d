import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Column, Columns, Near, Table } from "../../src/index.ts"
import * as Agreement from "../../src/internal/near/agreement.ts"
import * as Components from "../../src/internal/near/components.ts"
import * as Rows from "../../src/near/Rows.ts"
import { Tables } from "../../src/testing/index.ts"

const three = Column.category(["a", "b", "c"])
const Many = Columns.make({
  a: three,
  b: three,
  c: Column.optional(three),
  x: Column.float,
  note: Column.text,
  image: Column.tensor([1], "uint8")
})

describe("near rows", () => {
  it.effect("are those that differ in so many columns at most: none is missed, none is more", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(Tables.arbitrary(Many, { maxLength: 25 }), fc.nat({ max: 5 }), (table, differing) => {
          const values: ReadonlyArray<ArrayLike<unknown>> = Object.values(table.values)
          const expected: Array<readonly [number, number]> = []
          for (let second = 0; second < table.length; second++) {
            for (let first = 0; first < second; first++) {
              const found = values.filter((column) => column[first] !== column[second]).length
              if (found <= differing) expected.push([first, second])
            }
          }
          return Effect.runPromise(
            Effect.map(Near.pairs(Near.row({ differing }), table), (pairs) =>
              assert.deepStrictEqual([...pairs].sort(), expected.sort())
            )
          )
        }),
        { numRuns: 60 }
      )
    )
  )

  it.effect("are found without comparing all with all, also where most columns are constant", () =>
    Effect.gen(function* () {
      const names = Array.from({ length: 10 }, (_, column) => `c${column}`)
      const length = 2000
      const values = names.map((name, column) => [
        name,
        Float64Array.from({ length }, (_, row) => (column < 2 ? (row * (column + 3)) % 1999 : 0))
      ])
      const columns = Object.fromEntries(names.map((name) => [name, Column.float]))
      const table = yield* Table.make(columns, Object.fromEntries(values), { length })
      const rows = Rows.rowsOf(table, names, [], 1)
      let compared = 0
      const isNear = (first: number, second: number) => {
        compared++
        return rows.isNear(first, second)
      }
      const firsts = Components.firsts(Agreement.components({ ...rows, isNear }, 1))
      assert.strictEqual(firsts.filter((first, row) => first !== row).length, 1) // 1999 is 0 again
      assert.isBelow(compared, 20)
    })
  )
})
