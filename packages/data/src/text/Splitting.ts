/**
 * Cutting text into words. The rules are patterns over Unicode properties, not a dictionary and not the machine's language
 * settings, so they give the same words everywhere; only characters that a later Unicode version adds can change class
 * with a newer Node. Languages written without spaces come out as single characters (Chinese, Japanese) or as whole
 * phrases (Thai, Lao, Khmer): subword tokenizers cut these further.
 */

/** Letters, marks, numbers and underscores, except those of scripts where a character is a word. */
const wordly = "(?:(?![\\p{Han}\\p{Hiragana}])[\\p{L}\\p{M}\\p{N}_])+"
const extending = "[\\p{M}\\p{Emoji_Modifier}]*"

/**
 * The pattern of `inWords`, as Hugging Face's `Split` takes it: a word with apostrophes inside it, a flag, or any other
 * visible character with what is drawn onto it (an emoji of several people is one).
 */
export const wordPattern =
  `${wordly}(?:['’]${wordly})*|\\p{Regional_Indicator}{2}|` +
  `\\P{White_Space}${extending}(?:\\x{200D}\\p{Extended_Pictographic}${extending})*`

/** The pattern of `inPiecedWords`, likewise: no apostrophes, and no word longer than 100 characters. */
export const piecedWordPattern =
  `${wordly.slice(0, -1)}{1,100}|\\p{Regional_Indicator}{2}|` +
  `\\P{White_Space}${extending.slice(0, -1)}{0,8}(?:\\x{200D}\\p{Extended_Pictographic}${extending.slice(0, -1)}{0,8}){0,9}`

/** The pattern of `inChunks`, likewise: how GPT-2 cuts text. */
export const chunkPattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

const toRegExp = (pattern: string): RegExp =>
  new RegExp(pattern.replaceAll(/\\p\{(Han|Hiragana)\}/g, "\\p{Script=$1}").replaceAll("\\x{200D}", "\\u200D"), "gu")

/**
 * Runs are matched in parts of at most so many characters and put together again: a regular expression that goes on over
 * millions of characters overflows its stack.
 */
const most = 65_536
const limited = (pattern: string): RegExp =>
  toRegExp(pattern.replaceAll(")+", `){1,${most}}`).replaceAll("]+", `]{1,${most}}`))

const word = limited(wordPattern)
const piecedWord = toRegExp(piecedWordPattern)
const alphanumeric = limited("[\\p{L}\\p{N}_]+")
const inWord = new RegExp(toRegExp(`^${wordly}`).source, "u")
const inAlphanumeric = /^[\p{L}\p{N}_]/u

/** Matches a pattern of words, of which those longer than `most` come in parts: characters of `inside` next to each other. */
const matchAll = (text: string, pattern: RegExp, inside: RegExp): ReadonlyArray<string> => {
  const found = text.match(pattern) ?? []
  if (!found.some(({ length }) => length >= most)) return found
  const isInside = (place: number): boolean => inside.test(String.fromCodePoint(text.codePointAt(place) ?? 0))
  const words: Array<string> = []
  let [start, end] = [-1, -1]
  for (const match of text.matchAll(pattern)) {
    const goesOn = match.index === end && words.length > 0 && isInside(start) && isInside(end)
    end = match.index + match[0].length
    if (goesOn) words[words.length - 1] = text.slice(start, end)
    else {
      start = match.index
      words.push(match[0])
    }
  }
  return words
}

/**
 * Cuts a text into words and single other characters; white space is left out.
 *
 * @example
 * import { Text } from "@watertight/data"
 * Text.inWords("Don't panic, 東京!") // => ["Don't", "panic", ",", "東", "京", "!"]
 */
export const inWords = (text: string): ReadonlyArray<string> => matchAll(text, word, inWord)

/** Cuts a text into words as `inWords` does, but at apostrophes too, and longer words after every 100 characters. */
export const inPiecedWords = (text: string): ReadonlyArray<string> => text.match(piecedWord) ?? []

/** Cuts out the runs of letters, digits and underscores, as scikit-learn's vectorizers do; all else is left out. */
export const inAlphanumerics = (text: string): ReadonlyArray<string> => matchAll(text, alphanumeric, inAlphanumeric)

const [letter, number, space, other] = [1, 2, 3, 4]

/** The class of each code point, found when it is first met: 0 before. */
const classes = new Uint8Array(0x110000)

const classOf = (point: number): number => {
  if (classes[point] === 0) {
    const text = String.fromCodePoint(point)
    classes[point] = /\p{L}/u.test(text)
      ? letter
      : /\p{N}/u.test(text)
        ? number
        : /\p{White_Space}/u.test(text)
          ? space
          : other
  }
  return classes[point]
}

/** Returns where the run of characters of one class ends that begins at a place. */
const runEnd = (text: string, start: number, kind: number): number => {
  let place = start
  while (place < text.length) {
    const point = text.codePointAt(place) ?? 0
    if (classOf(point) !== kind) break
    place += point > 0xffff ? 2 : 1
  }
  return place
}

/** The length of an English ending at an apostrophe, or 0. */
const endingAt = (text: string, place: number): number => {
  const first = text[place + 1]
  if (first === "s" || first === "t" || first === "m" || first === "d") return 2
  const both = text.slice(place + 1, place + 3)
  return both === "re" || both === "ve" || both === "ll" ? 3 : 0
}

/** Where white space that starts at a place is cut: before its last character if a word follows. */
const spaceEnd = (text: string, start: number): number => {
  const end = runEnd(text, start, space)
  return end < text.length && end - start > 1 ? end - 1 : end
}

const chunkEnd = (text: string, start: number): number => {
  if (text[start] === "'") {
    const ending = endingAt(text, start)
    if (ending > 0) return start + ending
  }
  const from = text[start] === " " && start + 1 < text.length ? start + 1 : start
  const kind = classOf(text.codePointAt(from) ?? 0)
  return kind === space ? spaceEnd(text, start) : runEnd(text, from, kind)
}

/**
 * Cuts a text into chunks that together are the text again: runs of letters, of numbers and of other characters, each with
 * the space before it, and white space. What GPT-2's pattern matches, in time that goes with the length of the text.
 *
 * @example
 * import { Text } from "@watertight/data"
 * Text.inChunks("It's  12 o'clock\n") // => ["It", "'s", " ", " 12", " o", "'", "clock", "\n"]
 */
export const inChunks = (text: string): ReadonlyArray<string> => {
  const chunks: Array<string> = []
  for (let start = 0; start < text.length;) {
    const end = chunkEnd(text, start)
    chunks.push(text.slice(start, end))
    start = end
  }
  return chunks
}
