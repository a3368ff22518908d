/**
 * One step of training as a program over named tensors: forward, loss, gradients and the optimizer's update, in that
 * order. Engines compile it once. What needs float64 (the learning rate, bias corrections) and what is random (dropout
 * masks) are inputs of the step, made outside.
 */
import * as Loss from "./Loss.ts"
import type { Built } from "./Module.ts"
import type { Program, TensorSpec } from "./Program.ts"
import { tf } from "./internal/tfjs.ts"
import { Clip, type Transform } from "@watertight/optim"

type Tensors = Readonly<Record<string, tf.Tensor>>

/** What a step is made of. */
export interface Parts {
  readonly built: Built
  /** The shape of one row's features. */
  readonly input: ReadonlyArray<number>
  readonly loss: Loss.Loss
  readonly batchSize: number
  /** The target's levels, where training is on distributions over them: blended labels. */
  readonly levels?: number | undefined
}

/** Puts every name under a prefix. */
export const under = <A>(prefix: string, record: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}/${name}`, value]))

/** Picks what stands under a prefix and drops the prefix. */
export const within = <A>(prefix: string, record: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), value]] : []
    )
  )

const float32 = (shape: ReadonlyArray<number>): TensorSpec => ({ shape, dtype: "float32" })

const specs = (record: Readonly<Record<string, { readonly shape: ReadonlyArray<number> }>>) =>
  Object.fromEntries(Object.entries(record).map(([name, { shape }]) => [name, float32(shape)]))

const batchInputs = ({ batchSize, input, loss }: Parts): Readonly<Record<string, TensorSpec>> => ({
  features: float32([batchSize, ...input]),
  target: { shape: [batchSize], dtype: loss.target === "category" ? "int32" : "float32" }
})

/**
 * Makes the training program. State: `parameters/<name>` and `optimizer/<name>`. Inputs: `features`
 * `[batchSize, ...input]`, `target` `[batchSize]` or `[batchSize, levels]`, `weight` `[batchSize]` (0 for padding),
 * `noise/<layer>` `[batchSize, ...shape]` and `scalar/<name>` `[]`. Outputs: `loss` `[]`, the weighted mean over the batch, and
 * `gradientNorm` `[]`, the global norm before any clipping.
 */
export const training = (parts: Parts, optimizer: Transform.Transform): Program => {
  const { batchSize, built, loss } = parts
  const names = Object.keys(built.parameters).sort()
  const scalarNames = Object.keys(optimizer.scalars({ step: 0, totalSteps: 1 }))
  return {
    name: "training step",
    state: {
      ...under("parameters", specs(built.parameters)),
      ...under("optimizer", specs(optimizer.init(built.parameters)))
    },
    inputs: {
      ...batchInputs(parts),
      ...(parts.levels === undefined ? {} : { target: float32([batchSize, parts.levels]) }),
      weight: float32([batchSize]),
      ...under(
        "noise",
        Object.fromEntries(
          Object.entries(built.noise).map(([name, { shape }]) => [name, float32([batchSize, ...shape])])
        )
      ),
      ...under("scalar", Object.fromEntries(scalarNames.map((name) => [name, float32([])])))
    },
    run: (state, inputs) => {
      const parameters = within("parameters", state)
      const meanLoss = (...values: ReadonlyArray<tf.Tensor>): tf.Scalar => {
        const current = Object.fromEntries(names.map((name, index) => [name, values[index]]))
        const prediction = built.forward(current, inputs["features"], within("noise", inputs))
        const [target, weight] = [inputs["target"], inputs["weight"]] as [tf.Tensor1D | tf.Tensor2D, tf.Tensor1D] // the program's shapes
        return Loss.mean(loss, prediction as tf.Tensor2D, target, weight) // the program's shapes
      }
      const { grads, value } = tf.valueAndGrads(meanLoss)(names.map((name) => parameters[name]))
      const gradients: Tensors = Object.fromEntries(names.map((name, index) => [name, grads[index]]))
      const gradientNorm = Clip.globalNorm(gradients)
      const { state: optimizerState, updates } = optimizer.update(gradients, within("optimizer", state), {
        params: parameters,
        scalars: within("scalar", inputs) as Readonly<Record<string, tf.Scalar>> // declared with shape []
      })
      const updated = Object.fromEntries(names.map((name) => [name, tf.add(parameters[name], updates[name])]))
      return {
        state: { ...under("parameters", updated), ...under("optimizer", optimizerState) },
        outputs: { loss: value, gradientNorm }
      }
    }
  }
}

/**
 * Makes the evaluation program. State: `parameters/<name>`, unchanged. Inputs: `features` and `target`. Outputs:
 * `prediction` `[batchSize, outputs]` and `loss` `[batchSize]`, per row.
 */
export const evaluation = (parts: Parts): Program => ({
  name: "evaluation step",
  state: under("parameters", specs(parts.built.parameters)),
  inputs: batchInputs(parts),
  run: (state, inputs) => {
    const prediction = parts.built.forward(within("parameters", state), inputs["features"], undefined)
    const loss = parts.loss.perExample(prediction as tf.Tensor2D, inputs["target"] as tf.Tensor1D) // shapes are the program's
    return { state: {}, outputs: { prediction, loss } }
  }
})
