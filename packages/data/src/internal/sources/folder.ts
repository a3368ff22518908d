/**
 * The files below a folder, for sources in which each file is a row. All that is found is either listed or refused by
 * name: hidden files alone are passed over. Nothing outside the folder is read, whatever links say.
 */
import { Effect, FileSystem, Option, type PlatformError } from "effect"
import { type Dirent, lstatSync, readdirSync } from "node:fs"
import { sep } from "node:path"
import { type Problem, SourceError } from "../../sources/SourceError.ts"
import * as Files from "./files.ts"

/** A file, or why it is none. */
export interface Entry {
  /** The path below the folder, with `/` between its parts. */
  readonly name: string
  /** The path as the system takes it. */
  readonly path: string
  readonly refused: SourceError | undefined
}

/** Orders texts by their code points, whatever the language of the machine. */
export const byCodePoints = (left: string, right: string): number => {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)]
    if (a !== b) return fixed(a) - fixed(b)
  }
  return left.length - right.length
}

/** Moves surrogates above all other code units, where the code points lie that they stand for. */
const fixed = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit)

const below = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`)

/** A name is a row, a folder to look into, or left aside on purpose. */
type Seen =
  | { readonly kind: "entry"; readonly name: string; readonly entry: Entry }
  | { readonly kind: "folder" | "nothing"; readonly name: string }

/** Looks at names that many at a time; the thread does other work between. */
const together = 256

/** Looks at what lies in a folder: at plain files and folders without asking the service for each. */
const look = Effect.fnUntraced(function* (
  place: Place,
  folder: string
): Effect.fn.Return<ReadonlyArray<Seen>, PlatformError.PlatformError, FileSystem.FileSystem> {
  const path = `${place.root}/${folder}`
  const listed = Effect.try({ try: () => readdirSync(path, { withFileTypes: true }), catch: () => undefined })
  const found = yield* Effect.option(listed)
  if (Option.isNone(found)) {
    const names = yield* (yield* FileSystem.FileSystem).readDirectory(path)
    return yield* entriesOf(
      place,
      names.filter(isShown).map((name) => below(folder, name))
    )
  }
  const shown = found.value.filter(({ name }) => isShown(name))
  const seen: Array<Seen> = []
  const odd: Array<string> = []
  for (let start = 0; start < shown.length; start += together) {
    yield* Effect.yieldNow
    for (const entry of shown.slice(start, start + together)) {
      const name = below(folder, entry.name)
      const plain = yield* Effect.option(Effect.try({ try: () => plainOf(place, name, entry), catch: () => undefined }))
      if (Option.isNone(plain) || plain.value === undefined) odd.push(name)
      else seen.push(plain.value)
    }
  }
  return [...seen, ...(yield* entriesOf(place, odd))]
})

const isShown = (name: string): boolean => !name.startsWith(".")

const entriesOf = (place: Place, names: ReadonlyArray<string>) =>
  Effect.forEach(names, (name) => entryOf(place, name), { concurrency: 8 })

/** What a file or folder is that is no link; undefined for all else, and for what has gone. */
const plainOf = (place: Place, name: string, entry: Dirent): Seen | undefined => {
  const type = entry.isFile() ? "File" : entry.isDirectory() ? "Directory" : undefined
  const stat = type && lstatSync(`${place.root}/${name}`, { throwIfNoEntry: false })
  return (
    type && stat && seenOf(place, name, { type, size: stat.size, target: insideOf(place) + name.replaceAll("/", sep) })
  )
}

/** Lists what lies below a folder, in the order of its paths, except the file `except`. */
export const list = (
  folder: Files.Path,
  endings: ReadonlyArray<string>,
  except?: Files.Path
): Effect.Effect<ReadonlyArray<Entry>, SourceError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const root = Files.systemPath(folder)
    const info = yield* fileSystem.stat(root)
    if (info.type !== "Directory") {
      const hint = "Give the folder that the files lie in."
      const detail = `is a ${info.type.toLowerCase()}, not a folder`
      return yield* new SourceError({ file: root, problem: "not a folder", detail, hint })
    }
    const real = yield* fileSystem.realPath(root)
    const left = except === undefined ? undefined : yield* fileSystem.realPath(Files.systemPath(except))
    const place = { root: root.replace(/[/\\]+$/, ""), real, left, endings }
    const found: Array<Entry> = []
    const folders = [""]
    for (let at = 0; at < folders.length; at++) {
      const seen = yield* look(place, folders[at])
      folders.push(...seen.filter(({ kind }) => kind === "folder").map(({ name }) => name))
      found.push(...seen.flatMap((each) => (each.kind === "entry" ? [each.entry] : [])))
    }
    return found.sort((one, other) => byCodePoints(one.name, other.name))
  }).pipe(
    Effect.catchTag("PlatformError", (error: PlatformError.PlatformError) =>
      Effect.fail(Files.fromPlatform(Files.systemPath(folder), error))
    )
  )

interface Place {
  readonly root: string
  readonly real: string
  readonly left: string | undefined
  readonly endings: ReadonlyArray<string>
}

/** One file may take this many bytes. */
const largest = 1 << 28

const entryOf = Effect.fnUntraced(function* (
  place: Place,
  name: string
): Effect.fn.Return<Seen, never, FileSystem.FileSystem> {
  const fileSystem = yield* FileSystem.FileSystem
  const path = `${place.root}/${name}`
  const looked = yield* Effect.result(Effect.all([fileSystem.stat(path), fileSystem.realPath(path)]))
  if (looked._tag === "Failure") {
    return { kind: "entry", name, entry: { name, path, refused: Files.fromPlatform(path, looked.failure) } }
  }
  const [{ size, type }, target] = looked.success
  return seenOf(place, name, { size, type, target })
})

const insideOf = ({ real }: Place): string => (real.endsWith(sep) ? real : real + sep)

/** What a file system says of a path: `target` is where it leads in the end. */
interface Info {
  readonly size: number | bigint
  readonly type: FileSystem.File.Type
  readonly target: string
}

const seenOf = (place: Place, name: string, { size, target, type }: Info): Seen => {
  const { endings, left, root } = place
  const path = `${root}/${name}`
  const entry = (refused?: SourceError): Seen => ({ kind: "entry", name, entry: { name, path, refused } })
  const refuse = (problem: Problem, detail: string, hint: string): Seen =>
    entry(new SourceError({ file: path, problem, detail, hint }))

  if (target === left) return { kind: "nothing", name }
  const inside = insideOf(place)
  if (!target.startsWith(inside)) {
    return refuse("not a file", "is a link out of the folder", "Copy what it points to into the folder.")
  }
  const isNamed = endings.some((ending) => name.toLowerCase().endsWith(ending))
  if (type === "Directory") {
    if (target !== inside + name.replaceAll("/", sep)) {
      return refuse("not a file", "is a link to a folder", "Put the files where they belong.")
    }
    return isNamed
      ? refuse("not a file", "is a folder, named as a file is", "Rename or remove it.")
      : { kind: "folder", name }
  }
  if (type !== "File") return refuse("not a file", `is a ${type.toLowerCase()}`, "Leave it out.")
  if (!isNamed) {
    return refuse("wrong format", `is named none of ${endings.join(", ")}`, "Move it elsewhere, or rename it.")
  }
  return size > largest ? refuse("too large", `has ${size} bytes, more than ${largest}`, "Leave it out.") : entry()
}
