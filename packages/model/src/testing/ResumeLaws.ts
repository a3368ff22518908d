/**
 * The law of exact resume: a run that is killed and run again ends in the bits of one that was left alone. It is checked
 * on whole pipelines, by an engine that dies at a given training step while the store lives on.
 */
import { Ledger, type Node, Pipeline, Store } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect, Exit } from "effect"
import { Engine } from "../Engine.ts"

/** The law's sentence. */
export const name = "resume: killed at every step, the next run ends in the same bits"

/** An engine that counts the training steps it runs, and dies instead of running step `dies`. */
const mortal = (engine: Engine["Service"], dies: number) => {
  let steps = 0
  const service = Engine.of({
    id: engine.id,
    compile: (program) =>
      Effect.map(engine.compile(program), (executable) =>
        program.name === "training step"
          ? {
              ...executable,
              run: (inputs) => {
                if (steps === dies) return Effect.die(new Error(`killed at step ${dies}`))
                steps++
                return executable.run(inputs)
              }
            }
          : executable
      )
  })
  return { service, steps: () => steps }
}

/** Where checkpoints are kept between the killed run and the next. */
export type MakeStore = Effect.Effect<Store.Store["Service"]>

const memory: MakeStore = Effect.provide(Store.Store, Store.layerMemory, { local: true })

/**
 * Runs a pipeline undisturbed, then for every training step once killed there and once more. Fails with a `LawViolation`
 * when a root digest differs, or when the second run started over although a checkpoint had been written: with
 * `checkpointEvery: 1` that is at every step but the first.
 */
export const check = <O extends Pipeline.Outputs>(
  pipeline: Pipeline.Pipeline<O>,
  options: { readonly seed: number; readonly checkpointEvery: number; readonly store?: MakeStore }
): Effect.Effect<
  void,
  Law.LawViolation | Pipeline.RunError | Node.Error<O[keyof O]>,
  Exclude<Node.Services<O[keyof O]>, Store.Store | Ledger.Ledger> | Engine
> =>
  checkAny(pipeline, options) as Effect.Effect<
    void,
    Law.LawViolation | Pipeline.RunError | Node.Error<O[keyof O]>,
    Exclude<Node.Services<O[keyof O]>, Store.Store | Ledger.Ledger> | Engine
  > // a pipeline of any outputs fails and needs what its nodes do

const checkAny = Effect.fn("ResumeLaws.check")(function* (
  pipeline: Pipeline.Any,
  options: { readonly seed: number; readonly checkpointEvery: number; readonly store?: MakeStore }
) {
  const { checkpointEvery, seed } = options
  const engine = yield* Engine
  const makeStore = options.store ?? memory
  const run = (store: Store.Store["Service"], dies: number) => {
    const { service, steps } = mortal(engine, dies)
    return Pipeline.run(pipeline, { seed }).pipe(
      Effect.map(({ manifest }) => manifest.root),
      Effect.exit,
      Effect.map((exit) => ({ exit, steps: steps() })),
      Effect.provideService(Engine, service),
      Effect.provideService(Store.Store, store),
      Effect.provide(Ledger.layerMemory, { local: true })
    )
  }
  const undisturbed = yield* run(yield* makeStore, Infinity)
  const root = yield* undisturbed.exit
  for (let step = 0; step < undisturbed.steps; step++) {
    const violation = (reason: string) =>
      new Law.LawViolation({
        law: name,
        counterexample: `killed at step ${step + 1} of ${undisturbed.steps}`,
        seed,
        reason
      })
    const store = yield* makeStore
    const killed = yield* run(store, step)
    if (Exit.isSuccess(killed.exit)) return yield* violation("the run went on without the engine")
    const resumed = yield* run(store, Infinity)
    const digest = yield* resumed.exit
    if (digest !== root)
      return yield* violation(`the root digest is ${digest.slice(0, 8)}, undisturbed it is ${root.slice(0, 8)}`)
    if (step >= checkpointEvery && resumed.steps >= undisturbed.steps) {
      return yield* violation("the next run started over instead of continuing from the last checkpoint")
    }
  }
})
