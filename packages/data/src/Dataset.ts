/**
 * Rows of one partition: places in a table, the partition's name as a type, and a fingerprint of what the rows hold.
 * Rows of train and validation can be read. Test rows are sealed: they can be transformed row by row, and read only with
 * the permit that the ledger hands out after it has written down who reads them.
 */
import { Codec, type Digest, Ledger } from "@watertight/core"
import { Effect, Schema } from "effect"
import type { Columns } from "./Columns.ts"
import * as Contents from "./internal/columns/contents.ts"
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

/** Makes the data set of the given rows of a table, all of them unless given. Copies nothing. */
export const make = <C extends Columns, P extends Partition>(
  table: Table.Table<C>,
  rows: Uint32Array | undefined,
  partition: P
): Dataset<C, P> => Contents.make(table, rows, partition, false)

const isSealed = (dataset: Dataset): boolean => dataset.partition === "test"

/** Reads the rows of a train or validation set as a table, in the data set's order. */
export const rows = <C extends Columns>(
  dataset: Dataset<C, "train" | "validation">
): Effect.Effect<Table.Table<C>, SealedError> =>
  isSealed(dataset)
    ? Effect.fail(new SealedError({ rows: dataset.length, reason: "they are not for fitting or looking at" }))
    : Contents.opening(dataset)

/** Reads the rows of a test set, with the ledger's permit for exactly these rows. */
export const unseal = <C extends Columns>(
  dataset: Dataset<C, "test">,
  permit: Ledger.Permit
): Effect.Effect<Table.Table<C>, SealedError> =>
  Ledger.permits(permit, ids(dataset))
    ? Contents.opening(dataset)
    : Effect.fail(new SealedError({ rows: dataset.length, reason: "the permit is for other rows" }))

/** Returns the ids of the rows, `RowId.bytes` each, in the data set's order. Ids say who the rows are, not what they hold. */
export const ids = (dataset: Dataset): Uint8Array => {
  const { rows, table } = Contents.of(dataset)
  return rows === undefined ? table.ids : Table.idsOf(table, rows)
}

/** Keeps only a data set's fingerprint: the rows are in its table. */
export const codec = <C extends Columns, P extends Partition>(): Codec.Codec<Dataset<C, P>> =>
  Codec.transient("dataset", (dataset) => dataset.fingerprint)
