/**
 * Columns that lie in files of their own, or in parts of one, read in step: a block of rows of each at a time. What comes
 * out, and what is said of bad files and values, does not depend on how many rows that is: a broken file counts before a
 * bad value, and then the first column.
 */
import { Event } from "@watertight/core"
import { Context, Effect, type Scope } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import type * as RowId from "../../RowId.ts"
import * as Quarantine from "../../sources/Quarantine.ts"
import type { SourceError } from "../../sources/SourceError.ts"
import * as Columnar from "../columns/columnar.ts"
import type * as Exact from "../columns/exact.ts"
import * as Tables from "../columns/tables.ts"
import * as Builder from "../rows/builder.ts"
import * as Content from "./content.ts"
import * as Files from "./files.ts"
import * as Sift from "./sift.ts"

/** Elements of an array as its file holds them. */
export type Elements = Exact.Numbers | ReadonlyArray<string>

/** How the rows of a column lie. */
export interface Layout {
  readonly rows: number
  readonly rowBytes: number
  /** What the content has in all. */
  readonly bytes: number
  /** Makes elements of the bytes of some rows, which may be changed. */
  readonly elementsOf: (bytes: Uint8Array, rows: number) => Elements
  readonly made: (elements: Elements) => Exact.Made
  /** Says what is wrong with a value; rows count from 1. */
  readonly refuse: (row: number, value: string) => SourceError
  /** Says that so many bytes are not what there should be. */
  readonly wrongLength: (bytes: number) => SourceError
}

/** A column and what it is read from. */
export interface Opened<out C extends Column.Column = Column.Column> {
  readonly name: string
  readonly column: C
  readonly file: string
  readonly content: Content.Content
}

/** A column and what it is read from, of which the header is read. */
export interface Part extends Layout, Opened {}

/** Opens the files of columns that have one each. */
export const open = <C extends Column.Column>(
  entries: ReadonlyArray<readonly [name: string, file: { readonly column: C; readonly path: Files.Path }]>
) =>
  Effect.forEach(entries, ([name, { column, path }]) =>
    Effect.map(Content.open(path, entries.length), (content): Opened<C> => ({
      name,
      column,
      file: Files.systemPath(path),
      content
    }))
  )

/** Blocks take about so many bytes. */
export const BlockBytes = Context.Reference<number>("@watertight/data/internal/inStep/BlockBytes", {
  defaultValue: () => 1 << 24
})

/** How many rows a block has. */
export const blockRows = (columns: Columns, parts: ReadonlyArray<Layout>, bytes: number): number => {
  const raw = parts.reduce((sum, { rowBytes }) => sum + rowBytes, 0)
  const most = Math.floor(bytes / Math.max(1, raw, Tables.bytes({ columns, length: 1 })))
  return Math.max(1, Math.min(Columnar.blockSize, most))
}

/** Makes a table of columns of as many rows; the header of each is read with the first column at hand. */
export const table = Effect.fnUntraced(function* <C extends Columns, O extends Opened>(
  opened: ReadonlyArray<O>,
  layoutOf: (opened: O, first: Part | undefined) => Effect.Effect<Layout, SourceError>,
  onBadRow: Quarantine.OnBadRow
): Effect.fn.Return<Quarantine.Sorted<C>, SourceError, Scope.Scope> {
  const parts: Array<Part> = []
  for (const each of opened) {
    parts.push({ ...each, ...(yield* Content.unlessBroken(each.content, layoutOf(each, parts[0]))) })
  }
  const columns = Object.fromEntries(opened.map(({ column, name }) => [name, column])) as Columns as C // those of all
  const { file, rows } = parts.at(0) ?? { file: "", rows: 0 }
  const builder = yield* Builder.make(columns, { file, rows })
  const tally = Quarantine.counting()
  const built = yield* Effect.result(build({ columns, parts, rows, builder, tally, onBadRow }))
  for (const part of parts) yield* checkLength(part, yield* part.content.end)
  yield* Effect.fromResult(built)
  return { table: yield* builder.end, quarantine: tally.of(rows) }
})

