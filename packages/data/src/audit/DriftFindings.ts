/**
 * When a drift is worth pointing at: when chance would hardly ever show it, and when it is large enough to matter.
 */
import { percent, some } from "../internal/prose.ts"
import type { ColumnDrift, Drift } from "./Drift.ts"
import * as LeakFinding from "./LeakFinding.ts"

/**
 * The population stability indices from which a change is called moderate and large, as in credit scoring (Siddiqi 2006,
 * "Credit Risk Scorecards"), and the areas under the curve from which a classifier tells partitions apart a little and well.
 */
export const thresholds = { stability: { moderate: 0.1, large: 0.25 }, area: { little: 0.55, well: 0.7 } } as const

const shifted = ({ left, right }: Drift, each: ColumnDrift): LeakFinding.LeakFinding =>
  LeakFinding.make({
    code: "column-drift",
    severity: each.stability >= thresholds.stability.large ? "warning" : "note",
    leakage: "L3.3",
    column: each.column,
    message: `is distributed differently in ${right} than in ${left}: distance ${each.distance.toFixed(2)}, stability index ${each.stability.toFixed(2)}`,
    remedy: "Find out why. If the world changed, expect it to change again: weigh recent rows, or leave the column out."
  })

const missing = ({ left, right }: Drift, { column, missing }: ColumnDrift): LeakFinding.LeakFinding =>
  LeakFinding.make({
    code: "missing-drift",
    severity: "warning",
    leakage: "L3.3",
    column,
    message: `is missing ${missing.difference > 0 ? "more" : "less"} often in ${right} than in ${left}, by ${percent(Math.abs(missing.difference))}`,
    remedy: "Find out why: it is recorded in another way, and a missing indicator would tell the partitions apart."
  })

const told = (drift: Drift, moved: ReadonlyArray<string>): LeakFinding.LeakFinding => {
  const { classifier, left, right } = drift
  const { area, high, low } = classifier ?? { area: 0.5, low: 0.5, high: 0.5 }
  const what = moved.length === 0 ? "no column by itself" : some(moved, 3)
  const isSelected = left === "validation"
  return LeakFinding.make({
    code: "drift",
    severity: area >= thresholds.area.well ? "warning" : "note",
    leakage: "L3.3",
    message:
      `a classifier that sees only features tells ${right} from ${left} with AUC ${area.toFixed(2)} ` +
      `(95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}; 0.5 is chance); moved: ${what}`,
    remedy: isSelected
      ? "Choose validation rows as test rows are chosen: what is best on these need not be best on those."
      : "Expect worse results than on validation, and split so that test rows come from where the model will be used."
  })
}

/** Points at what differs between two partitions more than chance explains, at a level that counts all comparisons. */
export const of = (drift: Drift, level: number, z: number): ReadonlyArray<LeakFinding.LeakFinding> => {
  const moved = drift.columns.filter(({ p, stability }) => p < level && stability >= thresholds.stability.moderate)
  const gone = drift.columns.filter(({ missing }) => missing.p < level && Math.abs(missing.difference) >= 0.05)
  const { classifier } = drift
  const isTold = classifier !== null && classifier.z > z && classifier.area >= thresholds.area.little
  return [
    ...(isTold
      ? [
          told(
            drift,
            moved.map(({ column }) => column)
          )
        ]
      : []),
    ...moved.map((each) => shifted(drift, each)),
    ...gone.map((each) => missing(drift, each))
  ]
}
