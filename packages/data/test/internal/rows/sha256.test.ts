import { assert, describe, it } from "@effect/vitest"
import { hash } from "node:crypto"
import * as Sha256 from "../../../src/internal/rows/sha256.ts"

describe("sha256.hasher", () => {
  it("gives Node's digests for messages of every number of words, one program after the other", () => {
    for (let length = 1; length <= Sha256.longestWords; length++) {
      const { digests, input, stride } = Sha256.hasher(length)
      const messages = Array.from({ length: 7 }, (_, message) =>
        Uint32Array.from({ length }, (_, word) => Math.imul(message * length + word + 1, 2_654_435_761))
      )
      for (const [message, words] of messages.entries()) {
        for (const [word, value] of words.entries()) input[(message >> 2) * stride + 4 * word + (message & 3)] = value
      }
      const found = new Uint32Array(4 * messages.length)
      digests(messages.length, found, 0)
      const expected = messages.map((words) => hash("sha256", words, "hex").slice(0, 32))
      assert.strictEqual(Buffer.from(found.buffer).toString("hex"), expected.join(""), `${length} words`)
    }
  })
})
