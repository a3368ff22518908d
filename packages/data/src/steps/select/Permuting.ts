/**
 * Asking a model what it loses without a column: train rows are parted by a key, boosted trees are fitted to one part, and
 * in the other each column is permuted. Which rows are where depends on their ids, groups or instants, not on their order.
 */
import { Key } from "@watertight/core"
import { Effect, Schema } from "effect"
import type * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import { type Numeric, finite } from "../../internal/numeric.ts"
import * as IdOrder from "../../internal/rows/idOrder.ts"
import { moments } from "../../internal/statistics/lanes.ts"
import { quantile as normalQuantile } from "../../internal/statistics/normal.ts"
import * as Permutation from "../../internal/statistics/permutation.ts"
import * as Step from "../../Step.ts"

/** How the model that was asked did on the rows it was not fitted to, and how many these were. */
export const Model = Schema.Struct({
  metric: Schema.Literals(["R2", "log loss"]),
  score: Schema.Finite,
  fitted: Schema.Int,
  scored: Schema.Int
})

/** How rows are parted and columns permuted. */
export interface Options {
  readonly repeats?: number
  readonly scored?: number
  readonly group?: string
  readonly time?: string
}

/** What is asked: each feature's numbers in some rows, the target, and the columns that say which rows stay together. */
export interface Question {
  readonly features: ReadonlyArray<ReadonlyArray<(rows: Uint32Array) => Float64Array>>
  readonly target: Step.Cells<Column.Float | Column.Category>
  readonly group: Step.Cells<Numeric | Column.Category | Column.Timestamp> | undefined
  readonly time: Step.Cells<Numeric | Column.Category | Column.Timestamp> | undefined
}

/** So many rows at most, and fewer where they have so many numbers for each class; but not fewer than that. */
const most = { rows: 20_000, numbers: 20_000_000, least: 1000 }
const fewest = { fitted: 20, scored: 10 }

/** Fails where rows belong together by a declared group, or in an order by a timestamp, and it was not said. */
export const checkColumns = (columns: Columns, { group, time }: Options): Effect.Effect<void, Step.RecipeError> => {
  const refuse = (column: string, reason: string) =>
    Effect.fail(new Step.RecipeError({ step: "select", column, reason }))
  for (const [name, column] of Object.entries(columns)) {
    if ("group" in column && name !== group) return refuse(name, "its rows stay together: name it as the group")
  }
  const instants = Object.keys(columns).filter((name) => columns[name].kind === "timestamp")
  if (instants.length > 0 && !instants.includes(time ?? "")) {
    return refuse(instants[0], "rows near in time are alike: name it as the time")
  }
  return Effect.void
}

/** A word for each row, drawn from its name of 128 bits. */
const drawn = (key: Key.Key, names: Uint32Array, rows: Uint32Array): Uint32Array =>
  Key.bitsOfNames(key, names, rows, 1, new Uint32Array(rows.length))

/** Marks the rows that are scored, 1, those fitted to, 0, and those that are neither, 2. */
const parted = ({ group, target, time }: Question, rows: Uint32Array, share: number, key: Key.Key): Uint8Array => {
  if (time !== undefined) {
    const sorted = Float64Array.from(rows, (row) => time.values[row]).sort()
    const from = sorted[Math.min(sorted.length - 1, Math.floor((1 - share) * sorted.length))]
    const isLate = (row: number) => time.values[row] >= from
    const late = new Set(Array.from(rows.filter(isLate), (row) => group?.values[row]))
    return Uint8Array.from(rows, (row) =>
      isLate(row) ? 1 : group !== undefined && late.has(group.values[row]) ? 2 : 0
    )
  }
  const names =
    group === undefined
      ? new Uint32Array(target.ids.slice().buffer)
      : new Uint32Array(
          Float64Array.from({ length: 2 * group.length }, (_, at) => (at % 2 === 0 ? group.values[at / 2] + 0 : 0))
            .buffer
        )
  const words = drawn(key, names, rows)
  const units = [...new Set(words)].sort((a, b) => a - b)
  const last = units[Math.ceil(share * units.length) - 1]
  return Uint8Array.from(words, (word) => (word <= last ? 1 : 0))
}

