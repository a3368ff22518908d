/**
 * Rows that must stay together, as blocks: those of one group, those that are equal, or those that any chain of shared
 * groups connects. Blocks are numbered in an order drawn by a key from their names, so where rows stand does not count.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import * as Near from "../Near.ts"
import * as RowId from "../RowId.ts"
import type { Table } from "../Table.ts"
import { SplitError } from "./SplitError.ts"

/** One label per row, as codes: `names` has the text of each. Labels of different columns are different labels. */
export interface Labels {
  readonly column: string
  readonly codes: Int32Array
  readonly names: ReadonlyArray<string>
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
    return Effect.succeed(named({ column: on, codes: values, names: column.levels }))
  }
  if (column?.kind === "float" && values instanceof Float64Array) {
    const bad = values.findIndex(Number.isNaN)
    if (bad < 0) return Effect.succeed(named({ column: on, ...coded(values.length, (row) => String(values[row])) }))
    const hint = "Give every row a group."
    return Effect.fail(new SplitError({ split, reason: `row ${bad + 1} has no group in "${on}"`, hint }))
  }
  const reason = `"${on}" is ${column === undefined ? "no column" : `a ${column.kind} column`}`
  return Effect.fail(
    new SplitError({ split, reason, hint: "Group by a category column, or by a float column of ids." })
  )
}

/** Labels rows by their ids: equal rows have one label. */
export const equalRows = ({ ids, length }: Table): Labels => {
  const text = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength).toString("latin1")
  const view = viewOf(ids)
  return {
    column: "",
    ...coded(length, (row) => text.slice(row * RowId.bytes, (row + 1) * RowId.bytes)),
    keyOf: (key, row) => ofId(key, view, row)
  }
}

/** The bytes of ids, for `ofId`. */
export const viewOf = ({ buffer, byteLength, byteOffset }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** Derives a key for a row's id: all 16 bytes of it, four at a time. */
export const ofId = (key: Key.Key, ids: DataView, row: number): Key.Key => {
  let hash = key
  for (let at = 0; at < RowId.bytes; at += 4) hash = Key.foldIn(hash, ids.getUint32(row * RowId.bytes + at))
  return hash
}

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

const named = (labels: Omit<Labels, "keyOf">): Labels => ({
  ...labels,
  keyOf: (key, row) => Key.foldIn(key, labels.names[labels.codes[row]])
})

const coded = (length: number, nameOf: (row: number) => string): Pick<Labels, "codes" | "names"> => {
  const known = new Map<string, number>()
  const codes = new Int32Array(length)
  for (let row = 0; row < length; row++) {
    const name = nameOf(row)
    const code = known.get(name) ?? known.size
    if (code === known.size) known.set(name, code)
    codes[row] = code
  }
  return { codes, names: [...known.keys()] }
}

/**
 * Puts rows that share a label, directly or through others, into one block. With `firsts`, a row is also in the block of
 * the row that is given for it: the first of those it is near.
 */
export const make = (labels: ReadonlyArray<Labels>, key: Key.Key, firsts?: Uint32Array): Blocks => {
  const isAlone = labels.length === 1 && firsts === undefined
  const rootOf = isAlone ? labels[0].codes : connected(labels, firsts ?? new Uint32Array(0))
  const roots = labels.reduce((sum, { names }) => sum + names.length, 0)
  // The least of what is drawn from a block's names, and that name, which decides between equal numbers.
  const drawn = new Float64Array(roots).fill(Infinity)
  const drawnFrom: Array<string> = Array.from({ length: roots }, () => "")
  const isBefore = (number: number, name: string, root: number) =>
    number < drawn[root] || (number === drawn[root] && name < drawnFrom[root])
  for (const { codes, column, keyOf, names } of labels) {
    const own = Key.foldIn(key, column)
    const seen = new Uint8Array(names.length)
    codes.forEach((code, row) => {
      if (seen[code] === 1) return
      seen[code] = 1
      const { hi, lo } = keyOf(own, row)
      const number = hi * 2 ** 21 + (lo >>> 11)
      const root = rootOf[row]
      if (isBefore(number, names[code], root)) [drawn[root], drawnFrom[root]] = [number, names[code]]
    })
  }
  const order = Uint32Array.from(drawn.keys())
    .filter((root) => drawn[root] < Infinity)
    .sort((a, b) => drawn[a] - drawn[b] || (isBefore(drawn[a], drawnFrom[a], b) ? -1 : 1))
  const number = new Uint32Array(roots)
  order.forEach((root, index) => (number[root] = index))
  const of = Uint32Array.from(rootOf, (root) => number[root])
  const sizes = new Uint32Array(order.length)
  for (const block of of) sizes[block]++
  return { of, sizes }
}

/** For each row, the number of its connected component: union-find over all labels. */
const connected = (labels: ReadonlyArray<Labels>, firsts: Uint32Array): Int32Array => {
  const starts = labels.map((_, index) => labels.slice(0, index).reduce((total, { names }) => total + names.length, 0))
  const total = labels.reduce((sum, { names }) => sum + names.length, 0)
  const parent = Int32Array.from({ length: total }, (_, label) => label)
  const find = (label: number): number => {
    let at = label
    while (parent[at] !== at) at = parent[at] = parent[parent[at]]
    return at
  }
  const [{ codes }, ...others] = labels
  others.forEach((other, index) =>
    codes.forEach((code, row) => (parent[find(starts[index + 1] + other.codes[row])] = find(code)))
  )
  firsts.forEach((first, row) => (parent[find(codes[row])] = find(codes[first])))
  return codes.map(find)
}
