import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { lowerings } from "../../../src/compile/lower/Kernels.ts"
import * as Engine from "../../../src/Engine.ts"
import { tf, withBackend } from "../../../src/internal/tfjs.ts"
import * as Program from "../../../src/Program.ts"

const runs = Number(process.env["WATERTIGHT_RUNS"] ?? 15)

interface Operand {
  readonly spec: Program.TensorSpec
  readonly data: Program.TensorData
}

interface Call {
  readonly operands: ReadonlyArray<Operand>
  readonly apply: (...tensors: ReadonlyArray<tf.Tensor>) => tf.Tensor | ReadonlyArray<tf.Tensor>
}

interface Options {
  /** Allowed difference, relative to the larger of 1 and the value. Elementwise float32 needs a few units of 6e-8. */
  readonly tolerance?: number
}

const cases = new Map<string, { readonly calls: fc.Arbitrary<Call>; readonly tolerance: number }>()

/** Says how to call a kernel. The name is the kernel's. */
const kernel = (name: string, calls: fc.Arbitrary<Call>, { tolerance = 1e-6 }: Options = {}) =>
  cases.set(name, { calls, tolerance })

const shapes = (minimum: number, maximum: number, longest = 4) =>
  fc.array(fc.integer({ min: 1, max: longest }), { minLength: minimum, maxLength: maximum })

type Numbers = fc.Arbitrary<number>

const within = (min: number, max: number): Numbers => fc.double({ min, max, noNaN: true }).map(Math.fround)
const wide = fc.oneof(within(-3, 3), fc.constantFrom(0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, 100, -100))
const positive = fc.oneof(within(0.1, 5), fc.constantFrom(1, 1e-6, 1e6))
const whole: Numbers = fc.integer({ min: -5, max: 5 })
const bit: Numbers = fc.integer({ min: 0, max: 1 })

const tensor = (
  shape: ReadonlyArray<number>,
  values: Numbers,
  dtype: "float32" | "int32" = "float32"
): fc.Arbitrary<Operand> => {
  const length = Program.size({ shape })
  return fc.array(values, { minLength: length, maxLength: length }).map((numbers) => ({
    spec: { shape, dtype },
    data: dtype === "float32" ? Float32Array.from(numbers) : Int32Array.from(numbers)
  }))
}

const asBool = (x: tf.Tensor): tf.Tensor => tf.cast(x, "bool")
const pick = <A>(...options: ReadonlyArray<A>): fc.Arbitrary<A> => fc.constantFrom(...options)

/** One tensor of any shape. */
const one = (values: Numbers, apply: (x: tf.Tensor) => tf.Tensor, dtype: "float32" | "int32" = "float32") =>
  shapes(0, 4).chain((shape) => tensor(shape, values, dtype).map((x): Call => ({ operands: [x], apply })))

/** Two tensors that broadcast: axes of the second may be missing or 1, and the same for the first. */
const broadcasting = shapes(0, 4).chain((shape) =>
  fc
    .tuple(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.nat({ max: 4 }), fc.boolean())
    .map(([ones, dropped, exchange]) => {
      const smaller = shape.map((length, axis) => (ones[axis] ? 1 : length)).slice(dropped)
      return exchange ? [smaller, shape] : [shape, smaller]
    })
)

const two = (
  apply: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  options: { readonly a?: Numbers; readonly b?: Numbers; readonly dtypes?: ReadonlyArray<"float32" | "int32"> } = {}
) =>
  fc.tuple(broadcasting, pick(...(options.dtypes ?? ["float32", "int32"]))).chain(([[left, right], dtype]) => {
    const [a, b] = dtype === "int32" ? [whole, whole] : [options.a ?? wide, options.b ?? wide]
    return fc
      .tuple(tensor(left, a, dtype), tensor(right, b, dtype))
      .map(([x, y]): Call => ({ operands: [x, y], apply: (p, q) => apply(p, q) }))
  })

const axesOf = (rank: number) =>
  fc
    .subarray(Array.from({ length: rank }, (_, axis) => axis))
    .chain((axes) =>
      fc
        .shuffledSubarray(axes, { minLength: axes.length })
        .map((order) => order.map((axis, index) => (index % 2 ? axis - rank : axis)))
    )

