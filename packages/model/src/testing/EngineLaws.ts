/**
 * Laws of engines. They compile small generated programs (a few random operations, a loss, its gradients and a descent
 * step) and hold an engine against the reference, and against itself.
 */
import type { Layer } from "effect"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Law } from "@watertight/core/testing"
import * as Engine from "../Engine.ts"
import { tf } from "../internal/tfjs.ts"
import type * as Program from "../Program.ts"

/** A program and data to run it on. */
export interface Case {
  readonly program: Program.Program
  readonly state: Program.Data
  readonly inputs: Program.Data
  /** What the program does, for counterexamples. */
  readonly [fc.toStringMethod]: () => string
}

const unary: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  tanh: (x: tf.Tensor) => tf.tanh(x),
  sigmoid: (x: tf.Tensor) => tf.sigmoid(x),
  softplus: (x: tf.Tensor) => tf.softplus(x),
  square: (x: tf.Tensor) => tf.square(tf.tanh(x)),
  exponential: (x: tf.Tensor) => tf.exp(tf.tanh(x)),
  logarithm: (x: tf.Tensor) => tf.log(tf.add(tf.square(x), 1)),
  root: (x: tf.Tensor) => tf.sqrt(tf.add(tf.square(x), 1)),
  softmax: (x: tf.Tensor) => tf.softmax(x),
  logSoftmax: (x: tf.Tensor) => tf.logSoftmax(x),
  centre: (x: tf.Tensor) => tf.sub(x, tf.mean(x, 0, true)),
  negate: (x: tf.Tensor) => tf.neg(x),
  // Twice transposed and put together again: moves numbers without leaving the shape.
  swap: (x: tf.Tensor) => tf.transpose(tf.concat([tf.slice(tf.transpose(x), 1), tf.slice(tf.transpose(x), 0, 1)]))
}

const binary: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>> = {
  add: (a: tf.Tensor, b: tf.Tensor) => tf.add(a, b),
  subtract: (a: tf.Tensor, b: tf.Tensor) => tf.sub(a, b),
  multiply: (a: tf.Tensor, b: tf.Tensor) => tf.mul(tf.tanh(a), b),
  divide: (a: tf.Tensor, b: tf.Tensor) => tf.div(a, tf.add(tf.square(b), 1)),
  distance: (a: tf.Tensor, b: tf.Tensor) => tf.squaredDifference(tf.tanh(a), tf.tanh(b))
}

const instruction = fc.oneof(
  fc.record({ unary: fc.constantFrom(...Object.keys(unary)), at: fc.nat() }),
  fc.record({ binary: fc.constantFrom(...Object.keys(binary)), at: fc.nat(), and: fc.nat() }),
  fc.record({ product: fc.boolean(), at: fc.nat() })
)

type Instruction = typeof instruction extends fc.Arbitrary<infer A> ? A : never

/**
 * Runs instructions on a growing list of matrices `[rows, width]` and returns the last, plus the first so that the
 * weights always count. Rectifiers see only products of data as it came: after more operations engines may round a zero
 * to different sides, where the gradient jumps.
 */
const evaluate = (instructions: ReadonlyArray<Instruction>, x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) => {
  const first = tf.add(tf.matMul(x, weight), bias)
  const values: Array<tf.Tensor> = [tf.relu(first), first, x]
  for (const step of instructions) {
    const a = values[step.at % values.length]
    if ("unary" in step) values.push(unary[step.unary](a))
    else if ("binary" in step) values.push(binary[step.binary](a, values[step.and % values.length]))
    else values.push(tf.matMul(tf.tanh(a), weight, false, step.product))
  }
  return tf.add(values[values.length - 1], values[0])
}

/** Eighths in [-2, 2] without zero: their products are exact in float32, in whatever order they are summed. */
const eighths = (length: number) =>
  fc.array(
    fc.integer({ min: 1, max: 16 }).chain((n) => fc.constantFrom(n / 8, -n / 8)),
    { minLength: length, maxLength: length }
  )

