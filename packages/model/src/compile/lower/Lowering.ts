/**
 * A lowering says which ONNX operators compute what one TensorFlow.js kernel computes. It sees shapes and types, never
 * numbers, and refuses what it would get wrong.
 */
import { tf } from "../../internal/tfjs.ts"
import { arrayOf } from "../Graph.ts"
import type { Attributes, Builder, DType, Spec, Value } from "../Graph.ts"

/** A kernel's inputs: named; optional ones may be missing, and lists of tensors are named "0", "1", …. */
export type Inputs = Readonly<Record<string, Value>>

/** Records the operators for one call of a kernel and returns its output or outputs. */
export type Lowering = (graph: Builder, inputs: Inputs, attributes: unknown) => Value | ReadonlyArray<Value>

/** Lowerings by the name of their kernel. */
export type Lowerings = Readonly<Record<string, Lowering>>

/** Thrown by a lowering, and by the recording backend, for what cannot be compiled. */
export class Refusal extends Error {
  readonly operation: string | undefined
  constructor(reason: string, operation?: string) {
    super(reason)
    this.operation = operation
  }
}

/** Makes a lowering that reads attributes. */
export const withAttributes =
  <A>(lower: (graph: Builder, inputs: Inputs, attributes: A) => Value | ReadonlyArray<Value>): Lowering =>
  (graph, inputs, attributes) =>
    lower(graph, inputs, attributes as A) // tfjs-core gives each kernel the attributes of its type

/** Lists the inputs of a kernel that takes a list of tensors. */
export const listed = (inputs: Inputs): ReadonlyArray<Value> => Object.values(inputs)

/** Applies an elementwise operator to values that broadcast. The result has the first one's type if none is given. */
export const elementwise = (
  graph: Builder,
  operator: string,
  values: readonly [Value, ...ReadonlyArray<Value>],
  dtype: DType = values[0].dtype,
  attributes?: Attributes
): Value => {
  const shape = values
    .map((value) => [...value.shape])
    .reduce((a, b) => tf.backend_util.assertAndGetBroadcastShape(a, b))
  return graph.apply(operator, values, { shape, dtype }, attributes)
}

/** Converts a value to another type; nothing happens when it has that type. */
export const cast = (graph: Builder, value: Value, dtype: DType): Value =>
  value.dtype === dtype
    ? value
    : graph.apply("Cast", [value], { shape: value.shape, dtype }, { to: { int: onnxType[dtype] } })

/** Gives a value another shape of as many numbers. */
export const reshape = (graph: Builder, value: Value, shape: ReadonlyArray<number>): Value =>
  same(value.shape, shape)
    ? value
    : graph.apply("Reshape", [value, graph.integers(shape)], { shape, dtype: value.dtype }, { allowzero: { int: 1 } })

/** Permutes a value's axes. */
export const transpose = (graph: Builder, value: Value, permutation: ReadonlyArray<number>): Value =>
  permutation.every((axis, index) => axis === index)
    ? value
    : graph.apply(
        "Transpose",
        [value],
        { shape: permutation.map((axis) => value.shape[axis]), dtype: value.dtype },
        { perm: { ints: permutation } }
      )

/** Fills a shape with one number, without writing it out in the compiled model. */
export const filled = (graph: Builder, value: number, spec: Spec): Value => {
  const count = spec.shape.reduce((product, length) => product * length, 1)
  if (count <= 16) return graph.constant(arrayOf(spec.dtype, new Array<number>(count).fill(value)), spec)
  return graph.apply("ConstantOfShape", [graph.integers(spec.shape)], spec, {
    value: { tensor: { dtype: spec.dtype, data: arrayOf(spec.dtype, [value]) } }
  })
}

/** Refuses values that are not of the given types. */
export const expect = (value: Value, ...dtypes: ReadonlyArray<DType>): void => {
  if (!dtypes.includes(value.dtype)) {
    throw new Refusal(`it is given ${value.dtype} and computes on ${dtypes.join(" or ")} only; use tf.cast first`)
  }
}

/** Returns the element type of a TensorFlow.js tensor; refuses strings and complex numbers. */
export const tensorType = (dtype: string): DType => {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype
  throw new Refusal(`it makes a ${dtype} tensor; only float32, int32 and bool exist in a compiled program`)
}

/** Tells whether two shapes are the same. */
export const same = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis])

/** ONNX's numbers for element types (`TensorProto.DataType`). */
export const onnxType: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 }