/** A reduction over some axes, or all of them. */
const folding = (
  values: Numbers,
  apply: (x: tf.Tensor, axes: Array<number> | undefined, keepDims: boolean) => tf.Tensor
) =>
  shapes(0, 4).chain((shape) =>
    fc
      .tuple(tensor(shape, values), fc.option(axesOf(shape.length), { nil: undefined }), fc.boolean())
      .map(([x, axes, keepDims]): Call => ({ operands: [x], apply: (p) => apply(p, axes, keepDims) }))
  )

/** One tensor of rank ≥ 1 and one of its axes, which may be given from the end. */
const along = (
  values: Numbers,
  apply: (x: tf.Tensor, axis: number, seed: number) => tf.Tensor | ReadonlyArray<tf.Tensor>
) =>
  shapes(1, 4).chain((shape) =>
    fc
      .tuple(tensor(shape, values), fc.integer({ min: -shape.length, max: shape.length - 1 }), fc.nat({ max: 1000 }))
      .map(([x, axis, seed]): Call => ({ operands: [x], apply: (p) => apply(p, axis, seed) }))
  )

kernel("Add", two(tf.add))
kernel("Sub", two(tf.sub))
kernel("Multiply", two(tf.mul))
kernel("RealDiv", two(tf.div, { b: positive, dtypes: ["float32"] }))
kernel(
  "FloorDiv",
  two((a, b) => tf.floorDiv(a, tf.add(tf.square(b), tf.onesLike(b))), { dtypes: ["int32"] })
)
kernel("Pow", two(tf.pow, { a: within(0.1, 3), b: within(-3, 3), dtypes: ["float32"] }))
kernel("Maximum", two(tf.maximum))
kernel("Minimum", two(tf.minimum))
kernel("SquaredDifference", two(tf.squaredDifference))
kernel(
  "AddN",
  shapes(0, 3).chain((shape) =>
    fc
      .array(tensor(shape, wide), { minLength: 1, maxLength: 4 })
      .map((operands): Call => ({ operands, apply: (...all) => tf.addN([...all]) }))
  )
)

kernel("Neg", one(wide, tf.neg))
kernel("Abs", one(wide, tf.abs))
kernel("Sign", one(wide, tf.sign))
kernel("Square", one(wide, tf.square))
kernel("Sqrt", one(positive, tf.sqrt))
kernel("Rsqrt", one(positive, tf.rsqrt), { tolerance: 2e-6 })
kernel("Reciprocal", one(positive, tf.reciprocal))
kernel("Exp", one(within(-20, 5), tf.exp), { tolerance: 2e-6 })
kernel("Log", one(positive, tf.log))
kernel("Log1p", one(fc.oneof(positive, within(-0.9, 0.9), within(-1e-7, 1e-7), pick(0, Infinity)), tf.log1p))
kernel("Erf", one(wide, tf.erf))
kernel("Sin", one(wide, tf.sin))
kernel("Cos", one(wide, tf.cos))
kernel("Floor", one(wide, tf.floor))
kernel("Ceil", one(wide, tf.ceil))
kernel("Round", one(wide, tf.round))
kernel("Relu", one(wide, tf.relu))
kernel("Relu6", one(fc.oneof(wide, within(5, 7)), tf.relu6))
kernel(
  "LeakyRelu",
  one(wide, (x) => tf.leakyRelu(x, 0.3))
)
kernel("Prelu", two(tf.prelu, { dtypes: ["float32"] }))
kernel("Elu", one(wide, tf.elu))
kernel(
  "EluGrad",
  one(wide, (x) => tf.grad((y) => tf.elu(y))(x))
)
kernel(
  "Step",
  fc.tuple(one(wide, tf.neg), pick(0, 0.25, -1)).map(([call, alpha]) => ({ ...call, apply: (x) => tf.step(x, alpha) }))
)
kernel("Sigmoid", one(wide, tf.sigmoid))
kernel("Tanh", one(wide, tf.tanh))
kernel("Softplus", one(wide, tf.softplus))
kernel(
  "ClipByValue",
  one(wide, (x) => tf.clipByValue(x, -1.25, 0.75))
)
const odd = fc.oneof(wide, pick(NaN, Infinity, -Infinity))
kernel("IsNan", one(odd, tf.isNaN))
kernel("IsInf", one(odd, tf.isInf))
kernel("IsFinite", one(odd, tf.isFinite))
kernel(
  "Identity",
  one(wide, (x) => tf.clone(x))
)
kernel(
  "Cast",
  fc
    .tuple(one(within(-1e6, 1e6), tf.neg), pick("int32", "float32", "bool"), pick("int32", "float32"))
    .map(([call, first, second]) => ({
      ...call,
      apply: (x) => tf.cast(tf.cast(x, first as "int32"), second as "int32")
    })) // any of them
)

