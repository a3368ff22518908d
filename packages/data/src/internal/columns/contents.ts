/**
 * Where the rows of data sets lie. Nothing outside this package reaches it: that is what seals the test rows. Only the
 * steps of a fitted recipe change sealed rows, row by row.
 */
import { Digest, Scratch } from "@watertight/core"
import { Effect } from "effect"
import type { Columns } from "../../Columns.ts"
import type * as Dataset from "../../Dataset.ts"
import * as Table from "../../Table.ts"
import * as Tables from "./tables.ts"

/** A data set's rows: those at some places of a table, or (`rows` undefined) all of them in the table's order. */
interface Content {
  readonly table: Table.Table
  readonly rows: Uint32Array | undefined
  /** Whether it was derived from rows of which one was there twice. */
  readonly repeats: boolean
}

const contents = new WeakMap<Dataset.Dataset, Content>()

/** Makes a data set of the given rows of a table, all of them unless given. Copies nothing. */
export const make = <C extends Columns, P extends Dataset.Partition>(
  table: Table.Table<C>,
  rows: Uint32Array | undefined,
  partition: P,
  isRepeating: boolean
): Dataset.Dataset<C, P> => {
  const some = someOf(table, rows)
  return register(table, some, partition, isRepeating, Table.digest(table, some))
}

/** Does the same, column by column, and lets others run in between. */
export const making = <C extends Columns, P extends Dataset.Partition>(
  table: Table.Table<C>,
  rows: Uint32Array | undefined,
  partition: P,
  isRepeating: boolean
): Effect.Effect<Dataset.Dataset<C, P>> =>
  Effect.suspend(() => {
    const some = someOf(table, rows)
    return Effect.map(Tables.digesting(table, some), (digest) => register(table, some, partition, isRepeating, digest))
  })

const someOf = (table: Table.Table, rows: Uint32Array | undefined): Uint32Array | undefined =>
  rows === undefined || isEvery(rows, table.length) ? undefined : rows

const register = <C extends Columns, P extends Dataset.Partition>(
  table: Table.Table<C>,
  rows: Uint32Array | undefined,
  partition: P,
  isRepeating: boolean,
  digest: Digest.Digest
): Dataset.Dataset<C, P> => {
  const fingerprint = Digest.of([partition, digest])
  const length = rows?.length ?? table.length
  const dataset: Dataset.Dataset<C, P> = Object.freeze({ partition, columns: table.columns, length, fingerprint })
  contents.set(dataset, { table, rows, repeats: isRepeating })
  return dataset
}

const isEvery = (rows: Uint32Array, length: number): boolean =>
  rows.length === length && rows.every((row, index) => row === index)

/** Returns where a data set's rows lie. */
export const of = (dataset: Dataset.Dataset): Content => {
  const content = contents.get(dataset)
  if (content === undefined) throw new TypeError("Dataset: this object was not made by Dataset.make")
  return content
}

/** Returns a data set's rows as a table, whatever its partition. */
export const open = <C extends Columns>(dataset: Dataset.Dataset<C>): Table.Table<C> => {
  const { rows, table } = of(dataset)
  return (rows === undefined ? table : Table.take(table, rows)) as Table.Table<C> // made from a table of these columns
}

/** Does the same; a few rows of a table that lies on disk are read into memory. */
export const opening = <C extends Columns>(dataset: Dataset.Dataset<C>): Effect.Effect<Table.Table<C>> =>
  Effect.map(Scratch.Settings, ({ inMemory }) => {
    const table = open(dataset)
    const isSmall = of(dataset).rows !== undefined && Tables.bytes(table) + Tables.bytesOfTexts(table) <= inMemory
    return isSmall && Tables.isLazy(table) ? Tables.resident(table) : table
  })

/** Tells whether a row is in a data set more than once, as in a bootstrap sample. Rows that are equal are not one row. */
export const repeats = (dataset: Dataset.Dataset): boolean => {
  const content = of(dataset)
  return content.repeats || (content.rows !== undefined && hasTwice(content.rows, content.table.length))
}

const hasTwice = (rows: Uint32Array, length: number): boolean => {
  const seen = new Uint8Array(length)
  for (const row of rows) if (++seen[row] > 1) return true
  return false
}

/** Takes some rows of a train partition, by their places in it, as one side of a fold. Copies nothing. */
export const side = <C extends Columns, P extends "train" | "validation">(
  train: Dataset.Dataset<C, "train">,
  places: Uint32Array,
  partition: P
): Dataset.Dataset<C, P> => {
  const content = of(train)
  const { rows } = content
  const chosen = rows === undefined ? places : places.map((place) => rows[place])
  return make(content.table as Table.Table<C>, chosen, partition, content.repeats) // made from a table of these columns
}

/** Reads some columns of a train partition as a table, in the partition's order. */
export const select = (train: Dataset.Dataset<Columns, "train">, names: ReadonlyArray<string>): Table.Table => {
  const { rows, table } = of(train)
  const some = Tables.select(table, names)
  return rows === undefined ? some : Table.take(some, rows)
}

/**
 * Derives a data set by a function of rows. The function gets a table of the rows and returns one of as many rows; it
 * must treat each row by itself. The partition and the rows' ids stay.
 */
export const mapRows = <C extends Columns, D extends Columns, P extends Dataset.Partition, E, R>(
  dataset: Dataset.Dataset<C, P>,
  f: (table: Table.Table<C>) => Effect.Effect<Table.Table<D>, E, R>
): Effect.Effect<Dataset.Dataset<D, P>, E, R> =>
  Effect.flatMap(opening(dataset), (before) =>
    Effect.flatMap(f(before), (after) => {
      if (after.length !== before.length) {
        throw new RangeError(`mapRows: ${before.length} rows became ${after.length}; each row must stay one row`)
      }
      const kept = Tables.fromEntries(after.columns, after.values, after.length, Tables.ids(before))
      return making(kept, undefined, dataset.partition, repeats(dataset))
    })
  )
