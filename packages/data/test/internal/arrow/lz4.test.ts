import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import * as Lz4 from "../../../src/internal/arrow/lz4.ts"
import { runs } from "../../sources/files.ts"

const fixture: {
  readonly rows: number
  readonly lengths: ReadonlyArray<number>
  readonly frames: ReadonlyArray<string>
} = JSON.parse(readFileSync(new URL("../../sources/fixtures/lz4.json", import.meta.url), "utf8"))

const text = new TextEncoder().encode(
  Array.from({ length: fixture.rows }, (_, n) => `${(n * n) % 101},${n % 7}\n`).join("")
)
const frames = fixture.frames.map((frame, index) => ({
  frame: Uint8Array.from(Buffer.from(frame, "base64")),
  content: text.subarray(0, fixture.lengths[index])
}))

describe("lz4", () => {
  it("hashes as xxHash-32 does", () => {
    const hash = (value: string) => Lz4.xxHash32(new TextEncoder().encode(value)).toString(16)
    assert.strictEqual(hash(""), "2cc5d05")
    assert.strictEqual(hash("abc"), "32d153ff")
    assert.strictEqual(hash("Nobody inspects the spammish repetition"), "e2293b2f")
  })

  it("unpacks the reference library's frames: linked and independent blocks, with checksums and without", () => {
    for (const { content, frame } of frames) assert.deepStrictEqual(Lz4.unpack(frame, content.length), content)
  })

  it("gives exactly the length that is asked for, or throws", () => {
    for (const { content, frame } of frames) {
      assert.throws(() => Lz4.unpack(frame, content.length + 1), "LZ4")
      if (content.length > 0) assert.throws(() => Lz4.unpack(frame, content.length - 1), "LZ4")
      assert.throws(() => Lz4.unpack(frame, 2 ** 40), "claims to hold more")
      assert.throws(() => Lz4.unpack(frame.subarray(0, -1), content.length), "LZ4")
    }
  })

  it("of a damaged frame, throws or gives that many bytes; with checksums, the ones that were packed", () => {
    const at = fc.nat({ max: 3000 })
    fc.assert(
      fc.property(
        fc.constantFrom(...frames),
        at,
        fc.integer({ min: 1, max: 255 }),
        ({ content, frame }, place, bits) => {
          const made = frame.slice()
          made[place % made.length] ^= bits
          let found: Uint8Array
          try {
            found = Lz4.unpack(made, content.length)
          } catch (error) {
            assert.match(String(error), /an LZ4 frame is damaged/)
            return
          }
          assert.strictEqual(found.length, content.length)
          if (frame[4] & 4) assert.deepStrictEqual(found, content)
        }
      ),
      { numRuns: 20 * runs }
    )
  })
})
