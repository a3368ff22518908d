/**
 * Values of other rows of the series beside a row's own: so many rows before or after it, or the difference to them. Rows
 * that do not have all of these rows are left out.
 */
import { Effect } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Columnar from "../internal/columns/columnar.ts"
import type { Length } from "../split/Temporal.ts"
import * as Table from "../Table.ts"
import * as Series from "./Series.ts"

/** A column to add. */
export interface Shifted {
  readonly name: string
  readonly from: string
  /** Rows later; before when negative. */
  readonly offset: number
  /** Whether the other row's value is subtracted from the row's own. */
  readonly subtracted?: boolean
}

/** What orders the rows, and how far apart neighbours must stand. */
export interface Order {
  readonly on: string
  readonly by?: string | undefined
  readonly every?: Length | undefined
}

/** Returns the rows with all of their window and the columns added, sorted by time. */
export const apply = Effect.fnUntraced(function* <C extends Columns, D extends Columns>(
  window: string,
  table: Table.Table<C>,
  order: Order,
  added: ReadonlyArray<Shifted>
) {
  yield* Series.refuseTaken(
    window,
    table.columns,
    added.map(({ name }) => name)
  )
  const series = Series.make(table, order)
  yield* Series.refuseTies(window, series, order)
  const { first, sorted, times } = series
  const every = order.every === undefined ? undefined : yield* Series.millis(window, "every", order.every)
  const isThere = (place: number, offset: number): boolean => {
    const other = place + offset
    if (other < 0 || other >= sorted.length || first[other] !== first[place]) return false
    return every === undefined || times[sorted[other]] - times[sorted[place]] === offset * every
  }
  const offsets = [...new Set(added.map(({ offset }) => offset))]
  const kept = Uint32Array.from(sorted.keys())
    .filter((place) => offsets.every((offset) => isThere(place, offset)))
    .sort((a, b) => times[sorted[a]] - times[sorted[b]] || sorted[a] - sorted[b])
  if (kept.length === 0) {
    const hint = "Bring more rows, look less far, or correct `every`."
    const reason = `none of the ${table.length} rows has its whole window`
    return yield* new Series.WindowError({ window, reason, hint })
  }
  const rows = Table.take(
    table,
    kept.map((place) => sorted[place])
  )
  const shifted = added.map(({ from, name, offset, subtracted }): [string, Float64Array] => {
    const values = Table.numbers(table, from)
    const own = subtracted === true ? (place: number) => values[sorted[place]] : undefined
    return [
      name,
      Float64Array.from(kept, (place) => {
        const other = values[sorted[place + offset]]
        return own === undefined ? other : own(place) - other
      })
    ]
  })
  const columns = { ...table.columns, ...Object.fromEntries(added.map(({ name }) => [name, Column.float])) }
  const values: unknown = Columnar.merge(rows.values, Object.fromEntries(shifted))
  const made = Table.make(columns as Columns as D, values as Table.Table<D>["values"], rows) // D is C with the added floats
  return yield* Effect.mapError(
    made,
    ({ message }) => new Series.WindowError({ window, reason: message, hint: "Rename it." })
  )
})
