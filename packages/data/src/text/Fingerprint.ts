/**
 * Whether two tokenizers are the same: the digests of everything that decides which ids a text gets. A model that is fed
 * the ids of another tokenizer than it was trained with learns and answers nonsense without any error; comparing the
 * fingerprints makes it one.
 */
import { Digest } from "@watertight/core"
import { Effect, Schema } from "effect"
import { toHuggingFace } from "./HuggingFace.ts"
import { File, tokensOf } from "./Library.ts"
import { Special } from "./Special.ts"
import type { Ready, Tokenizer } from "./Tokenizer.ts"

/** What a tokenizer is, in digests: to be kept beside a model. */
export const Fingerprint = Schema.Struct({
  version: Schema.Literal(1),
  /** Of all that follows. */
  digest: Digest.Digest,
  model: Schema.String,
  /** How many ids there are. */
  entries: Schema.Int,
  special: Special,
  vocabulary: Digest.Digest,
  merges: Digest.Digest,
  normalization: Digest.Digest,
  splitting: Digest.Digest,
  template: Digest.Digest,
  options: Digest.Digest
})

/** What a tokenizer is, in digests: to be kept beside a model. */
export interface Fingerprint extends Schema.Schema.Type<typeof Fingerprint> {}

/** A tokenizer is not the one that a model was trained with. */
export class TokenizerMismatch extends Schema.TaggedError<TokenizerMismatch>()("TokenizerMismatch", {
  differences: Schema.Array(Schema.String)
}) {
  override get message() {
    const differences = this.differences.join("; ")
    return `This is not the base model's tokenizer: ${differences}. Use the tokenizer that came with the model.`
  }
}

const digestOf = (value: unknown): Digest.Digest => Digest.of(value as Digest.Digestible) // JSON is digestible

/** Options that say what is so without them, and options that change no id. */
const isIdle = (key: string, value: unknown): boolean =>
  value === null || value === false || value === "" || key === "trim_offsets" || key === "vocab" || key === "merges"

const trimmed = (part: unknown): unknown => {
  if (Array.isArray(part)) return part.map(trimmed)
  if (typeof part !== "object" || part === null) return part
  return Object.fromEntries(
    Object.entries(part).flatMap(([key, value]) => (isIdle(key, value) ? [] : [[key, trimmed(value)]]))
  )
}

/** A sequence of one is that one, and of none is nothing. */
const flattened = (part: unknown): unknown => {
  const json = (trimmed(part) ?? null) as ({ readonly type?: unknown } & Readonly<Record<string, unknown>>) | null // JSON
  const inside = json?.type === "Sequence" ? (json["normalizers"] ?? json["pretokenizers"]) : undefined
  if (!Array.isArray(inside) || inside.length > 1) return json
  return inside.length === 0 ? null : inside[0]
}

const parts = (tokenizer: Tokenizer) => {
  const { tokenizer: json } = toHuggingFace(tokenizer)
  const file = Schema.decodeUnknownSync(File)(json)
  const tokens = tokensOf(file)
  const merges = (file.model.merges ?? []).map((merge) => (typeof merge === "string" ? merge.split(" ") : merge))
  return {
    model: file.model.type ?? "unnamed",
    entries: tokens.length,
    special: tokenizer.special,
    vocabulary: digestOf(Array.isArray(file.model.vocab) ? file.model.vocab : tokens),
    merges: digestOf(merges),
    normalization: digestOf(flattened(file.normalizer)),
    splitting: digestOf(flattened(file.pre_tokenizer)),
    template: digestOf(flattened(file.post_processor)),
    options: digestOf(trimmed(json["model"]))
  }
}

/**
 * Returns a tokenizer's fingerprint. One that was written as a `tokenizer.json` and read back has the same.
 *
 * @example
 * import { Column, Dataset, Table, Text } from "@watertight/data"
 * import { Effect } from "effect"
 * const program = Effect.gen(function* () {
 *   const table = yield* Table.make({ text: Column.text }, { text: ["to be or not to be"] }, { length: 1 })
 *   const train = Dataset.make(table, undefined, "train")
 *   const two = yield* Text.fitDataset(Text.bytePairs({ size: 260 }), train, "text")
 *   const other = yield* Text.fitDataset(Text.bytePairs({ size: 259 }), train, "text")
 *   const error = yield* Effect.flip(Text.matches(other, Text.fingerprint(two)))
 *   return error.differences[0]
 * })
 * Effect.runSync(program) // => "the base model's tokenizer has 260 entries, this one 259"
 */
export const fingerprint = <T>(tokenizer: Ready<T, "Text.fingerprint"> & T): Fingerprint =>
  fingerprintOf(tokenizer as Tokenizer) // Ready says so

/** Returns a tokenizer's fingerprint. */
const fingerprintOf = (tokenizer: Tokenizer): Fingerprint => {
  const found = parts(tokenizer)
  return { version: 1, digest: digestOf(found), ...found }
}

const count = (entries: number): string => String(entries).replaceAll(/\B(?=(?:\d{3})+$)/g, ",")

const spelled = (special: Special): string =>
  Object.entries(special)
    .map(([role, spelling]) => `${spelling} for ${role}`)
    .sort()
    .join(", ") || "none"

const differences = (one: Fingerprint, base: Fingerprint): ReadonlyArray<string> => {
  const said: Array<string> = []
  if (one.entries !== base.entries) {
    said.push(`the base model's tokenizer has ${count(base.entries)} entries, this one ${count(one.entries)}`)
  }
  if (one.model !== base.model) said.push(`its kind is ${base.model}, of this one ${one.model}`)
  const [own, theirs] = [spelled(one.special), spelled(base.special)]
  if (own !== theirs) said.push(`its special tokens are ${theirs}, of this one ${own}`)
  if (one.entries === base.entries && one.vocabulary !== base.vocabulary) {
    said.push("as many entries, but other ones or in another order")
  }
  const named = {
    merges: "it joins pairs in another order",
    normalization: "it normalizes text otherwise",
    splitting: "it splits text otherwise",
    template: "it puts other special tokens round a text",
    options: "its model has other options"
  } as const
  for (const [part, sentence] of Object.entries(named)) {
    if (one[part as keyof typeof named] !== base[part as keyof typeof named]) said.push(sentence) // a key of `named`
  }
  return said
}

/**
 * Fails with a `TokenizerMismatch` that says what differs, unless the tokenizer is the one of the fingerprint: that of the
 * `tokenizer.json` a base model came with, or one that was kept when the model was trained.
 */
export const matches = <T>(
  tokenizer: Ready<T, "Text.matches"> & T,
  expected: Fingerprint
): Effect.Effect<void, TokenizerMismatch> =>
  Effect.suspend(() => {
    const found = differences(fingerprintOf(tokenizer as Tokenizer), expected) // Ready says so
    return found.length === 0 ? Effect.void : Effect.fail(new TokenizerMismatch({ differences: found }))
  })
