import { assert, describe, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import * as Compile from "../../src/compile/Compile.ts"
import * as Graph from "../../src/compile/Graph.ts"
import * as Trace from "../../src/compile/Trace.ts"
import { tf, withBackend } from "../../src/internal/tfjs.ts"
import * as Program from "../../src/Program.ts"

type Run = Program.Program["run"]

const programOf = (run: Run): Program.Program => ({
  name: "test",
  state: { w: Program.float32(3) },
  inputs: { x: Program.float32(2, 3) },
  run
})

/** A program with one output. */
const output = (f: (x: tf.Tensor, w: tf.Tensor) => tf.Tensor): Program.Program =>
  programOf(({ w }, { x }) => ({ state: {}, outputs: { y: f(x, w) } }))

const operatorsOf = (program: Program.Program) =>
  Effect.map(Trace.record(program), (graph) => graph.nodes.map(({ operator }) => operator))

describe("a recorded graph", () => {
  it.effect("names what goes in and out, in the order of the names", () =>
    Effect.gen(function* () {
      const graph = yield* Trace.record(
        programOf(({ w }, { x }) => ({ state: { w: tf.add(w, 1) }, outputs: { z: tf.sum(x), a: tf.mul(x, w) } }))
      )
      assert.deepStrictEqual(
        graph.inputs.map(({ name }) => name),
        ["state.w", "input.x"]
      )
      assert.deepStrictEqual(
        graph.outputs.map(({ name }) => name),
        ["next.w", "output.a", "output.z"]
      )
      assert.deepStrictEqual(
        graph.outputs.map(({ value }) => value.shape),
        [[3], [2, 3], []]
      )
      assert.deepStrictEqual(
        graph.nodes.map(({ operator }) => operator),
        ["Add", "ReduceSum", "Mul"]
      )
    })
  )

  it.effect("holds what is computed once, however often it is written", () =>
    Effect.gen(function* () {
      const once = output((x) => tf.add(tf.exp(x), tf.tanh(tf.exp(x))))
      assert.deepStrictEqual(yield* operatorsOf(once), ["Exp", "Tanh", "Add"])
      const different = output((x) => tf.add(tf.sum(x, 0, true), tf.sum(x, 1, true)))
      assert.deepStrictEqual(yield* operatorsOf(different), ["ReduceSum", "ReduceSum", "Add"])
    })
  )

  it.effect("holds nothing that no output needs", () =>
    Effect.gen(function* () {
      const wasteful = output((x) => {
        tf.matMul(x, x, false, true)
        return tf.relu(x)
      })
      assert.deepStrictEqual(yield* operatorsOf(wasteful), ["Relu"])
      assert.strictEqual((yield* Compile.compile(wasteful)).digest, (yield* Compile.compile(output(tf.relu))).digest)
    })
  )

  it.effect("passes on inputs, constants and repeated outputs", () =>
    Effect.gen(function* () {
      const graph = yield* Trace.record(
        programOf((_, { x }) => {
          const y = tf.relu(x)
          return { state: {}, outputs: { a: x, b: y, c: y, d: tf.scalar(2) } }
        })
      )
      assert.deepStrictEqual(Graph.census(graph), { Relu: 1, Identity: 3 })
      assert.strictEqual(new Set(graph.outputs.map(({ value }) => value)).size, 4)
    })
  )

  it.effect("computes squares and their sum in one pass, and a sum over no axis not at all", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* operatorsOf(output((x) => tf.sum(tf.square(x)))), ["ReduceSumSquare"])
      assert.deepStrictEqual(yield* operatorsOf(output((x) => tf.sum(tf.square(x), []))), ["Mul"])
      assert.deepStrictEqual(yield* operatorsOf(output((x, w) => tf.sum(tf.mul(x, w)))), ["Mul", "ReduceSum"])
    })
  )

  it.effect("stays small when it holds long runs of one number", () =>
    Effect.gen(function* () {
      const { model } = yield* Compile.compile(output((x) => tf.add(tf.sum(x), tf.ones([500, 500]))))
      assert.isBelow(model.length, 1000)
    })
  )

  it.effect("is the same bytes for the same program, in every process", () =>
    Effect.gen(function* () {
      const make = () =>
        output((x, w) => tf.grad((v: tf.Tensor) => tf.mean(tf.softplus(tf.mul(tf.logSoftmax(x), v))))(w))
      const { digest } = yield* Compile.compile(make())
      yield* Compile.compile(output(tf.exp))
      assert.strictEqual((yield* Compile.compile(make())).digest, digest)
      // Changes when a lowering, the numbering or the file format does: then results on this engine may change too.
      assert.strictEqual(digest, "cd143fddb6b6e4b77586ba8fbd478577009c527cab8838636d231356db946f66")
    })
  )
})