/** Generates programs with data. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    rows: fc.integer({ min: 1, max: 6 }),
    width: fc.integer({ min: 1, max: 5 }),
    instructions: fc.array(instruction, { minLength: 1, maxLength: 8 })
  })
  .chain(({ instructions, rows, width }) => {
    const program: Program.Program = {
      name: "generated",
      state: {
        weight: { shape: [width, width], dtype: "float32" },
        bias: { shape: [width], dtype: "float32" },
        steps: { shape: [], dtype: "int32" }
      },
      inputs: { x: { shape: [rows, width], dtype: "float32" }, rate: { shape: [], dtype: "float32" } },
      run: ({ bias, steps, weight }, { rate, x }) => {
        const loss = (w: tf.Tensor, b: tf.Tensor): tf.Scalar => tf.mean(evaluate(instructions, x, w, b))
        const { grads, value } = tf.valueAndGrads(loss)([weight, bias])
        return {
          state: {
            weight: tf.sub(weight, tf.mul(grads[0], rate)),
            bias: tf.sub(bias, tf.mul(grads[1], rate)),
            steps: tf.add(steps, tf.scalar(1, "int32"))
          },
          outputs: { loss: value }
        }
      }
    }
    return fc
      .record({ x: eighths(rows * width), weight: eighths(width * width), bias: eighths(width) })
      .map((data) => ({
        program,
        state: { weight: Float32Array.from(data.weight), bias: Float32Array.from(data.bias), steps: Int32Array.of(0) },
        inputs: { x: Float32Array.from(data.x), rate: Float32Array.of(0.125) },
        [fc.toStringMethod]: () => JSON.stringify({ rows, width, instructions, ...data })
      }))
  })

/** Runs a case from its state for some steps and returns the outputs of each and the state after the last. */
const play = Effect.fnUntraced(function* (engine: Engine.Engine["Service"], given: Case, steps: number) {
  const executable = yield* engine.compile(given.program)
  yield* executable.write(given.state)
  const seen: Array<Program.Data> = []
  for (let step = 0; step < steps; step++) seen.push(yield* executable.run(given.inputs))
  seen.push(yield* executable.read)
  return { digest: executable.digest, seen }
})

/**
 * Largest allowed difference, relative to the larger of 1 and the value. Float32 has 6e-8 per operation; the reference
 * adds up in float64 and rounds once, engines add up in float32 in an order of their own, and up to ten operations with
 * their gradients pass it on.
 */
const tolerance = 2e-4

/** Says where two results differ, if they do. */
const difference = (left: ReadonlyArray<Program.Data>, right: ReadonlyArray<Program.Data>, allowed: number) => {
  for (const [step, data] of left.entries()) {
    for (const [name, array] of Object.entries(data)) {
      const other = right[step]?.[name]
      if (other?.length !== array.length) return `after ${step} runs, "${name}" is missing or has another size`
      for (const [index, value] of array.entries()) {
        const close =
          allowed === 0
            ? Object.is(value, other[index])
            : Math.abs(value - other[index]) <= allowed * Math.max(1, Math.abs(value)) || Object.is(value, other[index])
        if (!close) return `after ${step} runs, "${name}"[${index}] is ${value} here and ${other[index]} there`
      }
    }
  }
}

const agree = (left: ReadonlyArray<Program.Data>, right: ReadonlyArray<Program.Data>, allowed: number): void => {
  const found = difference(left, right, allowed)
  Law.ensure(found === undefined, () => found ?? "")
}

/** The laws of an engine. */
export const laws = <E>(layer: Layer.Layer<Engine.Engine, E>): ReadonlyArray<Law.Law> => {
  const on = <F>(engine: Layer.Layer<Engine.Engine, F>, given: Case, steps: number) =>
    Effect.flatMap(Engine.Engine, (service) => play(service, given, steps)).pipe(Effect.scoped, Effect.provide(engine))
  return [
    Law.make("engine: agrees with the reference on generated programs", cases, (given) =>
      Effect.gen(function* () {
        const here = yield* on(layer, given, 2)
        const there = yield* on(Engine.reference, given, 2)
        agree(there.seen, here.seen, tolerance)
      })
    ),
    Law.make("engine: the same program compiles to the same bytes", cases, (given) =>
      Effect.gen(function* () {
        const once = yield* on(layer, given, 0)
        const again = yield* on(layer, given, 0)
        Law.ensure(once.digest === again.digest, () => `compiled once it is ${once.digest}, again ${again.digest}`)
      })
    ),
    Law.make("engine: the same inputs give the same bits", cases, (given) =>
      Effect.gen(function* () {
        const once = yield* on(layer, given, 2)
        const again = yield* on(layer, given, 2)
        agree(once.seen, again.seen, 0)
      })
    )
  ]
}
