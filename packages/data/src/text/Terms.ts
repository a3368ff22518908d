/**
 * The terms of a text: its words, and runs of neighbouring words, as bags of words and word hashing count them.
 */
import { type Normalization, normalize } from "./Normalization.ts"
import { inAlphanumerics, inWords } from "./Splitting.ts"

/** What counts as a term. The defaults are those of scikit-learn's vectorizers. */
export interface TermOptions {
  /** `["nfc", "lowercase"]` unless given. */
  readonly normalization?: ReadonlyArray<Normalization>
  /** Runs of letters, digits and underscores (`"alphanumeric"`, the default), or `Text.inWords`. */
  readonly words?: "alphanumeric" | "words"
  /** Shorter words are left out; 2 characters unless given. */
  readonly shortest?: number
  /** How many neighbouring words make one term, from and to; `[1, 1]` unless given. */
  readonly run?: readonly [least: number, most: number]
}

/** The options with their defaults. */
export type Terms = Required<TermOptions>

/** Fills in the defaults. Throws a RangeError for runs that are none. */
export const settle = (operation: string, options: TermOptions): Terms => {
  const { normalization = ["nfc", "lowercase"], run = [1, 1], shortest = 2, words = "alphanumeric" } = options
  const [least, most] = run
  if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most) || least < 1 || most < least) {
    throw new RangeError(`${operation}: run is [${run.join(", ")}]; give whole numbers, the smaller first`)
  }
  return { normalization, run, shortest, words }
}

/** The number of characters of a word, counted no further than `most`. */
const isShorter = (word: string, most: number): boolean => word.length < 2 * most && [...word].length < most

/** Returns the terms of a text, each as often as it stands there. */
export const termsOf = (text: string, { normalization, run, shortest, words }: Terms): ReadonlyArray<string> => {
  const normalized = normalize(normalization, text)
  const all = words === "words" ? inWords(normalized) : inAlphanumerics(normalized)
  const long = all.filter((word) => !isShorter(word, shortest))
  const [least, most] = run
  if (most === 1) return long
  return Array.from({ length: most - least + 1 }, (_, more) => least + more).flatMap((length) =>
    Array.from({ length: Math.max(0, long.length - length + 1) }, (_, at) => long.slice(at, at + length).join(" "))
  )
}
