/**
 * Activations: functions of single numbers between layers. They take any shape and keep it.
 */
import { Result, Schema } from "effect"
import { tf } from "../internal/tfjs.ts"
import * as Layer from "./Layer.ts"

const activation = (kind: string, apply: (x: tf.Tensor) => tf.Tensor) =>
  Layer.define({
    kind,
    code: "versioned",
    options: Schema.Struct({}),
    build: (_, input) => Result.succeed({ output: input, forward: apply })
  })

const definitions = {
  relu: activation("relu", (x) => tf.relu(x)),
  elu: activation("elu", (x) => tf.elu(x)),
  tanh: activation("tanh", (x) => tf.tanh(x)),
  sigmoid: activation("sigmoid", (x) => tf.sigmoid(x))
}

/** The activations there are. */
export type Activation = keyof typeof definitions

/** Activations, as `Module.fromConfig` reads them. */
export const kinds: ReadonlyArray<Layer.Kind> = Object.values(definitions)

/** Rectifier: `max(x, 0)`. */
export const relu: Layer.Module = definitions.relu.make({})

/** Exponential linear unit: `x` above 0, `exp(x) - 1` below. Clevert et al. 2015, with alpha 1. */
export const elu: Layer.Module = definitions.elu.make({})

/** Hyperbolic tangent. */
export const tanh: Layer.Module = definitions.tanh.make({})

/** Logistic function: `1 / (1 + exp(-x))`. */
export const sigmoid: Layer.Module = definitions.sigmoid.make({})

/** Makes the activation of a name. */
export const activate = (name: Activation): Layer.Module => definitions[name].make({})
