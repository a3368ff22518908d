/**
 * The one place that uses `@huggingface/tokenizers`, the library that reads a base model's `tokenizer.json`: what such a
 * file must hold, two ways in which the library differs from the code that models are trained with put right, and the
 * library as an engine. Special tokens that a text spells stay ordinary text here; the library would make special tokens of
 * them. Only unigram models, which have them among their pieces, take them for tokens.
 */
import { Tokenizer as Library } from "@huggingface/tokenizers"
import { Schema } from "effect"
import { type Engine, append, remembering } from "./Engine.ts"
import { chunkPattern } from "./Splitting.ts"
import type { Tokenizer } from "./Tokenizer.ts"

/** An id; more than any tokenizer has would only fill the memory. */
const Id = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 24 }))
const Added = Schema.Struct({ id: Id, content: Schema.String, special: Schema.optionalKey(Schema.Boolean) })
const Part = Schema.optionalKey(Schema.Json)

/** The parts of a `tokenizer.json` that decide which ids a text gets. */
export const File = Schema.Struct({
  model: Schema.Struct({
    type: Schema.optionalKey(Schema.String),
    vocab: Schema.Union([Schema.Record(Schema.String, Id), Schema.Array(Schema.Tuple([Schema.String, Schema.Finite]))]),
    merges: Schema.optionalKey(Schema.Array(Schema.Union([Schema.String, Schema.Array(Schema.String)])))
  }),
  added_tokens: Schema.optionalKey(Schema.Array(Added)),
  normalizer: Part,
  pre_tokenizer: Part,
  post_processor: Part
})

/** The parts of a `tokenizer.json` that decide which ids a text gets. */
export type File = typeof File.Type

/** Returns the spelling of each id. */
export const tokensOf = ({ added_tokens = [], model: { vocab } }: File): ReadonlyArray<string | undefined> => {
  const tokens: Array<string | undefined> = []
  const entries: ReadonlyArray<readonly [string, number]> = Array.isArray(vocab)
    ? vocab.map(([token], id) => [token, id] as const)
    : Object.entries(vocab as Readonly<Record<string, number>>) // the other form of the union
  for (const [token, id] of [...entries, ...added_tokens.map(({ content, id }) => [content, id] as const)]) {
    while (tokens.length < id) tokens.push(undefined)
    tokens[id] = token
  }
  return tokens
}

type Imported = Extract<Tokenizer, { readonly kind: "huggingFace" }>

/** What a tokenizer of another maker is kept as: the two files. */
export const Files = Schema.Struct({ tokenizer: Schema.JsonObject, config: Schema.JsonObject })

/** Puts special tokens into the vocabulary and takes them from the list of what is looked for in texts. */
const withoutSpellings = (tokenizer: Schema.JsonObject, file: File): Schema.JsonObject => {
  const { added_tokens = [], model } = file
  if (Array.isArray(model.vocab)) return tokenizer
  const isSpecial = new Set(added_tokens.filter(({ special }) => special === true).map(({ content }) => content))
  const specialIds = added_tokens.flatMap(({ content, id }) => (isSpecial.has(content) ? [[content, id] as const] : []))
  const listed = tokenizer["added_tokens"] as ReadonlyArray<{ readonly content: string }> | undefined // File says so
  return {
    ...tokenizer,
    model: {
      ...(tokenizer["model"] as Schema.JsonObject), // likewise
      vocab: { ...model.vocab, ...Object.fromEntries(specialIds) }
    }, // likewise
    added_tokens: (listed ?? []).filter(({ content }) => !isSpecial.has(content)) as ReadonlyArray<Schema.JsonObject> // likewise
  }
}

/** Returns the JSON of a replacement. */
export const replacing = (pattern: Schema.JsonObject, content: string): Schema.JsonObject => ({
  type: "Replace",
  pattern,
  content
})

/** Returns the JSON of a split into what a pattern matches. */
export const matching = (pattern: string): Schema.JsonObject => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Removed",
  invert: true
})

/** Σ is lowered to σ wherever it stands. */
export const sigma = replacing({ String: "Σ" }, "σ")

const isObject = Schema.is(Schema.JsonObject)

/** Where a part of a sequence of parts is to be replaced by some others. */
const expanded = (
  part: Schema.Json,
  list: "normalizers" | "pretokenizers",
  expand: (each: Schema.JsonObject) => ReadonlyArray<Schema.Json>
): Schema.Json => {
  if (!isObject(part)) return part
  const inside = part[list]
  if (Array.isArray(inside)) {
    return Object.assign({}, part, { [list]: inside.map((each: Schema.Json) => expanded(each, list, expand)) })
  }
  const parts = expand(part)
  return parts.length === 1 ? parts[0] : { type: "Sequence", [list]: parts }
}

