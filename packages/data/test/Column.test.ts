import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Column, Columns } from "../src/index.ts"

describe("Column.category", () => {
  it("refuses a level that appears twice, and text that is none", () => {
    assert.throws(() => Column.category(["a", "b", "a"]), RangeError, "twice")
    assert.throws(() => Column.category(["\ud800"]), RangeError, "Unicode")
  })
})

describe("Column.group", () => {
  it("is kept in the declaration", () => {
    const declared = Schema.encodeSync(Column.Declaration)(Column.group(Column.category(["a"])))
    assert.deepStrictEqual(declared, { kind: "category", levels: ["a"], group: true })
    assert.deepStrictEqual(Schema.decodeUnknownSync(Column.Declaration)(declared), Column.group(Column.category(["a"])))
    assert.deepStrictEqual(Schema.encodeSync(Column.Declaration)(Column.float), { kind: "float" })
  })
})

describe("Column.optional", () => {
  it("is a kind of its own that complete takes back", () => {
    const zone = Column.category(["a", "b"])
    assert.deepStrictEqual(Column.optional(zone), { kind: "optional category", levels: ["a", "b"] })
    for (const column of [Column.float, Column.timestamp, zone]) {
      const mayMiss = Column.optional(column)
      assert.deepStrictEqual([Column.isOptional(mayMiss), Column.isOptional(column)], [true, false])
      assert.deepStrictEqual(Column.complete(mayMiss), column)
      assert.deepStrictEqual(Column.complete(column), column)
      assert.strictEqual(Column.width(mayMiss), 1)
      const declared = Schema.decodeSync(Column.Declaration)(Schema.encodeSync(Column.Declaration)(mayMiss))
      assert.deepStrictEqual(declared, mayMiss)
    }
  })

  it("refuses an empty level, which files could not tell from a missing one", () => {
    assert.throws(() => Column.optional(Column.category(["a", ""])), RangeError, "missing value")
  })
})

describe("Column.width", () => {
  it("counts the numbers of one row", () => {
    const widths = [Column.float, Column.timestamp, Column.category(["a"]), Column.tensor([28, 28]), Column.tensor([])]
    assert.deepStrictEqual(widths.map(Column.width), [1, 1, 1, 784, 1])
  })
})

describe("Columns.make", () => {
  it("keeps the order of the declaration", () => {
    const columns = Columns.make({ z: Column.float, a: Column.timestamp })
    assert.deepStrictEqual(Object.keys(columns), ["z", "a"])
  })
})
