/**
 * Hashing of words: each term of a text counts at the place its hash says, with a sign that is also the hash's, so nothing
 * is learned and no word is unknown; some words share a place. Rows have Euclidean length 1. The numbers are those of
 * scikit-learn's HashingVectorizer.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { hash } from "../internal/rows/murmur.ts"
import * as Step from "../Step.ts"
import { type TermOptions, type Terms, settle, termsOf } from "../text/Terms.ts"

/** Options of `make`. */
export interface Options<Size extends number = number> extends TermOptions {
  /** How many numbers a row gets; the fewer, the more words share one. */
  readonly size: Size
}

const encoder = new TextEncoder()

const vectors = (texts: ReadonlyArray<string>, size: number, terms: Terms): Float32Array => {
  const out = new Float32Array(texts.length * size)
  const row = new Float64Array(size)
  const hashes = new Map<string, number>()
  texts.forEach((text, index) => {
    row.fill(0)
    for (const term of termsOf(text, terms)) {
      let own = hashes.get(term)
      if (own === undefined) hashes.set(term, (own = hash(encoder.encode(term))))
      row[Math.abs(own) % size] += own < 0 ? -1 : 1
    }
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0))
    if (norm > 0)
      out.set(
        row.map((value) => value / norm),
        index * size
      )
  })
  return out
}

/** Makes the step. Throws a RangeError for a size that is no positive integer. */
export const make = <const Name extends string, const Size extends number>(column: Name, options: Options<Size>) => {
  const { size } = options
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`Recipe.hashWords: size is ${size}; give a positive integer`)
  }
  const terms = settle("Recipe.hashWords", options)
  return Step.column({
    name: "hashWords",
    version: 1,
    code: "versioned",
    config: { size, ...terms },
    column,
    takes: ["text"],
    becomes: (_: Column.Text): Column.Tensor<readonly [number]> => Column.tensor([size]),
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: ({ values }) => Effect.sync(() => vectors(values, size, terms))
  })
}
