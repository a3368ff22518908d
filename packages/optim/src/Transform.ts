/**
 * A transform turns gradients into updates of the parameters. It is a pure pair of an initial state and an update
 * step, like a gradient transformation of optax; every optimizer is a `chain` of a few of them. The update is plain
 * `tf.*` code that is traced once into a graph, so what changes from step to step enters as a scalar.
 */
import { Stage } from "@watertight/core"
import type { Schema } from "effect"
import { Option } from "effect"
import * as Hyperparameter from "./Hyperparameter.ts"
import * as tf from "./internal/tfjs.ts"
import * as LearningRate from "./LearningRate.ts"

/** Tensors by name. */
export type Tensors = Readonly<Record<string, tf.Tensor>>

/** The shape of a float32 tensor. */
export interface Spec {
  readonly shape: ReadonlyArray<number>
}

/** Specs by name. */
export type Specs = Readonly<Record<string, Spec>>

/** What an update may read beside the gradients and its state. */
export interface Context {
  readonly params: Tensors
  /** The numbers of `scalars`, as float32 tensors of shape []. */
  readonly scalars: Readonly<Record<string, tf.Scalar>>
}

/** What an update gives. */
export interface Updated {
  readonly updates: Tensors
  readonly state: Tensors
}

/**
 * A step from updates to updates. The first gets the gradients; what the last gives is added to the parameters. Names
 * and shapes of updates are those of the parameters. With the step number, `state` is all there is: restored, the next
 * step has the same bits.
 */
export interface Transform extends Stage.Coded {
  /** Its name and hyper-parameters, for provenance. */
  readonly config: Schema.Json
  /** The tensors of its state, for parameters of these shapes. All start at zero. */
  readonly init: (params: Specs) => Specs
  /** What changes with the step and needs precision: computed on the host in float64, an input of the compiled step. */
  readonly scalars: (moment: LearningRate.Moment) => Readonly<Record<string, number>>
  readonly update: (updates: Tensors, state: Tensors, context: Context) => Updated
}

const mapTensors = (tensors: Tensors, f: (tensor: tf.Tensor, name: string) => tf.Tensor): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, f(tensor, name)]))

/** A transform without state whose updates depend on one tensor at a time. */
const stateless = (
  config: Schema.Json,
  f: (update: tf.Tensor, name: string, context: Context) => tf.Tensor,
  scalars: Transform["scalars"] = () => ({}),
  code: Stage.Code = "versioned"
): Transform => ({
  config,
  code,
  init: () => ({}),
  scalars,
  update: (updates, _state, context) => ({
    updates: mapTensors(updates, (update, name) => f(update, name, context)),
    state: {}
  })
})

/** Changes nothing. */
export const identity: Transform = stateless({ name: "identity" }, (update) => update)

const prefixed = <A>(records: ReadonlyArray<Readonly<Record<string, A>>>): Readonly<Record<string, A>> =>
  Object.fromEntries(
    records.flatMap((record, index) => Object.entries(record).map(([name, value]) => [`${index}/${name}`, value]))
  )

const unprefixed = <A>(record: Readonly<Record<string, A>>, index: number): Readonly<Record<string, A>> => {
  const prefix = `${index}/`
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []
    )
  )
}

/**
 * Applies transforms one after the other, from left to right. Names of state and scalars are prefixed by the position
 * ("0/mu/…"), so they never clash; chaining chains is chaining.
 *
 * @example
 * import { Clip, Optimizer, Transform } from "@watertight/optim"
 * const optimizer = Transform.chain(Clip.byGlobalNorm(1), Optimizer.sgd({ learningRate: 0.1 }))
 * Object.keys(optimizer.init({ "dense/kernel": { shape: [2, 3] } })) // => ["1/1/velocity/dense/kernel"]
 */
export const chain = (...links: ReadonlyArray<Transform>): Transform => ({
  config: { name: "chain", links: links.map((link) => link.config) },
  code: Stage.codeOf(links),
  init: (params) => prefixed(links.map((link) => link.init(params))),
  scalars: (moment) => prefixed(links.map((link) => link.scalars(moment))),
  update: (gradients, state, { params, scalars }) => {
    const states: Array<Tensors> = []
    let updates = gradients
    links.forEach((link, index) => {
      const updated = link.update(updates, unprefixed(state, index), { params, scalars: unprefixed(scalars, index) })
      updates = updated.updates
      states.push(updated.state)
    })
    return { updates, state: prefixed(states) }
  }
})

/** Gives a transform a config of its own, for one that is made of others. */
export const named = (config: Schema.Json, transform: Transform): Transform => ({ ...transform, config })

/** Multiplies the updates by a fixed number. */
export const scale = (factor: number): Transform => {
  Hyperparameter.check("Transform.scale", "factor", factor, {
    allowed: "a finite number",
    includes: Number.isFinite
  })
  return stateless({ name: "scale", factor }, (update) => tf.mul(update, factor))
}

/**
 * Multiplies the updates by minus the learning rate: with it last in a chain, adding the updates descends. The rate is
 * the scalar "learningRate".
 */
export const scaleByLearningRate = (learningRate: number | LearningRate.LearningRate): Transform => {
  const rate = LearningRate.of(learningRate)
  return stateless(
    { name: "scaleByLearningRate", learningRate: rate.config },
    (update, _name, { scalars }) => tf.mul(update, tf.neg(scalars.learningRate)),
    (moment) => ({ learningRate: rate.at(moment) }),
    Stage.codeOf([rate])
  )
}