for (const [name, apply] of Object.entries({
  Less: tf.less,
  LessEqual: tf.lessEqual,
  Greater: tf.greater,
  GreaterEqual: tf.greaterEqual,
  Equal: tf.equal,
  NotEqual: tf.notEqual
})) {
  kernel(name, two(apply, { a: fc.oneof(whole, wide), b: fc.oneof(whole, wide) }))
}
const logic = { dtypes: ["int32"] } as const
kernel(
  "LogicalAnd",
  two((a, b) => tf.logicalAnd(asBool(a), asBool(b)), logic)
)
kernel(
  "LogicalOr",
  two((a, b) => tf.logicalOr(asBool(a), asBool(b)), logic)
)
kernel(
  "LogicalNot",
  one(bit, (x) => tf.logicalNot(asBool(x)), "int32")
)
kernel(
  "Select",
  broadcasting.chain(([a, b]) =>
    fc
      .tuple(tensor(b, bit, "int32"), tensor(a, wide), tensor(b, wide))
      .map(([c, x, y]): Call => ({ operands: [c, x, y], apply: (p, q, r) => tf.where(asBool(p), q, r) }))
  )
)

kernel("Sum", folding(wide, tf.sum), { tolerance: 1e-5 })
kernel("Mean", folding(wide, tf.mean), { tolerance: 1e-5 })
kernel("Max", folding(wide, tf.max))
kernel("Min", folding(wide, tf.min))
kernel("Prod", folding(within(-2, 2), tf.prod), { tolerance: 1e-5 })
kernel(
  "All",
  folding(bit, (x, axes, keepDims) => tf.all(asBool(x), axes, keepDims))
)
kernel(
  "Any",
  folding(bit, (x, axes, keepDims) => tf.any(asBool(x), axes, keepDims))
)
kernel(
  "ArgMax",
  along(whole, (x, axis) => tf.argMax(x, axis))
)
kernel(
  "ArgMin",
  along(whole, (x, axis) => tf.argMin(x, axis))
)
kernel(
  "Softmax",
  shapes(1, 4).chain((shape) => tensor(shape, wide).map((x): Call => ({ operands: [x], apply: (p) => tf.softmax(p) })))
)
// The cpu backend is wrong for an axis counted from the end, so none is given here.
kernel(
  "Cumsum",
  along(wide, (x, axis, seed) => tf.cumsum(x, (axis + x.rank) % x.rank, seed % 2 === 1, seed % 3 === 1)),
  {
    tolerance: 1e-5
  }
)

