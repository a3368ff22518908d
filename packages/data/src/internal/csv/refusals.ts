/** What is wrong with a CSV file, said so that a person can find the place and mend it. */
import * as Column from "../../Column.ts"
import { SourceError } from "../../sources/SourceError.ts"
import type * as Decode from "./decode.ts"

/** A row that is left out, by its number in the file. */
export interface Left extends Omit<Decode.Left, "record"> {
  readonly row: number
}

/** Says what is wrong with a row as a whole. */
export const sentence = ({ cells, problem }: Pick<Left, "cells" | "problem">, width: number): string => {
  switch (problem) {
    case "cells":
      return `Expected Number of Columns: ${width} Found: ${cells}`
    case "quote":
      return "Value with unterminated quote found"
    case "return":
      return "A carriage return outside of quotes ends no line of this file"
    case "encoding":
      return "Invalid unicode (byte sequence mismatch) detected. This file is not utf-8 encoded"
    case "value":
      return "A cell does not decode"
  }
}

const others = (rows: number): string => (rows > 1 ? ` (the first of ${rows} such rows)` : "")

/** Refuses the first of some rows that are none. */
export const badRow = (file: string, left: Left, width: number, rows: number): SourceError => {
  const { problem, row, value } = left
  if (problem === "encoding") {
    const detail = `is not UTF-8 in row ${row}${others(rows)}`
    const hint = "Convert it, for example with iconv -f WINDOWS-1252 -t UTF-8, from the encoding it was written in."
    return new SourceError({ file, problem: "wrong encoding", detail, hint, row })
  }
  return new SourceError({
    file,
    problem: "bad row",
    detail: `row ${row} is no row of this table: ${sentence(left, width)}${others(rows)}`,
    hint: "Correct the row in the file; a cell that holds a delimiter, a quote or a line break needs quotes around it.",
    row,
    value
  })
}

/** Refuses the first of some rows with a cell that does not decode. */
export const badCell = (
  file: string,
  { column, row, value }: Left,
  declared: Column.Column,
  rows: number
): SourceError =>
  new SourceError({
    file,
    problem: "bad value",
    detail: `row ${row}, column "${column}" holds ${JSON.stringify(value)}, which is not ${expected(declared)}${others(rows)}`,
    hint:
      value.trim() === "" && !Column.isOptional(declared)
        ? "Fill the cell, or declare with Column.optional that values may be missing."
        : Column.complete(declared).kind === "category"
          ? "Correct the cell, or declare the level."
          : "Correct the cell, or leave the row out.",
    row,
    column,
    value
  })

/** Says what a cell of a column holds, as the rest of "is not …". */
export const expected = (declared: Column.Column): string => {
  const column: Column.Complete = Column.complete(declared)
  return {
    float: "a finite decimal number that a float64 holds (whole ones past 2^53 may not)",
    timestamp: "an ISO 8601 date or time, such as 2012-01-31 or 2012-01-31T23:59:59Z",
    category:
      column.kind === "category" ? `one of ${column.levels.map((level) => JSON.stringify(level)).join(", ")}` : "",
    tensor: "a tensor",
    text: "a text"
  }[column.kind]
}

/** Refuses a file without rows. */
export const noRows = (file: string, header: ReadonlyArray<string>): SourceError =>
  new SourceError({
    file,
    problem: "empty file",
    detail: header.join("") === "" ? "is empty" : "has a header but no rows",
    hint: "Give a file with a header and at least one row."
  })

/** Refuses UTF-16 where UTF-8 is expected. */
export const wide = (file: string): SourceError => {
  const hint = 'Say { encoding: "utf-16" }.'
  return new SourceError({ file, problem: "wrong encoding", detail: "is UTF-16, not UTF-8", hint })
}

/** Refuses a header in which a column is missing or there twice. */
export const badHeader = (file: string, header: ReadonlyArray<string>, name: string): SourceError => {
  const isTwice = header.includes(name)
  return new SourceError({
    file,
    problem: "bad header",
    detail: isTwice
      ? `has two columns "${name}" in its header`
      : `has no column "${name}"; its header is ${header.map((cell) => JSON.stringify(cell)).join(", ")}`,
    hint: isTwice ? "Rename one of them." : "Declare columns by the names in the header.",
    column: name
  })
}

/** Refuses what is too long to be kept: a header, or a record. */
export const endless = (file: string, what: "header" | "row"): SourceError =>
  what === "header"
    ? new SourceError({ file, problem: "bad header", detail: "has a header of 16 MiB or more", hint: tooWide })
    : new SourceError({
        file,
        problem: "bad row",
        detail: "has a row of 16 MiB or more, as if a quote were not closed",
        hint: "Close the quote; a cell that holds a quote needs quotes around it, and the quote doubled."
      })

/** What to do about too many columns. */
export const tooWide = "Give the right delimiter, or lay the table on its side; wide arrays are better kept as .npy."
