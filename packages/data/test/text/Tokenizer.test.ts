import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Text } from "../../src/index.ts"
import { digest, fixtures, learn, mail, partOf } from "./fixtures.ts"

const few = ["the whale, the whale!", "a white whale's tail", "the the the"]
const ids = (tokenizer: Text.Tokenizer, text: string) => Array.from(Text.encode(tokenizer, text))

describe("Text.normalize", () => {
  it("D27 is a function of the text alone, in the order given", () => {
    assert.strictEqual(Text.normalize([], "a\uD800b"), "a\uFFFDb")
    assert.strictEqual(Text.normalize(["nfc"], "e\u0301"), "é")
    assert.strictEqual(Text.normalize(["nfd"], "é"), "e\u0301")
    assert.strictEqual(Text.normalize(["nfkc"], "ﬁ²Ａ"), "fi2A")
    assert.strictEqual(Text.normalize(["lowercase"], "İI ΣΑΣ"), "i̇i σασ")
    assert.strictEqual(Text.normalize(["stripAccents"], "Crème brûlée, Ångström, 한국"), "Creme brulee, Angstrom, 한국")
    assert.strictEqual(Text.normalize(["whitespace"], "\u0085 a\r\n\u2003b\uFEFF "), "a b\uFEFF")
    assert.strictEqual(Text.normalize(["lowercase", "nfkc"], "ﬁÉ"), "fié")
  })
})

describe("Text.inWords and Text.inChunks", () => {
  it("cut scripts, emoji and flags where people would", () => {
    const text = "O’Neill's café_1, 東京へ! हिन्दी 👩‍👩‍👧 👍🏽🇹🇩🇩🇪 3.14"
    const cut = ["O’Neill's", "café_1", ",", "東", "京", "へ", "!", "हिन्दी", "👩‍👩‍👧", "👍🏽", "🇹🇩", "🇩🇪", "3", ".", "14"]
    assert.deepStrictEqual(Text.inWords(text), cut)
    assert.deepStrictEqual(Text.inAlphanumerics("snake_case, naïve: ½"), ["snake_case", "naïve", "½"])
  })

  it("take words of millions of characters, and cut round them as round short ones", () => {
    for (const part of ["a", "ש", "e\u0301", "don't"]) {
      const long = part.repeat(2_000_000 / part.length)
      assert.deepStrictEqual(Text.inWords(`!\u0301${long} b 東${long}!`), ["!\u0301", long, "b", "東", long, "!"])
      assert.strictEqual(Text.inChunks(`${long} b`).join(""), `${long} b`)
    }
    const long = "東a".repeat(100_000)
    assert.deepStrictEqual(Text.inAlphanumerics(`- ${long}-b`), [long, "b"])
  })

  it("give GPT-2's chunks, also where its pattern's \\s is not JavaScript's", () => {
    const pattern =
      /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu
    for (const text of [...fixtures.odd, "a  b", " \n a", "'llx 're's'", "x \u00a0 \u0085y\uFEFF", "  "]) {
      assert.deepStrictEqual(Text.inChunks(text), text.match(pattern) ?? [])
    }
  })
})

describe("Text.bytePairs", () => {
  it.effect("D28 learns the merges of Hugging Face's trainer on the same mail, and encodes as it does", () =>
    Effect.gen(function* () {
      const { bytePairs } = fixtures
      const texts = mail().map(({ text }) => text)
      assert.strictEqual(texts.length, bytePairs.mails)
      const tokenizer = yield* learn(Text.bytePairs({ size: bytePairs.size, normalization: [] }), texts)
      assert.isTrue(tokenizer.kind === "bytePairs")
      const merges = tokenizer.kind === "bytePairs" ? tokenizer.merges : []
      assert.deepStrictEqual(merges.slice(0, 20), bytePairs.merges.first)
      assert.deepStrictEqual(merges.slice(-5), bytePairs.merges.last)
      assert.deepStrictEqual([merges.length, digest(merges)], [bytePairs.merges.count, bytePairs.merges.digest])
      assert.deepStrictEqual(
        texts.map((text) => digest(ids(tokenizer, text))),
        bytePairs.ids
      )
      assert.deepStrictEqual(
        fixtures.odd.map((text) => ids(tokenizer, text)),
        bytePairs.odd
      )
    })
  )

  it.effect("take texts without any space, in time that goes with their length", () =>
    Effect.gen(function* () {
      const tokenizer = yield* learn(Text.bytePairs({ size: 400 }), [...few, "ab".repeat(1000), "x".repeat(333)])
      for (const text of ["x\u05D0".repeat(500_000), " ".repeat(1_000_000)]) {
        assert.strictEqual(Text.decode(tokenizer, Text.encode(tokenizer, text)), text)
      }
      const same = ids(tokenizer, "ab".repeat(40) + "x".repeat(40))
      assert.deepStrictEqual(same.length < 40, true)
    })
  )

  it.effect("join long words as they join short ones", () =>
    Effect.gen(function* () {
      const tokenizer = yield* learn(Text.bytePairs({ size: 400 }), ["abcabcaabb".repeat(50), "aaaa bbbb abab"])
      const merges = tokenizer.kind === "bytePairs" ? tokenizer.merges : []
      const slowly = (word: string): ReadonlyArray<string> => {
        const pieces = [...word]
        for (const merge of merges) {
          const [left, right] = merge.split(" ")
          for (let at = 0; at + 1 < pieces.length; at++) {
            if (pieces[at] === left && pieces[at + 1] === right) pieces.splice(at, 2, left + right)
          }
        }
        return pieces
      }
      for (const word of ["abcabcaabb".repeat(3), "abcabcaabb".repeat(30), "aab".repeat(77), "b".repeat(500)]) {
        assert.deepStrictEqual(Text.tokens(tokenizer, word), slowly(word))
      }
    })
  )

  it("refuse sizes that have no room and special tokens that are one", () => {
    assert.throws(() => Text.bytePairs({ size: 200 }), /256 bytes and special tokens take 257/)
    assert.throws(() => Text.bytePairs({ size: 2.5 }), /size is 2.5/)
    assert.throws(() => Text.words({ size: 10, minimumCount: 0 }), /minimumCount is 0/)
    assert.throws(() => Text.words({ size: 10, special: { padding: "<unk>" } }), /a spelling of its own/)
  })
})

