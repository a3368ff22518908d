/**
 * Rows as objects become columns: each cell is checked against its column's declaration, and all that are wrong are
 * listed. Plain loops over arrays that grow; nothing is kept of a row.
 */
import { Digest } from "@watertight/core"
import { createHash } from "node:crypto"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import type { Bad } from "../../sources/SourceError.ts"
import type * as RowId from "../../RowId.ts"
import * as Decode from "./decode.ts"
import * as Exact from "../columns/exact.ts"

/** Takes rows one by one. */
export interface Decoder {
  readonly push: (row: unknown) => void
  /** The digest of the rows so far: of what they hold, and of what is wrong with them. */
  readonly digest: () => Digest.Digest
  readonly end: () => Decoded
}

/** The columns of all rows, and what is wrong with them. */
export interface Decoded {
  readonly length: number
  readonly values: Readonly<Record<string, RowId.Values>>
  readonly bad: ReadonlyArray<Bad>
}

/** So many wrong cells are described; of what is wrong after them, the first of each row. */
const limit = 1000

/** Makes a decoder for rows of the given columns, whose instants are as `instantOf` reads them. */
export const decoder = (columns: Columns, instantOf = instant): Decoder => {
  const names = Object.keys(columns)
  const known = new Set(names)
  const growing = names.map((name) => collect(columns[name], instantOf))
  const bad: Array<Bad> = []
  const hasher = createHash("sha256")
  let length = 0
  const refuse = (column: string, value: unknown, expected: string): void => {
    if (bad.length < limit || bad[bad.length - 1].row !== length)
      bad.push({ row: length, column, value: show(value), expected })
    hasher.update(`${length} ${column} ${show(value)}\n`)
  }
  const push = (row: unknown): void => {
    length++
    if (typeof row !== "object" || row === null || Array.isArray(row)) return refuse("", row, "an object")
    const cells = row as Readonly<Record<string, unknown>> // any object has keys; what they hold is checked
    for (let index = 0; index < names.length; index++) {
      const name = names[index]
      const value = Object.hasOwn(cells, name) ? cells[name] : undefined
      if (!growing[index].push(value)) refuse(name, value, Decode.expected(columns[name]))
    }
    for (const name of Object.keys(cells)) if (!known.has(name)) refuse(name, cells[name], "a declared column")
  }
  const values = () => Object.fromEntries(names.map((name, index) => [name, growing[index].values()]))
  return {
    push,
    digest: () =>
      Digest.of({
        length,
        values: Object.entries(values()),
        bad: bad.length === 0 ? null : hasher.copy().digest("hex")
      }),
    end: () => ({ length, values: values(), bad })
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

interface Growing {
  /** Takes the next value, or says that the column does not take it; then the values are of no use. */
  readonly push: (value: unknown) => boolean
  readonly values: () => RowId.Values
}

const finite = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined

const codeIn = (levels: ReadonlyArray<string>) => {
  const codes = new Map<unknown, number>(levels.map((level, code) => [level, code]))
  return (value: unknown) => codes.get(value)
}

const collect = (column: Column.Column, instantOf: typeof instant): Growing => {
  switch (column.kind) {
    case "float":
      return numbers(new Float64Array(64), finite)
    case "timestamp":
      return numbers(new Float64Array(64), instantOf)
    case "category":
      return numbers(new Int32Array(64), codeIn(column.levels))
    case "tensor":
      return tensors(column)
    case "text":
      return textsOf()
    case "optional float":
      return orMissing(new Float64Array(64), finite, Number.NaN)
    case "optional timestamp":
      return orMissing(new Float64Array(64), instantOf, Number.NaN)
    case "optional category":
      return orMissing(new Int32Array(64), codeIn(column.levels), -1)
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

const numbers = <V extends Float64Array | Int32Array>(
  first: V,
  decode: (value: unknown) => number | undefined
): Growing => {
  let all = first
  let length = 0
  return {
    push: (value) => {
      if (length === all.length) all = larger(all, 2 * length)
      const number = decode(value)
      all[length++] = number ?? 0
      return number !== undefined
    },
    values: () => all.slice(0, length)
  }
}

/** Takes `null` and `undefined` as a missing value. */
const orMissing = <V extends Float64Array | Int32Array>(
  first: V,
  decode: (value: unknown) => number | undefined,
  missing: number
): Growing => numbers(first, (value) => (value === null || value === undefined ? missing : decode(value)))

const larger = <V extends RowId.Numbers>(values: V, length: number): V => {
  const Values = values.constructor as new (length: number) => V // a typed array's constructor makes its own kind
  const all = new Values(length)
  all.set(values)
  return all
}

const tensors = (column: Column.Tensor): Growing => {
  const width = Column.width(column)
  const isIn = {
    uint8: (value: number) => Number.isInteger(value) && value >= 0 && value <= 255,
    int32: (value: number) => Number.isInteger(value) && Math.abs(value + 0.5) < 2 ** 31,
    float32: (value: number) => Number.isFinite(Math.fround(value))
  }[column.dtype]
  const isNumber = (value: unknown) => typeof value === "number" && isIn(value)
  let all = Exact.arrayOf(column.dtype, 8 * width)
  let length = 0
  return {
    push: (value) => {
      if ((length + 1) * width > all.length) all = larger(all, 2 * all.length)
      const items = elements(value, column.shape)
      const isGood = items !== undefined && Array.prototype.every.call(items, isNumber)
      if (isGood) all.set(items, length * width)
      length++
      return isGood
    },
    values: () => all.slice(0, length * width)
  }
}

const textsOf = (): Growing => {
  const all: Array<string> = []
  return {
    push: (value) => {
      const isText = typeof value === "string" && value.isWellFormed()
      all.push(isText ? value : "")
      return isText
    },
    values: () => all.slice()
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
