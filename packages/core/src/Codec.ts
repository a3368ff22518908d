/**
 * How a stage's output is kept. A stored artifact is a JSON description plus named blobs in formats other tools read
 * (Arrow IPC, safetensors); its digest covers both. A transient artifact is not written: it has only a fingerprint, and
 * is computed again, and checked against that fingerprint, when somebody needs it.
 */
import { Effect, Schema } from "effect"
import type { Blob } from "./Blob.ts"
import type { Digest } from "./Digest.ts"

/** The plain form of a value: what describes it, and the bytes that are better kept as files of their own. */
export interface Encoded {
  readonly meta: Schema.Json
  readonly blobs: Readonly<Record<string, Blob>>
}

/** A stored artifact does not have the form its codec writes. */
export class ArtifactError extends Schema.TaggedError<ArtifactError>()("ArtifactError", {
  codec: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `A stored artifact is no ${this.codec}: ${this.reason}. Run again with an empty --store to compute it anew.`
  }
}

/** A codec that writes values into the store. */
export interface Stored<A> {
  readonly _tag: "Stored"
  readonly name: string
  readonly encode: (value: A) => Encoded
  readonly decode: (encoded: Encoded) => Effect.Effect<A, ArtifactError>
  /** Says what the value is, as text for people. */
  readonly show: ((value: A) => string) | undefined
}

/** A codec for what is cheaper to compute again than to keep: only its fingerprint is recorded. */
export interface Transient<A> {
  readonly _tag: "Transient"
  readonly name: string
  readonly fingerprint: (value: A) => Digest
}

/** How values of type `A` are kept. */
export type Codec<A> = Stored<A> | Transient<A>

/** Makes a codec that stores values. */
export const stored = <A>(
  codec: Omit<Stored<A>, "_tag" | "show"> & { readonly show?: (value: A) => string }
): Codec<A> => ({ _tag: "Stored", show: undefined, ...codec })

/** Makes a codec that stores only a fingerprint. */
export const transient = <A>(name: string, fingerprint: (value: A) => Digest): Codec<A> => ({
  _tag: "Transient",
  name,
  fingerprint
})

/** Stores a value as JSON, through its schema: what is read back is decoded, unknown keys refused. */
export const json = <A>(
  name: string,
  schema: Schema.Codec<A, Schema.Json>,
  options: { readonly show?: (value: A) => string } = {}
): Codec<A> =>
  stored<A>({
    ...options,
    name,
    encode: (value) => ({ meta: Schema.encodeSync(schema)(value), blobs: {} }),
    decode: ({ meta }) =>
      Schema.decodeUnknownEffect(schema)(meta, { onExcessProperty: "error", errors: "all" }).pipe(
        Effect.mapError((issue) => new ArtifactError({ codec: name, reason: issue.message }))
      )
  })