/** The target as the model takes it, and what its losses are divided by. */
const toldOf = Effect.fnUntraced(function* (
  { target }: Question,
  rows: Uint32Array,
  fitted: Uint32Array,
  scored: Uint32Array
) {
  const values = Float64Array.from(rows, (row) => target.values[row])
  if (target.column.kind === "category") return { told: { values, classes: target.column.levels.length }, scale: 1 }
  const { mean, variance } = moments(
    Float64Array.from(fitted, (place) => values[place]),
    1
  )
  if (!Number.isFinite(variance[0])) return yield* target.refuse("holds numbers too far apart for float64")
  const deviation = Math.sqrt(variance[0]) || 1
  const told = values.map((value) => (value - mean[0]) / deviation)
  const spread = moments(
    Float64Array.from(scored, (place) => told[place]),
    1
  ).variance[0]
  if (!(spread > 0)) return yield* target.refuse(`does not vary in the ${scored.length} rows that are scored`)
  return { told: { values: told }, scale: spread }
})

/** Returns each feature's importance, and how the model did. */
export const ask = Effect.fnUntraced(function* (
  question: Question,
  { repeats = 10, scored: share = 0.25 }: Options,
  key: Key.Key
) {
  const { features, group, target, time } = question
  if (time !== undefined && time.column.kind !== "timestamp") return yield* time.refuse("a time is a timestamp column")
  if (group !== undefined && group.column.kind !== "category") {
    if (group.column.kind !== "float") return yield* group.refuse("a group is a float or category column")
    yield* finite(group as Step.Cells<Column.Float>) // its kind was just checked
  }
  const numbers = features.flat().length * (target.column.kind === "category" ? target.column.levels.length : 1)
  const count = Math.min(most.rows, Math.max(most.least, Math.floor(most.numbers / numbers)))
  const rows = IdOrder.sample(target.ids, count)
  const sides = parted(question, rows, share, Key.foldIn(key, "rows"))
  const [fitted, scored] = [0, 1].map((side) => Uint32Array.from(sides.keys()).filter((place) => sides[place] === side))
  if (fitted.length < fewest.fitted || scored.length < fewest.scored) {
    const reason = `a model needs ${fewest.fitted} rows and its scores ${fewest.scored}; here are ${fitted.length} and ${scored.length}`
    return yield* target.refuse(`${reason}: bring more rows${group === undefined ? "" : " or groups"}`)
  }
  const { scale, told } = yield* toldOf(question, rows, fitted, scored)
  return yield* Effect.sync(() => {
    const columns = features.map((each) => each.map((valuesOf) => valuesOf(rows)))
    const losses = Permutation.model(columns, told, fitted, scored)
    const orders = Array.from({ length: repeats }, (_, repeat) =>
      Key.permutation(Key.foldIn(Key.foldIn(key, "order"), repeat), scored.length)
    )
    const found = Permutation.importances(losses, features.length, orders)
    const loss = losses().reduce((sum, each) => sum + each, 0) / scored.length / scale
    const isClass = target.column.kind === "category"
    return {
      importances: found.map(({ deviation, error, mean }) => ({
        score: mean / scale,
        deviation: deviation / scale,
        error: error / scale
      })),
      model: {
        metric: isClass ? ("log loss" as const) : ("R2" as const),
        score: isClass ? loss : 1 - loss,
        fitted: fitted.length,
        scored: scored.length
      }
    }
  })
})

/** So many standard errors above 0 that of so many features that tell nothing none is there by chance in 19 of 20 fits. */
export const errorsByChance = (features: number): number => normalQuantile(1 - 0.05 / features)
