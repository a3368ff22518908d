/** The rows and the training of examples/digits, in pieces that can be measured one by one. */
import { NodeServices } from "@effect/platform-node"
import { Key, Ledger, Pipeline, Store } from "@watertight/core"
import { type Dataset, Loader, Partitions, Recipe, Split } from "@watertight/data"
import { Loss, Module, type Program, TrainStep } from "@watertight/model"
import { Clip, LearningRate, Optimizer, Transform } from "@watertight/optim"
import { Effect } from "effect"
import { type Digits, read } from "../examples/digits/digits.ts"

export const width = 784
export const batchSize = 128
export const key = Key.fromSeed(7)
export const loss = Loss.crossEntropy({ smoothing: 0.05 })
export const module = (dropout: number) => Module.mlp({ hidden: [512, 256], output: 10, dropout })
export const optimizer = Transform.chain(
  Clip.byGlobalNorm(1),
  Optimizer.adamw({ learningRate: LearningRate.warmupCosine({ peak: 1e-3, warmup: 0.05 }), weightDecay: 0.01 })
)
export const selection = { features: ["image"], target: "label", batchSize } as const

/** The prepared rows: 54,000 for training, 6,000 for validation. */
export const rows = Effect.gen(function* () {
  const parts = Split.given({ train: read("train"), test: read("t10k") }, { validation: 0.1, stratify: "label" })
  const recipe = Recipe.of(parts.train).pipe(Recipe.scale("image", 1 / 255), Recipe.standardize("image"))
  const { train, validation } = Partitions.map(parts, (part) => Recipe.apply(Recipe.fit(recipe, parts.train), part))
  return (yield* Pipeline.run(Pipeline.make("bench", { train, validation }), { seed: 7 })).outputs
}).pipe(Effect.provide([Store.layerMemory, Ledger.layerMemory, NodeServices.layer]))

/** What a step reads, by name. */
export const inputsOf = (batch: Loader.Batch, step: number): Program.Data => {
  const scalars = Object.entries(optimizer.scalars({ step, totalSteps: 10_000 }))
  return {
    features: batch.features,
    target: batch.target,
    weight: batch.weight,
    ...TrainStep.under("noise", batch.noise),
    ...TrainStep.under("scalar", Object.fromEntries(scalars.map(([name, value]) => [name, Float32Array.of(value)])))
  }
}

/** Copies inputs out of the arrays that a loader writes into again. */
export const copy = (inputs: Program.Data): Program.Data =>
  Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, values.slice()]))

/** The training step, the state it starts with, and the first `count` batches with their dropout masks. */
export const step = Effect.fnUntraced(function* (train: Dataset.Dataset<typeof Digits, "train">, count: number) {
  const built = yield* module(0.2).build([width])
  const program = TrainStep.training({ built, input: [width], loss, batchSize }, optimizer)
  const noise = Object.entries(built.noise).map(([name, { keep, shape }]) => ({
    name,
    keep,
    size: batchSize * shape[0]
  }))
  const loader = yield* Loader.make(train, { ...selection, key, noise, prefetch: 0 })
  const batches: Array<Program.Data> = []
  for (let step = 0; step < count; step++) {
    batches.push(copy(inputsOf(yield* loader.read({ version: 1, epoch: 0, step }), step)))
  }
  return { program, batches, parameters: TrainStep.under("parameters", Module.initialize(built, key)) }
})
