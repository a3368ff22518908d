/** The training step of examples/digits on every engine there is: the same program, batches and masks. */
import * as tf from "@tensorflow/tfjs"
import { version_wasm } from "@tensorflow/tfjs-backend-wasm"
import { Engine, type Program } from "@watertight/model"
import { Context, Effect, Layer } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Digits from "./digits.ts"
import { type Contender, type Ratio, timed } from "./measure.ts"
import * as Python from "./python.ts"

type Step = Effect.Success<ReturnType<typeof Digits.step>>

/** Enough batches that none is seen again soon, few enough to lie in memory. */
const batchCount = 64
const stepsPerRound = 20

/** The version of tfjs' wasm backend, which its import registers. */
export const wasmVersion = version_wasm

export const title = "One training step"
export const unit = "digits, batch 128: one step"
export const meaning = `
MLP 784-512-256-10, dropout 0.2, cross-entropy, clipping by global norm, AdamW: forward, backward and update on batches
that are already in memory. Watertight and tfjs run one and the same program; tfjs runs it eagerly and keeps its state in
its backend. PyTorch "usual" draws its own masks in the step (nn.Dropout) and has AdamW as it comes; "fastest" is given the
masks, as Watertight is, and has the fused AdamW.`.trim()

export const ratios: ReadonlyArray<Ratio> = [
  { slow: "tfjs cpu", fast: "Watertight, 1 thread" },
  { slow: "tfjs wasm", fast: "Watertight, 1 thread", aim: { atLeast: 20 } },
  { slow: "tfjs wasm", fast: "Watertight, 2 threads" },
  ...[1, 2].flatMap((threads): ReadonlyArray<Ratio> => {
    const ours = `Watertight, ${threads} thread${threads === 1 ? "" : "s"}`
    return ["usual", "fastest"].map((variant) => ({
      slow: ours,
      fast: `PyTorch ${variant}, ${threads} thread${threads === 1 ? "" : "s"}`,
      aim: { atMost: 1.5 }
    }))
  })
]

/** The engine of Watertight with so many threads. */
export const onnx = (threads: number) =>
  Effect.map(Layer.build(Engine.onnx({ threads })), (context) => Context.get(context, Engine.Engine))

const traced = Effect.fnUntraced(function* ({ batches, parameters, program }: Step, threads: number) {
  const engine = yield* onnx(threads)
  const executable = yield* engine.compile(program)
  yield* executable.write(parameters)
  return {
    name: `Watertight, ${threads} thread${threads === 1 ? "" : "s"}`,
    round: timed(stepsPerRound, (index) => executable.run(batches[index % batchCount])).pipe(Effect.orDie)
  }
})

const tensors = (specs: Program.Specs, data: Program.Data): Program.Tensors =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => [
      name,
      data[name] === undefined ? tf.zeros([...shape], dtype) : tf.tensor(data[name], [...shape], dtype)
    ])
  )

/** Runs the program eagerly on a backend of tfjs. State stays in the backend; only the loss is read. */
const eager = Effect.fnUntraced(function* ({ batches, parameters, program }: Step, backend: string, steps: number) {
  if (!(yield* Effect.promise(() => tf.setBackend(backend)))) throw new Error(`tfjs has no backend "${backend}"`)
  let state = tensors(program.state, parameters)
  const step = (index: number) =>
    Effect.sync(() => {
      const previous = state
      const loss = tf.tidy(() => {
        const next = program.run(state, tensors(program.inputs, batches[index % batchCount]))
        state = { ...state, ...next.state }
        Object.values(state).forEach((tensor) => tf.keep(tensor))
        return next.outputs["loss"]
      })
      loss.dataSync()
      loss.dispose()
      for (const name of Object.keys(state)) if (state[name] !== previous[name]) previous[name].dispose()
    })
  const select = Effect.promise(() => tf.setBackend(backend))
  return { name: `tfjs ${backend}`, round: Effect.andThen(select, timed(steps, step)) }
})

const torch = Effect.fnUntraced(function* ({ batches }: Step, threads: number) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "watertight-bench-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  for (const name of ["features", "target"]) {
    writeFileSync(join(folder, name), Buffer.concat(batches.map((batch) => new Uint8Array(batch[name].buffer))))
  }
  const { batchSize, width } = Digits
  const ask = yield* Python.start("train_step.py", threads, { folder, batchSize, width, batches: batchCount })
  return ["usual", "fastest"].map((variant) => ({
    name: `PyTorch ${variant}, ${threads} thread${threads === 1 ? "" : "s"}`,
    round: ask({ variant, steps: stepsPerRound })
  }))
})

/** Makes all contenders that this machine has. */
export const contenders = Effect.gen(function* () {
  const { train } = yield* Digits.rows
  const step = yield* Digits.step(train, batchCount)
  const found: Array<Contender> = [
    yield* traced(step, 1),
    yield* traced(step, 2),
    yield* eager(step, "cpu", 1),
    yield* eager(step, "wasm", 2)
  ]
  if (Python.torch !== undefined) found.push(...(yield* torch(step, 1)), ...(yield* torch(step, 2)))
  return found
})
