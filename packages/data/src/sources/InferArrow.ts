/**
 * Guesses the declaration of an Arrow IPC file's columns by reading them as each kind in turn, as `Source.arrow` would: what
 * it guesses is what that source takes.
 */
import { Effect, type FileSystem } from "effect"
import * as Column from "../Column.ts"
import * as ArrowRead from "../internal/arrow/read.ts"
import * as Files from "../internal/sources/files.ts"
import * as RowId from "../RowId.ts"
import { unreadable } from "./Arrow.ts"
import type { SourceError } from "./SourceError.ts"

/** What was guessed of one column. */
export interface Guess {
  readonly column?: Column.Column
  readonly note?: string
}

/** What was guessed of a file. */
export interface Guesses {
  readonly columns: ReadonlyMap<string, Guess>
  readonly rows: number
}

/** What is true or false. */
export const booleans = Column.category(["false", "true"])

/** Guesses the columns of an Arrow file; texts with more than `mostLevels` distinct ones are no categories. */
export const guess = Effect.fn("Source.infer")(function* (
  path: Files.Path,
  mostLevels: number
): Effect.fn.Return<Guesses, SourceError, FileSystem.FileSystem> {
  const file = Files.systemPath(path)
  const broken = unreadable(file)
  const opened = yield* Effect.mapError(ArrowRead.open(yield* Files.read(path)), broken)
  const columns = new Map<string, Guess>()
  for (const name of opened.names) {
    columns.set(name, yield* Effect.mapError(guessColumn(opened, name, mostLevels), broken))
  }
  return { columns, rows: opened.length }
})

const guessColumn = Effect.fnUntraced(function* (opened: ArrowRead.Opened, name: string, mostLevels: number) {
  if (opened.names.indexOf(name) !== opened.names.lastIndexOf(name)) return { note: "there is more than one" }
  for (const column of [Column.timestamp, Column.float, booleans, Column.text]) {
    const read = yield* opened.column(name, column)
    if (read._tag === "BadRow" && read.value === undefined) return { note: `has no value in row ${read.row + 1}` }
    if (read._tag !== "Values") continue
    return RowId.isTexts(read.values) ? ofTexts(read.values, mostLevels) : { column }
  }
  return { note: "of no column's kind, or lists whose shape must be declared" }
})

/** Makes a category of few texts, else a column of texts. */
export const ofTexts = (texts: ReadonlyArray<string>, mostLevels: number): Guess => {
  const levels = new Set(texts)
  return levels.size <= mostLevels
    ? { column: Column.category([...levels].sort()) }
    : { column: Column.text, note: `more than ${mostLevels} distinct texts` }
}
