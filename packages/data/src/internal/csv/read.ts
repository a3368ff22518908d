/**
 * Reads delimited text: pieces of whole records are decoded in threads while the next ones come in, and put together in
 * the file's order. No result depends on where a file comes apart, nor on threads.
 */
import { Effect, Stream } from "effect"
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
  /** Takes what was decoded, in the file's order; its arrays are used again afterwards. */
  readonly add: (decoded: Decode.Decoded) => Effect.Effect<void, SourceError>
}

/** The beginning of a file is decoded where it is read: a thread takes longer to start. */
const fewest = 1 << 18

const module = Threads.beside(import.meta.url, "decode")

type Memory = Uint8Array<SharedArrayBuffer>

/** What a piece became, and the memory it lies in. */
interface Taken {
  readonly value: Decode.Decoded
  readonly memory: Memory | undefined
}

/** Memory that pieces lie in, or what was made of them, used again and again; threads share it. */
const memory = () => {
  const free: Array<SharedArrayBuffer> = []
  return {
    allocate: (bytes: number): Memory => {
      const place = free.findIndex(({ byteLength }) => byteLength >= bytes)
      const [found] = place < 0 ? [new SharedArrayBuffer(Math.max(bytes, leastMemory))] : free.splice(place, 1)
      return new Uint8Array(found)
    },
    release: ({ buffer }: Uint8Array): void => void (buffer instanceof SharedArrayBuffer && free.push(buffer))
  }
}

/** A piece that is read at once, and the end of a record before it. */
const leastMemory = 5 << 18

/** What pieces become takes up to so much more memory than what others before them became. */
const spare = 1.25

/** Puts a file's text into memory that is asked for, and gives how many bytes came each time. */
const textInto = (path: Files.Path, encoding: string, room: (bytes: number) => Uint8Array) => {
  if (encoding === "utf-8" && !Files.isPacked(path)) return Files.readInto(path, room)
  const toUtf8 = Files.toUtf8(encoding)
  return Stream.mapEffect(Files.pieces(path), (piece) =>
    Effect.sync(() => {
      const bytes = toUtf8(piece)
      room(bytes.length).set(bytes)
      return bytes.length
    })
  )
}

/** Reads a whole file, and returns the names of its columns. */
export const read = Effect.fnUntraced(function* (reading: Reading) {
  const { add, delimiter, encoding = "utf-8", path } = reading
  const file = Files.systemPath(path)
  const { allocate, release } = memory()
  const cutter = Pieces.cutter(delimiter, allocate)
  let plan: Decode.Plan | undefined
  let written: Decode.Written | undefined
  const results = memory()
  let [total, most] = [0, leastMemory]
  const cut = Effect.fnUntraced(function* (bytes: Uint8Array) {
    const header = cutter.header()
    if (cutter.isWide() && encoding === "utf-8") return yield* Refusals.wide(file)
    const endless = cutter.endless()
    if (endless !== undefined) return yield* Refusals.endless(file, endless)
    if (header !== undefined && bytes.length > 0) plan ??= yield* reading.plan(header)
    total += bytes.length
    return { bytes, plan, isLittle: total < fewest }
  })
  const decode = ({ bytes, isLittle, plan }: Effect.Success<ReturnType<typeof cut>>) => {
    if (plan === undefined || bytes.length === 0) return Effect.succeed(undefined)
    if (!isLittle) written ??= Decode.written(plan)
    const asked: Decode.Asked | undefined = written && { bytes, plan: written, memory: results.allocate(most) }
    const decoded =
      asked === undefined ? Effect.sync(() => Decode.decode(bytes, plan)) : Threads.call<Decode.Decoded>(module, asked)
    return decoded.pipe(
      Effect.map((value) => ({ value, memory: asked?.memory })),
      Effect.ensuring(Effect.sync(() => release(bytes)))
    )
  }
  const take = Effect.fnUntraced(function* ({ memory, value }: Taken) {
    most = Math.max(most, Math.ceil(value.bytes * spare))
    yield* add(value)
    if (memory !== undefined) results.release(memory)
  })
  const pieces = Stream.mapEffect(textInto(path, encoding, cutter.room), (bytes) => cut(cutter.push(bytes)))
  const last = Stream.fromEffect(Effect.suspend(() => cut(cutter.end())))
  yield* Stream.concat(pieces, last).pipe(
    Stream.mapEffect(decode, { concurrency: 1 + (yield* Threads.size) }),
    Stream.runForEach((decoded) => (decoded === undefined ? Effect.void : take(decoded)))
  )
  return cutter.header()?.names ?? []
})
