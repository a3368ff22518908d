import { assert, it } from "@effect/vitest"
import { Module } from "@watertight/model"
import { Effect } from "effect"
import { tf, withBackend } from "../../src/internal/tfjs.ts"

const parameters = {
  "dense0/weight": [
    [1, 2, 3],
    [4, 5, 6]
  ],
  "dense0/bias": [0.5, -0.5, 0.25]
}

const forward = (built: Module.Built) =>
  withBackend("cpu", () => {
    const tensors = Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, tf.tensor(values)]))
    return built
      .forward(
        tensors,
        tf.tensor2d([
          [1, 0],
          [-1, 2]
        ]),
        undefined
      )
      .arraySync()
  })

it.effect("M02 dense: the output is x · weight + bias", () =>
  Effect.gen(function* () {
    const built = yield* Module.dense(3).build([2])
    assert.deepStrictEqual(built.output, [3])
    assert.deepStrictEqual(forward(built), [
      [1.5, 1.5, 3.25],
      [7.5, 7.5, 9.25]
    ])
  })
)

it.effect("M02 dense: without bias there is no bias", () =>
  Effect.gen(function* () {
    const built = yield* Module.dense(3, { bias: false }).build([2])
    assert.deepStrictEqual(Object.keys(built.parameters), ["dense0/weight"])
    assert.deepStrictEqual(forward(built), [
      [1, 2, 3],
      [7, 8, 9]
    ])
  })
)

it.effect("dense: a forward pass without a parameter says which", () =>
  Effect.gen(function* () {
    const built = yield* Module.dense(3).build([2])
    assert.throws(() => built.forward({}, tf.tensor2d([[1, 0]]), undefined), /no tensor "dense0\/weight"/)
  })
)
