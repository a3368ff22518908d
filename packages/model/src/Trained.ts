/**
 * A trained model as an artifact: what it is (module, features, target), its best weights as safetensors, and the history
 * of its training, step by step and epoch by epoch, so that two trainings can be compared down to the step and tensor at
 * which they part.
 */
import { type Artifact, Blob, Codec, Digest, type Replay } from "@watertight/core"
import { Column } from "@watertight/data"
import { Effect, Schema } from "effect"
import * as Safetensors from "./internal/safetensors.ts"
import * as Loss from "./Loss.ts"
import * as Module from "./Module.ts"

/** What one epoch came to. Losses are means over rows; `accuracy` is there when the target is a category. */
export const Epoch = Schema.Struct({
  epoch: Schema.Int,
  steps: Schema.Int,
  trainLoss: Schema.Finite,
  validationLoss: Schema.Finite,
  validationAccuracy: Schema.NullOr(Schema.Finite),
  learningRate: Schema.Finite,
  /** The digest of each weight tensor when the epoch ended. */
  tensors: Schema.Record(Schema.String, Schema.String)
})

/** What one epoch came to. */
export type Epoch = typeof Epoch.Type

const Description = Schema.Struct({
  module: Schema.Json,
  loss: Schema.Json,
  features: Schema.Array(Schema.String),
  /** The shape of one row's features. */
  input: Schema.Array(Schema.Int),
  target: Schema.String,
  column: Column.Declaration,
  epochs: Schema.Array(Epoch),
  bestEpoch: Schema.Int,
  stopped: Schema.Literals(["all epochs", "early"])
})

/** What a trained model is and how it came about. */
export type Description = typeof Description.Type

/** A trained model: its best weights, and its history. */
export interface Trained<out Target extends Column.Column = Column.Column> {
  readonly module: Module.Module
  readonly loss: Loss.Loss
  readonly features: ReadonlyArray<string>
  readonly input: ReadonlyArray<number>
  readonly target: string
  readonly column: Target
  readonly weights: Readonly<Record<string, Safetensors.HostTensor>>
  readonly epochs: ReadonlyArray<Epoch>
  readonly bestEpoch: number
  readonly stopped: Description["stopped"]
  /** One value per step. */
  readonly steps: { readonly loss: Float32Array; readonly gradientNorm: Float32Array }
}

const series = (data: Float32Array): Safetensors.HostTensor => ({ shape: [data.length], dtype: "float32", data })

const encode = (trained: Trained): Codec.Encoded => {
  const { bestEpoch, column, epochs, features, input, loss, module, steps, stopped, target, weights } = trained
  return {
    meta: Schema.encodeSync(Description)({
      module: module.config,
      loss: loss.config,
      features,
      input,
      target,
      column,
      epochs,
      bestEpoch,
      stopped
    }),
    blobs: {
      "weights.safetensors": Safetensors.encode(weights, { framework: "watertight" }),
      "steps.safetensors": Safetensors.encode({ loss: series(steps.loss), gradientNorm: series(steps.gradientNorm) })
    }
  }
}

const float32Of = (tensors: Readonly<Record<string, Safetensors.HostTensor>>, name: string): Float32Array =>
  new Float32Array(tensors[name]?.data ?? [])

const decode = Effect.fnUntraced(
  function* ({ blobs, meta }: Codec.Encoded) {
    const description = yield* Schema.decodeUnknownEffect(Description)(meta, { onExcessProperty: "error" })
    const module = yield* Module.fromConfig(description.module)
    const loss = yield* Loss.fromConfig(description.loss)
    const weights = yield* Safetensors.decode(Blob.bytes(blobs["weights.safetensors"]))
    const steps = yield* Safetensors.decode(Blob.bytes(blobs["steps.safetensors"]))
    const trained: Trained = {
      ...description,
      module,
      loss,
      weights: weights.tensors,
      steps: { loss: float32Of(steps.tensors, "loss"), gradientNorm: float32Of(steps.tensors, "gradientNorm") }
    }
    return trained
  },
  Effect.mapError((error) => new Codec.ArtifactError({ codec: "trained", reason: error.message }))
)

/** Keeps trained models: JSON and two safetensors files. */
export const codec = <Target extends Column.Column>(): Codec.Codec<Trained<Target>> =>
  Codec.stored({
    name: "trained",
    encode,
    decode: (encoded) => decode(encoded) as Effect.Effect<Trained<Target>, Codec.ArtifactError> // written by this codec for this target
  })

/** Returns the digest of each tensor. */
export const digests = (tensors: Readonly<Record<string, Safetensors.HostTensor>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, Digest.short(Digest.of(data))]))

const firstStep = (left: Float32Array, right: Float32Array): number | undefined => {
  const a = new Uint32Array(left.buffer, left.byteOffset, left.length)
  const b = new Uint32Array(right.buffer, right.byteOffset, right.length)
  const length = Math.min(a.length, b.length)
  for (let step = 0; step < length; step++) if (a[step] !== b[step]) return step
  return a.length === b.length ? undefined : length
}

/** Finds the first epoch, step and tensor at which two trainings part. */
export const explain: Replay.Explain = Effect.fnUntraced(function* (left: Artifact.Artifact, right: Artifact.Artifact) {
  const [a, b] = yield* Effect.all([decode(left), decode(right)])
  const loss = firstStep(a.steps.loss, b.steps.loss)
  const norm = firstStep(a.steps.gradientNorm, b.steps.gradientNorm)
  const step = Math.min(loss ?? Infinity, norm ?? Infinity)
  const epoch = a.epochs.findIndex(({ tensors }, index) => !sameTensors(tensors, b.epochs[index]?.tensors))
  const changed = epoch < 0 ? undefined : a.epochs[epoch].tensors
  const names = Object.keys(changed ?? {}).filter((name) => changed?.[name] !== b.epochs[epoch]?.tensors[name])
  const byEpochEnd = names.length === 0 ? [] : [`by the end of epoch ${epoch + 1} in ${names.join(", ")}`]
  if (step < Infinity) {
    const [series, label] = loss === step ? (["loss", "loss"] as const) : (["gradientNorm", "gradient norm"] as const)
    const where = [`epoch ${epochOf(a, step)}, step ${step + 1}, ${label}`, ...byEpochEnd].join("; ")
    const value = ({ steps }: Trained) => (step < steps[series].length ? String(steps[series][step]) : "no such step")
    return { where, left: value(a), right: value(b) }
  }
  if (changed === undefined) return undefined
  return { where: byEpochEnd[0], left: changed[names[0]], right: String(b.epochs[epoch]?.tensors[names[0]]) }
})

const sameTensors = (left: Epoch["tensors"], right: Epoch["tensors"] | undefined): boolean =>
  right !== undefined && Object.keys(left).every((name) => left[name] === right[name])

const epochOf = ({ epochs }: Trained, step: number): number => {
  let last = 0
  const found = epochs.findIndex(({ steps }) => step < (last += steps))
  return (found < 0 ? epochs.length : found) + 1
}
