/**
 * What a text is made of, as a set of 32-bit words: runs of a few characters or words. Case, forms of one character
 * (Unicode NFKC) and white space do not count, nor, between words, punctuation.
 */
import type { Sets } from "./minHash.ts"
import { add } from "../rows/mix.ts"

/** So many characters or words in a row are one shingle; a shorter text is one shingle, an empty one none. */
export type Unit = { readonly characters: number } | { readonly words: number }

const hashOf = (text: string): number => {
  let hash = text.length
  for (let at = 0; at < text.length; at++) hash = add(hash, text.charCodeAt(at))
  return hash
}

const characters = (text: string): Uint32Array => {
  const codes = new Uint32Array(text.length)
  let count = 0
  for (let at = 0; at < text.length; count++) {
    const code = text.codePointAt(at) ?? 0
    codes[count] = code
    at += code > 0xffff ? 2 : 1
  }
  return codes.subarray(0, count)
}

/** Units of a text as 32-bit words. */
const units = (text: string, unit: Unit): ArrayLike<number> => {
  const plain = text.normalize("NFKC").toLowerCase()
  if ("words" in unit) return (plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).map(hashOf)
  return characters(plain.replace(/\s+/g, " ").trim())
}

/** Ascending, none twice. */
const distinct = (values: Uint32Array): Uint32Array => {
  values.sort()
  return values.filter((value, at) => at === 0 || value !== values[at - 1])
}

/** Returns the shingles of one text: ascending, none twice. */
export const ofText = (text: string, unit: Unit): Uint32Array => {
  const all = units(text, unit)
  const size = "words" in unit ? unit.words : unit.characters
  const count = all.length === 0 ? 0 : Math.max(1, all.length - size + 1)
  const hashes = new Uint32Array(count)
  for (let start = 0; start < count; start++) {
    let hash = 0
    for (let at = start; at < Math.min(start + size, all.length); at++) hash = add(hash, all[at])
    hashes[start] = hash
  }
  return distinct(hashes)
}

/** Returns the shingles of texts. */
export const ofTexts = (texts: ReadonlyArray<string>, unit: Unit): Sets => {
  const starts = new Uint32Array(texts.length + 1)
  let values = new Uint32Array(1024)
  texts.forEach((text, row) => {
    const set = ofText(text, unit)
    const end = starts[row] + set.length
    if (end > values.length) {
      const larger = new Uint32Array(2 * end)
      larger.set(values)
      values = larger
    }
    values.set(set, starts[row])
    starts[row + 1] = end
  })
  return { starts, values: values.subarray(0, starts[texts.length]) }
}
