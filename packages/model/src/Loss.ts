/**
 * What training makes small. A loss gives one number per row from plain `tf` operations that differentiate, so padding
 * can be weighed out and the worst rows can be listed; `mean` is what a step minimizes.
 *
 * Losses for categories take logits, never probabilities: softmax and logarithm are computed together, which neither
 * overflows nor takes the logarithm of 0. Operations that compare a differentiated tensor are avoided, since they have no
 * gradient in TensorFlow.js.
 */
import type { Stage } from "@watertight/core"
import { Effect, Result, Schema } from "effect"
import { tf } from "./internal/tfjs.ts"
import { ConfigError } from "./layers/Layer.ts"
import type { Built } from "./Module.ts"

const positive = Schema.Finite.check(Schema.isGreaterThan(0))
const below1 = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))

const notNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const share = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true, exclusiveMaximum: true })
)

/** What identifies a loss. */
export const Config = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("crossEntropy"), smoothing: below1 }),
  Schema.Struct({ kind: Schema.Literal("binaryCrossEntropy"), positiveWeight: positive }),
  Schema.Struct({ kind: Schema.Literal("focal"), focus: notNegative }),
  Schema.Struct({ kind: Schema.Literal("binaryFocal"), focus: notNegative, positiveShare: share }),
  Schema.Struct({ kind: Schema.Literal("meanSquaredError") }),
  Schema.Struct({ kind: Schema.Literal("meanAbsoluteError") }),
  Schema.Struct({ kind: Schema.Literal("huber"), delta: positive })
])

/** What identifies a loss. */
export type Config = typeof Config.Type

/** A loss for targets of one kind of column. */
export interface Loss<out Target extends "float" | "category" = "float" | "category"> extends Stage.Coded {
  /** Identifies the loss completely: one of `Config` for the losses here, any JSON for a loss of your own. */
  readonly config: Schema.JsonObject
  /** Float targets are float32 `[batch]`; category targets are int32 codes `[batch]`. */
  readonly target: Target
  /** How many numbers the model must give per row, from the number of the target's levels (0 for a float target). */
  readonly outputs: (levels: number) => number
  /** The loss of a model that has learned nothing and says "all classes alike"; `undefined` where there is no such value. */
  readonly chance: (levels: number) => number | undefined
  /** Maps predictions `[batch, outputs]` and targets `[batch]` to losses `[batch]`. */
  readonly perExample: (prediction: tf.Tensor2D, target: tf.Tensor1D) => tf.Tensor1D
  /**
   * For a category target: maps predictions and distributions over the levels `[batch, levels]`, as mixup makes them, to
   * losses `[batch]`. A loss without it cannot be trained on blended labels.
   */
  readonly perBlend?: (prediction: tf.Tensor2D, target: tf.Tensor2D) => tf.Tensor1D
}

/** A model's output does not suit the loss. */
export class LossMismatch extends Schema.TaggedError<LossMismatch>()("LossMismatch", {
  loss: Schema.String,
  got: Schema.String,
  expected: Schema.String
}) {
  override get message() {
    return `The loss ${this.loss} does not suit the model: it takes ${this.expected}, and the model gives ${this.got}.`
  }
}

/** Options that no loss can have throw: they are a mistake in the program, not in its input. */
const checked = <C extends Config>(config: C): C => {
  Result.getOrThrowWith(
    Schema.decodeUnknownResult(Config)(config),
    (issue) => new RangeError(`Loss.${config.kind}: ${issue.message}`)
  )
  return config
}

/**
 * Makes the cross-entropy of softmax for a category target: `-sum_k q_k log softmax(logits)_k`, in nats.
 *
 * `smoothing` is the e of `q = (1 - e) · onehot + e / K` over all K classes, the true one included (Szegedy et al. 2016,
 * section 7, PyTorch's `label_smoothing`; 0.1 is standard). With K = 2, `smoothing: 0.1` gives targets of 0.95 and 0.05;
 * targets of 0.9 and 0.1 are `smoothing: 0.2`, see `smoothingFor`. The default is 0.
 *
 * @example
 * import { Loss } from "@watertight/model"
 * Loss.crossEntropy({ smoothing: 0.1 }).config // => { kind: "crossEntropy", smoothing: 0.1 }
 */
export const crossEntropy = ({ smoothing = 0 }: { readonly smoothing?: number } = {}): Loss<"category"> => ({
  config: checked({ kind: "crossEntropy", smoothing }),
  code: "versioned",
  target: "category",
  outputs: (levels) => levels,
  chance: (levels) => Math.log(levels),
  perExample: (logits, codes) => {
    const classes = logits.shape[1]
    const rest = smoothing / classes
    const target = tf.oneHot(codes, classes, 1 - smoothing + rest, rest, "float32")
    return tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits)), 1))
  },
  perBlend: (logits, blended) => {
    const target = tf.add(tf.mul(blended, 1 - smoothing), smoothing / logits.shape[1])
    return tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits)), 1))
  }
})

/**
 * Returns the `smoothing` for which the true one of `classes` classes gets the target `correct`.
 *
 * @example
 * import { Loss } from "@watertight/model"
 * Loss.smoothingFor({ correct: 0.75, classes: 2 }) // => 0.5
 */
