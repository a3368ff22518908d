/**
 * The stratified split: each class is split by itself, so that every partition has the classes in the table's
 * proportions. Counts of classes and of whole partitions are both within one row of their shares, which rounding each
 * class by itself does not give: it is controlled rounding of a two-way table (Cox 1987), found by augmenting paths.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Assignment from "../Assignment.ts"
import type { Table } from "../Table.ts"
import * as Share from "./Share.ts"
import { SplitError } from "./SplitError.ts"

/** Splits each class by its own permutation, keyed by the level's text. */
export const deal = (
  levels: ReadonlyArray<string>,
  codes: Int32Array,
  fractions: ReadonlyArray<number>,
  key: Key.Key
): Assignment.Assignment => {
  const members = levels.map((): Array<number> => [])
  codes.forEach((code, row) => members[code].push(row))
  const counts = round(members.map(({ length }) => fractions.map((fraction) => fraction * length)))
  const places = new Uint8Array(codes.length)
  members.forEach((rows, level) => {
    const dealt = Share.inTurn(counts[level])
    Key.permutation(Key.foldIn(key, levels[level]), rows.length).forEach((member, turn) => {
      places[rows[member]] = dealt[turn]
    })
  })
  return { places }
}

/** Decides a stratified split on a column of categories. */
export const assign = (on: string, shares: Share.Shares): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    yield* Share.refuseTimestamps("Split.stratified", table)
    yield* Share.refuseGroups("Split.stratified", table, [], "Split by group: use Split.stratifiedGrouped.")
    const fractions = yield* Share.fractions("Split.stratified", shares)
    const { codes, levels } = yield* classes("Split.stratified", table, on)
    const assignment = deal(levels, codes, fractions, key)
    return yield* Share.refuseEmpty("Split.stratified", assignment, ["train", "validation", "test"])
  })

/** Returns the levels and codes of a column of categories. */
export const classes = (
  split: string,
  table: Table,
  on: string
): Effect.Effect<{ readonly levels: ReadonlyArray<string>; readonly codes: Int32Array }, SplitError> => {
  const column = table.columns[on]
  const codes = table.values[on]
  if (column?.kind === "category" && codes instanceof Int32Array)
    return Effect.succeed({ levels: column.levels, codes })
  const reason = `"${on}" is ${column === undefined ? "no column" : `a ${column.kind} column`}`
  return Effect.fail(new SplitError({ split, reason, hint: "Stratify on a category column." }))
}

/**
 * Rounds a table of quotas whose rows add up to whole numbers: every cell, and every column's sum, is rounded down or
 * up; every row keeps its sum.
 */
export const round = (quotas: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlyArray<number>> => {
  const floors = quotas.map((row) => row.map((quota) => Math.floor(quota + Share.tolerance)))
  const counts = quotas.map(Share.largestRemainder)
  const canRise = (row: number, column: number) =>
    counts[row][column] === floors[row][column] && quotas[row][column] - floors[row][column] > Share.tolerance
  const canFall = (row: number, column: number) => counts[row][column] > floors[row][column]

  const columns = (quotas[0] ?? []).map((_, column) => column)
  const total = (table: ReadonlyArray<ReadonlyArray<number>>, column: number) =>
    Share.sum(table.map((row) => row[column]))
  const least = columns.map((column) => Math.floor(total(quotas, column) + Share.tolerance))
  const most = columns.map((column) => Math.ceil(total(quotas, column) - Share.tolerance))

  /** Finds the row in which moving one from a column to another strays least from the quotas. */
  const bestRow = (from: number, to: number): number | undefined => {
    const cost = (row: number) => quotas[row][from] - floors[row][from] - (quotas[row][to] - floors[row][to])
    const possible = quotas.map((_, row) => row).filter((row) => canFall(row, from) && canRise(row, to))
    return possible.length === 0 ? undefined : possible.reduce((best, row) => (cost(row) < cost(best) ? row : best))
  }
  const move = (path: ReadonlyArray<number>): void => {
    for (let step = 1; step < path.length; step++) {
      const row = bestRow(path[step - 1], path[step])
      if (row === undefined) throw new Error("Split.stratified: an augmenting path broke")
      counts[row][path[step - 1]]--
      counts[row][path[step]]++
    }
  }
  for (;;) {
    const totals = columns.map((column) => total(counts, column))
    const over = columns.filter((column) => totals[column] > most[column])
    const under = columns.filter((column) => totals[column] < least[column])
    if (over.length === 0 && under.length === 0) return counts
    const givers = over.length > 0 ? over : columns.filter((column) => totals[column] > least[column])
    const takers = over.length > 0 ? columns.filter((column) => totals[column] < most[column]) : under
    move(shortestPath(givers, takers, columns, (from, to) => bestRow(from, to) !== undefined))
  }
}

/** Breadth-first; a path exists because the unrounded table is a solution (integrality of network flows). */
const shortestPath = (
  starts: ReadonlyArray<number>,
  goals: ReadonlyArray<number>,
  all: ReadonlyArray<number>,
  isEdge: (from: number, to: number) => boolean
): ReadonlyArray<number> => {
  const queue = starts.map((start): ReadonlyArray<number> => [start])
  const seen = new Set(starts)
  for (const path of queue) {
    const end = path[path.length - 1]
    if (goals.includes(end)) return path
    for (const next of all) {
      if (seen.has(next) || !isEdge(end, next)) continue
      seen.add(next)
      queue.push([...path, next])
    }
  }
  throw new Error("Split.stratified: no augmenting path")
}
