/**
 * Files that together hold one table: one file, all of a folder, or those that match a pattern. Their order is that of
 * their paths by code points, whatever the file system's own order is.
 */
import { Digest } from "@watertight/core"
import { Effect, FileSystem, type PlatformError } from "effect"
import { SourceError } from "../../sources/SourceError.ts"
import * as Files from "./files.ts"
import { byCodePoints } from "./folder.ts"

/**
 * Lists the files: the file itself; for a folder, those below it whose names end in one of `endings`, without hidden ones
 * and those that start with `_`; for a path with `*`, `?` or `**`, those that match.
 */
export const list = (
  path: Files.Path,
  endings: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, SourceError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const file = Files.systemPath(path)
    const info = yield* Effect.result(fileSystem.stat(file))
    if (info._tag === "Success" && info.success.type !== "Directory") return [file]
    if (info._tag === "Failure" && !/[*?]/.test(file)) return yield* Effect.fail(info.failure)

    const pattern = info._tag === "Success" ? undefined : file.replaceAll("\\", "/")
    const folder = pattern === undefined ? file : fixedPart(pattern)
    const isMatch = pattern === undefined ? isData(endings) : matcher(pattern.slice(folder.length))
    const separator = folder === "" || folder.endsWith("/") ? "" : "/"
    const found = (yield* below(folder === "" ? "." : folder)).filter(isMatch)
    const files = found.sort(byCodePoints).map((name) => `${folder}${separator}${name}`)
    if (files.length > 0) return files
    return yield* new SourceError({
      file,
      problem: "missing file",
      detail: pattern === undefined ? `holds no file whose name ends in ${endings.join(" or ")}` : "matches no file",
      hint: "Check the path; a relative one starts at the working directory."
    })
  }).pipe(
    Effect.catchTag("PlatformError", (error: PlatformError.PlatformError) =>
      Effect.fail(Files.fromPlatform(Files.systemPath(path), error))
    )
  )

/** Returns the digest of what the files hold, in their order; one file's is that of its bytes. */
export const digest = Effect.fn("Source.digest")(function* (path: Files.Path, endings: ReadonlyArray<string>) {
  const files = yield* list(path, endings)
  const digests = yield* Effect.forEach(files, Files.digest)
  return digests.length === 1 ? digests[0] : Digest.of(digests)
})

/** Counts the bytes of the files. */
export const bytes = (files: ReadonlyArray<string>): Effect.Effect<number, SourceError, FileSystem.FileSystem> =>
  Effect.map(
    Effect.forEach(files, (file) =>
      FileSystem.FileSystem.pipe(
        Effect.flatMap((fileSystem) => fileSystem.stat(file)),
        Effect.mapError((error) => Files.fromPlatform(file, error))
      )
    ),
    (found) => found.reduce((sum, { size }) => sum + Number(size), 0)
  )

/** The files below a folder. Links are followed, but not to a folder that they lie in: files would be read twice. */
const below = Effect.fnUntraced(function* (root: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const found: Array<string> = []
  const folders = [{ name: "", above: [yield* fileSystem.realPath(root)] }]
  for (let at = 0; at < folders.length; at++) {
    const { above, name } = folders[at]
    for (const entry of yield* fileSystem.readDirectory(`${root}/${name}`)) {
      const path = name === "" ? entry : `${name}/${entry}`
      const { type } = yield* fileSystem.stat(`${root}/${path}`)
      if (type === "File") found.push(path)
      if (type !== "Directory") continue
      const real = yield* fileSystem.realPath(`${root}/${path}`)
      if (above.includes(real)) {
        const file = `${root}/${path}`
        const hint = "Remove the link."
        return yield* new SourceError({ file, problem: "not a file", detail: "is a link to a folder it lies in", hint })
      }
      folders.push({ name: path, above: [...above, real] })
    }
  }
  return found
})

const isData =
  (endings: ReadonlyArray<string>) =>
  (name: string): boolean =>
    endings.some((ending) => name.endsWith(ending)) && !name.split("/").some((part) => /^[._]/.test(part))

/** The folders of a pattern before the first with a wildcard. */
const fixedPart = (pattern: string): string => pattern.slice(0, pattern.search(/[^/]*[*?]/))

const matcher = (pattern: string): ((name: string) => boolean) => {
  const expression = pattern.replace(/\*\*\/|\*\*|\*|\?|[^*?]+/g, (part) => {
    if (part === "**/") return "(?:.*/)?"
    if (part === "**") return ".*"
    if (part === "*") return "[^/]*"
    return part === "?" ? "[^/]" : part.replace(/[\\^$.|+()[\]{}]/g, "\\$&")
  })
  const whole = new RegExp(`^${expression}$`)
  return (name) => whole.test(name)
}
