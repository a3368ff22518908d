/**
 * Reading files, whole or piece by piece, and their digests through the `FileSystem` service, with errors that name the
 * file. Files whose name ends in `.gz` are unpacked.
 */
import { Digest, Event } from "@watertight/core"
import { type Context, Effect, FileSystem, type PlatformError, Stream } from "effect"
import { createHash } from "node:crypto"
import { basename } from "node:path"
import { Readable, type Transform, pipeline } from "node:stream"
import { fileURLToPath } from "node:url"
import { createGunzip, gunzipSync } from "node:zlib"
import { SourceError } from "../../sources/SourceError.ts"

/** The path of a file: as a string, relative to the working directory unless absolute, or as a `file:` URL. */
export type Path = string | URL

/** Returns the path as the system takes it. */
export const systemPath = (path: Path): string => (typeof path === "string" ? path : fileURLToPath(path))

/** Returns the file's name without its folder: where a file lies must not change what is computed from it. */
export const nameOf = (path: Path): string => basename(systemPath(path))

/** Tells whether a file is packed, by its name. */
export const isPacked = (path: Path): boolean => nameOf(path).endsWith(".gz")

/** Bytes read at a time. */
export const pieceSize = 1 << 20

/** Makes a function that turns the pieces of a file into UTF-8, one after the other. */
export const toUtf8 = (encoding: string): ((piece: Uint8Array) => Uint8Array) => {
  if (encoding === "utf-8") return (piece) => piece
  if (encoding === "latin-1") {
    return (piece) => Buffer.from(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1"))
  }
  let decoder: InstanceType<typeof TextDecoder> | undefined
  const encoder = new TextEncoder()
  return (piece) => {
    decoder ??= new TextDecoder(piece[0] === 0xfe && piece[1] === 0xff ? "utf-16be" : "utf-16le")
    return encoder.encode(decoder.decode(piece, { stream: true }))
  }
}

/** Reads a whole file. */
export const read = Effect.fn("Source.read")(function* (path: Path) {
  const bytes = yield* open(path, (fileSystem, file) => fileSystem.readFile(file))
  return yield* unpack(path, bytes)
})

/** Returns a file's bytes on disk. */
export const size = (path: Path): Effect.Effect<number, SourceError, FileSystem.FileSystem> =>
  open(path, (_, __, size) => Effect.succeed(Number(size)))

/** Gives a file's bytes piece by piece, and tells how far it is; a packed file's come unpacked. */
export const pieces = (path: Path): Stream.Stream<Uint8Array, SourceError, FileSystem.FileSystem> =>
  Stream.unwrap(
    open(path, (fileSystem, file, size) =>
      Effect.sync(() => {
        let done = 0
        const told = (piece: Uint8Array) => Event.progress((done += piece.length), Number(size), "bytes")
        const bytes = Stream.mapError(fileSystem.stream(file, { chunkSize: pieceSize }), (error) =>
          fromPlatform(file, error)
        )
        return size > pieceSize ? Stream.tap(bytes, told) : bytes
      })
    )
  ).pipe((bytes) =>
    isPacked(path) ? unpacked(bytes, createGunzip, pieceSize, (cause) => brokenPacking(path, cause)) : bytes
  )

/** Reads a file as it lies on disk into memory that is asked for piece by piece; gives how many bytes came. */
export const readInto = (
  path: Path,
  room: (bytes: number) => Uint8Array
): Stream.Stream<number, SourceError, FileSystem.FileSystem> =>
  Stream.unwrap(
    open(path, (fileSystem, file, size) =>
      Effect.map(fileSystem.open(file, { flag: "r" }), (handle) => {
        let done = 0
        const next = Effect.gen(function* () {
          const count = yield* handle.read(room(pieceSize))
          done += count
          if (size > pieceSize) yield* Event.progress(done, Number(size), "bytes")
          return count === 0 ? undefined : ([count, undefined] as const)
        })
        return Stream.unfold(undefined, () => Effect.mapError(next, (error) => fromPlatform(file, error)))
      })
    )
  )

/** Unpacks bytes as they come. */
export const unpacked = <R>(
  bytes: Stream.Stream<Uint8Array, SourceError, R>,
  unpacker: (options: { readonly chunkSize: number }) => Transform,
  chunkSize: number,
  broken: (cause: unknown) => SourceError
): Stream.Stream<Uint8Array, SourceError, R> =>
  Stream.unwrap(
    Effect.contextWith((context: Context.Context<R>) =>
      Effect.sync(() => {
        const packed = Readable.from(Stream.toAsyncIterableWith(bytes, context), { objectMode: false })
        const plain = unpacker({ chunkSize })
        pipeline(packed, plain, () => undefined) // what fails is thrown by the reading of it
        return Stream.fromAsyncIterable<Uint8Array, SourceError>(plain, (cause) =>
          cause instanceof SourceError ? cause : broken(cause)
        )
      })
    )
  )

/** Returns the digest of a file's bytes, as they lie on disk, without holding more than a piece of them. */
export const digest = Effect.fn("Source.digest")(function* (path: Path) {
  const hasher = createHash("sha256")
  yield* open(path, (fileSystem, file, size) =>
    size <= pieceSize
      ? Effect.map(fileSystem.readFile(file), (bytes) => void hasher.update(bytes))
      : Stream.runForEachArray(fileSystem.stream(file, { chunkSize: pieceSize }), (pieces) =>
          Effect.sync(() => pieces.forEach((piece) => hasher.update(piece)))
        )
  )
  return Digest.Digest.make(hasher.digest("hex"))
})

/** Uses a file that is there. */
export const open = <A, R = never>(
  path: Path,
  use: (
    fileSystem: FileSystem.FileSystem,
    file: string,
    size: number | bigint
  ) => Effect.Effect<A, PlatformError.PlatformError, R>
): Effect.Effect<A, SourceError, FileSystem.FileSystem | R> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const file = systemPath(path)
    const { size, type } = yield* fileSystem.stat(file)
    if (type !== "File") {
      const hint = "Give the path of the file itself."
      return yield* new SourceError({ file, problem: "not a file", detail: `is a ${type.toLowerCase()}`, hint })
    }
    return yield* use(fileSystem, file, size)
  }).pipe(Effect.catchTag("PlatformError", (error) => fromPlatform(systemPath(path), error)))

