import { assert, describe, it } from "@effect/vitest"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Text } from "../../src/index.ts"
import { TextLaws } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 40)

const described = {
  bytePairs: Text.bytePairs({ size: 300, special: { start: "<s>", end: "</s>", mask: "<mask>" } }),
  "bytePairs, normalized": Text.bytePairs({
    size: 280,
    normalization: ["nfkc", "lowercase", "stripAccents", "whitespace"]
  }),
  wordPieces: Text.wordPieces({ size: 1000, minimumCount: 1, normalization: ["nfd", "lowercase"] }),
  words: Text.words({ size: 30, minimumCount: 1, normalization: ["nfkc", "lowercase"], special: { end: "</s>" } }),
  characters: Text.characters({ size: 20, normalization: ["nfd", "stripAccents"] })
}

describe("TextLaws", () => {
  for (const [name, { learn }] of Object.entries(described)) {
    for (const law of [...TextLaws.laws({ learn }), TextLaws.exports({ learn })]) {
      it.effect(`${name}: ${law.name}`, () => law.check({ runs }))
    }
  }

  for (const name of ["bytePairs", "bytePairs, normalized"] as const) {
    const law = TextLaws.decodes(described[name])
    it.effect(`${name}: ${law.name}`, () => law.check({ runs }))
  }

  for (const description of [
    described.wordPieces,
    Text.words({ size: 1000, minimumCount: 1 }),
    Text.characters({ size: 1000, minimumCount: 1 })
  ]) {
    const law = TextLaws.knowsItsAlphabet(description)
    it.effect(`${description.describes}: ${law.name}`, () => law.check({ runs }))
  }

  for (const description of [Text.bytePairs({ size: 260 }), Text.words({ size: 30 })]) {
    const law = TextLaws.laysOut({ tokenize: TextLaws.byRecipe(description) })
    it.effect(`${description.describes}: ${law.name}`, () => law.check({ runs }))
  }

  const packing = { learn: described.bytePairs.learn, pack: TextLaws.byPacking }
  it.effect(TextLaws.packs(packing).name, () => TextLaws.packs(packing).check({ runs: 2 * runs }))

  describe("fail for tokenizers that break them", () => {
    const { learn } = described.bytePairs
    const corpora = fc.constant(["ab ab", "cd 👍"])
    let calls = 0
    const broken: Readonly<Record<string, Law.Law>> = {
      "a decoder that drops a token": TextLaws.decodes({
        learn,
        decode: (tokenizer, ids) => Text.decode(tokenizer, [...ids].slice(1))
      }),
      "ids that go on with the last text's": TextLaws.encodesAlone({
        learn,
        encode: (tokenizer, text) => [...Text.encode(tokenizer, text), calls++]
      }),
      "the id after the last": TextLaws.idsAreInRange({ learn, encode: (tokenizer) => [Text.size(tokenizer)] }),
      "padding in a text": TextLaws.idsAreInRange({ learn, encode: () => [0] }),
      "the first row decides": TextLaws.learnsInAnyOrder({
        learn: (texts) => Text.words({ size: 30, minimumCount: 1 }).learn(texts.slice(0, 1))
      }),
      "a vocabulary without single characters": TextLaws.knowsItsAlphabet(Text.words({ size: 30, minimumCount: 3 })),
      "ids that change on the way through JSON": TextLaws.serializes({
        learn,
        encode: (tokenizer, text) => [...Text.encode(tokenizer, text), calls++]
      }),
      "ids that nobody else gives": TextLaws.exports({
        learn,
        encode: (tokenizer, text) => [...Text.encode(tokenizer, text)].toReversed()
      }),
      "padding in the middle": TextLaws.laysOut({
        corpora,
        tokenize: (texts, layout) =>
          Effect.map(TextLaws.byRecipe(Text.bytePairs({ size: 260 }))(texts, layout), (rows) => ({
            ...rows,
            mask: Array.from(rows.mask, (own, place) => (place === 1 ? 0 : own))
          }))
      }),
      "the tail for the head": TextLaws.laysOut({
        corpora,
        tokenize: (texts, layout) =>
          TextLaws.byRecipe(Text.bytePairs({ size: 260 }))(texts, {
            ...layout,
            keep: layout.keep === "head" ? "tail" : layout.keep
          })
      }),
      "a token overwritten": TextLaws.packs({
        learn,
        pack: (tokenizer, texts, options) =>
          Effect.map(TextLaws.byPacking(tokenizer, texts, options), (sequences) => ({
            ...sequences,
            tokens: Array.from(sequences.tokens, (id, place) => (place === 1 ? 0 : id))
          }))
      }),
      "positions that go on over documents": TextLaws.packs({
        learn,
        pack: (tokenizer, texts, options) =>
          Effect.map(TextLaws.byPacking(tokenizer, texts, options), (sequences) => ({
            ...sequences,
            positions: Array.from(sequences.positions, (_, place) => place)
          }))
      })
    }
    for (const [name, law] of Object.entries(broken)) {
      it.effect(`${law.name}: ${name}`, () =>
        Effect.map(Effect.flip(law.check({ runs: 200 })), (violation) => assert.strictEqual(violation.law, law.name))
      )
    }
  })
})
