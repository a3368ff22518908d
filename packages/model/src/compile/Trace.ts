/**
 * Records what a program computes. Under a backend whose kernels record instead of computing, the program runs once on
 * tensors without values; gradients inside it are TensorFlow.js's own, so they are recorded like everything else.
 * Recording is synchronous because the state of TensorFlow.js is global, and leaves the active backend as it was.
 */
import { Effect, Result } from "effect"
import { runningOperations, tf, withBackend } from "../internal/tfjs.ts"
import * as Program from "../Program.ts"
import { CompileError } from "./CompileError.ts"
import type { Builder, ConstantData, DType, Graph, Named, Spec, Value } from "./Graph.ts"
import * as GraphBuilder from "./Graph.ts"
import { lowerings } from "./lower/Kernels.ts"
import type { Lowering } from "./lower/Lowering.ts"
import { filled, Refusal, tensorType } from "./lower/Lowering.ts"

/**
 * Records a program as a graph. Its inputs are named `state.x` and `input.x`, its outputs `next.x` and `output.x`.
 * Fails when the program uses a kernel that has no lowering, reads a value, draws random numbers, or returns something
 * else than its specs say.
 */
export const record = (program: Program.Program): Effect.Effect<Graph, CompileError> =>
  Effect.try({ try: () => recordUnsafe(program), catch: (cause) => explain(program, cause) })

const explain = (program: Program.Program, cause: unknown): CompileError => {
  const text = cause instanceof Error ? cause.message : String(cause)
  const kernel = /[Kk]ernel '(\w+)' (?:not registered )?for backend/.exec(text)?.[1]
  const operation = cause instanceof Refusal ? cause.operation : kernel
  const reason = kernel === undefined ? text.replace(/\.$/, "") : withoutLowering
  return new CompileError({ program: program.name, operation, reason })
}

const withoutLowering =
  "this kernel has no lowering to ONNX; use other operations, or run the program on Engine.reference"

const recordUnsafe = (program: Program.Program): Graph =>
  withBackend(installed(), () => {
    const backend = tf.engine().backend
    if (!(backend instanceof RecordingBackend)) throw new Error("another backend recorded")
    return backend.recording(GraphBuilder.builder(program.name), (graph) => {
      const outputs: Array<Named> = []
      tf.tidy(() => {
        const state = backend.declare("state", program.state)
        const result = program.run(state, backend.declare("input", program.inputs))
        const problem = Program.misreturned(program, result)
        if (problem !== undefined) throw new Refusal(problem)
        outputs.push(...results(backend, "next", result.state), ...results(backend, "output", result.outputs))
      })
      return graph.finish(outputs)
    })
  })

/** Looks up what the program returned, in the order of the names. */
const results = (backend: RecordingBackend, prefix: string, tensors: Program.Tensors): ReadonlyArray<Named> =>
  Object.keys(tensors)
    .sort()
    .map((name) => ({ name: `${prefix}.${name}`, value: backend.placeOf(tensors[name].dataId) }))

/** What the backend knows about a tensor: its place in the graph being recorded, or its numbers. */
type Entry =
  | { readonly _tag: "Recorded"; readonly graph: Builder; readonly value: Value; readonly by: string }
  | { readonly _tag: "Known"; readonly values: tf.BackendValues; readonly spec: Spec; references: number }

/** Operations that draw from a generator of their own: what they draw would be frozen into the graph. */
const drawing = new Set([
  "dropout",
  "multinomial",
  "rand",
  "randomGamma",
  "randomNormal",
  "randomStandardNormal",
  "randomUniform",
  "randomUniformInt",
  "truncatedNormal"
])

/** A TensorFlow.js backend whose tensors have no values, except for constants. */
class RecordingBackend extends tf.KernelBackend {
  readonly #entries = new Map<object, Entry>()
  #graph: Builder | undefined = undefined
  #refusal: Refusal | undefined = undefined

