/** `watertight replay ID`: computes a run again from nothing; every digest must be the recorded one. */
import { type Digest, Manifest, Replay, Store } from "@watertight/core"
import { Trained } from "@watertight/model"
import { Console, Effect, FileSystem, Layer, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import * as Environment from "../Environment.ts"
import * as PipelineModule from "../PipelineModule.ts"
import { untyped, withProgress } from "./Run.ts"
import { duration } from "../Progress.ts"

/** The run cannot be replayed, or did not replay to the same digests. */
export class ReplayFailed extends Schema.TaggedError<ReplayFailed>()("ReplayFailed", { message: Schema.String }) {}

/** How artifacts of the packages are explained in their own terms. */
export const explanations: Replay.Explanations = { trained: Trained.explain }

const changedSources = (manifest: Manifest.Manifest, module: PipelineModule.PipelineModule): ReadonlyArray<string> => {
  const before = new Map(manifest.sources.map(({ digest, file }) => [file, digest]))
  const now = new Map(module.sources.files.map(({ digest, file }) => [file, digest]))
  return [...new Set([...before.keys(), ...now.keys()])].filter((file) => before.get(file) !== now.get(file)).sort()
}

const replayIn = Effect.fnUntraced(function* (manifest: Manifest.Manifest, module: PipelineModule.PipelineModule) {
  const original = yield* Store.Store
  const files = yield* FileSystem.FileSystem
  const folder = yield* files.makeTempDirectoryScoped({ prefix: "watertight-replay-" })
  const fresh = yield* Layer.build(Store.layerFolder(folder)).pipe(Effect.map((context) => context))
  const { pipeline, sources } = module
  const options = { sources, versions: Environment.versions, machine: Environment.machine }
  return yield* withProgress(untyped(Replay.replay(pipeline, manifest, options))).pipe(
    Effect.catchIf(isMismatch, (mismatch) =>
      Effect.gen(function* () {
        const replayed = yield* Effect.provide(Store.Store, fresh)
        const inside = yield* Replay.explainNode(
          { store: original, digest: mismatch.recorded },
          { store: replayed, digest: mismatch.replayed },
          explanations
        )
        const where = inside === null ? "" : `\n  at ${inside.where}: recorded ${inside.left}, replayed ${inside.right}`
        const machine =
          manifest.machine === Environment.machine
            ? ""
            : `\n  recorded on ${manifest.machine}, replayed on ${Environment.machine}`
        return yield* new ReplayFailed({ message: `${mismatch.message}${where}${machine}` })
      })
    ),
    Effect.provide(fresh)
  )
})

interface Mismatch {
  readonly _tag: "ReplayMismatch"
  readonly message: string
  readonly recorded: Digest.Digest
  readonly replayed: Digest.Digest
}

const isMismatch = (error: unknown): error is Mismatch =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ReplayMismatch"

const flags = {
  id: Argument.String("id").pipe(Argument.withDescription("A run, a unique beginning of its id, or `last`")),
  store: Environment.store,
  engine: Environment.engine,
  threads: Environment.threads
}

/** The `replay` command. */
export const command = Command.make("replay", flags, ({ engine, id, store, threads }) =>
  Effect.gen(function* () {
    const manifest = yield* Manifest.read(id)
    if (manifest.file === null) {
      return yield* new ReplayFailed({
        message: `Run ${manifest.id} was not run from a file, so its pipeline is not known.`
      })
    }
    const module = yield* PipelineModule.load(manifest.file)
    const changed = changedSources(manifest, module)
    if (changed.length > 0) {
      yield* Console.log(`note: since that run, ${changed.join(", ")} changed; a difference may come from that`)
    }
    yield* Console.log(`replaying ${manifest.id}, seed ${manifest.seed}`)
    const { manifest: replayed } = yield* Effect.scoped(replayIn(manifest, module))
    if (replayed.root !== manifest.root) {
      return yield* new ReplayFailed({
        message: `The root digest differs: recorded ${manifest.root}, replayed ${replayed.root}`
      })
    }
    yield* Console.log(
      `replayed ${replayed.nodes.length} stages in ${duration(replayed.seconds)}: every digest is the recorded one\n` +
        `root digest ${replayed.root}`
    )
  }).pipe(
    Effect.provide(Environment.layerEngine(engine, threads)),
    Effect.provide(Environment.layerLedger(store, Environment.noSpending)),
    Effect.provide(Environment.layerStore(store))
  )
).pipe(Command.withDescription("Compute a run again from nothing, and compare every digest with the record"))
