/**
 * How parameters start. An initializer is data, part of a module's config, and `draw` is a pure function of it and a key:
 * the same key and shape give the same bits, which are those `jax.nn.initializers` draws for the uniform ones.
 *
 * Fans follow Keras and JAX: the last axis of a weight counts its outputs, the one before it its inputs, and the axes
 * before those are a receptive field that multiplies both: `[inputs, outputs]`, `[height, width, inputs, outputs]`.
 */
import { Key } from "@watertight/core"
import { Result, Schema } from "effect"

/** A starting distribution of one parameter. */
export const Init = Schema.Union([
  Schema.Struct({
    kind: Schema.Literal("varianceScaling"),
    scale: Schema.Finite.check(Schema.isGreaterThan(0)),
    fan: Schema.Literals(["in", "out", "average"]),
    distribution: Schema.Literals(["normal", "uniform"])
  }),
  Schema.Struct({ kind: Schema.Literal("constant"), value: Schema.Finite })
])

/** A starting distribution of one parameter. */
export type Init = typeof Init.Type

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, size) => product * size, 1)

/**
 * Counts the inputs and outputs one unit of a weight is connected to. Shapes of fewer than two axes have no fans and
 * throw a `RangeError`: a bias starts as a constant.
 *
 * @example
 * import { Init } from "@watertight/model"
 * Init.fans([784, 512]) // => { in: 784, out: 512 }
 * Init.fans([3, 3, 16, 32]) // => { in: 144, out: 288 }
 */
export const fans = (shape: ReadonlyArray<number>): { readonly in: number; readonly out: number } => {
  if (shape.length < 2) throw new RangeError(`Init.fans: [${shape}] is no weight; start it with Init.constant`)
  const field = sizeOf(shape.slice(0, -2))
  return { in: field * shape[shape.length - 2], out: field * shape[shape.length - 1] }
}

/**
 * Draws the values a parameter of a shape starts with, in row-major order.
 *
 * @example
 * import { Key } from "@watertight/core"
 * import { Init } from "@watertight/model"
 * Init.draw(Init.constant(0.5), Key.fromSeed(0), [2]) // => new Float32Array([0.5, 0.5])
 */
export const draw = (init: Init, key: Key.Key, shape: ReadonlyArray<number>): Float32Array<ArrayBuffer> => {
  if (init.kind === "constant") return new Float32Array(sizeOf(shape)).fill(init.value)
  const counted = fans(shape)
  const connections = init.fan === "average" ? (counted.in + counted.out) / 2 : counted[init.fan]
  const variance = Math.fround(init.scale / connections)
  if (init.distribution === "normal") {
    const deviation = Math.fround(Math.sqrt(variance))
    return Key.normal(key, sizeOf(shape)).map((value) => value * deviation)
  }
  const limit = Math.fround(Math.sqrt(Math.fround(3 * variance)))
  return Key.uniform(key, sizeOf(shape)).map((value) => (2 * value - 1) * limit)
}

/** Options that no initializer can have throw: they are a mistake in the program, not in its input. */
const checked = (init: Init): Init =>
  Result.getOrThrowWith(
    Schema.decodeUnknownResult(Init)(init),
    (issue) => new RangeError(`Init.${init.kind}: ${issue.message}`)
  )

/**
 * Makes an initializer with mean 0 and variance `scale / fan`. `normal` is not truncated, as in PyTorch; Keras and Flax
 * cut theirs at two deviations. `uniform` is on `[-sqrt(3 scale / fan), sqrt(3 scale / fan))`.
 *
 * @example
 * import { Init } from "@watertight/model"
 * Init.varianceScaling({ scale: 2, fan: "in", distribution: "normal" }) // => Init.heNormal
 */
export const varianceScaling = (options: {
  readonly scale: number
  readonly fan: "in" | "out" | "average"
  readonly distribution: "normal" | "uniform"
}): Init => checked({ kind: "varianceScaling", ...options })

/** Normal with variance 2 / fan-in: keeps the size of signals through layers with relu. He et al. 2015, equation 10. */
export const heNormal: Init = varianceScaling({ scale: 2, fan: "in", distribution: "normal" })

/** Uniform with variance 2 / fan-in, limits ±sqrt(6 / fan-in). He et al. 2015. */
export const heUniform: Init = varianceScaling({ scale: 2, fan: "in", distribution: "uniform" })

/** Normal with variance 2 / (fan-in + fan-out): for tanh and sigmoid. Glorot and Bengio 2010, equation 12. */
export const glorotNormal: Init = varianceScaling({ scale: 1, fan: "average", distribution: "normal" })

/** Uniform with variance 2 / (fan-in + fan-out), limits ±sqrt(6 / (fan-in + fan-out)). Glorot and Bengio 2010, equation 16. */
export const glorotUniform: Init = varianceScaling({ scale: 1, fan: "average", distribution: "uniform" })

/** Normal with variance 1 / fan-in: for a layer that no activation follows. LeCun et al. 1998, equation 16. */
export const lecunNormal: Init = varianceScaling({ scale: 1, fan: "in", distribution: "normal" })

/** Starts every entry at one finite value. */
export const constant = (value: number): Init => checked({ kind: "constant", value })

/** Starts every entry at 0. */
export const zeros: Init = constant(0)
