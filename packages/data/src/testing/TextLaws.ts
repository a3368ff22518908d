/**
 * The laws of tokenizers, this package's or one's own, and texts to try them on that are not like mail: emoji of several
 * code points, right-to-left scripts, control characters, lone accents, spellings of special tokens.
 */
import { Digest } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import * as Column from "../Column.ts"
import * as Dataset from "../Dataset.ts"
import * as Recipe from "../Recipe.ts"
import * as Table from "../Table.ts"
import * as Text from "../Text.ts"

const oddities = [
  "",
  " ",
  "  ",
  "\r\n",
  "\n\n",
  "\t",
  "\0",
  "\u0085",
  "\u00A0",
  "\uFEFF",
  "\u200D",
  "e\u0301",
  "é",
  "\u0301",
  "İ",
  "ΣΑΣ",
  "ß",
  "ﬁ",
  "don't",
  "I'll",
  "O’Neill",
  "12",
  "٣٤",
  "²",
  "שלום",
  "مرحبا",
  "हिन्दी",
  "東京へ",
  "ไทย",
  "한국",
  "👩‍👩‍👧‍👦",
  "👍🏽",
  "🇹🇩🇩🇪",
  "𝒳𐍈",
  "<pad>",
  "[UNK]",
  "##a",
  "----",
  "aaaaaaaa",
  "Ġ",
  "the the the",
  "__proto__ constructor"
]

/** Draws texts: ordinary words, oddities and any characters, one after the other. */
export const texts: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("the", " the", " whale", "s", ".", " ", "x") },
      { weight: 3, arbitrary: fc.constantFrom(...oddities) },
      { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 4 }) },
      { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 2 }) }
    ),
    { maxLength: 12 }
  )
  .map((parts) => parts.join(""))

/** Draws the texts of a few train rows. */
export const corpora: fc.Arbitrary<ReadonlyArray<string>> = fc.array(texts, { minLength: 1, maxLength: 6 })

/** A way of tokenizing, and what to try it on. Without `encode` and `decode` those of `Text`. */
export interface Subject {
  readonly learn: (texts: ReadonlyArray<string>) => Effect.Effect<Text.Tokenizer, Text.TextError>
  readonly corpora?: fc.Arbitrary<ReadonlyArray<string>>
  readonly texts?: fc.Arbitrary<string>
  readonly encode?: (tokenizer: Text.Tokenizer, text: string) => ArrayLike<number>
  readonly decode?: (tokenizer: Text.Tokenizer, ids: Iterable<number>) => string
}

const encodeByText: NonNullable<Subject["encode"]> = (tokenizer, text) => Text.encode(tokenizer, text)

const using = (subject: Subject) => ({
  encode: (tokenizer: Text.Tokenizer, text: string): ReadonlyArray<number> =>
    Array.from((subject.encode ?? encodeByText)(tokenizer, text)),
  decode: subject.decode ?? ((tokenizer: Text.Tokenizer, ids: Iterable<number>) => Text.decode(tokenizer, ids)),
  both: fc.tuple(subject.corpora ?? corpora, fc.array(subject.texts ?? texts, { minLength: 1, maxLength: 4 }))
})

const shown = (ids: ArrayLike<number>): string => `[${Array.from(ids).join(", ")}]`

/** What was encoded comes back as the normalized text. For byte pairs. */
export const decodes = (subject: Subject): Law.Law => {
  const { both, decode, encode } = using(subject)
  return Law.make(
    "decode: what was encoded comes back as the normalized text",
    both,
    Effect.fnUntraced(function* ([corpus, others]) {
      const tokenizer = yield* subject.learn(corpus)
      for (const text of [...corpus, ...others]) {
        const ways = tokenizer.kind === "huggingFace" ? [] : tokenizer.normalization
        const [before, after] = [Text.normalize(ways, text), decode(tokenizer, encode(tokenizer, text))]
        Law.ensure(before === after, () => `${JSON.stringify(before)} came back as ${JSON.stringify(after)}`)
      }
    })
  )
}

