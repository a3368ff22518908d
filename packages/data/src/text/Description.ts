/**
 * What kind of tokenizer to learn, with how many tokens: a description that learns nothing yet. `Text.fit` and
 * `Recipe.tokenize` take it to the train rows.
 */
import { Effect, type Schema } from "effect"
import * as BytePairs from "./BytePairs.ts"
import * as Normalization from "./Normalization.ts"
import { type Special, type SpecialOptions, TextError, resolve, spellings } from "./Special.ts"
import { inChunks, inPiecedWords, inWords } from "./Splitting.ts"
import type { Tokenizer } from "./Tokenizer.ts"
import * as WordPieces from "./WordPieces.ts"
import * as Words from "./Words.ts"

declare const Unlearned: unique symbol

/** A tokenizer that is not learned yet. */
export interface Description {
  readonly [Unlearned]?: never
  readonly describes: Tokenizer["kind"]
  /** Parameters as data: part of the cache key and the manifest. */
  readonly config: Schema.Json
  /** Learns from texts; those who call it see to it that they are of train rows. */
  readonly learn: (texts: ReadonlyArray<string>) => Effect.Effect<Tokenizer, TextError>
}

/** What every kind takes. */
export interface Options {
  /** How many tokens there may be, special ones included. */
  readonly size: number
  /** What stands in the train rows less often gets no token of its own: 2 unless given. */
  readonly minimumCount?: number
  /** How text is normalized first: `["nfc"]` unless given. */
  readonly normalization?: ReadonlyArray<Normalization.Normalization>
  /** Spellings of special tokens, or `false` for none. `<pad>` is there unless given, and `<unk>` where it is needed. */
  readonly special?: SpecialOptions
}

/** How often each word stands in normalized texts. */
const count = (
  texts: ReadonlyArray<string>,
  ways: ReadonlyArray<Normalization.Normalization>,
  split: (text: string) => ReadonlyArray<string>
): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const text of texts) {
    for (const word of split(Normalization.normalize(ways, text))) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

const positive = (operation: string, name: string, value: number): void => {
  if (!Number.isSafeInteger(value) || value < 1 || value > 2 ** 24) {
    throw new RangeError(`${operation}: ${name} is ${value}; give a whole number from 1 to ${2 ** 24}`)
  }
}

interface Settings {
  readonly size: number
  readonly minimumCount: number
  readonly normalization: ReadonlyArray<Normalization.Normalization>
  readonly special: Special
}

const settle = (operation: string, usual: Special, options: Options): Settings => {
  const { minimumCount = 2, normalization = ["nfc"], size } = options
  positive(operation, "size", size)
  positive(operation, "minimumCount", minimumCount)
  return { size, minimumCount, normalization, special: resolve(operation, usual, options.special) }
}

/** Fails where a learned token is spelled like a special one: text could no longer be told from it. */
const distinct = (operation: string, tokenizer: Tokenizer): Effect.Effect<Tokenizer, TextError> => {
  if (tokenizer.kind === "huggingFace") return Effect.succeed(tokenizer)
  const special = spellings(tokenizer.special)
  const taken = tokenizer.tokens.slice(special.length).find((token) => special.includes(token))
  if (taken === undefined) return Effect.succeed(tokenizer)
  const reason = `the text of train rows has a token "${taken}"; spell the special token of that name otherwise`
  return Effect.fail(new TextError({ operation, reason }))
}

const describe = (
  describes: Tokenizer["kind"],
  config: Settings & { readonly alphabet?: number },
  learn: (texts: ReadonlyArray<string>) => Tokenizer
): Description => ({
  describes,
  config: { kind: describes, ...config },
  learn: (texts) =>
    Effect.flatMap(
      Effect.sync(() => learn(texts)),
      (made) => distinct(`Text.${describes}`, made)
    )
})

/**
 * Describes byte-level byte pair encoding, as GPT-2 has it: nothing is unknown and every text comes back as it was. Pairs
 * that are equally frequent are joined in the order of their tokens, single bytes in the order of GPT-2's stand-ins. Throws
 * a RangeError for a size without room for the 256 bytes.
 *
 * @example
 * import { Text } from "@watertight/data"
 * const { config } = Text.bytePairs({ size: 8000, special: { end: "<end>" } })
 * Object.keys(config as object) // => ["kind", "size", "minimumCount", "normalization", "special"]
 */
export const bytePairs = (options: Options): Description => {
  const settings = settle("Text.bytePairs", { padding: "<pad>" }, options)
  const { normalization, special } = settings
  const least = spellings(special).length + BytePairs.alphabet.length
  if (settings.size < least) {
    throw new RangeError(`Text.bytePairs: size is ${settings.size}; 256 bytes and special tokens take ${least}`)
  }
  return describe("bytePairs", settings, (texts) => ({
    kind: "bytePairs",
    normalization,
    special,
    ...BytePairs.learn(count(texts, normalization, inChunks), special, settings)
  }))
}

/** Options of `wordPieces`. */
export interface PieceOptions extends Options {
  /** How many different characters are known, the most frequent ones; 1,000 unless given. */
  readonly alphabet?: number
}

/**
 * Describes word pieces, as BERT has them: words of the longest pieces that are known. Words with a character that is not
 * among the `alphabet` most frequent are unknown. Learning fails when the characters alone take more than `size` tokens.
 */
export const wordPieces = (options: PieceOptions): Description => {
  const operation = "Text.wordPieces"
  const settings = settle(operation, { padding: "[PAD]", unknown: "[UNK]" }, options)
  const { alphabet = 1000 } = options
  positive(operation, "alphabet", alphabet)
  const { normalization, size, special } = settings
  if (special.unknown === undefined)
    throw new RangeError(`${operation}: words of other characters need an unknown token`)
  const described = describe("wordPieces", { ...settings, alphabet }, (texts) => ({
    kind: "wordPieces",
    normalization,
    special,
    ...WordPieces.learn(count(texts, normalization, inPiecedWords), special, { ...settings, alphabet })
  }))
  const fits = (made: Tokenizer): Effect.Effect<Tokenizer, TextError> => {
    const taken = made.kind === "wordPieces" ? made.tokens.length : 0
    const reason = `single characters take ${taken} tokens and size is ${size}; raise it, or lower alphabet`
    return taken > size ? Effect.fail(new TextError({ operation, reason })) : Effect.succeed(made)
  }
  return { ...described, learn: (texts) => Effect.flatMap(described.learn(texts), fits) }
}

/**
 * Describes whole words as tokens: the `size` most frequent ones of the train rows, of equally frequent ones those that
 * come first by code point.
 */
export const words = (options: Options): Description => {
  const settings = settle("Text.words", { padding: "<pad>", unknown: "<unk>" }, options)
  const { normalization, special } = settings
  return describe("words", settings, (texts) => ({
    kind: "words",
    normalization,
    special,
    ...Words.learn(count(texts, normalization, inWords), special, settings)
  }))
}

/** Describes single characters (code points) as tokens, chosen as `words` chooses words. */
export const characters = (options: Options): Description => {
  const settings = settle("Text.characters", { padding: "<pad>", unknown: "<unk>" }, options)
  const { normalization, special } = settings
  return describe("characters", settings, (texts) => ({
    kind: "characters",
    normalization,
    special,
    ...Words.learn(count(texts, normalization, Words.inCharacters), special, settings)
  }))
}
