/**
 * Indices for an embedding layer: the levels that enough train rows have are numbered 1, 2, … from the most frequent on, all
 * others and what is missing are 0. The vocabulary is what is learned, so a table of embeddings has one row per known level
 * and one for the unknown, however many levels the column declares.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /** How many train rows a level needs to be known; 1 unless given. */
  readonly minimumCount?: number
  /** How many levels are known at most, the most frequent ones; all unless given. */
  readonly most?: number
}

/** The level that stands for all that are unknown. */
export const unknown = "[unknown]"

/** What is learned: the known levels, the most frequent first. */
const State = Schema.Struct({ vocabulary: Schema.Array(Schema.String) })

/**
 * Makes the step. Of equally frequent levels the one declared first comes first. Fails when a level is named `[unknown]`.
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
    config: { minimumCount, ...(options.most === undefined ? {} : { most }) },
    column,
    takes: ["category", "optional category"],
    becomes: ({ levels }: Column.Category | Column.OptionalCategory, learned?: typeof State.Type): Column.Category =>
      Column.category([...new Set([unknown, ...(learned?.vocabulary ?? levels)])]),
    state: State,
    fit: Effect.fnUntraced(function* (cells: Step.Cells<Column.Category | Column.OptionalCategory>) {
      const { levels } = cells.column
      if (levels.includes(unknown)) return yield* cells.refuse(`it has a level "${unknown}" of its own: rename that`)
      const counts = new Uint32Array(levels.length)
      for (const code of cells.values) if (code >= 0) counts[code]++
      const known = Array.from(counts.keys())
        .filter((code) => counts[code] >= minimumCount)
        .sort((a, b) => counts[b] - counts[a] || a - b)
        .slice(0, most)
      return { vocabulary: known.map((code) => levels[code]) }
    }),
    apply: (cells, { vocabulary }) =>
      Effect.sync(() => {
        const indices = new Map(vocabulary.map((level, index) => [level, index + 1]))
        const own = cells.column.levels.map((level) => indices.get(level) ?? 0)
        return cells.values.map((code) => (code < 0 ? 0 : own[code]))
      })
  })
}
