/**
 * Tomorrow's highest temperature in Seattle from the weather of today and the three days before, and from the season. The
 * years are split by time. The last target of a period is a temperature of the day after it, so the next period starts
 * two days later; the model must beat "same as today".
 */
import { Pipeline, type Node } from "@watertight/core"
import { Column, Columns, Partitions, Recipe, Source, Split, type Table, Window } from "@watertight/data"
import { Evaluate } from "@watertight/eval"
import { Loss, Module, Train } from "@watertight/model"
import { Clip, LearningRate, Optimizer, Transform } from "@watertight/optim"

export const Weather = Columns.make({
  date: Column.timestamp,
  precipitation: Column.float,
  temp_max: Column.float,
  temp_min: Column.float,
  wind: Column.float,
  weather: Column.category(["drizzle", "fog", "rain", "snow", "sun"])
})

/** Adds the three days before as features, and the next day's highest temperature as the target. */
export const series = <E, R>(days: Node.Node<Table.Table<typeof Weather>, E, R>) => {
  const past = Window.lags(days, { on: "date", columns: ["temp_max", "temp_min", "precipitation", "wind"], past: 3 })
  return Window.ahead(past, { on: "date", column: "temp_max", by: 1, as: "tomorrow" })
}

/** The pipeline over any days, so that tests can run it on few. */
export const make = <E, R>(
  days: Node.Node<Table.Table<typeof Weather>, E, R>,
  options: { readonly epochs: number; readonly peak?: number }
) => {
  const parts = Split.temporal(series(days), { on: "date", validation: "180 days", test: "365 days", gap: "2 days" })

  const numbers = [
    "temp_max",
    "temp_max_lag1",
    "temp_max_lag2",
    "temp_max_lag3",
    "temp_min",
    "temp_min_lag1",
    "temp_min_lag2",
    "temp_min_lag3",
    "precipitation",
    "precipitation_lag1",
    "wind",
    "wind_lag1"
  ] as const
  const recipe = Recipe.of(parts.train).pipe(
    Recipe.standardize(numbers),
    Recipe.oneHot("weather"),
    Recipe.cyclic("date", ["dayOfYear"])
  )
  const fitted = Recipe.fit(recipe, parts.train)
  const ready = Partitions.map(parts, (part) => Recipe.apply(fitted, part))

  const model = Train.fit(Module.mlp({ hidden: [16], output: 1 }), {
    train: ready.train,
    validation: ready.validation,
    features: [...numbers, "weather", "date_dayOfYear_sin", "date_dayOfYear_cos"],
    target: "tomorrow",
    loss: Loss.huber({ delta: 2 }),
    optimizer: Transform.chain(
      Clip.byGlobalNorm(5),
      Optimizer.adamw({
        learningRate: LearningRate.warmupCosine({ peak: options.peak ?? 5e-3, warmup: 0.1 }),
        weightDecay: 0.01
      })
    ),
    batchSize: 32,
    epochs: options.epochs,
    stopping: { patience: 20 }
  })

  const report = Evaluate.test(model, ready.test, {
    baseline: { name: "same as today", rows: parts.test, column: "temp_max" }
  })
  return Pipeline.make("weather", { model, report })
}

/** Every day of the years 2012 to 2015. */
export const days = Source.csv(new URL("../data/seattle-weather.csv", import.meta.resolve("vega-datasets")), Weather)

export default make(days, { epochs: 80 })
