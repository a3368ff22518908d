import { Event, Ledger, Pipeline, Store } from "@watertight/core"
import { Column, Columns, Recipe, Resample, Sampler, Source, Split, Table } from "@watertight/data"
import { Engine, Loss, Module, Train } from "@watertight/model"
import { ResumeLaws } from "@watertight/model/testing"
import { Clip, LearningRate, Optimizer, Transform } from "@watertight/optim"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result, Schema } from "effect"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { Worker } from "node:worker_threads"

const columns = Columns.make({
  x: Column.tensor([3], "float32"),
  kind: Column.category(["low", "high"]),
  y: Column.float
})

/** Rows whose kind and value follow from x by a rule. */
const rows = (length: number, change: (y: number, row: number) => number = (y) => y) => {
  const x = Float32Array.from({ length: 3 * length }, (_, place) => Math.sin(1.7 * place + 0.3))
  const sum = Float64Array.from({ length }, (_, row) => x[3 * row] + 2 * x[3 * row + 1] - x[3 * row + 2])
  const y = sum.map(change)
  return Effect.runSync(
    Table.make(columns, { x, kind: Int32Array.from(sum, (value) => (value > 0 ? 1 : 0)), y }, { length })
  )
}

interface Small {
  readonly epochs?: number
  readonly prefetch?: number
  readonly checkpointEvery?: number
  readonly learningRate?: number
  readonly patience?: number
  readonly dropout?: number
  readonly length?: number
}

const classify = (options: Small = {}) => {
  const { checkpointEvery, dropout = 0.25, epochs = 3, learningRate = 0.02, length = 60, prefetch = 0 } = options
  const parts = Split.stratified(Source.fromTable(rows(length)), { on: "kind", validation: 0.2, test: 0.2 })
  const model = Train.fit(Module.mlp({ hidden: [8], output: 2, dropout }), {
    train: parts.train,
    validation: parts.validation,
    features: ["x"],
    target: "kind",
    loss: Loss.crossEntropy(),
    optimizer: Transform.chain(
      Clip.byGlobalNorm(1),
      Optimizer.adamw({ learningRate: LearningRate.warmupCosine({ peak: learningRate, warmup: 2 }) })
    ),
    batchSize: 8,
    epochs,
    prefetch,
    ...(options.patience === undefined ? {} : { stopping: { patience: options.patience } }),
    ...(checkpointEvery === undefined ? {} : { checkpointEvery })
  })
  return Pipeline.make("small", { model })
}

const regress = (options: { readonly learningRate: number; readonly change?: (y: number, row: number) => number }) => {
  const parts = Split.random(Source.fromTable(rows(60, options.change)), { validation: 0.2, test: 0.2 })
  const model = Train.fit(Module.mlp({ hidden: [8], output: 1 }), {
    train: parts.train,
    validation: parts.validation,
    features: ["x"],
    target: "y",
    loss: Loss.meanSquaredError,
    optimizer: Optimizer.sgd({ learningRate: options.learningRate }),
    batchSize: 8,
    epochs: 40,
    prefetch: 0
  })
  return Pipeline.make("small", { model })
}

const fresh = Layer.merge(Store.layerMemory, Ledger.layerMemory)
const onnx = (threads: number) => Engine.onnx({ threads })

const run = <O extends Pipeline.Outputs>(pipeline: Pipeline.Pipeline<O>, seed = 7) =>
  Pipeline.run(pipeline, { seed }).pipe(Effect.provide(fresh, { local: true }))

