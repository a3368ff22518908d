/**
 * Files for what is too large for memory while a run goes on: columns that a source read or a recipe made. A file is taken
 * off its folder as soon as it is open, so that nothing is left behind however the process ends, and its space is free
 * again when nobody can read it any more. No result depends on whether values lie in memory or here.
 */
import { Context, Effect, Schema } from "effect"
import { mkdirSync, unlinkSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import * as CheckedFile from "./internal/checkedFile.ts"

/** A scratch file could not be made or written. */
export class ScratchError extends Schema.TaggedError<ScratchError>()("ScratchError", {
  folder: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return (
      `No scratch file could be written in ${this.folder}: ${this.reason}. ` +
      `Free space there, or run with --store in a folder on a larger disk.`
    )
  }
}

/** Where scratch files lie, and when they are used. */
export interface Settings {
  readonly folder: string
  /** Tables of more bytes than this lie on disk. */
  readonly inMemory: number
}

/** Where scratch files lie, and when they are used: the system's temporary folder, from 128 MiB on, unless given. */
export const Settings = Context.Reference<Settings>("@watertight/core/Scratch/Settings", {
  defaultValue: () => ({ folder: tmpdir(), inMemory: 128 * 2 ** 20 })
})

/** A file that is written at its end and read anywhere. */
export interface Scratch {
  /** Writes bytes as one block and returns where it starts. */
  readonly append: (bytes: Uint8Array) => Effect.Effect<number, ScratchError>
  /** Copies the bytes from `start` on into an array. Throws a `DamagedFile` when the file is no longer what it was. */
  readonly read: (start: number, into: Uint8Array) => void
}

let serial = 0

/** A process may have this many scratch files; further ones share those. */
const mostFiles = 32

let opened: ReadonlyArray<WeakRef<CheckedFile.CheckedFile>> = []

/** Opens a file in a folder, or returns the smallest of those that are open there when they are many. */
const openIn = (folder: string): CheckedFile.CheckedFile => {
  opened = opened.filter((each) => each.deref() !== undefined)
  const there = opened.flatMap((each) => {
    const file = each.deref()
    return file !== undefined && dirname(file.path) === folder ? [file] : []
  })
  if (there.length >= mostFiles)
    return there.reduce((least, file) => (file.byteLength < least.byteLength ? file : least))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `scratch-${process.pid}-${serial++}`)
  const file = CheckedFile.open(path, "wx+")
  unlinkSync(path)
  opened = [...opened, new WeakRef(file)]
  return file
}

/** Opens a scratch file. */
export const make: Effect.Effect<Scratch, ScratchError> = Effect.gen(function* () {
  const { folder } = yield* Settings
  const attempt = <A>(run: () => A) =>
    Effect.try({
      try: run,
      catch: (cause) => new ScratchError({ folder, reason: cause instanceof Error ? cause.message : String(cause) })
    })
  const file = yield* attempt(() => openIn(resolve(folder)))
  return {
    append: (bytes) =>
      attempt(() => {
        const start = file.byteLength
        for (let done = 0; done < bytes.byteLength;) {
          done += writeSync(file.fd, bytes, done, bytes.byteLength - done, start + done)
        }
        CheckedFile.append(file, bytes)
        return start
      }),
    read: (start, into) => CheckedFile.read(file, start, into)
  }
})
