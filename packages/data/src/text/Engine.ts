/**
 * What a tokenizer does, made ready once from its JSON: tables, and a cache of words. The cache changes nothing but the
 * time.
 */
/** Appends the ids of text to a list. */
export interface Engine {
  /** Appends the ids of a text that was not normalized yet; special tokens are not added. */
  readonly encode: (text: string, into: Array<number>) => void
  /** Returns the text of ids, of which none is a special token's. */
  readonly decode: (ids: ReadonlyArray<number>) => string
  /** The spelling of each id; ids that no token has are undefined. */
  readonly tokens: ReadonlyArray<string | undefined>
  /** The special tokens put before and after a text. */
  readonly before: ReadonlyArray<number>
  readonly after: ReadonlyArray<number>
}

/** Words longer than this are not kept: they hardly come again. */
const longestKept = 64
const mostKept = 2 ** 16

/** Remembers what a function of words gave. */
export const remembering = (f: (word: string) => ReadonlyArray<number>): ((word: string) => ReadonlyArray<number>) => {
  const known = new Map<string, ReadonlyArray<number>>()
  return (word) => {
    if (word.length > longestKept) return f(word)
    let ids = known.get(word)
    if (ids === undefined) {
      ids = f(word)
      if (known.size === mostKept) known.clear()
      known.set(word, ids)
    }
    return ids
  }
}

/** Appends, also lists too long for the stack. */
export const append = (ids: ReadonlyArray<number>, into: Array<number>): void => {
  for (let place = 0; place < ids.length; place++) into.push(ids[place])
}
