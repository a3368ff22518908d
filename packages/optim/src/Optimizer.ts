/**
 * Adam, AdamW and SGD as short chains of transforms. Defaults are those of the papers; where sources differ there are
 * presets with names. L2 (coupled: added to the gradient, so the optimizer rescales it) and weight decay (decoupled:
 * the weights shrink by the learning rate times it) are two options with two names, since they are not the same.
 */
import * as Hyperparameter from "./Hyperparameter.ts"
import * as LearningRate from "./LearningRate.ts"
import * as Transform from "./Transform.ts"

/**
 * Usual values where one default would hide a choice. Learning rates: practices O01 and O03; for SGD start at the lower
 * end of 0.01 to 0.1. Weight decay: practice O02, from 1e-4 to 0.01 in general and 0.01 to 0.1 for transformers.
 */
export const presets = {
  learningRate: { adam: 1e-3, adamFineTuning: 3e-4, adamWhenLossBarelyMoves: 1e-2, sgd: 1e-2, sgdHigh: 1e-1 },
  weightDecay: { light: 1e-4, standard: 0.01, transformer: 0.1 }
} as const

/** The averages of Adam. */
export interface Adam {
  /** A number, or a schedule. Default 1e-3 (Kingma and Ba 2015; practice O01). */
  readonly learningRate?: number | LearningRate.LearningRate
  /** How much of the mean gradient is kept at each step. Default 0.9. */
  readonly beta1?: number
  /** How much of the mean square is kept at each step. Default 0.999. */
  readonly beta2?: number
  /** Added to the root of the mean square. Default 1e-8. */
  readonly epsilon?: number
}

/** What L2 or weight decay applies to. Default "matrices": no biases, nothing with fewer than two axes. */
interface Masked {
  readonly decay?: Transform.Decay
}

const ranges: Readonly<Record<string, Hyperparameter.Range>> = {
  learningRate: Hyperparameter.positive,
  beta1: Hyperparameter.decayRate,
  beta2: Hyperparameter.decayRate,
  epsilon: Hyperparameter.positive,
  momentum: Hyperparameter.decayRate,
  l2: Hyperparameter.nonNegative,
  weightDecay: Hyperparameter.nonNegative
}

/** Chains the links and the learning rate, under the optimizer's own name and hyper-parameters, which it checks. */
const make = (
  name: string,
  learningRate: number | LearningRate.LearningRate,
  hyperparameters: Readonly<Record<string, number | boolean | string>>,
  links: () => ReadonlyArray<Transform.Transform>
): Transform.Transform => {
  for (const [field, value] of Object.entries({ learningRate, ...hyperparameters })) {
    const schedule = field === "learningRate" && typeof value === "object"
    if (field in ranges && !schedule) Hyperparameter.check(`Optimizer.${name}`, field, value, ranges[field])
  }
  const rate = LearningRate.of(learningRate)
  return Transform.named(
    { name, learningRate: rate.config, ...hyperparameters },
    Transform.chain(...links(), Transform.scaleByLearningRate(rate))
  )
}

/**
 * Makes Adam (Kingma and Ba 2015, algorithm 1). `l2` (default 0) is coupled: Adam divides it away where gradients are
 * large, so for decay that acts as such use `adamw`. Practice O01.
 *
 * @example
 * import { Optimizer } from "@watertight/optim"
 * const adam = Optimizer.adam({ learningRate: 3e-4 })
 * adam.init({ w: { shape: [2] } }) // => { "1/mu/w": { shape: [2] }, "1/nu/w": { shape: [2] } }
 */
export const adam = (options: Adam & Masked & { readonly l2?: number } = {}): Transform.Transform => {
  const { learningRate = presets.learningRate.adam, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  const { l2 = 0, decay = "matrices" } = options
  return make("adam", learningRate, { beta1, beta2, epsilon, l2, decay }, () => [
    Transform.addDecayedWeights({ weightDecay: l2, decay }),
    Transform.scaleByAdam({ beta1, beta2, epsilon })
  ])
}

/**
 * Makes AdamW (Loshchilov and Hutter 2019, algorithm 2): Adam with decoupled weight decay. As in PyTorch and optax the
 * decay is multiplied by the learning rate. `weightDecay` defaults to 0.01, "standard" (practice O02).
 *
 * @example
 * import { LearningRate, Optimizer } from "@watertight/optim"
 * const optimizer = Optimizer.adamw({
 *   learningRate: LearningRate.warmupCosine({ peak: 1e-3, warmup: 0.05 }),
 *   weightDecay: Optimizer.presets.weightDecay.transformer
 * })
 * optimizer.scalars({ step: 5, totalSteps: 100 })["2/learningRate"] // => 0.001
 */
export const adamw = (options: Adam & Masked & { readonly weightDecay?: number } = {}): Transform.Transform => {
  const { learningRate = presets.learningRate.adam, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  const { weightDecay = presets.weightDecay.standard, decay = "matrices" } = options
  return make("adamw", learningRate, { beta1, beta2, epsilon, weightDecay, decay }, () => [
    Transform.scaleByAdam({ beta1, beta2, epsilon }),
    Transform.addDecayedWeights({ weightDecay, decay })
  ])
}

/** What `sgd` takes. */
export interface Sgd extends Masked {
  /** A number, or a schedule. No default: 0.01 to 0.1 are usual (practice O03). */
  readonly learningRate: number | LearningRate.LearningRate
  /** How much of the velocity is kept at each step; 0 is plain gradient descent. Default 0.9 (practice O03). */
  readonly momentum?: number
  /** Whether to look ahead along the velocity. Default false. */
  readonly nesterov?: boolean
  /** Coupled: `l2 · w` is added to the gradient. 1e-4 to 1e-3 are usual; PyTorch calls this weight_decay. Default 0. */
  readonly l2?: number
  /** Decoupled: each step takes off `learningRate · weightDecay · w` (SGDW). Default 0. */
  readonly weightDecay?: number
}

/**
 * Makes stochastic gradient descent with momentum. Practice O03; O05 for `l2` and `weightDecay`, which differ when
 * there is momentum.
 *
 * @example
 * import { Optimizer } from "@watertight/optim"
 * const sgd = Optimizer.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, l2: 1e-4 })
 * Object.keys(sgd.init({ w: { shape: [] } })) // => ["1/velocity/w"]
 */
export const sgd = (options: Sgd): Transform.Transform => {
  const { learningRate, momentum = 0.9, nesterov = false, l2 = 0, weightDecay = 0, decay = "matrices" } = options
  return make("sgd", learningRate, { momentum, nesterov, l2, weightDecay, decay }, () => [
    Transform.addDecayedWeights({ weightDecay: l2, decay }),
    momentum === 0 ? Transform.identity : Transform.momentum({ decay: momentum, nesterov }),
    Transform.addDecayedWeights({ weightDecay, decay })
  ])
}
