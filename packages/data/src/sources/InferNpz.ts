/**
 * Guesses the declaration of the columns of a `.npz` file by reading each array as each kind in turn, as `Source.npz` would:
 * what it guesses is what that source takes.
 */
import { Effect, type FileSystem, Option } from "effect"
import * as Column from "../Column.ts"
import * as Files from "../internal/sources/files.ts"
import * as Zip from "../internal/sources/zip.ts"
import * as RowId from "../RowId.ts"
import { type Guess, type Guesses, booleans, ofTexts } from "./InferArrow.ts"
import * as NpyArray from "../internal/npy/array.ts"
import * as NpyValues from "../internal/npy/values.ts"
import { SourceError } from "./SourceError.ts"

/** Guesses the columns of the arrays of a `.npz` file: all of as many rows as the first array. */
export const guess = Effect.fn("Source.infer")(function* (
  path: Files.Path,
  mostLevels: number
): Effect.fn.Return<Guesses, SourceError, FileSystem.FileSystem> {
  const file = Files.systemPath(path)
  const bytes = yield* Files.read(path)
  const parts = yield* Effect.mapError(
    Zip.unpack(bytes, { has: (name) => name.endsWith(".npy") }, 2 ** 31),
    (error) => {
      const detail = `is no .npz file that is read (${error.reason})`
      return new SourceError({ file, problem: "wrong format", detail, hint: "Write it again with numpy.savez." })
    }
  )
  const columns = new Map<string, Guess>()
  let rows: number | undefined
  for (const [part, bytes] of parts) {
    const name = part.slice(0, -".npy".length)
    const array = yield* Effect.option(NpyArray.parse(file, name, bytes))
    if (Option.isNone(array)) {
      columns.set(name, { note: "no array of numbers, texts or times" })
      continue
    }
    const { shape } = array.value
    rows ??= shape[0]
    const isOfRows = shape.length > 0 && shape[0] === rows
    columns.set(
      name,
      isOfRows
        ? yield* guessColumn(file, name, array.value, mostLevels)
        : { note: `has the shape [${shape.join(", ")}]` }
    )
  }
  return { columns, rows: rows ?? 0 }
})

const candidates = ({ shape, type }: NpyArray.Npy): ReadonlyArray<Column.Column> => {
  const [, ...row] = shape
  if (row.length === 0) return [Column.timestamp, Column.float, booleans, Column.text]
  const dtypes =
    type === "u1" ? (["uint8"] as const) : type.startsWith("f") ? (["float32"] as const) : (["int32"] as const)
  return dtypes.map((dtype) => Column.tensor(row, dtype))
}

const guessColumn = Effect.fnUntraced(function* (file: string, name: string, array: NpyArray.Npy, mostLevels: number) {
  for (const column of candidates(array)) {
    const values = yield* Effect.option(NpyValues.valuesOf(file, name, column, array))
    if (Option.isNone(values)) continue
    return RowId.isTexts(values.value) ? ofTexts(values.value, mostLevels) : { column }
  }
  return { note: "holds a value that no column takes: one that is missing, not finite, or past 2^53" }
})