export const smoothingFor = ({ classes, correct }: { readonly correct: number; readonly classes: number }): number => {
  if (!Number.isInteger(classes) || classes < 2 || !(correct > 1 / classes && correct <= 1)) {
    throw new RangeError(`Loss.smoothingFor: ${correct} is no target in (1/${classes}, 1] of ${classes} classes`)
  }
  return ((1 - correct) * classes) / (classes - 1)
}

/**
 * Makes the cross-entropy for a category of two levels from one logit per row, that of level 1:
 * `w y log(1 + exp(-z)) + (1 - y) log(1 + exp(z))`. `positiveWeight` is the w of the rows of level 1: the number of
 * other rows for each of them balances the two (PyTorch's `pos_weight`). The default is 1.
 */
export const binaryCrossEntropy = ({
  positiveWeight = 1
}: { readonly positiveWeight?: number } = {}): Loss<"category"> => ({
  config: checked({ kind: "binaryCrossEntropy", positiveWeight }),
  code: "versioned",
  target: "category",
  outputs: () => 1,
  chance: () => (positiveWeight === 1 ? Math.LN2 : undefined),
  perExample: (prediction, codes) => binary(column(prediction), tf.cast(codes, "float32"), positiveWeight),
  perBlend: (prediction, blended) => {
    const positive = tf.slice(blended, [0, 1], [blended.shape[0], 1])
    return binary(column(prediction), tf.reshape(positive, [blended.shape[0]]), positiveWeight)
  }
})

/** The cross-entropy of logits and probabilities of level 1. */
const binary = (logit: tf.Tensor1D, positive: tf.Tensor1D, weight: number): tf.Tensor1D => {
  const missed = tf.mul(tf.mul(positive, weight), tf.softplus(tf.neg(logit)))
  return tf.add(missed, tf.mul(tf.sub(1, positive), tf.softplus(logit)))
}

/**
 * Makes the focal loss of softmax for a category target: `(1 - p)^focus · -log p` for the probability `p` of the true class
 * (Lin et al. 2017). Rows that are easy count little, so a severe imbalance does not drown the rare class. `focus` is 2
 * unless given; 0 is the cross-entropy.
 *
 * @example
 * import { Loss } from "@watertight/model"
 * Loss.focal().config // => { kind: "focal", focus: 2 }
 */
export const focal = ({ focus = 2 }: { readonly focus?: number } = {}): Loss<"category"> => ({
  config: checked({ kind: "focal", focus }),
  code: "versioned",
  target: "category",
  outputs: (levels) => levels,
  chance: (levels) => (1 - 1 / levels) ** focus * Math.log(levels),
  perExample: (logits, codes) => {
    const classes = logits.shape[1]
    const isTrue = tf.cast(tf.oneHot(codes, classes), "float32")
    const cross = tf.neg(tf.sum(tf.mul(isTrue, tf.logSoftmax(logits)), 1))
    // A rounding error more than 1 - p, so that its logarithm has a gradient where p is 1.
    const rest = tf.log(tf.sub(1 + 2 ** -23, tf.exp(tf.neg(cross))))
    return tf.mul(tf.exp(tf.mul(rest, focus)), cross)
  }
})

/**
 * Makes the focal loss for a category of two levels from one logit per row, that of level 1. `positiveShare` weighs the rows
 * of level 1, and 1 minus it the others: the `alpha` of Lin et al. (2017) and of torchvision's `sigmoid_focal_loss`, whose
 * defaults these are: `focus` 2, `positiveShare` 0.25.
 */
export const binaryFocal = ({
  focus = 2,
  positiveShare = 0.25
}: { readonly focus?: number; readonly positiveShare?: number } = {}): Loss<"category"> => ({
  config: checked({ kind: "binaryFocal", focus, positiveShare }),
  code: "versioned",
  target: "category",
  outputs: () => 1,
  chance: () => (positiveShare === 0.5 ? 0.5 ** (focus + 1) * Math.LN2 : undefined),
  perExample: (prediction, codes) => {
    const logit = column(prediction)
    const isPositive = tf.cast(codes, "float32")
    const [no, yes] = [tf.softplus(logit), tf.softplus(tf.neg(logit))]
    // -log p is `yes` for a positive row and -log(1 - p) is `no`; for a negative one it is the other way round.
    const missed = tf.mul(tf.exp(tf.mul(no, -focus)), yes)
    const claimed = tf.mul(tf.exp(tf.mul(yes, -focus)), no)
    const positives = tf.mul(tf.mul(isPositive, positiveShare), missed)
    return tf.add(positives, tf.mul(tf.mul(tf.sub(1, isPositive), 1 - positiveShare), claimed))
  }
})

const column = (prediction: tf.Tensor2D): tf.Tensor1D => tf.reshape(prediction, [prediction.shape[0]])

/** The absolute value, with gradient 0 at 0. */
const absolute = (x: tf.Tensor1D): tf.Tensor1D => tf.add(tf.relu(x), tf.relu(tf.neg(x)))

