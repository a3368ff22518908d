/**
 * Word pieces (Schuster and Nakajima 2012, as BERT uses them): words are cut into the longest pieces of the vocabulary from
 * the left, and pieces that go on a word begin with "##". The pieces are learned by joining frequent neighbours. A word
 * with a character that is not in the alphabet is unknown as a whole.
 */
import { byCodePoint } from "../internal/text/codePoints.ts"
import * as PairMerges from "../internal/text/pairMerges.ts"
import { type Engine, append, remembering } from "./Engine.ts"
import { type Normalization, normalize } from "./Normalization.ts"
import { type Special, spellings } from "./Special.ts"
import { inPiecedWords } from "./Splitting.ts"

/** What a piece that goes on a word begins with. */
export const prefix = "##"

/** What is learned: the vocabulary. */
export interface Learned {
  readonly tokens: ReadonlyArray<string>
}

/** The characters of words, the most frequent `most` of them, in the order of their code points. */
const alphabetOf = (counts: ReadonlyMap<string, number>, most: number): ReadonlyArray<string> => {
  const seen = new Map<string, number>()
  for (const [word, count] of counts) for (const each of word) seen.set(each, (seen.get(each) ?? 0) + count)
  return [...seen]
    .sort(([one, many], [other, more]) => more - many || byCodePoint(one, other))
    .slice(0, most)
    .map(([each]) => each)
    .sort(byCodePoint)
}

/** Characters that `inPiecedWords` may put after another in a word. */
const goesOn = /[\p{L}\p{M}\p{N}_\p{Emoji_Modifier}\p{Extended_Pictographic}\p{Regional_Indicator}\u200D]/u

/**
 * Learns from words and how often each stands in the train rows. Every character of the alphabet is a piece, and one that
 * goes on a word if it can; Hugging Face's trainer has only those it saw, and breaks ties differently from run to run.
 */
export const learn = (
  counts: ReadonlyMap<string, number>,
  special: Special,
  limits: { readonly size: number; readonly minimumCount: number; readonly alphabet: number }
): Learned => {
  const alphabet = alphabetOf(counts, limits.alphabet)
  const following = alphabet.filter((each) => goesOn.test(each))
  const tokens = [...spellings(special), ...alphabet, ...following.map((each) => prefix + each)]
  const first = tokens.length - alphabet.length - following.length
  const head = new Map(alphabet.map((each, index) => [each, first + index]))
  const tail = new Map(following.map((each, index) => [each, first + alphabet.length + index]))
  const pieces: Array<ReadonlyArray<number>> = []
  const times: Array<number> = []
  for (const [word, count] of counts) {
    const ids = Array.from(word, (each, index) => (index === 0 ? head : tail).get(each) ?? -1)
    if (ids.includes(-1)) continue
    pieces.push(ids)
    times.push(count)
  }
  const spell = (left: string, right: string) => left + right.slice(prefix.length)
  PairMerges.learn({ pieces, counts: times }, tokens, { ...limits, spell })
  return { tokens }
}

/** Makes ready what learned pieces do. `unknown` is the id for words that cannot be cut. */
export const engine = (
  { tokens }: Learned,
  ways: ReadonlyArray<Normalization>,
  special: number,
  unknown: number
): Omit<Engine, "before" | "after"> => {
  const heads = new Map<string, number>()
  const tails = new Map<string, number>()
  let [longestHead, longestTail] = [0, 0]
  tokens.slice(special).forEach((token, index) => {
    const isTail = token.startsWith(prefix) && token.length > prefix.length
    const text = isTail ? token.slice(prefix.length) : token
    if (isTail) longestTail = Math.max(longestTail, text.length)
    else longestHead = Math.max(longestHead, text.length)
    const into = isTail ? tails : heads
    into.set(text, special + index)
  })
  const encodeWord = remembering((word) => {
    const ids: Array<number> = []
    for (let start = 0; start < word.length;) {
      const known = start === 0 ? heads : tails
      let end = Math.min(word.length, start + (start === 0 ? longestHead : longestTail))
      let id = known.get(word.slice(start, end))
      while (id === undefined && --end > start) id = known.get(word.slice(start, end))
      if (id === undefined) return [unknown]
      ids.push(id)
      start = end
    }
    return ids
  })
  return {
    tokens,
    encode: (text, into) => {
      for (const word of inPiecedWords(normalize(ways, text))) append(encodeWord(word), into)
    },
    decode: (ids) =>
      ids
        .map((id, index) => {
          const token = tokens[id]
          const isTail = token.startsWith(prefix) && token.length > prefix.length
          if (isTail) return token.slice(prefix.length)
          return index === 0 ? token : ` ${token}`
        })
        .join("")
  }
}
