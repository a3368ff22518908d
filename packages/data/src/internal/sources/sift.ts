/**
 * Columns of arrays whose elements do not all come out as they were: the values of the rows that do, and which rows do
 * not. Readers stop at the first bad element; here they are asked again, piece by piece.
 */
import * as Column from "../../Column.ts"
import type * as RowId from "../../RowId.ts"
import type * as Quarantine from "../../sources/Quarantine.ts"
import * as Decode from "./decode.ts"
import * as Exact from "../columns/exact.ts"
import * as SetAside from "./setAside.ts"

/** A column with a place for each row; what stands in those of bad rows means nothing. */
export interface Sifted {
  readonly values: RowId.Values
  readonly bad: ReadonlyArray<number>
}

/** After a bad row so many rows at most are read again. */
const piece = 256

const emptyOf = (column: Column.Column, rows: number): Exclude<RowId.Values, ReadonlyArray<string>> | Array<string> => {
  const complete = Column.complete(column)
  if (complete.kind === "text") return new Array<string>(rows).fill("")
  if (complete.kind === "tensor") return Exact.arrayOf(complete.dtype, rows * Column.width(column))
  return complete.kind === "category" ? new Int32Array(rows) : new Float64Array(rows)
}

/** Reads all rows with what reads those from one place to another, or says which of them is bad. */
export const sift = (
  column: Column.Column,
  rows: number,
  read: (start: number, end: number) => Exact.Made | undefined
): Sifted => {
  const width = Column.width(column)
  const values = emptyOf(column, rows)
  const bad: Array<number> = []
  const put = (found: RowId.Values, start: number) => {
    for (let place = 0; place < found.length; place++) values[start * width + place] = found[place]
  }
  const readTo = (from: number, end: number): void => {
    for (let start = from; start < end;) {
      const made = read(start, end)
      if (made !== undefined && "values" in made) return put(made.values, start)
      const row = made === undefined ? start : start + Math.floor(made.bad / width)
      if (row > start) readTo(start, row)
      bad.push(row)
      start = row + 1
    }
  }
  for (let start = 0; start < rows; start += piece) readTo(start, Math.min(rows, start + piece))
  return { values, bad: bad.sort((one, other) => one - other) }
}

/** Reads rows one at a time. */
export const rowByRow = (
  column: Column.Column,
  start: number,
  end: number,
  read: (row: number) => Exact.Made | undefined
): Exact.Made => {
  const width = Column.width(column)
  const values = emptyOf(column, end - start)
  for (let row = start; row < end; row++) {
    const made = read(row)
    if (made === undefined || "bad" in made) return { bad: (row - start) * width }
    for (let place = 0; place < width; place++) values[(row - start) * width + place] = made.values[place]
  }
  return { values }
}

/** A row that leaves; `place` counts from 0. */
export const leftOf = (
  file: string,
  name: string,
  column: Column.Column,
  place: number,
  value: string | undefined
): Quarantine.Left => {
  const reason = value === undefined ? "has no value" : `is not ${Decode.expected(column)}`
  const row: Quarantine.SetAside = { file, row: place + 1, column: name, value: value ?? "", reason }
  return { reason: SetAside.because(name), row }
}

/** Rows that left, each under the first of its columns that is bad. */
export interface Leaving {
  readonly note: (...row: Parameters<typeof leftOf>) => void
  readonly left: () => ReadonlyArray<Quarantine.Left>
}

/** Collects rows that leave. */
export const leaving = (): Leaving => {
  const rows = new Map<number, Quarantine.Left>()
  return {
    note: (file, name, column, place, value) => {
      if (!rows.has(place)) rows.set(place, leftOf(file, name, column, place, value))
    },
    left: () => [...rows.values()]
  }
}
