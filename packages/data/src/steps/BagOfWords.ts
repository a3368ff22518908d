/**
 * Bags of words: a text becomes one number for each term of a vocabulary learned from the train rows, how often it stands
 * in the text, or that weighted by how rare the term is (tf-idf). The numbers are those of scikit-learn's CountVectorizer
 * and TfidfVectorizer. Words that no train row has count nowhere.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { byCodePoint } from "../internal/text/codePoints.ts"
import * as Step from "../Step.ts"
import { type TermOptions, type Terms, settle, termsOf } from "../text/Terms.ts"

/** Options of `make`. */
export interface Options extends TermOptions {
  /** How many terms at most, those that stand in the train rows most often; each row holds that many numbers. */
  readonly size: number
  /** Terms that fewer train rows have are left out; 1 unless given. */
  readonly minimumRows?: number
  /** Terms that a larger share of the train rows has are left out; 1 unless given. */
  readonly maximumShare?: number
}

/** Options of `tfIdf`. */
export interface TfIdfOptions extends Options {
  /** Whether a term's count c counts as 1 + ln c; off unless given. */
  readonly sublinear?: boolean
}

interface Counted {
  rows: number
  times: number
  last: number
}

const count = (texts: ReadonlyArray<string>, terms: Terms): Map<string, Counted> => {
  const counts = new Map<string, Counted>()
  texts.forEach((text, row) => {
    for (const term of termsOf(text, terms)) {
      const known = counts.get(term)
      if (known === undefined) counts.set(term, { rows: 1, times: 1, last: row })
      else {
        known.times++
        if (known.last !== row) known.rows++
        known.last = row
      }
    }
  })
  return counts
}

/** The terms kept, in the order of their code points, each with the number of train rows that have it. */
const choose = (texts: ReadonlyArray<string>, terms: Terms, options: Options): ReadonlyArray<[string, number]> => {
  const { maximumShare = 1, minimumRows = 1, size } = options
  return [...count(texts, terms)]
    .filter(([, { rows }]) => rows >= minimumRows && rows <= maximumShare * texts.length)
    .sort(([one, { times }], [other, counted]) => counted.times - times || byCodePoint(one, other))
    .slice(0, size)
    .map(([term, { rows }]): [string, number] => [term, rows])
    .sort(([one], [other]) => byCodePoint(one, other))
}

/** What is learned: the terms in the order of their numbers, and for tf-idf the weight of each. */
const State = Schema.Struct({
  terms: Schema.Array(Schema.String),
  weights: Schema.optionalKey(Schema.Array(Schema.Finite))
})

const scaled = (row: Float64Array, weights: ReadonlyArray<number>, isSublinear: boolean): void => {
  let squares = 0
  for (let place = 0; place < row.length; place++) {
    const own = row[place]
    if (own === 0) continue
    row[place] = (isSublinear ? 1 + Math.log(own) : own) * weights[place]
    squares += row[place] ** 2
  }
  if (squares === 0) return
  const norm = Math.sqrt(squares)
  for (let place = 0; place < row.length; place++) row[place] /= norm
}

const vectors = (
  texts: ReadonlyArray<string>,
  terms: Terms,
  learned: typeof State.Type,
  isSublinear: boolean
): Float32Array => {
  const width = learned.terms.length
  const placeOf = new Map(learned.terms.map((term, place) => [term, place]))
  const out = new Float32Array(texts.length * width)
  const row = new Float64Array(width)
  texts.forEach((text, index) => {
    row.fill(0)
    for (const term of termsOf(text, terms)) {
      const place = placeOf.get(term)
      if (place !== undefined) row[place]++
    }
    if (learned.weights !== undefined) scaled(row, learned.weights, isSublinear)
    out.set(row, index * width)
  })
  return out
}

const checked = (name: string, { maximumShare = 1, minimumRows = 1, size }: Options): void => {
  if (!Number.isSafeInteger(size) || size < 1)
    throw new RangeError(`Recipe.${name}: size is ${size}; give a positive integer`)
  if (!Number.isSafeInteger(minimumRows) || minimumRows < 1 || !(maximumShare > 0 && maximumShare <= 1)) {
    throw new RangeError(`Recipe.${name}: minimumRows is a positive integer, maximumShare a share of the rows up to 1`)
  }
}

/** The weights of terms that so many of so many rows have: ln((1 + n) / (1 + rows)) + 1, as scikit-learn smooths them. */
const weigh = (rows: ReadonlyArray<number>, n: number): ReadonlyArray<number> =>
  rows.map((own) => Math.log((1 + n) / (1 + own)) + 1)

/**
 * Makes the step for counts (`"bagOfWords"`) or tf-idf, whose rows have Euclidean length 1. Throws a RangeError for a size
 * or limits that are none; fails where no term is left.
 */
export const make = <const Name extends string>(column: Name, name: "bagOfWords" | "tfIdf", options: TfIdfOptions) => {
  checked(name, options)
  const terms = settle(`Recipe.${name}`, options)
  const { maximumShare = 1, minimumRows = 1, size, sublinear = false } = options
  return Step.column({
    name,
    version: 1,
    code: "versioned",
    config: { size, minimumRows, maximumShare, ...terms, ...(name === "tfIdf" ? { sublinear } : {}) },
    column,
    takes: ["text"],
    becomes: (_: Column.Text, learned?: typeof State.Type): Column.Tensor<readonly [number]> =>
      Column.tensor([learned?.terms.length ?? size]),
    state: State,
    fit: Effect.fnUntraced(function* (cells: Step.Cells<Column.Text>) {
      const chosen = choose(cells.values, terms, options)
      if (chosen.length === 0) return yield* cells.refuse("no term of the train rows is within the limits")
      const weights = weigh(
        chosen.map(([, rows]) => rows),
        cells.length
      )
      return { terms: chosen.map(([term]) => term), ...(name === "tfIdf" ? { weights } : {}) }
    }),
    apply: (cells, learned) => Effect.sync(() => vectors(cells.values, terms, learned, sublinear))
  })
}