/** Returns the learning rate of a transform at a moment, for logs: the product of all rates in it, if it has any. */
export const learningRateAt = (transform: Transform, moment: LearningRate.Moment): Option.Option<number> => {
  const rates = Object.entries(transform.scalars(moment)).filter(([name]) => /(^|\/)learningRate$/.test(name))
  return rates.length === 0 ? Option.none() : Option.some(rates.reduce((product, [, rate]) => product * rate, 1))
}

/**
 * Which parameters decay: "all", or "matrices", which leaves out biases (named "bias") and whatever has fewer than two
 * axes, as the weights of a layer norm. Practice O04.
 */
export type Decay = "matrices" | "all"

/** Returns whether a parameter decays. */
export const decays = (decay: Decay, name: string, shape: ReadonlyArray<number>): boolean =>
  decay === "all" || (shape.length >= 2 && !/(^|\/)bias$/.test(name))

/**
 * Adds `weightDecay` times the parameter to its update. Before an optimizer's own scaling this is the gradient of an L2
 * penalty of `weightDecay / 2 · |w|²` (coupled); after it, and before the learning rate, it is decoupled weight decay
 * (Loshchilov and Hutter 2019). Practice O05. `decay` defaults to "matrices".
 */
export const addDecayedWeights = (options: { readonly weightDecay: number; readonly decay?: Decay }): Transform => {
  const { weightDecay, decay = "matrices" } = options
  Hyperparameter.check("Transform.addDecayedWeights", "weightDecay", weightDecay, Hyperparameter.nonNegative)
  Hyperparameter.choose("Transform.addDecayedWeights", "decay", decay, ["matrices", "all"])
  return stateless({ name: "addDecayedWeights", weightDecay, decay }, (update, name, { params }) =>
    weightDecay > 0 && decays(decay, name, update.shape) ? tf.add(update, tf.mul(params[name], weightDecay)) : update
  )
}

/**
 * Moves a running average towards a value: `average + rate (value - average)`. In float32 this keeps ten times more
 * digits than `(1 - rate) average + rate value`, whose two rounded weights do not add up to one.
 */
const towards = (average: tf.Tensor, value: tf.Tensor, rate: number): tf.Tensor =>
  tf.add(average, tf.mul(tf.sub(value, average), rate))

/**
 * Accumulates updates into a velocity, `v ← decay v + u`, and gives `v`, or `u + decay v` when `nesterov` (Sutskever et
 * al. 2013, as PyTorch and optax have it). State: "velocity/…", of each parameter's shape.
 */
export const momentum = (options: { readonly decay: number; readonly nesterov?: boolean }): Transform => {
  const { decay, nesterov = false } = options
  Hyperparameter.check("Transform.momentum", "decay", decay, Hyperparameter.decayRate)
  return {
    config: { name: "momentum", decay, nesterov },
    code: "versioned",
    init: (params) => Object.fromEntries(Object.entries(params).map(([name, spec]) => [`velocity/${name}`, spec])),
    scalars: () => ({}),
    update: (updates, state) => {
      const velocities = mapTensors(updates, (update, name) => {
        const velocity = state[`velocity/${name}`]
        // decay v, written so that it keeps the digits of 1 - decay, as in `towards`
        return tf.add(tf.sub(velocity, tf.mul(velocity, 1 - decay)), update)
      })
      return {
        updates: nesterov
          ? mapTensors(updates, (update, name) => tf.add(update, tf.mul(velocities[name], decay)))
          : velocities,
        state: Object.fromEntries(Object.entries(velocities).map(([name, tensor]) => [`velocity/${name}`, tensor]))
      }
    }
  }
}

/**
 * Divides the running mean of the updates by the root of the running mean of their squares, both corrected for their
 * start at zero: `m̂ / (√v̂ + epsilon)` of Kingma and Ba (2015), algorithm 1. The corrections are folded into the two
 * scalars "correction", `√(1 - beta2^t) / (1 - beta1^t)`, and "epsilon", `epsilon √(1 - beta2^t)`, with t = step + 1.
 * State: "mu/…" and "nu/…", of each parameter's shape.
 */
export const scaleByAdam = (options: {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}): Transform => {
  const { beta1, beta2, epsilon } = options
  Hyperparameter.check("Transform.scaleByAdam", "beta1", beta1, Hyperparameter.decayRate)
  Hyperparameter.check("Transform.scaleByAdam", "beta2", beta2, Hyperparameter.decayRate)
  Hyperparameter.check("Transform.scaleByAdam", "epsilon", epsilon, Hyperparameter.positive)
  return {
    config: { name: "scaleByAdam", beta1, beta2, epsilon },
    code: "versioned",
    init: (params) =>
      Object.fromEntries(
        ["mu", "nu"].flatMap((kind) => Object.entries(params).map(([name, spec]) => [`${kind}/${name}`, spec]))
      ),
    scalars: ({ step }) => {
      const rootCorrection2 = Math.sqrt(1 - beta2 ** (step + 1))
      return { correction: rootCorrection2 / (1 - beta1 ** (step + 1)), epsilon: epsilon * rootCorrection2 }
    },
    update: (gradients, state, { scalars }) => {
      const next: Record<string, tf.Tensor> = {}
      const updates = mapTensors(gradients, (gradient, name) => {
        const mu = towards(state[`mu/${name}`], gradient, 1 - beta1)
        const nu = towards(state[`nu/${name}`], tf.square(gradient), 1 - beta2)
        next[`mu/${name}`] = mu
        next[`nu/${name}`] = nu
        return tf.mul(tf.div(mu, tf.add(tf.sqrt(nu), scalars.epsilon)), scalars.correction)
      })
      return { updates, state: next }
    }
  }
}
