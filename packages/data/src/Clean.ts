/**
 * Cleaning before the split: a chain of steps that learn nothing, drop rows for reasons and turn sentinels into missing
 * values. Every row that leaves is counted under the reason it leaves for, and the report shows the count. Rows that stay
 * keep their order and their ids.
 */
import { Effect } from "effect"
import type { Columns } from "./Columns.ts"
import type { CleanError } from "./clean/CleanError.ts"
import * as Describe from "./clean/Describe.ts"
import * as Exclusions from "./clean/Exclusions.ts"
import type { Excluded } from "./Excluded.ts"
import type { Table } from "./Table.ts"

export { CleanError } from "./clean/CleanError.ts"
export { type Cleaning, type Counted, of, type Step, waterfalls } from "./clean/Describe.ts"
export { drop, dropBlank, dropMissing, dropNonFinite, dropOutside, type Dropped, type Range } from "./clean/Drop.ts"
export { type Contradictions, dropDuplicates, dropNearDuplicates, type Options } from "./clean/Duplicates.ts"
export { type Cell, type Row } from "./clean/Rows.ts"
export { type Missing, type MissingOf, type Sentinel, sentinel } from "./clean/Sentinel.ts"

/** A cleaned table, and the count of the rows that left. */
export interface Cleaned<out C extends Columns> {
  readonly table: Table<C>
  readonly excluded: Excluded
}

/** Cleans a table of the columns that were described, now: for tests and for tables in memory. Pipelines use the nodes. */
export const applyTable = <C extends Columns, E, R>(
  cleaning: Describe.Cleaning<C, E, R>,
  table: Table
): Effect.Effect<Cleaned<C>, CleanError> =>
  Effect.flatMap(Describe.decide(cleaning.steps, table, null), (exclusions) =>
    Effect.map(Describe.apply(cleaning.steps, table, exclusions), (cleaned) => ({
      table: cleaned as Table<C>, // the steps' types say so
      excluded: Exclusions.count(exclusions)
    }))
  )
