/**
 * Rows as objects become blocks of columns: each cell is checked against its column's declaration, and what is wrong is
 * told. Plain loops over arrays; nothing is kept of a row.
 */
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import type * as RowId from "../../RowId.ts"
import type { Bad } from "../../sources/SourceError.ts"
import type { Block, Room } from "../columns/collector.ts"
import { blockCharacters } from "../columns/columnar.ts"
import * as Decode from "./decode.ts"

/** Takes rows one by one into a block. */
export interface Decoder {
  /** Begins a block in these arrays. */
  readonly begin: (room: Room) => void
  /** Takes rows from a place on until the block is full or they end, and returns the place after the last one. */
  readonly take: (rows: ReadonlyArray<unknown>, from: number) => number
  readonly isFull: () => boolean
  /** Returns the block: in the places of cells that are wrong stand zeros, and a row that is no object has none. */
  readonly block: () => Decoded
}

/** A block of rows. */
export interface Decoded extends Block {
  /** The places of rows of which a cell is wrong. */
  readonly left: ReadonlyArray<number>
}

/** What is told of a cell that is wrong: of a row's first, too. */
export type Refuse = (bad: Bad, isFirst: boolean) => void

/** Makes a decoder for rows of the given columns, whose instants are as `instantOf` reads them. */
export const decoder = (columns: Columns, refuse: Refuse, instantOf = instant): Decoder => {
  const names = Object.keys(columns)
  const known = new Set(names)
  let [capacity, length, characters, taken, lastBad] = [0, 0, 0, 0, 0]
  let left: Array<number> = []
  const cells = names.map((name) => cellsOf(columns[name], instantOf, (text) => (characters += text.length)))
  const bad = (column: string, value: unknown, expected: string): void => {
    refuse({ row: taken, column, value: show(value), expected }, lastBad !== taken)
    lastBad = taken
  }
  const push = (row: unknown): void => {
    taken++
    if (typeof row !== "object" || row === null || Array.isArray(row)) return bad("", row, "an object")
    const all = row as Readonly<Record<string, unknown>> // any object has keys; what they hold is checked
    for (let index = 0; index < names.length; index++) {
      const name = names[index]
      const value = Object.hasOwn(all, name) ? all[name] : undefined
      if (!cells[index].put(value, length)) bad(name, value, Decode.expected(columns[name]))
    }
    for (const name of Object.keys(all)) if (!known.has(name)) bad(name, all[name], "a declared column")
    if (lastBad === taken) left.push(length)
    length++
  }
  const isFull = () => length === capacity || characters >= blockCharacters
  return {
    begin: (room) => {
      ;[capacity, length, characters, left] = [room.rows, 0, 0, []]
      for (const [index, { begin }] of cells.entries()) begin(room.columns[names[index]])
    },
    take: (rows, from) => {
      let at = from
      while (at < rows.length && !isFull()) push(rows[at++])
      return at
    },
    isFull,
    block: () => ({
      length,
      left,
      columns: Object.fromEntries(names.map((name, index) => [name, cells[index].values(length)]))
    })
  }
}

const show = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid date" : value.toISOString()
  if (ArrayBuffer.isView(value)) return value.constructor.name
  if (typeof value === "string") return JSON.stringify(value.slice(0, 200))
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? `an array of ${value.length}` : "an object"
  return typeof value === "bigint" ? `${value}n` : String(value)
}

/** The cells of a column in a block. */
interface Cells {
  /** Begins a block in an array, unless these are texts. */
  readonly begin: (values: RowId.Numbers | undefined) => void
  /** Writes the value of a row, or says that the column does not take it, and writes zeros. */
  readonly put: (value: unknown, row: number) => boolean
  readonly values: (rows: number) => RowId.Values
}

const finite = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined

const codeIn = (levels: ReadonlyArray<string>) => {
  const codes = new Map<unknown, number>(levels.map((level, code) => [level, code]))
  return (value: unknown) => codes.get(value)
}

