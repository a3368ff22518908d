/** What the values of a column must be, whoever brings them. Columns that are not in memory were checked when they were written. */
import * as Column from "../Column.ts"
import * as RowId from "../RowId.ts"
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

/** Says what is wrong with a column's values, or nothing. A `Buffer` is refused: its digest is not a `Uint8Array`'s. */
export const defect = (
  column: Column.Column,
  values: Columnar.Entry | undefined,
  length: number
): string | undefined => {
  if (values === undefined) return "has no values"
  const expected = valuesName(column)
  const { name } = Columnar.isLazy(values) ? values.Values : values.constructor
  if (name !== expected) return `holds a ${name} instead of a ${expected}`
  if (values.length !== length * Column.width(column)) {
    const unit = column.kind === "text" ? "texts" : "numbers"
    return `holds ${values.length} ${unit} instead of ${length * Column.width(column)}`
  }
  return Columnar.isLazy(values) ? undefined : numberDefect(column, values)
}

/** Says which value a column cannot hold, or nothing; `start` is the row of the first. */
export const numberDefect = (column: Column.Column, values: RowId.Values, start = 0): string | undefined => {
  if (RowId.isTexts(values)) {
    const bad = values.findIndex((text) => typeof text !== "string" || !text.isWellFormed())
    return bad < 0 ? undefined : `holds no Unicode text in row ${start + bad}`
  }
  if (column.kind === "category" || column.kind === "optional category") {
    const least = column.kind === "category" ? 0 : -1
    const bad = values.findIndex((code) => code < least || code >= column.levels.length)
    return bad < 0
      ? undefined
      : `has the code ${values[bad]} in row ${start + bad}, but only ${column.levels.length} levels`
  }
  if (column.kind === "timestamp" || column.kind === "optional timestamp") {
    const mayMiss = column.kind === "optional timestamp"
    const bad = values.findIndex((time) => !Number.isFinite(time) && !(mayMiss && Number.isNaN(time)))
    return bad < 0 ? undefined : `has no instant in row ${start + bad} but ${values[bad]}`
  }
  return undefined
}

const oneNaN = 0x7ff8_0000_0000_0000n

/** A missing number has one bit pattern, whatever computation it came from, so that equal tables have equal digests. */
export const withOneNaN = (column: Column.Column, values: RowId.Values): RowId.Values => {
  if (!Column.isOptional(column) || !(values instanceof Float64Array)) return values
  const isOdd = (value: number, bits: bigint) => Number.isNaN(value) && bits !== oneNaN
  const bits = (array: Float64Array) => new BigUint64Array(array.buffer, array.byteOffset, array.length)
  const before = bits(values)
  if (!values.some((value, row) => Number.isNaN(value) && isOdd(value, before[row]))) return values
  const copy = values.slice()
  const after = bits(copy)
  copy.forEach((value, row) => {
    if (Number.isNaN(value)) after[row] = oneNaN
  })
  return copy
}
