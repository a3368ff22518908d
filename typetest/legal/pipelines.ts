/** Whole pipelines and their parts, as people write them. */
import { Node, Pipeline } from "@watertight/core"
import {
  Audit,
  Balance,
  Clean,
  Column,
  Columns,
  Join,
  Near,
  Partitions,
  Profile,
  Recipe,
  Resample,
  Review,
  Source,
  Split,
  type Table,
  Window
} from "@watertight/data"
import { Config } from "effect"
import { Evaluate } from "@watertight/eval"
import { Loss, Module, Train } from "@watertight/model"
import { Clip, LearningRate, Optimizer, Transform } from "@watertight/optim"
import {
  digitParts,
  digits,
  fare,
  fitted,
  letterTimes,
  letters,
  mail,
  mailParts,
  mails,
  measures,
  model,
  module,
  parts,
  ready,
  recipe,
  scanParts,
  scans,
  survey,
  surveyParts,
  trips,
  visits
} from "../fixtures.ts"

// legal: a recipe and a model fitted to each fold
for (const { train, validation } of Resample.expanding(parts.train, { on: "pickup", folds: 3, gap: "1 hour" })) {
  const steps = Recipe.fit(recipe, train)
  const sides = { train: Recipe.apply(steps, train), validation: Recipe.apply(steps, validation) }
  Train.fit(module, { ...fare, ...sides })
}

// legal: folds of rows without time and groups
Resample.kFold(digitParts.train, { folds: 5, repeats: 2 })

// legal: stratified folds
Resample.stratified(digitParts.train, { folds: 5, on: "label" })

// legal: a bootstrap
Resample.bootstrap(digitParts.train, { resamples: 10 })

// legal: folds of declared groups
Resample.grouped(scanParts.train, { folds: 5, on: "patient" })

// legal: stratified folds of declared groups
Resample.stratifiedGrouped(scanParts.train, { folds: 5, on: "patient", stratify: "tumour" })

// legal: one level left out at a time
Resample.leaveOneGroupOut(digitParts.train, { on: "label", groups: ["0", "2"] })

// legal: one id left out at a time
Resample.leaveOneGroupOut(scanParts.train, { on: "patient", groups: [17, 18] })

// legal: sliding windows
Resample.sliding(parts.train, { on: "pickup", folds: 3, train: "30 days", validation: "7 days" })

// legal: combinatorial purged folds
Resample.combinatorialPurged(parts.train, { on: "pickup", blocks: 6, ahead: "1 hour", embargo: "1 day" })

// legal: windows that keep groups apart
Resample.expanding(
  Split.groupedTemporal(visits, { on: "day", group: "patient", validation: "7 days", test: "7 days" }).train,
  { on: "day", group: "patient", folds: 3 }
)

// legal: nested folds
Resample.nested(Resample.kFold(digitParts.train, { folds: 5 }), (train) => Resample.kFold(train, { folds: 3 }))

// legal: a bootstrap inside of folds
Resample.nested(Resample.kFold(digitParts.train, { folds: 5 }), (train) => Resample.bootstrap(train, { resamples: 3 }))

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

// legal: a temporal split by numbers of rows
Split.temporal(trips, { on: "pickup", validation: { rows: 1000 }, test: { rows: 1000 } })

// legal: a temporal split by lengths, with a gap
Split.temporal(trips, { on: "pickup", validation: "7 days", test: "2 weeks", gap: "1 hour" })

// legal: equal rows on one side
Split.random(measures, { validation: 0.1, test: 0.1, duplicates: "together" })

// legal: a split by hashes
Split.hashed(measures, { validation: 0.1, test: 0.1 })

// legal: a grouped split of declared groups
Split.grouped(scans, { on: "patient", validation: 0.1, test: 0.1 })

// legal: a grouped split by a column that is not declared as one
Split.grouped(digits, { on: "label", validation: 0.1, test: 0.1 })

