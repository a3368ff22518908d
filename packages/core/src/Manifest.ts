/**
 * The record of a run: every node with its parameters, its inputs, its cache key and the digest of its output, and with
 * that the seed, the engine, the versions, the source files and the time. Two runs are the same run when their `root`
 * digests are equal.
 */
import { Effect, Option, Schema } from "effect"
import { Digest } from "./Digest.ts"
import { Store, type StoreError } from "./Store.ts"

const Origin = Schema.Literals(["unsplit", "train", "validation", "test"])

/** One computed (or reused) node of a run. */
export const NodeRecord = Schema.Struct({
  name: Schema.String,
  stage: Schema.String,
  version: Schema.Int,
  params: Schema.Json,
  /** The names of the input nodes. */
  inputs: Schema.Record(Schema.String, Schema.String),
  lineage: Schema.Array(Origin),
  address: Digest,
  key: Digest,
  digest: Digest,
  codec: Schema.String,
  kept: Schema.Boolean,
  engine: Schema.NullOr(Schema.String),
  reused: Schema.Boolean,
  seconds: Schema.Finite,
  /** What the stage told people while it was computed; no result depends on it. */
  notices: Schema.optionalKey(Schema.Array(Schema.String))
})

/** One computed (or reused) node of a run. */
export type NodeRecord = typeof NodeRecord.Type

/** A source file of the pipeline's author, and what it held. */
export const SourceFile = Schema.Struct({ file: Schema.String, digest: Digest })

/** A source file of the pipeline's author, and what it held. */
export type SourceFile = typeof SourceFile.Type

/** The record of a run. */
export const Manifest = Schema.Struct({
  format: Schema.Literal(1),
  id: Schema.String,
  pipeline: Schema.String,
  /** The module that was run, when it was run from a file. */
  file: Schema.NullOr(Schema.String),
  seed: Schema.Int,
  started: Schema.String,
  seconds: Schema.Finite,
  versions: Schema.Record(Schema.String, Schema.String),
  machine: Schema.String,
  sources: Schema.Array(SourceFile),
  /** In an order in which inputs stand before what uses them. */
  nodes: Schema.Array(NodeRecord),
  /** The node each output of the pipeline names. */
  outputs: Schema.Record(Schema.String, Schema.String),
  root: Digest,
  /** The ledger's last line when the run ended. */
  ledger: Schema.NullOr(Schema.Struct({ line: Schema.Int, hash: Digest }))
})

/** The record of a run. */
export type Manifest = typeof Manifest.Type

const Json = Schema.fromJsonString(Manifest)

/** No run of that name is in the store, or its record cannot be read. */
export class UnknownRun extends Schema.TaggedError<UnknownRun>()("UnknownRun", {
  id: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Run "${this.id}": ${this.reason}`
  }
}

/** Writes a run's record. */
export const write = Effect.fnUntraced(function* (manifest: Manifest): Effect.fn.Return<void, StoreError, Store> {
  const store = yield* Store
  const text = JSON.stringify(Schema.encodeSync(Manifest)(manifest), null, 2)
  yield* store.write("runs", `${manifest.id}.json`, Buffer.from(`${text}\n`))
})

/** Lists the ids of all runs, oldest first. */
export const list: Effect.Effect<ReadonlyArray<string>, StoreError, Store> = Effect.gen(function* () {
  const names = yield* (yield* Store).list("runs")
  return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length))
})

/** Reads a run's record. A unique beginning of its id is enough; `last` is the newest run. */
export const read = Effect.fnUntraced(function* (
  id: string
): Effect.fn.Return<Manifest, UnknownRun | StoreError, Store> {
  const store = yield* Store
  const known = yield* list
  const matches = known.includes(id)
    ? [id]
    : id === "last"
      ? known.slice(-1)
      : known.filter((run) => run.startsWith(id))
  if (matches.length !== 1) {
    const reason =
      matches.length === 0
        ? `there is no such run in ${store.location}. \`watertight runs\` lists those there are.`
        : `that could be any of ${matches.join(", ")}. Give more of the id.`
    return yield* new UnknownRun({ id, reason })
  }
  const bytes = yield* store
    .read("runs", `${matches[0]}.json`)
    .pipe(Effect.catchTag("CorruptObject", (error) => Effect.fail(new UnknownRun({ id, reason: error.message }))))
  const text = Option.match(bytes, { onNone: () => "", onSome: (found) => Buffer.from(found).toString("utf8") })
  return yield* Schema.decodeUnknownEffect(Json)(text, { onExcessProperty: "error", errors: "all" }).pipe(
    Effect.mapError((issue) => new UnknownRun({ id, reason: `its record is damaged: ${issue.message}` }))
  )
})
