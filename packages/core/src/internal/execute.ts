/** The walker behind `Pipeline.run`: resolves each node once, from the store or by computing it. */
import { Cause, Clock, DateTime, Deferred, Effect, Option, Schema, Semaphore } from "effect"
import * as Artifact from "../Artifact.ts"
import type { ArtifactError } from "../Codec.ts"
import * as Digest from "../Digest.ts"
import * as Event from "../Event.ts"
import * as Key from "../Key.ts"
import { Ledger, LedgerTampered } from "../Ledger.ts"
import * as Manifest from "../Manifest.ts"
import type * as Node from "../Node.ts"
import * as Scratch from "../Scratch.ts"
import type { Context } from "../Stage.ts"
import { type CorruptObject, Store, type StoreError } from "../Store.ts"

/** The source files a pipeline's author wrote, and one digest of them all. */
export interface Sources {
  readonly file: string
  readonly files: ReadonlyArray<Manifest.SourceFile>
}

/** How to run. */
export interface RunOptions {
  /** An integer in [0, 2^53). */
  readonly seed: number
  /** How many stages may compute at the same time; 2 unless given. No result depends on it. */
  readonly concurrency?: number
  /** The author's source files. Without them, stages whose code they are cannot be reused between runs. */
  readonly sources?: Sources
  /** Digests that nodes must have, by name: for replays. */
  readonly expected?: ReadonlyMap<string, Digest.Digest>
  /** Versions worth recording, by package. */
  readonly versions?: Readonly<Record<string, string>>
  readonly machine?: string
}

/** The named nodes to compute. */
interface Wanted {
  readonly name: string
  readonly outputs: Readonly<Record<string, Node.Any>>
}

/** The seed is no seed. */
export class SeedError extends Schema.TaggedError<SeedError>()("SeedError", { seed: Schema.Number }) {
  override get message() {
    return `Seed ${this.seed} is no integer in [0, 2^53). Give one like --seed 7.`
  }
}

/** A stage computed twice gave two results: it reads something other than its inputs, parameters and key. */
export class NotReproducible extends Schema.TaggedError<NotReproducible>()("NotReproducible", {
  node: Schema.String,
  first: Digest.Digest,
  second: Digest.Digest
}) {
  override get message() {
    return (
      `"${this.node}" gave ${Digest.short(this.first)} before and ${Digest.short(this.second)} now, from the same inputs. ` +
      `It depends on something other than its inputs, its parameters and its key: time, order, or the outside world.`
    )
  }
}

/** What a stage reads from outside changed while it was read. */
export class ChangedWhileRead extends Schema.TaggedError<ChangedWhileRead>()("ChangedWhileRead", {
  node: Schema.String
}) {
  override get message() {
    return `What "${this.node}" reads changed while it was being read, so the result would be of neither version. Run again.`
  }
}

/** A replayed node differs from its record. */
export class ReplayMismatch extends Schema.TaggedError<ReplayMismatch>()("ReplayMismatch", {
  node: Schema.String,
  recorded: Digest.Digest,
  replayed: Digest.Digest
}) {
  override get message() {
    return `Replay differs, first at "${this.node}": recorded ${Digest.short(this.recorded)}, replayed ${Digest.short(this.replayed)}`
  }
}

interface Resolved {
  readonly record: Manifest.NodeRecord
  /** The value: kept while somebody still needs it, else loaded or computed again. */
  readonly load: Effect.Effect<unknown, unknown, unknown>
  /** Says that one of those who need the value is done. */
  readonly release: Effect.Effect<void>
}

const Result = Schema.fromJsonString(
  Schema.Struct({ stage: Schema.String, digest: Digest.Digest, kept: Schema.Boolean, seconds: Schema.Finite })
)

const describeMachine = `${process.platform} ${process.arch}, node ${process.versions.node}`

interface Walk {
  readonly pipeline: string
  readonly options: RunOptions
  readonly store: Store["Service"]
  readonly permits: Semaphore.Semaphore
  readonly root: Key.Key
  readonly sources: Digest.Digest | undefined
}

