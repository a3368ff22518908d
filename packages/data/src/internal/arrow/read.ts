/**
 * The rows of an Arrow IPC file or stream, some at a time. Of each batch only the columns that are asked for are read, and
 * of these the rows that are asked for, unless the batch is compressed: then its columns are unpacked as a whole.
 */
import * as Arrow from "apache-arrow"
import { Effect, type FileSystem, type Scope } from "effect"
import type * as Files from "../sources/files.ts"
import * as Body from "./body.ts"
import * as Input from "./input.ts"
import { attempt, type Failure, IpcError } from "./ipcError.ts"
import * as Layout from "./layout.ts"
import type { Batch, DictionaryMessage } from "./message.ts"
import * as Messages from "./messages.ts"
import * as Rows from "./rows.ts"

/** A file's columns, and how many rows it has. */
export interface Opened {
  readonly length: number
  readonly fields: ReadonlyArray<Arrow.Field>
  /** Gives all rows of some columns in their order. */
  readonly slices: (request: Request) => Effect.Effect<void, Failure, Scope.Scope>
}

/** Which columns to read. */
export interface Request {
  /** The columns by their places, and whether more than which of their rows are there will be asked for. */
  readonly columns: ReadonlyMap<number, "values" | "presence">
  /** How many rows may come at a time, of about so many bytes each. */
  readonly most: (rowBytes: number) => number
  readonly use: (slice: Slice) => Effect.Effect<void, Failure, Scope.Scope>
}

/** Rows of a batch, one after the other. */
export interface Slice {
  /** How many rows come before. */
  readonly start: number
  readonly length: number
  /** About how many bytes they take in the file, unpacked. */
  readonly byteLength: number
  /** Reads the rows of a column. */
  readonly values: (place: number) => Effect.Effect<Arrow.Data, Failure>
  /** Reads which rows of a column are there. */
  readonly presence: (place: number) => Effect.Effect<Arrow.Data, Failure>
}

/** The bytes that compressed bodies may have together where nobody says another number. */
export const maxBytes = 2 ** 31

/** Opens a file for as long as the scope, once all its metadata is verified. What is compressed may have so many bytes. */
export const open = Effect.fnUntraced(function* (
  path: Files.Path,
  most: number = maxBytes
): Effect.fn.Return<Opened, Failure, FileSystem.FileSystem | Scope.Scope> {
  const input = yield* Input.open(path, most)
  const schemas: Array<Arrow.Schema> = []
  const [early, late] = [new Set<number>(), new Set<number>()]
  let isBehindRows = false
  const length = yield* Messages.visit(input, (message) =>
    attempt(() => {
      if (message._tag === "Schema") schemas.push(Arrow.tableFromIPC(message.empty).schema)
      else if (schemas.length === 0) throw new Error("it has no schema before its rows")
      else if (message._tag === "Batch") isBehindRows = true
      else if (!isBehindRows) early.add(message.id)
      else if (!early.has(message.id)) late.add(message.id)
    })
  )
  if (schemas.length > 1) return yield* new IpcError({ reason: "it has more than one schema" })
  const fields = schemas[0]?.fields ?? []
  const slices = (request: Request) =>
    Effect.suspend(() =>
      slicesOf(input, length, { ...request, fields, late, bodies: Body.make(input, most), dictionaries: new Map() })
    )
  return { length, fields, slices }
})

/** What is known when batches are read. */
interface Reading extends Request {
  readonly fields: ReadonlyArray<Arrow.Field>
  readonly bodies: Body.Bodies
  readonly dictionaries: Map<number, Arrow.Vector>
  /** Dictionaries that come behind rows, as Polars writes them: they are read before all rows. */
  readonly late: ReadonlySet<number>
}

const slicesOf = Effect.fnUntraced(function* (
  input: Input.Input,
  length: number,
  reading: Reading
): Effect.fn.Return<void, Failure, Scope.Scope> {
  let before = 0
  const { late } = reading
  const addLate: Messages.Visit = (message, at) =>
    message._tag === "Dictionary" && late.has(message.id) ? addEntries(reading, message, at) : Effect.void
  if (late.size > 0) yield* Messages.visit(input, addLate)
  yield* Messages.visit(
    input,
    Effect.fnUntraced(function* (message, at) {
      if (message._tag === "Schema") return
      if (message._tag === "Dictionary")
        return late.has(message.id) ? undefined : yield* addEntries(reading, message, at)
      if (before + message.batch.rows > length) return yield* changed
      yield* sliced(reading, message.batch, at, before)
      before += message.batch.rows
    })
  )
  if (before < length) return yield* changed
})

