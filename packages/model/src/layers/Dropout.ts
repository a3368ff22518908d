/**
 * Dropout: in training, a random share of the numbers is set to 0 and the rest is scaled up; inference changes nothing.
 * The random multipliers are an input, made from the batch's key, so every engine drops the same numbers.
 */
import { Result, Schema } from "effect"
import { tf } from "../internal/tfjs.ts"
import * as Layer from "./Layer.ts"

/** Dropout layers, as `Module.fromConfig` reads them. */
export const kind = Layer.define({
  kind: "dropout",
  code: "versioned",
  options: Schema.Struct({
    rate: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))
  }),
  build: ({ rate }, input) =>
    Result.succeed({
      output: input,
      ...(rate > 0 ? { noise: { shape: input, keep: 1 - rate } } : {}),
      forward: (x, _, mask) => (mask === undefined ? x : tf.mul(x, mask))
    })
})

/**
 * Makes a layer that drops the share `rate` of its inputs in training: 0.1 to 0.5 is usual, 0.1 in transformers, 0.2 to
 * 0.5 after dense layers. What is kept is divided by `1 - rate`, so expectations stay (Srivastava et al. 2014, section
 * 10, "inverted dropout"). Its noise is named by the layer's path.
 *
 * @example
 * import { Module } from "@watertight/model"
 * Module.dropout(0.2).config // => { kind: "dropout", rate: 0.2 }
 */
export const dropout = (rate: number): Layer.Module => kind.make({ rate })