/** Says what the file system said about a file. */
export const fromPlatform = (file: string, error: PlatformError.PlatformError): SourceError => {
  switch (error.reason._tag) {
    case "NotFound": {
      const hint = "Check the path; a relative one starts at the working directory."
      return new SourceError({ file, problem: "missing file", detail: "does not exist", hint })
    }
    case "PermissionDenied": {
      const hint = "Give this user the right to read it."
      return new SourceError({ file, problem: "unreadable file", detail: "may not be read by this user", hint })
    }
    default: {
      const detail = `could not be read: ${error.message}`
      return new SourceError({ file, problem: "unreadable file", detail, hint: "Check the disk and try again." })
    }
  }
}

const unpack = (path: Path, bytes: Uint8Array): Effect.Effect<Uint8Array, SourceError> =>
  Effect.try({
    try: () => plain(isPacked(path) ? gunzipSync(bytes) : bytes),
    catch: (cause) => brokenPacking(path, cause)
  })

/** Says why a packed file does not unpack. */
export const brokenPacking = (path: Path, cause: unknown): SourceError =>
  new SourceError({
    file: systemPath(path),
    problem: "broken compression",
    detail: `does not unpack (${cause instanceof Error ? cause.message : String(cause)})`,
    hint: "Fetch the file again, or drop .gz from its name if it is not packed."
  })

/** A `Buffer` is a `Uint8Array` with another name and another digest. */
const plain = (bytes: Uint8Array): Uint8Array =>
  bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
