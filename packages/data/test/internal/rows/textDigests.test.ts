import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { hash } from "node:crypto"
import * as TextDigests from "../../../src/internal/rows/textDigests.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

describe("digests of texts", () => {
  it("are the beginnings of their SHA-256, few or many, of any length", () => {
    const character = fc.constantFrom("a", "Z", "\0", "\uFEFF", "é", "漢", "😀", "\ud800")
    const text = fc.oneof(
      fc.string({ unit: character, maxLength: 70 }),
      fc.integer({ min: 50, max: 70 }).map((length) => "x".repeat(length))
    )
    const few = fc.array(text, { maxLength: 70 })
    const texts = fc.oneof(
      few,
      few.map((texts) => Array.from({ length: 1100 }, (_, row) => texts[row % texts.length] ?? ""))
    )
    fc.assert(
      fc.property(texts, (texts) => {
        const found = Buffer.from(TextDigests.ofTexts(texts)).toString("hex")
        assert.strictEqual(found, texts.map((each) => hash("sha256", each, "hex").slice(0, 32)).join(""))
      }),
      { numRuns: runs }
    )
  })
})
