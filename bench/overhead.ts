/**
 * What the train loop costs beside the steps. One epoch of the whole loop runs on an engine that stops it after every 32
 * steps and takes 32 bare steps on fixed inputs, so that both are measured at the same time.
 */
import type { Stage } from "@watertight/core"
import { Engine, type Program, TrainLoop } from "@watertight/model"
import { Effect } from "effect"
import * as Digits from "./digits.ts"
import { ratio, spread, table, timed } from "./measure.ts"
import { onnx } from "./step.ts"

export const title = "The train loop around the step"
export const meaning = `
"Loop" is TrainLoop.run: reading the batch, the learning rate, the step, recording, progress, checkpoints; "bare" is the
compiled step alone, on inputs that never change. The overhead is what the loop takes longer, as a share of the bare step.
"Between" is the time from the end of a step to the start of the next, which a busy machine blurs less. The masks of
dropout are made by the loader's worker thread, or by the loop itself where nothing is prefetched. "After" is what follows
the last step once in an epoch: 6,000 validation rows, digests of the weights, a checkpoint in memory.`.trim()

const block = 32

interface Variant {
  readonly name: string
  readonly dropout: number
  /** As many as the train loop chooses, unless given. */
  readonly prefetch?: number
  readonly threads: number
}

const variants: ReadonlyArray<Variant> = [
  { name: "no dropout, 1 thread", dropout: 0, threads: 1 },
  { name: "dropout, masks by the worker, 1 thread", dropout: 0.2, threads: 1 },
  { name: "dropout, masks in the loop, 1 thread", dropout: 0.2, prefetch: 0, threads: 1 },
  { name: "no dropout, 2 threads", dropout: 0, threads: 2 },
  { name: "dropout, masks by the worker, 2 threads", dropout: 0.2, threads: 2 }
]

/** What an engine saw of the loop that used it, in milliseconds. */
interface Meter {
  /** A step with all that belongs to it: the mean of each block. */
  readonly loop: Array<number>
  /** The step alone: the mean of each block. */
  readonly bare: Array<number>
  /** From the end of a step to the start of the next. */
  readonly between: Array<number>
  /** When the last step ended. */
  ended: number
}

/** An engine that measures the loop that uses it. */
const metered = (engine: Engine.Engine["Service"], meter: Meter): Engine.Engine["Service"] => {
  const compile: typeof engine.compile = Effect.fnUntraced(function* (program) {
    const executable = yield* engine.compile(program)
    if (program.name !== "training step") return executable
    const fixed = yield* engine.compile(program)
    let steps = 0
    let resumed = 0
    const takeBareSteps = Effect.fnUntraced(function* (inputs: Program.Data) {
      if (steps > 0) meter.loop.push((performance.now() - resumed) / block)
      const time = yield* timed(block, () => fixed.run(inputs))
      if (steps > 0) meter.bare.push(time)
      resumed = performance.now()
    })
    const step: typeof executable.run = (inputs) =>
      Effect.map(executable.run(inputs), (outputs) => {
        steps++
        meter.ended = performance.now()
        return outputs
      })
    return {
      ...executable,
      write: (state) => Effect.andThen(fixed.write(state), executable.write(state)),
      run: (inputs) => {
        if (steps % block === 0) return Effect.andThen(takeBareSteps(Digits.copy(inputs)), step(inputs))
        meter.between.push(performance.now() - meter.ended)
        return step(inputs)
      }
    }
  })
  return Engine.Engine.of({ id: engine.id, compile })
}

interface Measured {
  readonly name: string
  readonly meter: Meter
  /** Milliseconds after the last step. */
  readonly after: number
}

/** Writes what the loop and the bare step took. */
export const report = (measured: ReadonlyArray<Measured>): string =>
  table(
    ["one epoch, 54,000 rows: a step", "loop ms", "bare ms", "overhead", "min–max", "aim", "between ms", "after ms"],
    measured.map(({ after, meter: { bare, between, loop }, name }) => {
      const share = ratio({ bare, loop }, "loop", "bare")
      const percent = (value: number) => (100 * (value - 1)).toFixed(1)
      return [
        name,
        spread(loop).median.toFixed(2),
        spread(bare).median.toFixed(2),
        `${percent(share.median)} %`,
        `${percent(share.min)}–${percent(share.max)}`,
        `≤ 5 %: ${share.median <= 1.05 ? "met" : "NOT MET"}`,
        spread(between).median.toFixed(3),
        after.toFixed(0)
      ]
    })
  )

/** Runs one epoch of each variant. */
export const measure = Effect.gen(function* () {
  const data = yield* Digits.rows
  const measured: Array<Measured> = []
  for (const { dropout, name, prefetch, threads } of variants) {
    const meter: Meter = { loop: [], bare: [], between: [], ended: 0 }
    const { loss, optimizer, selection } = Digits
    const options = { ...selection, module: Digits.module(dropout), loss, optimizer, epochs: 1, prefetch }
    const context: Stage.Context = {
      node: "train-model",
      pipeline: "bench",
      key: Digits.key,
      digests: {},
      checkpoints: { read: Effect.succeedNone, write: () => Effect.void }
    }
    const training = Effect.scoped(TrainLoop.run(options, data, context))
    yield* Effect.provideService(training, Engine.Engine, metered(yield* onnx(threads), meter))
    measured.push({ name, meter, after: performance.now() - meter.ended })
  }
  return measured
})
