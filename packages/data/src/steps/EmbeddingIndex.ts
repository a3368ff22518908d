/**
 * Indices for an embedding layer: the levels, or texts such as ids, that enough train rows have are numbered 1, 2, … from the most frequent on, all
 * others and what is missing are 0. The vocabulary is what is learned, so a table of embeddings has one row per known level
 * and one for the unknown, however many levels the column declares.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as RowId from "../RowId.ts"
import * as Step from "../Step.ts"

/** What indices come out as: a category whose level 0 is `[unknown]`, or a tensor of one int32, which a model can take. */
export type Form = "category" | "tensor"

/** Options of `make`. */
export interface Options<As extends Form = Form> {
  /** `"category"` unless given. */
  readonly as?: As
  /** How many train rows a level needs to be known; 1 unless given. */
  readonly minimumCount?: number
  /** How many levels are known at most, the most frequent ones; all unless given. */
  readonly most?: number
}

/** The level that stands for all that are unknown. */
export const unknown = "[unknown]"

type Indexed = Column.Category | Column.OptionalCategory | Column.Text

/** What is learned: the known levels, the most frequent first. */
const State = Schema.Struct({ vocabulary: Schema.Array(Schema.String) })

/**
 * Makes the step. Of equally frequent levels the one declared first comes first, of texts the first in the order of
 * code units. Fails when a train row has the level `[unknown]`.
 * Throws a RangeError for counts below 1.
 */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const { minimumCount = 1, most = Number.MAX_SAFE_INTEGER } = options
  for (const [name, value] of Object.entries({ minimumCount, most })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`Recipe.embeddingIndex: ${name} is ${value}; give a whole number of at least 1`)
    }
  }
  return Step.column({
    name: "embeddingIndex",
    version: 1,
    code: "versioned",
    config: {
      minimumCount,
      ...(options.most === undefined ? {} : { most }),
      ...(options.as === undefined ? {} : { as: options.as })
    },
    column,
    takes: ["category", "optional category", "text"],
    becomes: (_: Indexed, learned?: typeof State.Type): Column.Category | Column.Tensor<readonly [1]> =>
      options.as === "tensor"
        ? Column.tensor([1], "int32")
        : Column.category([unknown, ...(learned?.vocabulary ?? [])]),
    state: State,
    fit: Effect.fnUntraced(function* (cells: Step.Cells<Indexed>) {
      const { counts, texts } = counted(cells)
      const own = texts.indexOf(unknown)
      if (own >= 0 && counts[own] > 0) return yield* cells.refuse(`it has a level "${unknown}" of its own: rename that`)
      const known = Array.from(counts.keys())
        .filter((code) => counts[code] >= minimumCount)
        .sort((a, b) => counts[b] - counts[a] || a - b)
        .slice(0, most)
      return { vocabulary: known.map((code) => texts[code]) }
    }),
    apply: (cells, { vocabulary }) =>
      Effect.sync(() => {
        const indices = new Map(vocabulary.map((text, index) => [text, index + 1]))
        const of = (text: string) => indices.get(text) ?? 0
        const { column, values } = cells
        if (RowId.isTexts(values)) return Int32Array.from(values, of)
        const own = column.kind === "text" ? [] : column.levels.map(of)
        return Int32Array.from(values, (code) => (code < 0 ? 0 : own[code]))
      })
  })
}

/** How many train rows have each text; those of a text column in the order of the alphabet of code units. */
const counted = ({ column, values }: Step.Cells<Indexed>) => {
  if (!RowId.isTexts(values)) {
    const texts = column.kind === "text" ? [] : column.levels
    const counts = new Uint32Array(texts.length)
    for (const code of values) if (code >= 0) counts[code]++
    return { texts, counts }
  }
  const found = new Map<string, number>()
  for (const text of values) found.set(text, (found.get(text) ?? 0) + 1)
  const texts = [...found.keys()].sort()
  return { texts, counts: Uint32Array.from(texts, (text) => found.get(text) ?? 0) }
}
