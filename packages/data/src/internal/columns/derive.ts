/**
 * The table after a step: what the step changed is checked, and goes to a scratch file where the table lies on disk; all
 * else is as it was, and is not read.
 */
import { Scratch } from "@watertight/core"
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import type { Values } from "../../RowId.ts"
import { type Table, TableError, idColumn } from "../../Table.ts"
import * as Cells from "./cells.ts"
import * as Columnar from "./columnar.ts"
import * as Spill from "./spill.ts"
import * as Tables from "./tables.ts"

/** Puts the values that a step changed in the place of those before. */
export const table = Effect.fnUntraced(function* (
  before: Table,
  columns: Columns,
  changed: Readonly<Record<string, Values>>
): Effect.fn.Return<Table, TableError> {
  const kept = Columnar.entries(before.values)
  const all: Record<string, Columnar.Entry> = {}
  const own: Record<string, Columnar.Entry> = {}
  for (const [name, column] of Object.entries(columns)) {
    const isKept = !(name in changed) && column === before.columns[name]
    const entry = name in changed ? Columnar.entry(changed, name) : kept[name]
    const reason = isKept
      ? undefined
      : name === idColumn
        ? "has a reserved name; choose another"
        : Cells.defect(column, entry, before.length)
    if (reason !== undefined) return yield* new TableError({ column: name, reason })
    if (entry === undefined) continue // left out by a step that nobody reads
    all[name] = isKept || Columnar.isLazy(entry) ? entry : Cells.withOneNaN(column, entry)
    if (!isKept) own[name] = all[name]
  }
  if (!Tables.isLazy(before)) {
    return Tables.fromEntries(columns, Columnar.make(all), before.length, Tables.ids(before))
  }
  const name = Object.keys(own)[0] ?? ""
  const written = yield* Effect.flatMap(Scratch.make, (scratch) =>
    Spill.spilled(scratch, own, (each) => Column.width(columns[each]))
  ).pipe(Effect.mapError(({ message }) => new TableError({ column: name, reason: message })))
  yield* Effect.yieldNow // so that what was read of the columns can be freed
  return Tables.fromEntries(columns, Columnar.make({ ...all, ...written }), before.length, Tables.ids(before))
})
