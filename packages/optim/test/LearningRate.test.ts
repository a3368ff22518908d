import { assert, describe, it } from "@effect/vitest"
import { LearningRate } from "../src/index.ts"
import { LearningRateLaws, Reference } from "../src/testing/index.ts"
import { optax } from "./fixtures/optax.ts"
import { breaks, runs } from "./support.ts"

const { constant, cosine, linear, stepDecay, warmup, warmupCosine, warmupLinear } = LearningRate

const noWarmup = { from: 1, length: () => 0 }
const share = (of: number) => (totalSteps: number) => Math.round(of * totalSteps)

const schedules = {
  "O09 cosine": {
    rate: cosine({ peak: 3e-3, end: 1e-5 }),
    closedForm: Reference.warmupDecay({ peak: 3e-3, end: 1e-5, shape: "cosine", ...noWarmup })
  },
  "O11 linear decay": {
    rate: linear({ peak: 3e-3 }),
    closedForm: Reference.warmupDecay({ peak: 3e-3, end: 0, shape: "linear", ...noWarmup })
  },
  "O10 warm-up of a share of all steps from 1/100": {
    rate: warmup(1e-3, { length: 0.05 }),
    closedForm: Reference.warmupDecay({ peak: 1e-3, end: 1e-3, shape: "linear", from: 0.01, length: share(0.05) })
  },
  "O10 warm-up of 100 steps from zero": {
    rate: warmup(constant(1e-3), { length: 100, from: 0 }),
    closedForm: Reference.warmupDecay({ peak: 1e-3, end: 1e-3, shape: "linear", from: 0, length: () => 100 })
  },
  "O11 warm-up and cosine": {
    rate: warmupCosine({ peak: 1e-3, warmup: 0.1 }),
    closedForm: Reference.warmupDecay({ peak: 1e-3, end: 0, shape: "cosine", from: 0.01, length: share(0.1) })
  },
  "O11 warm-up and linear decay": {
    rate: warmupLinear({ peak: 1e-3, end: 1e-4, warmup: 7, from: 0.1 }),
    closedForm: Reference.warmupDecay({ peak: 1e-3, end: 1e-4, shape: "linear", from: 0.1, length: () => 7 })
  },
  "O01 constant": { rate: constant(1e-3), closedForm: () => 1e-3 }
}

describe("LearningRate", () => {
  for (const [name, { rate, closedForm }] of Object.entries(schedules)) {
    it.effect(`${name}: equals its closed form`, () =>
      LearningRateLaws.equalsClosedForm(rate, closedForm).check({ runs: 4 * runs })
    )
    it.effect(`${name}: continuous at the seams`, () => LearningRateLaws.continuousAtSeams(rate).check({ runs: 20 }))
  }

  for (const every of [30 / 90, 0.07, 25]) {
    it.effect(`O12 step decay every ${every}: equals its closed form`, () => {
      const interval = (totalSteps: number) => (every < 1 ? every * totalSteps * (1 - 1e-9) : every)
      return LearningRateLaws.equalsClosedForm(
        stepDecay({ peak: 0.1, factor: 0.99, every }),
        Reference.stepDecay({ peak: 0.1, factor: 0.99, interval })
      ).check({ runs: 2 * runs })
    })
  }

  const { rates, totalSteps } = optax.schedules
  const ours = {
    cosine: cosine({ peak: 1e-3, end: 1e-4 }),
    linear: linear({ peak: 1e-3, end: 1e-5 }),
    warmupCosine: warmupCosine({ peak: 1e-3, warmup: 0.1 }),
    warmupLinear: warmupLinear({ peak: 1e-3, end: 1e-4, warmup: 10, from: 0 }),
    stepDecay: stepDecay({ peak: 0.1, factor: 0.5, every: 10 })
  }

  for (const [name, rate] of Object.entries(ours)) {
    it(`O09 O11 O12 ${name}: the values of optax`, () => {
      assert.strictEqual(rates[name].length, totalSteps + 1)
      rates[name].forEach((expected, step) => assert.closeTo(rate.at({ step, totalSteps }), expected, 1e-15))
    })
  }

  it("O10 warm-up: starts at 1/100 of the target and reaches it after 1 to 10 % of all steps", () => {
    for (const length of Object.values(LearningRate.presets.warmup)) {
      const rate = warmupCosine({ peak: 2, warmup: length })
      assert.strictEqual(rate.at({ step: 0, totalSteps: 1000 }), 0.02)
      assert.strictEqual(rate.at({ step: length * 1000, totalSteps: 1000 }), 2)
    }
  })

  it("O10 warm-up: 1 is one step, 0 is none, and a run shorter than it ends on the ramp", () => {
    const at = (length: number, step: number, total: number) =>
      warmup(linear({ peak: 1 }), { length, from: 0 }).at({ step, totalSteps: total })
    assert.deepStrictEqual([at(1, 0, 5), at(1, 1, 5), at(0, 0, 5)], [0, 1, 1])
    assert.deepStrictEqual([at(10, 1, 4), at(10, 3, 4)], [0.1, 0.3])
  })

  it("stays finite for runs of one step, of none, and after the end", () => {
    for (const rate of [...Object.values(ours), ...Object.values(schedules).map((schedule) => schedule.rate)]) {
      for (const moment of [
        [0, 1],
        [0, 0],
        [5, 0],
        [9, 3]
      ].map(([step, total]) => ({ step, totalSteps: total }))) {
        assert.isTrue(Number.isFinite(rate.at(moment)) && rate.at(moment) >= 0, JSON.stringify([rate.config, moment]))
      }
    }
  })

  it("has a config that names every hyper-parameter, defaults included", () => {
    assert.deepStrictEqual(warmupCosine({ peak: 1e-3, warmup: 0.05 }).config, {
      name: "warmup",
      length: 0.05,
      from: 0.01,
      rate: { name: "cosine", peak: 1e-3, end: 0 }
    })
  })

  describe("laws that must not hold", () => {
    const broken: LearningRate.LearningRate = {
      config: null,
      // decays from the beginning of the run instead of from the end of the warm-up
      at: ({ step, totalSteps }) =>
        step < 0.2 * totalSteps ? step / (0.2 * totalSteps) : cosine({ peak: 1 }).at({ step, totalSteps })
    }
    const late: LearningRate.LearningRate = {
      config: null,
      at: ({ step, totalSteps }) => cosine({ peak: 3e-3, end: 1e-5 }).at({ step: step + 1, totalSteps })
    }
    it.effect("a decay that forgets its warm-up jumps", () => breaks(LearningRateLaws.continuousAtSeams(broken)))
    it.effect("step decay jumps", () =>
      breaks(LearningRateLaws.continuousAtSeams(stepDecay({ peak: 1, factor: 0.5, every: 0.3 })))
    )
    it.effect("one step late is not the closed form", () =>
      breaks(LearningRateLaws.equalsClosedForm(late, schedules["O09 cosine"].closedForm))
    )
  })
})
