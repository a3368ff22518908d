/**
 * Where tables come from. A source is a node whose cache key covers the content of its files and the declaration of its
 * columns, not where the files lie; a file that does not hold what is declared is a `SourceError` that says where.
 */
import { Node, Stage } from "@watertight/core"
import { Effect } from "effect"
import type { Columns } from "./Columns.ts"
import * as Table from "./Table.ts"

export { arrow } from "./sources/Arrow.ts"
export { csv } from "./sources/Csv.ts"
export { idx } from "./sources/Idx.ts"
export { images } from "./sources/Images.ts"
export type { ImageColumns, Options as ImageOptions } from "./sources/Images.ts"
export { declaration, infer } from "./sources/Infer.ts"
export type { Inferred, InferOptions } from "./sources/Infer.ts"
export { json } from "./sources/Json.ts"
export { npy, npz } from "./sources/Npy.ts"
export { parquet } from "./sources/Parquet.ts"
export { postgres } from "./sources/Postgres.ts"
export type { Options as PostgresOptions } from "./sources/Postgres.ts"
export { quarantine, Quarantine, SetAside } from "./sources/Quarantine.ts"
export type { Quarantined, Source as Separable } from "./sources/Quarantine.ts"
export { remote } from "./sources/Remote.ts"
export type { Options as RemoteOptions } from "./sources/Remote.ts"
export type { Credentials as S3Credentials, Options as S3Options } from "./sources/S3.ts"
export { rows, stream } from "./sources/Rows.ts"
export type { CellOf, RowOf } from "./sources/Rows.ts"
export { sql } from "./sources/Sql.ts"
export type { Options as SqlOptions } from "./sources/Sql.ts"
export { Bad, Problem, SourceError } from "./sources/SourceError.ts"
export { texts } from "./sources/Texts.ts"
export type { Options as TextOptions, TextColumns } from "./sources/Texts.ts"

/**
 * Makes a source of a table that is already in memory: small tables, tests, rows from a reader of one's own. The table's
 * digest is its parameter.
 *
 * @example
 * import { Column, Source, Table } from "@watertight/data"
 * import { Effect } from "effect"
 * const table = Effect.runSync(Table.make({ x: Column.float }, { x: Float64Array.of(1, 2) }, { length: 2 }))
 * Source.fromTable(table, "two rows").stage.name // => "two rows"
 */
export const fromTable = <C extends Columns>(table: Table.Table<C>, name = "table"): Node.Node<Table.Table<C>> =>
  Node.make(
    Stage.make({
      name,
      version: 1,
      code: "versioned",
      origin: "unsplit",
      params: { digest: Table.digest(table) },
      codec: Table.codec<C>(),
      run: () => Effect.succeed(table)
    }),
    {}
  )

/**
 * Takes the first rows of a table, all if it has no more: to try a pipeline on little.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const days = Source.csv("seattle-weather.csv", Columns.make({ date: Column.timestamp, temp_max: Column.float }))
 * Source.head(days, 100).stage.params // => { rows: 100 }
 */
export const head = <C extends Columns, E, R>(
  table: Node.Node<Table.Table<C>, E, R>,
  rows: number
): Node.Node<Table.Table<C>, E, R> =>
  Node.make(
    Stage.make({
      name: "head",
      version: 1,
      code: "versioned",
      params: { rows },
      codec: Table.codec<C>(),
      run: (inputs: { readonly table: Table.Table<C> }) =>
        Effect.sync(() => {
          const count = Math.min(rows, inputs.table.length)
          return Table.take(
            inputs.table,
            Uint32Array.from({ length: count }, (_, row) => row)
          )
        })
    }),
    { table }
  )
