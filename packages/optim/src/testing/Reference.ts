/**
 * Optimizers and learning rates as their papers write them, in plain float64 and one loop per formula. They are what
 * the laws compare with: slow, unfolded and written apart from the implementations.
 */
import type { Moment } from "../LearningRate.ts"

/** Numbers by parameter name. */
export type Arrays = Readonly<Record<string, Float64Array>>

/** What a reference sees of one number of one parameter at one step. */
export interface Scalar {
  readonly gradient: number
  readonly parameter: number
  /** Whether weight decay applies to this parameter. */
  readonly decays: boolean
  /** From 1. */
  readonly t: number
  readonly learningRate: number
}

/**
 * An optimizer for one number: how many numbers of state it keeps, and the change of the parameter. It writes its new
 * state into `state`, which starts at zero.
 */
export interface Reference {
  readonly size: number
  readonly learningRate: (moment: Moment) => number
  readonly step: (scalar: Scalar, state: Float64Array) => number
}

type Rate = number | ((moment: Moment) => number)

const rateOf = (rate: Rate): ((moment: Moment) => number) => (typeof rate === "number" ? () => rate : rate)

/**
 * Kingma and Ba (2015), algorithm 1. `l2` is added to the gradient; `weightDecay` is that of Loshchilov and Hutter
 * (2019), times the learning rate.
 */
export const adam = (options: {
  readonly learningRate: Rate
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  readonly l2?: number
  readonly weightDecay?: number
}): Reference => {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, l2 = 0, weightDecay = 0 } = options
  return {
    size: 2,
    learningRate: rateOf(options.learningRate),
    step: ({ gradient, parameter, decays, t, learningRate }, state) => {
      const g = gradient + (decays ? l2 * parameter : 0)
      state[0] = beta1 * state[0] + (1 - beta1) * g
      state[1] = beta2 * state[1] + (1 - beta2) * g * g
      const mean = state[0] / (1 - Math.pow(beta1, t))
      const square = state[1] / (1 - Math.pow(beta2, t))
      return -learningRate * (mean / (Math.sqrt(square) + epsilon) + (decays ? weightDecay * parameter : 0))
    }
  }
}

/** SGD with momentum as PyTorch documents it (dampening 0); `weightDecay` is decoupled. */
export const sgd = (options: {
  readonly learningRate: Rate
  readonly momentum?: number
  readonly nesterov?: boolean
  readonly l2?: number
  readonly weightDecay?: number
}): Reference => {
  const { momentum = 0.9, nesterov = false, l2 = 0, weightDecay = 0 } = options
  return {
    size: 1,
    learningRate: rateOf(options.learningRate),
    step: ({ gradient, parameter, decays, learningRate }, state) => {
      const g = gradient + (decays ? l2 * parameter : 0)
      state[0] = momentum * state[0] + g
      const direction = nesterov ? g + momentum * state[0] : state[0]
      return -learningRate * (direction + (decays ? weightDecay * parameter : 0))
    }
  }
}

/** A line from `(0, from)` to `(length, to)`, level before and after. */
const line = (from: number, to: number, length: number, x: number): number => {
  if (x <= 0) return from
  return x >= length ? to : from + ((to - from) * x) / length
}

/** A warm-up from `from * peak` over `length` steps, then a line or half a cosine down to `end` at `totalSteps`. */
export const warmupDecay =
  (options: {
    readonly peak: number
    readonly end: number
    readonly from: number
    readonly length: (totalSteps: number) => number
    readonly shape: "cosine" | "linear"
  }) =>
  ({ step, totalSteps }: Moment): number => {
    const { peak, end, from, shape } = options
    const length = options.length(totalSteps)
    if (step < length) return line(from * peak, peak, length, step)
    const done = line(0, 1, totalSteps - length, step - length)
    return shape === "linear" ? line(peak, end, 1, done) : end + (peak - end) * Math.cos((Math.PI * done) / 2) ** 2
  }

/** `peak * factor^k`, where k boundaries at multiples of `interval` steps are behind, counted one by one. */
export const stepDecay =
  (options: { readonly peak: number; readonly factor: number; readonly interval: (totalSteps: number) => number }) =>
  ({ step, totalSteps }: Moment): number => {
    let rate = options.peak
    const interval = options.interval(totalSteps)
    for (let boundary = 1; boundary * interval <= step; boundary++) rate *= options.factor
    return rate
  }
