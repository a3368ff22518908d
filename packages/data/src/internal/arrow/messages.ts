/**
 * The messages of an Arrow IPC file or stream, one after the other, each verified before anything is made of it. A file is
 * a stream between its first eight bytes and its footer, which must list the batches that are there.
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

const numberAt = (input: Input, at: number) =>
  Effect.map(input.read(at, 4), ({ buffer, byteOffset }) => new DataView(buffer, byteOffset).getInt32(0, true))

const damaged = (what: string) => attempt(() => demand(false, what))

const extentOf = Effect.fnUntraced(function* (input: Input): Effect.fn.Return<Extent, Failure> {
  const mark = yield* input.read(0, Math.min(6, input.byteLength))
  if (String.fromCharCode(...mark) !== "ARROW1") return { start: 0, end: input.byteLength, footer: undefined }
  const end = input.byteLength - 10
  if (end < 8) yield* damaged("the end of the file is outside the file")
  const size = yield* numberAt(input, end)
  if (size <= 0) yield* damaged("the footer has no length")
  if (size > end - 8) yield* damaged("the footer is outside the file")
  const bytes = yield* input.read(end - size, size)
  return { start: 8, end: end - size, footer: yield* attempt(() => Message.footer(bytes)) }
})

/** Visits all messages in their order, and returns how many rows they hold. */
export const visit = Effect.fnUntraced(function* (input: Input, use: Visit): Effect.fn.Return<number, Failure, Scope.Scope> {
  const { end, footer, start } = yield* extentOf(input)
  const batches = footer?.batches
  let [at, rows, count] = [start, 0, 0]
  let isOver = false
  if (footer !== undefined) yield* use({ ...footer.schema, bodyLength: 0 }, start)
  while (at + 4 <= end) {
    const from = at
    let size = yield* numberAt(input, at)
    at += 4
    if (size === -1) {
      if (at + 4 > end) yield* damaged("a message's length is outside the file")
      size = yield* numberAt(input, at)
      at += 4
    }
    if (size === 0) {
      if (at !== end) yield* damaged("it goes on behind its end")
      isOver = true
      break
    }
    if (size < 0) yield* damaged("a message has no length")
    if (at + size > end) yield* damaged("a message is outside the file")
    const metadata = yield* input.read(at, size)
    const message = yield* attempt(() => Message.read(metadata))
    at += size
    if (at + message.bodyLength > end) yield* damaged("a message's body is outside the file")
    if (message._tag === "Batch") {
      if (batches !== undefined && batches[count] !== from) yield* damaged("its footer lists other batches than it has")
      rows += message.batch.rows
      count++
    }
    if (message._tag !== "Schema" || footer === undefined) yield* use(message, at) // a file's footer has it too
    at += message.bodyLength
  }
  if (!isOver && (batches === undefined || at !== end)) yield* damaged("it has no end: it may be cut off")
  if (batches !== undefined && batches.length !== count) yield* damaged(`its footer lists ${batches.length} of ${count} batches`)
  return rows
})
