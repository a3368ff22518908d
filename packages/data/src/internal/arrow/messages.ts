/**
 * The messages of an Arrow IPC file or stream, one after the other, each verified before anything is made of it. A file is
 * a stream between its first eight bytes and its footer, which must list the batches that are there; Polars' files begin
 * with a schema that is no message, and are a stream from the first batch on that is listed.
 */
import { Effect, type Scope } from "effect"
import type { Input } from "./input.ts"
import { attempt, type Failure } from "./ipcError.ts"
import * as Message from "./message.ts"
import { demand } from "./verify.ts"

/** Uses a message whose body starts at a place. */
export type Visit = (message: Message.Message, bodyAt: number) => Effect.Effect<void, Failure, Scope.Scope>

/** Where the messages lie. */
interface Extent {
  readonly start: number
  readonly end: number
  /** A stream has none. */
  readonly footer: Message.Footer | undefined
}

const bytesAt = (input: Input, at: number, length: number) =>
  Effect.suspend(() => {
    const bytes = new Uint8Array(length)
    return Effect.as(input.read(at, bytes), bytes)
  })

const numberAt = (input: Input, at: number) =>
  Effect.map(bytesAt(input, at, 4), ({ buffer }) => new DataView(buffer).getInt32(0, true))

/** What stands before a message and its length. */
const mark = -1

const damaged = (what: string) => attempt(() => demand(false, what))

const extentOf = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Extent, Failure> {
  const name = yield* bytesAt(input, 0, Math.min(6, input.byteLength))
  if (String.fromCharCode(...name) !== "ARROW1") return { start: 0, end: input.byteLength, footer: undefined }
  const end = input.byteLength - 10
  if (end < 8) yield* damaged("the end of the file is outside the file")
  const size = yield* numberAt(input, end)
  if (size <= 0) yield* damaged("the footer has no length")
  if (size > end - 8) yield* damaged("the footer is outside the file")
  const bytes = yield* bytesAt(input, end - size, size)
  const footer = yield* attempt(() => Message.footer(bytes))
  const start = (yield* numberAt(input, 8)) === mark ? 8 : (footer.starts[0] ?? end - size)
  return { start, end: end - size, footer }
})

/** A message, and where its body starts; none at the mark of the end. */
interface Found {
  readonly message: Message.Message | undefined
  readonly bodyAt: number
}

/** Before a message stand a mark (since Arrow 0.15) and its length; a length of 0 is the end. */
const next = Effect.fnUntraced(function* (input: Input, from: number, end: number): Effect.fn.Return<Found, Failure> {
  const at = from + ((yield* numberAt(input, from)) === mark ? 8 : 4)
  if (at > end) yield* damaged("a message's length is outside the file")
  const size = yield* numberAt(input, at - 4)
  if (size < 0) yield* damaged("a message has no length")
  if (size === 0) return { message: undefined, bodyAt: at }
  if (at + size > end) yield* damaged("a message is outside the file")
  const metadata = yield* bytesAt(input, at, size)
  const message = yield* attempt(() => Message.read(metadata))
  if (at + size + message.bodyLength > end) yield* damaged("a message's body is outside the file")
  return { message, bodyAt: at + size }
})

/** Visits all messages in their order, and returns how many rows they hold. The schema of a file is that of its footer. */
export const visit = Effect.fnUntraced(function* (
  input: Input,
  use: Visit
): Effect.fn.Return<number, Failure, Scope.Scope> {
  const { end, footer, start } = yield* extentOf(input)
  if (footer !== undefined) yield* use({ ...footer.schema, bodyLength: 0 }, start)
  let [at, rows, listed] = [start, 0, 0]
  let isOver = footer !== undefined
  while (at + 4 <= end) {
    const { bodyAt, message } = yield* next(input, at, end)
    if (message === undefined) {
      isOver = true
      at = bodyAt
      break
    }
    if (message._tag === "Batch") rows += message.batch.rows
    if (message._tag !== "Schema" && footer !== undefined && footer.starts[listed++] !== at) break
    if (message._tag !== "Schema" || footer === undefined) yield* use(message, bodyAt)
    at = bodyAt + message.bodyLength
  }
  if (footer !== undefined && footer.starts.length !== listed) yield* damaged("its footer lists other rows than it has")
  if (!isOver) yield* damaged("it has no end: it may be cut off")
  if (at !== end) yield* damaged("it goes on behind its end")
  return rows
})