/** A text has the same ids whatever was encoded before it. */
export const encodesAlone = (subject: Subject): Law.Law => {
  const { both, encode } = using(subject)
  return Law.make(
    "encode: a text's ids do not depend on other texts",
    both,
    Effect.fnUntraced(function* ([corpus, others]) {
      const learned = yield* subject.learn(corpus)
      const fresh = (): Text.Tokenizer => JSON.parse(JSON.stringify(learned))
      const many = fresh()
      for (const text of [...corpus, ...others]) {
        const [among, alone] = [encode(many, text), encode(fresh(), text)]
        Law.ensure(shown(among) === shown(alone), () => `${shown(alone)} alone, and ${shown(among)} after other texts`)
      }
    })
  )
}

/** Every id is one that an embedding of `size` rows has. */
export const idsAreInRange = (subject: Subject): Law.Law => {
  const { both, encode } = using(subject)
  return Law.make(
    "encode: ids are whole numbers from 0 to below the size, and no special token but the unknown",
    both,
    Effect.fnUntraced(function* ([corpus, others]) {
      const tokenizer = yield* subject.learn(corpus)
      const size = Text.size(tokenizer)
      const reserved = (["padding", "start", "end", "mask"] as const).map((role) => Text.specialId(tokenizer, role))
      for (const id of [...corpus, ...others].flatMap((text) => encode(tokenizer, text))) {
        Law.ensure(Number.isInteger(id) && id >= 0 && id < size, () => `the id ${id} of ${size} tokens`)
        Law.ensure(!reserved.includes(id), () => `a text has the special token ${id}`)
      }
    })
  )
}

/** Learning does not depend on the order of the rows. */
export const learnsInAnyOrder = (subject: Subject): Law.Law =>
  Law.make(
    "learn: the order of the train rows does not matter",
    (subject.corpora ?? corpora).chain((corpus) =>
      fc.tuple(fc.constant(corpus), fc.shuffledSubarray([...corpus], { minLength: corpus.length }))
    ),
    Effect.fnUntraced(function* ([corpus, shuffled]) {
      const [one, other] = [yield* subject.learn(corpus), yield* subject.learn(shuffled)]
      const [before, after] = [JSON.stringify(one), JSON.stringify(other)]
      Law.ensure(before === after, () => `${before} became ${after} when rows changed places`)
    })
  )

/** Where every character of the train rows was kept, none of their texts has an unknown token. */
export const knowsItsAlphabet = (subject: Subject): Law.Law => {
  const { both, encode } = using(subject)
  return Law.make(
    "encode: only what the alphabet lacks is unknown",
    both,
    Effect.fnUntraced(function* ([corpus]) {
      const tokenizer = yield* subject.learn(corpus)
      const unknown = Text.specialId(tokenizer, "unknown")
      const text = corpus.find((each) => encode(tokenizer, each).some((id) => id === unknown))
      Law.ensure(text === undefined, () => `${JSON.stringify(text)} was learned from, and has something unknown`)
    })
  )
}

/** A tokenizer is JSON, and what is read back is the same tokenizer. */
export const serializes = (subject: Subject): Law.Law => {
  const { both, encode } = using(subject)
  return Law.make(
    "tokenizer: read back from JSON it is the same",
    both,
    Effect.fnUntraced(function* ([corpus, others]) {
      const tokenizer = yield* subject.learn(corpus)
      const restored: Text.Tokenizer = JSON.parse(JSON.stringify(tokenizer))
      yield* Text.matches(restored, Text.fingerprint(tokenizer))
      for (const text of others) {
        const [before, after] = [shown(encode(tokenizer, text)), shown(encode(restored, text))]
        Law.ensure(before === after, () => `${before} became ${after}`)
      }
    })
  )
}

