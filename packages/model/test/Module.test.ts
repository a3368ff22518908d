import { assert, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Init, Loss, Module } from "@watertight/model"
import { ModuleLaws } from "@watertight/model/testing"
import { Effect, Result, Schema } from "effect"
import { tf, withBackend } from "../src/internal/tfjs.ts"

const runs = { runs: Number(process.env.WATERTIGHT_RUNS ?? 20) }

const scale = Module.define({
  kind: "scale",
  options: Schema.Struct({ factor: Schema.Finite }),
  build: ({ factor }, input) => Result.succeed({ output: input, forward: (x) => tf.mul(x, factor) })
})

const subjects: Readonly<Record<string, ModuleLaws.Subject>> = {
  dense: { module: Module.dense(3, { init: Init.glorotUniform }), input: [4] },
  "dense without bias": { module: Module.dense(3, { bias: false }), input: [4] },
  relu: { module: Module.relu, input: [2, 3] },
  elu: { module: Module.elu, input: [5] },
  tanh: { module: Module.tanh, input: [5] },
  sigmoid: { module: Module.sigmoid, input: [5] },
  dropout: { module: Module.dropout(0.4), input: [3, 2] },
  flatten: { module: Module.flatten, input: [3, 2, 2] },
  named: { module: Module.named("head", Module.dense(2)), input: [3] },
  "nested sequential": {
    module: Module.sequential([Module.flatten, Module.sequential([Module.dense(4), Module.relu]), Module.dense(2)]),
    input: [2, 3]
  },
  mlp: { module: Module.mlp({ hidden: [6, 4], output: 3, dropout: 0.3, activation: "elu" }), input: [3, 3] },
  "a layer of one's own": {
    module: Module.sequential([Module.dense(2), scale.make({ factor: 3 })]),
    input: [3],
    kinds: [scale]
  }
}

for (const [name, subject] of Object.entries(subjects)) {
  it.effect(`${name} keeps the laws of modules`, () => Law.checkAll(ModuleLaws.laws(subject), runs))
}

it.effect("M04 parameters are drawn by name", () => ModuleLaws.drawnByName().check(runs))

it.effect("module: parameters start from the key folded with their name", () =>
  Effect.gen(function* () {
    const built = yield* Module.mlp({ hidden: [5], output: 2 }).build([3])
    const key = Key.fromSeed(9)
    const start = Module.initialize(built, key)
    assert.deepStrictEqual(Object.keys(start), ["dense0/weight", "dense0/bias", "dense1/weight", "dense1/bias"])
    assert.deepStrictEqual(start["dense0/weight"], Init.draw(Init.heNormal, Key.foldIn(key, "dense0/weight"), [3, 5]))
    assert.deepStrictEqual([...start["dense0/bias"]], [0, 0, 0, 0, 0])
  })
)

it.effect("module: a description lists layers, shapes and parameters", () =>
  Effect.gen(function* () {
    const text = yield* Module.describe(Module.mlp({ hidden: [512, 256], output: 10, dropout: 0.2 }), [28, 28])
    assert.strictEqual(
      text,
      [
        "layer     output  parameters",
        "flatten0  [784]            0",
        "dense0    [512]      401,920",
        "relu0     [512]            0",
        "dropout0  [512]            0",
        "dense1    [256]      131,328",
        "relu1     [256]            0",
        "dropout1  [256]            0",
        "dense2    [10]         2,570",
        "total                535,818"
      ].join("\n")
    )
  })
)

it.effect("module: a shape that does not fit names the layer, what it got and what it takes", () =>
  Effect.gen(function* () {
    const model = Module.sequential([Module.relu, Module.sequential([Module.dense(3)])])
    const error = yield* Effect.flip(model.build([28, 28]))
    assert.deepStrictEqual([error._tag, error.layer, error.got], ["ShapeError", "sequential0/dense0", [28, 28]])
    assert.strictEqual(
      error.message,
      "Layer sequential0/dense0 cannot take an input of shape [28, 28]: " +
        "it takes vectors, [features]; put Module.flatten before it."
    )
  })
)

const refused: ReadonlyArray<readonly [string, unknown]> = [
  ["an unknown kind", { kind: "transformer" }],
  ["no kind", { units: 3 }],
  ["no object", "dense"],
  ["an unknown option", { ...Module.dense(3).config, groups: 2 }],
  ["a missing option", { kind: "dense", units: 3 }],
  ["an option out of range", { kind: "dropout", rate: 1.5 }],
  ["a bad layer inside", { kind: "sequential", modules: [{ kind: "dropout", rate: "0.5" }] }],
  [
    "two layers of one name",
    {
      kind: "sequential",
      modules: [
        { kind: "named", name: "a", module: { kind: "relu" } },
        { kind: "named", name: "a", module: { kind: "tanh" } }
      ]
    }
  ],
  ["a name that is none", { kind: "named", name: "a/b", module: { kind: "relu" } }]
]

