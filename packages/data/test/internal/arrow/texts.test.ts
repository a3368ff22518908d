import { assert, describe, it } from "vitest"
import * as Arrow from "apache-arrow"
import * as fc from "fast-check"
import { isUtf8 } from "node:buffer"
import * as Texts from "../../../src/internal/arrow/texts.ts"
import { runs } from "../../sources/files.ts"

const piece = fc.oneof(
  fc.uint8Array({ maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => new TextEncoder().encode(text)),
  fc
    .constantFrom([0xef, 0xbb, 0xbf], [0xef, 0xbb], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80])
    .map((all) => Uint8Array.from(all))
)
const texts = fc.array(
  fc.oneof(
    fc.array(piece, { maxLength: 3 }).map((pieces) => Uint8Array.from(pieces.flatMap((each) => [...each]))),
    fc.constant(undefined)
  )
)

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

describe("texts of Arrow columns", () => {
  it("are what their bytes are, marks at their start too; bytes that are no UTF-8 are none", () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (rows, isLarge) => {
        const ends = rows.reduce((ends, row) => [...ends, ends[ends.length - 1] + (row?.length ?? 0)], [0])
        const nullBitmap = new Uint8Array(Math.ceil(rows.length / 8))
        for (const [row, bytes] of rows.entries()) if (bytes !== undefined) nullBitmap[row >> 3] |= 1 << (row & 7)
        const rest = { length: rows.length, nullBitmap, data: Uint8Array.from(rows.flatMap((row) => [...(row ?? [])])) }
        const data = isLarge
          ? Arrow.makeData({ type: new Arrow.LargeUtf8(), valueOffsets: BigInt64Array.from(ends, BigInt), ...rest })
          : Arrow.makeData({ type: new Arrow.Utf8(), valueOffsets: Int32Array.from(ends), ...rest })
        const expected = rows.map((row) => (row !== undefined && isUtf8(row) ? decoder.decode(row) : undefined))
        assert.deepStrictEqual(Texts.of(data), expected)
      }),
      { numRuns: 10 * runs }
    )
  })
})
