import { assert, it } from "@effect/vitest"
import proto from "onnx-proto"
import * as Graph from "../../src/compile/Graph.ts"
import * as Onnx from "../../src/compile/Onnx.ts"

const build = (): Graph.Graph => {
  const graph = Graph.builder("example")
  const x = graph.input("x", { shape: [2, 2], dtype: "float32" })
  const flag = graph.constant(Uint8Array.of(1, 0), { shape: [2], dtype: "bool" })
  const filled = graph.apply("ConstantOfShape", [graph.integers([2, 2])], x, {
    value: { tensor: { dtype: "float32", data: Float32Array.of(7) } }
  })
  const chosen = graph.apply("Where", [flag, x, filled], x)
  const turned = graph.apply("Transpose", [chosen], x, { perm: { ints: [1, 0] } })
  return graph.finish([{ name: "y", value: graph.apply("Elu", [turned], x, { alpha: { float: 0.5 } }) }])
}

it("a graph is written as a model that protobuf readers understand", () => {
  const model = proto.onnx.ModelProto.toObject(proto.onnx.ModelProto.decode(Onnx.encode(build())), {
    longs: Number,
    bytes: Array
  })
  const matrix = { dim: [{ dimValue: 2 }, { dimValue: 2 }] }
  assert.deepStrictEqual(model, {
    irVersion: 8,
    producerName: "watertight",
    opsetImport: [{ domain: "", version: 18 }],
    graph: {
      name: "example",
      initializer: [
        { name: "v2", dims: [2], dataType: 9, rawData: [1, 0] },
        { name: "v3", dims: [2], dataType: 7, rawData: [2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0] }
      ],
      input: [{ name: "x", type: { tensorType: { elemType: 1, shape: matrix } } }],
      node: [
        {
          name: "n0",
          opType: "ConstantOfShape",
          input: ["v3"],
          output: ["v4"],
          attribute: [{ name: "value", type: 4, t: { dims: [1], dataType: 1, rawData: [0, 0, 224, 64] } }]
        },
        { name: "n1", opType: "Where", input: ["v2", "x", "v4"], output: ["v5"] },
        {
          name: "n2",
          opType: "Transpose",
          input: ["v5"],
          output: ["v6"],
          attribute: [{ name: "perm", type: 7, ints: [1, 0] }]
        },
        { name: "n3", opType: "Elu", input: ["v6"], output: ["y"], attribute: [{ name: "alpha", type: 1, f: 0.5 }] }
      ],
      output: [{ name: "y", type: { tensorType: { elemType: 1, shape: matrix } } }]
    }
  })
})

it("equal graphs are written as equal bytes", () => {
  assert.deepStrictEqual(Onnx.encode(build()), Onnx.encode(build()))
})
