import { assert, describe, it } from "@effect/vitest"
import { Clip, LearningRate, Optimizer, Transform } from "../src/index.ts"
import * as tf from "../src/internal/tfjs.ts"
import { OptimizerLaws, Reference, Run } from "../src/testing/index.ts"
import { optax } from "./fixtures/optax.ts"
import { breaks, first, floats } from "./support.ts"

const warmupCosine = LearningRate.warmupCosine({ peak: 0.01, end: 1e-4, warmup: 0.1 })

const optimizers = {
  "O01 adam": { transform: Optimizer.adam(), reference: Reference.adam({ learningRate: 1e-3 }) },
  "O02 O04 adamw": {
    transform: Optimizer.adamw({ learningRate: warmupCosine, weightDecay: 0.1 }),
    reference: Reference.adam({ learningRate: warmupCosine.at, weightDecay: 0.1 })
  },
  "O03 sgd with momentum": {
    transform: Optimizer.sgd({ learningRate: 0.01 }),
    reference: Reference.sgd({ learningRate: 0.01 })
  },
  "O03 O05 sgd with Nesterov momentum and l2": {
    transform: Optimizer.sgd({ learningRate: 0.01, nesterov: true, l2: 0.01 }),
    reference: Reference.sgd({ learningRate: 0.01, nesterov: true, l2: 0.01 })
  }
}

const likeOptax: Readonly<Record<string, readonly [Transform.Transform, Reference.Reference?]>> = {
  adam: [Optimizer.adam(), Reference.adam({ learningRate: 1e-3 })],
  "adam-l2": [
    Optimizer.adam({ learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, l2: 0.1 }),
    Reference.adam({ learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, l2: 0.1 })
  ],
  adamw: [
    Optimizer.adamw({ learningRate: 0.01, weightDecay: 0.1 }),
    Reference.adam({ learningRate: 0.01, weightDecay: 0.1 })
  ],
  "adamw-all": [Optimizer.adamw({ learningRate: 0.01, weightDecay: 0.1, decay: "all" })],
  "adamw-warmupCosine": [
    Optimizer.adamw({ learningRate: LearningRate.warmupCosine({ peak: 0.1, end: 0.01, warmup: 3 }) }),
    Reference.adam({
      learningRate: Reference.warmupDecay({ peak: 0.1, end: 0.01, from: 0.01, length: () => 3, shape: "cosine" }),
      weightDecay: 0.01
    })
  ],
  sgd: [Optimizer.sgd({ learningRate: 0.1, momentum: 0 }), Reference.sgd({ learningRate: 0.1, momentum: 0 })],
  "sgd-momentum": [Optimizer.sgd({ learningRate: 0.1 }), Reference.sgd({ learningRate: 0.1 })],
  "sgd-nesterov": [
    Optimizer.sgd({ learningRate: 0.1, nesterov: true }),
    Reference.sgd({ learningRate: 0.1, nesterov: true })
  ],
  "sgd-l2": [Optimizer.sgd({ learningRate: 0.1, l2: 0.1 }), Reference.sgd({ learningRate: 0.1, l2: 0.1 })],
  "sgd-weightDecay": [
    Optimizer.sgd({ learningRate: 0.1, weightDecay: 0.1 }),
    Reference.sgd({ learningRate: 0.1, weightDecay: 0.1 })
  ],
  "clip-sgd": [Transform.chain(Clip.byGlobalNorm(1), Optimizer.sgd({ learningRate: 0.1 }))]
}

const specs: Transform.Specs = Object.fromEntries(
  Object.entries(optax.shapes).map(([name, shape]) => [name, { shape }])
)
const totalSteps = optax.gradients.length

const float32 = (named: Readonly<Record<string, ReadonlyArray<number>>>): Run.Arrays =>
  Object.fromEntries(Object.entries(named).map(([name, values]) => [name, Float32Array.from(values)]))

