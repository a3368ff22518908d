/**
 * Declared columns out of an Arrow file, as a table. What is wrong is that of the first declared column with anything
 * wrong: columns declared before it are looked through to their end, and those after it are not read.
 */
import { Event } from "@watertight/core"
import type * as Arrow from "apache-arrow"
import { Effect, type Scope } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import type * as RowId from "../../RowId.ts"
import type * as Quarantine from "../../sources/Quarantine.ts"
import * as Builder from "../rows/builder.ts"
import { noRows } from "../sources/refusals.ts"
import * as SetAside from "../sources/setAside.ts"
import * as Sift from "../sources/sift.ts"
import * as Convert from "./convert.ts"
import * as Fill from "./fill.ts"
import { attempt, type Failure } from "./ipcError.ts"
import type * as Read from "./read.ts"
import * as Refusals from "./refusals.ts"
import * as Texts from "./texts.ts"

/** A declared column, and the one of the file that it is read from. */
interface Source {
  readonly name: string
  readonly column: Column.Column
  readonly place: number
  readonly type: Arrow.DataType
  readonly conversion: Convert.Conversion
}

/** What is wrong with the first column that has anything wrong, and which of the declared ones that is. */
interface Wrong {
  readonly index: number
  readonly failure: Failure
  /** Whether a value that is missing in the same column would be told of instead. */
  readonly seeks: boolean
}

/** Columns as they are read. */
interface Reading {
  readonly file: string
  readonly sources: ReadonlyArray<Source>
  readonly onBadRow: Quarantine.OnBadRow
  readonly leaving: Sift.Leaving
  wrong: Wrong | undefined
}

/** Reads the declared columns of a file. */
export const read = Effect.fnUntraced(function* <C extends Columns>(
  file: string,
  columns: C,
  opened: Read.Opened,
  onBadRow: Quarantine.OnBadRow
): Effect.fn.Return<Quarantine.Sorted<C>, Failure, Scope.Scope> {
  const { length, slices } = opened
  const reading: Reading = { ...(yield* sourcesOf(file, columns, opened)), file, onBadRow, leaving: Sift.leaving() }
  if (reading.sources.length === 0 && reading.wrong !== undefined) return yield* Effect.fail(reading.wrong.failure)
  if (length === 0) return yield* noRows(file)
  const builder = yield* Builder.make(columns, { file, rows: length })
  const fill = Fill.make(columns, builder, length)
  yield* slices({
    columns: new Map(
      reading.sources.map(({ conversion, place }) => [place, conversion.isSuited ? "values" : "presence"])
    ),
    most: fill.most,
    use: Effect.fnUntraced(function* (slice) {
      const left = new Set<number>()
      for (const [index, { name }] of reading.sources.entries()) {
        if (reading.wrong !== undefined && index >= reading.wrong.index) break
        const values = yield* valuesOf(reading, index, slice, left, fill.room(name, slice.length))
        if (values !== undefined && reading.wrong === undefined) fill.put(name, values)
      }
      if (reading.wrong === undefined) yield* fill.next(slice.length, slice.byteLength, left)
      else yield* seekMissing(reading, reading.wrong, slice)
      if (reading.wrong?.index === 0 && !reading.wrong.seeks) return yield* Effect.fail(reading.wrong.failure)
      if (slice.length < length) yield* Event.progress(slice.start + slice.length, length, "rows")
    })
  })
  if (reading.wrong !== undefined) return yield* Effect.fail(reading.wrong.failure)
  return { table: yield* fill.end, quarantine: SetAside.listed(length, reading.leaving.left()) }
})

/** Finds the declared columns, up to the first that is not there once. */
const sourcesOf = Effect.fnUntraced(function* (file: string, columns: Columns, { fields }: Read.Opened) {
  const sources: Array<Source> = []
  const first = new Map<string, number>()
  const last = new Map(fields.map((field, place) => [field.name, place]))
  for (const [place, field] of fields.entries()) if (!first.has(field.name)) first.set(field.name, place)
  for (const [name, column] of Object.entries(columns)) {
    const place = first.get(name)
    if (place === undefined || last.get(name) !== place) {
      const failure = Refusals.badHeader(file, fields, name)
      return { sources, wrong: { index: sources.length, failure, seeks: false } satisfies Wrong }
    }
    const conversion = yield* attempt(() => Convert.make(fields[place], column))
    sources.push({ name, column, place, type: fields[place].type, conversion })
  }
  return { sources, wrong: undefined }
})

/** Converts some rows of a column, or notes what is wrong with it. */
const valuesOf = Effect.fnUntraced(function* (
  reading: Reading,
  index: number,
  slice: Read.Slice,
  left: Set<number>,
  into: RowId.Numbers | undefined
): Effect.fn.Return<RowId.Values | undefined, Failure> {
  const { file, onBadRow, sources } = reading
  const source = sources[index]
  const { column, conversion, place } = source
  if (!conversion.isSuited) return yield* unsuited(reading, index, slice)
  const rows = yield* slice.values(place)
  const missing = Column.isOptional(column) ? -1 : firstMissing(rows)
  const made =
    missing < 0 ? yield* attempt(() => conversion.values(rows, into)) : { bad: missing * Column.width(column) }
  if ("values" in made) return made.values
  if (onBadRow === "set aside") return yield* attempt(() => sifted(reading, source, slice, rows, left))
  const row = Math.floor(made.bad / Column.width(column))
  const value = missing < 0 ? yield* attempt(() => Convert.show(rows, row)) : undefined
  const failure = Refusals.badValue(file, source, { row: slice.start + row, value })
  reading.wrong = { index, failure, seeks: missing < 0 && !Column.isOptional(column) }
  return undefined
})

const firstMissing = (rows: Arrow.Data): number => Texts.presence(rows)?.indexOf(0) ?? -1

/** Of a column of another type it matters only which of its rows are there. */
const unsuited = Effect.fnUntraced(function* (
  reading: Reading,
  index: number,
  slice: Read.Slice
): Effect.fn.Return<RowId.Values | undefined, Failure> {
  const source = reading.sources[index]
  const mayMiss = Column.isOptional(source.column)
  const there = Texts.presence(yield* slice.presence(source.place))
  if (mayMiss && there?.includes(1) === false) return Convert.allMissing(source.column, slice.length)
  reading.wrong = {
    index,
    failure: Refusals.wrongType(reading.file, source),
    seeks: !mayMiss && reading.onBadRow === "fail"
  }
  return undefined
})

/** A missing value is told of before any other, wherever it is. */
const seekMissing = Effect.fnUntraced(function* (reading: Reading, { index, seeks }: Wrong, slice: Read.Slice) {
  if (!seeks) return
  const source = reading.sources[index]
  const row = firstMissing(yield* slice.presence(source.place))
  if (row < 0) return
  const failure = Refusals.badValue(reading.file, source, { row: slice.start + row, value: undefined })
  reading.wrong = { index, failure, seeks: false }
})

/** The values of rows that the column takes; the others leave. */
const sifted = (
  { file, leaving }: Reading,
  { column, conversion, name }: Source,
  slice: Read.Slice,
  rows: Arrow.Data,
  left: Set<number>
): RowId.Values => {
  const there = Texts.presence(rows)
  const { bad, values } = conversion.sifted(rows)
  for (const row of bad) {
    const value = there?.[row] === 0 ? undefined : Convert.show(rows, row)
    leaving.note(file, name, column, slice.start + row, value)
    left.add(row)
  }
  return values
}
