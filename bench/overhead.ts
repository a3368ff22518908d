/**
 * What the train loop costs beside the steps. One epoch of the whole loop runs on an engine that stops it after every 32
 * steps and takes 32 bare steps on fixed inputs, so that both are measured at the same time.
 */
import { Key, type Stage } from "@watertight/core"
import { Engine, TrainLoop } from "@watertight/model"
import { Effect } from "effect"
import * as Digits from "./digits.ts"
import { type Rounds, ratio, spread, table, timed } from "./measure.ts"
import { onnx } from "./step.ts"

export const title = "The train loop around the step"
export const meaning = `
"Loop" is TrainLoop.run: reading the batch, the learning rate, the step, recording, progress, checkpoints; "bare" is the
compiled step alone, on inputs that never change. The overhead is what the loop takes longer, as a share of the bare step.
The masks of dropout are made by the loader's worker thread, or by the loop itself where nothing is prefetched.`.trim()

const block = 32

interface Variant {
  readonly name: string
  readonly dropout: number
  readonly prefetch: number
  readonly threads: number
}

const variants: ReadonlyArray<Variant> = [
  { name: "no dropout, 1 thread", dropout: 0, prefetch: 2, threads: 1 },
  { name: "dropout, masks by the worker, 1 thread", dropout: 0.2, prefetch: 2, threads: 1 },
  { name: "dropout, masks in the loop, 1 thread", dropout: 0.2, prefetch: 0, threads: 1 },
  { name: "dropout, masks by the worker, 2 threads", dropout: 0.2, prefetch: 2, threads: 2 }
]

interface Measured {
  readonly name: string
  readonly rounds: Rounds
  /** Milliseconds after the last step: validation, digests, the checkpoint. */
  readonly closing: number
}

/** An engine that measures the loop that uses it. */
const metered = (engine: Engine.Engine["Service"]) => {
  const loop: Array<number> = []
  const bare: Array<number> = []
  let resumed = 0
  let steps = 0
  let last = 0
  const compile: typeof engine.compile = Effect.fnUntraced(function* (program) {
    const executable = yield* engine.compile(program)
    if (program.name !== "training step") return executable
    const fixed = yield* engine.compile(program)
    const compare = Effect.fnUntraced(function* (inputs: Parameters<typeof fixed.run>[0]) {
      const paused = performance.now()
      const own = structuredClone(inputs)
      yield* fixed.run(own)
      const time = yield* timed(block, () => fixed.run(own))
      if (steps > 0) {
        loop.push((paused - resumed) / block)
        bare.push(time)
      }
      resumed = performance.now()
    })
    return {
      ...executable,
      write: (state) => Effect.andThen(fixed.write(state), executable.write(state)),
      run: (inputs) => {
        const step = Effect.tap(executable.run(inputs), () => {
          steps++
          last = performance.now()
          return Effect.void
        })
        return steps % block === 0 ? Effect.andThen(compare(inputs), step) : step
      }
    }
  })
  return {
    service: Engine.Engine.of({ id: engine.id, compile }),
    rounds: { loop, bare },
    sinceLast: () => performance.now() - last
  }
}

/** Writes what the loop and the bare step took. */
export const report = (measured: ReadonlyArray<Measured>): string =>
  table(
    ["one epoch, 54,000 rows: a step", "loop ms", "bare ms", "overhead", "min–max", "aim", "after the epoch ms"],
    measured.map(({ closing, name, rounds }) => {
      const share = ratio(rounds, "loop", "bare")
      const percent = (value: number) => (100 * (value - 1)).toFixed(1)
      return [
        name,
        spread(rounds["loop"]).median.toFixed(2),
        spread(rounds["bare"]).median.toFixed(2),
        `${percent(share.median)} %`,
        `${percent(share.min)}–${percent(share.max)}`,
        `≤ 5 %: ${share.median <= 1.05 ? "met" : "NOT MET"}`,
        closing.toFixed(0)
      ]
    })
  )

/** Runs one epoch of each variant. */
export const measure = Effect.gen(function* () {
  const data = yield* Digits.rows
  const measured: Array<Measured> = []
  for (const { dropout, name, prefetch, threads } of variants) {
    const { rounds, service, sinceLast } = metered(yield* onnx(threads))
    const { loss, optimizer, selection } = Digits
    const options = { ...selection, module: Digits.module(dropout), loss, optimizer, epochs: 1, prefetch }
    const context: Stage.Context = {
      node: "train-model",
      pipeline: "bench",
      key: Key.fromSeed(7),
      digests: {},
      checkpoints: { read: Effect.succeedNone, write: () => Effect.void }
    }
    const run = Effect.scoped(TrainLoop.run(options, data, context))
    yield* Effect.provideService(run, Engine.Engine, service)
    measured.push({ name, rounds, closing: sinceLast() })
  }
  return measured
})