const trajectory = (transform: Transform.Transform): ReadonlyArray<Run.Arrays> => {
  let params = float32(optax.params)
  let state = Run.zeros(transform.init(specs))
  return optax.gradients.map((gradients, step) => {
    const moment = { step, totalSteps }
    const stepped = Run.step(transform, specs, { gradients: float32(gradients), params, state, moment })
    state = stepped.state
    params = Object.fromEntries(
      Object.entries(params).map(([name, array]) => [name, array.map((x, index) => x + stepped.updates[name][index])])
    )
    return params
  })
}

const referenceTrajectory = (reference: Reference.Reference): ReadonlyArray<Record<string, ReadonlyArray<number>>> => {
  let params: Record<string, ReadonlyArray<number>> = { ...optax.params }
  const states = Object.fromEntries(
    Object.entries(params).map(([name, values]) => [name, values.map(() => new Float64Array(reference.size))])
  )
  return optax.gradients.map((gradients, step) => {
    const learningRate = reference.learningRate({ step, totalSteps })
    params = Object.fromEntries(
      Object.entries(params).map(([name, values]) => {
        const decays = Transform.decays("matrices", name, optax.shapes[name])
        const next = values.map((parameter, index) => {
          const scalar = { gradient: gradients[name][index], parameter, decays, t: step + 1, learningRate }
          return parameter + reference.step(scalar, states[name][index])
        })
        return [name, next]
      })
    )
    return params
  })
}

const assertClose = (
  actual: Readonly<Record<string, ArrayLike<number>>>,
  expected: Readonly<Record<string, ReadonlyArray<number>>>,
  tolerance: number
) => {
  for (const [name, values] of Object.entries(expected)) {
    values.forEach((value, index) => assert.closeTo(actual[name][index], value, tolerance, `${name}[${index}]`))
  }
}

