/**
 * A piece of delimited text to rows: a pure function of its bytes and of what is wanted of them, so that it may run in any
 * thread. Rows that are none, or hold a cell that does not decode, are left out and listed.
 */
import { Buffer, isUtf8 } from "node:buffer"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Cells from "./cells.ts"
import type * as Threads from "../threads/worker.ts"
import * as Kernel from "./kernel.ts"
import * as Records from "./records.ts"
import * as Room from "./room.ts"

/** What is wanted of a file's pieces. */
export interface Plan {
  readonly layout: Records.Layout
  /** In the order of the layout's places. */
  readonly columns: Columns
  /** Whether rows get ids. */
  readonly hasIds: boolean
  /** So many of the rows that leave carry what stands there, cut after so many characters. */
  readonly shown: { readonly rows: number; readonly characters: number }
}

/** Why a row leaves. */
export type Problem = Records.Problem | "encoding" | "value"

/** A row that leaves, by its place among all records of the piece. */
export interface Left {
  readonly record: number
  readonly problem: Problem
  /** The first column that does not decode; empty where the row as a whole is none. */
  readonly column: string
  /** What stands there, or the whole line. */
  readonly value: string
  /** How many cells the row has. */
  readonly cells: number
}

/** The rows of a piece. */
export interface Decoded {
  /** How many records there are, those that leave included. */
  readonly records: number
  readonly kept: number
  readonly values: Readonly<Record<string, RowId.Values>>
  readonly ids: Uint8Array
  /** In their order. */
  readonly left: ReadonlyArray<Left>
  /** How many bytes its text has. */
  readonly text: number
  /** How many bytes its arrays take. */
  readonly bytes: number
}

/** Decodes text that starts and ends with whole records; arrays lie in the memory that is given, if there is enough of it. */
export const decode = (text: Uint8Array, plan: Plan, memory?: SharedArrayBuffer): Decoded => {
  const { columns, hasIds, layout, shown } = plan
  const taken = Room.make(memory)
  const opened = Kernel.open(text, layout.delimiter, (marks) => Records.roomOf(layout, marks))
  const { bytes, dates, floats } = opened
  const records = Records.find(opened, layout)
  const { capacity, count, ends, rows, starts } = records
  const names = Object.keys(columns)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cellsOf = names.map((_, index) => ({
    buffer,
    bytes,
    dates,
    floats,
    room: taken,
    starts: starts.subarray(index * capacity, index * capacity + rows),
    ends: ends.subarray(index * capacity, index * capacity + rows)
  }))
  const decoded = names.map((name, index) => Cells.decode(columns[name], cellsOf[index]))
  const bad = firstBad(decoded)
  for (const row of isUtf8(bytes) ? [] : notUtf8(cellsOf, rows)) bad.set(row, -1)

  const left = [...leftOf(records, cellsOf, names, bad, shown), ...refusedOf(records, buffer, shown)]
  const values: Record<string, RowId.Values> = {}
  const kept =
    bad.size === 0 ? undefined : Uint32Array.from({ length: rows }, (_, row) => row).filter((row) => !bad.has(row))
  for (const [index, name] of names.entries()) {
    const own = decoded[index].values
    values[name] = kept === undefined ? own : Columnar.whole(Columnar.taken(own, 1, kept))
  }
  const length = kept?.length ?? rows
  return {
    records: count,
    kept: length,
    values,
    ids: hasIds ? RowId.ofContent(columns, values, length, taken.uint8(length * RowId.bytes)) : new Uint8Array(0),
    text: text.length,
    bytes: taken.bytes(),
    left: left.sort((one, other) => one.record - other.record)
  }
}

/** The rows with a bad cell, each with its first column that has one. */
const firstBad = (decoded: ReadonlyArray<Cells.Decoded>): Map<number, number> => {
  const found = new Map<number, number>()
  for (let index = decoded.length - 1; index >= 0; index--) for (const row of decoded[index].bad) found.set(row, index)
  return found
}

const notUtf8 = (columns: ReadonlyArray<Cells.Cells>, rows: number): ReadonlyArray<number> =>
  Array.from({ length: rows }, (_, row) => row).filter((row) =>
    columns.some(({ bytes, ends, starts }) => {
      const start = starts[row]
      return !isUtf8(bytes.subarray(start < 0 ? ~start : start, ends[row]))
    })
  )

/** Rows with a cell that does not decode, or that is no text at all: then the row as a whole is none. */
const leftOf = (
  { lines }: Records.Records,
  columns: ReadonlyArray<Cells.Cells>,
  names: ReadonlyArray<string>,
  bad: ReadonlyMap<number, number>,
  shown: Plan["shown"]
): ReadonlyArray<Left> =>
  [...bad]
    .sort(([one], [other]) => one - other)
    .map(([row, index], place) => {
      const [record, start, end] = lines.subarray(3 * row, 3 * row + 3)
      const text = () => (index < 0 ? lineOf(columns[0].buffer, start, end) : Cells.textOf(columns[index], row))
      const value = place < shown.rows ? cut(text(), shown.characters) : ""
      return index < 0
        ? { record, problem: "encoding", column: "", cells: 0, value }
        : { record, problem: "value", column: names[index], cells: 0, value }
    })

/** Where bytes are no text, what they would be parted into says little. */
const refusedOf = ({ refused }: Records.Records, buffer: Buffer, shown: Plan["shown"]): ReadonlyArray<Left> =>
  refused.map(({ cells, end, problem, record, start }, place) => ({
    record,
    problem: isUtf8(buffer.subarray(start, end)) ? problem : "encoding",
    column: "",
    cells,
    value: place < shown.rows ? cut(lineOf(buffer, start, end), shown.characters + 1) : ""
  }))

const lineOf = (buffer: Buffer, start: number, end: number): string => buffer.toString("utf8", start, end).trim()

/** Cuts between characters. */
const cut = (text: string, characters: number): string =>
  text.length <= characters
    ? text
    : Array.from(text.slice(0, 2 * characters))
        .slice(0, characters)
        .join("")

/** A plan as threads get it: written down in memory that they share, and read by each of them once. */
export interface Written {
  readonly id: number
  readonly text: Uint8Array
}

let serial = 0

/** Writes a plan down. */
export const written = (plan: Plan): Written => {
  const bytes = Buffer.from(JSON.stringify(plan))
  const text = new Uint8Array(new SharedArrayBuffer(bytes.length))
  text.set(bytes)
  return { id: serial++, text }
}

const plans = new Map<number, Plan>()

const planOf = ({ id, text }: Written): Plan => {
  const plan: Plan = plans.get(id) ?? JSON.parse(Buffer.from(text).toString()) // as written
  if (plans.size > 8) plans.clear()
  plans.set(id, plan)
  return plan
}

/** What a thread is asked. */
export interface Asked {
  readonly bytes: Uint8Array
  readonly plan: Written
  /** Memory for the arrays, which is used again once they have been copied. */
  readonly memory: Uint8Array<SharedArrayBuffer>
}

/** Decodes in a thread. */
export const task = ({ bytes, memory, plan }: Asked): Threads.Answer<Decoded> => {
  const value = decode(bytes, planOf(plan), memory.buffer)
  const transfer = [value.ids, ...Object.values(value.values)].flatMap((own) =>
    !RowId.isTexts(own) && own.buffer instanceof ArrayBuffer ? [own.buffer] : []
  )
  return { value, transfer }
}
