/**
 * Making text that means the same be the same before it is split: Unicode forms, lower case, accents, white space. Each is
 * a function of the text alone: no locale and no time zone. Which ones were applied, in which order, is part of a
 * tokenizer. Programs whose Unicode tables are older leave characters as they are that these do not know yet.
 */
import { Schema } from "effect"

/**
 * One way of normalizing.
 *
 * - `nfc`, `nfd`, `nfkc`, `nfkd`: the Unicode forms (UAX 15). `nfc` writes a letter and its accent as one character; `nfkc`
 *   also turns variants such as ﬁ, ² and full-width letters into what they stand for.
 * - `lowercase`: each character by itself, by Unicode's tables; İ becomes i̇ everywhere, Σ always σ.
 * - `stripAccents`: takes combining marks away, and leaves `nfc`. For Latin, Greek and Cyrillic; scripts that write vowels
 *   as marks lose them.
 * - `whitespace`: every run of white space becomes one space, and none is left at the ends.
 */
export const Normalization = Schema.Literals(["nfc", "nfd", "nfkc", "nfkd", "lowercase", "stripAccents", "whitespace"])

/** One way of normalizing: see the schema of this name. */
export type Normalization = typeof Normalization.Type

const apply: Readonly<Record<Normalization, (text: string) => string>> = {
  nfc: (text) => text.normalize("NFC"),
  nfd: (text) => text.normalize("NFD"),
  nfkc: (text) => text.normalize("NFKC"),
  nfkd: (text) => text.normalize("NFKD"),
  lowercase: (text) => text.replaceAll("Σ", "σ").toLowerCase(),
  stripAccents: (text) =>
    text
      .normalize("NFD")
      .replaceAll(/\p{M}+/gu, "")
      .normalize("NFC"),
  whitespace: (text) =>
    text
      .replaceAll(/\p{White_Space}+/gu, " ")
      .replace(/^ /, "")
      .replace(/ $/, "")
}

/**
 * Normalizes a text, in the order given. Half a character (a lone surrogate) becomes U+FFFD first.
 *
 * @example
 * import { Text } from "@watertight/data"
 * Text.normalize(["nfkc", "lowercase", "stripAccents", "whitespace"], "  ＣＡＦÉ\r\n ﬁn ") // => "cafe fin"
 */
export const normalize = (ways: ReadonlyArray<Normalization>, text: string): string =>
  ways.reduce((before, way) => apply[way](before), text.toWellFormed())
