/** Rows to augment, and what a loader reads of them. */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import { Augment, Column, Columns, Dataset, Loader, Sampler, Table } from "../../src/index.ts"

export const columns = Columns.make({
  image: Column.tensor([4, 6], "uint8"),
  scaled: Column.tensor([4, 6]),
  photo: Column.tensor([4, 4, 3], "uint8"),
  signal: Column.tensor([8, 2]),
  ids: Column.tensor([40], "int32"),
  dose: Column.float,
  side: Column.category(["left", "right", "middle"]),
  value: Column.float
})
export type Names = keyof typeof columns

export const length = 300
export const side = Int32Array.from({ length }, (_, row) => row % 3)
export const table = Effect.runSync(
  Table.make(
    columns,
    {
      image: Uint8Array.from({ length: 24 * length }, (_, place) => (place * 41 + (place >> 3) * 7) % 256),
      scaled: Float32Array.from(
        { length: 24 * length },
        (_, place) => (((place * 41 + (place >> 3) * 7) % 256) - 100) / 50
      ),
      photo: Uint8Array.from({ length: 48 * length }, (_, place) => (place * 29 + (place >> 2) * 3) % 256),
      signal: Float32Array.from({ length: 16 * length }, (_, place) => Math.sin(place + 1)),
      ids: Int32Array.from({ length: 40 * length }, (_, place) => place % 10),
      dose: Float64Array.from({ length }, (_, row) => 5 * Math.sin(row)),
      side,
      value: Float64Array.from(side, (code) => 10 * code)
    },
    { length }
  )
)
export const train = Dataset.make(table, undefined, "train")
export const describes = Augment.forColumns(columns)
export const seed = Key.fromSeed(3)

/** Reads all rows in the table's order, as one batch. */
export const read = (
  features: ReadonlyArray<Names>,
  augment: Augment.Augment<typeof columns> | undefined,
  { epoch = 0, target = "side" as "side" | "value" } = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const names: ReadonlyArray<string> = features
      const named: string = target
      const loader = yield* Loader.make(train as Dataset.Dataset<Columns.Columns, "train">, {
        features: names,
        target: named,
        batchSize: length,
        key: seed,
        sampler: Sampler.sequential,
        prefetch: 0,
        augment: augment as Augment.Augment<Columns.Columns> | undefined
      })
      return yield* loader.read({ version: 1, epoch, step: 0 })
    })
  )

const rows = new WeakMap<object, ReadonlyArray<ReadonlyArray<number>>>()

/** An array's numbers, row by row. */
export const rowsOf = (
  values: Float32Array | Int32Array | Uint8Array | Float64Array
): ReadonlyArray<ReadonlyArray<number>> => {
  const width = values.length / length
  const made =
    rows.get(values) ?? Array.from({ length }, (_, row) => [...values.subarray(row * width, (row + 1) * width)])
  rows.set(values, made)
  return made
}

export const mirrored = (row: ReadonlyArray<number>) =>
  row.map((_, place) => row[Math.floor(place / 6) * 6 + (5 - (place % 6))])

export const isSame = (one: ArrayLike<number>, other: ArrayLike<number>) =>
  Array.from(one).join() === Array.from(other).join()
