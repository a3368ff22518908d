/** Keys, digests, stages, rows: what a user's own code does with them. */
import { Codec, Digest, Key, Ledger, Node, Permutation, Pipeline, Stage, Store } from "@watertight/core"
import { type Column, Dataset, Loader, Sampler, Step, type Table } from "@watertight/data"
import { Effect, Schema } from "effect"
import { Loss, Module, Train } from "@watertight/model"
import { Optimizer } from "@watertight/optim"
import { digitParts, double, mean, parts, two, type Taxi } from "../fixtures.ts"

declare const train: Dataset.Dataset<typeof Taxi, "train">
declare const validation: Dataset.Dataset<typeof Taxi, "validation">
declare const test: Dataset.Dataset<typeof Taxi, "test">
declare const permit: Ledger.Permit

// legal: fingerprints of nested plain values
Digest.of({ a: [1, "b", null, undefined, 2n, true], c: { d: new Float32Array(3) } })

// legal: fingerprints of readonly values
Digest.of([1, 2, 3] as const)

// legal: keys by name and by number
Key.foldIn(Key.foldIn(Key.fromSeed(0), "augment"), 7)

// legal: several keys at once
Key.split(Key.fromSeed(7), 3)[2].hi.toFixed()

// legal: one element of a huge permutation
Permutation.make(Key.fromSeed(7), 2 ** 48).at(2 ** 47)

// legal: many elements
Permutation.make(Key.fromSeed(7), 60_000).fill(new Uint32Array(128), 0)

// legal: a stage without inputs, and one of another
Node.make(double, { n: Node.make(two, {}) })

// legal: a stage that learns from train rows, on train rows
Node.make(mean, { rows: parts.train })

// legal: a node of a narrower type where a wider one is taken
const wider: Node.Node<number | string> = Node.make(two, {})

// legal: a partition where any partition is taken
const any: Dataset.Dataset = test

// legal: a table of known columns where any table is taken
const tables = (table: Table.Table<typeof Taxi>): Table.Table => table

// legal: parameters that are data
Stage.make({
  name: "s",
  version: 1,
  params: { rate: 0.1, names: ["a"], nested: { flag: true, none: null } },
  codec: Codec.json("number", Schema.Finite),
  run: () => Effect.succeed(1)
})

// legal: an artifact that is a structure
Codec.json("pair", Schema.Struct({ a: Schema.Finite, b: Schema.Array(Schema.String) }))

// legal: reading train and validation rows
Effect.zip(Dataset.rows(train), Dataset.rows(validation))

// legal: reading test rows with the ledger's permit
Dataset.unseal(test, permit)

// legal: who the test rows are, not what they hold
Ledger.rowSet(Dataset.ids(test))

// legal: loading train rows
Loader.make(train, { features: ["distance", "tip"], target: "fare", batchSize: 8, key: Key.fromSeed(1) })

// legal: loading validation rows, with noise, workers and prefetch
Loader.make(validation, {
  features: ["distance"],
  target: "zone",
  batchSize: 8,
  key: Key.fromSeed(1),
  sampler: Sampler.sequential,
  noise: [{ name: "dropout", size: 8, keep: 0.8 }],
  prefetch: 4,
  workers: 2
})

// legal: loading one rank's part of weighted batches
Loader.make(train, {
  features: ["distance"],
  target: "zone",
  batchSize: 8,
  key: Key.fromSeed(1),
  sampler: Sampler.weighted("tip", { perEpoch: 100 }),
  shard: { rank: 0, of: 4 },
  last: "drop"
})

// legal: class weights learned from train rows
const balanced = { features: ["tip"], target: "zone", batchSize: 8, key: Key.fromSeed(1) } as const
Loader.make(train, { ...balanced, classWeights: "balanced", sampler: Sampler.stratified("zone") })

// legal: class weights given, for validation rows too
Loader.make(validation, { ...balanced, classWeights: { b: 3 } })

// legal: a training whose sampler balances classes
Train.fit(Module.mlp({ hidden: [8], output: 3 }), {
  ...digitParts,
  features: ["ink"],
  target: "label",
  loss: Loss.focal({ focus: 1 }),
  optimizer: Optimizer.adamw(),
  batchSize: 128,
  epochs: 3,
  sampler: Sampler.balanced("label"),
  classWeights: { "0": 2 },
  workers: 2
})

// legal: the services of a run are those of its stages, the store and the ledger
const run: Effect.Effect<unknown, Pipeline.RunError, Store.Store | Ledger.Ledger> = Pipeline.run(
  Pipeline.make("p", { two: Node.make(two, {}) }),
  { seed: 7 }
)

// legal: the outputs of a run have the types of their nodes
Effect.map(Pipeline.run(Pipeline.make("p", { two: Node.make(two, {}) }), { seed: 7 }), ({ outputs }) =>
  outputs.two.toFixed(2)
)

// legal: a run without a ledger's or a store's folder
Effect.provide(run, [Store.layerMemory, Ledger.layerMemory])

export { any, tables, wider }

// legal: a step of one's own that draws, by its rows' ids
Step.column({
  name: "jitter",
  version: 1,
  column: "fare",
  takes: ["float"],
  becomes: (column: Column.Float) => column,
  draws: true,
  state: Schema.Finite,
  fit: ({ ids }, key) => Effect.succeed(Key.uniform(Key.foldIn(key, ids[0]), 1)[0]),
  apply: ({ values }, shift) => Effect.succeed(values.map((value) => value + shift))
})
