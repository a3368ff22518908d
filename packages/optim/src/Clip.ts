/**
 * Clipping of gradients by their global norm: the root of the sum of squares over all parameters together, so that the
 * direction is kept. It comes first in a chain, before an optimizer sees the gradients.
 */
import * as Hyperparameter from "./Hyperparameter.ts"
import * as tf from "./internal/tfjs.ts"
import type { Tensors, Transform } from "./Transform.ts"

/**
 * Splits a size into factors of at most 64 where it has them: the lengths of the sums that together add up a tensor.
 * One long sum in float32, which is how ONNX Runtime reduces a whole tensor, loses four digits over a million numbers.
 */
const blocksOf = (size: number): Array<number> => {
  if (size <= 64) return [size]
  for (let length = 64; length > 1; length--) {
    if (size % length === 0) return [...blocksOf(size / length), length]
  }
  return [size]
}

const sumOfSquares = (tensor: tf.Tensor): tf.Tensor => {
  const blocks = blocksOf(tensor.size)
  return blocks.reduce((sums: tf.Tensor) => tf.sum(sums, -1), tf.reshape(tf.square(tensor), blocks))
}

/**
 * Computes the global norm of named tensors: a float32 scalar. It is infinite when a square overflows, which numbers
 * above 1.8e19 do.
 */
export const globalNorm = (tensors: Tensors): tf.Tensor => {
  const squares = Object.values(tensors).map(sumOfSquares)
  return squares.length === 0 ? tf.scalar(0) : tf.sqrt(squares.reduce((total, square) => tf.add(total, square)))
}

/**
 * Bounds the relative error of a clipped norm in float32, whatever order an engine adds in: half of one rounding for
 * each addition that a number goes through, and ten roundings for everything else (Higham 2002, section 4.2). At most
 * a half, which a single tensor of some ten million numbers without small factors would reach.
 */
const roundingOf = (tensors: Tensors): number => {
  const additions = Object.values(tensors).map(({ size }) =>
    blocksOf(size).reduce((total, length) => total + length - 1, 0)
  )
  return Math.min(0.5, 2 ** -24 * (10 + (Math.max(0, ...additions) + additions.length) / 2))
}

/**
 * Scales gradients whose global norm is above `bound` down to it (Pascanu et al. 2013). 1.0 is usual (practice O06).
 *
 * The norm of what it gives never exceeds the bound, float32 rounding included: clipping aims below the bound by as
 * much as the norm may be wrong. That depends on the sizes, and is 1e-5 or less where they have small factors; shorter
 * gradients come through with the same bits. Zero stays zero. An infinite or missing (NaN) gradient gives NaN; a finite
 * one whose square is not finite in float32 gives zero.
 *
 * @example
 * import { Clip, Optimizer, Transform } from "@watertight/optim"
 * const optimizer = Transform.chain(Clip.byGlobalNorm(1), Optimizer.adam())
 * optimizer.config // => { name: "chain", links: [Clip.byGlobalNorm(1).config, Optimizer.adam().config] }
 */
export const byGlobalNorm = (bound: number): Transform => {
  // Below, squares of gradients that are too long could vanish in float32.
  Hyperparameter.check("Clip.byGlobalNorm", "bound", bound, Hyperparameter.between(1e-12, 1e12))
  return {
    config: { name: "clipByGlobalNorm", bound },
    code: "versioned",
    init: () => ({}),
    scalars: () => ({}),
    update: (updates) => {
      const target = bound * (1 - roundingOf(updates))
      const factor = tf.div(target, tf.maximum(globalNorm(updates), target))
      return {
        updates: Object.fromEntries(Object.entries(updates).map(([name, tensor]) => [name, tf.mul(tensor, factor)])),
        state: {}
      }
    }
  }
}
