/**
 * Files at `https://` addresses: fetched into a temporary folder, read there by any source of one file, and gone after.
 * Their version is the digest of what they hold; who may fetch them is no part of a key, manifest or message.
 */
import { Digest } from "@watertight/core"
import { Duration, Effect, FileSystem, type Redacted } from "effect"
import { basename } from "node:path"
import * as Files from "../internal/files.ts"
import * as Http from "../internal/http.ts"
import * as Quarantine from "./Quarantine.ts"
import type { Columns } from "../Columns.ts"
import { SourceError } from "./SourceError.ts"

/** What is known of the file, and what fetching it may take. */
export interface Options {
  /**
   * The SHA-256 of the file's bytes, in hexadecimal digits. With it the network is asked only when the table is not in
   * the store; without it, before each run as well, to find out whether the file is another one.
   */
  readonly sha256?: string
  /** Headers that say who asks. They are used and kept nowhere. */
  readonly headers?: Readonly<Record<string, Redacted.Redacted>>
  /** A larger file is not read; 10 GiB unless given. */
  readonly maximumBytes?: number
  /** How long no byte may come before an attempt is given up; 30 seconds unless given. */
  readonly patience?: Duration.Input
  /** How often to try again where that may help, after 250 ms and then twice as long each time; 3 unless given. */
  readonly retries?: number
}

/**
 * Reads a file at an address: `read` makes the source of the path it is fetched to, which has the address's last part as
 * its name. An address without encryption (`http://`) needs `sha256`. Fails with a `SourceError` that names host and path
 * when the address is none, does not answer, answers that it has no such file or that this is not for you, leads to an
 * address without encryption, sends too much or stops in the middle, or its bytes have another SHA-256; and as the source
 * does.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const Trips = Columns.make({ fare: Column.float })
 * const trips = Source.remote("https://data.example/2024/trips.csv", (file) => Source.csv(file, Trips))
 * trips.stage.name // => "csv"
 */
export const remote = <C extends Columns, E, R>(
  address: string | URL,
  read: (file: string) => Quarantine.Source<C, E, R>,
  options: Options = {}
): Quarantine.Source<C, E | SourceError, R | FileSystem.FileSystem> => {
  const url = URL.canParse(String(address)) ? new URL(address) : undefined
  const name = basename(url?.pathname ?? "") || "file"
  const inner = Quarantine.readerOf(read(name))
  const label = url === undefined ? "the address" : Http.shown(url)
  const fetched = fetchInto(url, label, name, options)
  return Quarantine.source({
    name: inner.name,
    version: inner.version,
    params: { source: inner.params, from: label },
    external:
      options.sha256 === undefined
        ? Effect.scoped(Effect.map(fetched, ({ sha256 }) => Digest.Digest.make(sha256)))
        : Effect.map(checkAddress(url, label, options), () => Digest.Digest.make(options.sha256?.toLowerCase() ?? "")),
    label,
    read: (onBadRow) =>
      Effect.scoped(
        Effect.flatMap(fetched, ({ path }) => relabelled(Quarantine.readerOf(read(path)).read(onBadRow), path, label))
      )
  })
}

/** Says the address where the source says the path, which is another each time. */
const relabelled = <C extends Columns, E, R>(
  read: Effect.Effect<Quarantine.Sorted<C>, E, R>,
  path: string,
  label: string
): Effect.Effect<Quarantine.Sorted<C>, E | SourceError, R> =>
  read.pipe(
    Effect.map(({ quarantine, table }) => {
      const nameOf = (file: string) => (file === path ? label : file)
      return { table, quarantine: Quarantine.renamed(quarantine, nameOf) }
    }),
    Effect.mapError((error) =>
      error instanceof SourceError && error.file === path ? new SourceError({ ...error, file: label }) : error
    )
  )

const checkAddress = (url: URL | undefined, file: string, { sha256 }: Options): Effect.Effect<URL, SourceError> => {
  const refuse = (detail: string, hint: string) =>
    Effect.fail(new SourceError({ file, problem: "bad option", detail, hint }))
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
    return refuse("is declared with a sha256 that is none", "Give 64 hexadecimal digits.")
  }
  if (url !== undefined && url.username + url.password !== "") {
    return refuse("is an address with a user or password in it", "Give them in headers.")
  }
  if (url?.protocol === "https:" || (url?.protocol === "http:" && sha256 !== undefined)) return Effect.succeed(url)
  return url?.protocol === "http:"
    ? refuse("is an address without encryption", "Give its sha256, so that what is read is what was meant.")
    : refuse("is no https:// address", "Give one, or fetch the file first.")
}

/** Fetches the file into a folder of the scope's. */
const fetchInto = Effect.fn("Source.remote")(function* (
  address: URL | undefined,
  file: string,
  name: string,
  options: Options
) {
  const url = yield* checkAddress(address, file, options)
  const fileSystem = yield* FileSystem.FileSystem
  const folder = yield* Effect.mapError(fileSystem.makeTempDirectoryScoped(), (error) =>
    Files.fromPlatform(file, error)
  )
  const request: Http.Request = {
    url,
    headers: options.headers ?? {},
    maximumBytes: options.maximumBytes ?? 10 * 2 ** 30,
    patience: Duration.fromInputUnsafe(options.patience ?? "30 seconds"),
    retries: options.retries ?? 3
  }
  const path = `${folder}/${name}`
  const sha256 = yield* Effect.mapError(
    Http.fetchTo(request, path),
    ({ detail, hint, problem }) => new SourceError({ file, problem, detail, hint })
  )
  const wanted = options.sha256?.toLowerCase()
  if (wanted === undefined || wanted === sha256) return { path, sha256 }
  const detail = `has the SHA-256 ${sha256}, not the declared ${wanted}`
  return yield* new SourceError({ file, problem: "files differ", detail, hint: "Find out who changed it, and why." })
})
