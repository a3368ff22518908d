/**
 * NumPy's own files: `.npy`, one array, and `.npz`, a ZIP archive of such. Arrays of rows become columns where every
 * element comes out as it was; arrays of Python objects are refused, as reading them would run what is in the file.
 */
import { Effect, type FileSystem } from "effect"
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as NpyArray from "../internal/npy/array.ts"
import * as NpyValues from "../internal/npy/values.ts"
import * as Content from "../internal/sources/content.ts"
import * as Declarations from "../internal/sources/declarations.ts"
import * as Files from "../internal/sources/files.ts"
import * as InStep from "../internal/sources/inStep.ts"
import { noColumns } from "../internal/sources/refusals.ts"
import * as Zip from "../internal/sources/zip.ts"
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
 * that its column does not take, or another number of rows than the others. What is wrong with a file is said before what
 * is wrong with a value, and then the first column counts.
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
      Effect.flatMap(InStep.open(entries), (arrays) => tableOf<C>(arrays, onBadRow)).pipe(Effect.scoped)
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
  const handle = Files.isPacked(path) ? Content.inMemory(yield* Files.read(path)) : yield* Content.handle(path)
  const refuse = (reason: string) => {
    const hint = "Write it again with numpy.savez; for more bytes give { maxBytes }."
    return new SourceError({ file, problem: "wrong format", detail: `is no .npz file that is read (${reason})`, hint })
  }
  const wanted = new Set(names.map((name) => `${name}.npy`))
  const parts = yield* Zip.parts(handle, wanted, maxBytes, refuse)
  const arrays = yield* Effect.forEach(names, (name) => {
    const part = parts.get(`${name}.npy`)
    if (part !== undefined) {
      const content = Zip.content(handle, part, names.length, refuse)
      return Effect.map(content, (content) => ({ name, column: columns[name], file, content }))
    }
    const hint = "Declare columns by the names of the arrays."
    return Effect.fail(
      new SourceError({ file, problem: "bad header", detail: `holds no array "${name}"`, hint, column: name })
    )
  })
  return yield* tableOf<C>(arrays, onBadRow)
}, Effect.scoped)

const tableOf = Effect.fn("Source.npy")(function* <C extends Columns>(
  arrays: ReadonlyArray<InStep.Opened>,
  onBadRow: Quarantine.OnBadRow
) {
  if (arrays.length === 0) return yield* noColumns("")
  return yield* InStep.table<C, InStep.Opened>(arrays, layoutOf, onBadRow)
})

/** Reads the header of an array, which has as many rows as the first. */
const layoutOf = Effect.fnUntraced(function* (
  { column, content, file, name }: InStep.Opened,
  first: InStep.Part | undefined
) {
  const found = yield* NpyArray.header(file, name, content)
  const [rows] = found.shape
  if (rows === 0) {
    const hint = "Give an array with at least one row."
    return yield* new SourceError({ file, problem: "empty file", detail: "has no rows", hint, column: name })
  }
  if (first !== undefined && first.rows !== rows) {
    const detail = `holds ${rows} rows of "${name}", but there are ${first.rows} of "${first.name}"`
    const hint = "Give arrays of the same rows."
    return yield* new SourceError({ file, problem: "counts differ", detail, hint, column: name })
  }
  return yield* NpyValues.layoutOf(file, name, column, found)
})
