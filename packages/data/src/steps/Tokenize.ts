/**
 * Tokenizing: a text becomes the ids of its tokens, cut or padded to one length, with a mask that says which ids are text
 * and how many there are. The tokenizer is learned from the train rows, unless one that came with a base model is given.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Step from "../Step.ts"
import * as Table from "../Table.ts"
import type { Description } from "../text/Description.ts"
import { type Fingerprint, fingerprint, matches } from "../text/Fingerprint.ts"
import { type Laid, type Layout, layOut } from "../text/Layout.ts"
import { Tokenizer, engineOf, specialId } from "../text/Tokenizer.ts"

/** Options of `make`. */
export interface Options<Length extends number = number> extends Layout {
  /** What to learn, or the tokenizer that came with a base model. */
  readonly tokenizer: Description | Tokenizer
  readonly length: Length
  /** The fingerprint of the base model's tokenizer: fitting fails unless this one is the same. */
  readonly for?: Fingerprint
}

/** The columns it makes of a text column. */
export type Made<Name extends string, Length extends number> = {
  readonly [K in Name | `${Name}Mask`]: Column.Tensor<readonly [Length]>
} & { readonly [K in `${Name}Length`]: Column.Float }

const State = Schema.Struct({ tokenizer: Tokenizer })

const isDescription = (tokenizer: Description | Tokenizer): tokenizer is Description => "describes" in tokenizer

const configOf = (column: string, options: Options): Schema.Json => {
  const { for: base, keep = "head", length, pad = "right", special = true, tokenizer } = options
  return {
    column,
    length,
    keep,
    pad,
    special,
    tokenizer: isDescription(tokenizer) ? tokenizer.config : { fingerprint: fingerprint(tokenizer).digest },
    ...(base === undefined ? {} : { for: base.digest })
  }
}

/** Makes the step. Throws a RangeError for a length that is no positive integer. */
export const make = <const Name extends string, const Length extends number>(
  column: Name,
  options: Options<Length>
): Step.Step<Columns, Made<Name, Length>> => {
  const { for: base, length, special = true, tokenizer } = options
  if (!Number.isSafeInteger(length) || length < 1) {
    throw new RangeError(`Recipe.tokenize: length is ${length}; give a positive integer`)
  }
  const refuse = (reason: string, row?: number) =>
    new Step.RecipeError({ step: "tokenize", column, ...(row === undefined ? {} : { row }), reason })
  const made = {
    [column]: Column.tensor([length], "int32"),
    [`${column}Mask`]: Column.tensor([length], "uint8"),
    [`${column}Length`]: Column.float
  } as unknown as Made<Name, Length> // the names of Made

  return Step.make<Columns, Made<Name, Length>, typeof State.Type>({
    name: "tokenize",
    version: 1,
    code: "versioned",
    config: configOf(column, options),
    changes: [column],
    state: State,
    columns: (columns) => {
      if (columns[column]?.kind !== "text") return Effect.fail(refuse("it takes text columns; this is none"))
      const taken = Object.keys(made).find((name) => name !== column && name in columns)
      return taken === undefined ? Effect.succeed(made) : Effect.fail(refuse(`there is already a column ${taken}`))
    },
    fit: Effect.fnUntraced(function* (train) {
      const learned = isDescription(tokenizer)
        ? yield* Effect.mapError(tokenizer.learn(Table.texts(train, column)), ({ message }) => refuse(message))
        : tokenizer
      if (base !== undefined) yield* Effect.mapError(matches(learned, base), ({ message }) => refuse(message))
      if (specialId(learned, "padding") === undefined) {
        return yield* refuse("the tokenizer has no padding token; name one of its tokens by `special: { padding }`")
      }
      const { after, before } = engineOf(learned)
      if (special && before.length + after.length >= length) {
        return yield* refuse(`length is ${length}, and start and end tokens alone take ${before.length + after.length}`)
      }
      return { tokenizer: learned }
    }),
    apply: (table, learned) =>
      Effect.map(laid(Table.texts(table, column), learned.tokenizer, options, refuse), ({ ids, lengths, mask }) => {
        const values: unknown = { [column]: ids, [`${column}Mask`]: mask, [`${column}Length`]: lengths }
        return values as Table.Table<Made<Name, Length>>["values"] // the names of Made
      })
  })
}

/** Fails where the library of a tokenizer from a file cannot encode a text, with what it says. */
const laid = (
  texts: ReadonlyArray<string>,
  tokenizer: Tokenizer,
  layout: Layout,
  refuse: (reason: string, row?: number) => Step.RecipeError
): Effect.Effect<Laid, Step.RecipeError> => {
  const padding = specialId(tokenizer, "padding") ?? 0
  const engine = engineOf(tokenizer)
  let row = -1
  const counting = {
    ...engine,
    encode: (text: string, into: Array<number>) => {
      row++
      engine.encode(text, into)
    }
  }
  return Effect.try({
    try: () => layOut(counting, texts, layout, padding),
    catch: (cause) => refuse(`cannot be tokenized: ${String(cause)}`, row)
  })
}