const cellsOf = (column: Column.Column, instantOf: typeof instant, onText: (text: string) => void): Cells => {
  switch (column.kind) {
    case "float":
      return numbers(finite)
    case "timestamp":
      return numbers(instantOf)
    case "category":
      return numbers(codeIn(column.levels))
    case "tensor":
      return tensors(column)
    case "text":
      return texts(onText)
    case "optional float":
      return numbers(orMissing(finite, Number.NaN))
    case "optional timestamp":
      return numbers(orMissing(instantOf, Number.NaN))
    case "optional category":
      return numbers(orMissing(codeIn(column.levels), -1))
  }
}

const written = /^\d{4}-\d{2}-\d{2}(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d))?$/

export const instant = (value: unknown): number | undefined => {
  const time = value instanceof Date ? value.getTime() : isWritten(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

/** `Date.parse` takes the 30th of February for the 1st of March: a day must come back as it was written. */
const isWritten = (value: unknown): value is string => {
  if (typeof value !== "string" || !written.test(value)) return false
  const day = Date.parse(value.slice(0, 10))
  return !Number.isNaN(day) && new Date(day).toISOString().startsWith(value.slice(0, 10))
}

type Read = (value: unknown) => number | undefined

/** Takes `null` and `undefined` as a missing value. */
const orMissing =
  (read: Read, missing: number): Read =>
  (value) =>
    value === null || value === undefined ? missing : read(value)

const numbers = (read: Read): Cells => {
  let all: RowId.Numbers = new Float64Array(0)
  return {
    begin: (values = all) => (all = values),
    put: (value, row) => {
      const number = read(value)
      all[row] = number ?? 0
      return number !== undefined
    },
    values: (rows) => all.subarray(0, rows)
  }
}

const tensors = (column: Column.Tensor): Cells => {
  const width = Column.width(column)
  const isIn = {
    uint8: (value: number) => Number.isInteger(value) && value >= 0 && value <= 255,
    int32: (value: number) => Number.isInteger(value) && Math.abs(value + 0.5) < 2 ** 31,
    float32: (value: number) => Number.isFinite(Math.fround(value))
  }[column.dtype]
  const areIn = (items: ArrayLike<unknown>): boolean => {
    for (let place = 0; place < width; place++) {
      const value = items[place]
      if (typeof value !== "number" || !isIn(value)) return false
    }
    return true
  }
  let all: RowId.Numbers = new Float32Array(0)
  return {
    begin: (values = all) => (all = values),
    put: (value, row) => {
      const items = elements(value, column.shape)
      if (items !== undefined && areIn(items)) {
        all.set(items, row * width)
        return true
      }
      all.fill(0, row * width, (row + 1) * width)
      return false
    },
    values: (rows) => all.subarray(0, rows * width)
  }
}

const texts = (onText: (text: string) => void): Cells => {
  let all: Array<string> = []
  return {
    begin: () => (all = []),
    put: (value) => {
      const isText = typeof value === "string" && value.isWellFormed()
      all.push(isText ? value : "")
      if (isText) onText(value)
      return isText
    },
    values: () => all
  }
}

/** The numbers of a tensor, given flat or nested as its shape is. */
const elements = (value: unknown, shape: ReadonlyArray<number>): ArrayLike<number> | undefined => {
  const width = shape.reduce((product, size) => product * size, 1)
  const isTyped = ArrayBuffer.isView(value) && !(value instanceof DataView) && "length" in value
  if (isTyped) return value.length === width ? (value as unknown as ArrayLike<number>) : undefined // a typed array; bigints are refused one by one
  if (!Array.isArray(value)) return undefined
  if (value.length === width && !value.some(Array.isArray)) return value
  const flat = nested(value, shape)
  return flat?.length === width ? flat : undefined
}

const nested = (value: unknown, [size, ...rest]: ReadonlyArray<number>): ReadonlyArray<number> | undefined => {
  if (!Array.isArray(value) || value.length !== size) return undefined
  if (rest.length === 0) return value
  const parts = value.map((part) => nested(part, rest))
  return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? [])
}
