import { assert, it } from "@effect/vitest"
import { Module } from "@watertight/model"
import { Effect } from "effect"
import { tf, withBackend } from "../../src/internal/tfjs.ts"

const points = [-3, -0.5, 0.5, 3]

/** The function and its derivative in float64. */
const references: Readonly<Record<Module.Activation, readonly [(x: number) => number, (x: number) => number]>> = {
  relu: [(x) => Math.max(x, 0), (x) => (x > 0 ? 1 : 0)],
  elu: [(x) => (x > 0 ? x : Math.expm1(x)), (x) => (x > 0 ? 1 : Math.exp(x))],
  tanh: [Math.tanh, (x) => 1 - Math.tanh(x) ** 2],
  sigmoid: [(x) => 1 / (1 + Math.exp(-x)), (x) => 1 / (2 + Math.exp(x) + Math.exp(-x))]
}

for (const name of ["relu", "elu", "tanh", "sigmoid"] as const) {
  it.effect(`M02 activation: ${name} and its gradient are the closed form's`, () =>
    Effect.gen(function* () {
      const built = yield* Module[name].build([points.length])
      const [value, derivative] = references[name]
      const got = withBackend("cpu", () => {
        const f = (x: tf.Tensor) => built.forward({}, x, undefined)
        const x = tf.tensor2d([points])
        return { values: f(x).dataSync(), slopes: tf.grad(f)(x).dataSync() }
      })
      points.forEach((x, index) => {
        assert.closeTo(got.values[index], value(x), 1e-6)
        assert.closeTo(got.slopes[index], derivative(x), 1e-6)
      })
    })
  )
}
