/**
 * Lowerings of kernels that compare numbers, combine truth values, and choose by them. Truth values are ONNX's BOOL.
 */
import type { Builder, Value } from "../Graph.ts"
import type { Lowering, Lowerings } from "./Lowering.ts"
import { cast, elementwise, reshape, same } from "./Lowering.ts"

const comparison =
  (operator: string): Lowering =>
  (graph, { a, b }) => {
    const [left, right] = [a, b].map((value) => (value.dtype === "bool" ? cast(graph, value, "int32") : value))
    return elementwise(graph, operator, [left, right], "bool")
  }

const logical =
  (operator: string): Lowering =>
  (graph, { a, b }) =>
    elementwise(graph, operator, [cast(graph, a, "bool"), cast(graph, b, "bool")])

const negation = (graph: Builder, value: Value): Value => elementwise(graph, "Not", [cast(graph, value, "bool")])

/** A condition of one dimension chooses whole rows. */
const select: Lowering = (graph, { condition, t, e }) => {
  const rows = same(condition.shape, t.shape) || t.shape.length === 0
  const shape = rows ? condition.shape : [...condition.shape, ...new Array<number>(t.shape.length - 1).fill(1)]
  return elementwise(graph, "Where", [reshape(graph, cast(graph, condition, "bool"), shape), t, e], t.dtype)
}

/** Lowerings of comparisons and logic. */
export const lowerings: Lowerings = {
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Equal: comparison("Equal"),
  NotEqual: (graph, inputs, attributes) => {
    const equal = comparison("Equal")(graph, inputs, attributes)
    return negation(graph, equal as Value) // a comparison has one output
  },
  LogicalAnd: logical("And"),
  LogicalOr: logical("Or"),
  LogicalNot: (graph, { x }) => negation(graph, x),
  Select: select
}
