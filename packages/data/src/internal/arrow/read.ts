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
import type { Batch } from "./message.ts"
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
  const length = yield* Messages.visit(input, (message) =>
    attempt(() => {
      if (message._tag === "Schema") schemas.push(Arrow.tableFromIPC(message.empty).schema)
      else if (schemas.length === 0) throw new Error("it has no schema before its rows")
    })
  )
  if (schemas.length > 1) return yield* new IpcError({ reason: "it has more than one schema" })
  const fields = schemas[0]?.fields ?? []
  return { length, fields, slices: (request) => slices(input, fields, most, request) }
})

const slices = (
  input: Input.Input,
  fields: ReadonlyArray<Arrow.Field>,
  most: number,
  request: Request
): Effect.Effect<void, Failure, Scope.Scope> => {
  const types = fields.map(({ type }): Arrow.DataType => type)
  const dictionaryTypes = new Map<number, Arrow.DataType>()
  for (const [place, what] of request.columns) {
    const type = types[place]
    if (what === "values" && Arrow.DataType.isDictionary(type)) dictionaryTypes.set(type.id, type.dictionary)
  }
  const dictionaries = new Map<number, Arrow.Vector>()
  const bodies = Body.make(input, most)
  let before = 0
  const visited = Messages.visit(
    input,
    Effect.fnUntraced(function* (message, at) {
      if (message._tag === "Schema") return
      const { batch } = message
      if (message._tag === "Batch") {
        yield* slicesOf(bodies, fields, batch, at, before, dictionaries, request)
        before += batch.rows
        return
      }
      const type = dictionaryTypes.get(message.id)
      const [part] = type === undefined ? [] : yield* attempt(() => Layout.parts([type], batch))
      const needed = new Set(part === undefined ? [] : Layout.buffersOf(part))
      const body = yield* bodies.keep(at, batch, needed)
      if (part === undefined) return
      const range = { start: 0, length: part.length }
      const entries = new Arrow.Vector([yield* Rows.read(part, range, body, dictionaries)])
      const known = message.isDelta ? dictionaries.get(message.id) : undefined
      dictionaries.set(message.id, known === undefined ? entries : known.concat(entries))
    })
  )
  return Effect.asVoid(visited)
}

const slicesOf = Effect.fnUntraced(function* (
  bodies: Body.Bodies,
  fields: ReadonlyArray<Arrow.Field>,
  batch: Batch,
  at: number,
  before: number,
  dictionaries: Rows.Dictionaries,
  { columns, most, use }: Request
): Effect.fn.Return<void, Failure, Scope.Scope> {
  const parts = yield* attempt(() =>
    Layout.parts(
      fields.map(({ type }): Arrow.DataType => type),
      batch
    )
  )
  const needed = new Set<number>()
  for (const [place, what] of columns) {
    const part = parts[place]
    if (part.length !== batch.rows) {
      return yield* new IpcError({ reason: `column "${fields[place].name}" is cut off` })
    }
    if (what === "values") for (const buffer of Layout.buffersOf(part)) needed.add(buffer)
    else if (part.buffers > 0) needed.add(part.buffer)
  }
  const body = yield* bodies.open(at, batch, needed)
  let byteLength = 0
  for (const buffer of needed) byteLength += body.byteLength(buffer)
  const rowBytes = byteLength / batch.rows
  for (let start = 0; start < batch.rows;) {
    const length = Math.min(batch.rows - start, Math.max(1, Math.floor(most(rowBytes))))
    const range = { start, length }
    yield* use({
      start: before + start,
      length,
      byteLength: length * rowBytes,
      values: (place) => Rows.read(parts[place], range, body, dictionaries),
      presence: (place) => Rows.presence(parts[place], range, body)
    })
    start += length
  }
})
