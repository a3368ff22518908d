/**
 * Where artifacts live. Objects are kept under the SHA-256 of their bytes; entries (results by cache key, checkpoints,
 * runs) under a name. A write is whole or absent: bytes go to a temporary file, are synced, and are renamed into place.
 * What is read back is compared with its digest, so a flipped byte is an error and never a wrong number.
 */
import { Context, Effect, FileSystem, Layer, Option, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import * as Digest from "./Digest.ts"

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
    readonly put: (bytes: Uint8Array) => Effect.Effect<Digest.Digest, StoreError>
    readonly get: (digest: Digest.Digest) => Effect.Effect<Uint8Array, StoreError | CorruptObject>
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

  const writeWhole = (target: string, bytes: Uint8Array) =>
    Effect.gen(function* () {
      const folder = path.dirname(target)
      yield* files.makeDirectory(temporary, { recursive: true })
      yield* files.makeDirectory(folder, { recursive: true })
      const draft = path.join(temporary, `${process.pid}-${serial++}`)
      const write = Effect.scoped(
        Effect.gen(function* () {
          const file = yield* files.open(draft, { flag: "w" })
          yield* file.writeAll(bytes)
          yield* file.sync
        })
      )
      yield* write.pipe(
        Effect.andThen(files.rename(draft, target)),
        Effect.onError(() => Effect.ignore(files.remove(draft, { force: true })))
      )
      yield* syncFolder(folder)
    }).pipe(Effect.uninterruptible, Effect.mapError(toStoreError("write", target)))

  const readOption = (target: string) =>
    files.readFile(target).pipe(
      Effect.map(Option.some),
      Effect.catchIf(isNotFound, () => Effect.succeed(Option.none<Uint8Array>())),
      Effect.mapError(toStoreError("read", target))
    )

  return Store.of({
    location,
    put: Effect.fnUntraced(function* (bytes) {
      const digest = Digest.fromBytes(bytes)
      const target = objectPath(digest)
      const present = yield* files.exists(target).pipe(Effect.mapError(toStoreError("read", target)))
      if (!present) yield* writeWhole(target, bytes)
      return digest
    }),
    get: (digest) =>
      files.readFile(objectPath(digest)).pipe(
        Effect.mapError(toStoreError("read", objectPath(digest))),
        Effect.flatMap((bytes) => checked(objectPath(digest), digest, bytes))
      ),
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
  return Store.of({
    location: "(memory)",
    put: (bytes) =>
      Effect.sync(() => {
        const digest = Digest.fromBytes(bytes)
        objects.set(digest, new Uint8Array(bytes))
        return digest
      }),
    get: (digest) => {
      const bytes = objects.get(digest)
      return bytes === undefined
        ? Effect.fail(new StoreError({ operation: "read", path: digest, reason: "there is no such object" }))
        : checked(digest, digest, bytes)
    },
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