// legal: groups that any of several columns connects
Split.grouped(measures, { on: ["a", "b"], validation: 0.1, test: 0.1 })

// legal: a stratified grouped split
Split.stratifiedGrouped(scans, { on: "patient", stratify: "tumour", validation: 0.1, test: 0.1 })

// legal: a split by hashes of groups
Split.hashedGrouped(scans, { on: "patient", validation: 0.1, test: 0.1 })

// legal: a split by time and group
Split.groupedTemporal(visits, { on: "day", group: "patient", validation: "7 days", test: 0.1, gap: "1 day" })

// legal: a temporal split of labels that end later
Split.temporal(trips, { on: "pickup", labelEnd: "pickup", validation: 0.1, test: 0.1 })

// legal: steps on a column of groups, which stays one
Recipe.of(Split.grouped(scans, { on: "patient", validation: 0.1, test: 0.1 }).train).pipe(Recipe.standardize("patient"))

// legal: official partitions, validation carved out of train
Split.given({ train: digits, test: digits }, { validation: 0.1 })

// legal: official partitions, validation carved out and stratified
Split.given({ train: digits, test: digits }, { validation: 0.1, stratify: "label" })

// legal: official partitions, all three
Split.given({ train: digits, validation: digits, test: digits })

// legal: official partitions of a table with time, when validation is given too
Split.given({ train: trips, validation: trips, test: trips })

// legal: missing values imputed, then any step; whether they were missing as a feature
Recipe.of(surveyParts.train).pipe(
  Recipe.missingIndicator("age"),
  Recipe.imputeMedian("age"),
  Recipe.standardize(["age", "age_missing"]),
  Recipe.imputeMode("home"),
  Recipe.oneHot("home")
)

// legal: rows without a time dropped, then split by it
Split.temporal(Clean.of(survey).pipe(Clean.dropMissing(["moved"])).table, { on: "moved", validation: 0.1, test: 0.1 })

// legal: missing as a level of its own
Recipe.of(surveyParts.train).pipe(Recipe.imputeConstant("home", "unknown"), Recipe.oneHot("home"))

// legal: training on what was imputed
Train.fit(module, {
  ...fare,
  ...Partitions.map(surveyParts, (part) =>
    Recipe.apply(Recipe.fit(Recipe.of(surveyParts.train).pipe(Recipe.imputeMean("age")), surveyParts.train), part)
  ),
  features: ["age", "income"],
  target: "score"
})

// legal: the steps that rescale, one after the other
Recipe.of(parts.train).pipe(
  Recipe.clip(["distance", "tip"]),
  Recipe.yeoJohnson("tip"),
  Recipe.robust("distance"),
  Recipe.quantile("tip", { output: "normal" }),
  Recipe.logarithm("fare", { plus: 1 })
)

// legal: encodings, and steps on what they give
Recipe.of(parts.train).pipe(
  Recipe.targetEncode("zone", { target: "fare", smoothing: 10 }),
  Recipe.standardize("zone"),
  Recipe.bin("distance", { bins: 4, by: "quantile" }),
  Recipe.oneHot("distance", { minimumShare: 0.05 })
)

// legal: features made of others, and steps on them
Recipe.of(parts.train).pipe(
  Recipe.calendar("pickup", ["year", "dayOfYear"]),
  Recipe.cyclic("pickup", ["hour"]),
  Recipe.standardize(["pickup_year", "pickup_dayOfYear", "pickup_hour_sin", "pickup_hour_cos"]),
  Recipe.polynomial(["distance", "tip"], { as: "products", degree: 3 }),
  Recipe.varianceThreshold("products"),
  Recipe.pca("products", { components: 2 })
)

// legal: an order of levels
Recipe.of(surveyParts.train).pipe(Recipe.imputeMode("home"), Recipe.ordinal("home", ["rent", "own"]))

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

