import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as CsvRecords from "../../../src/internal/sources/csvRecords.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const count = (text: string, piece = 1000) => {
  const counter = CsvRecords.counter(",")
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += piece) counter.push(bytes.subarray(at, at + piece))
  return counter.end()
}

describe("csvRecords.counter", () => {
  it("counts records and splits the header", () => {
    assert.deepStrictEqual(count(""), { header: [""], rows: 0, blank: [] })
    assert.deepStrictEqual(count("a,b"), { header: ["a", "b"], rows: 0, blank: [] })
    const withBlank = { header: ['a"\n,', "b"], rows: 2, blank: [3] }
    assert.deepStrictEqual(count('\uFEFF"a""\n,",b\r\n1,2\r\n\r\n3,4'), withBlank)
    assert.deepStrictEqual(count('a,b\n1, "2\n3"\n"x"\n4,x""\n'), { header: ["a", "b"], rows: 3, blank: [] })
    assert.deepStrictEqual(count("a\n1\n\n2\n"), { header: ["a"], rows: 3, blank: [] })
    assert.deepStrictEqual(count("a\r1\r2\r"), { header: ["a"], rows: 2, blank: [] })
  })

  it("counts what was written, in pieces of any size", () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "é") }),
      fc.string({ unit: fc.constantFrom("a", "é", "1") })
    )
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1 })
    const written = (value: string) => (/[",\n\r ]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)
    fc.assert(
      fc.property(table, fc.constantFrom("\n", "\r\n"), fc.integer({ min: 1, max: 40 }), (rows, lineBreak, piece) => {
        const text = rows.map((row) => row.map(written).join(",")).join(lineBreak)
        assert.deepStrictEqual(count(text, piece), { header: rows[0], rows: rows.length - 1, blank: [] })
      }),
      { numRuns: runs }
    )
  })
})
