/** `watertight run FILE`: computes what the store does not have, shows it, and keeps the run's record and reports. */
import { Event, type Ledger, type Manifest, Pipeline, Store } from "@watertight/core"
import type { Engine } from "@watertight/model"
import { Console, Effect, type FileSystem, type Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Environment from "../Environment.ts"
import * as PipelineModule from "../PipelineModule.ts"
import * as Progress from "../Progress.ts"

/** The services a pipeline run by the command may need. */
export type Services = Store.Store | Ledger.Ledger | Engine.Engine | FileSystem.FileSystem | Path.Path

/** A module's default export says nothing about its types: what it needs beyond these services is a defect. */
export const untyped = <A, E>(effect: Effect.Effect<A, E, unknown>): Effect.Effect<A, unknown, Services> =>
  effect as Effect.Effect<A, unknown, Services> // see above

/** Prints every output that has a form for people, and keeps it beside the run. */
const showOutputs = Effect.fnUntraced(function* (
  pipeline: Pipeline.Any,
  { manifest, outputs }: Pipeline.RunResult<Pipeline.Outputs>
) {
  const store = yield* Store.Store
  for (const [name, node] of Object.entries(pipeline.outputs)) {
    const codec = node.stage.codec()
    if (codec._tag !== "Stored") continue
    const value = outputs[name]
    const { meta } = codec.encode(value)
    yield* store.write("reports", `${manifest.id}/${name}.json`, Buffer.from(`${JSON.stringify(meta, null, 2)}\n`))
    if (codec.show === undefined) continue
    const text = codec.show(value)
    yield* store.write("reports", `${manifest.id}/${name}.txt`, Buffer.from(`${text}\n`))
    yield* Console.log(`\n${name}\n\n${text}`)
  }
})

/** Says what was computed, what was reused, and how to look further. */
export const summary = (manifest: Manifest.Manifest): string => {
  const computed = manifest.nodes.filter((node) => !node.reused).map((node) => node.name)
  const reused = manifest.nodes.length - computed.length
  const what =
    computed.length === 0
      ? `reused all ${reused} stages`
      : `computed ${computed.join(", ")}${reused === 0 ? "" : `; reused ${reused} of ${manifest.nodes.length} stages`}`
  return `run ${manifest.id} in ${Progress.duration(manifest.seconds)}: ${what}\nroot digest ${manifest.root}`
}

/** Runs a loaded pipeline with a moving or plain display. */
export const withProgress = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const listener = yield* Progress.listener({ interactive: process.stdout.isTTY })
    return yield* Effect.provideService(effect, Event.Listener, listener)
  })

const flags = {
  file: Argument.String("file").pipe(Argument.withDescription("A module whose default export is a pipeline")),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("The seed of all randomness, an integer from 0 on"),
    Flag.withDefault(0)
  ),
  store: Environment.store,
  engine: Environment.engine,
  threads: Environment.threads,
  concurrency: Environment.concurrency,
  spendTest: Environment.spendTest
}

/** The `run` command. */
export const command = Command.make("run", flags, ({ concurrency, engine, file, seed, spendTest, store, threads }) =>
  Effect.gen(function* () {
    const { pipeline, sources } = yield* PipelineModule.load(file)
    yield* Console.log(`${pipeline.name}, seed ${seed}`)
    const options = { seed, concurrency, sources, versions: Environment.versions, machine: Environment.machine }
    const result = yield* withProgress(untyped(Pipeline.run(pipeline, options)))
    yield* showOutputs(pipeline, result)
    const folder = (yield* Store.Store).location
    yield* Console.log(
      `\n${summary(result.manifest)}\nreports in ${folder}/reports/${result.manifest.id}` +
        `\nlook: watertight show ${result.manifest.id}   prove: watertight replay ${result.manifest.id}`
    )
  }).pipe(
    Effect.onInterrupt(() => Console.error("\ninterrupted: run again to continue from the last checkpoint")),
    Effect.provide(Environment.layerEngine(engine, threads)),
    Effect.provide(Environment.layerLedger(store, spendTest)),
    Effect.provide(Environment.layerStore(store))
  )
).pipe(
  Command.withDescription("Run the pipeline in FILE; what did not change is served from the store"),
  Command.withExamples([
    { command: "watertight run taxi.ts --seed 7", description: "Run with seed 7" },
    {
      command: 'watertight run taxi.ts --spend-test "new loss, decided on validation"',
      description: "Read the test rows again"
    }
  ])
)