kernel(
  "Reshape",
  one(wide, (x) => tf.reshape(x, x.size % 2 === 0 ? [2, -1] : [-1, 1]))
)
kernel(
  "ExpandDims",
  fc.tuple(one(wide, tf.neg), fc.nat()).map(([call, at]) => ({
    ...call,
    apply: (x) => tf.expandDims(x, (at % (x.rank + 1)) - (at % 2 === 0 ? 0 : x.rank + 1))
  }))
)
kernel(
  "Transpose",
  shapes(2, 4).chain((shape) =>
    fc
      .tuple(
        tensor(shape, wide),
        fc.shuffledSubarray(
          shape.map((_, axis) => axis),
          { minLength: shape.length }
        )
      )
      .map(([x, permutation]): Call => ({ operands: [x], apply: (p) => tf.transpose(p, permutation) }))
  )
)
kernel(
  "Concat",
  shapes(1, 4).chain((shape) =>
    fc.integer({ min: 0, max: shape.length - 1 }).chain((axis) =>
      fc
        .array(
          fc.integer({ min: 1, max: 3 }).chain((n) => tensor(shape.with(axis, n), wide)),
          { minLength: 2, maxLength: 4 }
        )
        .map((operands): Call => ({ operands, apply: (...all) => tf.concat([...all], axis) }))
    )
  )
)
kernel(
  "Slice",
  shapes(1, 4).chain((shape) =>
    fc
      .tuple(tensor(shape, wide), fc.tuple(...shape.map((n) => fc.nat({ max: n - 1 }))), fc.nat())
      .map(([x, begin, seed]): Call => {
        const size = shape.map((n, axis) => ((seed >> axis) % 2 === 0 ? -1 : 1 + (seed % (n - begin[axis]))))
        return { operands: [x], apply: (p) => tf.slice(p, begin, size) }
      })
  )
)
kernel(
  "SplitV",
  along(wide, (x, axis, seed) => {
    const length = x.shape.at(axis) ?? 1
    return tf.split(x, seed % 2 === 0 || length === 1 ? length : [1, -1], axis)
  })
)
kernel(
  "Pack",
  shapes(0, 3).chain((shape) =>
    fc
      .tuple(
        fc.array(tensor(shape, wide), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: -shape.length - 1, max: shape.length })
      )
      .map(([operands, axis]): Call => ({ operands, apply: (...all) => tf.stack([...all], axis) }))
  )
)
kernel(
  "Unpack",
  along(wide, (x, axis) => tf.unstack(x, axis))
)
kernel(
  "PadV2",
  shapes(1, 4).chain((shape) =>
    fc
      .tuple(tensor(shape, wide), fc.tuple(...shape.map(() => fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })))), wide)
      .map(([x, paddings, value]): Call => ({ operands: [x], apply: (p) => tf.pad(p, paddings, value) }))
  )
)
kernel(
  "Tile",
  shapes(1, 3).chain((shape) =>
    fc
      .tuple(tensor(shape, wide), fc.tuple(...shape.map(() => fc.integer({ min: 1, max: 3 }))))
      .map(([x, repetitions]): Call => ({ operands: [x], apply: (p) => tf.tile(p, repetitions) }))
  )
)
kernel(
  "Fill",
  one(wide, (x) => tf.add(x, tf.fill(x.shape, 2.5)))
)
kernel(
  "ZerosLike",
  one(wide, (x) => tf.add(tf.exp(x), tf.zerosLike(x))),
  { tolerance: 2e-6 }
)
kernel(
  "OnesLike",
  one(wide, (x) => tf.add(x, tf.onesLike(x)))
)
kernel(
  "Range",
  fc
    .tuple(one(wide, tf.neg), whole, whole, pick(0.5, 1, -1, 2), pick<"float32" | "int32">("float32", "int32"))
    .map(([call, start, stop, step, dtype]) => ({
      ...call,
      apply: (x) => [x, tf.range(start, stop, Math.sign(stop - start) * Math.ceil(Math.abs(step)) || 1, dtype)]
    }))
)
kernel(
  "OneHot",
  fc
    .tuple(shapes(0, 3), fc.integer({ min: 2, max: 5 }), pick<"float32" | "int32">("float32", "int32"), fc.boolean())
    .chain(([shape, depth, dtype, plain]) =>
      tensor(shape, fc.integer({ min: -2, max: 6 }), "int32").map((x): Call => ({
        operands: [x],
        apply: (p) => (plain ? tf.oneHot(p, depth, 1, 0, dtype) : tf.oneHot(p, depth, 3, -2, dtype))
      }))
    )
)
kernel(
  "GatherV2",
  fc.tuple(shapes(1, 3), shapes(0, 2)).chain(([shape, picked]) =>
    fc.integer({ min: 0, max: shape.length - 1 }).chain(
      (axis) =>
        fc
          .tuple(tensor(shape, wide), tensor(picked, fc.nat({ max: shape[axis] - 1 }), "int32"))
          .map(([x, indices]): Call => ({
            operands: [x, indices],
            apply: (p, q) => tf.gather(p, q as tf.Tensor1D, axis)
          })) // of any rank
    )
  )
)
kernel(
  "Reverse",
  along(wide, (x, axis, seed) => tf.reverse(x, seed % 3 === 0 ? undefined : axis))
)

const products = (deepest: number) =>
  fc
    .record({
      n: fc.integer({ min: 1, max: 5 }),
      k: fc.integer({ min: 1, max: 5 }),
      m: fc.integer({ min: 1, max: 5 }),
      batchA: shapes(0, deepest, 3),
      onesB: fc.boolean(),
      shorter: fc.boolean(),
      transposeA: fc.boolean(),
      transposeB: fc.boolean()
    })
    .chain(({ batchA, k, m, n, onesB, shorter, transposeA, transposeB }) => {
      const batchB = (onesB ? batchA.map(() => 1) : batchA).slice(shorter ? 1 : 0)
      return fc
        .tuple(
          tensor([...batchA, ...(transposeA ? [k, n] : [n, k])], wide),
          tensor([...batchB, ...(transposeB ? [m, k] : [k, m])], wide),
          tensor([m], wide)
        )
        .map((operands) => ({ operands, transposeA, transposeB }))
    })
