/** What is said of Arrow files that do not hold the table that was declared. */
import type * as Arrow from "apache-arrow"
import type * as Column from "../../Column.ts"
import { SourceError } from "../../sources/SourceError.ts"
import * as Decode from "../sources/decode.ts"

/** A declared column, and the type that the file has for it. */
interface Declared {
  readonly name: string
  readonly column: Column.Column
  readonly type: Arrow.DataType
}

/** Says why a file cannot be read as Arrow. */
export const unreadable = (file: string, reason: string): SourceError => {
  const detail = `is no Arrow IPC file or stream that can be read (${reason})`
  return new SourceError({ file, problem: "wrong format", detail, hint: "Write it again." })
}

/** Says that a column is not there, or more than once. */
export const badHeader = (file: string, fields: ReadonlyArray<Arrow.Field>, name: string): SourceError => {
  const has = fields.map((field) => JSON.stringify(field.name)).join(", ")
  const detail = fields.some((field) => field.name === name)
    ? `has more than one column "${name}"`
    : `has no column "${name}"; its columns are ${has}`
  const hint = "Declare columns by the names the file has, letter for letter."
  return new SourceError({ file, problem: "bad header", detail, hint, column: name })
}

/** Says that a column's type is not one of its kind. */
export const wrongType = (file: string, { column, name, type }: Declared): SourceError => {
  const detail = `holds ${type} in column "${name}", which is no ${column.kind} column`
  const hint = "Declare it otherwise, or convert it when the file is written."
  return new SourceError({ file, problem: "wrong type", detail, hint, column: name })
}

/** Says which value a column does not take, or that there is none; the first row is 0. */
export const badValue = (
  file: string,
  { column, name }: Declared,
  { row, value }: { readonly row: number; readonly value: string | undefined }
): SourceError => {
  const place = { file, problem: "bad value", row: row + 1, column: name } as const
  const at = `row ${row + 1}, column "${name}"`
  if (value === undefined) {
    const hint = "Fill the place, or declare with Column.optional that values may be missing."
    return new SourceError({ ...place, detail: `${at} has no value`, hint })
  }
  const shown = JSON.stringify(value.length > 200 ? `${value.slice(0, 199)}…` : value)
  const detail = `${at} holds ${shown}, which is not ${Decode.expected(column)}`
  const hint =
    column.kind === "category" ? "Correct the value, or declare the level." : "Correct it, or leave the row out."
  return new SourceError({ ...place, detail, hint, value })
}
