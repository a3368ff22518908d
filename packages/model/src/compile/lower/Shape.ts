/**
 * Lowerings of kernels that move numbers without changing them: reshaping, joining, cutting, repeating, picking, and of
 * those that make tensors from nothing but a shape.
 */
import { tf } from "../../internal/tfjs.ts"
import type { Builder, Value } from "../Graph.ts"
import { arrayOf } from "../Graph.ts"
import type { Lowerings } from "./Lowering.ts"
import {
  cast,
  elementwise,
  filled,
  listed,
  Refusal,
  reshape,
  tensorType,
  transpose,
  withAttributes
} from "./Lowering.ts"

const concat = withAttributes<tf.ConcatAttrs>((graph, inputs, { axis }) => {
  const values = listed(inputs)
  const [at] = tf.util.parseAxisParam(axis, [...values[0].shape])
  const shape = tf.backend_util.computeOutShape(
    values.map((value) => [...value.shape]),
    at
  )
  const [first, ...rest] = values.filter((value) => value.shape[at] > 0)
  if (first === undefined) return values[0]
  return rest.length === 0
    ? first
    : graph.apply("Concat", [first, ...rest], { shape, dtype: first.dtype }, { axis: { int: at } })
})

const slice = (graph: Builder, x: Value, begin: ReadonlyArray<number>, size: ReadonlyArray<number>): Value => {
  const axes = x.shape.map((_, axis) => axis).filter((axis) => size[axis] !== x.shape[axis])
  if (axes.length === 0) return x
  const starts = graph.integers(axes.map((axis) => begin[axis]))
  const ends = graph.integers(axes.map((axis) => begin[axis] + size[axis]))
  return graph.apply("Slice", [x, starts, ends, graph.integers(axes)], { shape: size, dtype: x.dtype })
}

const split = withAttributes<tf.SplitVAttrs>((graph, { x }, { numOrSizeSplits, axis }) => {
  const [at] = tf.util.parseAxisParam(axis, [...x.shape])
  const sizes = tf.backend_util.prepareSplitSize(shaped(x.shape), numOrSizeSplits, at)
  const outputs = sizes.map((size) => ({ shape: x.shape.map((n, index) => (index === at ? size : n)), dtype: x.dtype }))
  return graph.applyMany("Split", [x, graph.integers(sizes)], outputs, { axis: { int: at } })
})

/** `prepareSplitSize` and `parseSliceParams` take a tensor and read its shape. */
const shaped = (shape: ReadonlyArray<number>): tf.Tensor => ({ shape }) as unknown as tf.Tensor // not read further

const stack = withAttributes<tf.PackAttrs>((graph, inputs, { axis }) => {
  const values = listed(inputs)
  const shape = [...values[0].shape]
  const at = axis < 0 ? axis + shape.length + 1 : axis
  const rows = values.map((value) => reshape(graph, value, shape.toSpliced(at, 0, 1)))
  if (rows.length === 1) return rows[0]
  return graph.apply(
    "Concat",
    rows,
    { shape: shape.toSpliced(at, 0, rows.length), dtype: rows[0].dtype },
    {
      axis: { int: at }
    }
  )
})

const unstack = withAttributes<tf.UnpackAttrs>((graph, { value }, { axis }) => {
  const at = axis < 0 ? axis + value.shape.length : axis
  const shape = value.shape.toSpliced(at, 1)
  return Array.from({ length: value.shape[at] }, (_, index) => {
    const begin = value.shape.map((_, other) => (other === at ? index : 0))
    const size = value.shape.map((length, other) => (other === at ? 1 : length))
    return reshape(graph, slice(graph, value, begin, size), shape)
  })
})

const pad = withAttributes<tf.PadV2Attrs>((graph, { x }, { paddings, constantValue }) => {
  const shape = x.shape.map((length, axis) => paddings[axis][0] + length + paddings[axis][1])
  const pads = graph.integers([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)])
  return graph.apply("Pad", [x, pads, graph.scalar(constantValue, x.dtype)], { shape, dtype: x.dtype })
})

