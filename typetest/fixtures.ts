/** What the type tests are about: tables with and without time, their splits, a recipe, a model. Nothing of it runs. */
import { Codec, type Node, Stage } from "@watertight/core"
import { Column, Columns, type Dataset, Partitions, Recipe, Source, Split, type Table } from "@watertight/data"
import { Loss, Module, Train } from "@watertight/model"
import { Optimizer } from "@watertight/optim"
import { Effect, Schema } from "effect"

export const Taxi = Columns.make({
  pickup: Column.timestamp,
  distance: Column.float,
  tip: Column.float,
  zone: Column.category(["a", "b"]),
  fare: Column.float
})
export const trips = Source.csv("trips.csv", Taxi)
export const parts = Split.temporal(trips, { on: "pickup", validation: "7 days", test: "7 days", gap: "1 hour" })
export const recipe = Recipe.of(parts.train).pipe(Recipe.standardize("distance"), Recipe.oneHot("zone"))
export const fitted = Recipe.fit(recipe, parts.train)
export const ready = Partitions.map(parts, (part) => Recipe.apply(fitted, part))

export const Digits = Columns.make({
  image: Column.tensor([28, 28], "uint8"),
  ink: Column.float,
  label: Column.category(["0", "1", "2"])
})
export declare const digits: Node.Node<Table.Table<typeof Digits>>
export const digitParts = Split.stratified(digits, { on: "label", validation: 0.1, test: 0.1 })
export const Survey = Columns.make({
  age: Column.optional(Column.float),
  income: Column.float,
  home: Column.optional(Column.category(["own", "rent"])),
  moved: Column.optional(Column.timestamp),
  score: Column.float
})
export const survey = Source.csv("survey.csv", Survey)
export declare const surveyed: Node.Node<Table.Table<Omit<typeof Survey, "moved">>>
export const surveyParts = Split.random(surveyed, { validation: 0.1, test: 0.1 })
export const Letter = Columns.make({
  age: Column.float,
  kind: Column.category(["spam", "ham", "N/A"]),
  kind2: Column.category(["a", "b"]),
  sent: Column.timestamp,
  body: Column.text,
  photo: Column.tensor([32, 32, 3], "uint8"),
  vector: Column.tensor([8])
})
export declare const letters: Node.Node<Table.Table<typeof Letter>>
export const letterTimes = { on: "sent", validation: 0.1, test: 0.1 } as const
export const mails = Source.csv(
  "mails.csv",
  Columns.make({ body: Column.text, length: Column.float, spam: Column.category(["no", "yes"]) })
)
export const measures = Source.csv("measures.csv", Columns.make({ a: Column.float, b: Column.float }))
export declare const pictures: Node.Node<Table.Table<{ readonly image: Column.Tensor<readonly [2, 2]> }>>
export const Scans = Columns.make({ patient: Column.group(Column.float), tumour: Column.category(["no", "yes"]) })
export const scans = Source.csv("scans.csv", Scans)
export const scanParts = Split.grouped(scans, { on: "patient", validation: 0.1, test: 0.1 })
export const visits = Source.csv("visits.csv", Columns.make({ ...Scans, day: Column.timestamp }))
export const Mail = Columns.make({ text: Column.text, kind: Column.category(["ham", "spam"]) })
export const mail = Source.csv("mail.csv", Mail)
export const mailParts = Split.random(mail, { validation: 0.1, test: 0.1 })

export const module = Module.mlp({ hidden: [8], output: 1 })
export const fare = {
  features: ["distance", "zone"],
  target: "fare",
  loss: Loss.huber(),
  optimizer: Optimizer.adamw(),
  batchSize: 128,
  epochs: 30
} as const
export const model = Train.fit(module, { ...fare, train: ready.train, validation: ready.validation })

const number = Codec.json("number", Schema.Finite)

/** A stage of a user's own that learns from train rows. */
export const mean = Stage.make({
  name: "mean",
  version: 1,
  codec: number,
  learns: { rows: ["train"] },
  run: ({ rows }: { readonly rows: Dataset.Dataset<typeof Taxi, "train"> }) => Effect.succeed(rows.length)
})
export const two = Stage.make({ name: "two", version: 1, codec: number, run: () => Effect.succeed(2) })
export const double = Stage.make({
  name: "double",
  version: 1,
  codec: number,
  run: ({ n }: { readonly n: number }) => Effect.succeed(2 * n)
})
