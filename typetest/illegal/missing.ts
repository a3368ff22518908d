/** Columns of which values may be missing, where every value must be there. */
import { Key } from "@watertight/core"
import { Clean, Column, type Dataset, Loader, Recipe, Split } from "@watertight/data"
import { Train } from "@watertight/model"
import { fare, module, parts, survey, type Survey, surveyed, surveyParts } from "../fixtures.ts"

declare const train: Dataset.Dataset<typeof Survey, "train">

// error: standardize: age may be missing: impute it first
Recipe.of(surveyParts.train).pipe(Recipe.standardize("age"))

// error: minMax: age may be missing: impute it first
Recipe.of(surveyParts.train).pipe(Recipe.minMax(["income", "age"]))

// error: oneHot: home may be missing: impute it first
Recipe.of(surveyParts.train).pipe(Recipe.oneHot("home"))

// error: imputeMean takes optional float columns; home is an optional category
Recipe.of(surveyParts.train).pipe(Recipe.imputeMean("home"))

// error: imputeMedian takes optional float columns; income is a float
Recipe.of(surveyParts.train).pipe(Recipe.imputeMedian("income"))

// error: imputeMode takes optional columns; zone is a category
Recipe.of(parts.train).pipe(Recipe.imputeMode("zone"))

// error: imputeMedian takes optional float columns; age is a float
Recipe.of(surveyParts.train).pipe(Recipe.imputeMedian("age"), Recipe.imputeMedian("age"))

// error: imputeConstant: home is a category: give a level's text
Recipe.of(surveyParts.train).pipe(Recipe.imputeConstant("home", 0))

// error: imputeConstant: age holds numbers: give a number
Recipe.of(surveyParts.train).pipe(Recipe.imputeConstant("age", "unknown"))

// error: missingIndicator takes optional columns; income is a float
Recipe.of(surveyParts.train).pipe(Recipe.missingIndicator("income"))

// error: age may be missing: impute it first
Train.fit(module, { ...fare, ...surveyParts, features: ["income", "age"], target: "score" })

// error: age may be missing: a target is known in every row
Train.fit(module, { ...fare, ...surveyParts, features: ["income"], target: "age" })

// error: age may be missing: impute it first
Loader.make(train, { features: ["age"], target: "score", batchSize: 8, key: Key.fromSeed(1) })

// error: dropMissing: income is never missing; it is a float
Clean.of(survey).pipe(Clean.dropMissing(["age", "income"]))

// error: dropMissing: there is no column aeg
Clean.of(survey).pipe(Clean.dropMissing(["aeg"]))

// error: home may be missing: impute it first
Recipe.of(
  Split.random(Clean.of(surveyed).pipe(Clean.dropMissing(["age"])).table, { validation: 0.1, test: 0.1 }).train
).pipe(Recipe.oneHot("home"))

// error: split by time: use Split.temporal
Split.random(survey, { validation: 0.1, test: 0.1 })

// error: "home"
Split.stratified(surveyed, { on: "home", validation: 0.1, test: 0.1 })

// error: is not assignable
Column.optional(Column.tensor([2]))

// error: is not assignable
Column.optional(Column.optional(Column.float))
