/**
 * Lowerings of kernels that fold axes away, and of softmax, which folds the last one and spreads it out again.
 */
import { tf } from "../../internal/tfjs.ts"
import type { Builder, DType, Value } from "../Graph.ts"
import type { Lowering, Lowerings } from "./Lowering.ts"
import { cast, elementwise, expect, withAttributes } from "./Lowering.ts"

const fold = (
  graph: Builder,
  operator: string,
  x: Value,
  axis: number | ReadonlyArray<number> | undefined,
  keepDims: boolean
): Value => {
  const axes = tf.util.parseAxisParam(axis as number | Array<number>, [...x.shape]) // undefined is all axes
  const [folded] = tf.backend_util.computeOutAndReduceShapes([...x.shape], axes)
  const shape = keepDims ? tf.backend_util.expandShapeToKeepDim(folded, axes) : folded
  if (axes.length === 0) return x
  return graph.apply(
    operator,
    [x, graph.integers([...axes].sort((a, b) => a - b))],
    { shape, dtype: x.dtype },
    {
      keepdims: { int: keepDims ? 1 : 0 }
    }
  )
}

interface Axes {
  readonly axis: number | ReadonlyArray<number>
  readonly keepDims: boolean
}

const reduction = (operator: string, ...dtypes: ReadonlyArray<DType>): Lowering =>
  withAttributes<Axes>((graph, { x }, { axis, keepDims }) => {
    expect(x, ...dtypes)
    return fold(graph, operator, x, axis, keepDims)
  })

/** A sum of squares is one operator, which does not write the squares out: half the time of two. */
const sum = withAttributes<Axes>((graph, { x }, { axis, keepDims }) => {
  expect(x, "float32", "int32")
  const maker = graph.makerOf(x)
  const plain = fold(graph, "ReduceSum", x, axis, keepDims)
  const square = maker?.operator === "Mul" && maker.inputs[0] === maker.inputs[1] && x.dtype === "float32"
  return square && plain !== x ? fold(graph, "ReduceSumSquare", maker.inputs[0], axis, keepDims) : plain
})

/** All and Any are the least and the greatest of 0 and 1. */
const quantifier = (operator: string): Lowering =>
  withAttributes<Axes>((graph, { x }, { axis, keepDims }) =>
    cast(graph, fold(graph, operator, cast(graph, x, "int32"), axis, keepDims), "bool")
  )

/** The first of equal extremes wins, in tfjs as in ONNX. */
const place = (operator: string): Lowering =>
  withAttributes<tf.ArgMaxAttrs>((graph, { x }, { axis }) => {
    const [at] = tf.util.parseAxisParam(axis, [...x.shape])
    const shape = x.shape.filter((_, index) => index !== at)
    const attributes = { axis: { int: at }, keepdims: { int: 0 } }
    return cast(graph, graph.apply(operator, [x], { shape, dtype: "int64" }, attributes), "int32")
  })

const softmax = withAttributes<tf.SoftmaxAttrs>((graph, { logits }, { dim }) => {
  expect(logits, "float32")
  return elementwise(graph, "Softmax", [logits], "float32", { axis: { int: dim } })
})

const cumulative = withAttributes<tf.CumsumAttrs>((graph, { x }, { axis, exclusive, reverse }) =>
  graph.apply("CumSum", [x, graph.constant(BigInt64Array.of(BigInt(axis)), { shape: [], dtype: "int64" })], x, {
    exclusive: { int: exclusive ? 1 : 0 },
    reverse: { int: reverse ? 1 : 0 }
  })
)

/** Lowerings of reductions. */
export const lowerings: Lowerings = {
  Sum: sum,
  Mean: reduction("ReduceMean", "float32"),
  Max: withAttributes<tf.MaxAttrs>((graph, { x }, { keepDims, reductionIndices }) => {
    expect(x, "float32", "int32")
    return fold(graph, "ReduceMax", x, reductionIndices, keepDims)
  }),
  Min: reduction("ReduceMin", "float32", "int32"),
  Prod: reduction("ReduceProd", "float32", "int32"),
  All: quantifier("ReduceMin"),
  Any: quantifier("ReduceMax"),
  ArgMax: place("ArgMax"),
  ArgMin: place("ArgMin"),
  Softmax: softmax,
  Cumsum: cumulative
}