/**
 * The library lowers Σ at the end of a word to ς, and takes JavaScript's white space for Unicode's where GPT-2's pattern is
 * built in. Hugging Face's own code does neither, and models are trained with that.
 */
const corrected = (tokenizer: Schema.JsonObject): Schema.JsonObject => ({
  ...tokenizer,
  normalizer: expanded(tokenizer["normalizer"] ?? null, "normalizers", (each) =>
    each["type"] === "Lowercase" || (each["type"] === "BertNormalizer" && each["lowercase"] !== false)
      ? [sigma, each]
      : [each]
  ),
  pre_tokenizer: expanded(tokenizer["pre_tokenizer"] ?? null, "pretokenizers", (each) => {
    if (each["type"] !== "ByteLevel" || each["use_regex"] === false) return [each]
    const spaced = each["add_prefix_space"] === true ? [replacing({ Regex: "\\A[^ ]" }, " $&")] : []
    return [...spaced, matching(chunkPattern), { ...each, add_prefix_space: false, use_regex: false }]
  })
})

/** The parts the library wants to be there. */
const absent = { decoder: null, post_processor: null, pre_tokenizer: null, normalizer: null, added_tokens: [] }

/** Finds the special tokens that a library puts before and after a text. */
const endsOf = (library: Library): Pick<Engine, "before" | "after"> => {
  const idsOf = (text: string, special: boolean): ReadonlyArray<number> =>
    library.encode(text, { add_special_tokens: special }).ids
  const probe = ["a", "0", ".", "\u4E00"].find((text) => idsOf(text, false).length > 0) ?? ""
  const [bare, whole] = [idsOf(probe, false), idsOf(probe, true)]
  const start = Math.max(
    0,
    whole.findIndex((_, at) => bare.every((id, index) => whole[at + index] === id))
  )
  return { before: whole.slice(0, start), after: whole.slice(start + bare.length) }
}

const plainIds = (library: Library, text: string): ReadonlyArray<number> => {
  const ids: ReadonlyArray<number | undefined> = library.encode(text, { add_special_tokens: false }).ids
  return ids.map((id) => {
    if (id !== undefined) return id
    throw new RangeError("this text has what the tokenizer has no token for, and no unknown token")
  })
}

const Chunked = Schema.Struct({
  type: Schema.Literal("Sequence"),
  pretokenizers: Schema.Tuple([
    Schema.Struct({ type: Schema.Literal("Split"), pattern: Schema.Struct({ Regex: Schema.String }) }),
    Schema.Struct({
      type: Schema.Literal("ByteLevel"),
      use_regex: Schema.Literal(false),
      add_prefix_space: Schema.optionalKey(Schema.Literal(false))
    })
  ])
})

/**
 * Byte pairs after a split, as GPT-2 and most large models since have them: each chunk is encoded by itself, so chunks can
 * be remembered, which makes the library several times as fast.
 */
const byChunks = (json: Schema.JsonObject, parts: File, config: Schema.JsonObject): Engine["encode"] | undefined => {
  const split = json["pre_tokenizer"]
  const model = json["model"] as Schema.JsonObject // File says so
  const changesWhole = config["remove_space"] === true || config["do_lowercase_and_remove_accent"] === true
  const isPlain = parts.model.type === "BPE" && model["fuse_unk"] !== true && !changesWhole
  const added = json["added_tokens"]
  if (!isPlain || !Schema.is(Chunked)(split) || !Array.isArray(added) || added.length > 0) return undefined
  const [cutting, bytes] = split.pretokenizers
  const { normalizer, pre_tokenizer } = new Library({ ...json, pre_tokenizer: cutting }, config)
  const library = new Library({ ...json, normalizer: null, pre_tokenizer: bytes, post_processor: null }, config)
  const encodeChunk = remembering((chunk) => plainIds(library, chunk))
  return (text, into) => {
    const normalized = normalizer === null ? text : normalizer.normalize(text)
    for (const chunk of pre_tokenizer?.pre_tokenize(normalized) ?? []) append(encodeChunk(chunk), into)
  }
}

/** Makes ready what a tokenizer from a file does. Throws what the library throws where it cannot. */
export const engine = ({ file }: Imported): Engine => {
  const { config, tokenizer } = Schema.decodeUnknownSync(Files)(file)
  const parts = Schema.decodeUnknownSync(File)(tokenizer)
  const json = { ...absent, ...corrected(withoutSpellings(tokenizer, parts)) }
  const library = new Library(json, config)
  const encode: Engine["encode"] =
    byChunks(json, parts, config) ?? ((text, into) => append(plainIds(library, text), into))
  return {
    ...endsOf(library),
    tokens: tokensOf(parts),
    encode: (text, into) => encode(text.toWellFormed(), into),
    decode: (ids) => (ids.length === 0 ? "" : library.decode([...ids]))
  }
}