describe("Train.fit", () => {
  it.live("T01 learns: the loss falls and validation accuracy rises", () =>
    Effect.gen(function* () {
      const { outputs } = yield* run(classify({ epochs: 20, length: 300, dropout: 0 }))
      const [first, last] = [outputs.model.epochs[0], outputs.model.epochs[19]]
      assert.isBelow(last.trainLoss, 0.5 * first.trainLoss)
      assert.isAbove(last.validationAccuracy ?? 0, 0.9)
    }).pipe(Effect.provide(onnx(1)))
  )

  it.live(
    "the same seed gives the same root digest, whatever the prefetch and the threads; another seed does not",
    () =>
      Effect.gen(function* () {
        const roots = yield* Effect.forEach(
          [
            { prefetch: 0, threads: 1 },
            { prefetch: 1, threads: 1 },
            { prefetch: 5, threads: 2 }
          ],
          ({ prefetch, threads }) =>
            run(classify({ prefetch })).pipe(
              Effect.map(({ manifest }) => manifest.root),
              Effect.provide(onnx(threads))
            )
        )
        assert.strictEqual(new Set(roots).size, 1)
        const other = yield* run(classify(), 8).pipe(Effect.provide(onnx(1)))
        assert.notStrictEqual(other.manifest.root, roots[0])
      })
  )

  it.live("the compiled engine follows the reference", () =>
    Effect.gen(function* () {
      const compiled = yield* run(classify()).pipe(Effect.provide(onnx(1)))
      const reference = yield* run(classify()).pipe(Effect.provide(Engine.reference))
      const [a, b] = [compiled.outputs.model.steps.loss, reference.outputs.model.steps.loss]
      assert.strictEqual(a.length, b.length)
      a.forEach((value, step) => assert.approximately(value, b[step], 1e-4))
    })
  )

  it.live("T13 T14 stops early when validation no longer improves, and keeps the best weights, not the last", () =>
    Effect.gen(function* () {
      const { outputs } = yield* run(classify({ epochs: 60, patience: 3, learningRate: 0.3 }))
      const { bestEpoch, epochs, stopped } = outputs.model
      assert.strictEqual(stopped, "early")
      assert.strictEqual(epochs.length, bestEpoch + 3)
      const losses = epochs.map(({ validationLoss }) => validationLoss)
      assert.strictEqual(losses.indexOf(Math.min(...losses)), bestEpoch - 1)
    }).pipe(Effect.provide(onnx(1)))
  )

  it.live(
    "T07 a loss that is no number any more stops the run with step, last finite loss, rate and gradient norm",
    () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(run(regress({ learningRate: 1e6 })))
        assert.isTrue(error._tag === "LossNotFinite")
        if (error._tag !== "LossNotFinite") return
        assert.isAbove(error.step, 1)
        assert.isNotNull(error.lastFiniteLoss)
        assert.strictEqual(error.learningRate, 1e6)
        assert.match(
          error.message,
          /The loss became .* in epoch \d+, step \d+\. Last finite loss: .*; learning rate: 1000000; gradient norm: /
        )
      }).pipe(Effect.provide(onnx(1)))
  )

  it("built-in parts are covered by their versions; a layer, loss or rate of one's own is covered by its source files", () => {
    const codeWith = (
      change: Partial<{ module: Module.Module; loss: Loss.Loss<"category">; rate: LearningRate.LearningRate }>
    ) => {
      const parts = Split.stratified(Source.fromTable(rows(60)), { on: "kind", validation: 0.2, test: 0.2 })
      return Train.fit(change.module ?? Module.sequential([Module.dense(4), Module.relu, Module.dense(2)]), {
        train: parts.train,
        validation: parts.validation,
        features: ["x"],
        target: "kind",
        loss: change.loss ?? Loss.crossEntropy(),
        optimizer: Transform.chain(Clip.byGlobalNorm(1), Optimizer.adamw({ learningRate: change.rate ?? 1e-3 })),
        batchSize: 8,
        epochs: 1
      }).stage.code
    }
    const scale = Module.define({
      kind: "scale",
      options: Schema.Struct({ factor: Schema.Finite }),
      build: ({ factor }, input) => Result.succeed({ output: input, forward: (x) => x.mul(factor) })
    })
    const { code: _, ...ownLoss } = Loss.crossEntropy()
    assert.strictEqual(codeWith({}), "versioned")
    assert.strictEqual(codeWith({ module: Module.sequential([scale.make({ factor: 2 }), Module.dense(2)]) }), "sources")
    assert.strictEqual(codeWith({ loss: ownLoss }), "sources")
    assert.strictEqual(codeWith({ rate: { config: "mine", at: () => 1e-3 } }), "sources")
  })

  it.live("options that do not fit are refused", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(run(classify({ epochs: 0 })))
      assert.include(error.message, '"epochs": 0 is no positive whole number')
    }).pipe(Effect.provide(onnx(1)))
  )
})

