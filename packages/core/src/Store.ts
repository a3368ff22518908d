/**
 * Where artifacts live. Objects are kept under the SHA-256 of their bytes; entries (results by cache key, checkpoints,
 * runs) under a name. A write is whole or absent: bytes go to a temporary file, are synced, and are renamed into place.
 * What is read back is compared with its digest, so a flipped byte is an error and never a wrong number.
 */
import { Context, Effect, FileSystem, Layer, Option, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { createHash } from "node:crypto"
import * as Blob from "./Blob.ts"
import * as Digest from "./Digest.ts"
import * as Event from "./Event.ts"
import * as CheckedFile from "./internal/checkedFile.ts"
import { isRunning } from "./internal/processes.ts"
import { Settings } from "./Scratch.ts"

/** The store could not be read or written. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  operation: Schema.Literals(["read", "write", "remove"]),
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The store could not ${this.operation} ${this.path}: ${this.reason}`
  }
}

/** Stored bytes are not the bytes that were written. */
export class CorruptObject extends Schema.TaggedError<CorruptObject>()("CorruptObject", {
  path: Schema.String,
  expected: Schema.String,
  actual: Schema.String
}) {
  override get message() {
    return (
      `Corrupt store: ${this.path} should have digest ${this.expected.slice(0, 12)}… but has ${this.actual.slice(0, 12)}…. ` +
      `Delete that file and run again: what it held is computed anew.`
    )
  }
}

/** The kinds of named entries: results by cache key, unfinished work, manifests of runs, and what runs report. */
export type EntryKind = "results" | "checkpoints" | "runs" | "reports"

/** Content-addressed objects and named entries. */
export class Store extends Context.Service<
  Store,
  {
    /** The folder, for people. */
    readonly location: string
    /** A folder for unfinished work; undefined for a store in memory. */
    readonly temporary: string | undefined
    readonly put: (blob: Blob.Blob) => Effect.Effect<Digest.Digest, StoreError>
    readonly get: (digest: Digest.Digest) => Effect.Effect<Uint8Array, StoreError | CorruptObject>
    /** Reads an object that is small, and opens one that is large for reading in parts; both compared with their digest. */
    readonly open: (digest: Digest.Digest) => Effect.Effect<Blob.Blob, StoreError | CorruptObject>
    readonly has: (digest: Digest.Digest) => Effect.Effect<boolean, StoreError>
    readonly read: (
      kind: EntryKind,
      name: string
    ) => Effect.Effect<Option.Option<Uint8Array>, StoreError | CorruptObject>
    readonly write: (kind: EntryKind, name: string, bytes: Uint8Array) => Effect.Effect<void, StoreError>
    readonly remove: (kind: EntryKind, name: string) => Effect.Effect<void, StoreError>
    readonly list: (kind: EntryKind) => Effect.Effect<ReadonlyArray<string>, StoreError>
  }
>()("@watertight/core/Store") {}

const hints: Readonly<Record<string, string>> = {
  EACCES: "permission denied. Choose a folder you may write to with --store",
  EPERM: "permission denied. Choose a folder you may write to with --store",
  EROFS: "the file system is read-only. Choose another folder with --store",
  ENOSPC: "the disk is full. Free space, or choose another folder with --store; nothing was half-written",
  EDQUOT: "the disk quota is used up. Free space, or choose another folder with --store; nothing was half-written",
  ENOTDIR: "a part of the path is a file, not a folder. Choose another folder with --store",
  EEXIST: "a file stands where a folder should be. Choose another folder with --store",
  EFBIG: "the file is too large for this file system. Choose another folder with --store",
  EIO: "the disk reports an input/output error"
}

const codeOf = (error: PlatformError): string => {
  const cause = error.reason.cause
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
}

/** Turns a file error into what it means for the store. */
export const toStoreError = (operation: StoreError["operation"], path: string) => (error: PlatformError) =>
  new StoreError({ operation, path, reason: hints[codeOf(error)] ?? error.message })

const isNotFound = (error: PlatformError): boolean => error.reason._tag === "NotFound"

const checked = (path: string, expected: string, bytes: Uint8Array): Effect.Effect<Uint8Array, CorruptObject> => {
  const actual = Digest.fromBytes(bytes)
  return actual === expected ? Effect.succeed(bytes) : Effect.fail(new CorruptObject({ path, expected, actual }))
}

/** Compares a file with its digest and leaves it open for reading in parts. */
const openStored = (path: string, expected: string): Effect.Effect<Blob.Stored, CorruptObject | StoreError> =>
  Effect.try({
    try: () => CheckedFile.verify(path),
    catch: (cause) => new StoreError({ operation: "read", path, reason: String(cause) })
  }).pipe(
    Effect.flatMap(({ digest, file }) =>
      digest === expected ? Effect.succeed(file) : Effect.fail(new CorruptObject({ path, expected, actual: digest }))
    ),
    Effect.map((file) => ({
      path,
      byteLength: file.byteLength,
      read: (start, into) => CheckedFile.read(file, start, into),
      pieces: () => CheckedFile.pieces(file)
    }))
  )

const isPlain = (kind: EntryKind): boolean => kind === "runs" || kind === "reports"

/** Results and checkpoints carry their digest in a first line; manifests and reports stay plain for other tools. */
const wrap = (kind: EntryKind, bytes: Uint8Array): Uint8Array =>
  isPlain(kind) ? bytes : Buffer.concat([Buffer.from(`${Digest.fromBytes(bytes)}\n`), bytes])

const headerLength = 65

const unwrap = (kind: EntryKind, path: string, bytes: Uint8Array): Effect.Effect<Uint8Array, CorruptObject> =>
  isPlain(kind)
    ? Effect.succeed(bytes)
    : checked(path, Buffer.from(bytes.subarray(0, headerLength - 1)).toString("latin1"), bytes.subarray(headerLength))

const makeFolder = Effect.fnUntraced(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const location = path.resolve(folder)
  const temporary = path.join(location, "tmp")
  let serial = 0

  const objectPath = (digest: Digest.Digest) => path.join(location, "objects", digest.slice(0, 2), digest)
  const entryPath = (kind: EntryKind, name: string) => path.join(location, kind, name)

  const syncFolder = (at: string) => Effect.scoped(Effect.flatMap(files.open(at, { flag: "r" }), (file) => file.sync))

  /** Writes a draft and renames it to the name that `write` returns, or drops it. */
  const publish = (label: string, write: (file: FileSystem.File) => Effect.Effect<string | undefined, PlatformError>) =>
    Effect.gen(function* () {
      yield* files.makeDirectory(temporary, { recursive: true })
      const draft = path.join(temporary, `${process.pid}-${serial++}`)
      const drop = Effect.ignore(files.remove(draft, { force: true }))
      const written = Effect.scoped(Effect.flatMap(files.open(draft, { flag: "w" }), write))
      const rename = Effect.fnUntraced(function* (target: string) {
        yield* files.makeDirectory(path.dirname(target), { recursive: true })
        yield* files.rename(draft, target)
        yield* syncFolder(path.dirname(target))
      })
      yield* Effect.onError(written, () => drop).pipe(
        Effect.flatMap((target) =>
          target === undefined ? drop : Effect.uninterruptible(Effect.onError(rename(target), () => drop))
        )
      )
    }).pipe(Effect.mapError(toStoreError("write", label)))

  const writeWhole = (target: string, bytes: Uint8Array) =>
    Effect.uninterruptible(
      publish(target, (file) =>
        file.writeAll(bytes).pipe(
          Effect.andThen(file.sync),
          Effect.map(() => target)
        )
      )
    )

  /** Hashes while it writes: what is too large for memory has no digest before. */
  const putPieces = Effect.fnUntraced(function* (blob: Blob.Pieces) {
    const hasher = createHash("sha256")
    let digest = ""
    yield* publish(location, (file) =>
      Effect.gen(function* () {
        const pieces = blob.pieces()[Symbol.iterator]()
        let written = 0
        for (;;) {
          const { done, value } = yield* Effect.sync(() => pieces.next())
          if (done === true) break
          hasher.update(value)
          yield* file.writeAll(value)
          written += value.byteLength
          yield* Event.progress(written, blob.byteLength, "bytes")
        }
        yield* file.sync
        digest = hasher.digest("hex")
        const target = objectPath(Digest.Digest.make(digest))
        return (yield* files.exists(target)) ? undefined : target
      })
    )
    return Digest.Digest.make(digest)
  })

  /** Drafts of processes that were killed. */
  const isAbandoned = (name: string) => {
    const owner = /^(?:scratch-|duckdb-)?(\d+)-\d+$/.exec(name)
    return owner === null ? Effect.succeed(false) : Effect.map(isRunning(Number(owner[1])), (running) => !running)
  }
  yield* files.readDirectory(temporary).pipe(
    Effect.flatMap((names) => Effect.filter(names, isAbandoned)),
    Effect.flatMap(
      Effect.forEach((name) => files.remove(path.join(temporary, name), { force: true, recursive: true }))
    ),
    Effect.ignore
  )

  const readOption = (target: string) =>
    files.readFile(target).pipe(
      Effect.map(Option.some),
      Effect.catchIf(isNotFound, () => Effect.succeed(Option.none<Uint8Array>())),
      Effect.mapError(toStoreError("read", target))
    )

  const get = (digest: Digest.Digest) =>
    files.readFile(objectPath(digest)).pipe(
      Effect.mapError(toStoreError("read", objectPath(digest))),
      Effect.flatMap((bytes) => checked(objectPath(digest), digest, bytes))
    )

  return Store.of({
    location,
    temporary,
    put: Effect.fnUntraced(function* (blob) {
      if (!(blob instanceof Uint8Array)) return yield* putPieces(blob)
      const digest = Digest.fromBytes(blob)
      const target = objectPath(digest)
      const present = yield* files.exists(target).pipe(Effect.mapError(toStoreError("read", target)))
      if (!present) yield* writeWhole(target, blob)
      return digest
    }),
    get,
    open: Effect.fnUntraced(function* (digest) {
      const target = objectPath(digest)
      const { size } = yield* files.stat(target).pipe(Effect.mapError(toStoreError("read", target)))
      const { inMemory } = yield* Settings
      return Number(size) <= inMemory ? yield* get(digest) : yield* openStored(target, digest)
    }),
    has: (digest) => files.exists(objectPath(digest)).pipe(Effect.mapError(toStoreError("read", objectPath(digest)))),
    read: (kind, name) =>
      Effect.flatMap(
        readOption(entryPath(kind, name)),
        Option.match({
          onNone: () => Effect.succeedNone,
          onSome: (bytes) => Effect.asSome(unwrap(kind, entryPath(kind, name), bytes))
        })
      ),
    write: (kind, name, bytes) => writeWhole(entryPath(kind, name), wrap(kind, bytes)),
    remove: (kind, name) =>
      files
        .remove(entryPath(kind, name), { force: true })
        .pipe(Effect.mapError(toStoreError("remove", entryPath(kind, name)))),
    list: (kind) =>
      files.readDirectory(path.join(location, kind)).pipe(
        Effect.map((names) => [...names].sort()),
        Effect.catchIf(isNotFound, () => Effect.succeed([])),
        Effect.mapError(toStoreError("read", path.join(location, kind)))
      )
  })
})

