/**
 * Tokens that no text spells: padding, unknown, start, end and mask. Text that happens to contain such a spelling is
 * encoded as the ordinary characters it consists of, so nobody's mail can end a sequence or pass for padding.
 */
import { Schema } from "effect"

/** What a special token is for, in the order of their ids. */
export const roles = ["padding", "unknown", "start", "end", "mask"] as const

/** What a special token is for. */
export type Role = (typeof roles)[number]

/** The special tokens by what they are for; those a tokenizer does without are absent. */
export const Special = Schema.Struct({
  padding: Schema.optionalKey(Schema.String),
  unknown: Schema.optionalKey(Schema.String),
  start: Schema.optionalKey(Schema.String),
  end: Schema.optionalKey(Schema.String),
  mask: Schema.optionalKey(Schema.String)
})

/** The special tokens by what they are for; those a tokenizer does without are absent. */
export interface Special extends Schema.Schema.Type<typeof Special> {}

/** Special tokens that differ from the usual ones: a spelling, or `false` for none. */
export type SpecialOptions = { readonly [R in Role]?: string | false }

/** What text tools fail with when options, files or texts do not allow what is asked. */
export class TextError extends Schema.TaggedError<TextError>()("TextError", {
  operation: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.operation}: ${this.reason}`
  }
}

/** Puts together the usual special tokens and those given. Throws a RangeError for an empty spelling or one used twice. */
export const resolve = (operation: string, usual: Special, given: SpecialOptions = {}): Special => {
  const chosen = roles.flatMap((role) => {
    const spelling = given[role] ?? usual[role]
    return spelling === undefined || spelling === false ? [] : [[role, spelling] as const]
  })
  const spellings = chosen.map(([, spelling]) => spelling)
  if (spellings.includes("") || new Set(spellings).size < spellings.length) {
    throw new RangeError(`${operation}: give each special token a spelling of its own`)
  }
  return Object.fromEntries(chosen)
}

/** Returns the spellings in the order of their ids: the first tokens of a vocabulary. */
export const spellings = (special: Special): ReadonlyArray<string> => roles.flatMap((role) => special[role] ?? [])