const ofError = (config: Config, perError: (error: tf.Tensor1D) => tf.Tensor1D): Loss<"float"> => ({
  config: checked(config),
  code: "versioned",
  target: "float",
  outputs: () => 1,
  chance: () => undefined,
  perExample: (prediction, target) => perError(tf.sub(column(prediction), target))
})

/** The squared error, for a float target. Its minimum is at the target's mean. */
export const meanSquaredError: Loss<"float"> = ofError({ kind: "meanSquaredError" }, tf.square)

/** The absolute error, for a float target: outliers pull no harder than others. Its minimum is at the target's median. */
export const meanAbsoluteError: Loss<"float"> = ofError({ kind: "meanAbsoluteError" }, absolute)

/**
 * Makes the Huber loss for a float target: half the squared error up to `delta`, `delta · (|error| - delta / 2)` beyond
 * (Huber 1964; PyTorch's `HuberLoss`). `delta` has the target's unit; the default is 1.
 *
 * @example
 * import { Loss } from "@watertight/model"
 * Loss.huber().config // => { kind: "huber", delta: 1 }
 */
export const huber = ({ delta = 1 }: { readonly delta?: number } = {}): Loss<"float"> =>
  ofError({ kind: "huber", delta }, (error) => {
    const size = absolute(error)
    const beyond = tf.relu(tf.sub(size, delta))
    const within = tf.sub(size, beyond)
    return tf.add(tf.mul(tf.square(within), 0.5), tf.mul(beyond, delta))
  })

const make = (config: Config): Loss => {
  switch (config.kind) {
    case "crossEntropy":
      return crossEntropy(config)
    case "binaryCrossEntropy":
      return binaryCrossEntropy(config)
    case "focal":
      return focal(config)
    case "binaryFocal":
      return binaryFocal(config)
    case "meanSquaredError":
      return meanSquaredError
    case "meanAbsoluteError":
      return meanAbsoluteError
    case "huber":
      return huber(config)
  }
}

/**
 * Makes the loss a config describes. Fails with `ConfigError` on an unknown kind, an unknown option and an option out of
 * range.
 *
 * @example
 * import { Loss } from "@watertight/model"
 * import { Effect } from "effect"
 * Effect.runSync(Loss.fromConfig({ kind: "huber", delta: 2 })).config // => { kind: "huber", delta: 2 }
 */
export const fromConfig = (config: unknown): Effect.Effect<Loss, ConfigError> =>
  Schema.decodeUnknownEffect(Config)(config, { onExcessProperty: "error" }).pipe(
    Effect.mapBoth({ onSuccess: make, onFailure: (issue) => new ConfigError({ kind: "loss", reason: issue.message }) })
  )

/**
 * Returns the mean loss of a batch, `sum(weight · loss) / sum(weight)`, which is what PyTorch's class weights give: rows of
 * weight 0 are padding and change nothing, and a row of weight 2 counts as two. Targets are those of the loss, or for
 * categories distributions over the levels `[batch, levels]`.
 * A batch whose weights are all 0 has no mean: the result is NaN.
 */
export const mean = (
  loss: Loss,
  prediction: tf.Tensor2D,
  target: tf.Tensor1D | tf.Tensor2D,
  weight: tf.Tensor1D
): tf.Scalar => tf.div(tf.sum(tf.mul(each(loss, prediction, target), weight)), tf.sum(weight))

/** A target of two axes is a distribution over levels for each row. */
const each = (loss: Loss, prediction: tf.Tensor2D, target: tf.Tensor1D | tf.Tensor2D): tf.Tensor1D => {
  if (target.rank === 1) return loss.perExample(prediction, target as tf.Tensor1D) // of rank 1
  if (loss.perBlend === undefined) throw new RangeError(`Loss: ${String(loss.config.kind)} takes no blended labels`)
  return loss.perBlend(prediction, target as tf.Tensor2D) // of rank 2
}

const bounding: ReadonlyArray<string> = ["relu", "elu", "sigmoid", "tanh"]
const transparent: ReadonlyArray<string> = ["dropout", "flatten"]

/**
 * Checks that a model's output suits a loss: as many numbers as the loss takes for a target of `levels` levels (0 for a
 * float target), and, where the loss takes logits, no activation after the last layer that weighs.
 */
export const check = (loss: Loss, built: Built, levels: number): Effect.Effect<void, LossMismatch> => {
  const name = String(loss.config.kind)
  const outputs = loss.outputs(levels)
  const refuse = (expected: string, got: string) => Effect.fail(new LossMismatch({ loss: name, expected, got }))
  if (loss.target === "category" && outputs === 1 && levels !== 2) {
    return refuse("a target of 2 levels", `its predictions for one of ${levels}; use Loss.crossEntropy`)
  }
  if (built.output.length !== 1 || built.output[0] !== outputs) {
    return refuse(`outputs of shape [${outputs}]`, `[${built.output.join(", ")}]`)
  }
  const last = built.layers.findLast((layer) => !transparent.includes(layer.kind))
  if (loss.target === "category" && last !== undefined && bounding.includes(last.kind)) {
    return refuse("logits, any real numbers", `the output of ${last.path}; remove that layer`)
  }
  return Effect.void
}