const readResult = Effect.fnUntraced(function* (walk: Walk, { key, reusable }: Identity) {
  if (!reusable) return undefined
  const bytes = yield* walk.store.read("results", key)
  if (Option.isNone(bytes)) return undefined
  const found = yield* Schema.decodeUnknownEffect(Result)(Buffer.from(bytes.value).toString("utf8")).pipe(Effect.option)
  if (Option.isNone(found)) return undefined
  const present = found.value.kept ? yield* walk.store.has(found.value.digest) : true
  return present ? found.value : undefined
})

const secondsSince = (started: number) => Effect.map(Clock.currentTimeMillis, (now) => (now - started) / 1000)

const mapValues = <A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]))

/** Looks up what is known to be there. */
const at = <K, V>(map: ReadonlyMap<K, V>, key: K): V => map.get(key) as V // every planned node has its place

/** What decides whether an earlier result is this node's. */
interface Identity {
  readonly key: Digest.Digest
  readonly engine: string | null
  readonly external: Digest.Digest | undefined
  /** Whether the key covers the stage's code. */
  readonly reusable: boolean
}

const identify = Effect.fnUntraced(function* (
  { options, sources }: Walk,
  { address, stage }: Node.Any,
  inputs: Readonly<Record<string, Digest.Digest>>
) {
  const external = stage.external === undefined ? undefined : yield* stage.external
  const engine = stage.engine === undefined ? null : yield* stage.engine
  const key = Digest.of({
    stage: stage.name,
    version: stage.version,
    params: stage.params as Digest.Digestible, // JSON is digestible; its recursive interface hides that from TypeScript
    inputs,
    drawn: stage.draws ? [options.seed, address] : null,
    engine,
    sources: stage.code === "sources" ? (sources ?? null) : null,
    external: external ?? null
  })
  const identity: Identity = { key, engine, external, reusable: stage.code === "versioned" || sources !== undefined }
  return identity
})

/** Runs a stage on its inputs' values. */
const compute = Effect.fnUntraced(function* (
  walk: Walk,
  { name, node: { address, stage } }: Node.Named,
  inputs: Readonly<Record<string, Resolved>>,
  { external, key, reusable }: Identity
) {
  const context: Context = {
    node: name,
    pipeline: walk.pipeline,
    key: Key.foldIn(walk.root, address),
    digests: mapValues(inputs, ({ record }) => record.digest),
    checkpoints: {
      read: reusable ? walk.store.read("checkpoints", key) : Effect.succeedNone,
      write: (bytes) => (reusable ? walk.store.write("checkpoints", key, bytes) : Effect.void)
    }
  }
  const values = yield* Effect.all(mapValues(inputs, ({ load }) => load))
  const value = yield* walk.permits.withPermits(1)(
    Effect.provideService(
      stage.run(values as never, context), // Node.make checked that each input has the type the stage reads
      Event.Node,
      name
    )
  )
  const after = stage.external === undefined ? undefined : yield* stage.external
  if (after !== external) return yield* new ChangedWhileRead({ node: name })
  return value
})

/** Collects what a stage tells people, which the listener hears too. */
const noting = <A, E, R>(notices: Array<string>, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Event.Listener, (listener) =>
    Effect.provideService(effect, Event.Listener, (event) => {
      if (event._tag === "Notice") notices.push(event.message)
      return listener(event)
    })
  )

/** Keeps a value while somebody still needs it, and gets it again when it is asked for later. */
const holding = Effect.fnUntraced(function* (
  first: Option.Option<unknown>,
  users: number,
  fetch: Effect.Effect<unknown, unknown, unknown>
) {
  const one = yield* Semaphore.make(1)
  let waiting = users
  let held = users > 0 ? first : Option.none()
  const load = Effect.suspend(() =>
    Option.match(held, {
      onSome: Effect.succeed,
      onNone: () => Effect.tap(fetch, (value) => Effect.sync(() => void (held = Option.some(value))))
    })
  )
  const release = Effect.sync(() => {
    waiting--
    if (waiting <= 0) held = Option.none()
  })
  return { load: one.withPermits(1)(load), release }
})

