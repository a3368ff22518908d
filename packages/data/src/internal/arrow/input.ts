/**
 * A file's bytes by their places: of a file as it lies on disk those that are asked for, of a packed one what comes out of
 * it, which stays in memory where it is small and else goes to a scratch file. Few bytes are read with what follows them,
 * as messages and small columns lie one behind the other.
 */
import { Effect, type FileSystem, type Scope, Stream } from "effect"
import * as Column from "../../Column.ts"
import { SourceError } from "../../sources/SourceError.ts"
import * as Collector from "../columns/collector.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Builder from "../rows/builder.ts"
import * as Content from "../sources/content.ts"
import * as Files from "../sources/files.ts"
import { type Failure, IpcError, tooLarge } from "./ipcError.ts"

/** Bytes by their places. */
export interface Input {
  readonly byteLength: number
  /** Fills an array with the bytes from a place on, which lie inside. */
  readonly read: (at: number, into: Uint8Array) => Effect.Effect<void, SourceError>
}

/** Fewer bytes are never read from a file. */
const window = 2 ** 17

/** Reads what is asked for, and what follows it where that is little. */
const windowed = (byteLength: number, read: Input["read"]): Input => {
  const held = new Uint8Array(Math.min(window, byteLength))
  let [start, end] = [0, 0]
  return {
    byteLength,
    read: (at, into) => {
      if (into.length > held.length / 2) return read(at, into)
      const copy = () => into.set(held.subarray(at - start, at - start + into.length))
      if (at >= start && at + into.length <= end) return Effect.sync(copy)
      const room = held.subarray(0, Math.min(held.length, byteLength - at))
      start = end = 0
      return Effect.map(read(at, room), () => {
        start = at
        end = at + room.length
        copy()
      })
    }
  }
}

const changed = (file: string): SourceError => {
  const hint = "Read it when nobody writes it."
  return new SourceError({ file, problem: "unreadable file", detail: "became shorter while it was read", hint })
}

const reading =
  (file: string, handle: Content.Handle): Input["read"] =>
  (at, into) =>
    Effect.flatMap(handle.read(into, at), (count) => (count < into.length ? changed(file) : Effect.void))

/** Keeps what comes out of a packed file: in memory where it is small, else in a scratch file. */
const unpacked = Effect.fnUntraced(function* (path: Files.Path, most: number) {
  const file = Files.systemPath(path)
  const collector = yield* Collector.make({ bytes: Column.tensor([1], "uint8") }, undefined)
  let byteLength = 0
  const keep = Effect.fnUntraced(function* (piece: Uint8Array): Effect.fn.Return<void, Failure> {
    byteLength += piece.length
    if (byteLength > most) return yield* new IpcError({ reason: tooLarge("it unpacks", most) })
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset, piece.length) // no Buffer
    const block = { length: piece.length, columns: { bytes } }
    yield* Effect.mapError(collector.add(block), Builder.noRoom(file))
  })
  yield* Stream.runForEach(Files.pieces(path), keep)
  const { bytes = new Uint8Array(0) } = (yield* collector.end) as { readonly bytes?: Columnar.Entry<Uint8Array> } // as added
  if (!Columnar.isLazy(bytes)) return { byteLength, read: reading(file, Content.inMemory(bytes)) }
  return windowed(byteLength, (at, into) => Effect.sync(() => bytes.read?.(at, into)))
})

/** Opens a file for as long as the scope; what is packed may unpack to `most` bytes. */
export const open = Effect.fnUntraced(function* (
  path: Files.Path,
  most: number
): Effect.fn.Return<Input, Failure, FileSystem.FileSystem | Scope.Scope> {
  if (Files.isPacked(path)) return yield* unpacked(path, most)
  const handle = yield* Content.handle(path)
  return windowed(handle.size, reading(Files.systemPath(path), handle))
})