describe("Optimizer", () => {
  for (const [name, { transform, reference }] of Object.entries(optimizers)) {
    it.effect(`${name}: a thousand steps stay within 1e-6 of the float64 closed form`, () =>
      OptimizerLaws.staysWithinClosedForm(transform, reference).check({ runs: 2 })
    )
    it.effect(`${name}: state saved, restored and continued gives the same bits at every step`, () =>
      OptimizerLaws.resumesExactly(() => transform).check({ runs: 5 })
    )
  }

  for (const [name, [transform, reference]] of Object.entries(likeOptax)) {
    const expected = optax.optimizers[name]
    // What is clipped ends 1e-5 below the bound, on purpose.
    const tolerance = name.startsWith("clip") ? 2e-5 : 1e-6
    it(`O01 O02 O03 O04 O05 ${name}: the trajectory of optax in float64`, () => {
      const actual = trajectory(transform)
      assert.strictEqual(actual.length, expected.float64.length)
      actual.forEach((params, step) => assertClose(params, expected.float64[step], tolerance))
      assertClose(actual[totalSteps - 1], expected.float32, 2 * tolerance)
    })
    if (reference !== undefined) {
      it(`${name}: the reference is optax to 14 digits`, () => {
        referenceTrajectory(reference).forEach((params, step) => assertClose(params, expected.float64[step], 1e-14))
      })
    }
  }

  it("O01 O02 O03: defaults are written into the config", () => {
    const averages = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    const rate = { name: "constant", rate: 1e-3 }
    assert.deepStrictEqual(Optimizer.adam().config, {
      name: "adam",
      learningRate: rate,
      ...averages,
      l2: 0,
      decay: "matrices"
    })
    assert.deepStrictEqual(Optimizer.adamw().config, {
      name: "adamw",
      learningRate: rate,
      ...averages,
      weightDecay: 0.01,
      decay: "matrices"
    })
    assert.deepStrictEqual(Optimizer.sgd({ learningRate: 0.1 }).config, {
      name: "sgd",
      learningRate: { name: "constant", rate: 0.1 },
      momentum: 0.9,
      nesterov: false,
      l2: 0,
      weightDecay: 0,
      decay: "matrices"
    })
  })

  it("O05: adam divides coupled l2 away, not decoupled weight decay; without momentum sgd's are the same", () => {
    const change = (transform: Transform.Transform, gradient: number) =>
      first(transform, { w: floats(gradient) }, { w: floats(1) }).updates.w[0]
    const effect = (decayed: Transform.Transform, plain: Transform.Transform) =>
      change(decayed, 100) - change(plain, 100)
    assert.closeTo(effect(Optimizer.adam({ l2: 0.1, decay: "all" }), Optimizer.adam()), 0, 1e-9)
    assert.closeTo(effect(Optimizer.adamw({ weightDecay: 0.1, decay: "all" }), Optimizer.adam()), -1e-4, 1e-9)
    const plain = { learningRate: 0.1, momentum: 0, decay: "all" } as const
    assert.strictEqual(
      change(Optimizer.sgd({ ...plain, l2: 0.1 }), 1),
      change(Optimizer.sgd({ ...plain, weightDecay: 0.1 }), 1)
    )
  })

  it("zero gradients give zero updates, from the first step", () => {
    for (const transform of [Optimizer.adam(), Optimizer.sgd({ learningRate: 1 })]) {
      const { updates } = first(Transform.chain(Clip.byGlobalNorm(1), transform), { w: floats(0, 0) })
      assert.isTrue(updates.w.every((value) => value === 0))
    }
  })

  describe("laws that must not hold", () => {
    const averages = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    const plain = Reference.adam({ learningRate: 1e-3 })
    const close = (transform: Transform.Transform, reference = plain) =>
      breaks(OptimizerLaws.staysWithinClosedForm(transform, reference), { runs: 1 })

    const uncorrected = Transform.chain(
      { ...Transform.scaleByAdam(averages), scalars: () => ({ correction: 1, epsilon: 1e-8 }) },
      Transform.scaleByLearningRate(1e-3)
    )
    const float32Weights = Transform.chain(
      {
        ...Transform.scaleByAdam(averages),
        update: (gradients, state, { scalars }) => {
          const gradient = (name: string) => gradients[name]
          const entries = Object.keys(gradients).map((name) => {
            const mu = tf.add(tf.mul(state[`mu/${name}`], 0.9), tf.mul(gradient(name), 0.1))
            const nu = tf.add(tf.mul(state[`nu/${name}`], 0.999), tf.mul(tf.square(gradient(name)), 0.001))
            const update = tf.mul(tf.div(mu, tf.add(tf.sqrt(nu), scalars.epsilon)), scalars.correction)
            return { name, mu, nu, update }
          })
          return {
            updates: Object.fromEntries(entries.map(({ name, update }) => [name, update])),
            state: Object.fromEntries(
              entries.flatMap(
                ({ name, mu, nu }) =>
                  [
                    [`mu/${name}`, mu],
                    [`nu/${name}`, nu]
                  ] as const
              )
            )
          }
        }
      } satisfies Transform.Transform,
      Transform.scaleByLearningRate(1e-3)
    )

    it.effect("Adam without bias correction is far off", () => close(uncorrected))
    it.effect("Adam whose averages have rounded weights drifts", () => close(float32Weights))
    it.effect("O05 coupled decay is not decoupled decay", () =>
      close(Optimizer.adam({ l2: 0.1 }), Reference.adam({ learningRate: 1e-3, weightDecay: 0.1 }))
    )
    it.effect("O04 decay of all is not decay of matrices", () =>
      close(
        Optimizer.adamw({ weightDecay: 0.1, decay: "all" }),
        Reference.adam({ learningRate: 1e-3, weightDecay: 0.1 })
      )
    )
    it.effect("O03 momentum is not Nesterov momentum", () =>
      close(Optimizer.sgd({ learningRate: 0.01 }), Reference.sgd({ learningRate: 0.01, nesterov: true }))
    )

    const remembering = (): Transform.Transform => {
      let calls = 0
      return { ...Optimizer.adam(), scalars: (moment) => Optimizer.adam().scalars({ ...moment, step: calls++ }) }
    }
    const forgetful: Transform.Transform = {
      ...Optimizer.adam(),
      update: (updates, state, context) => ({ ...Optimizer.adam().update(updates, state, context), state: {} })
    }
    it.effect("a step counter beside the state does not resume", () =>
      breaks(OptimizerLaws.resumesExactly(remembering), { runs: 1 })
    )
    it.effect("a state that is left out is no state", () =>
      breaks(
        OptimizerLaws.resumesExactly(() => forgetful),
        { runs: 1 }
      )
    )
  })
})
