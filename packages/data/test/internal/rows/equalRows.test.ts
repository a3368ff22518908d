import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as EqualRows from "../../../src/internal/rows/equalRows.ts"

describe("equalRows", () => {
  it("finds the first row with each id, wherever the bytes lie", () => {
    const rows = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 15 }), fc.nat({ max: 2 })), { maxLength: 60 })
    fc.assert(
      fc.property(rows, fc.nat({ max: 5 }), (drawn, offset) => {
        const bytes = new Uint8Array(offset + 16 * drawn.length)
        const ids = bytes.subarray(offset)
        drawn.forEach(([first, place, value], row) => {
          ids[16 * row] = first
          ids[16 * row + place] ^= value
        })
        const hex = drawn.map((_, row) => Buffer.from(ids.subarray(16 * row, 16 * row + 16)).toString("hex"))
        assert.deepStrictEqual(
          EqualRows.firsts(ids),
          Uint32Array.from(hex, (id) => hex.indexOf(id))
        )
      })
    )
  })

  it("finds the first row with each number, 0 and -0 being one, and with each code", () => {
    const drawn = fc.array(fc.oneof(fc.constantFrom(0, -0, 1e-320, Infinity), fc.double({ noNaN: true }), fc.nat(9)))
    fc.assert(
      fc.property(drawn, (numbers) => {
        const expected = Uint32Array.from(numbers, (number) => numbers.findIndex((other) => other === number))
        assert.deepStrictEqual(EqualRows.firstsOfNumbers(Float64Array.from(numbers)), expected)
      })
    )
    assert.deepStrictEqual(EqualRows.firstsOfCodes(Int32Array.of(3, 1, 3, 0, 1), 5), Uint32Array.of(0, 1, 0, 3, 1))
  })
})
