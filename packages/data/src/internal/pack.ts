/** Lays the feature columns of a table side by side in one float32 matrix, after checking all that a loader is given. */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import type { Numbers } from "../RowId.ts"
import * as Table from "../Table.ts"
import * as Columnar from "./columnar.ts"
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

/** A column of numbers, in memory or not. */
const entryOf = (table: Table.Table, name: string): Columnar.Entry<Numbers> => {
  const entry = Columnar.entry(table.values, name)
  return Columnar.isLazy(entry) ? entry : Table.numbers(table, name)
}

/** The place of the first number of a block that float32 cannot hold, or -1. */
const firstDefective = (block: Numbers, isTensor: boolean): number => {
  if (block instanceof Int32Array) return isTensor ? firstTooLarge(block) : -1
  return firstNotFinite(block instanceof Float64Array ? new Float32Array(block) : block)
}

/** Finds the first number that float32 cannot hold. */
const cellDefect = (table: Table.Table, name: string): LoaderError | undefined => {
  const column = table.columns[name]
  const width = Column.width(column)
  let before = 0
  for (const block of Columnar.blocks(entryOf(table, name), width)) {
    const place = firstDefective(block, column.kind === "tensor")
    if (place >= 0) {
      const reason = Number.isFinite(block[place])
        ? `holds ${block[place]}, too large for float32; scale the column in the recipe`
        : `holds ${block[place]}; drop or repair such rows at the source`
      return new LoaderError({ column: name, row: Math.floor((before + place) / width), reason })
    }
    before += block.length
  }
  return undefined
}

const check = (table: Table.Table, { batchSize, features, target }: Selection): LoaderError | undefined => {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    return new LoaderError({ reason: `batchSize is ${batchSize}; give a positive integer, for instance 128` })
  }
  if (table.length === 0) return new LoaderError({ reason: "there are no rows to make batches of" })
  if (features.includes(target)) {
    return new LoaderError({ column: target, reason: "is the target; it cannot be a feature too" })
  }
  return featureDefect(table.columns, features) ?? columnDefect(table.columns, target, ["float", "category"])
}

/** Writes a column beside the others: `size` numbers of each row of `width`, from the place `offset` on. */
const layOut = (
  column: Columnar.Entry<Numbers>,
  { offset, size, width }: { readonly offset: number; readonly size: number; readonly width: number },
  out: Float32Array | Int32Array
): void => {
  let start = offset
  for (const block of Columnar.blocks(column, size)) {
    if (size === width) out.set(block, start)
    else {
      for (let from = 0, at = start; from < block.length; at += width) {
        for (let to = at, end = at + size; to < end;) out[to++] = block[from++]
      }
    }
    start += (block.length / size) * width
  }
}

/**
 * Packs a table's rows. Numbers are checked: NaN, infinity and what float32 cannot hold fail. A single float32 tensor
 * is used where it lies, unless workers need it in shared memory.
 */
export const pack = Effect.fnUntraced(function* (
  table: Table.Table,
  selection: Selection,
  shared: boolean
): Effect.fn.Return<Packed, LoaderError> {
  const { features, target } = selection
  const defect = check(table, selection) ?? firstDefect([...features, target], (name) => cellDefect(table, name))
  if (defect !== undefined) return yield* defect
  const width = widthOf(table.columns, features)
  const only = features.length === 1 ? entryOf(table, features[0]) : undefined
  const inPlace = only instanceof Float32Array && (!shared || Shared.isShared(only)) ? only : undefined
  const size = table.length * width
  const matrix = inPlace ?? (shared ? Shared.float32(size) : new Float32Array(size))
  let offset = 0
  for (const name of inPlace === undefined ? features : []) {
    const own = Column.width(table.columns[name])
    layOut(entryOf(table, name), { offset, size: own, width }, matrix)
    offset += own
  }
  const isCodes = table.columns[target].kind === "category"
  const column = isCodes ? Shared.int32(table.length) : Shared.float32(table.length)
  layOut(entryOf(table, target), { offset: 0, size: 1, width: 1 }, column)
  return { rows: table.length, width, features: matrix, target: column }
})
