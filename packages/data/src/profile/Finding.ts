/**
 * What a profile or an audit points at: what was seen, how bad it is, in which rows, and what to do about it.
 */
import { Schema } from "effect"
import { counted, plain, wrapped } from "../internal/prose.ts"

/** How bad it is: a `problem` makes results wrong, a `warning` often does, a `note` is worth knowing. */
export const Severity = Schema.Literals(["problem", "warning", "note"])

/** How bad it is. */
export type Severity = typeof Severity.Type

/** Something a person should look at. */
export const Finding = Schema.Struct({
  /** A stable name for the kind of finding, such as `near-constant`. */
  code: Schema.String,
  severity: Severity,
  /** The column it is about, if it is one. */
  column: Schema.NullOr(Schema.String),
  /** What was seen, as a sentence. */
  message: Schema.String,
  /** What to do, as a sentence. */
  remedy: Schema.String,
  /** How many rows it is about, if it is about rows. */
  count: Schema.NullOr(Schema.Int),
  /** The first of these rows: places, from 0, in the table that the partition was taken from. */
  rows: Schema.Array(Schema.Int)
})

/** Something a person should look at. */
export type Finding = typeof Finding.Type

/** At most this many rows are listed. */
export const mostRows = 10

const weight: Readonly<Record<Severity, number>> = { problem: 0, warning: 1, note: 2 }

/** Makes a finding; it is about no column and no rows unless it says so. */
export const make = (
  finding: Pick<Finding, "code" | "severity" | "message" | "remedy"> & Partial<Finding>
): Finding => ({ column: null, count: null, rows: [], ...finding })

/** Sorts findings, the worst first; equally bad ones stay in their order. */
export const sorted = <F extends Finding>(findings: ReadonlyArray<F>): ReadonlyArray<F> =>
  [...findings].sort((a, b) => weight[a.severity] - weight[b.severity])

/** Takes the first rows that a predicate picks, and counts them all. `places` maps them to the table they come from. */
export const pick = (
  length: number,
  isIn: (row: number) => boolean,
  places: Uint32Array | undefined
): Pick<Finding, "count" | "rows"> => {
  const rows: Array<number> = []
  let count = 0
  for (let row = 0; row < length; row++) {
    if (!isIn(row)) continue
    if (rows.length < mostRows) rows.push(places?.[row] ?? row)
    count++
  }
  return { count, rows }
}

const marks: Readonly<Record<Severity, string>> = { problem: "✗", warning: "!", note: "·" }

/** Writes one finding as lines. */
export const lines = (finding: Finding, about = ""): ReadonlyArray<string> => {
  const { column, count, message, remedy, rows, severity } = finding
  const where = column === null ? "" : `${plain(column)}: `
  const first = rows.length > 0 && count !== null ? ` (${listed(rows, count)})` : ""
  const head = wrapped(`${where}${plain(message)}${first}`, 104)
  const advice = wrapped(plain(remedy), 98)
  return [
    ...head.map((line, index) =>
      index === 0 ? `  ${marks[severity]} ${severity.padEnd(7)}  ${line}` : `${" ".repeat(13)}${line}`
    ),
    ...(about === "" ? [] : [`${" ".repeat(13)}${about}`]),
    ...advice.map((line, index) => `${" ".repeat(13)}${index === 0 ? "do: " : "    "}${line}`)
  ]
}

const listed = (rows: ReadonlyArray<number>, count: number): string => {
  const shown = rows.slice(0, 5).map((row) => row + 1)
  const [noun, more] = [count === 1 ? "row" : "rows", count > shown.length ? ", …" : ""]
  return `${noun} ${shown.join(", ")}${more}`
}

/** Counts findings in words: `2 problems, 1 note`. */
export const summary = (findings: ReadonlyArray<Finding>): string => {
  const counts = (["problem", "warning", "note"] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length
    return count === 0 ? [] : [counted(count, severity)]
  })
  return counts.length === 0 ? "nothing to point at" : counts.join(", ")
}