const tile = withAttributes<tf.TileAttrs>((graph, { x }, { reps }) => {
  if (reps.every((count) => count === 1)) return x
  const shape = x.shape.map((length, axis) => length * reps[axis])
  return graph.apply("Tile", [x, graph.integers(reps)], { shape, dtype: x.dtype })
})

const fill = withAttributes<tf.FillAttrs>((graph, _, { shape, value, dtype }) => {
  if (typeof value !== "number") throw new Refusal("it makes a tensor of strings")
  return filled(graph, value, { shape, dtype: tensorType(dtype ?? "float32") })
})

const range = withAttributes<tf.RangeAttrs>((graph, _, { start, stop, step, dtype }) => {
  const values = counting(start, stop, step)
  const type = tensorType(dtype ?? "float32")
  return graph.constant(arrayOf(type, values), { shape: [values.length], dtype: type })
})

const counting = (start: number, stop: number, step: number): ReadonlyArray<number> => {
  const count = Math.max(0, Math.ceil((stop - start) / step))
  return Array.from({ length: count }, (_, index) => start + index * step)
}

/** An index outside [0, depth) gives a row of `offValue`. */
const oneHot = withAttributes<tf.OneHotAttrs>((graph, { indices }, { depth, onValue, offValue, dtype }) => {
  const type = tensorType(dtype ?? "int32")
  const levels = graph.constant(
    Int32Array.from({ length: depth }, (_, level) => level),
    { shape: [depth], dtype: "int32" }
  )
  const column = reshape(graph, cast(graph, indices, "int32"), [...indices.shape, 1])
  const hit = elementwise(graph, "Equal", [column, levels], "bool")
  if (onValue === 1 && offValue === 0) return cast(graph, hit, type)
  return elementwise(graph, "Where", [hit, graph.scalar(onValue, type), graph.scalar(offValue, type)], type)
})

const gather = withAttributes<tf.GatherV2Attrs>((graph, { x, indices }, { axis, batchDims }) => {
  if (batchDims !== 0) throw new Refusal("batchDims other than 0 have no lowering yet")
  const [at] = tf.util.parseAxisParam(axis, [...x.shape])
  const shape = x.shape.toSpliced(at, 1, ...indices.shape)
  return graph.apply("Gather", [x, indices], { shape, dtype: x.dtype }, { axis: { int: at } })
})

const reverse = withAttributes<tf.ReverseAttrs>((graph, { x }, { dims }) => {
  const axes = tf.util.parseAxisParam(dims, [...x.shape])
  if (axes.length === 0 || x.shape.length === 0) return x
  const lowest = -(2 ** 31)
  const each = (value: number) => graph.integers(axes.map(() => value))
  return graph.apply("Slice", [x, each(-1), each(lowest), graph.integers(axes), each(-1)], x)
})

/** Lowerings of kernels that move numbers or make constants. */
export const lowerings: Lowerings = {
  Reshape: withAttributes<tf.ReshapeAttrs>((graph, { x }, { shape }) => {
    const count = x.shape.reduce((product, length) => product * length, 1)
    return reshape(graph, x, tf.util.inferFromImplicitShape(shape, count))
  }),
  ExpandDims: withAttributes<tf.ExpandDimsAttrs>((graph, { input }, { dim }) => {
    const at = dim < 0 ? dim + input.shape.length + 1 : dim
    return reshape(graph, input, input.shape.toSpliced(at, 0, 1))
  }),
  Transpose: withAttributes<tf.TransposeAttrs>((graph, { x }, { perm }) => transpose(graph, x, perm)),
  Concat: concat,
  Slice: withAttributes<tf.SliceAttrs>((graph, { x }, { begin, size }) => {
    const [start, extent] = tf.slice_util.parseSliceParams(shaped(x.shape), begin, size)
    return slice(graph, x, start, extent)
  }),
  SplitV: split,
  Pack: stack,
  Unpack: unstack,
  PadV2: pad,
  Tile: tile,
  Fill: fill,
  ZerosLike: (graph, { x }) => filled(graph, 0, x),
  OnesLike: (graph, { x }) => filled(graph, 1, x),
  Range: range,
  OneHot: oneHot,
  GatherV2: gather,
  Reverse: reverse
}
