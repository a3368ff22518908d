/** Augmentation of what is not train rows, by what does not suit the column, and where labels would change unsaid. */
import { Key } from "@watertight/core"
import { Augment, Column, Columns, type Dataset, Loader, Source, Split, type Table } from "@watertight/data"
import { Train } from "@watertight/model"
import { digitParts, digits, fare, module, ready, type Digits, type Taxi } from "../fixtures.ts"

declare const train: Dataset.Dataset<typeof Digits, "train">
declare const validation: Dataset.Dataset<typeof Digits, "validation">
declare const taxis: Dataset.Dataset<typeof Taxi, "train">
declare const table: Table.Table<typeof Digits>
const describes = Augment.of(digitParts.train)
const augment = describes.pipe(Augment.crop("image"))
const reading = { features: ["image"], target: "label", batchSize: 8, key: Key.fromSeed(1) } as const
const Reviews = Columns.make({ review: Column.text, stars: Column.float })
const reviews = Source.csv("reviews.csv", Reviews)
const reviewParts = Split.random(reviews, { validation: 0.1, test: 0.1 })
const german = { column: "review", language: "en", through: "de" } as const

// error: Augment.of takes the train partition; this is the test partition
Augment.of(digitParts.test)

// error: Augment.of takes the train partition; this is the validation partition
Augment.of(digitParts.validation)

// error: Augment.of takes the train partition; this table is not split yet: use Split first
Augment.of(digits)

// error: only train rows are augmented; this is the validation partition
Loader.make(validation, { ...reading, augment })

// error: rows in order are read for evaluation, as they are
Loader.sequential(table, { ...reading, augment })

// error: Augment<
Loader.make(taxis, { ...reading, features: ["distance"], target: "fare", augment })

// error: Augment<
Train.fit(module, { ...fare, train: ready.train, validation: ready.validation, augment })

// error: LabelsSurviveOrBecome
Augment.flipHorizontal("image", {})

// error: 'false' is not assignable to type 'true'
Augment.flipHorizontal("image", { labelsSurvive: false })

// error: labelsSurvive
Augment.randAugment("image", {})

// error: Augment.flipHorizontal: label has no level 7
describes.pipe(Augment.flipHorizontal("image", { labelsBecome: { label: { "1": "7" } } }))

// error: Augment.flipHorizontal: labels are of a category column; ink is a float
describes.pipe(Augment.flipHorizontal("image", { labelsBecome: { ink: { "1": "2" } } }))

// error: Augment.rotate: an image is a tensor of [height, width] or [height, width, channels]; ink is a float
describes.pipe(Augment.rotate("ink"))

// error: Augment.timeShift: a signal is a tensor of [steps] or [steps, channels]; label is a category
describes.pipe(Augment.timeShift("label", { steps: 1 }))

// error: Augment.crop: there is no column picture
describes.pipe(Augment.crop("picture"))

// error: Augment.noise: it takes float and tensor columns; label is a category
describes.pipe(Augment.noise(["ink", "label"]))

// error: Augment.maskTokens: tokens are a tensor of ids; ink is a float
describes.pipe(Augment.maskTokens("ink", { mask: 1, keep: [] }))

// error: Augment.cutmix: an image is a tensor
describes.pipe(Augment.cutmix("ink"))

// error: Augment.backTranslate takes the train partition; this is the validation partition
Augment.backTranslate(reviewParts.validation, german)

// error: Augment.backTranslate takes a text column; stars is a float
Augment.backTranslate(reviewParts.train, { ...german, column: "stars" })

// error: Augment.replaceSynonyms takes the train partition; this is the test partition
Augment.replaceSynonyms(reviewParts.test, { column: "review", synonyms: {} })

// error: Augment.replaceSynonyms: there is no column reviw
Augment.replaceSynonyms(reviewParts.train, { column: "reviw", synonyms: {} })
