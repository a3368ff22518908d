/** Windows, joins and features of columns that are not there or of the wrong kind, and balancing what is not train. */
import { Balance, Column, Columns, Join, Recipe, Source, Split, Window } from "@watertight/data"
import { digitParts, measures, parts, scanParts, surveyed, surveyParts, survey, trips } from "../fixtures.ts"

const Page = Columns.make({ pickup: Column.timestamp, image: Column.tensor([2]), words: Column.float })
const pages = Source.parquet("pages.parquet", Page)

// error: imputeNearest takes float or optional float columns; home is an optional category
Recipe.of(surveyParts.train).pipe(Recipe.imputeNearest(["age", "home"]))

// error: imputeNearest: there is no column agee
Recipe.of(surveyParts.train).pipe(Recipe.imputeNearest(["agee", "income"]))

// error: hash takes float, category or text columns; pickup is a timestamp
Recipe.of(parts.train).pipe(Recipe.hash(["zone", "pickup"], { as: "hashed", width: 8 }))

// error: hash takes float, category or text columns; age is an optional float
Recipe.of(surveyParts.train).pipe(Recipe.hash(["age"], { as: "hashed", width: 8 }))

// error: embeddingIndex takes category or text columns; distance is a float
Recipe.of(parts.train).pipe(Recipe.embeddingIndex("distance"))

// error: cross takes category columns; distance is a float
Recipe.of(parts.train).pipe(Recipe.cross(["zone", "distance"], { as: "both" }))

// error: select: fare is the target itself
Recipe.of(parts.train).pipe(
  Recipe.select(["distance", "fare"], { target: "fare", as: "best", by: { score: "l1", penalty: 1 } })
)

// error: select takes float or tensor columns; zone is a category
Recipe.of(parts.train).pipe(
  Recipe.select(["distance", "zone"], { target: "fare", as: "best", by: { score: "mutualInformation" } })
)

// error: select: the target takes float or category columns; pickup is a timestamp
Recipe.of(parts.train).pipe(
  Recipe.select(["distance"], { target: "pickup", as: "best", by: { score: "l1", penalty: 1 } })
)

// error: "distance"
Recipe.of(parts.train).pipe(
  Recipe.select(["distance"], { target: "fare", as: "best", by: { score: "mutualInformation", discrete: ["tip"] } })
)

// error: select: rows near in time are alike: name pickup as the time
Recipe.of(parts.train).pipe(Recipe.select(["distance"], { target: "fare", as: "best", by: { score: "permutation" } }))

// error: select: the time takes timestamp columns; zone is a category
Recipe.of(parts.train).pipe(
  Recipe.select(["distance"], { target: "fare", as: "best", by: { score: "permutation", time: "zone" } })
)

// error: select: the group takes float or category columns; image is a tensor
Recipe.of(digitParts.train).pipe(
  Recipe.select(["ink"], { target: "label", as: "best", by: { score: "permutation", group: "image" } })
)

// error: select: rows of one patient stay together: name it as the group
Recipe.of(scanParts.train).pipe(
  Recipe.oneHot("tumour"),
  Recipe.select(["tumour"], { target: "patient", as: "best", by: { score: "permutation", repeats: 5 } })
)

// error: oneHot: there is no column both
Recipe.of(parts.train).pipe(Recipe.oneHot("both"))

// error: "zone"
Window.rolling(trips, { on: "pickup", columns: ["zone"], statistics: ["mean"], over: "7 days" })

// error: this table has no timestamp column to order its rows by
Window.rolling(measures, { on: "a", columns: ["b"], statistics: ["mean"], over: { rows: 3 } })

// error: "median"
Window.rolling(trips, { on: "pickup", columns: ["fare"], statistics: ["median"], over: "7 days" })

// error: "pickup"
Window.rolling(trips, { on: "pickup", series: "pickup", columns: ["fare"], statistics: ["max"], over: "7 days" })

// error: impute it first
Recipe.of(
  Split.temporal(Window.rolling(trips, { on: "pickup", columns: ["fare"], statistics: ["max"], over: "7 days" }), {
    on: "pickup",
    validation: "7 days",
    test: "7 days"
  }).train
).pipe(Recipe.standardize("fare_max_7days"))

// error: this table has no column whose values may be missing
Window.forwardFill(trips, { on: "pickup", columns: ["fare"] })

// error: this table has no timestamp column to order its rows by
Window.forwardFill(surveyed, { on: "age", columns: ["age"] })

// error: "zone"
Window.differences(trips, { on: "pickup", columns: ["zone"], past: 1 })

// error: the tables have no timestamp column of one name to join on
Join.asOf(trips, measures, { on: "pickup", columns: ["a"] })

// error: "image"
Join.asOf(trips, pages, { on: "pickup", columns: ["image"] })

// error: the tables have no timestamp column of one name to join on
Join.asOf(trips, survey, { on: "pickup", columns: ["score"] })

// error: Balance.overSample takes the train partition; this is the test partition
Balance.overSample(parts.test, { on: "zone" })

// error: Balance.underSample takes the train partition; this is the validation partition
Balance.underSample(parts.validation, { on: "zone" })

// error: Balance.smote takes the train partition; this is the test partition
Balance.smote(digitParts.test, { on: "label" })

// error: Balance.smote takes the train partition; this table is not split yet: use Split first
Balance.smote(trips, { on: "zone" })

// error: "zone"
Balance.overSample(parts.train, { on: "fare" })

// error: "pickup"
Balance.smote(parts.train, { on: "zone", features: ["pickup"] })

// error: "7 fortnights"
Split.temporal(trips, { on: "pickup", validation: "7 fortnights", test: "1 quarter" })

// error: "1 month"
Split.temporal(trips, { on: "pickup", validation: "1 month", test: "1 month", gap: "1 month" })
