/**
 * Reads delimited text: pieces of whole records are decoded in threads while the next ones come in, and put together in
 * the file's order. No result depends on where a file comes apart, nor on threads.
 */
import { Effect, Option, Stream } from "effect"
import type { SourceError } from "../../sources/SourceError.ts"
import * as Files from "../sources/files.ts"
import * as Threads from "../threads/pool.ts"
import * as Decode from "./decode.ts"
import * as Pieces from "./pieces.ts"
import * as Refusals from "./refusals.ts"

/** What to read. */
export interface Reading {
  readonly path: Files.Path
  readonly delimiter: string
  /** UTF-8 unless given. */
  readonly encoding?: string
  /** Says what is wanted, once there is a header and something below it. */
  readonly plan: (header: Pieces.Header) => Effect.Effect<Decode.Plan, SourceError>
  /** Takes what was decoded, in the file's order. */
  readonly add: (decoded: Decode.Decoded) => Effect.Effect<void, SourceError>
}

/** A piece of a file, or its end. */
interface Piece {
  readonly bytes: Uint8Array
  readonly plan: Decode.Plan | undefined
}

/** The beginning of a file is decoded where it is read: a thread takes longer to start. */
const fewest = 1 << 18

const module = Threads.beside(import.meta.url, "decode")

/** Reads a whole file, and returns the names of its columns. */
export const read = Effect.fnUntraced(function* (reading: Reading) {
  const { add, delimiter, encoding = "utf-8", path } = reading
  const file = Files.systemPath(path)
  const toUtf8 = Files.toUtf8(encoding)
  const cutter = Pieces.cutter(delimiter)
  let plan: Decode.Plan | undefined
  let total = 0
  const cut = Effect.fnUntraced(function* (chunk: Option.Option<Uint8Array>): Effect.fn.Return<Piece, SourceError> {
    const bytes = Option.isSome(chunk) ? cutter.push(chunk.value) : cutter.end()
    const header = cutter.header()
    if (cutter.isWide() && encoding === "utf-8") return yield* Refusals.wide(file)
    const endless = cutter.endless()
    if (endless !== undefined) return yield* Refusals.endless(file, endless)
    if (header !== undefined && bytes.length > 0) plan ??= yield* reading.plan(header)
    total += bytes.length
    return { bytes, plan }
  })
  const decode = ({ bytes, plan }: Piece): Effect.Effect<Decode.Decoded | undefined> => {
    if (plan === undefined || bytes.length === 0) return Effect.succeed(undefined)
    if (total < fewest) return Effect.sync(() => Decode.decode(bytes, plan))
    return Threads.call(module, { bytes, plan } satisfies Decode.Asked, [bytes.buffer as ArrayBuffer]) // its own
  }
  const concurrency = 1 + (yield* Threads.size)
  yield* Stream.map(Files.pieces(path), (bytes) => Option.some(toUtf8(bytes))).pipe(
    Stream.concat(Stream.succeed(Option.none())),
    Stream.mapEffect(cut),
    Stream.mapEffect(decode, { concurrency }),
    Stream.runForEach((decoded) => (decoded === undefined ? Effect.void : add(decoded)))
  )
  return cutter.header()?.names ?? []
})
