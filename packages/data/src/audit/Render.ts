/** An audit as a page: findings first, the worst at the top, then the figures, then what was and was not checked. */
import type { Audit } from "../Audit.ts"
import { aligned, counted, cut, percent, plain, strongest } from "../internal/prose.ts"
import * as Finding from "../profile/Finding.ts"
import { taxonomy } from "./LeakFinding.ts"

const title = ({ rows, target }: Audit): ReadonlyArray<string> => {
  const about = target === null ? "" : `; the target is ${plain(target)}`
  return [
    `Audit of a split: train ${counted(rows.train, "row")}, validation ${rows.validation.toLocaleString("en-US")}, test ${rows.test.toLocaleString("en-US")}${about}`,
    "No test row was shown: of validation and test only counts, distances and scores are below."
  ]
}

const findings = (audit: Audit): ReadonlyArray<string> => [
  `Findings: ${Finding.summary(audit.findings)}`,
  ...audit.findings.flatMap((finding) =>
    Finding.lines(finding, finding.leakage === null ? "" : `leakage ${finding.leakage}: ${taxonomy[finding.leakage]}`)
  )
]

const apart = ({ drifts }: Audit): ReadonlyArray<string> => [
  "Can a classifier tell the partitions apart by their features? 0.5 is chance, 1 is always",
  ...aligned(
    drifts.map(({ classifier, left, right }) =>
      classifier === null
        ? [`${left} and ${right}`, "too few rows, or nothing to compare", "", ""]
        : [
            `${left} and ${right}`,
            `AUC ${classifier.area.toFixed(3)}`,
            `95 % interval ${classifier.low.toFixed(3)} to ${classifier.high.toFixed(3)}`,
            `${counted(classifier.rows, "row")}`
          ]
    )
  ).map((line) => `  ${line}`)
]

const columns = ({ drifts }: Audit): ReadonlyArray<string> => {
  const [drift] = drifts
  if (drift === undefined || drift.columns.length === 0) return []
  const moved = [...drift.columns].sort((a, b) => b.stability - a.stability).slice(0, 10)
  const lines = moved.map(({ column, distance, missing, stability }) => [
    cut(plain(column), 28),
    distance.toFixed(3),
    stability.toFixed(3),
    missing.difference === 0 ? "" : `${missing.difference > 0 ? "+" : "-"}${percent(Math.abs(missing.difference))}`
  ])
  const head = ["column", "distance", "stability index", "missing"]
  const rest = drift.columns.length - moved.length
  return [
    `Columns of ${drift.right} against ${drift.left}, the most different first (a stability index from 0.1 on is moderate, from 0.25 on large)`,
    ...aligned([head, ...lines], [1, 2, 3]).map((line) => `  ${line}`),
    ...(rest > 0 ? [`  and ${rest.toLocaleString("en-US")} more`] : [])
  ]
}

const powers = ({ powers, target }: Audit): ReadonlyArray<string> => {
  if (target === null || powers.length === 0) return []
  return [`What each column predicts of ${plain(target)} by itself, on train`, ...strongest(powers)]
}

const checks = ({ checks, comparisons, falseAlarm }: Audit): ReadonlyArray<string> => [
  `Checked (chance alone points at something in ${percent(falseAlarm)} of audits, ${counted(comparisons, "comparison")} counted)`,
  ...checks.map(({ check, skipped }) => (skipped === null ? `  ✓ ${check}` : `  – ${check}: not checked, ${skipped}`))
]

/** Writes an audit as text for people. */
export const page = (audit: Audit): string =>
  [title(audit), findings(audit), apart(audit), columns(audit), powers(audit), checks(audit)]
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"))
    .join("\n\n")
