/**
 * Texts of train rows in other words: what `Augment` has for text columns. These are stages of the train partition, made
 * before texts become tokens, since a translator is no function of arrays: they run once in a run, not once an epoch, and
 * what they give is not stored. Row ids stay; which rows and words change is drawn by them.
 */
import { Key, Node, Stage } from "@watertight/core"
import { Context, Effect, Schema } from "effect"
import type * as Column from "../Column.ts"
import * as Dataset from "../Dataset.ts"
import * as Columnar from "../internal/columns/columnar.ts"
import { mapRows } from "../internal/columns/contents.ts"
import * as Tables from "../internal/columns/tables.ts"
import { idWords } from "../internal/augment/plan.ts"
import * as Table from "../Table.ts"
import { type TrainOnly, within } from "./Describe.ts"

/** A text and the key of all that is random in its translation. */
export interface Keyed {
  readonly text: string
  readonly key: Key.Key
}

/** A text was not translated. */
export class TranslatorError extends Schema.TaggedError<TranslatorError>()("TranslatorError", {
  translator: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The translator ${this.translator} failed: ${this.reason}`
  }
}

/** Texts cannot be augmented. */
export class AugmentError extends Schema.TaggedError<AugmentError>()("AugmentError", {
  operation: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Augment.${this.operation}: ${this.reason}`
  }
}

/** Translates texts: a model of one's own, or a service. */
export class Translator extends Context.Service<
  Translator,
  {
    /** Names the model and its version: translators of one id translate alike. Part of every result's key. */
    readonly id: string
    /** Translates texts, each into one, whatever other texts there are: languages are BCP 47 tags, such as `en`. */
    readonly translate: (
      texts: ReadonlyArray<Keyed>,
      languages: { readonly from: string; readonly to: string }
    ) => Effect.Effect<ReadonlyArray<string>, TranslatorError>
  }
>()("@watertight/data/Translator") {}

/** A text column's name, or the sentence the compiler shows when it is none. */
export type TextColumn<A, Name extends string, Verb extends string> =
  A extends Dataset.Dataset<infer C, Dataset.Partition>
    ? string extends keyof C
      ? Name
      : Name extends keyof C
        ? C[Name] extends Column.Text
          ? Name
          : `${Verb} takes a text column; ${Name} is a ${C[Name]["kind"]}`
        : `${Verb}: there is no column ${Name}`
    : Name

/** Which rows to translate, and through which language. */
export interface BackTranslateOptions<Name> {
  readonly column: Name
  /** The language of the texts. */
  readonly language: string
  /** The language they are translated to and back from. */
  readonly through: string
  /** Of each row by itself; 0.5 unless given. */
  readonly probability?: number
}

/** Which words to replace. */
export interface ReplaceSynonymsOptions<Name> {
  readonly column: Name
  /** Words in lower case with words that mean the same. */
  readonly synonyms: Readonly<Record<string, ReadonlyArray<string>>>
  /** Of each word that has synonyms, by itself; 0.1 unless given. */
  readonly probability?: number
}

type TrainRows = Dataset.Dataset<Record<string, Column.Column>, "train">

type Rewrite<E, R> = (
  texts: ReadonlyArray<string>,
  keys: ReadonlyArray<Key.Key>
) => Effect.Effect<ReadonlyArray<string>, E, R>

/** Gives each of a train partition's texts with a key of its own to a function, and takes what it returns. */
const rewrite = Effect.fnUntraced(function* <E, R>(
  train: TrainRows,
  { column, key, operation }: { readonly operation: string; readonly column: string; readonly key: Key.Key },
  change: Rewrite<E, R>
): Effect.fn.Return<TrainRows, E | AugmentError, R> {
  const partition: Dataset.Partition = train.partition
  if (partition !== "train") {
    return yield* new AugmentError({ operation, reason: `only train rows are augmented; these are ${partition} rows` })
  }
  const kind = train.columns[column]?.kind
  if (kind !== "text") {
    const reason = kind === undefined ? `there is no column "${column}"` : `"${column}" is a ${kind} column, not text`
    return yield* new AugmentError({ operation, reason })
  }
  return yield* mapRows(train, (table) =>
    Effect.map(change(Table.texts(table, column), keysOf(table, key)), (texts) =>
      Tables.withColumns(table, table.columns, Columnar.merge(table.values, { [column]: texts }))
    )
  )
})

