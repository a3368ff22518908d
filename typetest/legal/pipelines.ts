/** Whole pipelines and their parts, as people write them. */
import { Node, Pipeline } from "@watertight/core"
import { Column, Columns, Partitions, Recipe, Source, Split, Window } from "@watertight/data"
import { Evaluate } from "@watertight/eval"
import { Loss, Module, Train } from "@watertight/model"
import { Clip, LearningRate, Optimizer, Transform } from "@watertight/optim"
import { digitParts, digits, fare, fitted, measures, model, module, parts, ready, recipe, trips } from "../fixtures.ts"

// legal: the pipeline of the design page
Pipeline.make("taxi", { report: Evaluate.test(model, ready.test) })

// legal: several outputs
Pipeline.make("taxi", { fitted, model, report: Evaluate.test(model, ready.test) })

// legal: sources of files and of memory
Source.csv("days.csv", Columns.make({ day: Column.timestamp, rain: Column.float }))

// legal: images beside their labels
Source.idx({
  image: { path: "images", column: Column.tensor([28, 28], "uint8") },
  label: { path: "labels", column: Column.category(["0", "1"]) }
})

// legal: Parquet files of a folder
Source.parquet("trips", Columns.make({ fare: Column.float, vector: Column.tensor([8]) }))

// legal: JSON Lines
Source.json("trips.json", Columns.make({ fare: Column.float }), { format: "lines" })

// legal: Arrow and NumPy files
Source.npy({ image: { path: "images.npy", column: Column.tensor([28, 28], "uint8") } })

// legal: rows in memory
Source.rows([{ at: new Date(0), zone: "a", box: [[1, 2]] }], {
  at: Column.timestamp,
  zone: Column.category(["a", "b"]),
  box: Column.tensor([1, 2])
})

// legal: a query over declared files
Split.random(Source.sql("SELECT a, b FROM t", { a: Column.float, b: Column.float }, { files: { t: "t.parquet" } }), {
  validation: 0.1,
  test: 0.1
})

// legal: a random split of a table without time
Split.random(measures, { validation: 0.1, test: 0.1 })

// legal: a stratified split
Split.stratified(digits, { on: "label", validation: 0.1, test: 0.1 })

// legal: a temporal split by fractions
Split.temporal(trips, { on: "pickup", validation: 0.1, test: 0.1 })

// legal: a temporal split by lengths, with a gap
Split.temporal(trips, { on: "pickup", validation: "7 days", test: "2 weeks", gap: "1 hour" })

// legal: official partitions, validation carved out of train
Split.given({ train: digits, test: digits }, { validation: 0.1 })

// legal: official partitions, validation carved out and stratified
Split.given({ train: digits, test: digits }, { validation: 0.1, stratify: "label" })

// legal: official partitions, all three
Split.given({ train: digits, validation: digits, test: digits })

// legal: official partitions of a table with time, when validation is given too
Split.given({ train: trips, validation: trips, test: trips })

// legal: a recipe from the columns alone
Recipe.forColumns({ a: Column.float }).pipe(Recipe.standardize("a"))

// legal: steps on several columns at once
Recipe.of(parts.train).pipe(Recipe.standardize(["distance", "tip"]), Recipe.oneHot(["zone"]))

// legal: scaling a tensor by a constant
Recipe.of(digitParts.train).pipe(Recipe.scale("image", 1 / 255))

// legal: standardizing what one-hot made
Recipe.of(parts.train).pipe(Recipe.oneHot("zone"), Recipe.standardize("zone"))

// legal: min-max after standardize
Recipe.of(parts.train).pipe(Recipe.standardize("distance"), Recipe.minMax("distance"))

// legal: an empty recipe
Recipe.fit(Recipe.of(parts.train), parts.train)

// legal: fitting on train, applying anywhere
Recipe.apply(Recipe.fit(recipe, parts.train), parts.test)

// legal: applying to all three at once
Partitions.map(parts, (part) => Recipe.apply(fitted, part))

// legal: a recipe of recipes: what was applied can be split no more, but fitted again
Recipe.fit(Recipe.of(ready.train).pipe(Recipe.minMax("zone")), ready.train)

// legal: training on prepared rows
Train.fit(module, { ...fare, train: ready.train, validation: ready.validation })

// legal: a tensor feature, a category target, a loss for categories
Train.fit(Module.mlp({ hidden: [64], output: 3, dropout: 0.2 }), {
  ...digitParts,
  features: ["image"],
  target: "label",
  loss: Loss.crossEntropy({ smoothing: 0.1 }),
  optimizer: Optimizer.adamw({ learningRate: LearningRate.warmupCosine({ peak: 1e-3, warmup: 0.05 }) }),
  batchSize: 128,
  epochs: 5,
  stopping: { patience: 2 }
})

// legal: a float target, any of the losses for numbers
Train.fit(module, { ...fare, train: ready.train, validation: ready.validation, loss: Loss.meanAbsoluteError })

// legal: an optimizer put together
Transform.chain(Clip.byGlobalNorm(1), Optimizer.sgd({ learningRate: 0.1 }))

// legal: reading the test rows once
Evaluate.test(model, ready.test)

// legal: against a baseline from the rows before they were scaled
Evaluate.test(model, ready.test, { baseline: { name: "the tip", rows: parts.test, column: "tip" } })

// legal: features from the past, a target from the future
Window.ahead(Window.lags(trips, { on: "pickup", columns: ["fare"], past: 2 }), {
  on: "pickup",
  column: "fare",
  by: 1,
  as: "next"
})

// legal: a window's columns are columns
Recipe.of(
  Split.temporal(Window.lags(trips, { on: "pickup", columns: ["fare"], past: 2 }), {
    on: "pickup",
    validation: 0.1,
    test: 0.1
  }).train
).pipe(Recipe.standardize(["fare_lag1", "fare_lag2"]))

// legal: nodes of nothing in common beside each other
Node.reachable([trips, model, parts.test])
