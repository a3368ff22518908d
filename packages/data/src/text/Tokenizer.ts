/**
 * A tokenizer: what turns text into token ids and back, as plain JSON that can be read, stored and compared. It is learned
 * from train rows (`Text.fit`) or read from a `tokenizer.json`; one that is only described cannot encode, and trying to
 * does not compile.
 */
import { Schema } from "effect"
import type * as Table from "../Table.ts"
import * as BytePairs from "./BytePairs.ts"
import type { Description } from "./Description.ts"
import type { Engine } from "./Engine.ts"
import * as Library from "./Library.ts"
import { Normalization } from "./Normalization.ts"
import { type Role, Special, spellings } from "./Special.ts"
import * as WordPieces from "./WordPieces.ts"
import * as Words from "./Words.ts"

const learned = {
  normalization: Schema.Array(Normalization),
  special: Special,
  /** How each id is spelled, special tokens first. */
  tokens: Schema.Array(Schema.String)
}

/** The form of a tokenizer. */
export const Tokenizer = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("bytePairs"), ...learned, merges: Schema.Array(Schema.String) }),
  Schema.Struct({ kind: Schema.Literals(["wordPieces", "words", "characters"]), ...learned }),
  Schema.Struct({ kind: Schema.Literal("huggingFace"), special: Special, file: Schema.Json })
])

/** What turns text into token ids and back. */
export type Tokenizer = typeof Tokenizer.Type

/** A tokenizer that was learned here. */
export type Learned = Exclude<Tokenizer, { readonly kind: "huggingFace" }>

const learnedEngine = (tokenizer: Learned): Engine => {
  const { normalization, special, tokens } = tokenizer
  const reserved = spellings(special).length
  const idOf = (role: Role): ReadonlyArray<number> => {
    const spelling = special[role]
    return spelling === undefined ? [] : [tokens.indexOf(spelling)]
  }
  const [unknown] = idOf("unknown")
  const ends = { before: idOf("start"), after: idOf("end") }
  switch (tokenizer.kind) {
    case "bytePairs":
      return { ...BytePairs.engine(tokenizer, normalization, reserved), ...ends }
    case "wordPieces":
      return { ...WordPieces.engine(tokenizer, normalization, reserved, unknown), ...ends }
    case "words":
      return { ...Words.engine(tokenizer, normalization, reserved, unknown, "word"), ...ends }
    case "characters":
      return { ...Words.engine(tokenizer, normalization, reserved, unknown, "character"), ...ends }
  }
}

const engines = new WeakMap<Tokenizer, Engine>()

/** Returns what a tokenizer does, made ready when it is first asked for. Throws a TypeError for what is none. */
export const engineOf = (tokenizer: Tokenizer): Engine => {
  if (!("kind" in tokenizer)) {
    throw new TypeError("Text: this tokenizer is only described: learn it from train rows by Text.fit first")
  }
  let engine = engines.get(tokenizer)
  if (engine === undefined) {
    engine = tokenizer.kind === "huggingFace" ? Library.engine(tokenizer) : learnedEngine(tokenizer)
    engines.set(tokenizer, engine)
  }
  return engine
}

/** `T` when it is a tokenizer; else the sentence that the compiler shows. */
export type Ready<T, Verb extends string> = [T] extends [Tokenizer]
  ? T
  : [T] extends [Description]
    ? `${Verb}: this tokenizer is only described: learn it from train rows by Text.fit first`
    : [T] extends [Table.Table]
      ? `${Verb} takes a tokenizer; this is a table`
      : `${Verb} takes a tokenizer, as Text.fit and Text.fromHuggingFace give them`

const ready = (accepted: unknown): Tokenizer => accepted as Tokenizer // Ready says so

/** How `encode` puts ids together. */
export interface EncodeOptions {
  /** Whether the start and end tokens are put round the text, where the tokenizer has them; off unless given. */
  readonly special?: boolean
}

/**
 * Returns the ids of a text's tokens, from 0 to `size(tokenizer) - 1`. Special tokens that the text spells are taken as the
 * ordinary characters they consist of. For a tokenizer read from a file it throws what its library throws: documents of
 * hundreds of thousands of tokens in one are too long for it.
 *
 * @example
 * import { Column, Dataset, Table, Text } from "@watertight/data"
 * import { Effect } from "effect"
 * const program = Effect.gen(function* () {
 *   const table = yield* Table.make({ text: Column.text }, { text: ["a rose is a rose"] }, { length: 1 })
 *   const train = Dataset.make(table, undefined, "train")
 *   const words = yield* Text.fitDataset(Text.words({ size: 100, minimumCount: 2 }), train, "text")
 *   return [words.kind, [...Text.encode(words, "a rose, a tulip")]]
 * })
 * Effect.runSync(program) // => ["words", [2, 3, 1, 2, 1]]
 */
export const encode = <T>(
  tokenizer: Ready<T, "Text.encode"> & T,
  text: string,
  options: EncodeOptions = {}
): Int32Array => {
  const { after, before, encode } = engineOf(ready(tokenizer))
  const ids: Array<number> = options.special === true ? [...before] : []
  encode(text, ids)
  if (options.special === true) ids.push(...after)
  return Int32Array.from(ids)
}

/**
 * Returns the text of ids; special tokens are left out. For byte pairs it is the normalized text that was encoded, whole
 * words and word pieces come with one space between them. Throws a RangeError for an id that no token has.
 */
export const decode = <T>(tokenizer: Ready<T, "Text.decode"> & T, ids: Iterable<number>): string => {
  const { decode, tokens } = engineOf(ready(tokenizer))
  const special = new Set(spellings(ready(tokenizer).special))
  const ordinary = [...ids].filter((id) => {
    const token = tokens[id]
    if (token === undefined) throw new RangeError(`Text.decode: no token has the id ${id}; there are ${tokens.length}`)
    return !special.has(token)
  })
  return decode(ordinary)
}

/** Returns the spellings of a text's tokens, as they are in the vocabulary. */
export const tokens = <T>(tokenizer: Ready<T, "Text.tokens"> & T, text: string): ReadonlyArray<string> => {
  const engine = engineOf(ready(tokenizer))
  const ids: Array<number> = []
  engine.encode(text, ids)
  return ids.map((id) => engine.tokens[id] ?? "")
}

/** Counts the ids: every id is smaller, so an embedding needs that many rows. */
export const size = <T>(tokenizer: Ready<T, "Text.size"> & T): number => engineOf(ready(tokenizer)).tokens.length

/** Returns the id of a special token, or undefined where the tokenizer has none for that. */
export const specialId = <T>(tokenizer: Ready<T, "Text.specialId"> & T, role: Role): number | undefined => {
  const spelling = ready(tokenizer).special[role]
  const id = spelling === undefined ? -1 : engineOf(ready(tokenizer)).tokens.indexOf(spelling)
  return id < 0 ? undefined : id
}
