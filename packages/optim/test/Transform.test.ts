import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Clip, LearningRate, Optimizer, Transform } from "../src/index.ts"
import * as tf from "../src/internal/tfjs.ts"
import { Run } from "../src/testing/index.ts"
import { first, floats } from "./support.ts"

const specs: Transform.Specs = {
  "dense/kernel": { shape: [2, 3] },
  "dense/bias": { shape: [3] },
  "norm/scale": { shape: [3] },
  "heads/bias": { shape: [2, 3] }
}

const ones: Run.Arrays = Object.fromEntries(
  Object.entries(Run.zeros(specs)).map(([name, array]) => [name, array.fill(1)])
)

const stepped = (transform: Transform.Transform, gradients: Run.Arrays) =>
  Run.step(transform, specs, {
    gradients,
    params: ones,
    state: Run.zeros(transform.init(specs)),
    moment: { step: 0, totalSteps: 10 }
  })

describe("Transform", () => {
  it("chain: state and scalars of equal links do not clash", () => {
    const chained = Transform.chain(
      Transform.momentum({ decay: 0.5 }),
      Transform.momentum({ decay: 0.5 }),
      Transform.scaleByLearningRate(0.1),
      Transform.scaleByLearningRate(0.2)
    )
    assert.deepStrictEqual(Object.keys(chained.init({ w: { shape: [1] } })), ["0/velocity/w", "1/velocity/w"])
    assert.deepStrictEqual(chained.scalars({ step: 0, totalSteps: 1 }), {
      "2/learningRate": 0.1,
      "3/learningRate": 0.2
    })
  })

  it("chain: of chains gives the bits of one chain", () => {
    const [a, b, c] = [Clip.byGlobalNorm(1), Optimizer.adamw(), Transform.scale(0.3)]
    const gradients = Object.fromEntries(
      Object.entries(ones).map(([name, array]) => [name, array.map((_, i) => i - 1)])
    )
    const flat = stepped(Transform.chain(a, b, c), gradients).updates
    assert.deepStrictEqual(stepped(Transform.chain(Transform.chain(a, b), c), gradients).updates, flat)
    assert.deepStrictEqual(stepped(Transform.chain(a, Transform.chain(b, c)), gradients).updates, flat)
  })

  it("chain: with positions of two digits keeps them apart", () => {
    const links = Array.from({ length: 12 }, () => Transform.momentum({ decay: 0.5 }))
    const { updates, state } = first(Transform.chain(...links), { w: floats(1) })
    assert.deepStrictEqual(updates.w, floats(1))
    assert.strictEqual(Object.keys(state).length, 12)
  })

  it("chain: of nothing, and identity, change nothing", () => {
    assert.deepStrictEqual(stepped(Transform.chain(), ones).updates, ones)
    assert.deepStrictEqual(stepped(Transform.identity, ones).updates, ones)
  })

  it("scale: multiplies", () => {
    assert.deepStrictEqual(first(Transform.scale(-2), { w: floats(1, 3) }).updates.w, floats(-2, -6))
  })

  it("O04 addDecayedWeights: all parameters but biases and vectors, or all", () => {
    const decayed = (decay?: Transform.Decay) => {
      const { updates } = stepped(Transform.addDecayedWeights({ weightDecay: 0.5, decay }), Run.zeros(specs))
      return Object.keys(updates).filter((name) => updates[name][0] === 0.5)
    }
    assert.deepStrictEqual(decayed(), ["dense/kernel"])
    assert.deepStrictEqual(decayed("all"), Object.keys(specs))
  })

  it("O04 decays: goes by the whole last name", () => {
    const matrix = (name: string) => Transform.decays("matrices", name, [2, 2])
    assert.deepStrictEqual(
      [matrix("bias"), matrix("a/bias"), matrix("unbias"), matrix("bias/kernel")],
      [false, false, true, true]
    )
    assert.isTrue(Transform.decays("all", "bias", []))
  })

  it("learningRateAt: is found in any chain", () => {
    const optimizer = Transform.chain(
      Clip.byGlobalNorm(1),
      Optimizer.adam({ learningRate: LearningRate.linear({ peak: 1 }) })
    )
    assert.deepStrictEqual(Transform.learningRateAt(optimizer, { step: 1, totalSteps: 4 }), Option.some(0.75))
    assert.deepStrictEqual(Transform.learningRateAt(Transform.identity, { step: 1, totalSteps: 4 }), Option.none())
  })

  it("scaleByAdam: bias corrections are float64 and finite far into a run", () => {
    const adam = Transform.scaleByAdam({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 })
    const { correction, epsilon } = adam.scalars({ step: 0, totalSteps: 1 })
    assert.closeTo(correction, Math.sqrt(0.001) / 0.1, 1e-15)
    assert.closeTo(epsilon, 1e-8 * Math.sqrt(0.001), 1e-23)
    assert.deepStrictEqual(adam.scalars({ step: 1e9, totalSteps: 1e9 }), { correction: 1, epsilon: 1e-8 })
  })

  it.effect("the whole update uses only kernels that have a simple lowering", () =>
    Effect.gen(function* () {
      const simple = [
        "Add",
        "Sub",
        "Multiply",
        "RealDiv",
        "Sqrt",
        "Square",
        "Sum",
        "Maximum",
        "Minimum",
        "Neg",
        "Reshape"
      ]
      const optimizers = [
        Transform.chain(Clip.byGlobalNorm(1), Optimizer.adamw({ decay: "all" })),
        Optimizer.adam({ l2: 0.1 }),
        Optimizer.sgd({ learningRate: 0.1, nesterov: true, l2: 0.1, weightDecay: 0.1 })
      ]
      const gradient = tf.tensor([1, 2], [1, 2])
      for (const optimizer of optimizers) {
        const zeros = Object.keys(optimizer.init({ w: { shape: [1, 2] } })).map((name) => [name, tf.zeros([1, 2])])
        const scalars = Object.entries(optimizer.scalars({ step: 0, totalSteps: 1 }))
        const context = {
          params: { w: gradient },
          scalars: Object.fromEntries(scalars.map(([name, value]) => [name, tf.scalar(value)]))
        }
        const { kernelNames } = yield* Effect.promise(() =>
          tf.profile(() => {
            tf.tidy(() => void optimizer.update({ w: gradient }, Object.fromEntries(zeros), context))
            return tf.scalar(0)
          })
        )
        assert.isAbove(kernelNames.length, 3)
        assert.deepStrictEqual(
          kernelNames.filter((name) => !simple.includes(name)),
          []
        )
      }
    })
  )

  it("updates leave no tensors behind", () => {
    const before = tf.memory().numTensors
    stepped(Transform.chain(Clip.byGlobalNorm(1), Optimizer.adamw()), ones)
    assert.strictEqual(tf.memory().numTensors, before)
  })
})