describe("what cannot be compiled is refused:", () => {
  const refuses = (what: string, program: Program.Program, message: string) =>
    it.effect(what, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Compile.compile(program))
        assert.strictEqual(error._tag, "CompileError")
        assert.strictEqual(error.message, `Cannot compile the program "test": ${message}.`)
      })
    )

  refuses(
    "a kernel without a lowering",
    output((x) => tf.topk(x, 1).values),
    "TopK: this kernel has no lowering to ONNX; use other operations, or run the program on Engine.reference"
  )
  refuses(
    "reading a value",
    output((x) => tf.mul(x, tf.exp(x).dataSync()[0])),
    "it reads a value of Exp, but values do not exist while a program is compiled"
  )
  refuses(
    "reading an input later",
    output((x) => {
      void x.array()
      return x
    }),
    'it reads a value of the input "x", but values do not exist while a program is compiled'
  )
  refuses(
    "an operation that reads a value",
    output(tf.op({ scaleByLargest_: (x: tf.Tensor) => tf.div(x, Math.max(...tf.max(x, 0).dataSync())) })),
    "scaleByLargest: it reads a value of Max, but values do not exist while a program is compiled"
  )
  refuses(
    "a random draw",
    output((x) => tf.add(x, tf.randomUniform([3]))),
    "randomUniform: it would draw once and keep that draw for ever; random numbers must be inputs of the program"
  )
  refuses(
    "dropout with a seed",
    output((x) => tf.dropout(x, 0.5, undefined, 7)),
    "dropout: it would draw once and keep that draw for ever; random numbers must be inputs of the program"
  )
  let calls = 0
  refuses(
    "dependence on something else than the arguments",
    output((x) => tf.add(x, calls++)),
    "recorded twice it computes two things, so it depends on more than its state and inputs"
  )
  refuses(
    "arithmetic on truth values",
    output((x) => tf.add(tf.greater(x, 0), tf.less(x, 1)).toFloat()),
    "Add: it is given bool and computes on float32 or int32 only; use tf.cast first"
  )
  refuses(
    "a truth value as output",
    output((x) => tf.greater(x, 0)),
    'it returns output "y" as bool; cast it to float32 or int32'
  )
  refuses(
    "state of another shape",
    programOf(({ w }) => ({ state: { w: tf.expandDims(w) }, outputs: {} })),
    'it declares state "w" as float32[3] and returns float32[1, 3]'
  )
  refuses(
    "state that is not declared",
    programOf(({ w }) => ({ state: { v: w }, outputs: {} })),
    'it returns state "v" and does not declare it'
  )
  refuses(
    "something that is no tensor",
    programOf(() => ({ state: {}, outputs: { y: 3 as unknown as tf.Tensor } })),
    'it returns no tensor as output "y"'
  )
  refuses(
    "a disposed tensor",
    output((x) => {
      const y = tf.relu(x)
      y.dispose()
      return y
    }),
    'it returns output "y" disposed'
  )
  refuses(
    "shapes that do not fit, in TensorFlow.js's words",
    output((x) => tf.add(x, tf.ones([5]))),
    "Operands could not be broadcast together with shapes 2,3 and 5"
  )
  let kept: tf.Tensor | undefined
  refuses(
    "a tensor of another compilation",
    output((x) => {
      kept ??= tf.keep(tf.relu(x))
      return tf.exp(kept)
    }),
    "Exp: it uses a tensor that was kept from another compilation"
  )
})

describe("TensorFlow.js after a compilation", () => {
  const failing = output((x) => tf.grad((y) => tf.topk(y, 1).values)(x))

  it.effect("has the backend it had, and no more tensors, whether it succeeded or failed", () =>
    Effect.sync(() => {
      const { numTensors } = withBackend("cpu", () => tf.memory())
      tf.registerBackend("other", () => new tf.KernelBackend())
      for (const backend of ["cpu", "other"]) {
        withBackend(backend, () => {
          Effect.runSync(Trace.record(output(tf.exp)))
          Effect.runSync(Effect.flip(Trace.record(failing)))
          assert.strictEqual(tf.getBackend(), backend)
        })
      }
      assert.strictEqual(withBackend("cpu", () => tf.memory()).numTensors, numTensors)
    })
  )

  it.effect("still has the constants that a program took from outside", () =>
    Effect.gen(function* () {
      const scale = withBackend("cpu", () => tf.tensor1d([1, 2, 3]))
      const program = output((x) => tf.mul(x, tf.reshape(scale, [1, 3])))
      const { digest, graph } = yield* Compile.compile(program)
      assert.deepStrictEqual(
        graph.constants.map(({ data }) => data),
        [Float32Array.of(1, 2, 3), BigInt64Array.of(1n, 3n)]
      )
      withBackend("cpu", () => {
        assert.deepStrictEqual(
          tf.tidy(() => tf.add(scale, 1).dataSync()),
          Float32Array.of(2, 3, 4)
        )
        assert.deepStrictEqual(scale.dataSync(), Float32Array.of(1, 2, 3))
      })
      assert.strictEqual((yield* Compile.compile(program)).digest, digest)
      scale.dispose()
    })
  )

  it.effect("computes gradients as before", () =>
    Effect.sync(() => {
      Effect.runSync(Effect.flip(Trace.record(failing)))
      const gradient = withBackend("cpu", () =>
        tf.tidy(() =>
          tf
            .grad((x) => tf.square(x))(tf.scalar(3))
            .dataSync()
        )
      )
      assert.deepStrictEqual(gradient, Float32Array.of(6))
    })
  )
})

it.effect("a second copy of the package records beside the first", () =>
  Effect.gen(function* () {
    const program = output(tf.softplus)
    const { digest } = yield* Compile.compile(program)
    vi.resetModules()
    const copy = yield* Effect.promise(() => import("../../src/compile/Compile.ts"))
    assert.notStrictEqual(copy.compile, Compile.compile)
    assert.strictEqual((yield* copy.compile(program)).digest, digest)
    assert.strictEqual((yield* Compile.compile(program)).digest, digest)
  })
)
