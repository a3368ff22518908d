/**
 * Where the rows of data sets lie. Nothing outside this package reaches it: that is what seals the
 * test rows.
 */
import type { Columns } from "../Columns.ts"
import type * as Dataset from "../Dataset.ts"
import * as Table from "../Table.ts"

/** A data set's rows: those at some places of a table, or (`rows` undefined) all of them in the table's order. */
interface Content {
  readonly table: Table.Table
  readonly rows: Uint32Array | undefined
}

const contents = new WeakMap<Dataset.Dataset, Content>()

/** Says where a new data set's rows lie. */
export const put = (dataset: Dataset.Dataset, content: Content): void => void contents.set(dataset, content)

/** Returns where a data set's rows lie. */
export const of = (dataset: Dataset.Dataset): Content => {
  const content = contents.get(dataset)
  if (content === undefined) throw new TypeError("Dataset: this object was not made by Dataset.make")
  return content
}

/** Returns a data set's rows as a table, whatever its partition. */
export const open = <C extends Columns>(dataset: Dataset.Dataset<C>): Table.Table<C> => {
  const { rows, table } = of(dataset)
  return (rows === undefined ? table : Table.take(table, rows)) as Table.Table<C> // made from a table of these columns
}
