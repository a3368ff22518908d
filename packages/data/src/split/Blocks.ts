/**
 * Rows that must stay together, as blocks: those of one group, those that are equal, or those that any chain of shared
 * groups connects. Blocks are numbered in an order drawn by a key from their names, so where rows stand does not count.
 */
import { Key } from "@watertight/core"
import { Effect, type Schema } from "effect"
import * as Components from "../internal/near/components.ts"
import * as EqualRows from "../internal/rows/equalRows.ts"
import * as Near from "../Near.ts"
import * as RowId from "../RowId.ts"
import type { Table } from "../Table.ts"
import { SplitError } from "./SplitError.ts"

/** One label per row. Labels of different columns are different labels. */
export interface Labels {
  readonly column: string
  /** For each row, the first row that has its label. */
  readonly firsts: Uint32Array
  /** Writes a row's label. */
  readonly nameOf: (row: number) => string
  /** Derives a key for a row's label. */
  readonly keyOf: (key: Key.Key, row: number) => Key.Key
}

/** Rows in blocks. */
export interface Blocks {
  /** For each row, the number of its block. */
  readonly of: Uint32Array
  /** For each block, how many rows it has. */
  readonly sizes: Uint32Array
}

/** Labels rows by a column of groups: categories, or numbers that are ids. */
export const groups = (split: string, table: Table, on: string): Effect.Effect<Labels, SplitError> => {
  const column = table.columns[on]
  const values = table.values[on]
  if (column?.kind === "category" && values instanceof Int32Array) {
    const firsts = EqualRows.firstsOfCodes(values, column.levels.length)
    return Effect.succeed(named(on, firsts, (row) => column.levels[values[row]]))
  }
  if (column?.kind === "float" && values instanceof Float64Array) {
    const bad = values.findIndex(Number.isNaN)
    if (bad < 0) return Effect.succeed(named(on, EqualRows.firstsOfNumbers(values), (row) => String(values[row])))
    const hint = "Give every row a group."
    return Effect.fail(new SplitError({ split, reason: `row ${bad + 1} has no group in "${on}"`, hint }))
  }
  const reason = `"${on}" is ${column === undefined ? "no column" : `a ${column.kind} column`}`
  return Effect.fail(
    new SplitError({ split, reason, hint: "Group by a category column, or by a float column of ids." })
  )
}

/** Labels rows by their ids: equal rows have one label. */
export const equalRows = ({ ids }: Pick<Table, "ids">): Labels => {
  const view = viewOf(ids)
  return {
    column: "",
    firsts: EqualRows.firsts(ids),
    nameOf: (row) => Buffer.from(ids.subarray(row * RowId.bytes, (row + 1) * RowId.bytes)).toString("latin1"),
    keyOf: (key, row) => ofId(key, view, row)
  }
}

/** The bytes of ids, for `ofId`. */
export const viewOf = ({ buffer, byteLength, byteOffset }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** Derives a key for a row's id: all 16 bytes of it, four at a time. */
export const ofId = (key: Key.Key, ids: DataView, row: number): Key.Key =>
  Key.foldInWords(key, ids, row * RowId.bytes, RowId.bytes / 4)

/** A way of being near as a parameter of a stage, if there is one. */
export const toJson = (near: Near.Near | undefined): Readonly<Record<string, Schema.Json>> =>
  near === undefined ? {} : { near: Near.toJson(near) }

/** Joins rows that are near, for `make`; nothing without a way of being near. */
export const near = (
  split: string,
  table: Table,
  way: Near.Near | undefined
): Effect.Effect<Uint32Array | undefined, SplitError> =>
  way === undefined
    ? Effect.succeed(undefined)
    : Effect.mapError(
        Near.firsts(way, table),
        ({ message }) => new SplitError({ split, reason: message.replace(/\.$/, ""), hint: "Compare other columns." })
      )

const named = (column: string, firsts: Uint32Array, nameOf: (row: number) => string): Labels => ({
  column,
  firsts,
  nameOf,
  keyOf: (key, row) => Key.foldIn(key, nameOf(row))
})

/**
 * Puts rows that share a label, directly or through others, into one block. With `near`, a row is also in the block of
 * the row that is given for it: the first of those it is near.
 */
export const make = (labels: ReadonlyArray<Labels>, key: Key.Key, near?: Uint32Array): Blocks => {
  const firsts = joined(labels, near)
  const order = drawn(labels, key, firsts)
  const number = new Uint32Array(firsts.length)
  order.forEach((first, block) => (number[first] = block))
  const of = firsts.map((first) => number[first])
  const sizes = new Uint32Array(order.length)
  for (const block of of) sizes[block]++
  return { of, sizes }
}

/** For each row, the first row of its block. */
export const joined = (labels: ReadonlyArray<Labels>, near?: Uint32Array): Uint32Array => {
  const all = [...labels.map(({ firsts }) => firsts), ...(near === undefined ? [] : [near])]
  if (all.length === 1) return all[0]
  const components = Components.make(all[0].length)
  for (const firsts of all) firsts.forEach((first, row) => Components.join(components, first, row))
  return Components.firsts(components)
}

/** The first rows of the blocks, in an order that is drawn from the blocks' names. */
const drawn = (labels: ReadonlyArray<Labels>, key: Key.Key, firsts: Uint32Array): Uint32Array => {
  // The least of what is drawn from a block's names, and a row of that name, which decides between equal numbers.
  const least = new Float64Array(firsts.length).fill(Infinity)
  const rowOf = new Uint32Array(firsts.length)
  const labelOf = new Uint16Array(firsts.length)
  const nameOf = (first: number) => labels[labelOf[first]].nameOf(rowOf[first])
  labels.forEach((label, index) => {
    const own = Key.foldIn(key, label.column)
    label.firsts.forEach((same, row) => {
      if (same !== row) return
      const { hi, lo } = label.keyOf(own, row)
      const number = hi * 2 ** 21 + (lo >>> 11)
      const first = firsts[row]
      if (number > least[first] || (number === least[first] && label.nameOf(row) >= nameOf(first))) return
      least[first] = number
      rowOf[first] = row
      labelOf[first] = index
    })
  })
  const isBefore = (a: number, b: number) => least[a] < least[b] || (least[a] === least[b] && nameOf(a) < nameOf(b))
  return sorted(
    firsts.filter((first, row) => first === row),
    (first) => least[first] * 2 ** -53,
    isBefore
  )
}

/** Sorts rows by numbers in [0, 1) that were drawn for them: about one to a bucket. */
const sorted = (
  rows: Uint32Array,
  drawnOf: (row: number) => number,
  isBefore: (a: number, b: number) => boolean
): Uint32Array => {
  const { length } = rows
  const bucketOf = (row: number) => Math.min(length - 1, Math.floor(drawnOf(row) * length))
  const ends = new Uint32Array(length + 1)
  for (const row of rows) ends[bucketOf(row) + 1]++
  for (let bucket = 0; bucket < length; bucket++) ends[bucket + 1] += ends[bucket]
  const out = new Uint32Array(length)
  for (const row of rows) out[ends[bucketOf(row)]++] = row
  for (let at = 1; at < length; at++) {
    const row = out[at]
    let place = at
    for (; place > 0 && isBefore(row, out[place - 1]); place--) out[place] = out[place - 1]
    out[place] = row
  }
  return out
}
