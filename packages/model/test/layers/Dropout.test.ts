import { assert, it } from "@effect/vitest"
import { Module } from "@watertight/model"
import { Effect } from "effect"
import { tf, withBackend } from "../../src/internal/tfjs.ts"

it.effect("M07 dropout: training multiplies by the noise of the layer's path, forward and backward", () =>
  Effect.gen(function* () {
    const built = yield* Module.sequential([Module.relu, Module.dropout(0.5)]).build([4])
    assert.deepStrictEqual(built.noise, { dropout0: { shape: [4], keep: 0.5 } })
    const got = withBackend("cpu", () => {
      const noise = { dropout0: tf.tensor2d([[0, 2, 0, 2]]) }
      const f = (x: tf.Tensor) => built.forward({}, x, noise)
      const x = tf.tensor2d([[1, 2, 3, 4]])
      return [f(x), tf.grad(f)(x)].map((tensor) => [...tensor.dataSync()])
    })
    assert.deepStrictEqual(got, [
      [0, 4, 0, 8],
      [0, 2, 0, 2]
    ])
  })
)

it.effect("M07 dropout: inference changes nothing", () =>
  Effect.gen(function* () {
    const built = yield* Module.dropout(0.5).build([2, 2])
    const x = withBackend("cpu", () =>
      tf.tensor3d([
        [
          [1, 2],
          [3, 4]
        ]
      ])
    )
    assert.strictEqual(built.forward({}, x, undefined), x)
  })
)

it.effect("M07 dropout: a rate of 0 needs no noise", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual((yield* Module.dropout(0).build([2])).noise, {})
    assert.deepStrictEqual((yield* Module.mlp({ hidden: [3], output: 1 }).build([2])).noise, {})
  })
)

it.effect("M07 dropout: training without its noise says which is missing", () =>
  Effect.gen(function* () {
    const built = yield* Module.dropout(0.5).build([2])
    const x = withBackend("cpu", () => tf.tensor2d([[1, 2]]))
    assert.throws(() => built.forward({}, x, {}), /no tensor "dropout0"/)
  })
)
