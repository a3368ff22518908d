/** Resampling that would leak, or that a table's columns do not allow. */
import { Near, Resample, Split } from "@watertight/data"
import { digitParts, digits, parts, scanParts, trips, visits } from "../fixtures.ts"

// error: resampling takes the train partition; this is the test partition
Resample.kFold(digitParts.test, { folds: 5 })

// error: resampling takes the train partition; this is the validation partition
Resample.stratified(digitParts.validation, { folds: 5, on: "label" })

// error: resampling takes the train partition; this table is not split yet: use Split first
Resample.kFold(digits, { folds: 5 })

// error: resampling takes the train partition; this table is not split yet: use Split first
Resample.expanding(trips, { on: "pickup", folds: 5 })

// error: resampling takes the train partition; this is the test partition
Resample.expanding(parts.test, { on: "pickup", folds: 5 })

// error: resample by time: use Resample.expanding
Resample.kFold(parts.train, { folds: 5 })

// error: resample by time: use Resample.expanding
Resample.bootstrap(parts.train, { resamples: 5 })

// error: resample by time: use Resample.expanding
Resample.grouped(parts.train, { on: "zone", folds: 5 })

// error: resample by group: use Resample.grouped
Resample.kFold(scanParts.train, { folds: 5 })

// error: resample by group: use Resample.grouped
Resample.stratified(scanParts.train, { on: "tumour", folds: 5 })

// error: resample by group: use Resample.grouped
Resample.bootstrap(scanParts.train, { resamples: 5 })

// error: "patient"
Resample.grouped(scanParts.train, { on: "tumour", folds: 5 })

// error: "label"
Resample.stratified(digitParts.train, { on: "image", folds: 5 })

// error: "3"
Resample.leaveOneGroupOut(digitParts.train, { on: "label", groups: ["3"] })

// error: group
Resample.expanding(Split.groupedTemporal(visits, { on: "day", group: "patient", validation: 0.1, test: 0.1 }).train, {
  on: "day",
  folds: 5
})

// error: this table has no timestamp column
Resample.expanding(digitParts.train, { on: "label", folds: 5 })

// error: train
Resample.sliding(parts.train, { on: "pickup", folds: 5 })

// error: a bootstrap draws rows twice, and inner folds would have them on both sides
Resample.nested(Resample.bootstrap(digitParts.train, { resamples: 5 }), (train) => Resample.kFold(train, { folds: 3 }))

// error: Near.text compares texts; zone is a category
Resample.expanding(parts.train, { on: "pickup", folds: 5, near: Near.text("zone") })

// error: Near.row rounds floats; zone is a category
Resample.sliding(parts.train, {
  on: "pickup",
  folds: 5,
  train: "30 days",
  near: Near.row({ differing: 1, round: { zone: 1 } })
})

// error: Near.image compares tensors; fare is a float
Resample.combinatorialPurged(parts.train, { on: "pickup", blocks: 6, near: Near.image("fare") })

// error: Near.text compares texts; image is a tensor
Resample.bootstrap(digitParts.train, { resamples: 5, near: Near.text("image") })

// error: Near.image: there is no column picture
Resample.leaveOneGroupOut(digitParts.train, { on: "label", groups: ["0"], near: Near.image("picture") })
