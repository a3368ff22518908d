/** Rows that do not decode, told apart from the others: what every reader does the same way once it knows them. */
import { Effect } from "effect"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Quarantine from "../../sources/Quarantine.ts"
import * as Table from "../../Table.ts"

/** A row that does not decode, by its place among all that were read. */
export interface Left {
  readonly place: number
  readonly reason: string
  readonly row: Quarantine.SetAside
}

/** Why a column's value left. */
export const because = (column: string): string => `column ${JSON.stringify(column)} does not decode`

/** Counts and lists what left of `read` rows, and what left `before` these. */
export const listed = (
  read: number,
  left: ReadonlyArray<Left>,
  before: ReadonlyArray<Left> = []
): Quarantine.Quarantine =>
  Quarantine.make(
    read + before.length,
    [...left, ...before].sort((one, other) => one.row.row - other.row.row)
  )

/** Makes a table of the rows that stay of `read` rows; `values` has a place for each of them. */
export const sorted = <C extends Columns>(
  columns: C,
  values: Readonly<Record<string, RowId.Values>>,
  read: number,
  left: ReadonlyArray<Left>
): Effect.Effect<Quarantine.Sorted<C>, Table.TableError> => {
  const isLeft = new Uint8Array(read)
  for (const { place } of left) isLeft[place] = 1
  const kept = Uint32Array.from({ length: read - left.length })
  for (let row = 0, next = 0; row < read; row++) if (isLeft[row] === 0) kept[next++] = row
  const all = { columns, length: read, values: values as Table.Table<C>["values"], ids: new Uint8Array(0) } // decoded by kind
  const some = left.length === 0 ? all : { ...Table.take({ ...all, ids: new Uint8Array(read * RowId.bytes) }, kept) }
  return Effect.map(Table.make(columns, some.values, { length: some.length }), (table) => ({
    table,
    quarantine: listed(read, left)
  }))
}
