/** Texts: tokenizers of train rows, and what recipes make of them. */
import type { Node } from "@watertight/core"
import type { Column, Dataset } from "@watertight/data"
import { Partitions, Recipe, Text } from "@watertight/data"
import { mailParts } from "../fixtures.ts"

declare const fingerprint: Text.Fingerprint
declare const tokenizer: Text.Tokenizer
const pairs = Text.bytePairs({ size: 8000, normalization: ["nfkc", "lowercase"], special: { end: "<end>" } })

// legal: a tokenizer learned from train rows, as a stage
const learned = Text.fit(pairs, mailParts.train, "text")

// legal: packed sequences of the train and validation partitions
const packed = Text.pack(learned, mailParts.train, "text", { length: 512 })
Text.pack(learned, mailParts.validation, "text", { length: 512, documents: "whole" })

// legal: a tokenizer is used once it is there
Text.decode(tokenizer, Text.encode(tokenizer, "hello", { special: true }))

// legal: a tokenizer learned inside a recipe, compared with that of a base model, on every partition
const recipe = Recipe.of(mailParts.train).pipe(
  Recipe.tokenize("text", { tokenizer: pairs, length: 128, for: fingerprint, keep: "both", pad: "left" }),
  Recipe.standardize("textLength"),
  Recipe.oneHot("kind")
)
const fitted = Recipe.fit(recipe, mailParts.train)
const ready = Partitions.map(mailParts, (part) => Recipe.apply(fitted, part))

// legal: the shapes of what is made are known
type ColumnsOf<A> = A extends Node.Node<Dataset.Dataset<infer C>, infer _E, infer _R> ? C : never
const ids: Column.Tensor<readonly [128]> = null as unknown as ColumnsOf<typeof ready.train>["text"]
const mask: Column.Tensor<readonly [128]> = null as unknown as ColumnsOf<typeof ready.test>["textMask"]
const segments: Column.Tensor<readonly [512]> = null as unknown as ColumnsOf<typeof packed>["segments"]

// legal: vectors of words
Recipe.of(mailParts.train).pipe(Recipe.tfIdf("text", { size: 2000, run: [1, 2] }), Recipe.standardize("text"))
Recipe.of(mailParts.train).pipe(Recipe.hashWords("text", { size: 1024 }))

// legal: a tokenizer from the files of a base model
Recipe.tokenize("text", { tokenizer, length: 128 })
void [ids, mask, segments]
