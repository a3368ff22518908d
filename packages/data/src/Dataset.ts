/**
 * Rows of one partition: places in a table, the partition's name as a type, and a fingerprint of what the rows hold.
 * Rows of train and validation can be read. Test rows are sealed: they can be transformed row by row, and read only with
 * the permit that the ledger hands out after it has written down who reads them.
 */
import { Codec, Digest, Ledger } from "@watertight/core"
import { Effect, Schema } from "effect"
import type { Columns } from "./Columns.ts"
import * as Table from "./Table.ts"

/** The compartments of a split. */
export type Partition = "train" | "validation" | "test"

declare const Compartment: unique symbol

/** The rows of one partition of a data set. */
export interface Dataset<out C extends Columns = Columns, out P extends Partition = Partition> {
  readonly [Compartment]?: P
  readonly partition: P
  readonly columns: C
  readonly length: number
  /** The digest of the rows' content, in their order: it does not change when rows elsewhere do. */
  readonly fingerprint: Digest.Digest
}

/** Test rows were read without the ledger's permit. */
export class SealedError extends Schema.TaggedError<SealedError>()("SealedError", {
  rows: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `The ${this.rows} test rows are sealed: ${this.reason}. They are read once, by Evaluate.test.`
  }
}

/** Where a data set's rows lie: in a table, at some places, or (`rows` undefined) all of them in the table's order. */
interface Content {
  readonly table: Table.Table
  readonly rows: Uint32Array | undefined
  /** Whether it was derived from rows of which one was there twice. */
  readonly repeats: boolean
}

/** Not reachable from outside this package. */
const contents = new WeakMap<Dataset, Content>()

const contentOf = (dataset: Dataset): Content => {
  const content = contents.get(dataset)
  if (content === undefined) throw new TypeError("Dataset: this object was not made by Dataset.make")
  return content
}

/** Makes the data set of the given rows of a table, all of them unless given. Copies nothing. */
export const make = <C extends Columns, P extends Partition>(
  table: Table.Table<C>,
  rows: Uint32Array | undefined,
  partition: P
): Dataset<C, P> => place(table, rows, partition, false)

const place = <C extends Columns, P extends Partition>(
  table: Table.Table<C>,
  rows: Uint32Array | undefined,
  partition: P,
  repeats: boolean
): Dataset<C, P> => {
  const some = rows === undefined || isEvery(rows, table.length) ? undefined : rows
  const fingerprint = Digest.of([partition, Table.digest(table, some)])
  const length = rows?.length ?? table.length
  const dataset: Dataset<C, P> = Object.freeze({ partition, columns: table.columns, length, fingerprint })
  contents.set(dataset, { table, rows: some, repeats })
  return dataset
}

const isEvery = (rows: Uint32Array, length: number): boolean =>
  rows.length === length && rows.every((row, index) => row === index)

const isSealed = (dataset: Dataset): boolean => dataset.partition === "test"

/** Reads the rows of a train or validation set as a table, in the data set's order. */
export const rows = <C extends Columns>(
  dataset: Dataset<C, "train" | "validation">
): Effect.Effect<Table.Table<C>, SealedError> =>
  isSealed(dataset)
    ? Effect.fail(new SealedError({ rows: dataset.length, reason: "they are not for fitting or looking at" }))
    : Effect.sync(() => opened(dataset))

/** Reads the rows of a test set, with the ledger's permit for exactly these rows. */
export const unseal = <C extends Columns>(
  dataset: Dataset<C, "test">,
  permit: Ledger.Permit
): Effect.Effect<Table.Table<C>, SealedError> =>
  Ledger.permits(permit, ids(dataset))
    ? Effect.sync(() => opened(dataset))
    : Effect.fail(new SealedError({ rows: dataset.length, reason: "the permit is for other rows" }))

const opened = <C extends Columns>(dataset: Dataset<C>): Table.Table<C> => {
  const { rows, table } = contentOf(dataset)
  return (rows === undefined ? table : Table.take(table, rows)) as Table.Table<C> // made from a table of these columns
}

/** Returns the ids of the rows, `RowId.bytes` each, in the data set's order. Ids say who the rows are, not what they hold. */
export const ids = (dataset: Dataset): Uint8Array => {
  const { rows, table } = contentOf(dataset)
  return rows === undefined ? table.ids : Table.idsOf(table, rows)
}

/**
 * Tells whether a row is in a data set more than once, as in a bootstrap sample. Rows that are equal are not one row.
 *
 * @internal
 */
export const repeats = (dataset: Dataset): boolean => {
  const content = contentOf(dataset)
  const { rows } = content
  return content.repeats || (rows !== undefined && new Set(rows).size < rows.length)
}

/**
 * Takes some rows of a train partition, by their places in it, as one side of a fold. Copies nothing.
 *
 * @internal
 */
export const side = <C extends Columns, P extends "train" | "validation">(
  train: Dataset<C, "train">,
  places: Uint32Array,
  partition: P
): Dataset<C, P> => {
  const { repeats, rows, table } = contentOf(train)
  const chosen = rows === undefined ? places : places.map((place) => rows[place])
  return place(table as Table.Table<C>, chosen, partition, repeats) // made from a table of these columns
}

/**
 * Reads some columns of a train partition as a table, in the partition's order.
 *
 * @internal
 */
export const select = (train: Dataset<Columns, "train">, names: ReadonlyArray<string>): Table.Table => {
  const { rows, table } = contentOf(train)
  const pick = <A>(all: Readonly<Record<string, A>>) =>
    Object.fromEntries(names.filter((name) => name in all).map((name) => [name, all[name]]))
  const some = { ...table, columns: pick(table.columns), values: pick(table.values) }
  return rows === undefined ? some : Table.take(some, rows)
}

/**
 * Derives a data set by a function of rows. The function gets a table of the rows and returns one of as many rows; it
 * must treat each row by itself (`laws` in `testing` checks that). The partition and the rows' ids stay.
 *
 * @internal
 */
export const mapRows = <C extends Columns, D extends Columns, P extends Partition, E, R>(
  dataset: Dataset<C, P>,
  f: (table: Table.Table<C>) => Effect.Effect<Table.Table<D>, E, R>
): Effect.Effect<Dataset<D, P>, E, R> =>
  Effect.suspend(() => {
    const before = opened(dataset)
    return Effect.map(f(before), (after) => {
      if (after.length !== before.length) {
        throw new RangeError(
          `Dataset.mapRows: ${before.length} rows became ${after.length}; each row must stay one row`
        )
      }
      return place({ ...after, ids: before.ids }, undefined, dataset.partition, repeats(dataset))
    })
  })

/** Keeps only a data set's fingerprint: the rows are in its table. */
export const codec = <C extends Columns, P extends Partition>(): Codec.Codec<Dataset<C, P>> =>
  Codec.transient("dataset", (dataset) => dataset.fingerprint)
