import { assert, describe, it } from "@effect/vitest"
import { Clip, Hyperparameter, LearningRate, Optimizer, Transform } from "../src/index.ts"

const refused: ReadonlyArray<readonly [make: () => unknown, message: string]> = [
  [() => LearningRate.constant(0), "LearningRate.constant: rate is 0, and must be a finite number above 0."],
  [() => LearningRate.constant(NaN), "LearningRate.constant: rate is NaN, and must be a finite number above 0."],
  [
    () => LearningRate.cosine({ peak: Infinity }),
    "LearningRate.cosine: peak is Infinity, and must be a finite number above 0."
  ],
  [() => LearningRate.linear({ peak: 1, end: 2 }), "LearningRate.linear: end is 2, and must be a number from 0 to 1."],
  [
    () => LearningRate.warmupCosine({ peak: 1, warmup: 1.5 }),
    "LearningRate.warmup: length is 1.5, and must be a share of all steps from 0 to below 1, or a whole number of steps from 1."
  ],
  [
    () => LearningRate.warmupLinear({ peak: 1, warmup: 10, from: 2 }),
    "LearningRate.warmup: from is 2, and must be a number from 0 to 1."
  ],
  [
    () => LearningRate.warmup(-1, { length: 1 }),
    "LearningRate.constant: rate is -1, and must be a finite number above 0."
  ],
  [
    () => LearningRate.stepDecay({ peak: 1, factor: 0, every: 3 }),
    "LearningRate.stepDecay: factor is 0, and must be a number above 0 and at most 1."
  ],
  [
    () => LearningRate.stepDecay({ peak: 1, factor: 0.5, every: 0 }),
    "LearningRate.stepDecay: every is 0, and must be a share of all steps between 0 and 1, or a whole number of steps from 1."
  ],
  [
    () => Optimizer.adam({ learningRate: -1e-3 }),
    "Optimizer.adam: learningRate is -0.001, and must be a finite number above 0."
  ],
  [() => Optimizer.adam({ beta1: 1 }), "Optimizer.adam: beta1 is 1, and must be a number from 0 to below 1."],
  [() => Optimizer.adam({ beta2: -0.1 }), "Optimizer.adam: beta2 is -0.1, and must be a number from 0 to below 1."],
  [() => Optimizer.adam({ epsilon: 0 }), "Optimizer.adam: epsilon is 0, and must be a finite number above 0."],
  [() => Optimizer.adam({ l2: NaN }), "Optimizer.adam: l2 is NaN, and must be a finite number, 0 or more."],
  [
    () => Optimizer.adamw({ weightDecay: -1 }),
    "Optimizer.adamw: weightDecay is -1, and must be a finite number, 0 or more."
  ],
  [
    // @ts-expect-error: no such choice
    () => Optimizer.adamw({ decay: "biases" }),
    'Transform.addDecayedWeights: decay is "biases", and must be "matrices" or "all".'
  ],
  [
    // @ts-expect-error: a string is no rate
    () => Optimizer.sgd({ learningRate: "0.1" }),
    'Optimizer.sgd: learningRate is "0.1", and must be a finite number above 0.'
  ],
  [
    () => Optimizer.sgd({ learningRate: 0.1, momentum: 1 }),
    "Optimizer.sgd: momentum is 1, and must be a number from 0 to below 1."
  ],
  [() => Transform.momentum({ decay: 2 }), "Transform.momentum: decay is 2, and must be a number from 0 to below 1."],
  [() => Transform.scale(Infinity), "Transform.scale: factor is Infinity, and must be a finite number."],
  [() => Clip.byGlobalNorm(0), "Clip.byGlobalNorm: bound is 0, and must be a number from 1e-12 to 1000000000000."]
]

describe("Hyperparameter", () => {
  for (const [make, message] of refused) {
    it(`refuses: ${message}`, () => {
      try {
        make()
      } catch (error) {
        assert.instanceOf(error, Hyperparameter.InvalidHyperparameter)
        assert.instanceOf(error, Error)
        assert.strictEqual(error.message, message)
        return
      }
      assert.fail("nothing was thrown")
    })
  }

  it("has structured fields", () => {
    const error = new Hyperparameter.InvalidHyperparameter({ owner: "a", field: "b", value: 1, allowed: "2" })
    assert.deepStrictEqual(
      [error._tag, error.field, error.value, error.allowed],
      ["InvalidHyperparameter", "b", 1, "2"]
    )
  })

  it("takes an option that is undefined for one that is left out", () => {
    const left = Optimizer.adamw({ learningRate: undefined, beta1: undefined, weightDecay: undefined })
    assert.deepStrictEqual(left.config, Optimizer.adamw().config)
  })
})
