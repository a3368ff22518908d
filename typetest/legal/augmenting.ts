/** Augmentation, as people write it. */
import { Key } from "@watertight/core"
import { Augment, Column, Columns, type Dataset, Loader, Source, Split, type Table } from "@watertight/data"
import { Loss, Module, Train } from "@watertight/model"
import { Optimizer } from "@watertight/optim"
import { digitParts, fare, module, ready, type Digits } from "../fixtures.ts"

declare const train: Dataset.Dataset<typeof Digits, "train">
declare const validation: Dataset.Dataset<typeof Digits, "validation">
declare const table: Table.Table<typeof Digits>
const reading = { features: ["image"], target: "label", batchSize: 8, key: Key.fromSeed(1) } as const

// legal: images turned, shifted and mirrored where labels survive
const augment = Augment.of(digitParts.train).pipe(
  Augment.flipHorizontal("image", { labelsSurvive: true }),
  Augment.crop("image", { padding: 2 }),
  Augment.rotate("image"),
  Augment.mixup({ alpha: 0.2 })
)

// legal: training on augmented rows
Train.fit(Module.mlp({ hidden: [8], output: 3 }), {
  train: digitParts.train,
  validation: digitParts.validation,
  features: ["image"],
  target: "label",
  loss: Loss.crossEntropy(),
  optimizer: Optimizer.adamw(),
  batchSize: 128,
  epochs: 3,
  augment
})

// legal: a loader of augmented train rows
Loader.make(train, { ...reading, augment })

// legal: a loader of validation rows as they are
Loader.make(validation, reading)

// legal: rows in order as they are
Loader.sequential(table, reading)

// legal: a mirror image that is of another level
Augment.of(digitParts.train).pipe(Augment.flipHorizontal("image", { labelsBecome: { label: { "1": "2", "2": "1" } } }))

// legal: noise on the numbers of a table, after its recipe
Train.fit(module, {
  ...fare,
  train: ready.train,
  validation: ready.validation,
  augment: Augment.of(ready.train).pipe(Augment.noise(["distance", "zone"]), Augment.mixup())
})

// legal: colours of a photo of three channels
Augment.forColumns({ photo: Column.tensor([8, 8, 3], "uint8") }).pipe(
  Augment.colourJitter("photo", { hue: 0.05 }),
  Augment.cutout("photo", { size: 4 }),
  Augment.randAugment("photo", { labelsSurvive: true })
)

// legal: texts back-translated, then with other words
const Reviews = Columns.make({ review: Column.text, stars: Column.float })
const parts = Split.random(Source.csv("reviews.csv", Reviews), { validation: 0.1, test: 0.1 })
const texts = Augment.backTranslate(parts.train, { column: "review", language: "en", through: "de" })
Augment.replaceSynonyms(texts, { column: "review", synonyms: { good: ["fine"] } })
