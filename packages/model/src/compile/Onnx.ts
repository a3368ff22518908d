/**
 * Writes a graph as an ONNX model. Names are numbered in the order of the nodes, so equal graphs give equal bytes.
 */
import proto from "onnx-proto"
import type { Attribute, ConstantData, DType, Graph, Spec, Value } from "./Graph.ts"
import { bytesOf } from "./Graph.ts"
import { onnxType } from "./lower/Lowering.ts"

const { onnx } = proto

/** The version of the operators: 18 takes the axes of every reduction as an input. */
const operatorSet = 18

/** The version of the file format that goes with it. */
const formatVersion = 8

/** Returns the bytes of an ONNX `ModelProto`. */
export const encode = (graph: Graph): Uint8Array => {
  const names = new Map<Value, string>()
  for (const { name, value } of [...graph.inputs, ...graph.outputs]) names.set(value, name)
  const nameOf = (value: Value): string => {
    const known = names.get(value)
    if (known !== undefined) return known
    const name = `v${names.size}`
    names.set(value, name)
    return name
  }
  const model: proto.onnx.IModelProto = {
    irVersion: formatVersion,
    producerName: "watertight",
    opsetImport: [{ domain: "", version: operatorSet }],
    graph: {
      name: graph.name,
      initializer: graph.constants.map(({ value, data }) => tensor(value.shape, value.dtype, data, nameOf(value))),
      input: graph.inputs.map(({ name, value }) => typed(name, value)),
      node: graph.nodes.map((node, index) => ({
        name: `n${index}`,
        opType: node.operator,
        input: node.inputs.map(nameOf),
        output: node.outputs.map(nameOf),
        attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value))
      })),
      output: graph.outputs.map(({ name, value }) => typed(name, value))
    }
  }
  return onnx.ModelProto.encode(model).finish()
}

const typed = (name: string, { dtype, shape }: Spec): proto.onnx.IValueInfoProto => ({
  name,
  type: { tensorType: { elemType: onnxType[dtype], shape: { dim: shape.map((dimValue) => ({ dimValue })) } } }
})

const tensor = (
  dims: ReadonlyArray<number>,
  dtype: DType,
  data: ConstantData,
  name?: string
): proto.onnx.ITensorProto => ({
  dims: [...dims],
  dataType: onnxType[dtype],
  rawData: bytesOf(data),
  ...(name === undefined ? {} : { name })
})

const attribute = (name: string, value: Attribute): proto.onnx.IAttributeProto => {
  const { AttributeType } = onnx.AttributeProto
  if ("int" in value) return { name, type: AttributeType.INT, i: value.int }
  if ("ints" in value) return { name, type: AttributeType.INTS, ints: [...value.ints] }
  if ("float" in value) return { name, type: AttributeType.FLOAT, f: value.float }
  return {
    name,
    type: AttributeType.TENSOR,
    t: tensor([value.tensor.data.length], value.tensor.dtype, value.tensor.data)
  }
}
