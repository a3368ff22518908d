/**
 * Whole words or single characters as tokens: those that the train rows have often enough, the most frequent first. All
 * others are the unknown token.
 */
import { byCodePoint } from "../internal/text/codePoints.ts"
import { type Engine, append, remembering } from "./Engine.ts"
import { type Normalization, normalize } from "./Normalization.ts"
import { type Special, spellings } from "./Special.ts"
import { inWords } from "./Splitting.ts"

/** What is learned: the vocabulary. */
export interface Learned {
  readonly tokens: ReadonlyArray<string>
}

/** Keeps the most frequent; of equally frequent ones those whose code points come first. */
export const learn = (
  counts: ReadonlyMap<string, number>,
  special: Special,
  limits: { readonly size: number; readonly minimumCount: number }
): Learned => {
  const first = spellings(special)
  const kept = [...counts]
    .filter(([, count]) => count >= limits.minimumCount)
    .sort(([one, many], [other, more]) => more - many || byCodePoint(one, other))
    .slice(0, Math.max(0, limits.size - first.length))
  return { tokens: [...first, ...kept.map(([word]) => word)] }
}

/** Cuts a normalized text into characters: code points. */
export const inCharacters = (text: string): ReadonlyArray<string> => [...text]

/** Makes ready what a learned vocabulary does. Without an id for the unknown, unknown words are left out. */
export const engine = (
  { tokens }: Learned,
  ways: ReadonlyArray<Normalization>,
  special: number,
  unknown: number | undefined,
  per: "word" | "character"
): Omit<Engine, "before" | "after"> => {
  const ids = new Map(tokens.slice(special).map((token, index) => [token, special + index]))
  const otherwise = unknown === undefined ? [] : [unknown]
  const encodeWord = remembering((word) => {
    const id = ids.get(word)
    return id === undefined ? otherwise : [id]
  })
  const split = per === "word" ? inWords : inCharacters
  return {
    tokens,
    encode: (text, into) => {
      for (const word of split(normalize(ways, text))) append(encodeWord(word), into)
    },
    decode: (list) => list.map((id) => tokens[id]).join(per === "word" ? " " : "")
  }
}
