/** Lays the feature columns of a table side by side, bytes as bytes and else as float32, after checking all that a loader is given. */
import { Event } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import type { Numbers } from "../../RowId.ts"
import * as Table from "../../Table.ts"
import * as Columnar from "../columns/columnar.ts"
import type { Packed, Part } from "./fill.ts"
import { firstNotFinite } from "../statistics/lanes.ts"
import * as Shared from "./shared.ts"

/** Says why a table cannot be read in batches, or why reading failed. */
export class LoaderError extends Schema.TaggedError<LoaderError>()("LoaderError", {
  column: Schema.optionalKey(Schema.String),
  /** The row's place in its partition, from 0. */
  row: Schema.optionalKey(Schema.Int),
  /** The number of the worker thread that died, and the batch it was making. */
  worker: Schema.optionalKey(Schema.Int),
  epoch: Schema.optionalKey(Schema.Int),
  step: Schema.optionalKey(Schema.Int),
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

/** Finds what is wrong with a column that must be of one of some kinds. */
export const columnDefect = (
  columns: Columns,
  name: string,
  kinds: ReadonlyArray<Column.Kind>
): LoaderError | undefined => {
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
        ? "; make numbers of it first, for instance by Recipe.tokenize"
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
  return Columnar.isLazy(entry) && !Columnar.isLazyTexts(entry) ? entry : Table.numbers(table, name)
}

/** The place of the first number that float32 cannot hold, or -1; `rounded` are the numbers as float32. */
const firstDefective = (numbers: Numbers, rounded: Numbers, isTensor: boolean): number => {
  if (numbers instanceof Uint8Array) return -1
  return numbers instanceof Int32Array ? (isTensor ? firstTooLarge(numbers) : -1) : firstNotFinite(rounded)
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

/** Where the numbers of a column go: `size` of each row of `width`, from the place `offset` on. */
interface Lane {
  readonly name: string
  readonly column: Column.Column
  readonly blocks: Iterator<Numbers>
  readonly size: number
  readonly offset: number
  readonly width: number
  readonly out: Float32Array | Int32Array | Uint8Array
  block: Numbers
  /** The first number of the block that was not written yet. */
  at: number
}

/** Rows that are written to all places before the next ones: what they are written to stays in the processor's cache. */
const rowsAtOnce = 2048

/** Writes some rows of a lane; returns what is wrong with the first that float32 cannot hold. */
const writeRows = (lane: Lane, start: number, rows: number): LoaderError | undefined => {
  const { column, name, offset, out, size, width } = lane
  const numbers = lane.block.subarray(lane.at, lane.at + rows * size)
  lane.at += numbers.length
  const values = numbers instanceof Float64Array ? new Float32Array(numbers) : numbers
  if (size === width) {
    if (values.buffer !== out.buffer) out.set(values, start * width)
  } else {
    for (let from = 0, at = start * width + offset; from < values.length; at += width) {
      for (let to = at, end = at + size; to < end;) out[to++] = values[from++]
    }
  }
  const place = firstDefective(numbers, values, column.kind === "tensor")
  if (place < 0) return undefined
  const reason = Number.isFinite(numbers[place])
    ? `holds ${numbers[place]}, too large for float32; scale the column in the recipe`
    : `holds ${numbers[place]}; drop or repair such rows at the source`
  return new LoaderError({ column: name, row: start + Math.floor(place / size), reason })
}

/** Writes all rows of the lanes, side by side; returns what is wrong with the first lane that float32 cannot hold. */
const writeAll = Effect.fnUntraced(function* (lanes: ReadonlyArray<Lane>, rows: number) {
  const defects = new Map<Lane, LoaderError>()
  for (let start = 0; start < rows;) {
    let count = Math.min(rowsAtOnce, rows - start)
    for (const lane of lanes) {
      if (lane.at === lane.block.length) {
        lane.block = lane.blocks.next().value ?? lane.block
        lane.at = 0
      }
      count = Math.min(count, (lane.block.length - lane.at) / lane.size)
    }
    for (const lane of lanes) {
      const defect = writeRows(lane, start, count)
      if (defect !== undefined && !defects.has(lane)) defects.set(lane, defect)
    }
    start += count
    if (start % (64 * rowsAtOnce) === 0) yield* Event.progress(start, rows, "rows")
  }
  return lanes.map((lane) => defects.get(lane)).find((defect) => defect !== undefined)
})

/** Feature columns side by side that are kept as the same type. */
interface Run {
  readonly isBytes: boolean
  readonly names: Array<string>
  readonly offset: number
  size: number
}

const isBytes = (entry: Columnar.Entry<Numbers>): boolean =>
  Columnar.isLazy(entry) ? entry.Values === Uint8Array : entry instanceof Uint8Array

const runsOf = (table: Table.Table, features: ReadonlyArray<string>): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  let offset = 0
  for (const name of features) {
    const size = Column.width(table.columns[name])
    const ofBytes = isBytes(entryOf(table, name))
    const last = runs.at(-1)
    if (last === undefined || last.isBytes !== ofBytes) runs.push({ isBytes: ofBytes, names: [name], offset, size })
    else {
      last.names.push(name)
      last.size += size
    }
    offset += size
  }
  return runs
}

/** Makes the matrix of a run: its only column where it lies, unless workers need that in shared memory, or a new one. */
const matrixOf = (table: Table.Table, { isBytes, names, size }: Run, shared: boolean): Part["numbers"] => {
  const only = names.length === 1 ? entryOf(table, names[0]) : undefined
  const isMatrix = only instanceof Float32Array || only instanceof Uint8Array
  if (isMatrix && (!shared || Shared.isShared(only))) return only
  const length = table.length * size
  if (isBytes) return shared ? Shared.uint8(length) : new Uint8Array(length)
  return shared ? Shared.float32(length) : new Float32Array(length)
}

/**
 * Packs a table's rows. Numbers are checked: NaN, infinity and what float32 cannot hold fail. Bytes stay bytes until they
 * are in a batch. A column between others of another type is used where it lies, unless workers need it in shared memory.
 */
export const pack = Effect.fnUntraced(function* (
  table: Table.Table,
  selection: Selection,
  shared: boolean
): Effect.fn.Return<Packed, LoaderError> {
  const { features, target } = selection
  const defect = check(table, selection)
  if (defect !== undefined) return yield* defect
  const lane = (name: string, offset: number, all: number, out: Lane["out"]): Lane => {
    const column = table.columns[name]
    const own = Column.width(column)
    const blocks = Columnar.blocks(entryOf(table, name), own)
    return { name, column, blocks, size: own, offset, width: all, out, block: new Float32Array(0), at: 0 }
  }
  const parts: Array<Part> = []
  const lanes: Array<Lane> = []
  for (const run of runsOf(table, features)) {
    const numbers = matrixOf(table, run, shared)
    parts.push({ offset: run.offset, size: run.size, numbers })
    let offset = 0
    for (const name of run.names) {
      const made = lane(name, offset, run.size, numbers)
      offset += made.size
      if (made.size > 0) lanes.push(made)
    }
  }
  const isCodes = table.columns[target].kind === "category"
  const targets = isCodes ? Shared.int32(table.length) : Shared.float32(table.length)
  const found = yield* writeAll([...lanes, lane(target, 0, 1, targets)], table.length)
  const width = widthOf(table.columns, features)
  return found === undefined ? { rows: table.length, width, parts, target: targets } : yield* found
})
