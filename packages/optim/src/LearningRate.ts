/**
 * Learning rates as pure functions of where a run stands. They are computed on the host in float64 and have no memory,
 * so a resumed run has the rate it would have had. Decay ends at the last step of the run: `totalSteps` is given, not
 * configured, and lengths can be shares of it.
 */
import { Stage } from "@watertight/core"
import type { Schema } from "effect"
import * as Hyperparameter from "./Hyperparameter.ts"

/** Where in a run a step stands. `step` counts from 0 and is below `totalSteps`. */
export interface Moment {
  readonly step: number
  readonly totalSteps: number
}

/** A learning rate over a run: its hyper-parameters as data, and the rate at a moment. `at` never fails. */
export interface LearningRate extends Stage.Coded {
  readonly config: Schema.Json
  readonly at: (moment: Moment) => number
}

/**
 * Warm-up lengths as shares of the run. Sources differ, from "the first few hundred steps" to 10,000 steps; as a share
 * it is 1 to 10 % of all steps (practice O10), whose ends and middle these are.
 */
export const presets = { warmup: { short: 0.01, medium: 0.05, long: 0.1 } } as const

/** What of the run is behind: 0 at its first step, 1 from `totalSteps` on. A run without steps is at its start. */
const progress = ({ step, totalSteps }: Moment): number => (step <= 0 ? 0 : step >= totalSteps ? 1 : step / totalSteps)

/** Resolves a duration: below 1 a share of all steps, rounded to whole steps; otherwise steps. */
const stepsOf = (duration: number, totalSteps: number): number =>
  duration < 1 ? Math.round(duration * totalSteps) : duration

/**
 * Makes a rate that never changes.
 *
 * @example
 * import { LearningRate } from "@watertight/optim"
 * LearningRate.constant(1e-3).at({ step: 7, totalSteps: 10 }) // => 0.001
 */
export const constant = (rate: number): LearningRate => {
  Hyperparameter.check("LearningRate.constant", "rate", rate, Hyperparameter.positive)
  return { config: { name: "constant", rate }, code: "versioned", at: () => rate }
}

/** Makes a learning rate of a number; one that is a learning rate already stays as it is. */
export const of = (rate: number | LearningRate): LearningRate => (typeof rate === "object" ? rate : constant(rate))

/** The ends of a decay: it starts at `peak` and reaches `end` when the run does. */
export interface Decay {
  readonly peak: number
  /** Default 0; at most `peak`. */
  readonly end?: number
}

const decay = (
  name: string,
  { peak, end = 0 }: Decay,
  /** The share of the way from `end` up to `peak` when `done` of the run is behind. */
  height: (done: number) => number
): LearningRate => {
  const owner = `LearningRate.${name}`
  Hyperparameter.check(owner, "peak", peak, Hyperparameter.positive)
  Hyperparameter.check(owner, "end", end, Hyperparameter.between(0, peak))
  return {
    config: { name, peak, end },
    code: "versioned",
    at: (moment) => end + (peak - end) * height(progress(moment))
  }
}

/**
 * Makes a rate that falls from `peak` to `end` along half a cosine,
 * `end + (peak - end) (1 + cos(π step / totalSteps)) / 2`: Loshchilov and Hutter (2017), "SGDR", equation 5, without
 * restarts. Practice O09.
 *
 * @example
 * import { LearningRate } from "@watertight/optim"
 * LearningRate.cosine({ peak: 2, end: 1 }).at({ step: 5, totalSteps: 10 }) // => 1.5
 */
export const cosine = (options: Decay): LearningRate =>
  decay("cosine", options, (done) => (1 + Math.cos(Math.PI * done)) / 2)

/**
 * Makes a rate that falls from `peak` to `end` in a straight line.
 *
 * @example
 * import { LearningRate } from "@watertight/optim"
 * LearningRate.linear({ peak: 1 }).at({ step: 3, totalSteps: 4 }) // => 0.25
 */
export const linear = (options: Decay): LearningRate => decay("linear", options, (done) => 1 - done)