/** Keeps the store in a folder, made when something is first written. */
export const layerFolder = (folder: string): Layer.Layer<Store, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(Store, makeFolder(folder))

/** Keeps the store in memory: for tests, and for replays that must reuse nothing. */
export const layerMemory: Layer.Layer<Store> = Layer.sync(Store, () => {
  const objects = new Map<Digest.Digest, Uint8Array>()
  const entries = new Map<string, Uint8Array>()
  const get = (digest: Digest.Digest) => {
    const bytes = objects.get(digest)
    return bytes === undefined
      ? Effect.fail(new StoreError({ operation: "read", path: digest, reason: "there is no such object" }))
      : checked(digest, digest, bytes)
  }
  return Store.of({
    location: "(memory)",
    temporary: undefined,
    put: (blob) =>
      Effect.sync(() => {
        const bytes = Blob.bytes(blob)
        const digest = Digest.fromBytes(bytes)
        objects.set(digest, new Uint8Array(bytes))
        return digest
      }),
    get,
    open: get,
    has: (digest) => Effect.sync(() => objects.has(digest)),
    read: (kind, name) => Effect.sync(() => Option.fromUndefinedOr(entries.get(`${kind}/${name}`))),
    write: (kind, name, bytes) => Effect.sync(() => void entries.set(`${kind}/${name}`, new Uint8Array(bytes))),
    remove: (kind, name) => Effect.sync(() => void entries.delete(`${kind}/${name}`)),
    list: (kind) =>
      Effect.sync(() =>
        [...entries.keys()]
          .filter((name) => name.startsWith(`${kind}/`))
          .map((name) => name.slice(kind.length + 1))
          .sort()
      )
  })
})
