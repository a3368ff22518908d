/**
 * When a drift is worth pointing at: when chance would hardly ever show it, and when it is large enough to matter.
 */
import { counted, percent, some } from "../internal/prose.ts"
import type { Classifier, ColumnDrift, Drift } from "./Drift.ts"
import * as LeakFinding from "./LeakFinding.ts"

/**
 * The population stability indices from which a change is called moderate and large, as in credit scoring (Siddiqi 2006,
 * "Credit Risk Scorecards"), and the areas under the curve from which a classifier tells partitions apart a little and well.
 */
export const thresholds = { stability: { moderate: 0.1, large: 0.25 }, area: { little: 0.55, well: 0.7 } } as const

const toldBy = ({ area, high, low }: Classifier): string =>
  `a classifier that sees only features tells them apart with AUC ${area.toFixed(2)} (95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}; 0.5 is chance)`

const movedColumns = (moved: ReadonlyArray<ColumnDrift>): string => {
  const names = [...moved]
    .sort((a, b) => b.stability - a.stability)
    .map(({ column, stability }) => `${column} (stability index ${stability.toFixed(2)})`)
  return `${counted(moved.length, "column")} moved: ${some(names, 4)}`
}

const drifted = (
  { left, right }: Drift,
  classifier: Classifier | null,
  moved: ReadonlyArray<ColumnDrift>
): LeakFinding.LeakFinding => {
  const parts = [
    ...(classifier === null ? [] : [toldBy(classifier)]),
    ...(moved.length === 0 ? [] : [movedColumns(moved)])
  ]
  const isLarge =
    (classifier?.area ?? 0) >= thresholds.area.well ||
    moved.some(({ stability }) => stability >= thresholds.stability.large)
  return LeakFinding.make({
    code: "drift",
    severity: isLarge ? "warning" : "note",
    leakage: "L3.3",
    column: moved.length === 1 && classifier === null ? moved[0].column : null,
    message: `${right} does not look like ${left}: ${parts.join("; ")}`,
    remedy:
      left === "validation"
        ? "Choose validation rows as test rows are chosen: what is best on the one need not be best on the other."
        : "Ask what changed between them. If the model will meet rows of both kinds, split so that each side has both; if not, expect other results than on train."
  })
}

const missing = ({ left, right }: Drift, { column, missing }: ColumnDrift): LeakFinding.LeakFinding =>
  LeakFinding.make({
    code: "missing-drift",
    severity: "warning",
    leakage: "L3.3",
    column,
    message: `is missing ${missing.difference > 0 ? "more" : "less"} often in ${right} than in ${left}, by ${percent(Math.abs(missing.difference))} of the rows`,
    remedy: "Find out why: it is recorded in another way, and a missing indicator would tell the partitions apart."
  })

/** Points at what differs between two partitions more than chance explains, at a level that counts all comparisons. */
export const of = (drift: Drift, level: number, z: number): ReadonlyArray<LeakFinding.LeakFinding> => {
  const moved = drift.columns.filter(({ p, stability }) => p < level && stability >= thresholds.stability.moderate)
  const gone = drift.columns.filter(({ missing }) => missing.p < level && Math.abs(missing.difference) >= 0.05)
  const { classifier } = drift
  const told = classifier !== null && classifier.z > z && classifier.area >= thresholds.area.little ? classifier : null
  return [
    ...(told === null && moved.length === 0 ? [] : [drifted(drift, told, moved)]),
    ...gone.map((each) => missing(drift, each))
  ]
}
