import { assert, it } from "@effect/vitest"
import { Module } from "@watertight/model"
import { Effect } from "effect"

const names = (module: Module.Module, input: Module.Shape) =>
  Effect.map(module.build(input), (built) => [...Object.keys(built.parameters), ...Object.keys(built.noise)])

const { dense, dropout, flatten, named, relu, sequential } = Module

it.effect("sequential: layers are named by kind and place among their kind", () =>
  Effect.gen(function* () {
    const plain = yield* names(sequential([dense(4, { bias: false }), dense(2, { bias: false })]), [3])
    const regularized = yield* names(
      sequential([flatten, dense(4, { bias: false }), relu, dropout(0.1), dense(2, { bias: false }), dropout(0.1)]),
      [3]
    )
    assert.deepStrictEqual(plain, ["dense0/weight", "dense1/weight"])
    assert.deepStrictEqual(regularized, ["dense0/weight", "dense1/weight", "dropout0", "dropout1"])
  })
)

it.effect("sequential: a part's names stand under the part's", () =>
  Effect.gen(function* () {
    const block = sequential([dense(4, { bias: false }), dropout(0.1)])
    const model = sequential([block, named("tail", block), dense(1, { bias: false })])
    assert.deepStrictEqual(yield* names(model, [3]), [
      "sequential0/dense0/weight",
      "tail/dense0/weight",
      "dense0/weight",
      "sequential0/dropout0",
      "tail/dropout0"
    ])
  })
)

it.effect("sequential: a layer alone has the names it has as the only one", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* names(dense(4), [3]), yield* names(sequential([dense(4)]), [3]))
  })
)

it.effect("sequential: without layers it is the identity", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual((yield* sequential([]).build([3, 2])).output, [3, 2])
  })
)

it.effect("M02 mlp: it is a sequential with the usual choices", () =>
  Effect.gen(function* () {
    const built = yield* Module.mlp({ hidden: [8, 4], output: 2, dropout: 0.2 }).build([3, 3])
    assert.deepStrictEqual(
      built.layers.map((layer) => layer.path),
      ["flatten0", "dense0", "relu0", "dropout0", "dense1", "relu1", "dropout1", "dense2"]
    )
    assert.deepStrictEqual(built.parameters["dense0/weight"].shape, [9, 8])
  })
)
