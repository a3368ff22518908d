/**
 * What is to be predicted: how the classes are balanced, or how the numbers are spread; and which columns predict it alone
 * so well that they may be the target in other words.
 */
import { Schema } from "effect"
import * as IdOrder from "../internal/rows/idOrder.ts"
import * as Single from "../internal/statistics/singleFeature.ts"
import { type Table, numbers, texts } from "../Table.ts"

/** How well a column alone predicts the target: see `thresholds`. */
export const Power = Schema.Struct({
  column: Schema.String,
  metric: Schema.Literals(["AUC", "rank correlation"]),
  score: Schema.Finite,
  /** From 0, chance, to 1, perfect: the normalized Gini coefficient `2 AUC - 1`, or the rank correlation. */
  strength: Schema.Finite
})

/** How well a column alone predicts the target. */
export type Power = typeof Power.Type

/**
 * From which strength on a column is suspected to be the target in other words: `near` is nearly perfect, `high` is worth
 * a question. They are the normalized Gini coefficients from which DataRobot's data quality assessment reports a high and
 * a moderate risk of target leakage (its documentation, "Data quality checks").
 */
export const thresholds = { near: 0.975, high: 0.85 } as const

/** At most this many rows, those with the smallest ids, tell how well a column predicts. */
export const mostRows = 50_000

/** Fewer rows do not tell. */
export const fewestRows = 50

/** A target as what `internal/singleFeature` predicts, for some rows; undefined for columns that are no target. */
export const outcomeOf = (table: Table, target: string, rows: Uint32Array): Single.Outcome | undefined => {
  const column = table.columns[target]
  if (column.kind === "tensor" || column.kind === "text") return undefined
  const values = numbers(table, target)
  return column.kind === "category" || column.kind === "optional category"
    ? { kind: "classes", codes: Int32Array.from(rows, (row) => values[row]), classes: column.levels.length }
    : { kind: "ranks", ranks: Single.ranksOf(Float64Array.from(rows, (row) => values[row])) }
}

/** A column's bins for some rows: texts by what they say where many are equal, else by their length; no tensors. */
export const binsFor = (table: Table, name: string, rows: Uint32Array) => {
  const column = table.columns[name]
  if (column.kind === "tensor") return undefined
  if (column.kind === "text") {
    const all = texts(table, name)
    const codes = new Map<string, number>()
    const of = Int32Array.from(rows, (row) => {
      const code = codes.get(all[row]) ?? codes.size
      codes.set(all[row], code)
      return code
    })
    const isRepeating = codes.size <= rows.length / 10
    return isRepeating ? { of, count: codes.size } : Single.binsOf(Float64Array.from(rows, (row) => all[row].length))
  }
  const values = numbers(table, name)
  return column.kind === "category" || column.kind === "optional category"
    ? { of: Int32Array.from(rows, (row) => values[row] + 1), count: column.levels.length + 1 }
    : Single.binsOf(Float64Array.from(rows, (row) => values[row]))
}

/** Measures every column but the target and tensors, the strongest first; nothing where there are too few rows. */
export const powers = (table: Table, target: string): ReadonlyArray<Power & { readonly z: number }> => {
  if (table.length < fewestRows) return []
  const rows = IdOrder.sample(table.ids, mostRows)
  const half = IdOrder.halves(table.ids, rows)
  const outcome = outcomeOf(table, target, rows)
  if (outcome === undefined) return []
  return Object.keys(table.columns)
    .filter((name) => name !== target)
    .flatMap((column) => {
      const bins = binsFor(table, column, rows)
      const found = bins === undefined ? null : Single.measure(bins, outcome, half)
      return found === null ? [] : [{ column, ...found }]
    })
    .sort((a, b) => b.strength - a.strength || (a.column < b.column ? -1 : 1))
}

/** How well a column alone tells one class from the rest. */
export interface ClassPower {
  readonly column: string
  readonly level: string
  readonly score: number
  readonly low: number
  readonly high: number
}

/** What says nothing about the target should not reach this strength (normalized Gini, or rank correlation). */
export const leastStrength = 0.2

/** How many classes a column can give away besides all together: none of two, which are told apart or not. */
export const classesIn = (table: Table, target: string): number => {
  const column = table.columns[target]
  const isClass = column.kind === "category" || column.kind === "optional category"
  return isClass && column.levels.length > 2 ? column.levels.length : 0
}

/**
 * Finds the columns that nearly give one class away, which the classes together hide where it is rare: those whose area under
 * the ROC curve has `high` strength, and an interval of `z` standard errors above that of columns which say nothing.
 */
export const classPowers = (table: Table, target: string, z: number): ReadonlyArray<ClassPower> => {
  if (table.length < fewestRows || classesIn(table, target) === 0) return []
  const rows = IdOrder.sample(table.ids, mostRows)
  const half = IdOrder.halves(table.ids, rows)
  const outcome = outcomeOf(table, target, rows)
  const column = table.columns[target]
  if (outcome?.kind !== "classes" || !("levels" in column)) return []
  return Object.keys(table.columns)
    .filter((name) => name !== target)
    .flatMap((name) => {
      const bins = binsFor(table, name, rows)
      if (bins === undefined) return []
      return Single.measureClasses(bins, outcome, half, z).map(({ of, ...power }) => ({
        column: name,
        level: column.levels[of],
        ...power
      }))
    })
    .filter(({ low, score }) => 2 * score - 1 >= thresholds.high && 2 * low - 1 > leastStrength)
    .sort((a, b) => b.score - a.score || (a.column < b.column ? -1 : 1))
}

/** What to say of a column that gives a class away. */
export const classFinding = ({ column, high, level, low, score }: ClassPower, target: string) => {
  const isNear = 2 * score - 1 >= thresholds.near
  const between = `${low.toFixed(3)} to ${high.toFixed(3)}, all classes and columns considered`
  return {
    code: "class-proxy",
    severity: isNear ? ("warning" as const) : ("note" as const),
    column,
    message:
      `alone tells the class "${level}" of ${target} from the others ${isNear ? "almost perfectly" : "very well"}: ` +
      `AUC ${score.toFixed(3)} (${between}) on rows it was not fitted to`,
    remedy:
      "Ask when this value is known, and from what: what is set for one class only may have been written after the target."
  }
}