// legal: a profile of train rows, and of a whole table with a reason
Pipeline.make("look", {
  profile: Profile.of(parts.train, { target: "fare", predictedAt: "pickup" }),
  labels: Review.labels(parts.train, { target: "zone", features: ["distance", "pickup"], top: 20 }),
  allLabels: Review.labels(parts.train, { target: "fare" }),
  whole: Profile.ofWhole(trips, { because: "the source is new to us", target: "fare" })
})

// legal: a profile of one side of a fold
Profile.of(Resample.kFold(digitParts.train, { folds: 5 })[0].train, { target: "label" })

// legal: an audit beside a model, of rows as they come and as they are prepared
Pipeline.make("audited", {
  model,
  raw: Audit.of(parts, { target: "fare", predictedAt: "pickup", groups: ["zone"] }),
  prepared: Audit.of(ready, { target: "fare" })
})

// legal: an audit that may miss a column's values
Audit.of(surveyParts, { target: "score", groups: ["home"], falseAlarm: 0.001 })

// legal: a chain of cleaning, from sentinels to near duplicates
Clean.of(letters).pipe(
  Clean.sentinel("age", [-1, -999]),
  Clean.sentinel("kind", "N/A"),
  Clean.sentinel("sent", "1970-01-01"),
  Clean.dropMissing(["sent"]),
  Clean.dropOutside("age", { minimum: 0, maximum: 120 }),
  Clean.dropOutside("sent", { minimum: "2000-01-01", maximum: new Date(0) }),
  Clean.dropNonFinite(),
  Clean.dropBlank("body"),
  Clean.dropBlank("photo"),
  Clean.drop("spam from nobody", (row) => row.kind === "spam" && row.age === null && row.sent > 0),
  Clean.dropDuplicates({ except: ["age"], target: "kind2", contradictions: "drop" }),
  Clean.dropNearDuplicates(Near.text("body")),
  Clean.dropNearDuplicates(Near.image("photo", { hash: "difference" })),
  Clean.dropNearDuplicates(Near.row({ columns: ["age", "kind2"], differing: 1, round: { age: 5 } }))
)

// legal: a level that stood for a missing value is no level any more
Recipe.imputeConstant(
  "kind",
  "unknown"
)(Recipe.of(Split.temporal(Clean.of(letters).pipe(Clean.sentinel("kind", "N/A")).table, letterTimes).train))

// legal: cleaning the columns of any table
const cleanAny = (table: Node.Node<Table.Table>) => Clean.of(table).pipe(Clean.dropDuplicates({ by: ["id"] })).table

// legal: near duplicates on one side of a split
Split.hashed(mails, { validation: 0.1, test: 0.1, near: Near.text("body") })

// legal: near duplicates on one side of a stratified split
Split.stratified(mails, { on: "spam", validation: 0.1, test: 0.1, near: Near.text("body", { characters: 5 }) })

export { cleanAny }
const Quotes = Columns.make({ pickup: Column.timestamp, zone: Column.category(["a", "c"]), price: Column.float })
const quotes = Source.csv("quotes.csv", Quotes)

// legal: what was known before, by series and within a time, then imputed
const known = Join.asOf(
  Window.rolling(trips, {
    on: "pickup",
    series: "zone",
    columns: ["fare"],
    statistics: ["mean", "count"],
    over: "7 days"
  }),
  quotes,
  { on: "pickup", by: "zone", columns: ["price"], within: "1 day" }
)
const knownParts = Split.temporal(known, {
  on: "pickup",
  validation: "1 month",
  test: "1 quarter",
  zone: "Europe/Rome"
})
Recipe.of(knownParts.train).pipe(
  Recipe.imputeNearest(["fare_mean_7days", "price", "distance"], { neighbors: 3 }),
  Recipe.standardize(["fare_mean_7days", "fare_count_7days", "price"])
)

// legal: a statistic over rows, filled from before
Window.forwardFill(
  Window.rolling(trips, { on: "pickup", columns: ["fare"], statistics: ["sd"], over: { rows: 3 }, until: "now" }),
  { on: "pickup", series: "zone", columns: ["fare_sd_3rows"], within: "2 days" }
)

