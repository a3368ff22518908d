/**
 * Byte-level byte pair encoding (Radford et al. 2019): text is UTF-8 bytes, and what is learned is which neighbours to
 * join. Every text can be encoded and comes back unchanged; nothing is unknown. Bytes are written as GPT-2 writes them, one
 * visible character each (a space as Ġ), so that the vocabulary can be read.
 */
import * as Heap from "../internal/text/heap.ts"
import * as PairMerges from "../internal/text/pairMerges.ts"
import { type Engine, append, remembering } from "./Engine.ts"
import { type Normalization, normalize } from "./Normalization.ts"
import { type Special, spellings } from "./Special.ts"
import { inChunks } from "./Splitting.ts"

const isVisible = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)

/** The character that stands for each byte: itself where it is visible, else one from U+0100 on. */
const standIns: ReadonlyArray<string> = (() => {
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isVisible(byte) ? byte : next++))
})()

const byteOf = new Map(standIns.map((standIn, byte) => [standIn, byte]))

/** The 256 one-byte tokens in the order of their stand-ins, which decides between pairs that are equally frequent. */
export const alphabet: ReadonlyArray<string> = standIns.toSorted((one, another) => (one < another ? -1 : 1))

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** What is learned: the vocabulary, and the joins in the order they are made, each as two spellings with a space between. */
export interface Learned {
  readonly tokens: ReadonlyArray<string>
  readonly merges: ReadonlyArray<string>
}

/** Learns from chunks and how often each stands in the train rows. */
export const learn = (
  counts: ReadonlyMap<string, number>,
  special: Special,
  limits: { readonly size: number; readonly minimumCount: number }
): Learned => {
  const tokens = [...spellings(special), ...alphabet]
  const first = tokens.length - alphabet.length
  const place = standIns.map((standIn) => first + alphabet.indexOf(standIn))
  const words = {
    pieces: Array.from(counts.keys(), (word) => Array.from(encoder.encode(word), (byte) => place[byte])),
    counts: [...counts.values()]
  }
  const merges = PairMerges.learn(words, tokens, { ...limits, spell: (left, right) => left + right })
  return { tokens, merges: merges.map(({ left, right }) => `${tokens[left]} ${tokens[right]}`) }
}

interface Rule {
  readonly rank: number
  readonly made: number
}

const widest = 2 ** 26
const places = 2 ** 31

/** Up to this many pieces, looking at every pair for each join is faster than a heap. */
const short = 48

const joinShort = (pieces: Array<number>, rules: ReadonlyMap<number, Rule>): Array<number> => {
  while (pieces.length > 1) {
    let best: Rule | undefined
    let at = 0
    for (let place = 0; place + 1 < pieces.length; place++) {
      const rule = rules.get(pieces[place] * widest + pieces[place + 1])
      if (rule !== undefined && (best === undefined || rule.rank < best.rank)) {
        best = rule
        at = place
      }
    }
    if (best === undefined) break
    pieces[at] = best.made
    pieces.splice(at + 1, 1)
  }
  return pieces
}

/** The same joins in time n log n: the lowest rank first, of equal ones the leftmost. */
const joinLong = (pieces: Array<number>, rules: ReadonlyMap<number, Rule>): Array<number> => {
  const next = Int32Array.from(pieces, (_, place) => (place + 1 < pieces.length ? place + 1 : -1))
  const previous = Int32Array.from(pieces, (_, place) => place - 1)
  /** Rank and place as one number, exact below 2^53: four million ranks, two thousand million places. */
  const heap = Heap.make<number>((one, other) => one < other)
  const ruleAt = (place: number): Rule | undefined =>
    place < 0 || next[place] < 0 ? undefined : rules.get(pieces[place] * widest + pieces[next[place]])
  const enter = (place: number): void => {
    const rule = ruleAt(place)
    if (rule !== undefined) heap.push(rule.rank * places + place)
  }
  for (let place = 0; place < pieces.length; place++) enter(place)
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const place = top % places
    const rule = pieces[place] < 0 ? undefined : ruleAt(place)
    if (rule === undefined || rule.rank * places + place !== top) continue
    const second = next[place]
    pieces[place] = rule.made
    pieces[second] = -1
    next[place] = next[second]
    if (next[place] >= 0) previous[next[place]] = place
    enter(previous[place])
    enter(place)
  }
  return pieces.filter((piece) => piece >= 0)
}

/** Makes ready what a learned encoding does. */
export const engine = (
  { merges, tokens }: Learned,
  ways: ReadonlyArray<Normalization>,
  special: number
): Omit<Engine, "before" | "after"> => {
  const ids = new Map(tokens.map((token, id) => [token, id]))
  const idOf = (token: string): number => ids.get(token) ?? -1
  const rules = new Map<number, Rule>()
  merges.forEach((merge, rank) => {
    const space = merge.indexOf(" ")
    const [left, right] = [merge.slice(0, space), merge.slice(space + 1)]
    const key = idOf(left) * widest + idOf(right)
    if (!rules.has(key)) rules.set(key, { rank, made: idOf(left + right) })
  })
  const pieceOf = standIns.map(idOf)
  const encodeWord = remembering((word) => {
    const bytes = encoder.encode(word)
    const pieces = Array.from(bytes, (byte) => pieceOf[byte])
    return pieces.length <= short ? joinShort(pieces, rules) : joinLong(pieces, rules)
  })
  const bytesOf = tokens.map((token, id) =>
    id < special ? new Uint8Array(0) : Uint8Array.from(token, (standIn) => byteOf.get(standIn) ?? 63)
  )
  return {
    tokens,
    encode: (text, into) => {
      for (const chunk of inChunks(normalize(ways, text))) append(encodeWord(chunk), into)
    },
    decode: (list) => decoder.decode(Buffer.concat(list.map((id) => bytesOf[id])))
  }
}