  /** Records what happens in the body. A value that was asked for fails it, even if the body goes on without. */
  recording<A>(graph: Builder, body: (graph: Builder) => A): A {
    this.#graph = graph
    this.#refusal = undefined
    const result = Result.try(() => body(graph))
    this.#graph = undefined
    if (this.#refusal !== undefined) throw this.#refusal
    return Result.getOrThrowWith(result, (cause) => cause)
  }

  /** Makes tensors for a program's state or inputs. */
  declare(prefix: string, specs: Program.Specs): Program.Tensors {
    const names = Object.keys(specs).sort()
    return Object.fromEntries(
      names.map((name) => {
        const value = this.#recording().input(`${prefix}.${name}`, specs[name])
        const { dataId, dtype, shape } = this.#remember(value, `the ${prefix} "${name}"`)
        return [name, tf.engine().makeTensorFromDataId(dataId, shape, dtype)]
      })
    )
  }

  /** Records one call of a kernel. */
  call(
    kernel: string,
    lower: Lowering,
    inputs: tf.NamedTensorInfoMap,
    attributes: unknown
  ): tf.TensorInfo | Array<tf.TensorInfo> {
    const recorded = Result.try(() => {
      const given = Object.entries(inputs).flatMap(([name, info]) => (info ? [[name, this.placeOf(info.dataId)]] : []))
      const result = lower(this.#recording(), Object.fromEntries(given), attributes)
      return isValue(result) ? this.#remember(result, kernel) : result.map((value) => this.#remember(value, kernel))
    })
    return Result.getOrThrowWith(recorded, (cause) =>
      cause instanceof Refusal ? new Refusal(cause.message, cause.operation ?? kernel) : cause
    )
  }

  /** Returns a tensor's place in the graph. Known numbers become constants, also those of tensors made elsewhere. */
  placeOf(dataId: object): Value {
    if (!this.#entries.has(dataId)) tf.engine().moveData(this, dataId)
    const entry = this.#entries.get(dataId)
    if (entry?._tag === "Known") return constant(this.#recording(), entry.values, entry.spec)
    if (entry !== undefined && entry.graph === this.#graph) return entry.value
    throw new Refusal("it uses a tensor that was kept from another compilation")
  }

  #recording(): Builder {
    if (this.#graph === undefined) throw new Refusal("an operation runs outside a recording")
    return this.#graph
  }

  #remember(value: Value, by: string): tf.TensorInfo {
    const dataId = {}
    this.#entries.set(dataId, { _tag: "Recorded", graph: this.#recording(), value, by })
    return { dataId, shape: [...value.shape], dtype: value.dtype === "int64" ? "int32" : value.dtype }
  }

  override write(values: tf.BackendValues, shape: Array<number>, dtype: tf.DataType): object {
    const dataId = {}
    this.move(dataId, values, shape, dtype, 1)
    return dataId
  }

  override move(
    dataId: object,
    values: tf.BackendValues,
    shape: Array<number>,
    dtype: tf.DataType,
    references: number
  ): void {
    const draws = runningOperations().find((operation) => drawing.has(operation))
    if (draws !== undefined) {
      throw new Refusal(
        "it would draw once and keep that draw for ever; random numbers must be inputs of the program",
        draws
      )
    }
    this.#entries.set(dataId, { _tag: "Known", values, spec: { shape, dtype: tensorType(dtype) }, references })
  }

  override readSync(dataId: object): tf.BackendValues {
    const entry = this.#entries.get(dataId)
    if (entry?._tag === "Known") return entry.values
    throw this.#refuse(entry)
  }

  /** Never answers where there is no value: the recording fails, and nobody is left to handle a rejection. */
  override read(dataId: object): Promise<tf.BackendValues> {
    const entry = this.#entries.get(dataId)
    if (entry?._tag === "Known") return Promise.resolve(entry.values)
    this.#refuse(entry)
    return new Promise(() => {})
  }

  /** Fails the recording because somebody reads a value. */
  #refuse(entry: Entry | undefined): Refusal {
    const operation = runningOperations().findLast((name) => !/^(|tidy|gradients|forward|unnamed scope)$/.test(name))
    const maker = entry?._tag === "Recorded" ? ` of ${entry.by}` : ""
    this.#refusal = new Refusal(
      `it reads a value${maker}, but values do not exist while a program is compiled`,
      operation
    )
    return this.#refusal
  }

  override disposeData(dataId: object, force = false): boolean {
    const entry = this.#entries.get(dataId)
    if (entry?._tag === "Known" && !force && --entry.references > 0) return false
    this.#entries.delete(dataId)
    return true
  }

  override incRef(dataId: object): void {
    const entry = this.#entries.get(dataId)
    if (entry?._tag === "Known") entry.references++
  }

  override refCount(dataId: object): number {
    const entry = this.#entries.get(dataId)
    return entry?._tag === "Known" ? entry.references : entry === undefined ? 0 : 1
  }

  override numDataIds(): number {
    return this.#entries.size
  }

  override memory() {
    return { unreliable: false }
  }

  override floatPrecision(): 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override timerAvailable(): boolean {
    return false
  }

  override dispose(): void {
    this.#entries.clear()
  }
}

const isValue = (result: Value | ReadonlyArray<Value>): result is Value => !Array.isArray(result)

/** Makes a constant of known numbers; a long run of one number is written as that number. */
const constant = (graph: Builder, values: tf.BackendValues, spec: Spec): Value => {
  const data = arrayOf(values, spec.dtype)
  const uniform = data.length > 16 && data.every((value) => Object.is(value, data[0]))
  return uniform ? filled(graph, Number(data[0]), spec) : graph.constant(data, spec)
}

const arrayOf = (values: tf.BackendValues, dtype: DType): ConstantData =>
  GraphBuilder.arrayOf(dtype, Float64Array.from(values as ArrayLike<number>)) // `tensorType` refused strings

const makeBackend = () => new RecordingBackend()

/** Registers the backend at its first use and returns its name. A second copy of this package has its own backend. */
const installed = (): string => {
  for (let copy = 0; ; copy++) {
    const backendName = copy === 0 ? "watertight-trace" : `watertight-trace-${copy}`
    const factory: unknown = tf.findBackendFactory(backendName)
    if (factory === makeBackend) return backendName
    if (typeof factory !== "function") return install(backendName)
  }
}

const install = (backendName: string): string => {
  tf.registerBackend(backendName, makeBackend, 0)
  for (const [kernelName, lower] of Object.entries(lowerings)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, backend, attrs }) => {
        if (!(backend instanceof RecordingBackend)) throw new Error(`${kernelName} was called on another backend`)
        return backend.call(kernelName, lower, inputs, attrs)
      }
    })
  }
  return backendName
}
