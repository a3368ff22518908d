/**
 * Which steps of a recipe may be done side by side: those in a row of which none reads or makes what one before it makes.
 * Each then gets the table as it was before all of them, and the results are put together in the recipe's order.
 */
import { Effect, Option, type Schema } from "effect"
import type { Columns } from "../../Columns.ts"
import type * as Step from "../../Step.ts"
import type { Table } from "../../Table.ts"
import { least } from "../threads/shared.ts"
import * as Columnar from "./columnar.ts"
import * as Tables from "./tables.ts"

/** A step, with what it learned once it did. */
export interface Placed {
  readonly step: Step.Any
  readonly learned?: Schema.Json
}

/** Lists the columns that a step changes or adds. */
export const makes = (step: Step.Any, before: Columns, after: Columns): ReadonlyArray<string> => [
  ...(step.changes ?? []),
  ...Object.keys(after).filter((name) => !(name in before))
]

/**
 * Counts the first steps that may be done side by side: one, unless the table is in memory and large. Steps of one's own, and
 * steps that do not say what they read and change, are done alone.
 */
export const count = Effect.fnUntraced(function* (steps: ReadonlyArray<Placed>, table: Table) {
  const made = new Set<string>()
  let [columns, found] = [table.columns, 0]
  if (Tables.isLazy(table) || 8 * table.length <= least) return 1
  for (const { learned, step } of steps) {
    if (step.code !== "versioned" || step.reads === undefined || step.changes === undefined) break
    const after = yield* Effect.option(step.columns(columns, learned))
    if (Option.isNone(after)) break
    const own = makes(step, columns, after.value)
    if ([...step.reads, ...own].some((name) => made.has(name))) break
    for (const name of own) made.add(name)
    columns = after.value
    found++
  }
  return Math.max(1, found)
})

/** Puts the tables after steps that were done side by side together. */
export const together = (
  before: Table,
  done: ReadonlyArray<{ readonly step: Step.Any; readonly after: Table }>
): Table => {
  if (done.length === 1) return done[0].after
  const columns: Record<string, Columns[string]> = { ...before.columns }
  const values: Record<string, Columnar.Entry> = { ...Columnar.entries(before.values) }
  for (const { after, step } of done) {
    for (const name of makes(step, before.columns, after.columns)) {
      columns[name] = after.columns[name]
      delete values[name] // left out where nobody reads it
      if (name in after.values) values[name] = Columnar.entry(after.values, name)
    }
  }
  return Tables.fromEntries(columns, Columnar.make(values), before.length, Tables.ids(before))
}
