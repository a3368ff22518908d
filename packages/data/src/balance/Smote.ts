/**
 * New rows between rows of a class (SMOTE: Chawla, Bowyer, Hall and Kegelmeyer 2002): at a random place on the line from a
 * row to one of its nearest of the class. Where there are categories (SMOTE-NC of the same paper), two rows of different
 * levels are the median standard deviation of the numbers apart, and a new row takes the level that most of the neighbours
 * have. Distances, neighbours and lines are those of imbalanced-learn.
 */
import { Key } from "@watertight/core"
import type { Effect } from "effect"
import { hash } from "node:crypto"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Derive from "../internal/columns/derive.ts"
import * as Tables from "../internal/columns/tables.ts"
import { moments } from "../internal/statistics/lanes.ts"
import * as Neighbors from "../internal/statistics/neighbors.ts"
import * as Order from "../internal/statistics/order.ts"
import * as RowId from "../RowId.ts"
import * as Blocks from "../split/Blocks.ts"
import * as Table from "../Table.ts"
import * as Draw from "./Draw.ts"

/** A row to be: on the line from a row to another, and the rows that choose its levels. */
export interface Child {
  readonly parent: number
  readonly other: number
  readonly step: number
  readonly neighbors: ReadonlyArray<number>
  readonly id: Uint8Array
}

/** The rows of a class as points: their numbers, and for every category one number per level. */
const pointsOf = (table: Table.Table, rows: Uint32Array, features: ReadonlyArray<string>) => {
  const numeric = features.filter((name) => table.columns[name].kind !== "category")
  const levels = (name: string): number => {
    const column = table.columns[name]
    return column.kind === "category" ? column.levels.length : 0
  }
  const numbers = numeric.reduce((sum, name) => sum + Column.width(table.columns[name]), 0)
  const width = features.reduce((sum, name) => sum + levels(name), numbers)
  const points = new Float64Array(rows.length * width)
  const write = (name: string, start: number): number => {
    const own = Column.width(table.columns[name])
    const values = Table.numbers(table, name)
    rows.forEach((row, at) => {
      for (let axis = 0; axis < own; axis++) points[at * width + start + axis] = values[row * own + axis]
    })
    return start + own
  }
  const end = numeric.reduce((start, name) => write(name, start), 0)
  const apart = medianDeviation(points, width, numbers) / Math.SQRT2
  features.reduce((start, name) => {
    const codes = Table.numbers(table, name)
    if (levels(name) > 0) rows.forEach((row, at) => (points[at * width + start + codes[row]] = apart))
    return start + levels(name)
  }, end)
  return { points, width }
}

/** The median over the numbers of their standard deviations. */
const medianDeviation = (points: Float64Array, width: number, numbers: number): number => {
  if (numbers === 0) return Math.SQRT2
  const { variance } = moments(points, width)
  return Order.quantile(variance.slice(0, numbers).map(Math.sqrt).sort(), 0.5)
}

/** For each row of a class, its nearest others, the nearest first; equally near ones in the order of `rows`. */
export const nearest = (
  table: Table.Table,
  rows: Uint32Array,
  features: ReadonlyArray<string>,
  neighbors: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const { points, width } = pointsOf(table, rows, features)
  const tree = Neighbors.tree(points, width)
  return Array.from(rows, (_, at) => {
    const near = Neighbors.found(neighbors + 1)
    Neighbors.search(tree, points.subarray(at * width, (at + 1) * width), near)
    const others = Array.from(near.places.subarray(0, near.count)).filter((place) => place !== at)
    return others.slice(0, neighbors).map((place) => rows[place])
  })
}

/** The id of a child: of its parents' ids and its number, so that nobody else has it. */
const idOf = (ids: Uint8Array, parent: number, other: number, copy: number): Uint8Array => {
  const of = (row: number) => ids.subarray(row * RowId.bytes, (row + 1) * RowId.bytes)
  const text = Buffer.concat([Buffer.from("smote"), of(parent), of(other), Buffer.from(`${copy}`)])
  return hash("sha256", text, "buffer").subarray(0, RowId.bytes)
}

/** Plans `count` children of the rows of a class, as many of each row, give or take one. */
export const plan = (
  key: Key.Key,
  table: Table.Table,
  rows: Uint32Array,
  options: { readonly features: ReadonlyArray<string>; readonly neighbors: number; readonly count: number }
): ReadonlyArray<Child> => {
  const { count, features, neighbors } = options
  const { ids } = table
  const view = Blocks.viewOf(ids)
  const sorted = rows.slice().sort((a, b) => Draw.byId(ids, a, b))
  const near = nearest(table, sorted, features, neighbors)
  const placeOf = new Map(Array.from(sorted, (row, place) => [row, place]))
  const parents = Draw.evenly(Key.foldIn(key, "parents"), ids, rows, count).sort((a, b) => Draw.byId(ids, a, b))
  let copy = 0
  return Array.from(parents, (parent, index): Child => {
    copy = index > 0 && Draw.isSame(ids, parents[index - 1], parent) ? copy + 1 : 0
    const around = near[placeOf.get(parent) ?? 0]
    const { choice, step } = Draw.child(Key.foldIn(key, "children"), view, parent, copy, around.length)
    const other = around[choice]
    return { parent, other, step, neighbors: around, id: idOf(ids, parent, other, copy) }
  })
}

/** The level that most neighbours have; of equally many, that of the nearest. */
const vote = (codes: RowId.Numbers, neighbors: ReadonlyArray<number>): number => {
  const counts = new Map<number, number>()
  for (const row of neighbors) counts.set(codes[row], (counts.get(codes[row]) ?? 0) + 1)
  let [best, most] = [codes[neighbors[0]], 0]
  for (const [code, count] of counts) if (count > most) [best, most] = [code, count]
  return best
}

/** A number between two, also where their difference is none or rounds. */
const between = (a: number, b: number, step: number): number => {
  const value = Number.isFinite(b - a) ? a + step * (b - a) : a * (1 - step) + b * step
  return Math.min(Math.max(a, b), Math.max(Math.min(a, b), value))
}

/** Returns a table with the children after its rows: features between their parents, other columns as the parent has them. */
export const born = <C extends Columns>(
  table: Table.Table<C>,
  children: ReadonlyArray<Child>,
  features: ReadonlyArray<string>
): Effect.Effect<Table.Table<C>, Table.TableError> => {
  const rows = Uint32Array.from({ length: table.length + children.length }, (_, row) =>
    row < table.length ? row : children[row - table.length].parent
  )
  const whole = Table.take(table, rows)
  const ids = whole.ids.slice()
  children.forEach(({ id }, index) => ids.set(id, (table.length + index) * RowId.bytes))
  const changed: Record<string, RowId.Numbers> = {}
  for (const name of features) {
    const column = table.columns[name]
    const width = Column.width(column)
    const values = Table.numbers(whole, name) // the copy just made
    changed[name] = values
    children.forEach(({ neighbors, other, parent, step }, index) => {
      const at = (table.length + index) * width
      if (column.kind === "category") values[at] = vote(values, neighbors)
      else {
        for (let axis = 0; axis < width; axis++) {
          values[at + axis] = between(values[parent * width + axis], values[other * width + axis], step)
        }
      }
    })
  }
  const made = Derive.table(Tables.fromEntries(whole.columns, whole.values, whole.length, ids), whole.columns, changed)
  return made as Effect.Effect<Table.Table<C>, Table.TableError> // the columns that came
}