/** Written as a `tokenizer.json` and read by Hugging Face's library, it gives the same ids and fingerprint. */
export const exports = (subject: Subject): Law.Law => {
  const { both, encode } = using(subject)
  return Law.make(
    "toHuggingFace: read back it gives the same ids and the same fingerprint",
    both,
    Effect.fnUntraced(function* ([corpus, others]) {
      const tokenizer = yield* subject.learn(corpus)
      const read = yield* Text.fromHuggingFace(JSON.parse(JSON.stringify(Text.toHuggingFace(tokenizer))))
      yield* Text.matches(read, Text.fingerprint(tokenizer))
      for (const text of [...corpus, ...others]) {
        const [before, after] = [shown(encode(tokenizer, text)), shown(Text.encode(read, text))]
        Law.ensure(before === after, () => `${JSON.stringify(text)}: ${before} became ${after}`)
      }
    })
  )
}

/** The laws that hold for every tokenizer. */
export const laws = (subject: Subject): ReadonlyArray<Law.Law> => [
  encodesAlone(subject),
  idsAreInRange(subject),
  learnsInAnyOrder(subject),
  serializes(subject)
]

/** The ids of rows, which of them are text, and how many. */
export interface Rows {
  readonly ids: ArrayLike<number>
  readonly mask: ArrayLike<number>
  readonly lengths: ArrayLike<number>
}

/** How rows are laid out. */
export interface Layout {
  readonly length: number
  readonly keep: "head" | "tail" | "both"
  readonly pad: "right" | "left"
}

/** Tokenizes texts by a recipe that was fitted on them. */
export const byRecipe =
  (tokenizer: Text.Description) =>
  (corpus: ReadonlyArray<string>, layout: Layout): Effect.Effect<Rows, unknown> =>
    Effect.gen(function* () {
      const table = yield* Table.make({ text: Column.text }, { text: corpus }, { length: corpus.length })
      const recipe = Recipe.forColumns(table.columns).pipe(Recipe.tokenize("text", { tokenizer, ...layout }))
      const fitted = yield* Recipe.fitDataset(recipe, Dataset.make(table, undefined, "train"))
      const { values } = yield* Recipe.applyTable(fitted, table)
      return { ids: values.text as Int32Array, mask: values.textMask as Uint8Array, lengths: values.textLength } // their dtypes
    })

/** The tokens of each row without the padding. */
const textOf = ({ ids, mask }: Rows, length: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: ids.length / length }, (_, row) =>
    Array.from({ length }, (_each, place) => row * length + place)
      .filter((place) => mask[place] === 1)
      .map((place) => ids[place])
  )

const fits = (short: ReadonlyArray<number>, long: ReadonlyArray<number>, keep: Layout["keep"]): boolean => {
  const head = keep === "head" ? short.length : keep === "tail" ? 0 : Math.ceil(short.length / 2)
  const rest = short.length - head
  const starts = short.slice(0, head).every((id, place) => long[place] === id)
  return starts && short.slice(head).every((id, place) => long[long.length - rest + place] === id)
}

/** A shorter row is the part of a longer one that `keep` names, and padding goes where `pad` says and nowhere else. */
export const laysOut = (subject: {
  readonly tokenize: (corpus: ReadonlyArray<string>, layout: Layout) => Effect.Effect<Rows, unknown>
  readonly corpora?: fc.Arbitrary<ReadonlyArray<string>>
}): Law.Law =>
  Law.make(
    "tokenize: cutting keeps a part and padding changes no token",
    fc.record({
      corpus: subject.corpora ?? corpora,
      length: fc.integer({ min: 1, max: 12 }),
      more: fc.integer({ min: 200, max: 220 }),
      keep: fc.constantFrom("head", "tail", "both"),
      pad: fc.constantFrom("right", "left")
    }),
    Effect.fnUntraced(function* ({ corpus, keep, length, more, pad }) {
      const [short, long] = [
        yield* subject.tokenize(corpus, { length, keep, pad }),
        yield* subject.tokenize(corpus, { length: more, keep, pad })
      ]
      const whole = textOf(long, more)
      textOf(short, length).forEach((ids, row) => {
        const all = whole[row]
        Law.ensure(
          ids.length === Math.min(length, all.length),
          () => `row ${row} has ${ids.length} of ${all.length} tokens`
        )
        Law.ensure(ids.length === short.lengths[row], () => `row ${row} says ${short.lengths[row]} for ${ids.length}`)
        Law.ensure(fits(ids, all, keep), () => `${shown(ids)} is not the ${keep} of ${shown(all)}`)
        const places = Array.from({ length }, (_, place) => short.mask[row * length + place])
        const ordered = places.toSorted((one, other) => (pad === "right" ? other - one : one - other))
        Law.ensure(shown(places) === shown(ordered), () => `row ${row} is padded inside: ${shown(places)}`)
      })
    })
  )

