/** The file under the ledger: lines that are only ever appended, one writer at a time. */
import { Duration, Effect, FileSystem, Option, Path, Ref, Schedule, Semaphore } from "effect"
import type { PlatformError } from "effect/PlatformError"
import type { Digest } from "../Digest.ts"
import { type StoreError, toStoreError } from "../Store.ts"
import { isRunning } from "./processes.ts"

export interface Journal {
  readonly path: string
  readonly lines: Effect.Effect<ReadonlyArray<string>, StoreError>
  /** Appends a line and syncs it. */
  readonly append: (line: string) => Effect.Effect<void, StoreError>
  readonly readRows: (rowSet: Digest) => Effect.Effect<Option.Option<Uint8Array>, StoreError>
  readonly writeRows: (rowSet: Digest, ids: Uint8Array) => Effect.Effect<void, StoreError>
  readonly exclusively: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | StoreError>
}

export const memoryJournal: Effect.Effect<Journal> = Effect.gen(function* () {
  const lines = yield* Ref.make<ReadonlyArray<string>>([])
  const rows = new Map<Digest, Uint8Array>()
  const semaphore = yield* Semaphore.make(1)
  return {
    path: "(memory)",
    lines: Ref.get(lines),
    append: (line) => Ref.update(lines, (all) => [...all, line]),
    readRows: (rowSet) => Effect.sync(() => Option.fromUndefinedOr(rows.get(rowSet))),
    writeRows: (rowSet, ids) => Effect.sync(() => void rows.set(rowSet, ids)),
    exclusively: (effect) => semaphore.withPermits(1)(effect)
  }
})

export const folderJournal = Effect.fnUntraced(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const location = path.resolve(folder)
  const ledger = path.join(location, "ledger.jsonl")
  const lock = path.join(location, "ledger.lock")
  const rowsPath = (rowSet: Digest) => path.join(location, `${rowSet}.rows`)
  const semaphore = yield* Semaphore.make(1)

  const writing = (target: string) => Effect.mapError(toStoreError("write", target))
  const optional = <A>(effect: Effect.Effect<A, PlatformError>, target: string) =>
    effect.pipe(
      Effect.map(Option.some),
      Effect.catchIf(
        (error) => error.reason._tag === "NotFound",
        () => Effect.succeed(Option.none<A>())
      ),
      Effect.mapError(toStoreError("read", target))
    )

  const synced = (target: string, flag: "a" | "w", bytes: Uint8Array) =>
    Effect.scoped(
      Effect.gen(function* () {
        const file = yield* files.open(target, { flag })
        yield* file.writeAll(bytes)
        yield* file.sync
        const directory = yield* files.open(location, { flag: "r" })
        yield* directory.sync
      })
    ).pipe(Effect.uninterruptible)

  /** A line without its newline was cut short by a crash: it was never promised, so it does not count. */
  const lines = Effect.map(optional(files.readFileString(ledger), ledger), (text) =>
    Option.getOrElse(text, () => "")
      .split("\n")
      .slice(0, -1)
  )

  const dropTornLine = Effect.gen(function* () {
    const text = yield* optional(files.readFileString(ledger), ledger)
    if (Option.isNone(text) || text.value === "" || text.value.endsWith("\n")) return
    const whole = text.value.slice(0, text.value.lastIndexOf("\n") + 1)
    yield* files.truncate(ledger, Buffer.byteLength(whole)).pipe(writing(ledger))
  })

  const takeLock = files.writeFileString(lock, `${process.pid}`, { flag: "wx" }).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "AlreadyExists",
      (error) =>
        Effect.gen(function* () {
          const holder = Number(yield* files.readFileString(lock).pipe(Effect.orElseSucceed(() => "")))
          if (holder > 0 && !(yield* isRunning(holder))) yield* Effect.ignore(files.remove(lock, { force: true }))
          return yield* error
        })
    ),
    Effect.retry({
      while: (error) => error.reason._tag === "AlreadyExists",
      schedule: Schedule.spaced(Duration.millis(20)),
      times: 500
    }),
    writing(lock)
  )

  const journal: Journal = {
    path: ledger,
    lines,
    append: (line) =>
      dropTornLine.pipe(Effect.andThen(synced(ledger, "a", Buffer.from(`${line}\n`)).pipe(writing(ledger)))),
    readRows: (rowSet) => optional(files.readFile(rowsPath(rowSet)), rowsPath(rowSet)),
    writeRows: (rowSet, ids) => synced(rowsPath(rowSet), "w", ids).pipe(writing(rowsPath(rowSet))),
    exclusively: (effect) =>
      Effect.acquireUseRelease(
        files.makeDirectory(location, { recursive: true }).pipe(writing(location), Effect.andThen(takeLock)),
        () => effect,
        () => Effect.ignore(files.remove(lock, { force: true }))
      ).pipe(semaphore.withPermits(1))
  }
  return journal
})
