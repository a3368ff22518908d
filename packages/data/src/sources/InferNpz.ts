/**
 * Guesses the declaration of the columns of a `.npz` file by reading each array as each kind in turn, as `Source.npz` would:
 * what it guesses is what that source takes of the rows that were looked at.
 */
import { Effect, type FileSystem, Option, type Scope } from "effect"
import * as Column from "../Column.ts"
import * as Content from "../internal/sources/content.ts"
import * as Files from "../internal/sources/files.ts"
import * as Guess from "../internal/sources/guess.ts"
import type * as InStep from "../internal/sources/inStep.ts"
import * as Zip from "../internal/sources/zip.ts"
import * as RowId from "../RowId.ts"
import * as NpyArray from "../internal/npy/array.ts"
import * as NpyValues from "../internal/npy/values.ts"
import { SourceError } from "./SourceError.ts"

/** So many bytes of an array are looked at. */
const mostBytes = 1 << 26

interface Found {
  readonly name: string
  readonly content: Content.Content
  readonly npy: NpyArray.Npy
}

/** Guesses the columns of the arrays of a `.npz` file, all of as many rows as the first array, from `most` rows. */
export const guess = Effect.fn("Source.infer")(function* (
  path: Files.Path,
  mostLevels: number,
  most: number
): Effect.fn.Return<Guess.OfFile & { readonly isWhole: boolean }, SourceError, FileSystem.FileSystem | Scope.Scope> {
  const file = Files.systemPath(path)
  const refuse = (reason: string) => {
    const detail = `is no .npz file that is read (${reason})`
    return new SourceError({ file, problem: "wrong format", detail, hint: "Write it again with numpy.savez." })
  }
  const handle = yield* Content.handle(path)
  const parts = yield* Zip.parts(handle, { has: (name) => name.endsWith(".npy") }, 2 ** 31, refuse)
  const columns = new Map<string, Guess.OfColumn>()
  const arrays: Array<Found> = []
  for (const part of parts.values()) {
    const name = part.name.slice(0, -".npy".length)
    const content = yield* Zip.content(handle, part, parts.size, refuse)
    const npy = yield* Effect.option(NpyArray.header(file, name, content))
    if (Option.isSome(npy)) arrays.push({ name, content, npy: npy.value })
    else yield* content.end
    columns.set(name, { note: "no array of numbers, texts or times" })
  }
  const all = arrays[0]?.npy.shape[0] ?? 0
  const fitting = arrays.map(({ npy }) => Math.floor(mostBytes / Math.max(1, npy.rowBytes)))
  const rows = Math.min(all, Math.max(1, Math.min(most, ...fitting)))
  for (const array of arrays) {
    const { name, npy } = array
    const isOfRows = npy.shape[0] === all
    const note = `has the shape [${npy.shape.join(", ")}]`
    columns.set(name, isOfRows ? yield* guessColumn(file, array, rows, mostLevels) : { note })
  }
  return { columns, rows, isWhole: rows === all }
})

const times = [Column.timestamp, Column.optional(Column.timestamp)]
const scalars = [...times, Column.float, Column.optional(Column.float), Guess.booleans, Column.text]

const candidates = ({ shape, type }: NpyArray.Npy): ReadonlyArray<Column.Column> => {
  const [, ...row] = shape
  if (row.length === 0) return scalars
  const dtypes =
    type === "u1" ? (["uint8"] as const) : type.startsWith("f") ? (["float32"] as const) : (["int32"] as const)
  return dtypes.map((dtype) => Column.tensor(row, dtype))
}

const guessColumn = Effect.fnUntraced(function* (
  file: string,
  { content, name, npy }: Found,
  rows: number,
  mostLevels: number
) {
  const bytes = new Uint8Array(rows * npy.rowBytes)
  yield* content.read(bytes)
  if (rows === npy.shape[0]) yield* content.end
  let elements: InStep.Elements | undefined
  for (const column of candidates(npy)) {
    const layout = yield* Effect.option(NpyValues.layoutOf(file, name, column, npy))
    if (Option.isNone(layout)) continue
    elements ??= layout.value.elementsOf(bytes, rows)
    const made = layout.value.made(elements)
    if (!("values" in made)) continue
    if (RowId.isTexts(made.values)) return Guess.ofTexts(made.values, mostLevels)
    const missing = made.values.filter(Number.isNaN).length
    return missing === 0 ? { column } : { column, note: Guess.gapsOf(missing, rows) }
  }
  return { note: "holds a value that no column takes: one that is not finite, or past 2^53" }
})
