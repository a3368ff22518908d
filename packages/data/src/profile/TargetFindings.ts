/**
 * What a profile points at about the target: classes that are orders of magnitude apart, numbers that are skewed or far
 * out, labels that contradict each other, columns that are the target in other words.
 */
import { counted, percent, significant, some } from "../internal/prose.ts"
import type { ColumnProfile } from "./ColumnProfile.ts"
import * as Finding from "./Finding.ts"
import type * as Rows from "./Rows.ts"
import { type ClassPower, type Power, classFinding, thresholds } from "./Target.ts"

const missing = ({ missing, name, rows }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  if (missing === 0) return []
  const message = `the target is missing in ${counted(missing, "row")} (${percent(missing / rows)})`
  const remedy = "Drop these rows before the split with Clean.dropMissing: there is nothing to learn from them."
  return [Finding.make({ code: "target-missing", severity: "problem", column: name, message, remedy, count: missing })]
}

/** D01: classes are flagged when the largest has ten times as many rows as the smallest, and again from a hundred on. */
const balance = ({ levels, name }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  const used = (levels ?? []).filter(({ rows }) => rows > 0)
  const [largest, smallest] = [used[0], used.at(-1)]
  if (largest === undefined || smallest === undefined || used.length < 2) return []
  const ratio = largest.rows / smallest.rows
  const found: Array<Finding.Finding> = []
  if (ratio >= 10) {
    const orders = Math.floor(Math.log10(ratio) + 1e-9)
    const size = orders === 1 ? "an order" : `${orders} orders`
    const message =
      `classes are ${size} of magnitude apart: ${largest.level} has ${counted(largest.rows, "row")}, ` +
      `${smallest.level} ${smallest.rows.toLocaleString("en-US")}`
    const remedy =
      "Split with Split.stratified, weight the classes in the loss, and judge by per-class recall: accuracy hides the small ones."
    found.push(
      Finding.make({ code: "imbalance", severity: orders === 1 ? "warning" : "problem", column: name, message, remedy })
    )
  }
  const rare = used.filter(({ rows }) => rows < 10).map(({ level, rows }) => `${level} (${rows})`)
  if (rare.length > 0) {
    const message = `${counted(rare.length, "class")} with fewer than 10 rows: ${some(rare, 5)}`
    const remedy =
      "Merge them into another class, collect more, or leave them out: so few rows tell nothing about a class."
    found.push(Finding.make({ code: "rare-class", severity: "warning", column: name, message, remedy }))
  }
  return found
}

/** D02: a third standardized moment beyond 1 either way is skewed; numbers three interquartile ranges out are far out. */
const spread = ({ kind, name, numbers }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  if (numbers === null || kind === "tensor" || kind === "text" || numbers.count < 20) return []
  const found: Array<Finding.Finding> = []
  if (Math.abs(numbers.skew) > 1) {
    const side = numbers.skew > 0 ? "a few large numbers" : "a few small numbers"
    const message = `the target is skewed (${significant(numbers.skew)}): ${side} dominate a squared loss`
    const step = numbers.min >= 0 ? "Recipe.logarithm" : "Recipe.yeoJohnson"
    const remedy = `Transform it with ${step} and turn predictions back with Recipe.inverse, or use Loss.huber or an absolute loss.`
    found.push(Finding.make({ code: "skewed", severity: "note", column: name, message, remedy }))
  }
  if (numbers.farOut > 0) {
    const share = numbers.farOut / numbers.count
    const message = `${counted(numbers.farOut, "target")} (${percent(share)}) are more than three interquartile ranges outside the quartiles`
    const remedy = "Look whether they are errors. If they are real, use Loss.huber, which bounds what one row can do."
    found.push(
      Finding.make({ code: "outliers", severity: "note", column: name, message, remedy, count: numbers.farOut })
    )
  }
  return found
}

/** D11: equal features with different targets. */
const contradictions = (
  column: ColumnProfile,
  { ceiling, rows, sets }: Rows.Contradictions,
  first: ReadonlyArray<number>
): ReadonlyArray<Finding.Finding> => {
  if (sets === 0) return []
  const limit =
    ceiling === null ? "" : `; nothing predicts more than ${percent(ceiling)} of these rows from these features`
  const message = `${counted(rows, "row")} in ${counted(sets, "set")} have equal features and different targets${limit}`
  const remedy =
    "Review their labels: some may be wrong. If all are right, the features do not tell these rows apart: find more."
  const about = { column: column.name, count: rows, rows: first }
  const severity = rows / Math.max(1, column.rows) >= 0.01 ? "warning" : "note"
  return [Finding.make({ code: "contradictions", severity, message, remedy, ...about })]
}

const proxies = (powers: ReadonlyArray<Power>, target: string): ReadonlyArray<Finding.Finding> =>
  powers
    .filter(({ strength }) => strength >= thresholds.high)
    .map(({ column, metric, score, strength }) => {
      const isNear = strength >= thresholds.near
      const found = `${metric} ${score.toFixed(3)} on rows it was not fitted to`
      return Finding.make({
        code: "proxy",
        severity: isNear ? "warning" : "note",
        column,
        message: `alone predicts ${target} ${isNear ? "almost perfectly" : "very well"} (${found})${isNear ? ": it may be the target in other words" : ""}`,
        remedy:
          "Ask when this value is known, and from what: leave the column out if it is written after, or made from, the target."
      })
    })

const classProxies = (
  powers: ReadonlyArray<Power>,
  ofClasses: ReadonlyArray<ClassPower>,
  target: string
): ReadonlyArray<Finding.Finding> => {
  const known = new Set(powers.filter(({ strength }) => strength >= thresholds.high).map(({ column }) => column))
  return ofClasses.filter(({ column }) => !known.has(column)).map((power) => Finding.make(classFinding(power, target)))
}

/** Points at what is odd about the target. */
export const of = (
  column: ColumnProfile,
  powers: ReadonlyArray<Power>,
  ofClasses: ReadonlyArray<ClassPower>,
  labels: { readonly found: Rows.Contradictions; readonly first: ReadonlyArray<number> }
): ReadonlyArray<Finding.Finding> => [
  ...missing(column),
  ...balance(column),
  ...spread(column),
  ...contradictions(column, labels.found, labels.first),
  ...proxies(powers, column.name),
  ...classProxies(powers, ofClasses, column.name)
]
