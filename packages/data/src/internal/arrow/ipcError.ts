/** Bytes that are no Arrow IPC, in words. */
import { Effect, Schema } from "effect"
import type { SourceError } from "../../sources/SourceError.ts"

/** Bytes are no Arrow IPC file of the expected columns. */
export class IpcError extends Schema.TaggedError<IpcError>()("IpcError", { reason: Schema.String }) {
  override get message() {
    return `not an Arrow IPC file of these columns: ${this.reason}`
  }
}

/** What reading a file fails with. */
export type Failure = IpcError | SourceError

/** Runs what throws where bytes are not as they should be. */
export const attempt = <A>(run: () => A): Effect.Effect<A, IpcError> =>
  Effect.try({
    try: run,
    catch: (cause) => new IpcError({ reason: cause instanceof Error ? cause.message : String(cause) })
  })

/** Says what unpacks to more than so many bytes. */
export const tooLarge = (what: string, most: number): string =>
  `${what} to more than ${most} bytes; give { maxBytes } if you trust it`
