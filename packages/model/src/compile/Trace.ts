/**
 * Records what a program computes. Under a backend whose kernels record instead of computing, the program runs once on
 * tensors without values; gradients inside it are TensorFlow.js's own, so they are recorded like everything else.
 * Recording is synchronous because the state of TensorFlow.js is global, and leaves the active backend as it was.
 */
import { Effect } from "effect"
import { runningOperations, tf, withBackend } from "../internal/tfjs.ts"
import * as Program from "../Program.ts"
import { CompileError } from "./CompileError.ts"
import type { Builder, ConstantData, DType, Graph, Named, Spec, Value } from "./Graph.ts"
import * as GraphBuilder from "./Graph.ts"
import { lowerings } from "./lower/Kernels.ts"
import type { Inputs, Lowering } from "./lower/Lowering.ts"
import { filled, Refusal } from "./lower/Lowering.ts"

/**
 * Records a program as a graph. Its inputs are named `state.x` and `input.x`, its outputs `next.x` and `output.x`. Fails
 * when the program uses a kernel that has no lowering, reads a value, draws random numbers, or returns something else
 * than its specs say.
 */
export const record = (program: Program.Program): Effect.Effect<Graph, CompileError> =>
  Effect.try({
    try: () => recordUnsafe(program),
    catch: (cause) => {
      const operation = cause instanceof Refusal ? cause.operation : undefined
      return new CompileError({ program: program.name, operation, reason: reasonOf(cause) })
    }
  })

const reasonOf = (cause: unknown): string => {
  const text = cause instanceof Error ? cause.message : String(cause)
  const missing = /Cannot find registered kernel '(\w+)'/.exec(text)
  return missing === null ? text.replace(/\.$/, "") : unknownKernel(missing[1])
}

const unknownKernel = (kernel: string): string =>
  `the kernel ${kernel} has no lowering to ONNX; use other operations, or run the program on Engine.reference`

const recordUnsafe = (program: Program.Program): Graph =>
  withBackend(backendName, () => {
    const graph = GraphBuilder.builder(program.name)
    const backend = tf.engine().backend
    if (!(backend instanceof RecordingBackend)) throw new Error("the recording backend was replaced by another")
    backend.graph = graph
    try {
      const outputs: Array<Named> = []
      tf.tidy(() => {
        const state = backend.declare("state", program.state)
        const result = program.run(state, backend.declare("input", program.inputs))
        outputs.push(...results(backend, "next", result.state, program.state))
        outputs.push(...results(backend, "output", result.outputs))
      })
      return graph.finish(outputs)
    } finally {
      backend.graph = undefined
    }
  })

/** Looks up what the program returned, in the order of the names. */
const results = (
  backend: RecordingBackend,
  prefix: string,
  tensors: Program.Tensors,
  specs?: Program.Specs
): ReadonlyArray<Named> =>
  Object.keys(tensors)
    .sort()
    .map((name) => {
      const tensor: unknown = tensors[name]
      if (!(tensor instanceof tf.Tensor)) throw new Refusal(`it returns no tensor as ${prefix} "${name}"`)
      if (tensor.isDisposed) throw new Refusal(`it returns the disposed tensor ${prefix} "${name}"`)
      if (tensor.dtype !== "float32" && tensor.dtype !== "int32") {
        throw new Refusal(`it returns ${prefix} "${name}" as ${tensor.dtype}; cast it to float32 or int32`)
      }
      if (specs !== undefined) {
        const expected = specs[name]
        if (expected === undefined) throw new Refusal(`it returns state "${name}", which it does not declare`)
        const [got, want] = [Program.describe(tensor), Program.describe(expected)]
        if (got !== want) throw new Refusal(`it declares state "${name}" as ${want} and returns ${got}`)
      }
      return { name: `${prefix}.${name}`, value: backend.placeOf(tensor.dataId) }
    })

const backendName = "watertight-trace"

