/** Objects that look like tables and are none. */
import type { Columns, Table } from "@watertight/data"

declare const table: Table.Table
declare const columns: Columns.Columns

// error: Property 'ids' is missing
export const copy: Table.Table = { ...table }

// error: Property 'ids' is missing
export const changed: Table.Table = { ...table, columns }
