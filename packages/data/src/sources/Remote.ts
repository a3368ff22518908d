/**
 * Files at `https://` and `s3://` addresses: fetched into a temporary folder, read there by any source of one file, and gone after.
 * Their version is the digest of what they hold; who may fetch them is no part of a key, manifest or message.
 */
import { Digest } from "@watertight/core"
import { Duration, Effect, FileSystem, Redacted } from "effect"
import { basename } from "node:path"
import * as Files from "../internal/sources/files.ts"
import * as Http from "../internal/sources/http.ts"
import * as Quarantine from "./Quarantine.ts"
import * as S3 from "./S3.ts"
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
  /** Where the bucket of an `s3://` address is, and who asks for its objects. */
  readonly s3?: S3.Options
  /** A larger file is not read; 10 GiB unless given. */
  readonly maximumBytes?: number
  /** How long no byte may come before an attempt is given up; 30 seconds unless given. */
  readonly patience?: Duration.Input
  /** How often to try again where that may help, after 250 ms and then twice as long each time; 3 unless given. */
  readonly retries?: number
}

/**
 * Reads a file at an address: `read` makes the source of the path it is fetched to, which has the address's last part as
 * its name. An address without encryption (`http://`) needs `sha256`. `s3://bucket/key` is asked for at AWS or at the
 * endpoint in `s3`, signed by what the environment holds unless `s3` says otherwise; the key is as it is, nothing in it is
 * an escape. Fails with a `SourceError` that names host and path
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
  const place = placeOf(address, options)
  const { label, name } = place
  const inner = Quarantine.readerOf(read(name))
  const fetched = fetchInto(place, options)
  return Quarantine.source({
    name: inner.name,
    version: inner.version,
    params: { source: inner.params, from: label },
    external:
      options.sha256 === undefined
        ? Effect.scoped(Effect.map(fetched, ({ sha256 }) => Digest.Digest.make(sha256)))
        : Effect.map(place.target, () => Digest.Digest.make(options.sha256?.toLowerCase() ?? "")),
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

/** What an address means: what to ask for, once it is checked, and what people call it. */
interface Place {
  readonly label: string
  readonly name: string
  readonly target: Effect.Effect<Target, SourceError>
}

interface Target extends Pick<Http.Request, "url" | "follows" | "hintOf"> {
  /** Fails where the environment lacks what signs them. */
  readonly headers: Effect.Effect<Http.Request["headers"], SourceError>
}

const refuse = (file: string, detail: string, hint: string) =>
  Effect.fail(new SourceError({ file, problem: "bad option", detail, hint }))

const placeOf = (address: string | URL, options: Options): Place => {
  const text = String(address)
  const place = S3.isAddress(text) ? inBucket(text, options) : onWeb(text, options)
  if (options.sha256 === undefined || /^[0-9a-f]{64}$/i.test(options.sha256)) return place
  return {
    ...place,
    target: refuse(place.label, "is declared with a sha256 that is none", "Give 64 hexadecimal digits.")
  }
}

const plain = (headers: Options["headers"] = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Redacted.value(value)]))

const onWeb = (address: string, { headers, sha256 }: Options): Place => {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const label = url === undefined ? "the address" : Http.shown(url)
  const place = (target: Place["target"]) => ({ label, name: basename(url?.pathname ?? "") || "file", target })
  if (url !== undefined && url.username + url.password !== "") {
    return place(refuse(label, "is an address with a user or password in it", "Give them in headers."))
  }
  if (url?.protocol === "https:" || (url?.protocol === "http:" && sha256 !== undefined)) {
    const hintOf = ({ status }: Response) =>
      status === 401 || status === 403 ? "Give the headers it asks for." : undefined
    return place(
      Effect.succeed({ url, follows: true, hintOf, headers: Effect.succeed(Effect.sync(() => plain(headers))) })
    )
  }
  return place(
    url?.protocol === "http:"
      ? refuse(label, "is an address without encryption", unencrypted)
      : refuse(label, "is no https:// or s3:// address", "Give one, or fetch the file first.")
  )
}

const unencrypted = "Give its sha256, so that what is read is what was meant."

const inBucket = (address: string, options: Options): Place => {
  const { headers, s3 = {}, sha256 } = options
  const object = S3.parse(address)
  if (object === undefined) {
    const detail = "is no s3://bucket/key: buckets have 3 to 63 small letters, digits, dots and dashes"
    const target = refuse("the address", detail, "Correct it; a key has no empty part, and none that is . or ..")
    return { label: "the address", name: "file", target }
  }
  const label = `s3://${object.bucket}/${object.key}`
  const target = Effect.gen(function* () {
    const region = yield* S3.regionOf(s3)
    const url = S3.urlOf(object, region, s3)
    if (url === undefined) {
      return yield* refuse(
        label,
        "has an endpoint or region that is none",
        "Give an endpoint such as https://host:9000."
      )
    }
    if (url.protocol !== "https:" && (url.protocol !== "http:" || (sha256 === undefined && !S3.isLocal(url)))) {
      return yield* refuse(label, "has an endpoint without encryption", unencrypted)
    }
    const signing = S3.credentialsOf(s3).pipe(
      Effect.catch(({ detail, hint }) => refuse(label, detail, hint)),
      Effect.map((credentials) =>
        credentials === undefined
          ? Effect.sync(() => plain(headers))
          : Effect.suspend(() => S3.signed(url, plain(headers), region, credentials))
      )
    )
    return { url, follows: false, headers: signing, hintOf: (response: Response) => S3.hintOf(response, region) }
  })
  const name = basename(object.key).replace(/[\\\0]/g, "_") // which no file's name has everywhere
  return { label, name, target }
}

/** Fetches the file into a folder of the scope's. */
const fetchInto = Effect.fn("Source.remote")(function* ({ label: file, name, target }: Place, options: Options) {
  const { headers, ...found } = yield* target
  const fileSystem = yield* FileSystem.FileSystem
  const folder = yield* Effect.mapError(fileSystem.makeTempDirectoryScoped(), (error) =>
    Files.fromPlatform(file, error)
  )
  const request: Http.Request = {
    ...found,
    headers: yield* headers,
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
