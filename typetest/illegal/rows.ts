/** Test rows are sealed: nothing reads them without the ledger's permit. */
import { Key, Ledger } from "@watertight/core"
import { Dataset, Loader, Sampler, Window } from "@watertight/data"
import { digits, measures, trips, type Taxi } from "../fixtures.ts"

declare const train: Dataset.Dataset<typeof Taxi, "train">
declare const validation: Dataset.Dataset<typeof Taxi, "validation">
declare const test: Dataset.Dataset<typeof Taxi, "test">
declare const either: Dataset.Dataset<typeof Taxi>
declare const permit: Ledger.Permit
const reading = { features: ["distance"], target: "fare", batchSize: 8, key: Key.fromSeed(1) } as const

// error: "test"
Dataset.rows(test)

// error: "test"
Dataset.rows(either)

// error: Expected 2 arguments
Dataset.unseal(test)

// error: Permit
Dataset.unseal(test, {})

// error: "train"
Dataset.unseal(train, permit)

// error: 'Permit' does not exist
export const forged = new Ledger.Permit("0")

// error: test rows are read by Evaluate.test
Loader.make(test, reading)

// error: test rows are read by Evaluate.test
Loader.make(either, reading)

// error: fare is the target; it cannot be a feature too
Loader.make(train, { ...reading, features: ["fare"] })

// error: a feature is a float or tensor column; zone is a category
Loader.make(train, { ...reading, features: ["zone"] })

// error: there is no column distanse
Loader.make(train, { ...reading, features: ["distanse"] })

// error: a target is a float or category column; pickup is a timestamp
Loader.make(train, { ...reading, target: "pickup" })

// error: this sampler reads a float column; zone is a category
Loader.make(train, { ...reading, sampler: Sampler.weighted("zone") })

// error: this sampler reads a category column; tip is a float
Loader.make(train, { ...reading, sampler: Sampler.balanced("tip") })

// error: this sampler reads a float column; pickup is a timestamp
Loader.make(train, { ...reading, sampler: Sampler.bucketed("pickup") })

// error: there is no column sone
Loader.make(train, { ...reading, sampler: Sampler.stratified("sone") })

// error: class weights are for a category target; fare is a float
Loader.make(train, { ...reading, classWeights: "balanced" })

// error: balanced class weights are learned from train rows; these are not
Loader.make(validation, { ...reading, target: "zone", classWeights: "balanced" })

// error: 'c' does not exist
Loader.make(train, { ...reading, target: "zone", classWeights: { a: 1, c: 2 } })

// error: "wrap"
Loader.make(train, { ...reading, last: "wrap" })

// error: test rows are read by Evaluate.test
Loader.make(test, { ...reading, sampler: Sampler.weighted("tip") })

// error: this table has no timestamp column to order its rows by
Window.lags(measures, { on: "a", columns: ["b"], past: 3 })

// error: "zone"
Window.lags(trips, { on: "pickup", columns: ["zone"], past: 3 })

// error: this table has no timestamp column to order its rows by
Window.ahead(digits, { on: "ink", column: "ink", by: 1, as: "next" })

// error: "zone"
Window.ahead(trips, { on: "pickup", column: "zone", by: 1, as: "next" })