interface Building {
  readonly columns: Columns
  readonly parts: ReadonlyArray<Part>
  readonly rows: number
  readonly builder: Builder.Builder<Columns>
  readonly tally: Quarantine.Tally
  readonly onBadRow: Quarantine.OnBadRow
}

/** After a bad value that fails, columns before that one are still looked at: theirs would count first. */
const build = Effect.fnUntraced(function* ({ builder, columns, onBadRow, parts, rows, tally }: Building) {
  const size = blockRows(columns, parts, yield* BlockBytes)
  const buffers = new Map<Part, Uint8Array>()
  let looked = parts
  let refused: SourceError | undefined
  for (let start = 0; looked.length > 0 && (start === 0 || start < rows); start += size) {
    const length = Math.min(size, rows - start)
    const room = refused === undefined ? builder.room(length).columns : {}
    const values: Record<string, RowId.Values> = {}
    const left = new Map<number, Quarantine.Left>()
    for (const [index, part] of looked.entries()) {
      const found = look(part, yield* read(part, length, room[part.name], buffers), length, onBadRow)
      values[part.name] = found.values
      const [first] = found.bad
      if (onBadRow === "fail" && first !== undefined) {
        refused = part.refuse(start + first.row + 1, first.value)
        looked = looked.slice(0, index)
        break
      }
      for (const { row, value } of found.bad) {
        if (!left.has(row)) left.set(row, Sift.leftOf(part.file, part.name, part.column, start + row, value))
      }
    }
    if (refused === undefined) {
      const ascending = [...left].sort(([one], [other]) => one - other)
      for (const [, each] of ascending) tally.add(each)
      const places = ascending.map(([row]) => row)
      yield* builder.add(values, length, places)
    }
    if (size < rows) yield* Event.progress(start + length, rows, "rows")
  }
  if (refused !== undefined) return yield* refused
})

/** Reads the next rows of a column: to where their values will be, if these are as many bytes and may be the same. */
const read = Effect.fnUntraced(function* (
  part: Part,
  rows: number,
  own: RowId.Numbers | undefined,
  buffers: Map<Part, Uint8Array>
): Effect.fn.Return<Elements, SourceError> {
  const size = rows * part.rowBytes
  const values = own?.subarray(0, rows * Column.width(part.column))
  let bytes = buffers.get(part)?.subarray(0, size)
  if (values?.byteLength === size) bytes = new Uint8Array(values.buffer, values.byteOffset, size)
  else if (bytes?.length !== size) buffers.set(part, (bytes = new Uint8Array(size)))
  if ((yield* part.content.read(bytes)) < size) return yield* part.wrongLength(yield* part.content.end)
  return part.elementsOf(bytes, rows)
})

interface Found {
  readonly values: RowId.Values
  readonly bad: ReadonlyArray<{ readonly row: number; readonly value: string }>
}

/** Makes the values of some rows, and says which of these have none: all of them, or the first. */
const look = (part: Part, elements: Elements, rows: number, onBadRow: Quarantine.OnBadRow): Found => {
  const made = part.made(elements)
  if ("values" in made) return { values: made.values, bad: [] }
  const width = Column.width(part.column)
  if (onBadRow === "fail") {
    return { values: [], bad: [{ row: Math.floor(made.bad / width), value: String(elements[made.bad]) }] }
  }
  const read = (start: number, end: number) => part.made(elements.slice(start * width, end * width))
  const { bad, values } = Sift.sift(part.column, rows, read)
  const found = bad.map((row) => {
    const one = read(row, row + 1)
    return { row, value: String(elements[row * width + ("bad" in one ? one.bad : 0)]) }
  })
  return { values, bad: found }
}

const checkLength = ({ bytes, wrongLength }: Part, found: number): Effect.Effect<void, SourceError> =>
  found === bytes ? Effect.void : Effect.fail(wrongLength(found))
