import { describe, it } from "@effect/vitest"
import { Pipeline } from "@watertight/core"
import { Effect } from "effect"
import { Column, Partitions, Recipe, Source, Split, Table, Text } from "../../src/index.ts"
import { NoPeeking } from "../../src/testing/index.ts"
import { mail } from "./fixtures.ts"

describe("NoPeeking of texts", () => {
  it.effect("D28 no vocabulary, packed sequence or vector changes when the test rows do", () =>
    Effect.gen(function* () {
      const mails = mail().filter((_, index) => index % 5 === 0)
      const table = yield* Table.make(
        { text: Column.text, kind: Column.category(["ham", "spam"]) },
        { text: mails.map(({ text }) => text), kind: Int32Array.from(mails, ({ spam }) => (spam ? 1 : 0)) },
        { length: mails.length }
      )
      const parts = Split.stratified(Source.fromTable(table), { on: "kind", validation: 0.2, test: 0.2 })
      const recipe = Recipe.of(parts.train).pipe(
        Recipe.tokenize("text", { tokenizer: Text.wordPieces({ size: 400 }), length: 32 })
      )
      const fitted = Recipe.fit(recipe, parts.train)
      const ready = Partitions.map(parts, (part) => Recipe.apply(fitted, part))
      const tokenizer = Text.fit(Text.bytePairs({ size: 300 }), parts.train, "text")
      const packed = Text.pack(tokenizer, parts.train, "text", { length: 64 })
      const words = Recipe.fit(Recipe.of(parts.train).pipe(Recipe.tfIdf("text", { size: 50 })), parts.train)
      const outputs = { fitted, words, tokenizer, packed, train: ready.train, validation: ready.validation }
      yield* NoPeeking.check(Pipeline.make("mail", outputs), { seed: 7 })
    })
  )
})
