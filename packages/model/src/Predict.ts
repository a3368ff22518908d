/**
 * Runs a trained model over rows, in their order: predictions and losses per row. Training uses it to watch validation,
 * evaluation to read the test partition.
 */
import { Loader, type Table } from "@watertight/data"
import { Effect, type Scope } from "effect"
import * as Engine from "./Engine.ts"
import type * as Safetensors from "./internal/safetensors.ts"
import type { ShapeError } from "./Module.ts"
import type { TensorData } from "./Program.ts"
import type * as Trained from "./Trained.ts"
import * as TrainStep from "./TrainStep.ts"

/** What a model makes of rows, each row's values one after the other. */
export interface Predictions {
  readonly rows: number
  /** Numbers per row: logits, or the predicted value. */
  readonly outputs: number
  /** `rows * outputs` numbers. */
  readonly predicted: Float32Array
  /** The loss of each row. */
  readonly loss: Float32Array
  /** Codes of a category, or values. */
  readonly target: Int32Array | Float32Array
}

/** The rows per run of the compiled program; results do not depend on it. */
const defaultBatchSize = 256

/** A compiled model, to be given weights and rows. */
export interface Predictor {
  readonly predict: (
    weights: Readonly<Record<string, TensorData>>,
    batches: Loader.Batches
  ) => Effect.Effect<Predictions, Engine.ExecutionError>
}

/** Compiles a model for prediction. */
export const predictor = Effect.fnUntraced(function* (
  parts: TrainStep.Parts
): Effect.fn.Return<Predictor, Engine.CompileError, Engine.Engine | Scope.Scope> {
  const engine = yield* Engine.Engine
  const executable = yield* engine.compile(TrainStep.evaluation(parts))
  const outputs = parts.built.output.reduce((product, size) => product * size, 1)
  const predict: Predictor["predict"] = Effect.fnUntraced(function* (weights, batches) {
    yield* executable.write(TrainStep.under("parameters", weights))
    const predicted = new Float32Array(batches.rows * outputs)
    const loss = new Float32Array(batches.rows)
    for (let step = 0; step < batches.steps; step++) {
      const batch = batches.batch(step)
      const result = yield* executable.run({ features: batch.features, target: batch.target })
      const first = step * batches.batchSize
      predicted.set(result["prediction"].subarray(0, batch.rows * outputs), first * outputs)
      loss.set(result["loss"].subarray(0, batch.rows), first)
    }
    return { rows: batches.rows, outputs, predicted, loss, target: batches.target }
  })
  return { predict }
})

/** Returns each tensor's values. */
export const values = (
  tensors: Readonly<Record<string, Safetensors.HostTensor>>
): Readonly<Record<string, TensorData>> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]))

/** What can go wrong in a prediction. */
export type Errors = Engine.CompileError | Engine.ExecutionError | Loader.LoaderError | ShapeError

/** Runs a trained model over the rows of a table that holds its features and target. */
export const run = Effect.fn("Predict.run")(function* (
  trained: Trained.Trained,
  table: Table.Table
): Effect.fn.Return<Predictions, Errors, Engine.Engine> {
  const { features, input, loss, module, target, weights } = trained
  const built = yield* module.build(input)
  const batchSize = Math.min(defaultBatchSize, Math.max(1, table.length))
  const batches = yield* Loader.sequential(table, { features, target, batchSize })
  return yield* Effect.scoped(
    Effect.flatMap(predictor({ built, input, loss, batchSize }), ({ predict }) => predict(values(weights), batches))
  )
})

/** Counts the share of rows whose largest output is their target's code. */
export const accuracy = ({ outputs, predicted, rows, target }: Predictions): number => {
  let right = 0
  for (let row = 0; row < rows; row++) if (argMax(predicted, row * outputs, outputs) === target[row]) right++
  return right / rows
}

/** Returns the place of the largest of `length` values from `begin` on; of equal ones the first. */
export const argMax = (values: Float32Array, begin: number, length: number): number => {
  let best = 0
  for (let index = 1; index < length; index++) if (values[begin + index] > values[begin + best]) best = index
  return best
}
