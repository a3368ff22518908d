/**
 * Rows that must stay together, as blocks: those of one group, those that are equal, or those that any chain of shared
 * groups connects. Blocks are numbered in an order drawn by a key from their names, so where rows stand does not count.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import * as RowId from "../RowId.ts"
import type { Table } from "../Table.ts"
import { SplitError } from "./SplitError.ts"

/** One label per row, as codes: `names` has the text of each. Labels of different columns are different labels. */
export interface Labels {
  readonly column: string
  readonly codes: Int32Array
  readonly names: ReadonlyArray<string>
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
    return Effect.succeed({ column: on, codes: values, names: column.levels })
  }
  if (column?.kind === "float" && values instanceof Float64Array) {
    const bad = values.findIndex(Number.isNaN)
    if (bad < 0) return Effect.succeed(coded(on, values.length, (row) => String(values[row])))
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
  return coded("", length, (row) => text.slice(row * RowId.bytes, (row + 1) * RowId.bytes))
}

const coded = (column: string, length: number, nameOf: (row: number) => string): Labels => {
  const known = new Map<string, number>()
  const codes = new Int32Array(length)
  for (let row = 0; row < length; row++) {
    const name = nameOf(row)
    const code = known.get(name) ?? known.size
    if (code === known.size) known.set(name, code)
    codes[row] = code
  }
  return { column, codes, names: [...known.keys()] }
}

/** Puts rows that share a label, directly or through others, into one block. */
export const make = (labels: ReadonlyArray<Labels>, key: Key.Key): Blocks => {
  const rootOf = labels.length === 1 ? labels[0].codes : connected(labels)
  const first = new Map<number, Drawn>()
  for (const { codes, column, names } of labels) {
    const own = Key.foldIn(key, column)
    const seen = new Uint8Array(names.length)
    codes.forEach((code, row) => {
      if (seen[code] === 1) return
      seen[code] = 1
      const drawn = draw(own, names[code])
      const least = first.get(rootOf[row])
      if (least === undefined || before(drawn, least) < 0) first.set(rootOf[row], drawn)
    })
  }
  const order = [...first].sort(([, a], [, b]) => before(a, b)).map(([root]) => root)
  const number = new Map(order.map((root, index) => [root, index]))
  const of = Uint32Array.from(rootOf, (root) => number.get(root) ?? 0)
  const sizes = new Uint32Array(order.length)
  for (const block of of) sizes[block]++
  return { of, sizes }
}

/** A name's random number in [0, 2^53), and the name, which decides between equal ones. */
interface Drawn {
  readonly number: number
  readonly name: string
}

const draw = (key: Key.Key, name: string): Drawn => {
  const { hi, lo } = Key.foldIn(key, name)
  return { number: hi * 2 ** 21 + (lo >>> 11), name }
}

const before = (a: Drawn, b: Drawn): number => a.number - b.number || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** For each row, the number of its connected component: union-find over all labels. */
const connected = (labels: ReadonlyArray<Labels>): Int32Array => {
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
  return codes.map(find)
}
