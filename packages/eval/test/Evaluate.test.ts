import { Ledger, Pipeline, Store } from "@watertight/core"
import { Clean, Column, Columns, Partitions, Recipe, Source, Split, Table } from "@watertight/data"
import { Evaluate, Report } from "@watertight/eval"
import { Engine, Loss, Module, Train } from "@watertight/model"
import { Optimizer } from "@watertight/optim"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"

const columns = Columns.make({ x: Column.float, kind: Column.category(["low", "high"]), y: Column.float })

const table = (length = 80) => {
  const x = Float64Array.from({ length }, (_, row) => Math.sin(2.3 * row) * 3)
  const kind = Int32Array.from(x, (value) => (value > 0.5 ? 1 : 0))
  const y = x.map((value, row) => 2 * value + 0.1 * Math.cos(row))
  return Effect.runSync(Table.make(columns, { x, kind, y }, { length }))
}

interface Options {
  readonly learningRate?: number
  readonly split?: { readonly validation: number; readonly test: number }
}

const prepare = ({ split = { validation: 0.2, test: 0.25 } }: Options) => {
  const parts = Split.random(Source.fromTable(table()), split)
  const fitted = Recipe.fit(Recipe.of(parts.train).pipe(Recipe.standardize("x")), parts.train)
  return { parts, fitted, ready: Partitions.map(parts, (part) => Recipe.apply(fitted, part)) }
}

const classify = (options: Options = {}) => {
  const { ready } = prepare(options)
  const model = Train.fit(Module.mlp({ hidden: [4], output: 2 }), {
    train: ready.train,
    validation: ready.validation,
    features: ["x"],
    target: "kind",
    loss: Loss.crossEntropy(),
    optimizer: Optimizer.adam({ learningRate: options.learningRate ?? 0.05 }),
    batchSize: 8,
    epochs: 5,
    prefetch: 0
  })
  return Pipeline.make("kinds", { report: Evaluate.test(model, ready.test) })
}

const regress = (baselineRows: "the same" | "others" = "the same") => {
  const { parts, ready } = prepare({})
  const others = Split.random(Source.fromTable(table(60)), { validation: 0.2, test: 0.25 })
  const model = Train.fit(Module.mlp({ hidden: [8], output: 1 }), {
    train: ready.train,
    validation: ready.validation,
    features: ["x"],
    target: "y",
    loss: Loss.huber(),
    optimizer: Optimizer.adam({ learningRate: 0.05 }),
    batchSize: 8,
    epochs: 30,
    prefetch: 0
  })
  const rows = baselineRows === "the same" ? parts.test : others.test
  return Pipeline.make("values", {
    report: Evaluate.test(model, ready.test, { baseline: { name: "x itself", rows, column: "x" } })
  })
}

const services = Layer.mergeAll(Store.layerMemory, Ledger.layerMemory, Engine.onnx({ threads: 1 }))
const isolated = <A, E>(effect: Effect.Effect<A, E, Store.Store | Ledger.Ledger | Engine.Engine>) =>
  Effect.provide(effect, services, { local: true })

const run = <O extends Pipeline.Outputs>(pipeline: Pipeline.Pipeline<O>, seed = 7) => Pipeline.run(pipeline, { seed })