/** Runs a pipeline and collects what its training tells. */
const told = <O extends Pipeline.Outputs>(pipeline: Pipeline.Pipeline<O>) =>
  Effect.gen(function* () {
    const notices: Array<string> = []
    const listen = (event: Event.Event) =>
      Effect.sync(() => void (event._tag === "Notice" && event.node === "train-model" && notices.push(event.message)))
    const { manifest, outputs } = yield* run(pipeline).pipe(Effect.provideService(Event.Listener, listen))
    return { manifest, notices, outputs }
  })

/** Rows of which one in ten is of the rare kind. */
const rare = (options: {
  readonly sampler?: Sampler.Sampler<"kind", "category">
  readonly classWeights?: "balanced" | { readonly low?: number; readonly high?: number }
  readonly batchSize?: number
  readonly last?: "pad" | "drop"
  readonly workers?: number
  readonly prefetch?: number
  readonly epochs?: number
}) => {
  const table = rows(300)
  const kind = Int32Array.from({ length: 300 }, (_, row) => (row % 10 === 0 ? 1 : 0))
  const x = table.values.x.map((value, place) => value + 0.3 * kind[Math.floor(place / 3)])
  const changed = Effect.runSync(Table.make(columns, { ...table.values, x, kind }, { length: 300 }))
  const parts = Split.stratified(Source.fromTable(changed), { on: "kind", validation: 0.2, test: 0.2 })
  const model = Train.fit(Module.mlp({ hidden: [], output: 2 }), {
    train: parts.train,
    validation: parts.validation,
    features: ["x"],
    target: "kind",
    loss: Loss.crossEntropy(),
    optimizer: Optimizer.adamw({ learningRate: 0.05 }),
    batchSize: 32,
    epochs: 8,
    prefetch: 0,
    ...options
  })
  return Pipeline.make("rare", { model })
}

