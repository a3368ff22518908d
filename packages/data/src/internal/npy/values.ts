/** What a column holds of an array's elements: each as it was, or the first that its column does not take. */
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import * as RowId from "../../RowId.ts"
import { SourceError } from "../../sources/SourceError.ts"
import * as Exact from "../columns/exact.ts"
import * as Decode from "../sources/decode.ts"
import type { Elements, Layout } from "../sources/inStep.ts"
import { type Npy, swap, wrongLength } from "./array.ts"

interface Kind {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Exact.Numbers
  readonly BYTES_PER_ELEMENT: number
}

/** Arrays of NumPy's numbers; others have unsigned bytes. */
const kinds = new Map<string, Kind>([
  ["i1", Int8Array],
  ["i2", Int16Array],
  ["u2", Uint16Array],
  ["i4", Int32Array],
  ["u4", Uint32Array],
  ["i8", BigInt64Array],
  ["M8", BigInt64Array],
  ["u8", BigUint64Array],
  ["f4", Float32Array],
  ["f8", Float64Array]
])

const numbersOf = (type: string, { buffer, byteLength, byteOffset }: Uint8Array): Exact.Numbers => {
  const Numbers = kinds.get(type.replace(/\[.*/, "")) ?? Uint8Array
  return new Numbers(buffer, byteOffset, byteLength / Numbers.BYTES_PER_ELEMENT)
}

/** Says how an array's rows become those of a column. */
export const layoutOf = Effect.fnUntraced(function* (
  file: string,
  name: string,
  column: Column.Column,
  npy: Npy
): Effect.fn.Return<Layout, SourceError> {
  const { shape, swapped, type } = npy
  const [rows, ...row] = shape
  const wanted = column.kind === "tensor" ? column.shape : []
  if (row.length !== wanted.length || row.some((size, index) => size !== wanted[index])) {
    const detail = `holds rows of the shape [${row.join(", ")}] in "${name}", but the column takes [${wanted.join(", ")}]`
    const hint = "Declare the column as the array is, or reshape the array."
    return yield* new SourceError({ file, problem: "wrong shape", detail, hint, column: name })
  }
  if (madeOf(type, column, elementsOf(type, new Uint8Array(0), 0)) === undefined) {
    const detail = `holds elements of the type ${type} in "${name}", which is no ${column.kind} column`
    const hint = "Declare the column otherwise, or convert the array with astype."
    return yield* new SourceError({ file, problem: "wrong type", detail, hint, column: name })
  }
  return {
    rows,
    rowBytes: npy.rowBytes,
    bytes: npy.bytes,
    elementsOf: (bytes, rows) => {
      swap(bytes, swapped)
      return elementsOf(type, bytes, rows)
    },
    made: (elements) => madeOf(type, column, elements) ?? { bad: 0 }, // its type was asked for above
    refuse: (row, value) => badValue(file, name, column, row, value),
    wrongLength: (bytes) => wrongLength(file, name, npy, bytes)
  }
})

const badValue = (file: string, name: string, column: Column.Column, row: number, value: string): SourceError =>
  new SourceError({
    file,
    problem: "bad value",
    detail: `row ${row}, column "${name}" holds ${JSON.stringify(value)}, which is not ${Decode.expected(column)}`,
    hint: column.kind === "category" ? "Correct the value, or declare the level." : "Correct it, or leave the row out.",
    row,
    column: name,
    value
  })

const elementsOf = (type: string, bytes: Uint8Array, rows: number): Elements =>
  /^[US]/.test(type) ? texts(type, rows, bytes) : type === "b1" ? booleans(bytes) : numbersOf(type, bytes)

const madeOf = (type: string, column: Column.Column, elements: Elements): Exact.Made | undefined =>
  Column.isOptional(column) ? withMissing(type, column, elements) : convert(type, column, elements)

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

const booleans = (bytes: Uint8Array): ReadonlyArray<string> =>
  Array.from(bytes, (byte) => ["false", "true"][byte] ?? `byte ${byte}`)

/** Texts of a fixed width, filled up with zeros: code points of 32 bits, or bytes that must be ASCII. */
const texts = (type: string, rows: number, bytes: Uint8Array): ReadonlyArray<string> => {
  const width = Number(type.slice(1))
  const all = type.startsWith("U") ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) : bytes
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
