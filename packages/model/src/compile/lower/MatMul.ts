/**
 * Lowerings of matrix products. Products of two matrices become Gemm, which reads transposed operands in place; stacks
 * of matrices become MatMul.
 */
import { tf } from "../../internal/tfjs.ts"
import type { Builder, Value } from "../Graph.ts"
import { activate } from "./Elementwise.ts"
import type { Lowerings } from "./Lowering.ts"
import { elementwise, Refusal, expect, transpose, withAttributes } from "./Lowering.ts"

const product = (graph: Builder, a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value => {
  expect(a, "float32")
  expect(b, "float32")
  const rows = a.shape.at(transposeA ? -1 : -2)
  const columns = b.shape.at(transposeB ? -2 : -1)
  if (rows === undefined || columns === undefined) throw new Refusal("it multiplies tensors of rank below 2")
  if (a.shape.length === 2 && b.shape.length === 2) {
    const attributes = { transA: { int: transposeA ? 1 : 0 }, transB: { int: transposeB ? 1 : 0 } }
    return graph.apply("Gemm", [a, b], { shape: [rows, columns], dtype: "float32" }, attributes)
  }
  const batch = tf.backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const [left, right] = [transposeA ? flip(graph, a) : a, transposeB ? flip(graph, b) : b]
  return graph.apply("MatMul", [left, right], { shape: [...batch, rows, columns], dtype: "float32" })
}

/** Exchanges the last two axes. */
const flip = (graph: Builder, value: Value): Value => {
  const axes = value.shape.map((_, axis) => axis)
  return transpose(graph, value, [...axes.slice(0, -2), axes.length - 1, axes.length - 2])
}

const fused = withAttributes<tf._FusedMatMulAttrs>((graph, inputs, attributes) => {
  const { a, b, bias, preluActivationWeights: weights } = inputs
  const plain = product(graph, a, b, attributes.transposeA, attributes.transposeB)
  const shifted = bias === undefined ? plain : elementwise(graph, "Add", [plain, bias])
  const activation = attributes.activation ?? "linear"
  const out = activate(graph, shifted, activation, { weights, alpha: attributes.leakyreluAlpha ?? 0.2 })
  if (out === undefined) throw new Refusal(`its activation "${activation}" has no lowering yet`)
  return out
})

/** Lowerings of matrix products. */
export const lowerings: Lowerings = {
  BatchMatMul: withAttributes<tf.BatchMatMulAttrs>((graph, { a, b }, { transposeA, transposeB }) =>
    product(graph, a, b, transposeA, transposeB)
  ),
  _FusedMatMul: fused
}
