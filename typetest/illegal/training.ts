/** Features, targets and losses that do not belong together, and readings of rows that are not the test partition. */
import { Sampler } from "@watertight/data"
import { Loss, Train } from "@watertight/model"
import { Evaluate } from "@watertight/eval"
import { digitParts, fare, fitted, model, module, parts, ready } from "../fixtures.ts"

const rows = { train: ready.train, validation: ready.validation }

// error: fare is the target: a feature that holds it tells the answer
Train.fit(module, { ...fare, ...rows, features: ["distance", "fare"] })

// error: zone is a category column: encode it first, with Recipe.oneHot for instance
Train.fit(module, { ...fare, train: parts.train, validation: parts.validation })

// error: pickup is a timestamp column: encode it first
Train.fit(module, { ...fare, ...rows, features: ["pickup"] })

// error: there is no column distanse
Train.fit(module, { ...fare, ...rows, features: ["distanse"] })

// error: there is no column fair
Train.fit(module, { ...fare, ...rows, target: "fair" })

// error: this loss is for a category target; fare is a float
Train.fit(module, { ...fare, ...rows, loss: Loss.crossEntropy() })

// error: this loss is for a float target; label is a category
Train.fit(module, { ...fare, ...digitParts, features: ["ink"], target: "label" })

// error: this loss is for a float target; image is a tensor
Train.fit(module, { ...fare, ...digitParts, features: ["ink"], target: "image" })

// error: class weights are for a category target; fare is a float
Train.fit(module, { ...fare, ...rows, classWeights: "balanced" })

// error: '"3"' does not exist
Train.fit(module, {
  ...fare,
  ...digitParts,
  features: ["ink"],
  target: "label",
  loss: Loss.focal(),
  classWeights: { "3": 2 }
})

// error: this sampler reads a category column; tip is a float
Train.fit(module, { ...fare, ...rows, sampler: Sampler.balanced("tip") })

// error: there is no column tips
Train.fit(module, { ...fare, ...rows, sampler: Sampler.weighted("tips") })

// error: this loss is for a category target; fare is a float
Train.fit(module, { ...fare, ...rows, loss: Loss.focal() })

// error: "keep"
Train.fit(module, { ...fare, ...rows, last: "keep" })

// error: Evaluate.test takes the test partition; this is the train partition
Evaluate.test(model, ready.train)

// error: Evaluate.test takes the test partition; this is the validation partition
Evaluate.test(model, ready.validation)

// error: Type 'Module'
Evaluate.test(module, ready.test)

// error: Type 'Fitted<
Evaluate.test(fitted, ready.test)

// error: a baseline is a float column; zone is a category
Evaluate.test(model, ready.test, { baseline: { name: "same zone", rows: parts.test, column: "zone" } })

// error: there is no column fair
Evaluate.test(model, ready.test, { baseline: { name: "same fare", rows: parts.test, column: "fair" } })

// error: "train"
Evaluate.test(model, ready.test, { baseline: { name: "same fare", rows: parts.train, column: "fare" } })
