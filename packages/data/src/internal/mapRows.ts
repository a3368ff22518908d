/** The one way in which sealed rows are changed: row by row, by the steps of a fitted recipe. */
import { Effect } from "effect"
import type { Columns } from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import type * as Table from "../Table.ts"
import { open } from "./contents.ts"

/**
 * Derives a data set by a function of rows. The function gets a table of the rows and returns one of as many rows; it
 * must treat each row by itself. The partition and the rows' ids stay.
 */
export const mapRows = <C extends Columns, D extends Columns, P extends Dataset.Partition, E, R>(
  dataset: Dataset.Dataset<C, P>,
  f: (table: Table.Table<C>) => Effect.Effect<Table.Table<D>, E, R>
): Effect.Effect<Dataset.Dataset<D, P>, E, R> =>
  Effect.suspend(() => {
    const before = open(dataset)
    return Effect.map(f(before), (after) => {
      if (after.length !== before.length) {
        throw new RangeError(`mapRows: ${before.length} rows became ${after.length}; each row must stay one row`)
      }
      return Dataset.make({ ...after, ids: before.ids }, undefined, dataset.partition)
    })
  })
