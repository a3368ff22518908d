/** What a column holds of an array's elements: each as it was, or the first that its column does not take. */
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import * as RowId from "../../RowId.ts"
import { SourceError } from "../../sources/SourceError.ts"
import * as Exact from "../columns/exact.ts"
import * as Decode from "../sources/decode.ts"
import * as Sift from "../sources/sift.ts"
import type { Npy } from "./array.ts"

const numbersOf = (type: string, data: ArrayBuffer): Exact.Numbers => {
  switch (type.replace(/\[.*/, "")) {
    case "i1":
      return new Int8Array(data)
    case "i2":
      return new Int16Array(data)
    case "u2":
      return new Uint16Array(data)
    case "i4":
      return new Int32Array(data)
    case "u4":
      return new Uint32Array(data)
    case "i8":
    case "M8":
      return new BigInt64Array(data)
    case "u8":
      return new BigUint64Array(data)
    case "f4":
      return new Float32Array(data)
    case "f8":
      return new Float64Array(data)
    default:
      return new Uint8Array(data)
  }
}

/** Makes the values of a column of an array. */
export const valuesOf = Effect.fnUntraced(function* (
  file: string,
  name: string,
  column: Column.Column,
  { data, shape, type }: Npy
): Effect.fn.Return<RowId.Values, SourceError> {
  const row = shape.slice(1)
  const wanted = column.kind === "tensor" ? column.shape : []
  if (row.length !== wanted.length || row.some((size, index) => size !== wanted[index])) {
    const detail = `holds rows of the shape [${row.join(", ")}] in "${name}", but the column takes [${wanted.join(", ")}]`
    const hint = "Declare the column as the array is, or reshape the array."
    return yield* new SourceError({ file, problem: "wrong shape", detail, hint, column: name })
  }
  const elements = elementsOf({ data, shape, type })
  const made = madeOf(type, column, elements)
  if (made === undefined) {
    const detail = `holds elements of the type ${type} in "${name}", which is no ${column.kind} column`
    const hint = "Declare the column otherwise, or convert the array with astype."
    return yield* new SourceError({ file, problem: "wrong type", detail, hint, column: name })
  }
  if ("values" in made) return made.values
  const place = Math.floor(made.bad / Column.width(column)) + 1
  const value = String(elements[made.bad])
  return yield* new SourceError({
    file,
    problem: "bad value",
    detail: `row ${place}, column "${name}" holds ${JSON.stringify(value)}, which is not ${Decode.expected(column)}`,
    hint: column.kind === "category" ? "Correct the value, or declare the level." : "Correct it, or leave the row out.",
    row: place,
    column: name,
    value
  })
})

/** The values of the rows that have some, and a note on each of the others. */
export const sifted = (
  file: string,
  name: string,
  column: Column.Column,
  array: Npy,
  leaving: Sift.Leaving
): RowId.Values => {
  const elements = elementsOf(array)
  const width = Column.width(column)
  const read = (start: number, end: number) => madeOf(array.type, column, elements.slice(start * width, end * width))
  const { bad, values } = Sift.sift(column, array.shape[0], read)
  for (const row of bad) {
    const made = read(row, row + 1)
    const place = made !== undefined && "bad" in made ? made.bad : 0
    leaving.note(file, name, column, row, String(elements[row * width + place]))
  }
  return values
}

const elementsOf = ({ data, shape, type }: Npy): Elements =>
  /^[US]/.test(type) ? texts(type, shape[0], data) : type === "b1" ? booleans(data) : numbersOf(type, data)

const madeOf = (type: string, column: Column.Column, elements: Elements): Exact.Made | undefined =>
  Column.isOptional(column) ? withMissing(type, column, elements) : convert(type, column, elements)

type Elements = Exact.Numbers | ReadonlyArray<string>

const isTexts = (elements: Elements): elements is ReadonlyArray<string> => Array.isArray(elements)

/** NumPy's own ways to miss a value: NaN, NaT, and for texts the empty one. */
const isMissing = (type: string, element: unknown): boolean =>
  element === "" || Number.isNaN(element) || (type.startsWith("M") && element === -(2n ** 63n))

/** Where a value is missing, another stands while the rest is converted. */
const withMissing = (type: string, column: Column.Optional, elements: Elements): Exact.Made | undefined => {
  const isThere = Array.from({ length: elements.length }, (_, row) => !isMissing(type, elements[row]))
  const some = isThere.indexOf(true)
  const made = convert(type, Column.complete(column), some < 0 ? elements.slice(0, 0) : filled(elements, isThere, some))
  if (made === undefined) return undefined
  if (!("values" in made)) return { bad: isThere[made.bad] ? made.bad : some } // which stands in the place of the missing
  if (RowId.isTexts(made.values)) return undefined
  const isCode = column.kind === "optional category"
  const all = isCode ? new Int32Array(isThere.length) : new Float64Array(isThere.length)
  const { values } = made
  isThere.forEach((there, row) => {
    all[row] = there ? Number(values[row]) : isCode ? -1 : Number.NaN
  })
  return { values: all }
}

const filled = (elements: Elements, isThere: ReadonlyArray<boolean>, some: number): Elements => {
  if (isTexts(elements)) return elements.map((element, row) => (isThere[row] ? element : elements[some]))
  const all = elements.slice()
  isThere.forEach((there, row) => {
    if (!there) all[row] = elements[some]
  })
  return all
}

/** Makes a column's values, or nothing where the type is not one of its kind. */
const convert = (type: string, column: Column.Complete, elements: Elements): Exact.Made | undefined => {
  if (isTexts(elements)) {
    if (column.kind === "text") return type === "b1" ? undefined : Exact.texts(elements)
    return column.kind === "category" ? Exact.codesOfTexts(elements, column.levels) : undefined
  }
  const unit = /\[(.*)\]/.exec(type)?.[1]
  if (unit !== undefined || column.kind === "timestamp") {
    const isTime = unit !== undefined && column.kind === "timestamp"
    return isTime ? Exact.instants(elements, unit as Exact.Unit) : undefined // the pattern of sizeOf
  }
  switch (column.kind) {
    case "float":
      return Exact.floats(elements)
    case "category":
      return /^[iu]/.test(type) ? Exact.codes(elements, column.levels) : undefined
    case "tensor":
      return Exact.tensor(elements, column)
  }
}

const booleans = (data: ArrayBuffer): ReadonlyArray<string> =>
  Array.from(new Uint8Array(data), (byte) => ["false", "true"][byte] ?? `byte ${byte}`)

/** Texts of a fixed width, filled up with zeros: code points of 32 bits, or bytes that must be ASCII. */
const texts = (type: string, rows: number, data: ArrayBuffer): ReadonlyArray<string> => {
  const width = Number(type.slice(1))
  const all = type.startsWith("U") ? new Uint32Array(data) : new Uint8Array(data)
  const highest = type.startsWith("U") ? 0x10ffff : 0x7f
  return Array.from({ length: rows }, (_, row) => {
    let end = (row + 1) * width
    while (end > row * width && all[end - 1] === 0) end--
    let text = ""
    for (let at = row * width; at < end; at++) {
      text += all[at] <= highest ? String.fromCodePoint(all[at]) : "\u{fffd}"
    }
    return text
  })
}
