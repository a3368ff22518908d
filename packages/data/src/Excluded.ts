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
  kept: Schema.Int,
  /** Of rows that stayed so far, how many values of a column were made missing; for each sentinel that was declared. */
  missing: Schema.optionalKey(Schema.Array(Schema.Struct({ column: Schema.String, values: Schema.Int })))
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
export const after = (before: Excluded, then: Excluded): Excluded => {
  const missing = [...(before.missing ?? []), ...(then.missing ?? [])]
  return {
    rows: before.rows,
    steps: [...before.steps, ...then.steps],
    kept: then.kept,
    ...(missing.length === 0 ? {} : { missing })
  }
}

/** Keeps a name on its line, and a terminal from taking it for a command. */
const plain = (name: string): string => name.replace(/\p{Cc}/gu, "\uFFFD")

const shown = (count: number): string => count.toLocaleString("en-US")

/**
 * Writes a count as a waterfall: rows that came, minus those that left by reason, rows kept, each with its share of those
 * that came; below it, how many values were made missing.
 *
 * @example
 * import { Excluded } from "@watertight/data"
 * const text = Excluded.toText({ rows: 1000, steps: [{ reason: "duplicate", rows: 25 }], kept: 975 })
 * text.split("\n")[1] // => "duplicate    -25   2.50 %"
 */
export const toText = ({ kept, missing = [], rows, steps }: Excluded): string => {
  const share = (count: number) => (rows === 0 ? "" : `${((100 * count) / rows).toFixed(2)} %`)
  const lines = [
    ["came", shown(rows), ""],
    ...steps.map((step) => [plain(step.reason), step.rows === 0 ? "0" : `-${shown(step.rows)}`, share(step.rows)]),
    ["kept", shown(kept), share(kept)]
  ]
  const width = (cell: number) => Math.max(...lines.map((line) => line[cell].length))
  const [reason, count, part] = [width(0), width(1), width(2)]
  return [
    ...lines.map((line) =>
      `${line[0].padEnd(reason)}  ${line[1].padStart(count)}  ${line[2].padStart(part)}`.trimEnd()
    ),
    ...missing.map(
      ({ column, values }) => `${plain(column)}: ${shown(values)} ${values === 1 ? "value" : "values"} made missing`
    )
  ].join("\n")
}

/** Keeps counts as JSON. */
export const codec: Codec.Codec<Excluded> = Codec.json("excluded rows", Excluded, { show: toText })