describe("Train.fit's batches", () => {
  it.live(
    "D03 balanced class weights are a step's weights: what a sampler, weights given or none would do differs",
    () =>
      Effect.gen(function* () {
        const digestOf = (options: Parameters<typeof rare>[0]) =>
          Effect.map(
            run(rare(options)),
            ({ manifest, outputs }) => [manifest.root, outputs.model.steps.loss[0]] as const
          )
        const [balanced, loss] = yield* digestOf({ classWeights: "balanced" })
        // 180 train rows, 162 of them low: compute_class_weight gives 180 / (2 · 162) and 180 / (2 · 18).
        const [given] = yield* digestOf({ classWeights: { low: 180 / 324, high: 180 / 36 } })
        const [scaled] = yield* digestOf({ classWeights: { low: 180 / 324, high: 4 } })
        const [plain, plainLoss] = yield* digestOf({})
        const [sampled] = yield* digestOf({ sampler: Sampler.balanced("kind") })
        assert.strictEqual(given, balanced)
        assert.strictEqual(new Set([balanced, scaled, plain, sampled]).size, 4)
        assert.notStrictEqual(loss, plainLoss)
      }).pipe(Effect.provide(onnx(1)))
  )

  it.live("D03 with balanced classes the rare one is found more often than without", () =>
    Effect.gen(function* () {
      const shareOfRare = (options: Parameters<typeof rare>[0]) =>
        Effect.map(run(rare(options)), ({ outputs }) => {
          const bias = Object.entries(outputs.model.weights).find(([name]) => name.includes("bias"))?.[1].data ?? []
          return bias[1] - bias[0]
        })
      const plain = yield* shareOfRare({})
      for (const options of [{ classWeights: "balanced" }, { sampler: Sampler.balanced("kind") }] as const) {
        assert.isAbove((yield* shareOfRare(options)) - plain, 0.3)
      }
    }).pipe(Effect.provide(onnx(1)))
  )

  it.live("D03 L03 focal losses compile and follow the reference", () =>
    Effect.gen(function* () {
      for (const [loss, output] of [
        [Loss.focal(), 2],
        [Loss.binaryFocal({ focus: 1.5 }), 1]
      ] as const) {
        const parts = Split.stratified(Source.fromTable(rows(60)), { on: "kind", validation: 0.2, test: 0.2 })
        const model = Train.fit(Module.mlp({ hidden: [4], output }), {
          train: parts.train,
          validation: parts.validation,
          features: ["x"],
          target: "kind",
          loss,
          optimizer: Optimizer.adamw(),
          batchSize: 32,
          epochs: 2,
          prefetch: 0
        })
        const pipeline = Pipeline.make("focal", { model })
        const compiled = yield* run(pipeline).pipe(Effect.provide(onnx(1)))
        const reference = yield* run(pipeline).pipe(Effect.provide(Engine.reference))
        const expected = reference.outputs.model.steps.loss
        compiled.outputs.model.steps.loss.forEach((value, step) => assert.approximately(value, expected[step], 1e-5))
      }
    })
  )

  it.live("drops a last batch that is not full when asked to", () =>
    Effect.gen(function* () {
      const steps = ({ outputs }: Effect.Success<ReturnType<typeof told<ReturnType<typeof rare>["outputs"]>>>) =>
        outputs.model.epochs[0].steps
      assert.strictEqual(steps(yield* told(rare({ batchSize: 50, epochs: 1 }))), 4)
      assert.strictEqual(steps(yield* told(rare({ batchSize: 50, epochs: 1, last: "drop" }))), 3)
    }).pipe(Effect.provide(onnx(1)))
  )

  it.live("D60 D62 workers change no bit of the result", () =>
    Effect.gen(function* () {
      const roots = yield* Effect.forEach([{ prefetch: 0 }, { workers: 2, prefetch: 3 }], (options) =>
        Effect.map(run(rare({ ...options, classWeights: "balanced" })), ({ manifest }) => manifest.root)
      )
      assert.strictEqual(roots[0], roots[1])
    }).pipe(Effect.provide(onnx(1)))
  )

  it.live("D63 ends with a verdict, which the run's record keeps and no digest depends on", () =>
    Effect.gen(function* () {
      const { manifest, notices } = yield* told(rare({}))
      const again = yield* told(rare({}))
      const verdict = notices.at(-1) ?? ""
      assert.match(verdict, /^(compute|input)-bound: steps waited \d+\.\d % of the time for batches/)
      assert.deepStrictEqual(manifest.nodes.find(({ stage }) => stage === "train-model")?.notices, notices)
      assert.strictEqual(again.manifest.root, manifest.root)
      const few = yield* told(rare({ epochs: 1, batchSize: 180 }))
      assert.deepStrictEqual(few.notices, [], "one step tells nothing")
    }).pipe(Effect.provide(onnx(1)))
  )

  it.live("D60 a worker thread that is killed changes no bit, and is told", () =>
    Effect.gen(function* () {
      const threads: Array<Worker> = []
      const listen = (message: unknown) => threads.push((message as { readonly worker: Worker }).worker) // as Node documents
      yield* Effect.acquireRelease(
        Effect.sync(() => subscribe("worker_threads", listen)),
        () => Effect.sync(() => unsubscribe("worker_threads", listen))
      )
      const options = { epochs: 60, prefetch: 2, workers: 1 }
      const killing = Effect.suspend(() =>
        threads.length > 0 ? Effect.promise(() => threads[0].terminate()) : Effect.fail("")
      )
      const killer = yield* Effect.forkChild(Effect.eventually(killing))
      const { manifest, notices } = yield* told(rare(options))
      yield* Fiber.join(killer)
      assert.include(notices, "worker threads that died and were replaced: 1; no batch changed")
      const undisturbed = yield* told(rare(options))
      assert.strictEqual(undisturbed.manifest.root, manifest.root)
    }).pipe(Effect.scoped, Effect.provide(onnx(1)))
  )

  it.live("D64 says when the batch size is not common, and nothing when it is", () =>
    Effect.gen(function* () {
      const noticesOf = (batchSize: number) =>
        Effect.map(told(rare({ epochs: 1, batchSize })), ({ notices }) => notices)
      assert.match((yield* noticesOf(16))[0], /^batchSize is 16; 32 to 512 are common: smaller batches give noisier/)
      assert.deepStrictEqual(yield* noticesOf(64), [])
    }).pipe(Effect.provide(onnx(1)))
  )
})

