/**
 * Guesses the declaration of an Arrow IPC file's columns by reading them as every kind, as `Source.arrow` would: what
 * it guesses is what that source takes.
 */
import { Effect, type FileSystem, type Scope } from "effect"
import * as Column from "../Column.ts"
import * as Convert from "../internal/arrow/convert.ts"
import { attempt, type Failure } from "../internal/arrow/ipcError.ts"
import * as Read from "../internal/arrow/read.ts"
import * as Refusals from "../internal/arrow/refusals.ts"
import * as Texts from "../internal/arrow/texts.ts"
import * as Files from "../internal/sources/files.ts"
import * as RowId from "../RowId.ts"
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

/** What a column may still be, the likeliest first, and what was seen of it. */
interface Candidate {
  readonly name: string
  readonly place: number
  kinds: ReadonlyArray<{ readonly column: Column.Column; readonly conversion: Convert.Conversion }>
  missing: number | undefined
  readonly texts: Set<string>
}

/** Rows that are looked at together, unless they have more bytes than that. */
const sliceRows = 2 ** 16
const sliceBytes = 2 ** 24

/** Guesses the columns of an Arrow file; texts with more than `mostLevels` distinct ones are no categories. */
export const guess = Effect.fn("Source.infer")(function* (
  path: Files.Path,
  mostLevels: number
): Effect.fn.Return<Guesses, SourceError, FileSystem.FileSystem> {
  const read = Effect.flatMap(Read.open(path), (opened) => guesses(opened, mostLevels))
  return yield* Effect.catchTag(Effect.scoped(read), "IpcError", ({ reason }) =>
    Effect.fail(Refusals.unreadable(Files.systemPath(path), reason))
  )
})

const guesses = Effect.fnUntraced(function* (
  { fields, length, slices }: Read.Opened,
  mostLevels: number
): Effect.fn.Return<Guesses, Failure, Scope.Scope> {
  const names = fields.map(({ name }) => name)
  const candidates: Array<Candidate> = []
  for (const [place, field] of fields.entries()) {
    if (names.indexOf(field.name) !== names.lastIndexOf(field.name)) continue
    const kinds = yield* Effect.forEach([Column.timestamp, Column.float, booleans, Column.text], (column) =>
      Effect.map(
        attempt(() => Convert.make(field, column)),
        (conversion) => ({ column, conversion })
      )
    )
    const suited = kinds.filter(({ conversion }) => conversion.isSuited)
    candidates.push({ name: field.name, place, kinds: suited, missing: undefined, texts: new Set() })
  }
  yield* slices({
    columns: new Map(candidates.map(({ kinds, place }) => [place, kinds.length > 0 ? "values" : "presence"])),
    most: (rowBytes) => Math.min(sliceRows, sliceBytes / rowBytes),
    use: (slice) => Effect.forEach(candidates, (candidate) => look(candidate, slice, mostLevels), { discard: true })
  })
  const twice = names.map((name): [string, Guess] => [name, { note: "there is more than one" }])
  const found = candidates.map((each): [string, Guess] => [each.name, guessOf(each, mostLevels)])
  return { columns: new Map([...twice, ...found]), rows: length }
})

/** Looks at some rows of a column: which kinds it may still be. */
const look = Effect.fnUntraced(function* (
  candidate: Candidate,
  slice: Read.Slice,
  mostLevels: number
): Effect.fn.Return<void, Failure> {
  const { kinds, missing, place, texts } = candidate
  if (missing !== undefined) return
  const rows = yield* kinds.length > 0 ? slice.values(place) : slice.presence(place)
  const row = Texts.presence(rows)?.indexOf(0) ?? -1
  if (row >= 0) candidate.missing = slice.start + row
  candidate.kinds = yield* Effect.filter(kinds, ({ conversion }) =>
    Effect.map(
      attempt(() => conversion.values(rows)),
      (made) => {
        if (!("values" in made)) return false
        if (RowId.isTexts(made.values)) for (const text of made.values) if (texts.size <= mostLevels) texts.add(text)
        return true
      }
    )
  )
})

const guessOf = ({ kinds: [kind], missing, texts }: Candidate, mostLevels: number): Guess => {
  if (missing !== undefined) return { note: `has no value in row ${missing + 1}` }
  if (kind === undefined) return { note: "of no column's kind, or lists whose shape must be declared" }
  return kind.column.kind === "text" ? ofTexts([...texts], mostLevels) : { column: kind.column }
}

/** Makes a category of few texts, else a column of texts. */
export const ofTexts = (texts: ReadonlyArray<string>, mostLevels: number): Guess => {
  const levels = new Set(texts)
  return levels.size <= mostLevels
    ? { column: Column.category([...levels].sort()) }
    : { column: Column.text, note: `more than ${mostLevels} distinct texts` }
}
