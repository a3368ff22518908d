/**
 * Filling what is missing with the last value that was there before in the series (last observation carried forward).
 * Nothing is taken from a later row; what has nothing before it stays missing.
 */
import { Effect } from "effect"
import type { Length } from "../split/Temporal.ts"
import type { Numbers } from "../RowId.ts"
import * as Table from "../Table.ts"
import * as Series from "./Series.ts"

/** Returns the filled values of the columns, in the order of the table's rows. */
export const forward = Effect.fnUntraced(function* (
  window: string,
  table: Table.Table,
  order: { readonly on: string; readonly by?: string | undefined },
  columns: ReadonlyArray<string>,
  within: Length | undefined
) {
  const longest = within === undefined ? Infinity : yield* Series.millis(window, "within", within)
  const series = Series.make(table, order)
  yield* Series.refuseTies(window, series, order)
  const { first, sorted, times } = series
  return columns.map((column): Numbers => {
    const isMissing = Series.missing(table.columns[column])
    const before = Table.numbers(table, column)
    const after = before.slice()
    let last = -1
    for (let place = 0; place < sorted.length; place++) {
      const row = sorted[place]
      if (first[place] === place) last = -1
      if (!isMissing(before[row])) last = row
      else if (last >= 0 && times[row] - times[last] <= longest) after[row] = before[last]
    }
    return after
  })
})
