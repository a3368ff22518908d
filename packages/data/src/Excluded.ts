/**
 * How many rows came, how many of them left for which reason before the split, and how many were kept: what sources
 * that set rows aside and cleaning count, and what the report shows as a waterfall.
 */
import { Codec } from "@watertight/core"
import { Schema } from "effect"

/** Rows that came, rows that left by reason in the order in which they left, and rows kept. */
export const Excluded = Schema.Struct({
  rows: Schema.Int,
  steps: Schema.Array(Schema.Struct({ reason: Schema.String, rows: Schema.Int })),
  kept: Schema.Int
})

/** Rows that came, rows that left by reason in the order in which they left, and rows kept. */
export type Excluded = typeof Excluded.Type

/**
 * Puts one count after another: what was kept by the first came to the second.
 *
 * @example
 * import { Excluded } from "@watertight/data"
 * const read = { rows: 10, steps: [{ reason: "no number", rows: 1 }], kept: 9 }
 * const cleaned = { rows: 9, steps: [{ reason: "duplicate", rows: 2 }], kept: 7 }
 * Excluded.after(read, cleaned).steps.length // => 2
 */
export const after = (before: Excluded, then: Excluded): Excluded => ({
  rows: before.rows,
  steps: [...before.steps, ...then.steps],
  kept: then.kept
})

/** Keeps counts as JSON. */
export const codec: Codec.Codec<Excluded> = Codec.json("excluded rows", Excluded)
