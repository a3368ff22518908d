/**
 * The files below a folder, for sources in which each file is a row. All that is found is either listed or refused by
 * name: hidden files alone are passed over. Nothing outside the folder is read, whatever links say.
 */
import { Effect, FileSystem, type PlatformError } from "effect"
import { lstatSync } from "node:fs"
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
  const fileSystem = yield* FileSystem.FileSystem
  const names = yield* fileSystem.readDirectory(`${place.root}/${folder}`)
  const shown = names.filter((name) => !name.startsWith(".")).map((name) => below(folder, name))
  const seen: Array<Seen> = []
  const odd: Array<string> = []
  for (const [index, name] of shown.entries()) {
    if (index % together === 0) yield* Effect.yieldNow
    const plain = yield* Effect.result(Effect.try({ try: () => plainOf(place, name), catch: () => undefined }))
    if (plain._tag === "Success" && plain.success !== undefined) seen.push(plain.success)
    else odd.push(name)
  }
  return [...seen, ...(yield* Effect.forEach(odd, (name) => entryOf(place, name), { concurrency: 8 }))]
})

/** What a file or folder is that is no link, for which nothing has to be resolved; undefined for all else. */
const plainOf = (place: Place, name: string): Seen | undefined => {
  const stat = lstatSync(`${place.root}/${name}`)
  const type = stat.isFile() ? "File" : stat.isDirectory() ? "Directory" : undefined
  const target = insideOf(place) + name.replaceAll("/", sep)
  return type && seenOf(place, name, { type, size: stat.size, target })
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