for (const [what, config] of refused) {
  it.effect(`module: a config with ${what} is refused`, () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Module.fromConfig(config))
      assert.strictEqual(error._tag, "ConfigError")
    })
  )
}

it("module: options that no layer can have throw", () => {
  assert.throws(() => Module.dense(0), /Module\.dense/)
  assert.throws(() => Module.dense(2.5), RangeError)
  assert.throws(() => Module.dropout(1), /Module\.dropout/)
  assert.throws(() => Module.named("1st", Module.relu), RangeError)
  const twins = [Module.named("a", Module.relu), Module.named("a", Module.tanh)]
  assert.throws(() => Module.sequential(twins), /two layers are named "a"/)
})

/** The forward pass of a tanh network in float64, from parameters by name. */
const forward64 = (parameters: Readonly<Record<string, ReadonlyArray<number>>>, x: ReadonlyArray<number>) => {
  const layer = (input: ReadonlyArray<number>, name: string) => {
    const bias = parameters[`${name}/bias`]
    const weight = parameters[`${name}/weight`]
    return bias.map((b, unit) => input.reduce((sum, value, i) => sum + value * weight[i * bias.length + unit], b))
  }
  return layer(layer(x, "dense0").map(Math.tanh), "dense1")
}

it.effect("M02 mlp: outputs are the closed form's and gradients are its finite differences", () =>
  Effect.gen(function* () {
    const built = yield* Module.mlp({ hidden: [4], output: 1, activation: "tanh" }).build([3])
    const start = Module.initialize(built, Key.fromSeed(5))
    const parameters = Object.fromEntries(Object.entries(start).map(([name, values]) => [name, [...values]]))
    const rows = [
      [0.5, -1, 2],
      [1.5, 0.25, -0.75]
    ]
    const target = [0.3, -0.6]
    const names = Object.keys(built.parameters)
    const got = withBackend("cpu", () => {
      const of = (values: ReadonlyArray<tf.Tensor>) =>
        built.forward(Object.fromEntries(names.map((name, i) => [name, values[i]])), tf.tensor2d(rows), undefined)
      const tensors = names.map((name) => tf.tensor(start[name], [...built.parameters[name].shape]))
      const loss = (...values: ReadonlyArray<tf.Tensor>) =>
        Loss.mean(Loss.meanSquaredError, of(values).as2D(2, 1), tf.tensor1d(target), tf.ones([2]).as1D())
      const { grads } = tf.valueAndGrads(loss)(tensors)
      return { output: [...of(tensors).dataSync()], gradients: grads.map((gradient) => [...gradient.dataSync()]) }
    })
    rows.forEach((row, index) => assert.closeTo(got.output[index], forward64(parameters, row)[0], 1e-6))
    const loss64 = (at: typeof parameters) =>
      rows.reduce((sum, row, index) => sum + (forward64(at, row)[0] - target[index]) ** 2, 0) / rows.length
    names.forEach((name, n) =>
      parameters[name].forEach((value, index) => {
        const shifted = (h: number) => loss64({ ...parameters, [name]: parameters[name].with(index, value + h) })
        const difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5
        assert.closeTo(got.gradients[n][index], difference, 1e-5, `${name}[${index}]`)
      })
    )
  })
)

it.effect("L10 module: a fresh classifier's loss is near that of knowing nothing", () =>
  Effect.gen(function* () {
    const built = yield* Module.mlp({ hidden: [64, 32], output: 10 }).build([50])
    const key = Key.fromSeed(11)
    const start = Module.initialize(built, key)
    const loss = Loss.crossEntropy()
    const value = withBackend("cpu", () => {
      const tensors = Object.fromEntries(
        Object.entries(start).map(([name, values]) => [name, tf.tensor(values, [...built.parameters[name].shape])])
      )
      const input = tf.tensor2d(Key.normal(Key.foldIn(key, "input"), 200 * 50), [200, 50])
      const codes = tf.tensor1d(
        Int32Array.from({ length: 200 }, (_, row) => row % 10),
        "int32"
      )
      return Loss.mean(
        loss,
        built.forward(tensors, input, undefined).as2D(200, 10),
        codes,
        tf.ones([200]).as1D()
      ).dataSync()[0]
    })
    // Logits of variance 1 cost about 1/2 more than logits that are alike.
    assert.isAtLeast(value, Math.log(10))
    assert.isAtMost(value, Math.log(10) + 1)
  })
)
