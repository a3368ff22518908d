import { assert, describe, it } from "@effect/vitest"
import { Law } from "@watertight/core/testing"
import { Effect, Result, type Schema } from "effect"
import * as fc from "fast-check"
import { Text } from "../../src/index.ts"
import { fixtures, learn } from "./fixtures.ts"

const [bert, roberta, unigram] = fixtures.files

describe("Text.fromHuggingFace", () => {
  for (const { bare, config, name, texts, tokenizer, whole } of fixtures.files) {
    it.effect(`D27 gives the ids of Hugging Face's own library: ${name}`, () =>
      Effect.gen(function* () {
        const read = yield* Text.fromHuggingFace({ tokenizer, config })
        texts.forEach((text, index) => {
          assert.deepStrictEqual(Array.from(Text.encode(read, text)), bare[index], JSON.stringify(text))
          assert.deepStrictEqual(Array.from(Text.encode(read, text, { special: true })), whole[index])
        })
        assert.isTrue(bare.flat().every((id) => id < Text.size(read)))
      })
    )
  }

  it.effect("D27 takes special tokens from the configuration, and what a text spells for text", () =>
    Effect.gen(function* () {
      const read = yield* Text.fromHuggingFace(bert)
      const roles = (["padding", "unknown", "start", "end", "mask"] as const).map((role) => Text.specialId(read, role))
      assert.deepStrictEqual(roles, [0, 1, 2, 3, 4])
      assert.strictEqual(Text.decode(read, Text.encode(read, "the whale", { special: true })), "the whale")
      assert.notInclude(Array.from(Text.encode(read, "the [MASK] whale [PAD]")), 4)
      const added = yield* Text.fromHuggingFace(roberta)
      assert.include(Text.tokens(added, "it swims"), "swims")
      assert.isFalse(Text.tokens(added, "a </s> b").includes("</s>"))
    })
  )

  it.effect("refuses what is none, with what is wrong", () =>
    Effect.gen(function* () {
      const refused = (files: Text.FromFiles) => Effect.map(Effect.flip(Text.fromHuggingFace(files)), String)
      assert.match(yield* refused({ tokenizer: null }), /this is no tokenizer\.json/)
      assert.match(yield* refused({ tokenizer: { model: { type: "BPE" } } }), /this is no tokenizer\.json/)
      const model = { type: "WordPiece", unk_token: "[UNK]", vocab: { "[UNK]": 0, a: 2 ** 40 } }
      assert.match(yield* refused({ tokenizer: { model } }), /this is no tokenizer\.json/)
      assert.match(
        yield* refused({ ...bert, tokenizer: { ...bert.tokenizer, normalizer: { type: "?" } } }),
        /refuses it/
      )
      assert.match(yield* refused({ ...bert, special: { padding: "<nothing>" } }), /<nothing> is not in its vocabulary/)
    })
  )
})

/** A file with one of its parts replaced by something else. */
const damaged = (file: Schema.Json): fc.Arbitrary<Schema.Json> => {
  const other = fc.oneof(
    fc.constantFrom(null, -1, 1.5, "", "?", true),
    fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<never>
  )
  if (typeof file !== "object" || file === null) return other
  const keys = Object.keys(file)
  const entry = (key: string) => (file as Readonly<Record<string, Schema.Json>>)[key]
  const inside = fc.constantFrom(...keys).chain((key) =>
    damaged(entry(key)).map((part): Schema.Json => {
      const copy = structuredClone(file) as Record<string, Schema.Json>
      copy[key] = part
      return copy
    })
  )
  return keys.length === 0 ? other : fc.oneof({ weight: 1, arbitrary: other }, { weight: 4, arbitrary: inside })
}

describe("Text.fromHuggingFace of damaged files", () => {
  const law = Law.make(
    "reads them or fails with a TextError",
    fc.constantFrom(...fixtures.files).chain((file) => fc.tuple(damaged(file.tokenizer), damaged(file.config))),
    Effect.fnUntraced(function* ([tokenizer, config]) {
      const read = yield* Effect.result(Text.fromHuggingFace({ tokenizer, config }))
      if (Result.isFailure(read)) Law.ensure(read.failure._tag === "TextError", () => String(read.failure))
      else Text.fingerprint(read.success)
    })
  )
  it.effect(law.name, () => law.check({ runs: Number(process.env.WATERTIGHT_RUNS ?? 200) }))
})

