/**
 * What stands in the cells of a column: numbers, instants, places of levels or texts, and which rows hold none. Most cells
 * are decoded from their bytes; what is written in a rarer way is taken as text.
 */
import { Buffer } from "node:buffer"
import type * as Column from "../../Column.ts"
import type * as RowId from "../../RowId.ts"
import * as Instants from "./instants.ts"
import type { Decoder } from "./kernel.ts"
import * as Numbers from "./numbers.ts"
import type { Room } from "./room.ts"

/** The cells of one column, one after the other. */
export interface Cells {
  /** In memory that goes on behind them. */
  readonly bytes: Uint8Array
  /** The same bytes. */
  readonly buffer: Buffer
  /** Where each starts; see `Records.isDoubled`. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly floats: Decoder
  readonly dates: Decoder
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
      return numbers(cells, cells.floats, column.kind !== "float", Numbers.ofText)
    case "timestamp":
    case "optional timestamp":
      return numbers(cells, cells.dates, column.kind !== "timestamp", Instants.ofText)
    case "category":
    case "optional category":
      return codes(cells, column.kind !== "category", column.levels)
    case "text":
      return { values: Array.from(cells.starts, (_, row) => textOf(cells, row)), bad: [] }
    case "tensor":
      return { values: new Float32Array(0), bad: Array.from(cells.starts, (_, row) => row) }
  }
}

const numbers = (cells: Cells, decode: Decoder, mayMiss: boolean, ofText: (text: string) => number): Decoded => {
  const { ends, room, starts } = cells
  const values = room.float64(starts.length)
  return decode(starts, ends, values) > 0 ? byText(cells, values, mayMiss, ofText) : { values, bad: [] }
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length + 4)
  const find = finderOf(levels)
  const values = room.int32(starts.length)
  const bad: Array<number> = []
  for (let row = 0; row < values.length; row++) {
    const start = starts[row]
    let code = start < 0 ? levels.indexOf(textOf(cells, row)) : find(view, start, ends[row])
    if (mayMiss && start === ends[row]) code = -1
    else if (code < 0) bad.push(row)
    values[row] = code
  }
  return { values, bad }
}

/** Four bytes of a text at once, of which those behind its end are zeros; four may always be read. */
const wordOf = (view: DataView, at: number, end: number): number =>
  end - at >= 4 ? view.getInt32(at, true) : view.getInt32(at, true) & ((1 << (8 * (end - at))) - 1)

const hashOf = (view: DataView, start: number, end: number): number => {
  let hash = end - start
  for (let at = start; at < end; at += 4) hash = Math.imul(hash ^ wordOf(view, at, end), 0x9e3779b1)
  return hash ^ (hash >>> 15)
}

type Finder = (view: DataView, start: number, end: number) => number

const finders = new WeakMap<ReadonlyArray<string>, Finder>()

/** Returns what finds the place of a level by its bytes, or -1; made once, as cells of the same levels come in many pieces. */
const finderOf = (levels: ReadonlyArray<string>): Finder => {
  const found = finders.get(levels) ?? finder(levels)
  finders.set(levels, found)
  return found
}

/** An open table of at most half its places. */
const finder = (levels: ReadonlyArray<string>): Finder => {
  const sizes = levels.map((level) => Buffer.byteLength(level))
  const texts = levels.map((level) => new DataView(Uint8Array.from(Buffer.from(`${level}${" ".repeat(4)}`)).buffer))
  const mask = 2 ** Math.ceil(Math.log2(2 * levels.length + 2)) - 1
  const table = new Int32Array(mask + 1).fill(-1)
  for (const [code, text] of texts.entries()) {
    let slot = hashOf(text, 0, sizes[code]) & mask
    while (table[slot] >= 0) slot = (slot + 1) & mask
    table[slot] = code
  }
  return (view, start, end) => {
    const size = end - start
    for (let slot = hashOf(view, start, end) & mask; table[slot] >= 0; slot = (slot + 1) & mask) {
      const code = table[slot]
      let at = 0
      if (sizes[code] !== size) continue
      while (at < size && wordOf(texts[code], at, size) === wordOf(view, start + at, end)) at += 4
      if (at >= size) return code
    }
    return -1
  }
}