/** A key for each row, by its id. */
const keysOf = (table: Table.Table, key: Key.Key): ReadonlyArray<Key.Key> => {
  const places = Uint32Array.from({ length: table.length }, (_, place) => place)
  const words = Key.bitsOfNames(key, idWords(table.ids), places, 2, new Uint32Array(2 * table.length))
  return Array.from(places, (place) => ({ hi: words[2 * place], lo: words[2 * place + 1] }))
}

const backAndForth = Effect.fnUntraced(function* (
  {
    language,
    probability,
    through
  }: { readonly language: string; readonly through: string; readonly probability: number },
  texts: ReadonlyArray<string>,
  keys: ReadonlyArray<Key.Key>
): Effect.fn.Return<ReadonlyArray<string>, TranslatorError, Translator> {
  const translator = yield* Translator
  const translate = Effect.fnUntraced(function* (some: ReadonlyArray<Keyed>, from: string, to: string) {
    const out = yield* translator.translate(some, { from, to })
    const wrong = out.length === some.length ? out.find((text) => typeof text !== "string" || !text.isWellFormed()) : ""
    if (wrong === undefined) return out
    const reason = wrong === "" ? `it made ${out.length} texts of ${some.length}` : "it gave what is no Unicode text"
    return yield* new TranslatorError({ translator: translator.id, reason })
  })
  const drawn = keys.flatMap((key, row) => (chosen(Key.foldIn(key, "row"), probability) ? [row] : []))
  const keyed = (row: number, name: string, text: string): Keyed => ({ text, key: Key.foldIn(keys[row], name) })
  const there = yield* translate(
    drawn.map((row) => keyed(row, "there", texts[row])),
    language,
    through
  )
  const back = yield* translate(
    drawn.map((row, at) => keyed(row, "back", there[at])),
    through,
    language
  )
  const changed = [...texts]
  drawn.forEach((row, at) => (changed[row] = back[at]))
  return changed
})

const chosen = (key: Key.Key, probability: number): boolean => Key.bits(key, 1)[0] * 2 ** -32 < probability

/**
 * Translates texts of train rows to another language and back, each with probability 0.5 unless given: other words of the
 * same meaning. The `Translator` is a service; nothing is downloaded. Its id, not its answers, is part of the key of the
 * result, so give a model that answers otherwise another id. Fails with `TranslatorError`, and with `AugmentError` where
 * types were cast away.
 */
export const backTranslate = <A, E, R, const Name extends string>(
  train: TrainOnly<Node.Node<A, E, R>, A, "Augment.backTranslate">,
  options: BackTranslateOptions<TextColumn<A, Name, "Augment.backTranslate">>
): Node.Node<A, E | AugmentError | TranslatorError, R | Translator> => {
  const { column, language, through } = options
  const probability = within("backTranslate", "probability", options.probability ?? 0.5, 0, 1)
  const stage = Stage.make({
    name: "back-translate",
    version: 1,
    code: "versioned",
    params: { column, language, through, probability },
    draws: true,
    engine: Effect.map(Translator, ({ id }) => id),
    learns: { rows: ["train"] },
    codec: Dataset.codec<Record<string, Column.Column>, "train">(),
    run: ({ rows }: { readonly rows: TrainRows }, { key }) =>
      rewrite(rows, { operation: "backTranslate", column, key }, (texts, keys) =>
        backAndForth({ language, through, probability }, texts, keys)
      )
  })
  return asTrain<A, E | AugmentError | TranslatorError, R | Translator>(Node.make(stage, { rows: rowsOf(train) }))
}