describe("Train.fit on folds", () => {
  it.live("fits recipe and model to each fold unchanged, with draws of its own", () =>
    Effect.gen(function* () {
      const { train } = Split.random(Source.fromTable(rows(60)), { validation: 0.2, test: 0.2 })
      const folds = [...Resample.kFold(train, { folds: 2 }), ...Resample.bootstrap(train, { resamples: 1 })]
      const models = folds.map((fold) => {
        const fitted = Recipe.fit(Recipe.of(fold.train).pipe(Recipe.standardize("x")), fold.train)
        const model = Train.fit(Module.mlp({ hidden: [4], output: 2, dropout: 0.25 }), {
          train: Recipe.apply(fitted, fold.train),
          validation: Recipe.apply(fitted, fold.validation),
          features: ["x"],
          target: "kind",
          loss: Loss.crossEntropy(),
          optimizer: Optimizer.adamw(),
          batchSize: 8,
          epochs: 2,
          prefetch: 0
        })
        return [fold.name, model] as const
      })
      const { manifest, outputs } = yield* run(Pipeline.make("folds", Object.fromEntries(models)))
      assert.deepStrictEqual(Object.keys(outputs), ["fold-1", "fold-2", "bootstrap-1"])
      const addresses = manifest.nodes.filter(({ stage }) => stage === "train-model").map(({ address }) => address)
      assert.strictEqual(new Set(addresses).size, 3)
    }).pipe(Effect.provide(onnx(1)))
  )
})

describe(ResumeLaws.name, () => {
  it.live("T16 holds, with a checkpoint at every step", () =>
    ResumeLaws.check(classify({ checkpointEvery: 1, epochs: 2 }), { seed: 7, checkpointEvery: 1 }).pipe(
      Effect.provide(onnx(1))
    )
  )

  it.live("T16 holds, with a checkpoint at every second step and prefetch", () =>
    ResumeLaws.check(classify({ checkpointEvery: 2, epochs: 2, prefetch: 2 }), { seed: 7, checkpointEvery: 2 }).pipe(
      Effect.provide(onnx(1))
    )
  )

  /** Loses the last byte of every checkpoint it keeps: a bit of the optimizer's or the model's state. */
  const forgetful = Effect.map(Effect.provide(Store.Store, Store.layerMemory, { local: true }), (store) => ({
    ...store,
    write: (kind: Store.EntryKind, name: string, bytes: Uint8Array) =>
      store.write(
        kind,
        name,
        kind === "checkpoints" ? bytes.map((byte, at) => (at === bytes.length - 2 ? byte ^ 1 : byte)) : bytes
      )
  }))

  it.live("fails when a checkpoint loses a bit", () =>
    Effect.gen(function* () {
      const violation = yield* Effect.flip(
        ResumeLaws.check(classify({ checkpointEvery: 1, epochs: 2 }), { seed: 7, checkpointEvery: 1, store: forgetful })
      )
      assert.strictEqual(violation._tag, "LawViolation")
    }).pipe(Effect.provide(onnx(1)))
  )

  /** Keeps no checkpoints at all. */
  const oblivious = Effect.map(Effect.provide(Store.Store, Store.layerMemory, { local: true }), (store) => ({
    ...store,
    write: (kind: Store.EntryKind, name: string, bytes: Uint8Array) =>
      kind === "checkpoints" ? Effect.void : store.write(kind, name, bytes)
  }))

  it.live("fails when the next run starts over", () =>
    Effect.gen(function* () {
      const violation = yield* Effect.flip(
        ResumeLaws.check(classify({ checkpointEvery: 1, epochs: 2 }), { seed: 7, checkpointEvery: 1, store: oblivious })
      )
      assert.include(violation.message, "started over")
    }).pipe(Effect.provide(onnx(1)))
  )
})
