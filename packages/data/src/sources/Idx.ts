/**
 * IDX files, the format MNIST and its relatives come in: a magic number that names the element type and the number of
 * dimensions, the dimensions as big-endian 32-bit numbers, then the elements. One file holds one column.
 */
import { Effect, type FileSystem } from "effect"
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import * as SetAside from "../internal/sources/setAside.ts"
import * as Sift from "../internal/sources/sift.ts"
import type * as RowId from "../RowId.ts"
import * as Quarantine from "./Quarantine.ts"
import { SourceError } from "./SourceError.ts"

/** One column and the file that holds it: a category's bytes are places in its list of levels. */
export interface File<out C extends Column.Category | Column.Tensor = Column.Category | Column.Tensor> {
  readonly path: Files.Path
  readonly column: C
}

/** The columns that IDX files can hold. */
interface IdxColumns extends Columns {
  readonly [name: string]: Column.Category | Column.Tensor
}

/** Element types by their code in the magic number: a name, and bytes per element. */
const elements: Readonly<Record<number, { readonly name: string; readonly size: number }>> = {
  0x08: { name: "unsigned byte", size: 1 },
  0x09: { name: "signed byte", size: 1 },
  0x0b: { name: "short", size: 2 },
  0x0c: { name: "int", size: 4 },
  0x0d: { name: "float", size: 4 },
  0x0e: { name: "double", size: 8 }
}

interface Idx {
  readonly element: number
  readonly shape: ReadonlyArray<number>
  readonly data: Uint8Array
}

/**
 * Reads a table from IDX files, one for each column; names ending in `.gz` are unpacked. Tensors may hold unsigned bytes
 * (either dtype) or floats (`float32`); the file's dimensions are the number of rows followed by the tensor's shape.
 * Categories are read from one-dimensional files of unsigned bytes. Fails with a `SourceError` that names the file when
 * one is missing, is no IDX file, is truncated or too long, has another shape than declared, has a label without a
 * level, or has another number of rows than the others.
 *
 * @example
 * import { Column, Source } from "@watertight/data"
 * const digits = Source.idx({
 *   image: { path: "train-images-idx3-ubyte", column: Column.tensor([28, 28], "uint8") },
 *   label: { path: "train-labels-idx1-ubyte", column: Column.category(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]) }
 * })
 * digits.stage.name // => "idx"
 */
export const idx = <const C extends IdxColumns>(files: {
  readonly [K in keyof C]: File<C[K]>
}): Quarantine.Source<C, SourceError, FileSystem.FileSystem> => {
  const entries = Object.entries<File>(files)
  return Quarantine.source({
    name: "idx",
    version: 1,
    params: Declarations.ofFiles(entries),
    external: Declarations.contentOf(entries),
    label: entries.map(([, { path }]) => Files.systemPath(path))[0] ?? "",
    read: (onBadRow) => readTable<C>(entries, onBadRow)
  })
}

const readTable = Effect.fn("Source.idx")(function* <C extends IdxColumns>(
  entries: ReadonlyArray<[string, File]>,
  onBadRow: Quarantine.OnBadRow
) {
  const leaving = Sift.leaving()
  const columns: Record<string, Column.Column> = {}
  const values: Record<string, RowId.Values> = {}
  let first: { readonly file: string; readonly rows: number } | undefined
  for (const [name, { column, path }] of entries) {
    const file = Files.systemPath(path)
    const content = yield* parse(file, yield* Files.read(path))
    const rows = content.shape[0]
    if (first !== undefined && first.rows !== rows) {
      return yield* new SourceError({
        file,
        problem: "counts differ",
        detail: `holds ${rows} rows, but ${first.file} holds ${first.rows}`,
        hint: "Give files of the same partition: images with their own labels.",
        column: name
      })
    }
    first ??= { file, rows }
    columns[name] = column
    values[name] = yield* column.kind === "tensor"
      ? tensor(file, name, column, content)
      : codes(file, name, column, content, onBadRow === "fail" ? undefined : leaving)
  }
  const length = first?.rows ?? 0
  const made = SetAside.sorted(columns as Columns as C, values, length, leaving.left()) // filled entry by entry
  return yield* Effect.mapError(made, ({ column, message }) => {
    return new SourceError({
      file: first?.file ?? "",
      problem: "bad columns",
      detail: message,
      hint: "Rename it.",
      column
    })
  })
})