kernel(
  "BatchMatMul",
  products(2).map(({ operands, transposeA, transposeB }): Call => ({
    operands: operands.slice(0, 2),
    apply: (a, b) => tf.matMul(a, b, transposeA, transposeB)
  })),
  { tolerance: 1e-5 }
)
kernel(
  "_FusedMatMul",
  fc
    .tuple(products(0), pick("linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"), fc.boolean())
    .map(([{ operands, transposeA, transposeB }, activation, biased]): Call => ({
      operands: biased ? operands : operands.slice(0, 2),
      apply: (a, b, bias) =>
        tf.fused.matMul({ a, b, bias, transposeA, transposeB, activation: activation as "relu", leakyreluAlpha: 0.1 }) // any of them
    })),
  { tolerance: 1e-5 }
)

/** Truth values leave a program as int32. */
const programOf = ({ apply, operands }: Call): Program.Program => ({
  name: "one kernel",
  state: {},
  inputs: Object.fromEntries(operands.map(({ spec }, index) => [`x${index}`, spec])),
  run: (_, inputs) => {
    const result = apply(...operands.map((_operand, index) => inputs[`x${index}`]))
    const outputs = (result instanceof tf.Tensor ? [result] : result).map((out) =>
      out.dtype === "bool" ? tf.cast(out, "int32") : out
    )
    return { state: {}, outputs: Object.fromEntries(outputs.map((out, index) => [`y${index}`, out])) }
  }
})

const compute = (program: Program.Program, inputs: Program.Data) =>
  Effect.gen(function* () {
    const { compile } = yield* Engine.Engine
    const executable = yield* compile(program)
    return yield* executable.run(inputs)
  }).pipe(Effect.scoped)

/** Lists the kernels a call dispatches. */
const kernelsOf = (call: Call): ReadonlySet<string> => {
  const seen = new Set<string>()
  const engine = tf.engine()
  const runKernel = engine.runKernel
  engine.runKernel = (name, inputs, attributes) => {
    seen.add(name)
    return runKernel.call(engine, name, inputs, attributes) as never // what it is generic in does not matter here
  }
  try {
    withBackend("cpu", () =>
      tf.tidy(() => {
        call.apply(...call.operands.map(({ data, spec }) => tf.tensor(data, [...spec.shape], spec.dtype)))
      })
    )
  } finally {
    engine.runKernel = runKernel
  }
  return seen
}

it("every lowering has a case here", () => {
  assert.deepStrictEqual([...cases.keys()].sort(), Object.keys(lowerings).sort())
})

describe("a compiled kernel computes what TensorFlow.js's cpu backend computes:", () => {
  for (const [name, { calls, tolerance }] of cases) {
    it(name, async () => {
      const seen = new Set<string>()
      await fc.assert(
        fc.asyncProperty(calls, async (call) => {
          for (const used of kernelsOf(call)) seen.add(used)
          const program = programOf(call)
          const inputs = Object.fromEntries(call.operands.map(({ data }, index) => [`x${index}`, data]))
          const expected = await Effect.runPromise(Effect.provide(compute(program, inputs), Engine.reference))
          const actual = await Effect.runPromise(Effect.provide(compute(program, inputs), Engine.onnx()))
          assert.deepStrictEqual(Object.keys(actual).sort(), Object.keys(expected).sort())
          for (const [output, numbers] of Object.entries(expected)) {
            assert.strictEqual(actual[output].constructor, numbers.constructor)
            assert.strictEqual(actual[output].length, numbers.length)
            numbers.forEach((value, index) => {
              const got = actual[output][index]
              const close =
                value === got ||
                (Number.isNaN(value) && Number.isNaN(got)) ||
                Math.abs(value - got) <= tolerance * Math.max(1, Math.abs(value))
              assert.isTrue(close, `${output}[${index}] is ${got} and should be ${value}`)
            })
          }
        }),
        { numRuns: runs }
      )
      assert.isTrue(seen.has(name), `the calls dispatched ${[...seen].join(", ")} and never ${name}`)
    })
  }
})
