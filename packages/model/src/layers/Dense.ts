/**
 * A fully connected layer: every output is a weighted sum of all inputs, plus a bias.
 */
import { Result, Schema } from "effect"
import * as Init from "../Init.ts"
import { tf } from "../internal/tfjs.ts"
import * as Layer from "./Layer.ts"

/** Fully connected layers, as `Module.fromConfig` reads them. */
export const kind = Layer.define({
  kind: "dense",
  code: "versioned",
  options: Schema.Struct({
    units: Schema.Int.check(Schema.isGreaterThan(0)),
    bias: Schema.Boolean,
    init: Init.Init
  }),
  build: ({ bias, init, units }, input) =>
    input.length !== 1
      ? Result.fail("vectors, [features]; put Module.flatten before it")
      : Result.succeed({
          output: [units],
          parameters: {
            weight: { shape: [input[0], units], init },
            ...(bias ? { bias: { shape: [units], init: Init.zeros } } : {})
          },
          forward: (x, parameters) => {
            const product = tf.matMul(x, parameters.weight)
            return bias ? tf.add(product, parameters.bias) : product
          }
        })
})

/**
 * Makes a fully connected layer: `[features]` to `[units]`, `x · weight + bias`, with weight `[features, units]`. The
 * weight starts as `Init.heNormal`, for the relu that usually follows; the bias starts at 0.
 *
 * @example
 * import { Module } from "@watertight/model"
 * Module.dense(10, { bias: false }).config.units // => 10
 */
export const dense = (
  units: number,
  options: { readonly bias?: boolean; readonly init?: Init.Init } = {}
): Layer.Module => kind.make({ units, bias: options.bias ?? true, init: options.init ?? Init.heNormal })
