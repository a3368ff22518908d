/**
 * Rows that are there more than once, and rows whose features are equal while their targets differ: where labels may be
 * wrong, and how good the best model can be that sees only these features.
 */
import { Schema } from "effect"
import * as RowKeys from "../internal/rows/rowKeys.ts"
import * as IdOrder from "../internal/rows/idOrder.ts"
import * as RowId from "../RowId.ts"
import { type Table, numbers } from "../Table.ts"

/** Rows that repeat an earlier one. */
export const Repeats = Schema.Struct({
  /** Sets of equal rows. */
  sets: Schema.Int,
  /** Rows in these sets beyond the first of each. */
  rows: Schema.Int
})

/** Rows that repeat an earlier one. */
export type Repeats = typeof Repeats.Type

/** Rows with equal features and different targets. */
export const Contradictions = Schema.Struct({
  /** Sets of rows with equal features of which the targets differ. */
  sets: Schema.Int,
  rows: Schema.Int,
  /** For classes: the largest share of all rows that anything can predict from these features. */
  ceiling: Schema.NullOr(Schema.Finite)
})

/** Rows with equal features and different targets. */
export type Contradictions = typeof Contradictions.Type

const isSameId =
  (ids: Uint8Array) =>
  (left: number, right: number): boolean => {
    for (let byte = 0; byte < RowId.bytes; byte++) {
      if (ids[left * RowId.bytes + byte] !== ids[right * RowId.bytes + byte]) return false
    }
    return true
  }

/** Finds the rows that have the id of an earlier one. */
export const repeats = (table: Table): { readonly found: Repeats; readonly later: ReadonlySet<number> } => {
  const sets = RowKeys.groups(IdOrder.keysOf(table.ids), isSameId(table.ids))
  const later = new Set(sets.flatMap((group) => group.slice(1)))
  return { found: { sets: sets.length, rows: later.size }, later }
}

/** Finds rows with equal features whose targets differ. Rows without a target do not count, nor do tensors and texts. */
export const contradictions = (
  table: Table,
  target: string
): { readonly found: Contradictions; readonly in: ReadonlySet<number> } => {
  const { kind } = table.columns[target]
  if (kind === "tensor" || kind === "text") return { found: { sets: 0, rows: 0, ceiling: null }, in: new Set() }
  const values = numbers(table, target)
  const isClass = table.columns[target].kind.endsWith("category")
  const features = Object.keys(table.columns).filter((name) => name !== target)
  const alike =
    features.length === 0
      ? []
      : RowKeys.groups(RowKeys.keysOf(table, features), RowKeys.equality(table, table, features))
  const isThere = (row: number) => (isClass ? values[row] >= 0 : !Number.isNaN(values[row]))
  const known = alike.map((group) => group.filter(isThere))
  const sets = known.filter((group) => new Set(group.map((row) => values[row])).size > 1)
  const rows = sets.flat()
  const lost = sets.reduce((sum, group) => sum + group.length - largest(group.map((row) => values[row])), 0)
  const ceiling = isClass && table.length > 0 ? 1 - lost / table.length : null
  return { found: { sets: sets.length, rows: rows.length, ceiling }, in: new Set(rows) }
}

const largest = (values: ReadonlyArray<number>): number => {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return Math.max(...counts.values())
}
