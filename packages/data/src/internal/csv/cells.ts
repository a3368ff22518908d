/**
 * What stands in the cells of a column: numbers, instants, places of levels or texts, and which rows hold none. Most cells
 * are decoded from their bytes; what is written in a rarer way is taken as text.
 */
import { Buffer } from "node:buffer"
import type * as Column from "../../Column.ts"
import type * as RowId from "../../RowId.ts"
import * as Instants from "./instants.ts"
import * as Numbers from "./numbers.ts"
import type { Room } from "./room.ts"

/** The cells of one column, one after the other. */
export interface Cells {
  readonly bytes: Uint8Array
  /** The same bytes. */
  readonly buffer: Buffer
  /** Where each starts; see `Records.isDoubled`. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Decodes plain decimal numbers into an array; others are NaN, and counted. */
  readonly floats: (starts: Int32Array, ends: Int32Array, into: Float64Array) => number
  /** Where the column's values go, unless they are texts. */
  readonly room: Room
}

/** A column with a place for each row, and the rows that hold no value of it. */
export interface Decoded {
  readonly values: RowId.Values
  readonly bad: ReadonlyArray<number>
}

/** Returns a cell's text; a doubled quote is one. */
export const textOf = ({ buffer, ends, starts }: Cells, row: number): string => {
  const start = starts[row]
  return start < 0
    ? buffer.toString("utf8", ~start, ends[row]).replaceAll('""', '"')
    : buffer.toString("utf8", start, ends[row])
}

/** Decodes a column. */
export const decode = (column: Column.Column, cells: Cells): Decoded => {
  switch (column.kind) {
    case "float":
    case "optional float":
      return floats(cells, column.kind !== "float")
    case "timestamp":
    case "optional timestamp":
      return byText(cells, instants(cells), column.kind !== "timestamp", Instants.ofText)
    case "category":
    case "optional category":
      return codes(cells, column.kind !== "category", column.levels)
    case "text":
      return { values: Array.from(cells.starts, (_, row) => textOf(cells, row)), bad: [] }
    case "tensor":
      return { values: new Float32Array(0), bad: Array.from(cells.starts, (_, row) => row) }
  }
}

const floats = (cells: Cells, mayMiss: boolean): Decoded => {
  const { ends, room, starts } = cells
  const values = room.float64(starts.length)
  return cells.floats(starts, ends, values) > 0 ? byText(cells, values, mayMiss, Numbers.ofText) : { values, bad: [] }
}

const instants = ({ bytes, ends, room, starts }: Cells): Float64Array => {
  const values = room.float64(starts.length)
  for (let row = 0; row < values.length; row++) {
    const start = starts[row]
    values[row] = start < 0 ? Number.NaN : Instants.ofBytes(bytes, start, ends[row])
  }
  return values
}

/** Decodes as text what is NaN so far. A missing value is NaN too. */
const byText = (cells: Cells, values: Float64Array, mayMiss: boolean, ofText: (text: string) => number): Decoded => {
  const bad: Array<number> = []
  for (let row = 0; row < values.length; row++) {
    if (!Number.isNaN(values[row])) continue
    const text = textOf(cells, row)
    values[row] = ofText(text)
    if (Number.isNaN(values[row]) && !(mayMiss && Instants.trimmed(text) === "")) bad.push(row)
  }
  return { values, bad }
}

/** Levels by a hash of their bytes, so that no text is made of a cell. */
const codes = (cells: Cells, mayMiss: boolean, levels: ReadonlyArray<string>): Decoded => {
  const { bytes, ends, room, starts } = cells
  const find = finderOf(levels)
  const values = room.int32(starts.length)
  const bad: Array<number> = []
  for (let row = 0; row < values.length; row++) {
    const start = starts[row]
    let code = start < 0 ? levels.indexOf(textOf(cells, row)) : find(bytes, start, ends[row])
    if (mayMiss && start === ends[row]) code = -1
    else if (code < 0) bad.push(row)
    values[row] = code
  }
  return { values, bad }
}

const hashOf = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = end - start
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]) | 0
  return hash ^ (hash >>> 15)
}

type Finder = (bytes: Uint8Array, start: number, end: number) => number

const finders = new WeakMap<ReadonlyArray<string>, Finder>()

/** Returns what finds the place of a level by its bytes, or -1; made once, as cells of the same levels come in many pieces. */
const finderOf = (levels: ReadonlyArray<string>): Finder => {
  const found = finders.get(levels) ?? finder(levels)
  finders.set(levels, found)
  return found
}

/** An open table of at most half its places. */
const finder = (levels: ReadonlyArray<string>): Finder => {
  const texts = levels.map((level) => Buffer.from(level))
  const mask = 2 ** Math.ceil(Math.log2(2 * levels.length + 2)) - 1
  const table = new Int32Array(mask + 1).fill(-1)
  for (const [code, text] of texts.entries()) {
    let slot = hashOf(text, 0, text.length) & mask
    while (table[slot] >= 0) slot = (slot + 1) & mask
    table[slot] = code
  }
  return (bytes, start, end) => {
    for (let slot = hashOf(bytes, start, end) & mask; table[slot] >= 0; slot = (slot + 1) & mask) {
      const text = texts[table[slot]]
      let at = 0
      if (text.length !== end - start) continue
      while (at < text.length && text[at] === bytes[start + at]) at++
      if (at === text.length) return table[slot]
    }
    return -1
  }
}
