/**
 * Filling missing numbers with those of similar train rows: the mean over the k nearest that have the number, nearest in
 * the columns that both have (squares scaled up for those they have not). The same as scikit-learn's KNNImputer after its
 * StandardScaler; ties, which are in no order there, go to the earlier train row.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import { moments } from "../internal/statistics/lanes.ts"
import * as Neighbors from "../internal/statistics/neighbors.ts"
import * as Order from "../internal/statistics/order.ts"
import * as Step from "../Step.ts"
import * as Table from "../Table.ts"

/** Options of `make`. */
export interface Options {
  /** How many train rows a value is taken from; 5 unless given. */
  readonly neighbors?: number
  /** `"uniform"`: all count the same (the default); `"distance"`: by one over their distance. */
  readonly weights?: "uniform" | "distance"
  /**
   * Whether distances are measured in standard deviations of the train rows. On unless given: steps that scale take no
   * missing numbers, so they come after this one, and the column with the largest numbers would decide alone.
   */
  readonly standardized?: boolean
}

/** What is learned: the train rows themselves, column by column; null is missing. */
const State = Schema.Struct({ rows: Schema.Array(Schema.Array(Schema.NullOr(Schema.Finite))) })

const step = "imputeNearest"

const refuse = (column: string, reason: string, row?: number) =>
  new Step.RecipeError({ step, column, ...(row === undefined ? {} : { row }), reason })

/** The columns' numbers, NaN where missing. */
const read = Effect.fnUntraced(function* (table: Table.Table, names: ReadonlyArray<string>) {
  const all: Array<Float64Array> = []
  for (const name of names) {
    const numbers = Table.numbers(table, name)
    const mayMiss = table.columns[name].kind === "optional float"
    const bad = numbers.findIndex((value: number) => !Number.isFinite(value) && !(mayMiss && Number.isNaN(value)))
    if (bad >= 0) return yield* refuse(name, `holds ${numbers[bad]}; drop or repair such rows at the source`, bad)
    all.push(numbers as Float64Array) // `check` saw that it is a column of numbers
  }
  return all
})

const check = Effect.fnUntraced(function* (columns: Columns, names: ReadonlyArray<string>) {
  const after: Record<string, Column.Column> = {}
  for (const name of names) {
    const found = columns[name]
    if (found === undefined) return yield* refuse(name, "there is no such column")
    if (found.kind !== "float" && found.kind !== "optional float") {
      return yield* refuse(name, `it takes float or optional float columns; this is a ${found.kind}`)
    }
    after[name] = Column.complete(found)
  }
  return after
})

/** Train rows that have the same numbers: their places, and a tree of these numbers. */
interface Alike {
  readonly has: ReadonlyArray<boolean>
  /** The columns that they have. */
  readonly columns: ReadonlyArray<number>
  readonly places: Uint32Array
  readonly tree: Neighbors.Tree
}

const patternOf = (columns: ReadonlyArray<Float64Array>, row: number): string => {
  let pattern = ""
  for (const column of columns) pattern += Number.isNaN(column[row]) ? "0" : "1"
  return pattern
}

const grouped = (columns: ReadonlyArray<Float64Array>, length: number): ReadonlyArray<Alike> => {
  const rows = new Map<string, Array<number>>()
  for (let row = 0; row < length; row++) {
    const pattern = patternOf(columns, row)
    const alike = rows.get(pattern)
    if (alike === undefined) rows.set(pattern, [row])
    else alike.push(row)
  }
  const largestFirst = [...rows].sort(([, a], [, b]) => b.length - a.length) // their neighbours rule the others out
  return largestFirst.map(([pattern, places]) => {
    const has = [...pattern].map((digit) => digit === "1")
    const there = has.flatMap((isThere, column) => (isThere ? [column] : []))
    const points = new Float64Array(places.length * there.length)
    places.forEach((row, at) =>
      there.forEach((column, axis) => (points[at * there.length + axis] = columns[column][row]))
    )
    return {
      has,
      columns: there,
      places: Uint32Array.from(places),
      tree: Neighbors.tree(points, Math.max(1, there.length))
    }
  })
}

/** What fills from train rows: their numbers as they are and scaled, and their groups. */
interface Donors {
  readonly numbers: ReadonlyArray<Float64Array>
  readonly means: ReadonlyArray<number>
  readonly scales: ReadonlyArray<number>
  readonly groups: ReadonlyArray<Alike>
}

