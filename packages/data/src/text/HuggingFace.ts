/**
 * Tokenizers in the form of Hugging Face's `tokenizer.json`: read by their own library, so that a base model's tokenizer
 * gives the ids the model was trained with, and written, so that others can read what was learned here. Special tokens that
 * a text spells stay ordinary text here, too; the library would make special tokens of them. Only unigram models, which
 * have them among their pieces, take them for tokens.
 */
import { Tokenizer as Library } from "@huggingface/tokenizers"
import { Effect, Schema } from "effect"
import { type Engine, append } from "./Engine.ts"
import type { Normalization } from "./Normalization.ts"
import { type Role, type Special, TextError, spellings } from "./Special.ts"
import { chunkPattern, piecedWordPattern, wordPattern } from "./Splitting.ts"
import type { Learned, Tokenizer } from "./Tokenizer.ts"
import { prefix } from "./WordPieces.ts"

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
const Files = Schema.Struct({ tokenizer: Schema.JsonObject, config: Schema.JsonObject })

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

const replacing = (pattern: Schema.JsonObject, content: string): Schema.JsonObject => ({
  type: "Replace",
  pattern,
  content
})

const matching = (pattern: string): Schema.JsonObject => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Removed",
  invert: true
})

const sigma = replacing({ String: "Σ" }, "σ")

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

/** Makes ready what a tokenizer from a file does. Throws what the library throws where it cannot. */
export const engine = ({ file }: Imported): Engine => {
  const { config, tokenizer } = Schema.decodeUnknownSync(Files)(file)
  const parts = Schema.decodeUnknownSync(File)(tokenizer)
  const library = new Library({ ...absent, ...corrected(withoutSpellings(tokenizer, parts)) }, config)
  const idsOf = (text: string, special: boolean): ReadonlyArray<number> =>
    library.encode(text.toWellFormed(), { add_special_tokens: special }).ids
  const probe = ["a", "0", ".", "\u4E00"].find((text) => idsOf(text, false).length > 0) ?? ""
  const [bare, whole] = [idsOf(probe, false), idsOf(probe, true)]
  const start = Math.max(
    0,
    whole.findIndex((_, at) => bare.every((id, index) => whole[at + index] === id))
  )
  return {
    tokens: tokensOf(parts),
    before: whole.slice(0, start),
    after: whole.slice(start + bare.length),
    encode: (text, into) => {
      const ids: ReadonlyArray<number | undefined> = idsOf(text, false)
      append(
        ids.map((id) => {
          if (id === undefined)
            throw new RangeError("this text has what the tokenizer has no token for, and no unknown token")
          return id
        }),
        into
      )
    },
    decode: (ids) => (ids.length === 0 ? "" : library.decode([...ids]))
  }
}

const Spelling = Schema.Union([Schema.String, Schema.Struct({ content: Schema.String })])
const Names = Schema.Record(Schema.String, Schema.Unknown)

/** Which names of a `tokenizer_config.json` say what, the first that is there counts. */
const named: Readonly<Record<Role, ReadonlyArray<string>>> = {
  padding: ["pad_token"],
  unknown: ["unk_token"],
  start: ["bos_token", "cls_token"],
  end: ["eos_token", "sep_token"],
  mask: ["mask_token"]
}

const specialIn = (config: typeof Names.Type): Special =>
  Object.fromEntries(
    Object.entries(named).flatMap(([role, names]) => {
      const found = names.map((name) => config[name]).find(Schema.is(Spelling))
      return found === undefined ? [] : [[role, typeof found === "string" ? found : found.content]]
    })
  )

/** A base model's tokenizer, as its files hold it. */
export interface FromFiles {
  /** The parsed `tokenizer.json`. */
  readonly tokenizer: unknown
  /** The parsed `tokenizer_config.json`, which says what special tokens are for. */
  readonly config?: unknown
  /** What special tokens are for, where the files do not say it. */
  readonly special?: Special
}

/**
 * Reads the tokenizer of a base model from its parsed files. Fails with a `TextError` where they are none, where their
 * library refuses them, and where a special token is not in the vocabulary.
 */
export const fromHuggingFace = Effect.fn("Text.fromHuggingFace")(function* (
  files: FromFiles
): Effect.fn.Return<Tokenizer, TextError> {
  const refuse = (reason: string) => new TextError({ operation: "Text.fromHuggingFace", reason })
  const read = <A>(what: string, schema: Schema.Codec<A, Schema.Json>, value: unknown) =>
    Effect.mapError(Schema.decodeUnknownEffect(schema)(value), ({ message }) =>
      refuse(`this is no ${what}: ${message}`)
    )
  const tokenizer = yield* read("tokenizer.json", Schema.JsonObject, files.tokenizer)
  const parts = yield* read("tokenizer.json", File, files.tokenizer)
  const config = yield* read("tokenizer_config.json", Schema.JsonObject, files.config ?? {})
  const special = { ...specialIn(config), ...files.special }
  const made: Tokenizer = { kind: "huggingFace", special, file: { tokenizer, config } }
  const known = new Set(tokensOf(parts))
  const missing = spellings(special).find((spelling) => !known.has(spelling))
  if (missing !== undefined) return yield* refuse(`the special token ${missing} is not in its vocabulary`)
  yield* Effect.try({
    try: () => engine(made),
    catch: (cause) => refuse(`the library @huggingface/tokenizers refuses it: ${String(cause)}`)
  })
  return made
})