// legal: differences, then a target ahead
Window.ahead(Window.differences(trips, { on: "pickup", columns: ["fare"], past: 1 }), {
  on: "pickup",
  column: "fare_diff1",
  by: 1,
  as: "next"
})

// legal: categories and numbers hashed, crossed, indexed
Recipe.of(parts.train).pipe(
  Recipe.hash(["zone", "distance"], { as: "hashed", width: 16 }),
  Recipe.standardize("hashed", { per: "element" }),
  Recipe.bin("tip", { bins: 3, by: "quantile" }),
  Recipe.cross(["zone", "tip"], { as: "both" }),
  Recipe.embeddingIndex("both", { minimumCount: 2 }),
  Recipe.embeddingIndex("zone", { as: "tensor" }),
  Recipe.oneHot("both"),
  Recipe.varianceThreshold("zone")
)

// legal: features selected by what they tell about the target, of floats and tensors
Recipe.of(parts.train).pipe(
  Recipe.polynomial(["distance", "tip"], { as: "products" }),
  Recipe.select(["distance", "products"], {
    target: "fare",
    as: "best",
    by: { score: "mutualInformation", discrete: ["distance"] },
    top: 2
  }),
  Recipe.standardize("best")
)

// legal: balanced classes of train where train rows are taken, beside the others as they are
const balanced = { ...digitParts, train: Balance.smote(digitParts.train, { on: "label", features: ["ink"] }) }
Recipe.fit(Recipe.of(digitParts.train).pipe(Recipe.standardize("ink")), balanced.train)
Balance.underSample(Balance.overSample(digitParts.train, { on: "label", ratio: 0.5 }), { on: "label" })
// legal: images of classes split by class, bad files set aside
const pets = Source.quarantine(
  Source.images("pets", { height: 32, width: 32, channels: 3, labels: Column.category(["cat", "dog"]), fit: "crop" })
)
Split.stratified(pets.table, { on: "label", validation: 0.1, test: 0.2 })

// legal: texts with columns of a CSV file beside them
Split.random(
  Source.texts("reviews", {
    labels: { csv: "reviews/stars.csv", file: "name", columns: { stars: Column.float } },
    file: "path"
  }),
  { validation: 0.1, test: 0.1 }
)

// legal: a query over a SQLite database alone
Source.sql("SELECT fare FROM sales.orders", { fare: Column.float }, { attach: { sales: "sales.sqlite" } })

// legal: near rows on one side of splits by group and of folds
const nearBodies = Near.text("text")
Split.grouped(mail, { on: "kind", validation: 0.1, test: 0.1, near: nearBodies })
Split.given({ train: mail, test: mail }, { validation: 0.1, stratify: "kind", near: nearBodies })
Resample.stratified(mailParts.train, { folds: 5, on: "kind", near: nearBodies })
// legal: a file in a bucket of one's own server, arrays without their bad rows, rows of PostgreSQL in their order
Source.remote("s3://trips/2024.arrow", (file) => Source.arrow(file, { fare: Column.float }), {
  s3: { endpoint: "http://localhost:9000", credentials: "anonymous" }
})
Source.quarantine(Source.npy({ image: { path: "images.npy", column: Column.tensor([28, 28]) } }), { atMost: 0.01 })
Source.postgres(
  "SELECT at FROM trips",
  { at: Column.timestamp },
  { connection: Config.Redacted("TRIPS"), orderBy: ["at"] }
)

// legal: columns selected by permutations that keep time and groups apart
Recipe.of(parts.train).pipe(
  Recipe.oneHot("zone"),
  Recipe.select(["distance", "zone"], { target: "fare", as: "best", by: { score: "permutation", time: "pickup" } })
)
Recipe.of(scanParts.train).pipe(
  Recipe.select(["patient"], { target: "tumour", as: "best", top: 1, by: { score: "permutation", group: "patient" } })
)
