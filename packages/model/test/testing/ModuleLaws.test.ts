import { assert, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import type { Law } from "@watertight/core/testing"
import { Init, Loss, Module } from "@watertight/model"
import { ModuleLaws } from "@watertight/model/testing"
import { Effect, Result, Schema } from "effect"
import { tf } from "../../src/internal/tfjs.ts"

const runs = { runs: Number(process.env.WATERTIGHT_RUNS ?? 30), seed: 1 }

const broken = (build: (input: Module.Shape) => Module.Leaf) =>
  Module.define({ kind: "broken", options: Schema.Struct({}), build: (_, input) => Result.succeed(build(input)) }).make(
    {}
  )

const fails = (law: Law.Law, name: string) =>
  it.effect(`a broken implementation breaks "${name}"`, () =>
    Effect.gen(function* () {
      assert.strictEqual(law.name, name)
      const violation = yield* Effect.flip(law.check(runs))
      assert.strictEqual(violation.law, name)
    })
  )

const centred = broken((input) => ({ output: input, forward: (x) => tf.sub(x, tf.mean(x, 0)) }))
fails(
  ModuleLaws.rowIndependence({ module: centred, input: [3] }),
  "module: inference does not depend on the other rows of the batch"
)

const wrongShape = broken(() => ({ output: [2], forward: (x) => x }))
fails(
  ModuleLaws.declaredShape({ module: wrongShape, input: [3] }),
  "module: the forward pass gives the declared output shape"
)

const unscaled = broken((input) => ({
  output: input,
  noise: { shape: input, keep: 0.5 },
  forward: (x, _, mask) => (mask === undefined ? tf.mul(x, 0.5) : tf.mul(x, mask))
}))
fails(ModuleLaws.neutralNoise({ module: unscaled, input: [3] }), "module: training with multipliers of 1 is inference")

const misnamed = { ...Module.relu, config: Module.tanh.config }
fails(ModuleLaws.configRoundTrip({ module: misnamed, input: [3] }), "module: config round trip builds the same module")
fails(
  ModuleLaws.configRoundTrip({ module: { ...Module.dense(3), config: Module.dense(4).config }, input: [3] }),
  "module: config round trip builds the same module"
)

const drawn = "module: parameters are drawn by name: adding a layer elsewhere does not change them"
const byPlace = (modules: ReadonlyArray<Module.Module>) =>
  Module.sequential(modules.map((module, index) => Module.named(module.name ?? `at${index}`, module)))
fails(ModuleLaws.drawnByName({ compose: byPlace, initialize: Module.initialize }), drawn)

const bySequence: typeof Module.initialize = (built, key) => {
  const names = Object.keys(built.parameters)
  const keys = Key.split(key, names.length)
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      Init.draw(built.parameters[name].init, keys[index], built.parameters[name].shape)
    ])
  )
}
fails(ModuleLaws.drawnByName({ compose: Module.sequential, initialize: bySequence }), drawn)

for (const loss of [
  Loss.crossEntropy({ smoothing: 0.1 }),
  Loss.binaryCrossEntropy({ positiveWeight: 3 }),
  Loss.meanSquaredError,
  Loss.meanAbsoluteError,
  Loss.huber()
]) {
  it.effect(`loss: padding with weight zero changes nothing in ${loss.config.kind}`, () =>
    ModuleLaws.padding(loss).check({ runs: 20 })
  )
}

const perBatch: typeof Loss.mean = (loss, prediction, target, weight) =>
  tf.mean(tf.mul(loss.perExample(prediction, target as tf.Tensor1D), weight))
fails(ModuleLaws.padding(Loss.meanSquaredError, perBatch), "loss: padding with weight zero changes nothing")
