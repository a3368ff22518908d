import { Ledger, Pipeline, Store } from "@watertight/core"
import { Augment, Column, Columns, Source, Split, Table } from "@watertight/data"
import { NoPeeking } from "@watertight/data/testing"
import { Engine, Loss, Module, Train } from "@watertight/model"
import { ResumeLaws } from "@watertight/model/testing"
import { Optimizer } from "@watertight/optim"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"

const columns = Columns.make({
  image: Column.tensor([5, 5]),
  kind: Column.category(["column", "row"]),
  value: Column.float
})

/** Images of a bright column or a bright row, somewhere. */
const lines = (length: number) => {
  const image = Float32Array.from({ length: 25 * length }, (_, place) => {
    const [row, at] = [Math.floor(place / 25), place % 25]
    const line = (row * 7) % 5
    return (row % 2 === 0 ? at % 5 : Math.floor(at / 5)) === line ? 1 : 0.1 * Math.sin(place)
  })
  const kind = Int32Array.from({ length }, (_, row) => row % 2)
  const value = Float64Array.from(kind)
  return Effect.runSync(Table.make(columns, { image, kind, value }, { length }))
}

const parts = Split.stratified(Source.fromTable(lines(120)), { on: "kind", validation: 0.2, test: 0.2 })
const describes = Augment.of(parts.train)
const shifted = describes.pipe(Augment.crop("image", { padding: 1 }))

interface Small {
  readonly augment?: typeof describes
  readonly epochs?: number
  readonly prefetch?: number
  readonly checkpointEvery?: number
  readonly batchSize?: number
  readonly loss?: Loss.Loss<"category">
}

const classify = ({
  augment,
  batchSize = 8,
  checkpointEvery,
  epochs = 2,
  loss = Loss.crossEntropy(),
  prefetch = 0
}: Small) =>
  Pipeline.make("lines", {
    model: Train.fit(Module.mlp({ hidden: [12], output: 2 }), {
      train: parts.train,
      validation: parts.validation,
      features: ["image"],
      target: "kind",
      loss,
      optimizer: Optimizer.adamw({ learningRate: 0.02 }),
      batchSize,
      epochs,
      prefetch,
      ...(augment === undefined ? {} : { augment }),
      ...(checkpointEvery === undefined ? {} : { checkpointEvery })
    })
  })

const fresh = Layer.merge(Store.layerMemory, Ledger.layerMemory)
const run = (pipeline: ReturnType<typeof classify>) =>
  Pipeline.run(pipeline, { seed: 7 }).pipe(Effect.provide(fresh, { local: true }))

describe("Train.fit with augmentation", () => {
  it.live("D42 D52 learns from shifted images, never stores them, and its manifest says what was done", () =>
    Effect.gen(function* () {
      const { manifest, outputs } = yield* run(classify({ augment: shifted, epochs: 15 }))
      assert.isAbove(outputs.model.epochs.at(-1)?.validationAccuracy ?? 0, 0.9)
      const node = manifest.nodes.find(({ stage }) => stage === "train-model")
      assert.deepInclude(node?.params, { augment: JSON.parse(JSON.stringify(shifted.operations)) })
      const plain = yield* run(classify({ epochs: 15 }))
      assert.notDeepEqual(plain.outputs.model.steps.loss, outputs.model.steps.loss)
      assert.deepStrictEqual(
        plain.manifest.nodes.filter(({ stage }) => stage !== "train-model").map(({ digest }) => digest),
        manifest.nodes.filter(({ stage }) => stage !== "train-model").map(({ digest }) => digest)
      )
    }).pipe(Effect.provide(Engine.onnx({ threads: 1 })))
  )

  it.live("D49 D51 learns from blended labels; validation is of whole ones", () =>
    Effect.gen(function* () {
      for (const loss of [Loss.crossEntropy(), Loss.crossEntropy({ smoothing: 0.1 })]) {
        const { outputs } = yield* run(classify({ augment: shifted.pipe(Augment.mixup()), epochs: 20, loss }))
        const last = outputs.model.epochs.at(-1)
        assert.isAbove(last?.validationAccuracy ?? 0, 0.9)
        // The least cross-entropy of a blend is its own entropy, not 0.
        assert.isBelow(last?.validationLoss ?? 9, last?.trainLoss ?? 0)
      }
    }).pipe(Effect.provide(Engine.onnx({ threads: 1 })))
  )

  it.live("D49 a number's blend is a number, for one logit the share of level 1", () =>
    Effect.gen(function* () {
      const shared = {
        train: parts.train,
        validation: parts.validation,
        features: ["image"],
        optimizer: Optimizer.adamw({ learningRate: 0.02 }),
        batchSize: 8,
        epochs: 15,
        prefetch: 0,
        augment: shifted.pipe(Augment.mixup())
      } as const
      const module = Module.mlp({ hidden: [12], output: 1 })
      const number = Train.fit(module, { ...shared, target: "value", loss: Loss.meanSquaredError })
      const binary = Train.fit(module, { ...shared, target: "kind", loss: Loss.binaryCrossEntropy() })
      const { outputs } = yield* Pipeline.run(Pipeline.make("lines", { number, binary }), { seed: 7 }).pipe(
        Effect.provide(fresh, { local: true })
      )
      assert.isBelow(outputs.number.epochs.at(-1)?.validationLoss ?? 9, 0.15)
      assert.isBelow(outputs.binary.epochs.at(-1)?.validationLoss ?? 9, 0.5)
    }).pipe(Effect.provide(Engine.onnx({ threads: 1 })))
  )

  it.live("D52 the same seed gives the same bits, whatever the prefetch", () =>
    Effect.gen(function* () {
      const augment = shifted.pipe(Augment.cutmix("image"), Augment.noise("image"))
      const roots = yield* Effect.forEach([0, 3], (prefetch) =>
        Effect.map(run(classify({ augment, prefetch })), ({ manifest }) => manifest.root)
      )
      assert.strictEqual(roots[0], roots[1])
    }).pipe(Effect.provide(Engine.onnx({ threads: 1 })))
  )

  it.live("D52 resumed at any step, training ends in the same bits", () =>
    ResumeLaws.check(classify({ augment: shifted.pipe(Augment.mixup()), checkpointEvery: 1, batchSize: 30 }), {
      seed: 7,
      checkpointEvery: 1
    }).pipe(Effect.provide(Engine.onnx({ threads: 1 })))
  )

  it.live(
    "D51 what an augmentation measures, it measures on train rows: changing the test rows changes nothing",
    () => {
      const augment = shifted.pipe(Augment.noise("image"), Augment.cutout("image", { size: 2 }), Augment.mixup())
      return NoPeeking.check(classify({ augment, epochs: 1 }), { seed: 7 }).pipe(
        Effect.provide(Engine.onnx({ threads: 1 }))
      )
    }
  )

  it.live("D49 a loss that takes no blended labels is refused before the first step", () =>
    Effect.gen(function* () {
      const { perBlend: _, ...plain } = Loss.crossEntropy()
      const error = yield* Effect.flip(run(classify({ augment: describes.pipe(Augment.mixup()), loss: plain })))
      assert.match(error.message, /"augment": mixup blends labels, and the loss crossEntropy takes none/)
    }).pipe(Effect.provide(Engine.onnx({ threads: 1 })))
  )
})