/** Sequences of packed documents. */
export interface Sequences {
  readonly tokens: ArrayLike<number>
  readonly segments: ArrayLike<number>
  readonly positions: ArrayLike<number>
}

/** Packs texts by `Text.packDataset`. */
export const byPacking = (
  tokenizer: Text.Tokenizer,
  corpus: ReadonlyArray<string>,
  options: Text.PackOptions
): Effect.Effect<Sequences, unknown> =>
  Effect.gen(function* () {
    const table = yield* Table.make({ text: Column.text }, { text: corpus }, { length: corpus.length })
    const packed = yield* Text.packDataset(tokenizer, Dataset.make(table, undefined, "train"), "text", options)
    const { values } = yield* Dataset.rows(packed)
    return values as { readonly [K in keyof Sequences]: Int32Array } // their dtypes
  })

/** The runs of one segment, in the order of the sequences. */
const runsOf = ({ positions, segments, tokens }: Sequences, length: number): ReadonlyArray<ReadonlyArray<number>> => {
  const runs: Array<Array<number>> = []
  for (let place = 0; place < tokens.length; place++) {
    if (segments[place] === 0) continue
    if (place % length === 0 || segments[place] !== segments[place - 1]) runs.push([])
    const run = runs[runs.length - 1]
    Law.ensure(positions[place] === run.length, () => `place ${place} has the position ${positions[place]}`)
    run.push(tokens[place])
  }
  return runs
}

/** All tokens of all documents are in the sequences once, those of a document in order and in segments of their own. */
export const packs = (subject: {
  readonly learn: Subject["learn"]
  readonly pack: typeof byPacking
  readonly corpora?: fc.Arbitrary<ReadonlyArray<string>>
}): Law.Law =>
  Law.make(
    "pack: no token is lost and none comes twice",
    fc.record({
      corpus: subject.corpora ?? corpora,
      length: fc.integer({ min: 1, max: 12 }),
      documents: fc.constantFrom("cut", "whole")
    }),
    Effect.fnUntraced(function* ({ corpus, documents, length }) {
      const tokenizer = yield* subject.learn(corpus)
      const ids = corpus.map((text) => Array.from(Text.encode(tokenizer, text, { special: true })))
      const runs = runsOf(yield* subject.pack(tokenizer, corpus, { length, documents }), length)
      if (documents === "cut") {
        Law.ensure(shown(runs.flat()) === shown(ids.flat()), () => `${shown(ids.flat())} became ${shown(runs.flat())}`)
        return
      }
      const parts = ids.flatMap((document) =>
        Array.from({ length: Math.ceil(document.length / length) }, (_, part) =>
          document.slice(part * length, (part + 1) * length)
        )
      )
      const digests = (lists: ReadonlyArray<ReadonlyArray<number>>) =>
        lists
          .map((list) => Digest.of(list))
          .sort()
          .join()
      Law.ensure(
        digests(parts) === digests(runs),
        () => `the documents' parts ${parts.map(shown)} became ${runs.map(shown)}`
      )
    })
  )