const changed = Effect.suspend(() => new IpcError({ reason: "it changed while it was read" }))

/** Texts of a dictionary that lie over each other may have so many bytes. */
const leastTexts = 2 ** 24

const byteLengthOf = (body: Body.Body, buffers: Iterable<number>): number =>
  [...buffers].reduce((sum, buffer) => sum + body.byteLength(buffer), 0)

/** Reads the entries of a dictionary, if it is one of a column whose values are asked for. */
const addEntries = Effect.fnUntraced(function* (
  { bodies, columns, dictionaries, fields, late }: Reading,
  { batch, id, isDelta }: DictionaryMessage,
  at: number
): Effect.fn.Return<void, Failure> {
  const types = [...columns].flatMap(([place, what]) => {
    const type: Arrow.DataType = fields[place].type
    return what === "values" && Arrow.DataType.isDictionary(type) && type.id === id ? [{ type: type.dictionary }] : []
  })
  const [part] = yield* attempt(() => Layout.parts(types.slice(0, 1), batch))
  const needed = new Set(part === undefined ? [] : Layout.buffersOf(part))
  const body = yield* bodies.keep(at, batch, needed)
  if (part === undefined) return
  if (late.has(id) && !isDelta && dictionaries.has(id))
    return yield* new IpcError({ reason: "a dictionary comes behind rows and more than once" })
  const all = { start: 0, length: part.length }
  const most = Math.max(leastTexts, byteLengthOf(body, needed))
  if ((yield* Rows.textBytes(part, all, body)) > most)
    return yield* new IpcError({ reason: "the texts of a dictionary lie over each other" })
  const entries = new Arrow.Vector([yield* Rows.read(part, all, body, dictionaries)])
  const known = isDelta ? dictionaries.get(id) : undefined
  dictionaries.set(id, known === undefined ? entries : known.concat(entries))
})

/** Leaves rows out while there are more than twice as many as fit: texts of views that lie over each other are long. */
const shortened = Effect.fnUntraced(function* (
  { length, start }: Rows.Range,
  bytesOf: (range: Rows.Range) => Effect.Effect<number, Failure>,
  fitting: (rowBytes: number) => number
): Effect.fn.Return<{ readonly range: Rows.Range; readonly bytes: number }, Failure> {
  const bytes = yield* bytesOf({ start, length })
  const fits = fitting(bytes / length)
  if (2 * fits >= length) return { bytes, range: { start, length } }
  return yield* shortened({ start, length: fits }, bytesOf, fitting)
})

const sliced = Effect.fnUntraced(function* (
  { bodies, columns, dictionaries, fields, most, use }: Reading,
  batch: Batch,
  at: number,
  before: number
): Effect.fn.Return<void, Failure, Scope.Scope> {
  const parts = yield* attempt(() => Layout.parts(fields, batch))
  const needed = new Set<number>()
  for (const [place, what] of columns) {
    const part = parts[place]
    if (part.length !== batch.rows) return yield* new IpcError({ reason: `column "${fields[place].name}" is cut off` })
    if (what === "values") for (const buffer of Layout.buffersOf(part)) needed.add(buffer)
    else if (part.buffers > 0) needed.add(part.buffer)
  }
  const body = yield* bodies.open(at, batch, needed)
  const views = parts.filter(({ buffer, type }) => Arrow.DataType.isUtf8View(type) && needed.has(buffer + 1))
  const texts = new Set(views.flatMap((part) => Layout.buffersOf(part).slice(Layout.viewBuffers)))
  const byteLength = byteLengthOf(body, needed)
  const restBytes = (byteLength - byteLengthOf(body, texts)) / batch.rows
  const fitting = (rowBytes: number) => Math.max(1, Math.floor(most(rowBytes)))
  const bytesOf = (range: Rows.Range) =>
    Effect.map(
      Effect.forEach(views, (part) => Rows.textBytes(part, range, body)),
      (sizes) => sizes.reduce((sum, size) => sum + size, range.length * restBytes)
    )
  for (let start = 0; start < batch.rows;) {
    const guess = Math.min(batch.rows - start, fitting(byteLength / batch.rows))
    const { bytes, range } = yield* shortened({ start, length: guess }, bytesOf, fitting)
    const { length } = range
    yield* use({
      start: before + start,
      length,
      byteLength: bytes,
      values: (place) => Rows.read(parts[place], range, body, dictionaries),
      presence: (place) => Rows.presence(parts[place], range, body)
    })
    start += length
  }
})
