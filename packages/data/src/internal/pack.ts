/** Lays the feature columns of a table side by side in one float32 matrix, after checking all that a loader is given. */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Table from "../Table.ts"
import type { Packed } from "./fill.ts"
import { firstNotFinite } from "./lanes.ts"
import * as Shared from "./shared.ts"

/** Says why a table cannot be read in batches, or why reading failed. */
export class LoaderError extends Schema.TaggedError<LoaderError>()("LoaderError", {
  column: Schema.optionalKey(Schema.String),
  /** The row's place in its partition, from 0. */
  row: Schema.optionalKey(Schema.Int),
  reason: Schema.String
}) {
  override get message() {
    const column =
      this.column === undefined ? "" : ` column "${this.column}"${this.row === undefined ? "" : `, row ${this.row}`}`
    return `Loader:${column} ${this.reason}`
  }
}

/** What is read from the table. */
export interface Selection {
  readonly features: ReadonlyArray<string>
  readonly target: string
  readonly batchSize: number
}

const columnDefect = (columns: Columns, name: string, kinds: ReadonlyArray<Column.Kind>): LoaderError | undefined => {
  const column = columns[name]
  if (column === undefined) {
    const reason = `is not there; there are ${Object.keys(columns).join(", ")}`
    return new LoaderError({ column: name, reason })
  }
  if (kinds.includes(column.kind)) return undefined
  if (Column.isOptional(column)) return new LoaderError({ column: name, reason: "may be missing: impute it first" })
  const hint =
    column.kind === "category"
      ? "; encode it first, for instance by Recipe.oneHot"
      : column.kind === "text"
        ? "; make numbers of it first"
        : ""
  return new LoaderError({ column: name, reason: `is a ${column.kind}, not a ${kinds.join(" or ")}${hint}` })
}

/** Finds what is wrong with the columns named as features. */
export const featureDefect = (columns: Columns, features: ReadonlyArray<string>): LoaderError | undefined => {
  if (features.length === 0) return new LoaderError({ reason: "no features are given; name at least one column" })
  const twice = features.find((name, index) => features.indexOf(name) < index)
  if (twice !== undefined) return new LoaderError({ column: twice, reason: "is named twice among the features" })
  return firstDefect(features, (name) => columnDefect(columns, name, ["float", "tensor"]))
}

const firstDefect = (
  names: ReadonlyArray<string>,
  check: (name: string) => LoaderError | undefined
): LoaderError | undefined => {
  for (const name of names) {
    const defect = check(name)
    if (defect !== undefined) return defect
  }
  return undefined
}

/** Counts the numbers in one row of the columns named. */
export const widthOf = (columns: Columns, features: ReadonlyArray<string>): number =>
  features.reduce((sum, name) => sum + Column.width(columns[name]), 0)

/** Every whole number up to here is a float32. */
const largestInteger = 2 ** 24

const firstTooLarge = (values: Int32Array): number => values.findIndex((value) => Math.abs(value) > largestInteger)

/** Finds the first number that float32 cannot hold. */
const cellDefect = (table: Table.Table, name: string): LoaderError | undefined => {
  const values = Table.numbers(table, name)
  const isTensor = table.columns[name].kind === "tensor"
  const float32 = values instanceof Float64Array ? new Float32Array(values) : values
  const place = values instanceof Int32Array && isTensor ? firstTooLarge(values) : firstNotFinite(float32)
  if (place < 0) return undefined
  const reason = Number.isFinite(values[place])
    ? `holds ${values[place]}, too large for float32; scale the column in the recipe`
    : `holds ${values[place]}; drop or repair such rows at the source`
  return new LoaderError({ column: name, row: Math.floor(place / Column.width(table.columns[name])), reason })
}

const check = (table: Table.Table, { batchSize, features, target }: Selection): LoaderError | undefined => {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    return new LoaderError({ reason: `batchSize is ${batchSize}; give a positive integer, for instance 128` })
  }
  if (table.length === 0) return new LoaderError({ reason: "there are no rows to make batches of" })
  if (features.includes(target)) {
    return new LoaderError({ column: target, reason: "is the target; it cannot be a feature too" })
  }
  return (
    featureDefect(table.columns, features) ??
    columnDefect(table.columns, target, ["float", "category"]) ??
    firstDefect([...features, target], (name) => cellDefect(table, name))
  )
}

const layOut = (table: Table.Table, features: ReadonlyArray<string>, width: number, out: Float32Array): void => {
  let offset = 0
  for (const name of features) {
    const values = Table.numbers(table, name)
    const size = Column.width(table.columns[name])
    if (size === width) out.set(values)
    else {
      for (let row = 0, from = 0; row < table.length; row++) {
        for (let to = row * width + offset, end = to + size; to < end;) out[to++] = values[from++]
      }
    }
    offset += size
  }
}

/**
 * Packs a table's rows. Numbers are checked: NaN, infinity and what float32 cannot hold fail. A single float32 tensor
 * is used where it lies, unless workers need it in shared memory.
 */
export const pack = (table: Table.Table, selection: Selection, shared: boolean): Effect.Effect<Packed, LoaderError> =>
  Effect.suspend(() => {
    const defect = check(table, selection)
    if (defect !== undefined) return Effect.fail(defect)
    const { features, target } = selection
    const width = widthOf(table.columns, features)
    const only = features.length === 1 ? Table.numbers(table, features[0]) : undefined
    const inPlace = only instanceof Float32Array && (!shared || Shared.isShared(only)) ? only : undefined
    const size = table.length * width
    const matrix = inPlace ?? (shared ? Shared.float32(size) : new Float32Array(size))
    if (inPlace === undefined) layOut(table, features, width, matrix)
    const targets = Table.numbers(table, target)
    const column = targets instanceof Int32Array ? Shared.int32(table.length) : Shared.float32(table.length)
    column.set(targets)
    return Effect.succeed({ rows: table.length, width, features: matrix, target: column })
  })
