/**
 * Cleaning before the split: what learns nothing from any row and decides about each by itself. Every row that leaves is
 * counted under the reason it leaves for.
 */
import { Codec, Node, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"
import type * as RowId from "./RowId.ts"
import * as Table from "./Table.ts"

/** How many rows came, and how many left because of which column; a row that misses several counts for the first. */
export const Excluded = Schema.Struct({
  rows: Schema.Int,
  kept: Schema.Int,
  missing: Schema.Array(Schema.Struct({ column: Schema.String, rows: Schema.Int }))
})

/** How many rows came, and how many left because of which column; a row that misses several counts for the first. */
export type Excluded = typeof Excluded.Type

/** A table without the rows that were dropped, and the count of those. */
export interface Cleaned<C extends Columns, E, R> {
  readonly table: Node.Node<Table.Table<C>, E, R>
  readonly excluded: Node.Node<Excluded, E, R>
}

/** `C` with no values missing in the columns named. */
export type Dropped<C extends Columns, Name extends string> = {
  readonly [K in keyof C]: K extends Name ? Column.CompleteOf<C[K]> : C[K]
}

type Refusal<C extends Columns, Name extends string> = Name extends keyof C
  ? C[Name] extends Column.Optional
    ? never
    : `dropMissing: ${Name} is never missing; it is a ${C[Name]["kind"]}`
  : `dropMissing: there is no column ${Name}`

/** `unknown` when every column may be missing; else the sentences that the compiler shows. */
export type MayMiss<C extends Columns, Name extends string> = [Refusal<C, Name>] extends [never]
  ? unknown
  : Refusal<C, Name>

/** For each row the place of the first of the columns that is missing in it, or -1. */
const firstMissing = (table: Table.Table, columns: ReadonlyArray<string>): Int32Array => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  const first = new Int32Array(table.length).fill(-1)
  columns.forEach((name, place) => {
    const values = named[name]
    const isCode = values instanceof Int32Array
    for (let row = 0; row < first.length; row++) {
      const isMissing = isCode ? values[row] < 0 : Number.isNaN(values[row])
      if (isMissing && first[row] < 0) first[row] = place
    }
  })
  return first
}

/**
 * Drops the rows in which one of the columns is missing, and says how many for which column. The columns are complete
 * afterwards, also by their types: a target, or the instants to split by, must be. For features, imputing them in the
 * recipe keeps the rows. Rows keep their order and ids.
 *
 * @example
 * import { Clean, Column, Columns, Source, Split } from "@watertight/data"
 * const Taxi = Columns.make({ pickup: Column.optional(Column.timestamp), fare: Column.optional(Column.float) })
 * const { table } = Clean.dropMissing(Source.csv("trips.csv", Taxi), ["pickup", "fare"])
 * Split.temporal(table, { on: "pickup", validation: "7 days", test: "7 days" }).train.stage.name // => "train"
 */
export const dropMissing = <C extends Columns, E, R, const Name extends string>(
  table: Node.Node<Table.Table<C>, E, R>,
  columns: ReadonlyArray<Name> & MayMiss<C, Name>
): Cleaned<Dropped<C, Name>, E, R> => {
  type Input = { readonly table: Table.Table<C> }
  const names: ReadonlyArray<string> = columns
  const shared = { version: 1, code: "versioned", params: { columns: names } } as const
  const kept = Stage.make({
    ...shared,
    name: "drop-missing",
    codec: Table.codec<Dropped<C, Name>>(),
    run: ({ table }: Input) =>
      Effect.sync(() => {
        const first = firstMissing(table, names)
        const rows = Uint32Array.from(first.keys()).filter((row) => first[row] < 0)
        const complete = Object.entries(table.columns).map(([name, column]) => [
          name,
          names.includes(name) ? Column.complete(column) : column
        ])
        const made: unknown = { ...Table.take(table, rows), columns: Object.fromEntries(complete) }
        return made as Table.Table<Dropped<C, Name>> // the columns just completed
      })
  })
  const counted = Stage.make({
    ...shared,
    name: "count-missing",
    codec: Codec.json("excluded rows", Excluded),
    run: ({ table }: Input) =>
      Effect.sync((): Excluded => {
        const first = firstMissing(table, names)
        const missing = names.map((column, place) => ({ column, rows: first.filter((at) => at === place).length }))
        return { rows: table.length, kept: first.filter((at) => at < 0).length, missing }
      })
  })
  return { table: Node.make(kept, { table }), excluded: Node.make(counted, { table }) }
}
