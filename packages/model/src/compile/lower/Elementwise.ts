/**
 * Lowerings of kernels that compute every number from the numbers at the same place: arithmetic, functions of one
 * variable, and activations with their gradients.
 */
import type { tf } from "../../internal/tfjs.ts"
import type { Builder, Value } from "../Graph.ts"
import type { Lowering, Lowerings } from "./Lowering.ts"
import { cast, elementwise, expect, listed, tensorType, withAttributes } from "./Lowering.ts"

/** One operator of two variables. */
const binary =
  (operator: string): Lowering =>
  (graph, { a, b }) => {
    expect(a, "float32", "int32")
    return elementwise(graph, operator, [a, b])
  }

/** One operator of one variable, on floats. */
const unary =
  (operator: string): Lowering =>
  (graph, { x }) => {
    expect(x, "float32")
    return elementwise(graph, operator, [x])
  }

const multiply: Lowering = (graph, { a, b }) => {
  expect(a, "float32", "int32")
  const product = elementwise(graph, "Mul", [a, b])
  if (isOne(graph, a) && b.shape.length === product.shape.length) return b
  return isOne(graph, b) && a.shape.length === product.shape.length ? a : product
}

/** Gradients start from one: multiplying by it changes no bit. */
const isOne = (graph: Builder, value: Value): boolean => {
  const data = graph.dataOf(value)
  return data?.length === 1 && Number(data[0]) === 1
}

const square: Lowering = (graph, { x }) => {
  expect(x, "float32", "int32")
  return elementwise(graph, "Mul", [x, x])
}

const squaredDifference: Lowering = (graph, { a, b }) => {
  expect(a, "float32", "int32")
  const difference = elementwise(graph, "Sub", [a, b])
  return elementwise(graph, "Mul", [difference, difference])
}

const floorDivide: Lowering = (graph, { a, b }) => {
  const quotient = elementwise(graph, "Div", [cast(graph, a, "float32"), cast(graph, b, "float32")])
  return cast(graph, elementwise(graph, "Floor", [quotient]), a.dtype)
}

const float = (graph: Builder, value: number): Value => graph.scalar(value, "float32")

/** log(1 + x) without losing small x: Goldberg (1991), theorem 4. */
const log1p: Lowering = (graph, { x }) => {
  expect(x, "float32")
  const one = float(graph, 1)
  const u = elementwise(graph, "Add", [x, one])
  const correction = elementwise(graph, "Div", [x, elementwise(graph, "Sub", [u, one])])
  const exact = elementwise(graph, "Or", [
    elementwise(graph, "Equal", [u, one], "bool"),
    elementwise(graph, "IsInf", [u], "bool", { detect_negative: { int: 0 } })
  ])
  return select(graph, exact, x, elementwise(graph, "Mul", [elementwise(graph, "Log", [u]), correction]))
}

const select = (graph: Builder, condition: Value, yes: Value, no: Value): Value =>
  elementwise(graph, "Where", [condition, yes, no], yes.dtype)

/**
 * 1 where x > 0, else `alpha`; tfjs uses it as the gradient of relu, with alpha 0. NaN gives `alpha` where tfjs gives
 * NaN: a NaN before a relu is a NaN after it, so the loss shows it all the same.
 */
const step = withAttributes<tf.StepAttrs>((graph, { x }, { alpha }) => {
  expect(x, "float32")
  const positive = elementwise(graph, "Greater", [x, float(graph, 0)], "bool")
  if (alpha === 0) return cast(graph, positive, "float32")
  return select(graph, positive, float(graph, 1), float(graph, alpha))
})

/** `y` is the output of elu. */
const eluGradient: Lowering = (graph, { dy, y }) => {
  const below = elementwise(graph, "Mul", [dy, elementwise(graph, "Add", [y, float(graph, 1)])])
  return select(graph, elementwise(graph, "GreaterOrEqual", [y, float(graph, 0)], "bool"), dy, below)
}

const clip = withAttributes<tf.ClipByValueAttrs>((graph, { x }, { clipValueMin, clipValueMax }) => {
  expect(x, "float32", "int32")
  const atLeast = elementwise(graph, "Max", [x, graph.scalar(clipValueMin, x.dtype)])
  return elementwise(graph, "Min", [atLeast, graph.scalar(clipValueMax, x.dtype)])
})