/** Keeps what was computed under its digest, and under its key if that can be trusted later. */
const keep = Effect.fnUntraced(function* (
  { store }: Walk,
  { stage }: Node.Any,
  { key, reusable }: Identity,
  value: unknown,
  started: number
) {
  const codec = stage.codec()
  const digest =
    codec._tag === "Transient" ? codec.fingerprint(value) : yield* Artifact.put(codec.name, codec.encode(value))
  const result = { stage: stage.name, digest, kept: codec._tag === "Stored", seconds: yield* secondsSince(started) }
  const record = reusable
    ? store
        .write("results", key, Buffer.from(Schema.encodeSync(Result)(result)))
        .pipe(Effect.andThen(store.remove("checkpoints", key)))
    : Effect.void
  return { ...result, record }
})

/** Resolves one node: from its resolved inputs to its record and the means to load its value. */
const resolve = Effect.fnUntraced(function* (
  walk: Walk,
  named: Node.Named,
  inputs: Readonly<Record<string, Resolved>>,
  users: number
): Effect.fn.Return<Resolved, unknown, unknown> {
  const { name, node } = named
  const { stage } = node
  const codec = stage.codec()
  const identity = yield* identify(
    walk,
    node,
    mapValues(inputs, ({ record }) => record.digest)
  )
  const notices: Array<string> = []
  const run = noting(notices, compute(walk, named, inputs, identity))
  const found = yield* readResult(walk, identity)
  const started = yield* Clock.currentTimeMillis
  if (found === undefined) yield* Event.emit({ _tag: "StageStarted", node: name })
  const value = found === undefined ? Option.some(yield* run) : Option.none()
  const kept = Option.isSome(value)
    ? yield* Effect.provideService(keep(walk, node, identity, value.value, started), Event.Node, name)
    : undefined
  const { digest, seconds } = kept ?? found ?? (yield* Effect.die("either was computed or found"))

  const recorded = walk.options.expected?.get(name)
  if (recorded !== undefined && recorded !== digest) {
    return yield* new ReplayMismatch({ node: name, recorded, replayed: digest })
  }
  if (kept !== undefined) yield* kept.record
  yield* Event.emit({ _tag: "StageFinished", node: name, digest, reused: kept === undefined, seconds })

  const again = Effect.gen(function* () {
    if (codec._tag === "Stored") return yield* codec.decode(yield* Artifact.get(digest))
    const second = yield* run
    if (codec.fingerprint(second) === digest) return second
    return yield* new NotReproducible({ node: name, first: digest, second: codec.fingerprint(second) })
  })
  const record: Manifest.NodeRecord = {
    name,
    stage: stage.name,
    version: stage.version,
    params: stage.params,
    inputs: mapValues(inputs, (input) => input.record.name),
    lineage: [...node.lineage].sort(),
    address: node.address,
    key: identity.key,
    digest,
    codec: codec.name,
    kept: codec._tag === "Stored",
    engine: identity.engine,
    reused: kept === undefined,
    seconds,
    ...(notices.length === 0 ? {} : { notices: [...notices] })
  }
  return { record, ...(yield* holding(value, users, again)) }
})

/** Resolves all planned nodes, each as soon as its inputs are there, and each once. */
const walkAll = Effect.fnUntraced(function* (
  walk: Walk,
  planned: ReadonlyArray<Node.Named>,
  outputs: ReadonlyArray<Node.Any>
) {
  const results = new Map<Node.Any, Deferred.Deferred<Resolved, unknown>>()
  for (const { node } of planned) results.set(node, yield* Deferred.make<Resolved, unknown>())
  const users = new Map<Node.Any, number>()
  const needed = [...planned.flatMap(({ node }) => Object.values(node.inputs)), ...outputs]
  for (const node of needed) users.set(node, (users.get(node) ?? 0) + 1)

  const settle = Effect.fnUntraced(function* (each: Node.Named) {
    const inputs = yield* Effect.all(mapValues(each.node.inputs, (input) => Deferred.await(at(results, input))))
    const resolved = yield* resolve(walk, each, inputs, users.get(each.node) ?? 0)
    yield* Effect.forEach(Object.values(inputs), (input) => input.release, { discard: true })
    return resolved
  })

  const all = yield* Effect.forEach(
    planned,
    (each) => Effect.onExit(settle(each), (exit) => Deferred.done(at(results, each.node), exit)),
    { concurrency: "unbounded" }
  ).pipe(Effect.catchCause((cause) => Effect.failCause(firstFailure(cause))))
  return new Map(planned.map(({ node }, index) => [node, all[index]]))
})

