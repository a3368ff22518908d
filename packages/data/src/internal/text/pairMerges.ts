/**
 * Learning which neighbouring pieces of words to join: the pair that stands in the words most often, again and again
 * (Sennrich, Haddow and Birch 2016). Counts of pairs are kept up to date by where they stand, never taken anew, so the
 * time goes with the number of joins made in the words. Nothing depends on the order of the words.
 */
import * as Heap from "./heap.ts"

/** Words as pieces: the ids of each, and how often the word stands in the text. */
export interface Words {
  readonly pieces: ReadonlyArray<ArrayLike<number>>
  readonly counts: ReadonlyArray<number>
}

export interface Limits {
  /** How many tokens there may be in all. */
  readonly size: number
  /** Pairs that stand less often than this are not joined. */
  readonly minimumCount: number
  /** Returns how the token joined of two is spelled. */
  readonly spell: (left: string, right: string) => string
}

/** One rule: where `left` stands before `right`, both become `made`. */
export interface Merge {
  readonly left: number
  readonly right: number
  readonly made: number
}

interface Pair {
  readonly left: number
  readonly right: number
  count: number
  /** Where its left piece may stand; it did when the place was noted. */
  places: Array<number>
}

interface Entry {
  readonly pair: Pair
  readonly count: number
}

/** The larger count first; of equal ones the pair whose pieces are the older tokens. */
const before = (one: Entry, other: Entry): boolean => {
  if (one.count !== other.count) return one.count > other.count
  if (one.pair.left !== other.pair.left) return one.pair.left < other.pair.left
  return one.pair.right < other.pair.right
}

/** All words one after the other; `next` and `previous` are -1 at a word's ends. */
const layOut = ({ counts, pieces }: Words) => {
  const total = pieces.reduce((sum, word) => sum + word.length, 0)
  const piece = new Int32Array(total)
  const next = new Int32Array(total).fill(-1)
  const previous = new Int32Array(total).fill(-1)
  const weight = new Float64Array(total)
  let at = 0
  pieces.forEach((word, index) => {
    for (let place = 0; place < word.length; place++, at++) {
      piece[at] = word[place]
      weight[at] = counts[index]
      if (place > 0) {
        previous[at] = at - 1
        next[at - 1] = at
      }
    }
  })
  return { piece, next, previous, weight }
}

const widest = 2 ** 26

/** Pairs, how often each stands in the words and where, and which is the most frequent. */
const makePairs = (minimumCount: number) => {
  const pairs = new Map<number, Pair>()
  const raised = new Set<Pair>()
  const heap = Heap.make(before)
  const pairOf = (left: number, right: number): Pair => {
    const key = left * widest + right
    let pair = pairs.get(key)
    if (pair === undefined) pairs.set(key, (pair = { left, right, count: 0, places: [] }))
    return pair
  }
  return {
    raise: (left: number, right: number, by: number, place: number): void => {
      const pair = pairOf(left, right)
      pair.count += by
      pair.places.push(place)
      raised.add(pair)
    },
    lower: (left: number, right: number, by: number): void => {
      pairOf(left, right).count -= by
    },
    /** Takes the most frequent pair, once all that became more frequent were put where they can be taken from. */
    take: (): Pair | undefined => {
      for (const pair of raised) if (pair.count >= minimumCount) heap.push({ pair, count: pair.count })
      raised.clear()
      for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
        const { count, pair } = top
        if (count === pair.count) return pair
        if (pair.count >= minimumCount && pair.count < count) heap.push({ pair, count: pair.count })
      }
      return undefined
    }
  }
}

type Pairs = ReturnType<typeof makePairs>

/** Joins a pair wherever it stands, from the left, and counts what its neighbours are next to now. */
const join = (words: ReturnType<typeof layOut>, pairs: Pairs, { left, right, places }: Pair, made: number): void => {
  const { next, piece, previous, weight } = words
  for (const place of places) {
    const second = next[place]
    if (piece[place] !== left || second < 0 || piece[second] !== right) continue
    const [by, ahead, after] = [weight[place], previous[place], next[second]]
    pairs.lower(left, right, by)
    if (ahead >= 0) pairs.lower(piece[ahead], left, by)
    if (after >= 0) pairs.lower(right, piece[after], by)
    piece[place] = made
    piece[second] = -1
    next[place] = after
    if (after >= 0) previous[after] = place
    if (ahead >= 0) pairs.raise(piece[ahead], made, by, ahead)
    if (after >= 0) pairs.raise(made, piece[after], by, place)
  }
}

/**
 * Learns merges until there are `size` tokens or no pair stands often enough. Spellings of new tokens are appended to
 * `tokens`; a spelling that is there already keeps its id.
 */
export const learn = (words: Words, tokens: Array<string>, { minimumCount, size, spell }: Limits): Array<Merge> => {
  const laid = layOut(words)
  const pairs = makePairs(minimumCount)
  laid.next.forEach((second, place) => {
    if (second >= 0) pairs.raise(laid.piece[place], laid.piece[second], laid.weight[place], place)
  })
  const ids = new Map(tokens.map((token, id) => [token, id]))
  const merges: Array<Merge> = []
  while (tokens.length < size) {
    const pair = pairs.take()
    if (pair === undefined) break
    const { left, right } = pair
    const spelling = spell(tokens[left], tokens[right])
    const made = ids.get(spelling) ?? tokens.push(spelling) - 1
    ids.set(spelling, made)
    merges.push({ left, right, made })
    const places = pair.places.sort((one, other) => one - other)
    pair.places = []
    join(laid, pairs, { ...pair, places }, made)
  }
  return merges
}