/** x for x > 0; below it `slope` x. */
const slope = (graph: Builder, x: Value, below: Value): Value =>
  select(graph, elementwise(graph, "Less", [x, float(graph, 0)], "bool"), elementwise(graph, "Mul", [x, below]), x)

/** Applies the activation that a fused kernel names. */
export const activate = (
  graph: Builder,
  x: Value,
  activation: string,
  options: { readonly weights: Value | undefined; readonly alpha: number }
): Value | undefined => {
  switch (activation) {
    case "linear":
      return x
    case "relu":
      return elementwise(graph, "Relu", [x])
    case "relu6":
      return relu6(graph, x)
    case "elu":
      return elementwise(graph, "Elu", [x])
    case "sigmoid":
      return elementwise(graph, "Sigmoid", [x])
    case "leakyrelu":
      return slope(graph, x, float(graph, options.alpha))
    case "prelu":
      return options.weights && slope(graph, x, options.weights)
  }
}

const relu6 = (graph: Builder, x: Value): Value =>
  elementwise(graph, "Min", [elementwise(graph, "Max", [x, float(graph, 0)]), float(graph, 6)])

const isFinite: Lowering = (graph, { x }) => {
  expect(x, "float32")
  const infinite = elementwise(graph, "IsInf", [x], "bool")
  const either = elementwise(graph, "Or", [infinite, elementwise(graph, "IsNaN", [x], "bool")])
  return elementwise(graph, "Not", [either])
}

const test =
  (operator: string): Lowering =>
  (graph, { x }) => {
    expect(x, "float32")
    return elementwise(graph, operator, [x], "bool")
  }

/** Lowerings of elementwise kernels. */
export const lowerings: Lowerings = {
  Add: binary("Add"),
  Sub: binary("Sub"),
  Multiply: multiply,
  RealDiv: (graph, { a, b }) => elementwise(graph, "Div", [cast(graph, a, "float32"), cast(graph, b, "float32")]),
  FloorDiv: floorDivide,
  Pow: binary("Pow"),
  Maximum: binary("Max"),
  Minimum: binary("Min"),
  SquaredDifference: squaredDifference,
  AddN: (graph, inputs) => {
    const [first, ...rest] = listed(inputs)
    return elementwise(graph, "Sum", [first, ...rest])
  },
  Neg: (graph, { x }) => elementwise(graph, "Neg", [x]),
  Abs: (graph, { x }) => elementwise(graph, "Abs", [x]),
  Sign: unary("Sign"),
  Square: square,
  Sqrt: unary("Sqrt"),
  Rsqrt: (graph, { x }) => elementwise(graph, "Div", [float(graph, 1), elementwise(graph, "Sqrt", [x])]),
  Reciprocal: unary("Reciprocal"),
  Exp: unary("Exp"),
  Log: unary("Log"),
  Log1p: log1p,
  Erf: unary("Erf"),
  Sin: unary("Sin"),
  Cos: unary("Cos"),
  Floor: unary("Floor"),
  Ceil: unary("Ceil"),
  Round: unary("Round"),
  Relu: unary("Relu"),
  Relu6: (graph, { x }) => relu6(graph, x),
  LeakyRelu: withAttributes<tf.LeakyReluAttrs>((graph, { x }, { alpha }) => slope(graph, x, float(graph, alpha))),
  Prelu: (graph, { x, alpha }) => slope(graph, x, alpha),
  Elu: unary("Elu"),
  EluGrad: eluGradient,
  Step: step,
  Sigmoid: unary("Sigmoid"),
  Tanh: unary("Tanh"),
  Softplus: unary("Softplus"),
  ClipByValue: clip,
  IsNan: test("IsNaN"),
  IsInf: test("IsInf"),
  IsFinite: isFinite,
  Identity: (_, { x }) => x,
  Cast: withAttributes<tf.CastAttrs>((graph, { x }, { dtype }) => {
    return cast(graph, x, tensorType(dtype))
  })
}
