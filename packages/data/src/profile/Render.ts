/** A profile as a page: findings first, the worst at the top, then the columns, then the target. */
import {
  aligned,
  bar,
  counted,
  cut,
  histogram,
  instant,
  percent,
  plain,
  significant,
  strongest
} from "../internal/prose.ts"
import type { Profile } from "../Profile.ts"
import type { ColumnProfile } from "./ColumnProfile.ts"
import * as Finding from "./Finding.ts"

const most = { levels: 20, named: 3 } as const

const title = ({ columns, rows, scope, target }: Profile): ReadonlyArray<string> => {
  const what = scope.of === "train" ? "the train partition" : "a whole table"
  const about = target === null ? "" : `; the target is ${plain(target)}`
  return [
    `Profile of ${what}: ${counted(rows, "row")}, ${counted(columns.length, "column")}${about}`,
    ...(scope.of === "whole"
      ? [`ALL ROWS WERE LOOKED AT, those of a later test partition too, because: ${plain(scope.because)}`]
      : [])
  ]
}

const findings = (profile: Profile): ReadonlyArray<string> => [
  `Findings: ${Finding.summary(profile.findings)}`,
  ...profile.findings.flatMap((finding) => Finding.lines(finding))
]

const number = (kind: ColumnProfile["kind"]) => (kind.endsWith("timestamp") ? instant : significant)

const spread = ({
  distinct,
  kind,
  levels,
  missing,
  numbers,
  rows,
  tensor
}: ColumnProfile): readonly [range: string, middle: string] => {
  if (levels !== null) {
    const all = rows - missing
    const named = levels.filter(({ rows }) => rows > 0).slice(0, most.named)
    const rest = distinct - named.length
    const shares = named.map(({ level, rows }) => `${cut(plain(level), 16)} ${percent(rows / all)}`).join(", ")
    return [rest > 0 ? `${shares}, ${rest} more` : shares, ""]
  }
  if (numbers === null) return ["", ""]
  const show = number(kind)
  const range = `${show(numbers.min)} to ${show(numbers.max)}`
  const shape = tensor === null ? "" : `${tensor.shape.join("×")}: `
  if (kind === "text")
    return [`${range} characters`, `${significant(numbers.mean)} ± ${significant(numbers.deviation)}`]
  if (kind.endsWith("timestamp")) return [range, `median ${show(median(numbers.quantiles))}`]
  const part = tensor === null || tensor.described === rows ? "" : ` (in ${counted(tensor.described, "row")})`
  return [`${shape}${range}${part}`, `${significant(numbers.mean)} ± ${significant(numbers.deviation)}`]
}

const median = (quantiles: ReadonlyArray<{ readonly share: number; readonly value: number }>): number =>
  quantiles.find(({ share }) => share === 0.5)?.value ?? 0

const columnTable = ({ columns }: Profile): ReadonlyArray<string> => {
  const rows = columns.map((column) => {
    const [range, middle] = spread(column)
    const missing = column.missing === 0 ? "" : percent(column.missing / column.rows)
    const counts = column.levels?.slice(0, most.levels).map(({ rows }) => rows) ?? column.numbers?.histogram ?? []
    return [
      cut(plain(column.name), 28),
      column.kind,
      missing,
      column.distinct.toLocaleString("en-US"),
      histogram(counts),
      middle,
      range
    ]
  })
  const head = ["column", "kind", "missing", "distinct", "distribution", "mean ± deviation", "range or largest levels"]
  return ["Columns", ...aligned([head, ...rows], [2, 3]).map((line) => `  ${line}`)]
}

const target = (profile: Profile): ReadonlyArray<string> => {
  const column = profile.columns.find(({ name }) => name === profile.target)
  if (column === undefined) return []
  const head = `Target ${plain(column.name)}`
  if (column.levels !== null) {
    const shown = column.levels.slice(0, most.levels)
    const largest = Math.max(1, shown[0]?.rows ?? 1)
    const lines = shown.map(({ level, rows }) => [
      cut(plain(level), 28),
      rows.toLocaleString("en-US"),
      percent(column.rows === 0 ? 0 : rows / column.rows),
      bar(rows / largest, 30)
    ])
    const rest = column.levels.length - shown.length
    return [head, ...aligned(lines, [1, 2]).map((line) => `  ${line}`), ...(rest > 0 ? [`  and ${rest} more`] : [])]
  }
  if (column.numbers === null || column.kind === "text") return []
  const show = number(column.kind)
  const { farOut, quantiles, skew } = column.numbers
  const names = quantiles.map(({ share }) => (share === 0.5 ? "median" : `${Math.round(share * 100)} %`))
  const lines = aligned([names, quantiles.map(({ value }) => show(value))], [...quantiles.keys()])
  return [head, ...lines.map((line) => `  ${line}`), `  skew ${significant(skew)}, ${counted(farOut, "value")} far out`]
}

const powers = ({ powers }: Profile): ReadonlyArray<string> => {
  if (powers.length === 0) return []
  return ["What each column predicts of the target by itself", ...strongest(powers)]
}

const rows = ({ repeats }: Profile): ReadonlyArray<string> =>
  repeats.rows === 0
    ? ["No row is there twice."]
    : [`${counted(repeats.rows, "row")} ${repeats.rows === 1 ? "repeats" : "repeat"} an earlier one.`]

/** Writes a profile as text for people. */
export const page = (profile: Profile): string =>
  [title(profile), findings(profile), columnTable(profile), target(profile), powers(profile), rows(profile)]
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"))
    .join("\n\n")
