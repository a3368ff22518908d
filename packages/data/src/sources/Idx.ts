/**
 * IDX files, the format MNIST and its relatives come in: a magic number that names the element type and the number of
 * dimensions, the dimensions as big-endian 32-bit numbers, then the elements. One file holds one column.
 */
import { Effect, type FileSystem } from "effect"
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import type * as Content from "../internal/sources/content.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import * as InStep from "../internal/sources/inStep.ts"
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
  /** What the file should have. */
  readonly bytes: number
}

/**
 * Reads a table from IDX files, one for each column; names ending in `.gz` are unpacked. Tensors may hold unsigned bytes
 * (either dtype) or floats (`float32`); the file's dimensions are the number of rows followed by the tensor's shape.
 * Categories are read from one-dimensional files of unsigned bytes. Fails with a `SourceError` that names the file when
 * one is missing, is no IDX file, is truncated or too long, has another shape than declared, has a label without a
 * level, or has another number of rows than the others: what is wrong with a file before what is wrong with a label.
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
    read: (onBadRow) => Effect.scoped(readTable<C>(entries, onBadRow))
  })
}

const readTable = Effect.fn("Source.idx")(function* <C extends IdxColumns>(
  entries: ReadonlyArray<[string, File]>,
  onBadRow: Quarantine.OnBadRow
) {
  return yield* InStep.table<C, OpenFile>(yield* InStep.open(entries), layoutOf, onBadRow)
})

type OpenFile = InStep.Opened<File["column"]>

/** Reads the header of a file, which has as many rows as the first. */
const layoutOf = Effect.fnUntraced(function* (
  { column, content, file, name }: OpenFile,
  first: InStep.Part | undefined
): Effect.fn.Return<InStep.Layout, SourceError> {
  const found = yield* parse(file, content)
  const [rows, ...row] = found.shape
  if (first !== undefined && first.rows !== rows) {
    return yield* new SourceError({
      file,
      problem: "counts differ",
      detail: `holds ${rows} rows, but ${first.file} holds ${first.rows}`,
      hint: "Give files of the same partition: images with their own labels.",
      column: name
    })
  }
  const values = yield* column.kind === "tensor" ? tensor(file, name, column, found) : codes(file, name, column, found)
  return {
    rows,
    rowBytes: row.reduce((product, size) => product * size, elements[found.element].size),
    bytes: found.bytes,
    wrongLength: (bytes) => wrongLength(file, found, bytes),
    refuse: (row, label) => wrongLabel(file, name, column, row, label),
    ...values
  }
})

const again = "Fetch the file again."

const parse = Effect.fnUntraced(function* (file: string, content: Content.Content): Effect.fn.Return<Idx, SourceError> {
  const magic = new Uint8Array(4)
  const count = yield* content.read(magic)
  if (count === 0) return yield* new SourceError({ file, problem: "empty file", detail: "is empty", hint: again })
  const [zero, alsoZero, element, axes] = magic
  if (count < 4 || zero !== 0 || alsoZero !== 0 || elements[element] === undefined || axes === 0) {
    const found = [...magic.subarray(0, count)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
    return yield* new SourceError({
      file,
      problem: "wrong format",
      detail: `is no IDX file: it starts with the bytes ${found}, not with an IDX magic number such as 00 00 08 03`,
      hint: "Give an IDX file; a packed one needs a name ending in .gz."
    })
  }
  const sizes = new Uint8Array(4 * axes)
  const header = 4 + sizes.length
  if ((yield* content.read(sizes)) < sizes.length) {
    const detail = `ends inside its header of ${header} bytes`
    return yield* new SourceError({ file, problem: "truncated", detail, hint: again })
  }
  const view = new DataView(sizes.buffer)
  const shape = Array.from({ length: axes }, (_, index) => view.getUint32(4 * index))
  const bytes = header + shape.reduce((product, size) => product * size, elements[element].size)
  const found = { element, shape, bytes }
  const isRight = content.size === undefined || content.size === bytes
  return isRight ? found : yield* wrongLength(file, found, content.size)
})

const wrongLength = (file: string, { bytes: expected, shape }: Idx, bytes: number): SourceError =>
  new SourceError({
    file,
    problem: bytes < expected ? "truncated" : "too long",
    detail: `has ${bytes} bytes, but its header (${shape.join(" x ")}) asks for ${expected}`,
    hint: again
  })

/** What is made of a file's elements. */
type Values = Pick<InStep.Layout, "elementsOf" | "made">

const tensor = (
  file: string,
  name: string,
  column: Column.Tensor,
  { element, shape }: Idx
): Effect.Effect<Values, SourceError> => {
  const row = shape.slice(1)
  if (row.length !== column.shape.length || row.some((size, index) => size !== column.shape[index])) {
    return wrongShape(
      file,
      name,
      `one row is [${row.join(", ")}], but the column "${name}" has the shape [${column.shape.join(", ")}]`
    )
  }
  const made = (values: InStep.Elements) => ({ values: values as RowId.Values }) // any element is one
  if (element === 0x08) {
    const isBytes = column.dtype === "uint8"
    return Effect.succeed({ made, elementsOf: (bytes) => (isBytes ? bytes : new Float32Array(bytes)) })
  }
  if (element === 0x0d && column.dtype === "float32") return Effect.succeed({ made, elementsOf: floats })
  return wrongShape(
    file,
    name,
    `its elements are of type ${elements[element].name}, which is no ${column.dtype} column`
  )
}

/** Turns the bytes of each number around. A NaN becomes a quiet one, as where a processor converts it. */
const floats = (bytes: Uint8Array): Float32Array => {
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).swap32()
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  for (let place = 0; place < words.length; place++) {
    if ((words[place] & 0x7fff_ffff) > 0x7f80_0000) words[place] |= 0x0040_0000
  }
  return new Float32Array(bytes.buffer, bytes.byteOffset, words.length)
}

const codes = (
  file: string,
  name: string,
  { levels }: Column.Category,
  { element, shape }: Idx
): Effect.Effect<Values, SourceError> => {
  if (element !== 0x08 || shape.length !== 1) {
    const found = `${elements[element].name}s in ${shape.length} dimensions`
    return wrongShape(file, name, `it holds ${found}, but labels are unsigned bytes in one dimension`)
  }
  const made = (labels: InStep.Elements) => {
    const codes = new Int32Array(labels as Uint8Array) // of elementsOf
    const bad = codes.findIndex((code) => code >= levels.length)
    return bad < 0 ? { values: codes } : { bad }
  }
  return Effect.succeed({ made, elementsOf: (bytes) => bytes })
}

const wrongLabel = (
  file: string,
  name: string,
  column: Column.Category | Column.Tensor,
  row: number,
  label: string
): SourceError => {
  const levels = column.kind === "category" ? column.levels.length : 0
  return new SourceError({
    file,
    problem: "bad value",
    detail: `has the label ${label} in row ${row}, but the column "${name}" has ${levels} levels, 0 to ${levels - 1}`,
    hint: "Correct the file, or declare the missing levels.",
    row,
    column: name,
    value: label
  })
}

const wrongShape = (file: string, column: string, detail: string): Effect.Effect<never, SourceError> =>
  Effect.fail(
    new SourceError({ file, problem: "wrong shape", detail, hint: "Declare the column as the file has it.", column })
  )
