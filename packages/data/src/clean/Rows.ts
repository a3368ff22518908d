/**
 * One row of a table as an object, for predicates of one's own: what it holds by the names of its columns. One object
 * serves all rows, so nothing is made per row.
 */
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import { isTexts, type Values } from "../RowId.ts"
import type { Table } from "../Table.ts"

/** What a row holds of a column: instants in milliseconds since 1970, categories as their level, tensors flat. */
export type Cell<C extends Column.Column> = C extends Column.Float | Column.Timestamp
  ? number
  : C extends Column.OptionalFloat | Column.OptionalTimestamp
    ? number | null
    : C extends Column.Category<infer Level>
      ? Level
      : C extends Column.OptionalCategory<infer Level>
        ? Level | null
        : C extends Column.Text
          ? string
          : C extends Column.Tensor
            ? ArrayLike<number>
            : never

/** One row, by the names of the columns. */
export type Row<C extends Columns> = { readonly [K in keyof C]: Cell<C[K]> }

type Read = (row: number) => number | string | null | ArrayLike<number>

const reader = (column: Column.Column, values: Values): Read => {
  if (isTexts(values)) return (row) => values[row]
  switch (column.kind) {
    case "category":
    case "optional category":
      return (row) => (values[row] < 0 ? null : column.levels[values[row]])
    case "tensor": {
      const width = Column.width(column)
      return (row) => values.slice(row * width, (row + 1) * width)
    }
    case "optional float":
    case "optional timestamp":
      return (row) => (Number.isNaN(values[row]) ? null : values[row])
    default:
      return (row) => values[row]
  }
}

/** Makes an object that shows one row after the other: `at(row)` is always the same object, which shows that row. */
export const view = (table: Table): { readonly at: (row: number) => Row<Columns> } => {
  let shown = 0
  const object: Record<string, unknown> = {}
  const named: Readonly<Record<string, Values>> = table.values
  for (const name of Object.keys(table.columns)) {
    const read = reader(table.columns[name], named[name])
    Object.defineProperty(object, name, { enumerable: true, get: () => read(shown) })
  }
  Object.freeze(object)
  return {
    at: (row) => {
      shown = row
      return object as Row<Columns> // a getter for each column
    }
  }
}