/**
 * Makes a rate that is multiplied by `factor` after every `every`: `peak factor^k` after k of them. `every` is a share
 * of the run below 1 and a number of steps from 1; every 30 of 90 epochs is `30 / 90`. Practice O12.
 *
 * @example
 * import { LearningRate } from "@watertight/optim"
 * const rate = LearningRate.stepDecay({ peak: 1, factor: 0.5, every: 30 / 90 })
 * rate.at({ step: 599, totalSteps: 900 }) // => 0.5
 * rate.at({ step: 600, totalSteps: 900 }) // => 0.25
 */
export const stepDecay = (options: {
  readonly peak: number
  readonly factor: number
  readonly every: number
}): LearningRate => {
  const { peak, factor, every } = options
  const owner = "LearningRate.stepDecay"
  Hyperparameter.check(owner, "peak", peak, Hyperparameter.positive)
  Hyperparameter.check(owner, "factor", factor, {
    allowed: "a number above 0 and at most 1",
    includes: (x) => x > 0 && x <= 1
  })
  Hyperparameter.check(owner, "every", every, {
    allowed: "a share of all steps between 0 and 1, or a whole number of steps from 1",
    includes: (x) => x > 0 && Hyperparameter.duration.includes(x)
  })
  return {
    config: { name: "stepDecay", peak, factor, every },
    code: "versioned",
    at: ({ step, totalSteps }) => {
      const interval = every < 1 ? every * totalSteps : every
      // A share of all steps can land just above the whole step that is meant: 0.07 * 100 is 7.000000000000001.
      const drops = step <= 0 ? 0 : Math.floor(step / interval + 1e-9)
      return peak * factor ** drops
    }
  }
}

/**
 * Lets a rate start low: over `length` it rises in a straight line from `from` times the rate's first value, and the
 * rate then runs in what is left of the run as if that were all of it.
 *
 * `length` is a share of the run below 1 (rounded to whole steps) and a number of steps from 1. `from` is a share and
 * defaults to 1/100 (practice O10). A run shorter than its warm-up ends on the ramp.
 *
 * @example
 * import { LearningRate } from "@watertight/optim"
 * const rate = LearningRate.warmup(LearningRate.linear({ peak: 1 }), { length: 10, from: 0 })
 * rate.at({ step: 5, totalSteps: 30 }) // => 0.5
 * rate.at({ step: 10, totalSteps: 30 }) // => 1
 * rate.at({ step: 20, totalSteps: 30 }) // => 0.5
 */
export const warmup = (
  rate: number | LearningRate,
  options: { readonly length: number; readonly from?: number }
): LearningRate => {
  const { length, from = 0.01 } = options
  const after = of(rate)
  Hyperparameter.check("LearningRate.warmup", "length", length, Hyperparameter.duration)
  Hyperparameter.check("LearningRate.warmup", "from", from, Hyperparameter.share)
  return {
    config: { name: "warmup", length, from, rate: after.config },
    code: Stage.codeOf([after]),
    at: ({ step, totalSteps }) => {
      const ramp = stepsOf(length, totalSteps)
      const rest = Math.max(0, totalSteps - ramp)
      if (step >= ramp) return after.at({ step: step - ramp, totalSteps: rest })
      return after.at({ step: 0, totalSteps: rest }) * (from + (1 - from) * (step / ramp))
    }
  }
}

/** A warm-up followed by a decay over the rest of the run. */
export interface WarmupDecay extends Decay {
  /** A share of the run below 1, or a number of steps from 1; see `presets.warmup`. */
  readonly warmup: number
  /** The share of `peak` at the first step. Default 1/100. */
  readonly from?: number
}

/**
 * Makes a rate that warms up to `peak` and then falls along half a cosine to `end`. Practice O11.
 *
 * @example
 * import { LearningRate } from "@watertight/optim"
 * LearningRate.warmupCosine({ peak: 1, warmup: 0.5, from: 0 }).at({ step: 15, totalSteps: 20 }) // => 0.5
 */
export const warmupCosine = ({ warmup: length, from, ...options }: WarmupDecay): LearningRate =>
  warmup(cosine(options), { length, from })

/** Makes a rate that warms up to `peak` and then falls in a straight line to `end`. Practice O11. */
export const warmupLinear = ({ warmup: length, from, ...options }: WarmupDecay): LearningRate =>
  warmup(linear(options), { length, from })
