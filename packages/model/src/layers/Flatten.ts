/**
 * Flatten: one axis instead of several, in row-major order.
 */
import { Result, Schema } from "effect"
import { tf } from "../internal/tfjs.ts"
import * as Layer from "./Layer.ts"

/** Flatten layers, as `Module.fromConfig` reads them. */
export const kind = Layer.define({
  kind: "flatten",
  code: "versioned",
  options: Schema.Struct({}),
  build: (_, input) => {
    const size = Layer.sizeOf(input)
    return Result.succeed({
      output: [size],
      forward: (x) => (input.length === 1 ? x : tf.reshape(x, [x.shape[0], size]))
    })
  }
})

/** Joins all axes but the batch into one: `[28, 28]` to `[784]`. */
export const flatten: Layer.Module = kind.make({})
