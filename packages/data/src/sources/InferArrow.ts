/**
 * Guesses the declaration of an Arrow IPC file's columns by reading them as every kind, as `Source.arrow` would: what
 * it guesses is what that source takes.
 */
import type * as Arrow from "apache-arrow"
import { Effect, type FileSystem, type Scope } from "effect"
import * as Column from "../Column.ts"
import * as Convert from "../internal/arrow/convert.ts"
import { attempt, type Failure } from "../internal/arrow/ipcError.ts"
import * as Read from "../internal/arrow/read.ts"
import * as Refusals from "../internal/arrow/refusals.ts"
import * as Rows from "../internal/arrow/rows.ts"
import * as Tensor from "../internal/arrow/tensor.ts"
import * as Texts from "../internal/arrow/texts.ts"
import * as Guess from "../internal/sources/guess.ts"
import * as Files from "../internal/sources/files.ts"
import * as RowId from "../RowId.ts"
import type { SourceError } from "./SourceError.ts"

/** A kind that a column may be of. */
interface Kind {
  readonly column: Column.Column
  readonly conversion: Convert.Conversion
}

/** What a column may still be, the likeliest first, and what was seen of it. */
interface Candidate {
  readonly field: Arrow.Field
  readonly place: number
  kinds: ReadonlyArray<Kind>
  missing: number
  readonly texts: Set<string>
}

/** Rows that are looked at together, unless they have more bytes than that. */
const sliceRows = 2 ** 16
const sliceBytes = 2 ** 24

/** Guesses the columns of an Arrow file; texts with more than `mostLevels` distinct ones are no categories. */
export const guess = Effect.fn("Source.infer")(function* (
  path: Files.Path,
  mostLevels: number
): Effect.fn.Return<Guess.OfFile, SourceError, FileSystem.FileSystem> {
  const read = Effect.flatMap(Read.open(path), (opened) => guesses(opened, mostLevels))
  return yield* Effect.catchTag(Effect.scoped(read), "IpcError", ({ reason }) =>
    Effect.fail(Refusals.unreadable(Files.systemPath(path), reason))
  )
})

const guesses = Effect.fnUntraced(function* (
  { fields, length, slices }: Read.Opened,
  mostLevels: number
): Effect.fn.Return<Guess.OfFile, Failure, Scope.Scope> {
  const names = fields.map(({ name }) => name)
  const candidates: Array<Candidate> = []
  for (const [place, field] of fields.entries()) {
    if (names.indexOf(field.name) !== names.lastIndexOf(field.name)) continue
    candidates.push({ field, place, kinds: yield* suited(field, scalars), missing: 0, texts: new Set() })
  }
  const isRead = ({ field, kinds }: Candidate) => kinds.length > 0 || Rows.isReadable(field.type)
  yield* slices({
    columns: new Map(candidates.map((each) => [each.place, isRead(each) ? "values" : "presence"])),
    most: (rowBytes) => Math.min(sliceRows, sliceBytes / rowBytes),
    use: (slice) => Effect.forEach(candidates, (candidate) => look(candidate, slice, mostLevels), { discard: true })
  })
  const twice = names.map((name): [string, Guess.OfColumn] => [name, { note: "there is more than one" }])
  const found = candidates.map((each): [string, Guess.OfColumn] => [each.field.name, guessOf(each, length, mostLevels)])
  return { columns: new Map([...twice, ...found]), rows: length }
})

/** What has one value a row. */
const scalars = [
  Column.optional(Column.timestamp),
  Column.optional(Column.float),
  Column.optional(Guess.booleans),
  Column.text
]

/** The kinds of columns that take a field's type. */
const suited = (field: Arrow.Field, columns: ReadonlyArray<Column.Column>) =>
  attempt(() =>
    columns
      .map((column) => ({ column, conversion: Convert.make(field, column) }))
      .filter(({ conversion }) => conversion.isSuited)
  )

/** Looks at some rows of a column: which kinds it may still be. */
const look = Effect.fnUntraced(function* (
  candidate: Candidate,
  slice: Read.Slice,
  mostLevels: number
): Effect.fn.Return<void, Failure> {
  const { field, kinds, place, texts } = candidate
  const isList = slice.start === 0 && Tensor.isList(field.type) && Rows.isReadable(field.type)
  const rows = yield* kinds.length > 0 || isList ? slice.values(place) : slice.presence(place)
  const there = Texts.presence(rows)
  candidate.missing += there?.reduce((sum, bit) => sum + 1 - bit, 0) ?? 0
  const tensor = isList ? yield* attempt(() => Tensor.guess(field, rows)) : undefined
  const still = tensor === undefined ? kinds : yield* suited(field, [tensor])
  candidate.kinds = yield* Effect.filter(still, ({ column, conversion }) =>
    Effect.map(
      attempt(() => conversion.values(rows)),
      (made) => {
        if (!("values" in made)) return false
        if (column.kind === "text" && RowId.isTexts(made.values)) {
          made.values.forEach((text, row) => {
            if (there?.[row] !== 0 && texts.size <= mostLevels) texts.add(text)
          })
        }
        return true
      }
    )
  )
})

const guessOf = (
  { field, kinds: [kind], missing, texts }: Candidate,
  rows: number,
  mostLevels: number
): Guess.OfColumn => {
  if (missing === rows) return { note: "has no values" }
  const gaps = missing === 0 ? undefined : Guess.gapsOf(missing, rows)
  if (kind?.column.kind === "text") return Guess.ofTexts([...texts], mostLevels, gaps)
  if (kind === undefined) return { note: Guess.noted(Tensor.isNumber(field.type) ? Guess.noFloat : noKind, gaps) }
  return gaps === undefined ? { column: Column.complete(kind.column) } : { column: kind.column, note: gaps }
}

const noKind = "of no column's kind, or lists of several shapes"
