/**
 * NumPy's own files: `.npy`, one array, and `.npz`, a ZIP archive of such. Arrays of rows become columns where every
 * element comes out as it was; arrays of Python objects are refused, as reading them would run what is in the file.
 */
import { Effect, type FileSystem } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Decode from "../internal/sources/decode.ts"
import * as Exact from "../internal/columns/exact.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import * as SetAside from "../internal/sources/setAside.ts"
import * as Sift from "../internal/sources/sift.ts"
import * as Zip from "../internal/sources/zip.ts"
import * as RowId from "../RowId.ts"
import * as Quarantine from "./Quarantine.ts"
import { SourceError } from "./SourceError.ts"

/** One column and the `.npy` file that holds it. */
export interface File<out C extends Column.Column = Column.Column> {
  readonly path: Files.Path
  readonly column: C
}

/**
 * Reads a table from `.npy` files, one for each column; the first axis is the rows. Elements of either byte order:
 *
 * | column | takes |
 * | --- | --- |
 * | `float` | one axis of integers within 2^53, float32 or float64 that are finite |
 * | `timestamp` | one axis of `datetime64` in days to nanoseconds, of whole microseconds, without NaT |
 * | `category` | one axis of texts (`U`, `S`), integers by their digits, booleans as `true` and `false` |
 * | `tensor` | numbers in C order with the shape behind the rows; only float64 becomes float32 by rounding |
 *
 * Where the column is declared with `Column.optional`, NaN, NaT and the empty text are missing values.
 * Fails with a `SourceError` that names the file, and where it applies the row, column and value: a file is missing, is no
 * `.npy` file, is truncated or too long, has another type or shape than its column takes, holds Python objects, a value
 * that its column does not take, or another number of rows than the others.
 *
 * @example
 * import { Column, Source } from "@watertight/data"
 * const images = { path: "images.npy", column: Column.tensor([8, 8], "uint8") }
 * Source.npy({ images, label: { path: "labels.npy", column: Column.category(["0", "1"]) } }).stage.name // => "npy"
 */
export const npy = <const C extends Columns>(files: {
  readonly [K in keyof C]: File<C[K]>
}): Quarantine.Source<C, SourceError, FileSystem.FileSystem> => {
  const entries = Object.entries<File>(files)
  return Quarantine.source({
    name: "npy",
    version: 1,
    params: Declarations.ofFiles(entries),
    external: Declarations.contentOf(entries),
    label: entries.map(([, { path }]) => Files.systemPath(path))[0] ?? "",
    read: (onBadRow) =>
      Effect.flatMap(
        Effect.forEach(entries, ([name, { column, path }]) =>
          Effect.map(Files.read(path), (bytes) => ({ name, column, file: Files.systemPath(path), bytes }))
        ),
        (arrays) => tableOf<C>(arrays, onBadRow)
      )
  })
}

/** What may be unpacked. */
export interface NpzOptions {
  /** The bytes that the arrays read may have together: 2^31 unless given. A small archive can unpack to any size. */
  readonly maxBytes?: number
}

/**
 * Reads a table from the arrays of a `.npz` file, each under its column's name, as `npy` does; other arrays are not read.
 * Fails as `npy` does, and where the archive is broken, holds a path that leaves it or a name twice, has a part with a
 * wrong checksum, or unpacks to more than `maxBytes`.
 *
 * @example
 * import { Column, Source } from "@watertight/data"
 * Source.npz("mnist.npz", { x_train: Column.tensor([28, 28], "uint8") }).stage.name // => "npz"
 */
export const npz = <const C extends Columns>(
  path: Files.Path,
  columns: C,
  options: NpzOptions = {}
): Quarantine.Source<C, SourceError, FileSystem.FileSystem> =>
  Quarantine.source({
    name: "npz",
    version: 1,
    params: {
      file: Files.nameOf(path),
      columns: Declarations.ofColumns(columns)
    },
    external: Files.digest(path),
    label: Files.systemPath(path),
    read: (onBadRow) => readArchive<C>(path, columns, options.maxBytes ?? 2 ** 31, onBadRow)
  })

const readArchive = Effect.fn("Source.npz")(function* <C extends Columns>(
  path: Files.Path,
  columns: C,
  maxBytes: number,
  onBadRow: Quarantine.OnBadRow
) {
  const file = Files.systemPath(path)
  const names = Object.keys(columns)
  const bytes = yield* Files.read(path)
  const wanted = new Set(names.map((name) => `${name}.npy`))
  const parts = yield* Effect.mapError(Zip.unpack(bytes, wanted, maxBytes), ({ reason }) => {
    const hint = "Write it again with numpy.savez; for more bytes give { maxBytes }."
    return new SourceError({ file, problem: "wrong format", detail: `is no .npz file that is read (${reason})`, hint })
  })
  const arrays = yield* Effect.forEach(names, (name) => {
    const bytes = parts.get(`${name}.npy`)
    if (bytes !== undefined) return Effect.succeed({ name, column: columns[name], file, bytes })
    const hint = "Declare columns by the names of the arrays."
    return Effect.fail(
      new SourceError({ file, problem: "bad header", detail: `holds no array "${name}"`, hint, column: name })
    )
  })
  return yield* tableOf<C>(arrays, onBadRow)
})

interface NamedArray {
  readonly name: string
  readonly column: Column.Column
  readonly file: string
  readonly bytes: Uint8Array
}

