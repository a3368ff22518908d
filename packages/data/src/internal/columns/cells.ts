/** What the values of a column must be, whoever brings them. Columns that are not in memory were checked when they were written. */
import * as Column from "../../Column.ts"
import * as RowId from "../../RowId.ts"
import { firstNotFinite } from "../statistics/lanes.ts"
import * as Columnar from "./columnar.ts"

const valuesName = (column: Column.Column): string => {
  switch (column.kind) {
    case "float":
    case "timestamp":
    case "optional float":
    case "optional timestamp":
      return "Float64Array"
    case "category":
    case "optional category":
      return "Int32Array"
    case "tensor":
      return { uint8: "Uint8Array", int32: "Int32Array", float32: "Float32Array" }[column.dtype]
    case "text":
      return "Array"
  }
}

/**
 * Says what is wrong with a column's values, or nothing; `start` is the row of the first. A `Buffer` is refused: its digest
 * is not a `Uint8Array`'s.
 */
export const defect = (
  column: Column.Column,
  values: Columnar.Entry | undefined,
  length: number,
  start = 0
): string | undefined => {
  if (values === undefined) return "has no values"
  const expected = valuesName(column)
  const { name } = Columnar.isLazy(values) ? values.Values : values.constructor
  if (name !== expected) return `holds a ${name} instead of a ${expected}`
  if (values.length !== length * Column.width(column)) {
    const unit = column.kind === "text" ? "texts" : "numbers"
    return `holds ${values.length} ${unit} instead of ${length * Column.width(column)}`
  }
  return Columnar.isLazy(values) ? undefined : numberDefect(column, values, start)
}

/** The first code that is no level, or -1. */
const firstOutside = (codes: Int32Array, least: number, levels: number): number => {
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]
    if (code < least || code >= levels) return row
  }
  return -1
}

/** Says which value a column cannot hold, or nothing; `start` is the row of the first. */
export const numberDefect = (column: Column.Column, values: RowId.Values, start = 0): string | undefined => {
  if (RowId.isTexts(values)) {
    const bad = values.findIndex((text) => typeof text !== "string" || !text.isWellFormed())
    return bad < 0 ? undefined : `holds no Unicode text in row ${start + bad}`
  }
  if (column.kind === "category" || column.kind === "optional category") {
    const least = column.kind === "category" ? 0 : -1
    const bad = firstOutside(values as Int32Array, least, column.levels.length) // of a category
    return bad < 0
      ? undefined
      : `has the code ${values[bad]} in row ${start + bad}, but only ${column.levels.length} levels`
  }
  if (column.kind === "timestamp" || column.kind === "optional timestamp") {
    const bad =
      column.kind === "timestamp"
        ? firstNotFinite(values)
        : values.findIndex((time) => !Number.isFinite(time) && !Number.isNaN(time))
    return bad < 0 ? undefined : `has no instant in row ${start + bad} but ${values[bad]}`
  }
  return undefined
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const upper = isLittleEndian ? 1 : 0
const upperOfNaN = 0x7ff8_0000

const wordsOf = (values: Float64Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)

/** The first NaN of other bits than `Number.NaN` has, or -1. */
const firstOdd = (values: Float64Array): number => {
  const words = wordsOf(values)
  for (let row = 0; row < values.length; row++) {
    if (!Number.isNaN(values[row])) continue
    if (words[2 * row + upper] !== upperOfNaN || words[2 * row + 1 - upper] !== 0) return row
  }
  return -1
}

/** A missing number has one bit pattern, whatever computation it came from, so that equal tables have equal digests. */
export const withOneNaN = (column: Column.Column, values: RowId.Values): RowId.Values => {
  if (!Column.isOptional(column) || !(values instanceof Float64Array) || firstOdd(values) < 0) return values
  const copy = values.slice()
  const words = wordsOf(copy)
  for (let row = 0; row < copy.length; row++) {
    if (!Number.isNaN(copy[row])) continue
    words[2 * row + upper] = upperOfNaN
    words[2 * row + 1 - upper] = 0
  }
  return copy
}
