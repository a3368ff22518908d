import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import { Column, RowId } from "../src/index.ts"

const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest().subarray(0, 16).toString("hex")
const hex = (ids: Uint8Array) =>
  Array.from({ length: ids.length / 16 }, (_, row) =>
    Buffer.from(ids.subarray(row * 16, row * 16 + 16)).toString("hex")
  )

describe("RowId.ofContent", () => {
  it("is the start of the SHA-256 of a row's bytes", () => {
    const ids = RowId.ofContent({ image: Column.tensor([2], "uint8") }, { image: Uint8Array.of(1, 2, 3, 4) }, 2)
    assert.deepStrictEqual(hex(ids), [sha(Uint8Array.of(1, 2)), sha(Uint8Array.of(3, 4))])
  })

  it("does not change with names, places, levels added or rows elsewhere", () => {
    const of = (columns: Record<string, Column.Column>, values: Record<string, RowId.Values>, length: number) =>
      hex(RowId.ofContent(columns, values, length))
    const label = Column.category(["a", "b"])
    const [first, second] = of({ x: Column.float, label }, { x: Float64Array.of(1, 2), label: Int32Array.of(0, 1) }, 2)
    const more = Column.category(["new", "b", "a"])
    const moved = of({ y: Column.float, z: more }, { y: Float64Array.of(2, 7, 1), z: Int32Array.of(1, 0, 2) }, 3)
    assert.deepStrictEqual([moved[2], moved[0]], [first, second])
  })

  it("does not change when a column is declared optional, and tells missing levels from all others", () => {
    const of = (columns: Record<string, Column.Column>, values: Record<string, RowId.Values>, length: number) =>
      hex(RowId.ofContent(columns, values, length))
    const label = Column.category(["a", "b"])
    const complete = of({ x: Column.float, label }, { x: Float64Array.of(1, 2), label: Int32Array.of(0, 1) }, 2)
    const declared = { x: Column.optional(Column.float), label: Column.optional(label) }
    const values = { x: Float64Array.of(1, 2, NaN, 1, NaN), label: Int32Array.of(0, 1, 0, -1, -1) }
    const optional = of(declared, values, 5)
    assert.deepStrictEqual(optional.slice(0, 2), complete)
    assert.strictEqual(new Set(optional).size, 5)
  })

  it("is the same for a text and for the level of that text", () => {
    const declared = hex(RowId.ofContent({ zone: Column.category(["b", "ü"]) }, { zone: Int32Array.of(1, 0) }, 2))
    assert.deepStrictEqual(hex(RowId.ofContent({ zone: Column.text }, { zone: ["ü", "b"] }, 2)), declared)
  })

  it("is the same for many rows, which are hashed together, of any number of bytes", () => {
    const label = Column.category(["a", "b", "c"])
    for (const width of [0, 1, 4, 7, 10, 11, 27, 123, 124]) {
      for (const length of [64, 65, 1023, 9001]) {
        const x = Float64Array.from({ length }, (_, row) => Math.sin(row * width))
        const codes = Int32Array.from({ length }, (_, row) => row % 3)
        const block = Float32Array.from({ length: length * width }, (_, place) => Math.cos(place))
        const columns = { x, label: codes, block }
        const found = hex(RowId.ofContent({ x: Column.float, label, block: Column.tensor([width]) }, columns, length))
        const levels = ["a", "b", "c"].map((level) => Buffer.from(sha(Buffer.from(level)), "hex"))
        for (const row of [0, 1, 2, 3, 4, 63, length - 2, length - 1]) {
          const numbers = Buffer.from(block.slice(row * width, (row + 1) * width).buffer)
          const bytes = Buffer.concat([Buffer.from(x.slice(row, row + 1).buffer), levels[row % 3], numbers])
          assert.strictEqual(found[row], sha(bytes), `${width} numbers, row ${row} of ${length}`)
        }
      }
    }
  })

  it("is the same for more levels than a table for the hash has", () => {
    const levels = Array.from({ length: 3000 }, (_, level) => `level ${level}`)
    const codes = Int32Array.from({ length: 3001 }, (_, row) => row - 1)
    const ids = hex(RowId.ofContent({ a: Column.optional(Column.category(levels)) }, { a: codes }, 3001))
    const digests = levels.map((level) => Buffer.from(sha(Buffer.from(level)), "hex"))
    assert.deepStrictEqual(
      ids,
      [Buffer.alloc(16), ...digests].map((digest) => sha(digest))
    )
  })

  it("is the same for bytes that lie anywhere", () => {
    const length = 100
    const image = Uint8Array.from({ length: 8 * length + 1 }, (_, place) => place).subarray(1)
    const ids = hex(RowId.ofContent({ image: Column.tensor([8], "uint8") }, { image }, length))
    assert.strictEqual(ids[99], sha(image.subarray(99 * 8)))
  })

  it("is shared by equal rows only", () => {
    const ids = hex(RowId.ofContent({ x: Column.float }, { x: Float64Array.of(1, 1, 0, -0) }, 4))
    assert.strictEqual(ids[0], ids[1])
    assert.strictEqual(new Set(ids).size, 3)
  })
})