const parse = Effect.fnUntraced(function* (file: string, bytes: Uint8Array): Effect.fn.Return<Idx, SourceError> {
  const again = "Fetch the file again."
  if (bytes.length === 0) {
    return yield* new SourceError({ file, problem: "empty file", detail: "is empty", hint: again })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const element = bytes[2]
  const header = 4 + 4 * bytes[3]
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || elements[element] === undefined || bytes[3] === 0) {
    const magic = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
    return yield* new SourceError({
      file,
      problem: "wrong format",
      detail: `is no IDX file: it starts with the bytes ${magic}, not with an IDX magic number such as 00 00 08 03`,
      hint: "Give an IDX file; a packed one needs a name ending in .gz."
    })
  }
  if (bytes.length < header) {
    const detail = `ends inside its header of ${header} bytes`
    return yield* new SourceError({ file, problem: "truncated", detail, hint: again })
  }
  const shape = Array.from({ length: bytes[3] }, (_, index) => view.getUint32(4 + 4 * index))
  const expected = header + shape.reduce((product, size) => product * size, elements[element].size)
  if (bytes.length !== expected) {
    return yield* new SourceError({
      file,
      problem: bytes.length < expected ? "truncated" : "too long",
      detail: `has ${bytes.length} bytes, but its header (${shape.join(" x ")}) asks for ${expected}`,
      hint: again
    })
  }
  return { element, shape, data: bytes.subarray(header) }
})

const tensor = (
  file: string,
  name: string,
  column: Column.Tensor,
  { data, element, shape }: Idx
): Effect.Effect<Uint8Array | Float32Array, SourceError> => {
  const row = shape.slice(1)
  if (row.length !== column.shape.length || row.some((size, index) => size !== column.shape[index])) {
    return wrongShape(
      file,
      name,
      `one row is [${row.join(", ")}], but the column "${name}" has the shape [${column.shape.join(", ")}]`
    )
  }
  if (element === 0x08) return Effect.succeed(column.dtype === "uint8" ? data : new Float32Array(data))
  if (element === 0x0d && column.dtype === "float32") return Effect.succeed(floats(data))
  return wrongShape(
    file,
    name,
    `its elements are of type ${elements[element].name}, which is no ${column.dtype} column`
  )
}

const floats = (data: Uint8Array): Float32Array => {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  return Float32Array.from({ length: data.byteLength / 4 }, (_, index) => view.getFloat32(4 * index))
}

const codes = (
  file: string,
  name: string,
  column: Column.Category,
  { data, element, shape }: Idx,
  leaving: Sift.Leaving | undefined
): Effect.Effect<Int32Array, SourceError> => {
  if (element !== 0x08 || shape.length !== 1) {
    const found = `${elements[element].name}s in ${shape.length} dimensions`
    return wrongShape(file, name, `it holds ${found}, but labels are unsigned bytes in one dimension`)
  }
  const bad = data.findIndex((label) => label >= column.levels.length)
  if (bad < 0) return Effect.succeed(Int32Array.from(data))
  if (leaving !== undefined) {
    return Effect.sync(() => {
      data.forEach((label, row) => {
        if (label >= column.levels.length) leaving.note(file, name, column, row, String(label))
      })
      return Int32Array.from(data)
    })
  }
  return Effect.fail(
    new SourceError({
      file,
      problem: "bad value",
      detail: `has the label ${data[bad]} in row ${bad + 1}, but the column "${name}" has ${column.levels.length} levels, 0 to ${column.levels.length - 1}`,
      hint: "Correct the file, or declare the missing levels.",
      row: bad + 1,
      column: name,
      value: String(data[bad])
    })
  )
}

const wrongShape = (file: string, column: string, detail: string): Effect.Effect<never, SourceError> =>
  Effect.fail(
    new SourceError({ file, problem: "wrong shape", detail, hint: "Declare the column as the file has it.", column })
  )
