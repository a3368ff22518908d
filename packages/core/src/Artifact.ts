/**
 * A stage's output in the store: a JSON record that names its codec, what describes it, and the digests of its blobs.
 * The artifact's digest is the record's, so it covers every byte.
 */
import { Effect, Schema } from "effect"
import * as Codec from "./Codec.ts"
import * as Digest from "./Digest.ts"
import { type CorruptObject, Store, type StoreError } from "./Store.ts"

const Record = Schema.fromJsonString(
  Schema.Struct({
    codec: Schema.String,
    meta: Schema.Json,
    blobs: Schema.Record(Schema.String, Digest.Digest)
  })
)

/** What a codec wrote, and its name. */
export interface Artifact extends Codec.Encoded {
  readonly codec: string
}

/** Writes an encoded value and returns the artifact's digest. */
export const put = Effect.fn("Artifact.put")(function* (
  codec: string,
  encoded: Codec.Encoded
): Effect.fn.Return<Digest.Digest, StoreError, Store> {
  const store = yield* Store
  const names = Object.keys(encoded.blobs).sort()
  const digests = yield* Effect.forEach(names, (name) => store.put(encoded.blobs[name]))
  const blobs = Object.fromEntries(names.map((name, index) => [name, digests[index]]))
  const record = Schema.encodeSync(Record)({ codec, meta: encoded.meta, blobs })
  return yield* store.put(Buffer.from(record))
})

/** Reads an artifact back, every byte checked against its digest. Large blobs stay on disk. */
export const get = Effect.fn("Artifact.get")(function* (
  digest: Digest.Digest
): Effect.fn.Return<Artifact, StoreError | CorruptObject | Codec.ArtifactError, Store> {
  const store = yield* Store
  const text = Buffer.from(yield* store.get(digest)).toString("utf8")
  const record = yield* Schema.decodeUnknownEffect(Record)(text).pipe(
    Effect.mapError((issue) => new Codec.ArtifactError({ codec: "artifact", reason: issue.message }))
  )
  const names = Object.keys(record.blobs)
  const bytes = yield* Effect.forEach(names, (name) => store.open(record.blobs[name]))
  return {
    codec: record.codec,
    meta: record.meta,
    blobs: Object.fromEntries(names.map((name, index) => [name, bytes[index]]))
  }
})