/** Nodes downstream of a failure fail with it: report it once. */
const firstFailure = (cause: Cause.Cause<unknown>): Cause.Cause<unknown> => {
  const first = cause.reasons.find(Cause.isFailReason) ?? cause.reasons.find(Cause.isDieReason)
  return first === undefined ? cause : Cause.fromReasons([first])
}

const rootDigest = (pipeline: Wanted, byNode: ReadonlyMap<Node.Any, Resolved>): Digest.Digest =>
  Digest.of(mapValues(pipeline.outputs, (node) => at(byNode, node).record.digest))

const runId = Effect.fnUntraced(function* (pipeline: Wanted, seed: number, started: number) {
  const stamp = DateTime.formatIso(DateTime.makeUnsafe(started)).replace(/[-:]|\.\d+Z$/g, "")
  const base = `${stamp}-${pipeline.name}-${seed}`
  const taken = yield* Manifest.list
  let id = base
  for (let number = 2; taken.includes(id); number++) id = `${base}-${number}`
  return id
})

/** The last recorded run's ledger line must still be there: cutting the ledger's end off shows. */
const checkLedger = Effect.fnUntraced(function* (): Effect.fn.Return<
  void,
  StoreError | LedgerTampered | Manifest.UnknownRun | CorruptObject | ArtifactError,
  Store | Ledger
> {
  const last = (yield* Manifest.list).at(-1)
  if (last === undefined) return
  const { ledger } = yield* Manifest.read(last)
  if (ledger === null) return
  const entries = yield* (yield* Ledger).entries
  if (entries[ledger.line]?.hash !== ledger.hash) {
    const reason = `run ${last} ended with a line that is no longer there`
    return yield* new LedgerTampered({ path: (yield* Store).location, line: ledger.line + 1, reason })
  }
})

/** Runs the planned nodes and writes the manifest. */
export const execute = Effect.fnUntraced(function* (
  pipeline: Wanted,
  planned: ReadonlyArray<Node.Named>,
  options: RunOptions
) {
  const { seed, sources } = options
  if (!Number.isSafeInteger(seed) || seed < 0) return yield* new SeedError({ seed })
  yield* checkLedger()
  const started = yield* Clock.currentTimeMillis
  const walk: Walk = {
    pipeline: pipeline.name,
    options,
    store: yield* Store,
    permits: yield* Semaphore.make(options.concurrency ?? 2),
    root: Key.fromSeed(seed),
    sources: sources === undefined ? undefined : Digest.of(sources.files.map(({ digest, file }) => [file, digest]))
  }
  const wanted = Object.values(pipeline.outputs)
  const settings = yield* Scratch.Settings
  const scratch = { ...settings, folder: walk.store.temporary ?? settings.folder }
  const byNode = yield* Effect.provideService(walkAll(walk, planned, wanted), Scratch.Settings, scratch)
  const values = yield* Effect.all(mapValues(pipeline.outputs, (node) => at(byNode, node).load))
  const entries = yield* (yield* Ledger).entries
  const head = entries.at(-1)
  const manifest: Manifest.Manifest = {
    format: 1,
    id: yield* runId(pipeline, seed, started),
    pipeline: pipeline.name,
    file: sources?.file ?? null,
    seed,
    started: DateTime.formatIso(DateTime.makeUnsafe(started)),
    seconds: yield* secondsSince(started),
    versions: options.versions ?? {},
    machine: options.machine ?? describeMachine,
    sources: sources?.files ?? [],
    nodes: planned.map(({ node }) => at(byNode, node).record),
    outputs: mapValues(pipeline.outputs, (node) => at(byNode, node).record.name),
    root: rootDigest(pipeline, byNode),
    ledger: head === undefined ? null : { line: head.line, hash: head.hash }
  }
  yield* Manifest.write(manifest)
  return { manifest, outputs: values }
})
