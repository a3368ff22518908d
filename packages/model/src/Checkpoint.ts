/**
 * The unfinished work of a training, whole: parameters and optimizer state, the best weights so far, what has been
 * recorded, and the position in the stream of batches. From here the training goes on in the same bits.
 */
import { Loader } from "@watertight/data"
import { Effect, Schema } from "effect"
import * as Safetensors from "./internal/safetensors.ts"
import { Epoch } from "./Trained.ts"

/** A training at the start of a step. */
export interface Checkpoint {
  readonly position: Loader.Position
  readonly state: Readonly<Record<string, Safetensors.HostTensor>>
  /** The weights of the epoch with the best validation; none before the first epoch ended. */
  readonly best: Readonly<Record<string, Safetensors.HostTensor>>
  readonly bestEpoch: number
  readonly epochs: ReadonlyArray<Epoch>
  /** One value per step taken so far. */
  readonly loss: Float32Array
  readonly gradientNorm: Float32Array
}

/** Stored unfinished work does not have the form that is written. */
export class CheckpointError extends Schema.TaggedError<CheckpointError>()("CheckpointError", {
  reason: Schema.String
}) {
  override get message() {
    return `The checkpoint of this training cannot be read: ${this.reason}. Delete the store's checkpoints folder to start over.`
  }
}

const Progress = Schema.fromJsonString(
  Schema.Struct({ position: Loader.Position, bestEpoch: Schema.Int, epochs: Schema.Array(Epoch) })
)

const prefixed = (prefix: string, tensors: Checkpoint["state"]) =>
  Object.entries(tensors).map(([name, tensor]) => [`${prefix}:${name}`, tensor] as const)

const unprefixed = (prefix: string, tensors: Checkpoint["state"]) =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) =>
      name.startsWith(`${prefix}:`) ? [[name.slice(prefix.length + 1), tensor]] : []
    )
  )

const series = (data: Float32Array): Safetensors.HostTensor => ({ shape: [data.length], dtype: "float32", data })

/** Writes a checkpoint as a safetensors file. */
export const encode = (checkpoint: Checkpoint): Uint8Array => {
  const { best, bestEpoch, epochs, gradientNorm, loss, position, state } = checkpoint
  const tensors = Object.fromEntries([
    ...prefixed("state", state),
    ...prefixed("best", best),
    ...prefixed("steps", { loss: series(loss), gradientNorm: series(gradientNorm) })
  ])
  return Safetensors.encode(tensors, { progress: Schema.encodeSync(Progress)({ position, bestEpoch, epochs }) })
}

/** Reads a checkpoint. */
export const decode = Effect.fnUntraced(
  function* (bytes: Uint8Array) {
    const { metadata, tensors } = yield* Safetensors.decode(bytes)
    const progress = yield* Schema.decodeUnknownEffect(Progress)(metadata["progress"])
    const steps = unprefixed("steps", tensors)
    const checkpoint: Checkpoint = {
      ...progress,
      state: unprefixed("state", tensors),
      best: unprefixed("best", tensors),
      loss: new Float32Array(steps["loss"]?.data ?? []),
      gradientNorm: new Float32Array(steps["gradientNorm"]?.data ?? [])
    }
    return checkpoint
  },
  Effect.mapError((error) => new CheckpointError({ reason: error.message }))
)
