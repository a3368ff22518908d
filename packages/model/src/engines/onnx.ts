/**
 * The engine that runs compiled programs on ONNX Runtime, on the processor. This is the one file that talks to
 * onnxruntime-node: its promises and exceptions end here.
 *
 * A program's state lives in two sets of tensors. A run reads one set and writes the other, then they change places:
 * nothing is copied, and a failed run leaves the state as it was.
 */
import { Effect, Schema, Semaphore } from "effect"
import type { Scope } from "effect"
import { availableParallelism } from "node:os"
import type * as Ort from "onnxruntime-node"
import * as Compile from "../compile/Compile.ts"
import { CompileError } from "../compile/CompileError.ts"
import * as Program from "../Program.ts"
import type { Executable } from "./Executable.ts"
import { ExecutionError, reasonOf, validate } from "./Executable.ts"

/** An engine cannot start on this machine. */
export class EngineError extends Schema.TaggedError<EngineError>()("EngineError", {
  engine: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The engine "${this.engine}" cannot start: ${this.reason}.`
  }
}

/** How ONNX Runtime runs. */
export interface Options {
  /**
   * How many threads compute one operator, a positive integer. Results do not depend on it in any bit. The default is 2,
   * or 1 where there is one core; large networks on many cores gain from more.
   */
  readonly threads?: number
}

/**
 * The library reports to its makers which models it ran, from 1.29 on, and keeps what it has not sent in the home folder,
 * unless this variable says otherwise when it is loaded. Whoever has set it decides.
 */
const load = (): Promise<typeof Ort> => {
  process.env.ORT_DISABLE_TELEMETRY ??= "1" // oxlint-disable-line node/no-process-env -- the library reads nothing else
  return import("onnxruntime-node")
}

/** Starts the engine. */
export const make = Effect.fnUntraced(function* (options: Options) {
  const threads = options.threads ?? Math.min(2, availableParallelism())
  if (!Number.isInteger(threads) || threads < 1) {
    return yield* new EngineError({ engine: "onnx", reason: `threads must be a positive integer and is ${threads}` })
  }
  const ort = yield* Effect.tryPromise({
    try: load,
    catch: (cause) => new EngineError({ engine: "onnx", reason: reasonOf(cause) })
  })
  return {
    id: `onnx-cpu/${ort.env.versions.node ?? ort.env.versions.common}`,
    compile: (program: Program.Program) => compile(ort, threads, program)
  }
})

/**
 * Threads wait for the next operator actively, but not for long: waiting without end makes a step half again as fast as
 * on one thread while nobody else wants the cores, and half as fast as on one thread while a loader does. Denormal
 * numbers are kept: ONNX Runtime can flush them, and then JavaScript's own arithmetic flushes them too.
 */
const sessionOptions = (threads: number): Ort.InferenceSession.SessionOptions => ({
  executionProviders: ["cpu"],
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: "sequential",
  graphOptimizationLevel: "all",
  logSeverityLevel: 4,
  extra: { session: { use_deterministic_compute: "1", intra_op: { spin_duration_us: "50" } } }
})

const compile = Effect.fnUntraced(function* (
  ort: typeof Ort,
  threads: number,
  program: Program.Program
): Effect.fn.Return<Executable, CompileError, Scope.Scope> {
  const { digest, graph, model } = yield* Compile.compile(program)
  const session = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => ort.InferenceSession.create(model, sessionOptions(threads)),
      catch: (cause) => new CompileError({ program: program.name, reason: reasonOf(cause) })
    }),
    (open) => Effect.promise(() => open.release())
  )
  const turn = yield* Semaphore.make(1)
  const fail = (cause: unknown) => new ExecutionError({ program: program.name, reason: reasonOf(cause) })

  const returned = graph.outputs.filter(({ name }) => name.startsWith("next."))
  const advancing = new Set(returned.map(({ name }) => name.slice("next.".length)))
  const first = tensors(ort, program.state)
  const second = { ...first, ...tensors(ort, pick(program.state, advancing)) }
  const outputs = tensors(
    ort,
    Object.fromEntries(
      graph.outputs
        .filter(({ name }) => name.startsWith("output."))
        .map(({ name, value }) => [name.slice("output.".length), value as Program.TensorSpec]) // others were refused
    )
  )
  const inputNames = Object.keys(program.inputs)
  const outputNames = Object.keys(outputs)
  const shapes = Object.fromEntries(inputNames.map((name) => [name, [...program.inputs[name].shape]]))
  const fetching = (state: Tensors) => ({
    ...prefixed("next.", pick(state, advancing)),
    ...prefixed("output.", outputs)
  })

  let current = { state: first, feeds: prefixed("state.", first), fetches: fetching(second) }
  let other = { state: second, feeds: prefixed("state.", second), fetches: fetching(first) }

  const runOnce = (inputs: Program.Data) =>
    Effect.suspend(() => {
      const feeds = { ...current.feeds }
      for (const name of inputNames) {
        feeds[`input.${name}`] = new ort.Tensor(program.inputs[name].dtype, inputs[name], shapes[name])
      }
      const { fetches } = current
      return Effect.map(Effect.tryPromise({ try: () => session.run(feeds, fetches), catch: fail }), (returned) => {
        for (const name in returned) free(returned[name], fetches[name])
        ;[current, other] = [other, current]
        const results: Record<string, Program.TensorData> = {}
        for (const name of outputNames) results[name] = numbers(outputs[name]).slice()
        return results
      })
    })

  return {
    digest,
    write: (state) =>
      validate(program, "state", state, { partial: true }).pipe(
        Effect.andThen(
          Effect.sync(() => {
            for (const name of Object.keys(state)) numbers(current.state[name]).set(state[name])
          })
        ),
        turn.withPermit
      ),
    read: turn.withPermit(
      Effect.sync(() =>
        Object.fromEntries(Object.keys(program.state).map((name) => [name, numbers(current.state[name]).slice()]))
      )
    ),
    run: (inputs) =>
      validate(program, "input", inputs, { partial: false }).pipe(
        Effect.andThen(runOnce(inputs)),
        turn.withPermit,
        Effect.uninterruptible
      )
  }
})

type Tensors = Record<string, Ort.Tensor>

const tensors = (ort: typeof Ort, specs: Program.Specs): Tensors =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      new ort.Tensor(spec.dtype, Program.zeros(spec), [...spec.shape])
    ])
  )

const numbers = (tensor: Ort.Tensor): Program.TensorData => tensor.data as Program.TensorData // made by `tensors`

/**
 * Gives back memory that nobody reads: onnxruntime-node writes into the tensors it is given and returns copies of them all
 * the same. Left to the collector, copies of the whole state at every step made it run every tenth step.
 */
const free = (copy: Ort.Tensor, original: Ort.Tensor): void => {
  const { buffer } = numbers(copy)
  if (buffer !== numbers(original).buffer && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

const pick = <A>(record: Readonly<Record<string, A>>, names: ReadonlySet<string>): Record<string, A> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)))

const prefixed = <A>(prefix: string, record: Readonly<Record<string, A>>): Record<string, A> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}${name}`, value]))
