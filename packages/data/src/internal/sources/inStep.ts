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
import type { Content } from "./content.ts"
import type * as SetAside from "./setAside.ts"
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

/** A column and what it is read from, of which the header is read. */
export interface Part extends Layout {
  readonly name: string
  readonly column: Column.Column
  readonly file: string
  readonly content: Content
}

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

/** Makes a table of columns of as many rows. */
export const table = Effect.fnUntraced(function* <C extends Columns>(
  columns: C,
  parts: ReadonlyArray<Part>,
  onBadRow: Quarantine.OnBadRow
): Effect.fn.Return<Quarantine.Sorted<C>, SourceError, Scope.Scope> {
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
  let [looked, refused] = [parts, undefined as SourceError | undefined]
  for (let start = 0; looked.length > 0 && (start === 0 || start < rows); start += size) {
    const length = Math.min(size, rows - start)
    const room = refused === undefined ? builder.room(length).columns : {}
    const values: Record<string, RowId.Values> = {}
    const left = new Map<number, SetAside.Left>()
    for (const [index, part] of looked.entries()) {
      const bytes = roomFor(part, length, size, room[part.name], buffers)
      if ((yield* part.content.read(bytes)) < bytes.length) {
        return yield* part.wrongLength(yield* part.content.end)
      }
      const found = look(part, part.elementsOf(bytes, length), length, onBadRow)
      values[part.name] = found.values
      if (onBadRow === "fail" && found.bad.length > 0) {
        const [{ row, value }] = found.bad
        refused = part.refuse(start + row + 1, value)
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

/** The bytes of rows go where their values will be, if they are as many; what is made of them may then be they. */
const roomFor = (
  part: Part,
  length: number,
  size: number,
  own: RowId.Numbers | undefined,
  buffers: Map<Part, Uint8Array>
): Uint8Array => {
  const bytes = length * part.rowBytes
  const values = own?.subarray(0, length * Column.width(part.column))
  if (values?.byteLength === bytes) return new Uint8Array(values.buffer, values.byteOffset, bytes)
  const buffer = buffers.get(part) ?? new Uint8Array(Math.min(size, part.rows) * part.rowBytes)
  buffers.set(part, buffer)
  return buffer.subarray(0, bytes)
}

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