/** Letters and what belongs to them, with apostrophes inside. */
const word = /\p{L}[\p{L}\p{M}\p{N}]*(?:['\u2019]\p{L}[\p{L}\p{M}\p{N}]*)*/gu

const inCaseOf = (model: string, text: string): string => {
  const [first = ""] = model
  if (first === first.toLowerCase()) return text
  const [begin = "", ...rest] = text
  return begin.toUpperCase() + rest.join("")
}

const withSynonyms = (
  synonyms: ReadonlyMap<string, ReadonlyArray<string>>,
  probability: number,
  text: string,
  key: Key.Key
): string => {
  let place = 0
  return text.replaceAll(word, (found) => {
    const others = synonyms.get(found.toLowerCase())
    const drawing = Key.foldIn(key, place++)
    if (others === undefined || !chosen(drawing, probability)) return found
    return inCaseOf(found, others[Math.floor(Key.bits(drawing, 2)[1] * 2 ** -32 * others.length)])
  })
}

const checkSynonyms = (synonyms: Readonly<Record<string, ReadonlyArray<string>>>): void => {
  for (const [name, others] of Object.entries(synonyms)) {
    if (name !== name.toLowerCase() || name.match(word)?.[0] !== name) {
      throw new RangeError(`Augment.replaceSynonyms: "${name}" is not one word in lower case`)
    }
    if (others.length === 0) throw new RangeError(`Augment.replaceSynonyms: "${name}" has no synonym`)
  }
}

/**
 * Replaces words of train rows that have synonyms, each with probability 0.1 unless given, by one of them drawn uniformly;
 * a capital at the beginning stays one. The dictionary is yours. For other words in every epoch, replace ids in the loader:
 * `replaceTokens`. Throws a `RangeError` for a word that is none or not in lower case.
 *
 * @example
 * import { Augment, Column, Columns, Source, Split } from "@watertight/data"
 * const Reviews = Columns.make({ review: Column.text, stars: Column.float })
 * const parts = Split.random(Source.csv("reviews.csv", Reviews), { validation: 0.1, test: 0.1 })
 * const train = Augment.replaceSynonyms(parts.train, { column: "review", synonyms: { good: ["fine", "pleasant"] } })
 * train.stage.name // => "replace-synonyms"
 */
export const replaceSynonyms = <A, E, R, const Name extends string>(
  train: TrainOnly<Node.Node<A, E, R>, A, "Augment.replaceSynonyms">,
  options: ReplaceSynonymsOptions<TextColumn<A, Name, "Augment.replaceSynonyms">>
): Node.Node<A, E | AugmentError, R> => {
  const { column, synonyms } = options
  checkSynonyms(synonyms)
  const probability = within("replaceSynonyms", "probability", options.probability ?? 0.1, 0, 1)
  const stage = Stage.make({
    name: "replace-synonyms",
    version: 1,
    code: "versioned",
    params: { column, probability, synonyms },
    draws: true,
    learns: { rows: ["train"] },
    codec: Dataset.codec<Record<string, Column.Column>, "train">(),
    run: ({ rows }: { readonly rows: TrainRows }, { key }) => {
      const known = new Map(Object.entries(synonyms))
      return rewrite(rows, { operation: "replaceSynonyms", column, key }, (texts, keys) =>
        Effect.sync(() => texts.map((text, row) => withSynonyms(known, probability, text, keys[row])))
      )
    }
  })
  return asTrain<A, E | AugmentError, R>(Node.make(stage, { rows: rowsOf(train) }))
}

const rowsOf = <E, R>(train: unknown): Node.Node<TrainRows, E, R> => train as Node.Node<TrainRows, E, R> // TrainOnly says so

const asTrain = <A, E, R>(node: Node.Node<unknown, unknown, unknown>): Node.Node<A, E, R> => node as Node.Node<A, E, R> // the rows given, with other texts