describe("Text.toHuggingFace", () => {
  it.effect("returns files that were read as they were", () =>
    Effect.gen(function* () {
      const read = yield* Text.fromHuggingFace(unigram)
      assert.deepStrictEqual(Text.toHuggingFace(read), { tokenizer: unigram.tokenizer, config: unigram.config })
    })
  )
})

describe("Text.matches", () => {
  it.effect("D27 a tokenizer that is not the base model's is an error that says what differs", () =>
    Effect.gen(function* () {
      const base = Text.fingerprint(yield* Text.fromHuggingFace(bert))
      const texts = ["The whale, the whale!", "the ship and the whale"]
      const own = yield* learn(Text.bytePairs({ size: 300 }), texts)
      const error = yield* Effect.flip(Text.matches(own, base))
      assert.strictEqual(error._tag, "TokenizerMismatch")
      assert.match(
        error.message,
        /the base model's tokenizer has 200 entries, this one 2\d\d; its kind is WordPiece, of this/
      )
      const parsed = JSON.parse(JSON.stringify(base))
      yield* Text.matches(yield* Text.fromHuggingFace(bert), parsed)
      const differing = (files: Text.FromFiles) =>
        Effect.map(
          Effect.flip(Effect.flatMap(Text.fromHuggingFace(files), (read) => Text.matches(read, base))),
          (error) => (error._tag === "TokenizerMismatch" ? error.differences : [])
        )
      const { normalizer } = bert.tokenizer
      const cased = { ...(normalizer as object), lowercase: false }
      const { tokenizer } = bert
      assert.deepStrictEqual(yield* differing({ ...bert, tokenizer: { ...tokenizer, normalizer: cased } }), [
        "it normalizes text otherwise"
      ])
      assert.deepStrictEqual(yield* differing({ ...bert, tokenizer: { ...tokenizer, post_processor: null } }), [
        "it puts other special tokens round a text"
      ])
      const model = tokenizer["model"] as { readonly vocab: Record<string, number> }
      const swapped = { ...model, vocab: { ...model.vocab, a: model.vocab["b"], b: model.vocab["a"] } }
      assert.deepStrictEqual(yield* differing({ ...bert, tokenizer: { ...tokenizer, model: swapped } }), [
        "as many entries, but other ones or in another order"
      ])
      const { mask_token: _, ...config } = bert.config
      assert.deepStrictEqual(yield* differing({ tokenizer, config }), [
        "its special tokens are [CLS] for start, [MASK] for mask, [PAD] for padding, [SEP] for end, [UNK] for unknown, " +
          "of this one [CLS] for start, [PAD] for padding, [SEP] for end, [UNK] for unknown"
      ])
    })
  )

  it.effect(
    "D27 takes files of other library versions for the same: options that are off, merges in the old form",
    () =>
      Effect.gen(function* () {
        const { tokenizer } = roberta
        const model = tokenizer["model"] as { readonly merges: ReadonlyArray<ReadonlyArray<string>> }
        const old = {
          ...model,
          merges: model.merges.map((pair) => pair.join(" ")),
          ignore_merges: undefined,
          dropout: null
        }
        const files = { ...roberta, tokenizer: JSON.parse(JSON.stringify({ ...tokenizer, model: old })) }
        yield* Text.matches(yield* Text.fromHuggingFace(files), Text.fingerprint(yield* Text.fromHuggingFace(roberta)))
        const [first, second, ...rest] = model.merges
        const swapped = { ...tokenizer, model: { ...model, merges: [second, first, ...rest] } }
        const read = yield* Text.fromHuggingFace({ ...roberta, tokenizer: swapped })
        const error = yield* Effect.flip(Text.matches(read, Text.fingerprint(yield* Text.fromHuggingFace(roberta))))
        assert.deepStrictEqual(error.differences, ["it joins pairs in another order"])
      })
  )
})