const donorsOf = (numbers: ReadonlyArray<Float64Array>, isStandardized: boolean): Donors => {
  const found = numbers.map((column) => moments(Order.present(column), 1))
  const scales = found.map(({ variance }) => (isStandardized && variance[0] > 0 ? Math.sqrt(variance[0]) : 1))
  const scaled = numbers.map((column, index) => column.map((value) => value / scales[index]))
  return {
    numbers,
    means: found.map(({ mean }) => mean[0]),
    scales,
    groups: grouped(scaled, numbers[0].length)
  }
}

/** The weighted mean of the numbers that neighbours have in a column. */
const meanOf = (numbers: Float64Array, near: Neighbors.Found, weights: "uniform" | "distance"): number => {
  const isSame = weights === "distance" && near.distances[0] === 0
  let [sum, total] = [0, 0]
  for (let at = 0; at < near.count; at++) {
    const distance = near.distances[at]
    const weight = weights === "uniform" ? 1 : isSame ? (distance === 0 ? 1 : 0) : 1 / Math.sqrt(distance)
    sum += weight * numbers[near.places[at]]
    total += weight
  }
  return sum / total
}

/** Fills the numbers that are missing, column by column, in copies. */
const filled = (
  donors: Donors,
  given: ReadonlyArray<Float64Array>,
  length: number,
  neighbors: number,
  weights: "uniform" | "distance"
): ReadonlyArray<Float64Array> => {
  const { groups, means, numbers, scales } = donors
  const out = given.map((column) => column.slice())
  const width = given.length
  const queries = groups.map(({ columns }) => new Float64Array(Math.max(1, columns.length)))
  for (let row = 0; row < length; row++) {
    const isThere = given.map((column) => !Number.isNaN(column[row]))
    if (!isThere.includes(false)) continue
    const shared = groups.map(({ columns }, group) => {
      columns.forEach((column, axis) => (queries[group][axis] = given[column][row] / scales[column]))
      return columns.filter((column) => isThere[column]).length
    })
    for (let column = 0; column < width; column++) {
      if (isThere[column]) continue
      const near = Neighbors.found(neighbors)
      groups.forEach(({ has, places, tree }, group) => {
        if (has[column] && shared[group] > 0) {
          Neighbors.search(tree, queries[group], near, width / shared[group], places)
        }
      })
      out[column][row] = near.count === 0 ? means[column] : meanOf(numbers[column], near, weights)
    }
  }
  return out
}

/**
 * Makes the step. Fails on infinity, and where all train rows miss a column. Throws a RangeError for no columns and unless
 * neighbors is a whole number of at least 1.
 */
export const make = (names: ReadonlyArray<string>, options: Options = {}): Step.Any => {
  const { neighbors = 5, standardized = true, weights = "uniform" } = options
  if (!Number.isSafeInteger(neighbors) || neighbors < 1) {
    throw new RangeError(`Recipe.imputeNearest: neighbors is ${neighbors}; give a whole number of at least 1`)
  }
  if (names.length === 0) throw new RangeError("Recipe.imputeNearest: give the columns to compare rows by")
  return Step.make<Columns, Columns, typeof State.Type>({
    name: step,
    version: 1,
    code: "versioned",
    config: { columns: names, neighbors, weights, standardized },
    changes: names,
    state: State,
    columns: (columns) => check(columns, names),
    fit: Effect.fnUntraced(function* (train) {
      yield* check(train.columns, names)
      const numbers = yield* read(train, names)
      for (const [index, column] of numbers.entries()) {
        if (column.every(Number.isNaN)) {
          const reason = "all of it is missing in the train rows; use Recipe.imputeConstant, or leave the column out"
          return yield* refuse(names[index], reason)
        }
        const { mean, variance } = moments(Order.present(column), 1)
        if (!Number.isFinite(mean[0]) || !Number.isFinite(variance[0])) {
          return yield* refuse(names[index], "holds numbers too far apart for float64; use Recipe.imputeMedian")
        }
      }
      return { rows: numbers.map((column) => Array.from(column, (value) => (Number.isNaN(value) ? null : value + 0))) }
    }),
    apply: Effect.fnUntraced(function* (table, { rows }) {
      yield* check(table.columns, names)
      const given = yield* read(table, names)
      const train = rows.map((column) => Float64Array.from(column, (value) => value ?? NaN))
      const out = yield* Effect.sync(() =>
        filled(donorsOf(train, standardized), given, table.length, neighbors, weights)
      )
      return Object.fromEntries(names.map((name, index) => [name, out[index]]))
    })
  })
}