describe("Evaluate.test", () => {
  it.live("E01 E02 E03 E04 reports on the test rows, and the ledger says so before and after", () =>
    isolated(
      Effect.gen(function* () {
        const { outputs } = yield* run(classify())
        const { report } = outputs
        assert.isTrue(report.kind === "classification" && report.accuracy.value > 0.7)
        assert.strictEqual(report.rows, 20)
        assert.deepStrictEqual(report.excluded, [])
        assert.deepStrictEqual(report.reading, { number: 1, reason: null, previous: [] })
        const entries = yield* (yield* Ledger.Ledger).entries
        assert.deepStrictEqual(
          entries.map(({ event }) => event._tag),
          ["Opened", "Reported"]
        )
      })
    )
  )

  it.live("D38 says whether test is worse than validation, by the record of the training", () =>
    isolated(
      Effect.gen(function* () {
        const { report } = (yield* run(classify())).outputs
        const validation = report.kind === "classification" ? report.validation : null
        if (validation === null) return assert.fail("the report says nothing of validation")
        assert.strictEqual(validation.rows, 16)
        assert.strictEqual((validation.accuracy * 16) % 1, 0)
        assert.isTrue(validation.isRepresentative)
        assert.closeTo(
          validation.difference.value,
          validation.accuracy - (report.kind === "classification" ? report.accuracy.value : 0),
          1e-12
        )
        assert.match(Report.toText(report), /Accuracy on validation was [\d.]+ % of 16 rows:\n {2}validation is /)
        assert.match(Report.toText(report), /the best of \d+ epochs, chosen by these rows, which flatters it\./)
      })
    )
  )

  it.live("D38 says the same of a regression, by the errors on the rows the training validated on", () =>
    isolated(
      Effect.gen(function* () {
        const { report } = (yield* run(regress())).outputs
        const validation = report.kind === "regression" ? report.validation : null
        if (validation === null || report.kind !== "regression")
          return assert.fail("the report says nothing of validation")
        assert.deepStrictEqual([validation.rows, validation.isRepresentative], [16, true])
        const apart = report.meanAbsoluteError - validation.meanAbsoluteError
        assert.closeTo(validation.difference.value, apart, 1e-12)
        assert.isBelow(validation.halfWidth, (validation.difference.high - validation.difference.low) / 2)
        assert.match(
          Report.toText(report),
          /The mean absolute error on validation was [\d.]+ over 16 rows:\n {2}validation's/
        )
      })
    )
  )

  it.live("D04 D05 shows what was cleaned on the way to the model, found from the pipeline", () =>
    isolated(
      Effect.gen(function* () {
        const clean = Clean.of(Source.fromTable(table(90))).pipe(
          Clean.dropOutside("x", { maximum: 2.9 }),
          Clean.dropDuplicates()
        )
        const parts = Split.random(clean.table, { validation: 0.2, test: 0.25 })
        const model = Train.fit(Module.mlp({ hidden: [4], output: 1 }), {
          train: parts.train,
          validation: parts.validation,
          features: ["x"],
          target: "y",
          loss: Loss.huber(),
          optimizer: Optimizer.adam({ learningRate: 0.05 }),
          batchSize: 8,
          epochs: 2,
          prefetch: 0
        })
        const pipeline = Pipeline.make("cleaned", {
          report: Evaluate.test(model, parts.test),
          excluded: clean.excluded
        })
        const { outputs } = yield* run(pipeline)
        const { x } = table(90).values
        const gone = x.filter((value) => value > 2.9).length
        assert.isAbove(gone, 3)
        assert.deepStrictEqual(outputs.report.excluded, [
          {
            rows: 90,
            steps: [
              { reason: "x is above 2.9", rows: gone },
              { reason: "duplicate", rows: 0 }
            ],
            kept: 90 - gone
          }
        ])
        assert.deepStrictEqual(outputs.excluded, outputs.report.excluded[0])
      })
    )
  )

  it.live("E08 compares with a baseline on the same rows, in its own unit", () =>
    isolated(
      Effect.gen(function* () {
        const { report } = (yield* run(regress())).outputs
        assert.isTrue(report.kind === "regression" && report.baseline !== null)
        if (report.kind !== "regression" || report.baseline === null) return
        const { x, y } = table().values
        const errors = x.map((value, row) => Math.abs(value - y[row]))
        assert.isBelow(report.baseline.baseline, Math.max(...errors))
        assert.isAbove(report.baseline.difference.low, 0)
      })
    )
  )

  it.live("refuses a baseline of other rows", () =>
    isolated(
      Effect.gen(function* () {
        const error = yield* Effect.flip(run(regress("others")))
        assert.strictEqual(error._tag, "BaselineError")
      })
    )
  )

  it.live("the same model is the same reading, in a new store too", () =>
    isolated(
      Effect.gen(function* () {
        const first = yield* run(classify())
        const again = yield* run(classify()).pipe(Effect.provide(Store.layerMemory, { local: true }))
        assert.isFalse(again.manifest.nodes.some((node) => node.reused))
        assert.strictEqual(again.manifest.root, first.manifest.root)
        assert.strictEqual((yield* (yield* Ledger.Ledger).entries).length, 2)
      })
    )
  )

  it.live(
    "another model on those rows is a second reading: refused, unless spent with a reason that the report shows",
    () =>
      isolated(
        Effect.gen(function* () {
          yield* run(classify())
          const error = yield* Effect.flip(run(classify({ learningRate: 0.01 })))
          assert.isTrue(error._tag === "TestAlreadyOpened" && error.shared === 20 && error.readings.length === 1)
          const spent = yield* run(classify({ learningRate: 0.01 })).pipe(
            Effect.provideService(Ledger.SpendReason, Option.some("chosen on validation"))
          )
          const { number, previous, reason } = spent.outputs.report.reading
          assert.deepStrictEqual([number, reason, previous.length], [2, "chosen on validation", 1])
        })
      )
  )

  it.live("the same rows split otherwise, in other columns' clothes, are still read before", () =>
    isolated(
      Effect.gen(function* () {
        yield* run(classify())
        const error = yield* Effect.flip(run(classify({ split: { validation: 0.1, test: 0.5 } })))
        assert.isTrue(error._tag === "TestAlreadyOpened" && error.shared > 0)
      })
    )
  )
})

describe("with types cast away, what would leak is refused before anything runs", () => {
  const refused = (name: string, make: () => Pipeline.Any, message: RegExp) =>
    it.live(name, () =>
      isolated(
        Effect.gen(function* () {
          const error = yield* Effect.flip(run(make() as Pipeline.Pipeline<{}>)) // the leak's types are cast away below
          assert.strictEqual(error._tag, "LeakError")
          assert.match(error.message, message)
          assert.deepStrictEqual(yield* (yield* Store.Store).list("results"), [])
        })
      )
    )

  refused(
    "D30 fitting a recipe on test rows",
    () => {
      const { parts } = prepare({})
      const recipe = Recipe.of(parts.train).pipe(Recipe.standardize("x"))
      return Pipeline.make("leak", { fitted: Recipe.fit(recipe, parts.test as never) }) // what types refuse
    },
    /"fit" learns from its input "dataset", which depends on test rows/
  )
  refused(
    "D36 test rows as validation",
    () => {
      const { ready } = prepare({})
      const model = Train.fit(Module.mlp({ hidden: [4], output: 2 }), {
        train: ready.train,
        validation: ready.test as never, // what types refuse
        features: ["x"],
        target: "kind",
        loss: Loss.crossEntropy(),
        optimizer: Optimizer.adam(),
        batchSize: 8,
        epochs: 1
      })
      return Pipeline.make("leak", { model })
    },
    /"train-model" learns from its input "validation", which depends on test rows/
  )
  refused(
    "validation rows as train rows",
    () => {
      const { ready } = prepare({})
      const recipe = Recipe.forColumns(columns).pipe(Recipe.standardize("x"))
      return Pipeline.make("leak", { fitted: Recipe.fit(recipe, ready.validation as never) }) // what types refuse
    },
    /depends on validation rows/
  )
})