const normalizers: Readonly<Record<Normalization, ReadonlyArray<Schema.JsonObject>>> = {
  nfc: [{ type: "NFC" }],
  nfd: [{ type: "NFD" }],
  nfkc: [{ type: "NFKC" }],
  nfkd: [{ type: "NFKD" }],
  lowercase: [sigma, { type: "Lowercase" }],
  stripAccents: [{ type: "NFD" }, replacing({ Regex: "\\p{M}+" }, ""), { type: "NFC" }],
  whitespace: [replacing({ Regex: "\\s+" }, " "), replacing({ Regex: "^ " }, ""), replacing({ Regex: " $" }, "")]
}

const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false }

/** What is one token at most, and how tokens become text. */
const shapes: Readonly<Record<Learned["kind"], { readonly split: Schema.JsonObject; readonly decoder: Schema.Json }>> =
  {
    bytePairs: { split: { type: "Sequence", pretokenizers: [matching(chunkPattern), bytes] }, decoder: bytes },
    wordPieces: { split: matching(piecedWordPattern), decoder: { type: "WordPiece", prefix, cleanup: false } },
    words: { split: matching(wordPattern), decoder: null },
    characters: { split: matching("[\\s\\S]"), decoder: { type: "Fuse" } }
  }

const modelOf = (tokenizer: Learned): Schema.JsonObject => {
  const vocab = Object.fromEntries(tokenizer.tokens.map((token, id) => [token, id]))
  const unk_token = tokenizer.special.unknown ?? null
  switch (tokenizer.kind) {
    case "bytePairs":
      return {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab,
        merges: tokenizer.merges.map((merge) => merge.split(" "))
      }
    case "wordPieces":
      return { type: "WordPiece", unk_token, continuing_subword_prefix: prefix, max_input_chars_per_word: 100, vocab }
    case "words":
    case "characters":
      return { type: "WordLevel", unk_token, vocab }
  }
}

/** Puts start and end tokens round a text, as `special: true` does. */
const template = ({ special, tokens }: Learned): Schema.Json => {
  const ends = [special.start, special.end].filter((each) => each !== undefined)
  if (ends.length === 0) return null
  const token = (id: string): Schema.Json => ({ SpecialToken: { id, type_id: 0 } })
  const [start, end] = [special.start, special.end].map((each) => (each === undefined ? [] : [token(each)]))
  const sequence = (id: string): Schema.Json => ({ Sequence: { id, type_id: 0 } })
  return {
    type: "TemplateProcessing",
    single: [...start, sequence("A"), ...end],
    pair: [...start, sequence("A"), ...end, sequence("B"), ...end],
    special_tokens: Object.fromEntries(ends.map((id) => [id, { id, ids: [tokens.indexOf(id)], tokens: [id] }]))
  }
}

/**
 * Writes a tokenizer as the contents of `tokenizer.json` and `tokenizer_config.json`. Read back, it gives the same ids,
 * here and in Python's `tokenizers` with `encode_special_tokens = True`; without that, a text that spells a special token
 * has it there. A tokenizer that was read is returned as it was.
 */
export const toHuggingFace = (
  tokenizer: Tokenizer
): { readonly tokenizer: Schema.JsonObject; readonly config: Schema.JsonObject } => {
  if (tokenizer.kind === "huggingFace") return Schema.decodeUnknownSync(Files)(tokenizer.file)
  const { normalization, special, tokens } = tokenizer
  const { decoder, split } = shapes[tokenizer.kind]
  const added = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  const names = Object.entries(special).map(([role, spelling]) => [roleNames[role as Role], spelling]) // a key of Special
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: spellings(special).map((content) => ({ id: tokens.indexOf(content), content, ...added })),
      normalizer: { type: "Sequence", normalizers: normalization.flatMap((way) => normalizers[way]) },
      pre_tokenizer: split,
      post_processor: template(tokenizer),
      decoder,
      model: modelOf(tokenizer)
    },
    config: {
      tokenizer_class: "PreTrainedTokenizerFast",
      clean_up_tokenization_spaces: false,
      ...Object.fromEntries(names)
    }
  }
}

const roleNames: Readonly<Record<Role, string>> = {
  padding: "pad_token",
  unknown: "unk_token",
  start: "bos_token",
  end: "eos_token",
  mask: "mask_token"
}
