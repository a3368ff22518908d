import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Graph from "../../src/compile/Graph.ts"

const vector: Graph.Spec = { shape: [3], dtype: "float32" }

describe("a builder", () => {
  it("returns the constant it has, and tells apart what differs in type, shape or bits", () => {
    const graph = Graph.builder("g")
    assert.strictEqual(graph.scalar(1, "float32"), graph.scalar(1, "float32"))
    const different = [
      graph.scalar(1, "float32"),
      graph.scalar(1, "int32"),
      graph.scalar(1, "bool"),
      graph.scalar(0, "float32"),
      graph.scalar(-0, "float32"),
      graph.integers([1]),
      graph.constant(Float32Array.of(1), { shape: [1], dtype: "float32" }),
      graph.constant(Float32Array.of(1), { shape: [1, 1], dtype: "float32" })
    ]
    assert.strictEqual(new Set(different).size, different.length)
  })

  it("keeps its constants when the caller's array changes", () => {
    const graph = Graph.builder("g")
    const numbers = Float32Array.of(1, 2, 3)
    const value = graph.constant(numbers, vector)
    numbers.fill(0)
    assert.deepStrictEqual(graph.dataOf(value), Float32Array.of(1, 2, 3))
  })

  it("returns the node it has, and tells apart operators, operands, attributes and outputs", () => {
    const graph = Graph.builder("g")
    const [x, y] = [graph.input("x", vector), graph.input("y", vector)]
    assert.strictEqual(graph.apply("Add", [x, y], vector), graph.apply("Add", [x, y], vector))
    const different = [
      graph.apply("Add", [x, y], vector),
      graph.apply("Add", [y, x], vector),
      graph.apply("Sub", [x, y], vector),
      graph.apply("Elu", [x], vector),
      graph.apply("Elu", [x], vector, { alpha: { float: 1 } }),
      graph.apply("Elu", [x], vector, { alpha: { float: 0 } }),
      graph.apply("Elu", [x], vector, { alpha: { float: -0 } }),
      graph.apply("Elu", [x], vector, { alpha: { float: Infinity } }),
      graph.apply("Elu", [x], vector, { alpha: { float: NaN } }),
      graph.apply("Elu", [x], vector, { alpha: { int: 1 } }),
      graph.apply("Cast", [x], { shape: [3], dtype: "int32" }),
      graph.apply("Cast", [x], { shape: [3], dtype: "bool" })
    ]
    assert.strictEqual(new Set(different).size, different.length)
  })

  it("knows what makes a value", () => {
    const graph = Graph.builder("g")
    const x = graph.input("x", vector)
    const [left, right] = graph.applyMany("Split", [x], [vector, vector])
    assert.strictEqual(graph.makerOf(left), graph.makerOf(right))
    assert.strictEqual(graph.makerOf(left)?.operator, "Split")
    assert.isUndefined(graph.makerOf(x))
  })
})

it("a finished graph holds exactly what its outputs reach, each before what uses it", () => {
  const plan = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("Add", "Mul")), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(plan, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (steps, chosen) => {
      const builder = Graph.builder("g")
      const values = [builder.input("x", vector), builder.scalar(2, "float32")]
      for (const [a, b, operator] of steps) {
        values.push(builder.apply(operator, [values[a % values.length], values[b % values.length]], vector))
      }
      const outputs = chosen.map((index, place) => ({ name: `y${place}`, value: values[index % values.length] }))
      const graph = builder.finish(outputs)

      assert.deepStrictEqual(
        graph.outputs.map(({ name }) => name),
        outputs.map(({ name }) => name)
      )
      const available = new Set([...graph.inputs, ...graph.constants].map(({ value }) => value))
      for (const node of graph.nodes) {
        for (const input of node.inputs) assert.isTrue(available.has(input))
        for (const output of node.outputs) available.add(output)
      }
      const used = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ value }) => value)])
      for (const node of graph.nodes) assert.isTrue(node.outputs.some((output) => used.has(output)))
      for (const { value } of graph.constants) assert.isTrue(used.has(value))
      for (const { value } of graph.outputs) assert.isTrue(graph.nodes.some(({ outputs }) => outputs.includes(value)))
      assert.strictEqual(new Set(graph.outputs.map(({ value }) => value)).size, outputs.length)
    })
  )
})
