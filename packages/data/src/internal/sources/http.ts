/**
 * The one file that fetches over the network: a file, piece by piece, within limits, tried again where trying may help.
 * Nothing of a URL but its host and path, and nothing of its headers, is ever in an error.
 */
import { Duration, Effect, FileSystem, Schedule, Schema, type Scope } from "effect"
import { createHash } from "node:crypto"

/** What to fetch, and how much at most. */
export interface Request {
  readonly url: URL
  /** Made anew for each attempt. */
  readonly headers: Effect.Effect<Readonly<Record<string, string>>>
  /** Whether to go where a response sends to; headers signed for one address are no other's. */
  readonly follows: boolean
  /** Says what to do about a response that is no file. */
  readonly hintOf: (response: Response) => string | undefined
  readonly maximumBytes: number
  /** How long no byte may come. */
  readonly patience: Duration.Duration
  readonly retries: number
}

/** A file could not be fetched. */
export class HttpError extends Schema.TaggedError<HttpError>()("HttpError", {
  problem: Schema.Literals(["missing file", "unreadable file", "too large", "truncated"]),
  detail: Schema.String,
  hint: Schema.String,
  /** Whether another attempt may succeed. */
  mayPass: Schema.Boolean
}) {}

/** Writes a URL without what may be secret: its user, password, query and fragment. */
export const shown = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`

const failed = (
  problem: HttpError["problem"],
  detail: string,
  mayPass: boolean,
  hint = "Check the address, or try again later."
) => new HttpError({ problem, detail, hint, mayPass })

/** The network's own words name hosts only, but may quote a URL. */
const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const code = inner instanceof Error && "code" in inner ? String(inner.code) : undefined
  return code ?? (inner instanceof Error ? inner.name : "unknown")
}

const attempt = <A>(
  patience: Duration.Duration,
  problem: "unreadable file" | "truncated",
  run: (signal: AbortSignal) => Promise<A>
): Effect.Effect<A, HttpError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => failed(problem, `could not be fetched (${reasonOf(cause)})`, true)
  }).pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(failed(problem, `sent nothing for ${Duration.format(patience)}`, true))
    })
  )

/** Says why a response is none to read. */
const refusal = (request: Request, response: Response): HttpError | undefined => {
  const { ok, status } = response
  if (request.url.protocol === "https:" && !response.url.startsWith("https:")) {
    return failed("unreadable file", "leads to an address without encryption", false, "Give the address it leads to.")
  }
  if (!ok) {
    const mayPass = status >= 500 || status === 429 || status === 408
    const isMissing = status === 404 || status === 410
    const problem = isMissing ? "missing file" : "unreadable file"
    return failed(problem, `was answered with ${status}`, mayPass, request.hintOf(response))
  }
  const length = Number(response.headers.get("content-length") ?? 0)
  return length > request.maximumBytes ? tooLarge(request) : undefined
}

const tooLarge = ({ maximumBytes }: Request): HttpError =>
  failed("too large", `has more than ${maximumBytes} bytes`, false, "Raise maximumBytes if you trust it.")

/** Fetches into a file and returns the SHA-256 of its bytes. */
const once = Effect.fnUntraced(function* (
  request: Request,
  path: string
): Effect.fn.Return<string, HttpError, FileSystem.FileSystem | Scope.Scope> {
  const fileSystem = yield* FileSystem.FileSystem
  const headers = yield* request.headers
  const redirect = request.follows ? "follow" : "manual"
  const controller = new AbortController()
  yield* Effect.addFinalizer(() => Effect.sync(() => controller.abort()))
  const response = yield* attempt(request.patience, "unreadable file", () =>
    fetch(request.url, { headers, redirect, signal: controller.signal })
  )
  const refused = refusal(request, response)
  if (refused !== undefined) return yield* refused
  const file = yield* Effect.mapError(fileSystem.open(path, { flag: "w" }), unwritable)
  const reader = response.body?.getReader()
  const hasher = createHash("sha256")
  let length = 0
  while (reader !== undefined) {
    const { done, value } = yield* attempt(request.patience, "truncated", () => reader.read())
    if (done) break
    length += value.length
    if (length > request.maximumBytes) return yield* tooLarge(request)
    hasher.update(value)
    yield* Effect.mapError(file.writeAll(value), unwritable)
  }
  return hasher.digest("hex")
})

const unwritable = () =>
  failed("unreadable file", "could not be written to a temporary folder", false, "Free space on the disk.")

/** Fetches a file to a path and returns the SHA-256 of its bytes. */
export const fetchTo = (request: Request, path: string): Effect.Effect<string, HttpError, FileSystem.FileSystem> =>
  Effect.scoped(once(request, path)).pipe(
    Effect.retry({
      times: request.retries,
      schedule: Schedule.exponential("250 millis"),
      while: ({ mayPass }: HttpError) => mayPass
    })
  )
