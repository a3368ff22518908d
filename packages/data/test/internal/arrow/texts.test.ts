import { assert, describe, it } from "vitest"
import * as Arrow from "apache-arrow"
import * as fc from "fast-check"
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

describe("texts of Arrow columns", () => {
  it("are those that apache-arrow gives, whatever bytes they are", () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (rows, isLarge) => {
        const ends = rows.reduce((ends, row) => [...ends, ends[ends.length - 1] + (row?.length ?? 0)], [0])
        const nullBitmap = new Uint8Array(Math.ceil(rows.length / 8))
        for (const [row, bytes] of rows.entries()) if (bytes !== undefined) nullBitmap[row >> 3] |= 1 << (row & 7)
        const rest = { length: rows.length, nullBitmap, data: Uint8Array.from(rows.flatMap((row) => [...(row ?? [])])) }
        const data = isLarge
          ? Arrow.makeData({ type: new Arrow.LargeUtf8(), valueOffsets: BigInt64Array.from(ends, BigInt), ...rest })
          : Arrow.makeData({ type: new Arrow.Utf8(), valueOffsets: Int32Array.from(ends), ...rest })
        const vector = new Arrow.Vector<Arrow.Utf8 | Arrow.LargeUtf8>([data])
        const expected = rows.map((_, row) => vector.get(row) ?? undefined)
        assert.deepStrictEqual(Texts.of(data), expected)
      }),
      { numRuns: 10 * runs }
    )
  })
})
