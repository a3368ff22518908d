/** Test rows are sealed: nothing reads them without the ledger's permit. */
import { Key, Ledger } from "@watertight/core"
import { Dataset, Loader, Window } from "@watertight/data"
import { digits, measures, trips, type Taxi } from "../fixtures.ts"

declare const train: Dataset.Dataset<typeof Taxi, "train">
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

// error: this table has no timestamp column to order its rows by
Window.lags(measures, { on: "a", columns: ["b"], past: 3 })

// error: "zone"
Window.lags(trips, { on: "pickup", columns: ["zone"], past: 3 })

// error: this table has no timestamp column to order its rows by
Window.ahead(digits, { on: "ink", column: "ink", by: 1, as: "next" })

// error: "zone"
Window.ahead(trips, { on: "pickup", column: "zone", by: 1, as: "next" })