const tableOf = Effect.fn("Source.npy")(function* <C extends Columns>(
  arrays: ReadonlyArray<NamedArray>,
  onBadRow: Quarantine.OnBadRow
) {
  const leaving = Sift.leaving()
  const columns: Record<string, Column.Column> = {}
  const values: Record<string, RowId.Values> = {}
  let first: { readonly name: string; readonly rows: number } | undefined
  for (const { bytes, column, file, name } of arrays) {
    const found = yield* parse(file, name, bytes)
    const rows = found.shape[0]
    if (rows === 0) {
      const hint = "Give an array with at least one row."
      return yield* new SourceError({ file, problem: "empty file", detail: "has no rows", hint, column: name })
    }
    if (first !== undefined && first.rows !== rows) {
      const detail = `holds ${rows} rows of "${name}", but there are ${first.rows} of "${first.name}"`
      const hint = "Give arrays of the same rows."
      return yield* new SourceError({ file, problem: "counts differ", detail, hint, column: name })
    }
    first ??= { name, rows }
    columns[name] = column
    const read = valuesOf(file, name, column, found)
    values[name] = yield* onBadRow === "fail"
      ? read
      : Effect.catchIf(
          read,
          ({ problem }) => problem === "bad value",
          () => Effect.sync(() => sifted(file, name, column, found, leaving))
        )
  }
  const file = arrays[0]?.file ?? ""
  if (first === undefined) {
    const hint = "Declare at least one."
    return yield* new SourceError({ file, problem: "bad columns", detail: "was asked for no columns", hint })
  }
  const made = SetAside.sorted(columns as Columns as C, values, first.rows, leaving.left()) // filled array by array
  return yield* Effect.mapError(made, ({ column, message }) => {
    return new SourceError({ file, problem: "bad columns", detail: message, hint: "Declare it otherwise.", column })
  })
})

/** An array as its file holds it. */
export interface Npy {
  /** NumPy's name of the element type, without the byte order: `f8`, `M8[us]`, `U12`. */
  readonly type: string
  readonly shape: ReadonlyArray<number>
  /** The elements, in this machine's byte order, aligned. */
  readonly data: ArrayBuffer
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/** Reads the header of a `.npy` file, and where its elements lie. */
export const parse = Effect.fnUntraced(function* (
  file: string,
  column: string,
  bytes: Uint8Array
): Effect.fn.Return<Npy, SourceError> {
  const refuse = (problem: SourceError["problem"], detail: string, hint: string) =>
    new SourceError({ file, problem, detail, hint, column })
  const again = "Write it again with numpy.save."
  if (bytes.length === 0) return yield* refuse("empty file", "is empty", again)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = bytes[6]
  if (bytes.length < 12 || magic.some((byte, index) => bytes[index] !== byte) || version < 1 || version > 3) {
    return yield* refuse("wrong format", "is no .npy file of version 1, 2 or 3", again)
  }
  const start = version === 1 ? 10 : 12
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  if (bytes.length < end) return yield* refuse("truncated", "ends inside its header", again)
  const header = new TextDecoder().decode(bytes.subarray(start, end))
  const descr = /'descr':\s*'([<>|=])([^']+)'/.exec(header)
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const axes = /'shape':\s*\(\s*((?:\d+\s*,\s*)*\d*)\s*\)/.exec(header)?.[1]
  if (descr === null || order === undefined || axes === undefined) {
    const hint = "Save each field as an array of its own, of numbers, texts or datetime64."
    return yield* refuse("wrong format", `has a header that is not read: ${header.trim().slice(0, 200)}`, hint)
  }
  const shape = axes.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]))
  const [, byteOrder, type] = descr
  const size = sizeOf(type)
  if (size === undefined) {
    const isObject = type.startsWith("O")
    const detail = isObject ? "holds Python objects, which are never loaded" : `holds elements of the type ${type}`
    return yield* refuse("wrong type", detail, "Convert it with astype before it is saved.")
  }
  if (shape.length === 0)
    return yield* refuse("wrong shape", "holds one element without rows", "Save an array of rows.")
  if (order === "True" && shape.length > 1) {
    const hint = "Save numpy.ascontiguousarray of it."
    return yield* refuse("wrong shape", "is in Fortran order, column after column", hint)
  }
  const expected = shape.reduce((product, each) => product * each, size.bytes)
  if (bytes.length - end !== expected) {
    const detail = `has ${bytes.length - end} bytes after its header, which asks for ${expected}`
    return yield* refuse(bytes.length - end < expected ? "truncated" : "too long", detail, again)
  }
  const data = bytes.slice(end)
  if (byteOrder === ">") swap(data, size.unit)
  return { type, shape, data: data.buffer }
})

/** The bytes of an element, and of the numbers in it that have an order of bytes. */
const sizeOf = (type: string): { readonly bytes: number; readonly unit: number } | undefined => {
  const [, kind, digits, rest] = /^([a-zA-Z])(\d+)(.*)$/.exec(type) ?? []
  const size = Number(digits)
  if (rest !== "" && !(kind === "M" && /^\[(D|h|m|s|ms|us|ns)\]$/.test(rest))) return undefined
  if (kind === "U" && size > 0) return { bytes: 4 * size, unit: 4 }
  if (kind === "S" && size > 0) return { bytes: size, unit: 1 }
  const sizes: Readonly<Record<string, ReadonlyArray<number>>> = { b: [1], i: [1, 2, 4, 8], u: [1, 2, 4, 8], f: [4, 8] }
  const isKnown = kind === "M" ? size === 8 && rest !== "" : (sizes[kind] ?? []).includes(size)
  return isKnown ? { bytes: size, unit: size } : undefined
}

const swap = (bytes: Uint8Array, unit: number): void => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (unit === 2) buffer.swap16()
  if (unit === 4) buffer.swap32()
  if (unit === 8) buffer.swap64()
}

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
const sifted = (file: string, name: string, column: Column.Column, array: Npy, leaving: Sift.Leaving): RowId.Values => {
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