/** What the backend knows about a tensor: its place in the graph being recorded, or its numbers. */
type Entry =
  | { readonly _tag: "Recorded"; readonly value: Value; readonly by: string }
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
  /** The graph being recorded, during a recording. */
  graph: Builder | undefined = undefined
  readonly #entries = new Map<object, Entry>()

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
  call(kernel: string, lower: Lowering, inputs: tf.NamedTensorInfoMap, attributes: unknown): tf.TensorInfo | Array<tf.TensorInfo> {
    const values: Record<string, Value> = {}
    for (const [name, info] of Object.entries(inputs)) {
      if (info !== undefined && info !== null) values[name] = this.placeOf(info.dataId)
    }
    const result = this.#lower(kernel, lower, values, attributes)
    return isValue(result)
      ? this.#remember(result, kernel)
      : result.map((value) => this.#remember(value, kernel))
  }

  #lower(kernel: string, lower: Lowering, values: Inputs, attributes: unknown) {
    try {
      return lower(this.#recording(), values, attributes)
    } catch (cause) {
      if (cause instanceof Refusal) throw new Refusal(cause.message, cause.operation ?? kernel)
      throw cause
    }
  }

  /** Returns a tensor's place in the graph; known numbers become constants. */
  placeOf(dataId: object): Value {
    const entry = this.#entries.get(dataId)
    if (entry === undefined) throw new Refusal("a tensor of another recording, or a disposed one, is used")
    return entry._tag === "Recorded" ? entry.value : constant(this.#recording(), entry.values, entry.spec)
  }

  #recording(): Builder {
    if (this.graph === undefined) throw new Refusal("an operation runs outside a recording")
    return this.graph
  }

  #remember(value: Value, by: string): tf.TensorInfo {
    const dataId = {}
    this.#entries.set(dataId, { _tag: "Recorded", value, by })
    return { dataId, shape: [...value.shape], dtype: value.dtype === "int64" ? "int32" : value.dtype }
  }

  override write(values: tf.BackendValues, shape: Array<number>, dtype: tf.DataType): object {
    const dataId = {}
    this.move(dataId, values, shape, dtype, 1)
    return dataId
  }

  override move(dataId: object, values: tf.BackendValues, shape: Array<number>, dtype: tf.DataType, references: number): void {
    const draws = runningOperations().find((operation) => drawing.has(operation))
    if (draws !== undefined) {
      throw new Refusal("it would draw once and keep that draw for ever; random numbers must be inputs of the program", draws)
    }
    this.#entries.set(dataId, { _tag: "Known", values, spec: { shape, dtype: known(dtype) }, references })
  }

  override readSync(dataId: object): tf.BackendValues {
    const entry = this.#entries.get(dataId)
    if (entry?._tag === "Known") return entry.values
    const operation = runningOperations().findLast((name) => name !== "" && name !== "tidy" && name !== "gradients")
    const made = entry === undefined ? "" : `, which ${entry.by} makes,`
    throw new Refusal(`it reads a value${made} but values do not exist while a program is compiled`, operation ?? "dataSync")
  }

  override read(dataId: object): Promise<tf.BackendValues> {
    return Promise.resolve(this.readSync(dataId))
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

const known = (dtype: tf.DataType): DType => {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype
  throw new Refusal(`it makes a ${dtype} tensor; only float32, int32 and bool exist in a compiled program`)
}

/** Makes a constant of known numbers; a long run of one number is written as that number. */
const constant = (graph: Builder, values: tf.BackendValues, spec: Spec): Value => {
  const data = arrayOf(values, spec.dtype)
  const uniform = data.length > 16 && data.every((value) => Object.is(value, data[0]))
  return uniform ? filled(graph, Number(data[0]), spec) : graph.constant(data, spec)
}

const arrayOf = (values: tf.BackendValues, dtype: DType): ConstantData =>
  GraphBuilder.arrayOf(dtype, Float64Array.from(values as ArrayLike<number>)) // `known` refused strings

tf.registerBackend(backendName, () => new RecordingBackend(), 0)

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
