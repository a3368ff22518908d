/** Tables to split, and what a split makes of them. */
import { Effect } from "effect"
import { Column, Columns, Dataset, type Partitions, type RowId, type Split, Table } from "../../src/index.ts"
import { run } from "../run.ts"

export const labels = Column.category(["a", "b", "c"])
export const Points = Columns.make({ x: Column.float, label: labels })
export const Times = Columns.make({ t: Column.timestamp, x: Column.float })

export const table = <C extends Columns.Columns>(columns: C, values: Table.Table<C>["values"]) => {
  const named: Readonly<Record<string, RowId.Values>> = values
  return Effect.runSync(Table.make(columns, values, { length: Object.values(named)[0].length }))
}
export const points = (length: number, codeOf = (row: number) => row % 3) =>
  table(Points, {
    x: Float64Array.from({ length }, (_, row) => row),
    label: Int32Array.from({ length }, (_, row) => codeOf(row))
  })
export const times = (t: ReadonlyArray<number>) =>
  table(Times, { t: Float64Array.from(t), x: Float64Array.from(t, (_, row) => row) })

export const day = 86_400_000
export const days = (...numbers: ReadonlyArray<number>) => numbers.map((number) => Date.UTC(2020, 0, 1) + number * day)

/** The x of every row in each partition. */
export const xs = Effect.fnUntraced(function* <C extends { readonly x: Column.Float }, E, R>(
  parts: Partitions.Partitions<C, E, R>,
  seed = 0
) {
  const read = (table: Table.Table<C>) => [...(table.values.x as Float64Array)]
  return {
    train: read(yield* Dataset.rows(yield* run(parts.train, seed))),
    validation: read(yield* Dataset.rows(yield* run(parts.validation, seed))),
    test: (yield* run(parts.test, seed)).length
  }
})

export const failure = <C extends Columns.Columns, R>(parts: Partitions.Partitions<C, Split.SplitError, R>) =>
  Effect.flip(run(parts.train))
