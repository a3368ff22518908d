/**
 * The recorded graph: nodes are ONNX operators over values of static shape. A builder shares equal nodes and equal
 * constants as they are recorded, and `finish` drops what no output needs, so a graph depends only on what the program
 * computes, not on how often it says so.
 */
import { Digest } from "@watertight/core"

/** Element types. int64 is only used where ONNX wants shapes and indices. */
export type DType = "float32" | "int32" | "int64" | "bool"

/** What an operator makes: its shape and element type. */
export interface Spec {
  readonly shape: ReadonlyArray<number>
  readonly dtype: DType
}

/** A value of the graph: an input, a constant or one output of a node. Its identity is the object. */
export interface Value extends Spec {}

/** Values by name. */
export type Values = Readonly<Record<string, Value>>

/** The numbers of a constant. Booleans are bytes, 0 or 1. */
export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array

/** An operator's attribute. ONNX tells whole numbers from floats. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: ReadonlyArray<number> }
  | { readonly float: number }
  | { readonly tensor: { readonly dtype: DType; readonly data: ConstantData } }

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>

/** An operator applied to values. */
export interface Node {
  readonly operator: string
  readonly inputs: ReadonlyArray<Value>
  readonly outputs: ReadonlyArray<Value>
  readonly attributes: Attributes
}

/** A value under the name the outside knows it by. */
export interface Named {
  readonly name: string
  readonly value: Value
}

/** A constant and its numbers. */
export interface Constant {
  readonly value: Value
  readonly data: ConstantData
}

/** A finished graph; nodes come after what they use. */
export interface Graph {
  readonly name: string
  readonly inputs: ReadonlyArray<Named>
  readonly outputs: ReadonlyArray<Named>
  readonly constants: ReadonlyArray<Constant>
  readonly nodes: ReadonlyArray<Node>
}

/** Records a graph. */
export interface Builder {
  /** Declares an input of the graph. */
  readonly input: (name: string, spec: Spec) => Value
  /** Returns the constant with these numbers. */
  readonly constant: (data: ConstantData, spec: Spec) => Value
  /** Returns the scalar constant of this value. */
  readonly scalar: (value: number, dtype: DType) => Value
  /** Returns the one-dimensional int64 constant with these values: shapes, axes, starts, sizes. */
  readonly integers: (values: ReadonlyArray<number>) => Value
  /** Applies an operator with one output. */
  readonly apply: (operator: string, inputs: ReadonlyArray<Value>, output: Spec, attributes?: Attributes) => Value
  /** Applies an operator with several outputs. */
  readonly applyMany: (
    operator: string,
    inputs: ReadonlyArray<Value>,
    outputs: ReadonlyArray<Spec>,
    attributes?: Attributes
  ) => ReadonlyArray<Value>
  /** Returns the numbers of a constant. */
  readonly dataOf: (value: Value) => ConstantData | undefined
  /** Returns the node that makes a value. */
  readonly makerOf: (value: Value) => Node | undefined
  /** Ends recording: keeps what the outputs need. */
  readonly finish: (outputs: ReadonlyArray<Named>) => Graph
}

/** Starts recording a graph. */
export const builder = (name: string): Builder => {
  const inputs: Array<Named> = []
  const nodes: Array<Node> = []
  const constants = new Map<string, Constant>()
  const data = new Map<Value, ConstantData>()
  const recorded = new Map<string, Node>()
  const makers = new Map<Value, Node>()
  const ids = new Map<Value, number>()

  const define = (spec: Spec): Value => {
    const value: Value = { shape: spec.shape, dtype: spec.dtype }
    ids.set(value, ids.size)
    return value
  }

  const constant: Builder["constant"] = (numbers, spec) => {
    const key = `${spec.dtype}[${spec.shape}]${Digest.fromBytes(bytesOf(numbers))}`
    const known = constants.get(key)
    if (known !== undefined) return known.value
    const made = { value: define(spec), data: numbers.slice() }
    constants.set(key, made)
    data.set(made.value, made.data)
    return made.value
  }

  const applyMany: Builder["applyMany"] = (operator, operands, outputs, attributes = {}) => {
    const key = JSON.stringify([operator, operands.map((value) => ids.get(value)), attributes, outputs], plain)
    const known = recorded.get(key)
    if (known !== undefined) return known.outputs
    const node: Node = { operator, inputs: operands, outputs: outputs.map(define), attributes }
    recorded.set(key, node)
    nodes.push(node)
    node.outputs.forEach((output) => makers.set(output, node))
    return node.outputs
  }

  const apply: Builder["apply"] = (operator, operands, output, attributes) =>
    applyMany(operator, operands, [output], attributes)[0]

  return {
    input: (inputName, spec) => {
      const value = define(spec)
      inputs.push({ name: inputName, value })
      return value
    },
    constant,
    scalar: (value, dtype) => constant(arrayOf(dtype, [value]), { shape: [], dtype }),
    integers: (values) => constant(arrayOf("int64", values), { shape: [values.length], dtype: "int64" }),
    apply,
    applyMany,
    dataOf: (value) => data.get(value),
    makerOf: (value) => makers.get(value),
    finish: (outputs) => {
      // An output of the graph is made by a node of its own: inputs, constants and repeated values pass through one.
      const fresh = new Set(makers.keys())
      const own = outputs.map(({ name: outputName, value }) => {
        if (fresh.delete(value)) return { name: outputName, value }
        const copy: Node = { operator: "Identity", inputs: [value], outputs: [define(value)], attributes: {} }
        nodes.push(copy)
        return { name: outputName, value: copy.outputs[0] }
      })
      return live({ name, inputs, outputs: own, constants: [...constants.values()], nodes })
    }
  }
}

/** Drops nodes and constants that no output needs. */
const live = (graph: Graph): Graph => {
  const needed = new Set(graph.outputs.map(({ value }) => value))
  const nodes: Array<Node> = []
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue
    node.inputs.forEach((input) => needed.add(input))
    nodes.push(node)
  }
  return { ...graph, nodes: nodes.reverse(), constants: graph.constants.filter(({ value }) => needed.has(value)) }
}

const plain = (_: string, value: unknown): unknown => {
  if (ArrayBuffer.isView(value))
    return Digest.fromBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  return Object.is(value, -0) ? "-0" : typeof value === "number" && !Number.isFinite(value) ? String(value) : value
}

/** Makes the array of an element type that holds these numbers. */
export const arrayOf = (dtype: DType, values: ArrayLike<number>): ConstantData => {
  switch (dtype) {
    case "float32":
      return Float32Array.from(values)
    case "int32":
      return Int32Array.from(values)
    case "bool":
      return Uint8Array.from(values, (value) => (value ? 1 : 0))
    case "int64":
      return BigInt64Array.from(Array.from(values, BigInt))
  }
}

/** Views the bytes of a constant. */
export const bytesOf = (data: ConstantData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** Counts how often each operator occurs. */
export const census = (graph: Graph): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { operator } of graph.nodes) counts[operator] = (counts[operator] ?? 0) + 1
  return counts
}
