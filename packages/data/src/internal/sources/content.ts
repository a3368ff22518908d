/**
 * Bytes in their order, of which nobody holds more than is asked for: a file, a part of it, or what a packed one unpacks
 * to. What is open is closed with the scope.
 */
import { Effect, type FileSystem, type Scope, Stream } from "effect"
import * as Pull from "effect/Pull"
import { createGunzip } from "node:zlib"
import type { SourceError } from "../../sources/SourceError.ts"
import * as Files from "./files.ts"

/** A file that is open. */
export interface Handle {
  readonly size: number
  /** Fills an array with the bytes from a position on, or with those there are, and says how many. */
  readonly read: (into: Uint8Array, position: number) => Effect.Effect<number, SourceError>
}

/** A part of a file. */
export interface Place {
  readonly start: number
  readonly size: number
}

/** Bytes in their order. */
export interface Content {
  /** How many there are, where it is known before they are read. */
  readonly size: number | undefined
  /** Fills an array with the next bytes, or with those there are, and says how many. */
  readonly read: (into: Uint8Array) => Effect.Effect<number, SourceError>
  /** Reads on to the end where that shows whether the file is whole, and says how many bytes there were. */
  readonly end: Effect.Effect<number, SourceError>
}

/** A system reads no more at a time. */
const longestRead = 1 << 30

/** How many bytes are unpacked at a time where so many are read in step: what they wait with takes memory. */
export const pieceSize = (contents: number): number =>
  Math.max(1 << 14, Math.min(Files.pieceSize, Math.floor((1 << 25) / contents)))

/** Opens a file as it lies on disk. */
export const handle = (path: Files.Path): Effect.Effect<Handle, SourceError, FileSystem.FileSystem | Scope.Scope> =>
  Files.open(
    path,
    Effect.fnUntraced(function* (fileSystem, file, size) {
      const opened = yield* fileSystem.open(file, { flag: "r" })
      const read = Effect.fnUntraced(
        function* (into: Uint8Array, position: number) {
          let done = 0
          while (done < into.length) {
            const rest = into.subarray(done, done + longestRead)
            const count = yield* opened.read(rest, { position: BigInt(position + done) })
            if (count === 0) break
            done += count
          }
          return done
        },
        Effect.mapError((error) => Files.fromPlatform(file, error))
      )
      return { size: Number(size), read }
    })
  )

/** Makes a handle of bytes in memory. */
export const inMemory = (bytes: Uint8Array): Handle => ({
  size: bytes.length,
  read: (into, position) =>
    Effect.sync(() => {
      const found = bytes.subarray(position, position + into.length)
      into.set(found)
      return found.length
    })
})

/** The bytes of a part of a file. */
export const plain = (handle: Handle, { size, start }: Place = { start: 0, size: handle.size }): Content => {
  let [done, there] = [0, size]
  return {
    size,
    read: (into) =>
      Effect.map(handle.read(into.subarray(0, there - done), start + done), (count) => {
        const wanted = Math.min(into.length, there - done)
        done += count
        if (count < wanted) there = done // somebody cut it off
        return count
      }),
    end: Effect.sync(() => there)
  }
}

/** What a part of a file unpacks to. */
export const unpacked = Effect.fnUntraced(function* (
  handle: Handle,
  { size, start }: Place,
  unpacker: Parameters<typeof Files.unpacked>[1],
  pieceSize: number,
  broken: (cause: unknown) => SourceError
): Effect.fn.Return<Content, never, Scope.Scope> {
  const packed = Stream.unfold(
    start,
    Effect.fnUntraced(function* (at: number) {
      const piece = new Uint8Array(Math.min(pieceSize, start + size - at))
      const count = yield* handle.read(piece, at)
      return count === 0 ? undefined : ([piece.subarray(0, count), at + count] as const)
    })
  )
  const pull = yield* Stream.toPull(Files.unpacked(packed, unpacker, pieceSize, broken))
  let failure: SourceError | undefined
  let piece: Uint8Array = new Uint8Array(0)
  let isOver = false
  const next = Pull.catchDone(
    Effect.map(pull, ([first]) => (piece = first)),
    () => Effect.sync(() => (isOver = true))
  ).pipe(Effect.tapError((error) => Effect.sync(() => (failure = error))))
  return counted(
    Effect.fnUntraced(function* (into) {
      let done = 0
      while (done < into.length) {
        if (failure !== undefined) return yield* failure
        if (isOver) break
        const some = piece.subarray(0, into.length - done)
        into.set(some, done)
        piece = piece.subarray(some.length)
        done += some.length
        if (piece.length === 0) yield* next
      }
      return done
    })
  )
})

/** Bytes whose end is found by reading. */
export const counted = (next: Content["read"]): Content => {
  let total = 0
  const read: Content["read"] = (into) => Effect.map(next(into), (count) => ((total += count), count))
  const end = Effect.gen(function* () {
    const rest = new Uint8Array(1 << 16)
    while ((yield* read(rest)) > 0);
    return total
  })
  return { size: undefined, read, end }
}

/** Opens one of some files, and unpacks it as it comes where its name says that it is packed. */
export const open = Effect.fnUntraced(function* (path: Files.Path, files: number) {
  const file = yield* handle(path)
  if (!Files.isPacked(path)) return plain(file)
  const place = { start: 0, size: file.size }
  return yield* unpacked(file, place, createGunzip, pieceSize(files), (cause) => Files.brokenPacking(path, cause))
})

/** Says that a file is broken where that may be why its header is not what it should be. */
export const unlessBroken = <A, R>(
  { end }: Content,
  header: Effect.Effect<A, SourceError, R>
): Effect.Effect<A, SourceError, R> => Effect.catch(header, (error) => Effect.andThen(end, Effect.fail(error)))
