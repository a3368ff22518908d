/**
 * The law of what takes tables that are too large for memory: where columns lie must not count. Give it a function of
 * tables, of this package or one's own.
 */
import { Digest } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import type { Columns } from "../Columns.ts"
import type { Table } from "../Table.ts"
import { spilling } from "./internal/tableLaw.ts"
import * as Tables from "./Tables.ts"

/** A function of tables whose result has a digest, and tables to try it on. What it fails with counts as a result. */
export interface Subject<C extends Columns> {
  readonly name: string
  readonly result: (table: Table<C>) => Effect.Effect<Digest.Digestible, unknown>
  readonly tables: fc.Arbitrary<Table<C>>
}

/** A table gives the same whether its columns are in memory or read in blocks of any number of rows. */
export const sameAsInMemory = <C extends Columns>({ name, result, tables }: Subject<C>): Law.Law =>
  Law.make(
    `large: ${name} gives the same for columns that are not in memory`,
    fc.record({ table: tables, rows: fc.integer({ min: 1, max: 50 }) }),
    Effect.fnUntraced(function* ({ rows, table }) {
      const outcome = (each: Table<C>) =>
        Effect.match(result(each), { onFailure: (error) => [`${error}`], onSuccess: (value) => [Digest.of(value)] })
      const [inMemory] = yield* outcome(table)
      const [onDisk] = yield* spilling(outcome(Tables.onDisk(table, rows)))
      Law.ensure(inMemory === onDisk, () => `in memory: ${inMemory}, in blocks of ${rows} rows: ${onDisk}`)
    })
  )
