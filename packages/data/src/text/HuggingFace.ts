/**
 * Tokenizers in the form of Hugging Face's `tokenizer.json`: read, so that a base model's tokenizer gives the ids the model
 * was trained with, and written, so that others can read what was learned here.
 */
import { Effect, Schema } from "effect"
import { File, Files, engine, matching, replacing, sigma, tokensOf } from "./Library.ts"
import type { Normalization } from "./Normalization.ts"
import { type Role, type Special, TextError, spellings } from "./Special.ts"
import { chunkPattern, piecedWordPattern, wordPattern } from "./Splitting.ts"
import type { Learned, Tokenizer } from "./Tokenizer.ts"
import { prefix } from "./WordPieces.ts"

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