describe("Text.wordPieces, words and characters", () => {
  it.effect("D28 learn pieces that words begin and go on with", () =>
    Effect.gen(function* () {
      const tokenizer = yield* learn(Text.wordPieces({ size: 60, normalization: ["lowercase"] }), [
        "playing played plays",
        "walking walked walks",
        "Playing walking"
      ])
      assert.deepStrictEqual(Text.tokens(tokenizer, "WALKING plays playwalk zoo."), [
        "walking",
        "play",
        "##s",
        "play",
        "##w",
        "##a",
        "##lk",
        "[UNK]",
        "[UNK]"
      ])
      assert.strictEqual(Text.decode(tokenizer, Text.encode(tokenizer, "walking  PLAYS")), "walking plays")
      const long = Text.encode(tokenizer, "ply".repeat(333_333))
      assert.isFalse(long.includes(1))
      const error = yield* Effect.flip(learn(Text.wordPieces({ size: 10 }), few))
      assert.match(error.message, /Text.wordPieces: single characters take \d+ tokens and size is 10/)
    })
  )

  it.effect("D28 keep the most frequent words, of equally frequent ones the first by code point", () =>
    Effect.gen(function* () {
      const words = Text.words({ size: 6, minimumCount: 1 })
      const tokenizer = yield* learn(words, ["b b \u{1F600} a", "\uFF5E \u{1F600} b"])
      assert.isTrue(tokenizer.kind !== "huggingFace")
      const spellings = tokenizer.kind === "huggingFace" ? [] : tokenizer.tokens
      assert.deepStrictEqual(spellings, ["<pad>", "<unk>", "b", "\u{1F600}", "a", "\uFF5E"])
      const characters = yield* learn(Text.characters({ size: 5, special: { unknown: false } }), ["aab", "b c"])
      assert.deepStrictEqual(ids(characters, "cab"), [1, 2])
      assert.strictEqual(Text.decode(characters, [0, 1, 2]), "ab")
      assert.throws(() => Text.decode(characters, [9]), /no token has the id 9; there are 3/)
    })
  )

  it.effect("put start and end round a text, never take a spelling in a text for them, and refuse to learn one", () =>
    Effect.gen(function* () {
      const special = { start: "<s>", end: "</s>", padding: "<p>" }
      const tokenizer = yield* learn(Text.characters({ size: 100, minimumCount: 1, special }), ["</s><p>abc"])
      const whole = Array.from(Text.encode(tokenizer, "</s>", { special: true }))
      assert.deepStrictEqual([whole.at(0), whole.at(-1), whole.length], [2, 3, 6])
      assert.isFalse(whole.slice(1, -1).some((id) => id < 4))
      assert.strictEqual(Text.decode(tokenizer, whole), "</s>")
      const taken = yield* Effect.flip(learn(Text.words({ size: 100, special: { mask: "whale" } }), few))
      assert.match(taken.message, /has a token "whale"; spell the special token of that name otherwise/)
    })
  )
})

describe("Text.encode", () => {
  it("D28 refuses a tokenizer that is only described, also when types were cast away", () => {
    const described: unknown = Text.bytePairs({ size: 300 })
    assert.throws(() => Text.encode(described as Text.Tokenizer, "a"), /only described: learn it from train rows/)
    assert.throws(() => Text.size(described as Text.Tokenizer), /only described/)
  })
})

describe("Text.fitDataset", () => {
  it.effect("D28 learns from train rows only, also when types were cast away", () =>
    Effect.gen(function* () {
      const description = Text.words({ size: 10, minimumCount: 1 })
      for (const partition of ["validation", "test"] as const) {
        const part: unknown = yield* partOf(few, partition)
        const error = yield* Effect.flip(Text.fitDataset(description, part as never, "text"))
        assert.strictEqual(error._tag, "TextError")
        assert.match(error.message, new RegExp(`train partition only; this is the ${partition} partition`))
      }
      const train = yield* partOf(few, "train")
      const error = yield* Effect.flip(Text.fitDataset(description, train, "subject" as never))
      assert.match(error.message, /column "subject" is no text column/)
    })
  )
})
