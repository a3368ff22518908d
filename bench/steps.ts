/** Fitting and applying recipe steps on a million rows: Watertight and scikit-learn. */
import { Column, type Columns, Dataset, Recipe, RowId, type Step, type Table } from "@watertight/data"
import { Effect } from "effect"
import { type Contender, type Ratio, timed } from "./measure.ts"
import * as Python from "./python.ts"

export const title = "Recipe steps, fit and transform"
export const unit = "1,000,000 rows: fit on them, transform them"
export const meaning = `
Each step learns from a million rows and changes them. Watertight's rows lie in columns, scikit-learn's in one matrix of
float64 (float32 for the principal components), as each likes best. Twenty numeric columns; four columns of ten levels for
the encoders; in the imputers every tenth number is missing. scikit-learn learns quantiles from all rows, as Watertight
does, and gives dense arrays; it may use every core.`.trim()

const rows = 1_000_000
const names = Array.from({ length: 20 }, (_, index) => `x${index}`)
const labels = ["a", "b", "c", "d"] as const

/** Numbers of a fixed sequence: skewed, positive and negative. */
const numbers = (seed: number): Float64Array => {
  let state = seed + 1
  return Float64Array.from({ length: rows }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.exp(3 * (state / 2 ** 32)) - 4
  })
}

const shared = (values: Float64Array | Float32Array | Int32Array) => {
  const Values = values.constructor as new (buffer: SharedArrayBuffer) => typeof values
  const copy = new Values(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}

/** Columns lie in memory that threads share, as they do when they were read from a file or split. */
const tableOf = <C extends Columns.Columns>(
  columns: C,
  values: Readonly<Record<string, Float64Array | Float32Array | Int32Array>>
): Table.Table<C> => ({
  columns,
  length: rows,
  values: Object.fromEntries(
    Object.entries(values).map(([name, own]) => [name, shared(own)])
  ) as Table.Table<C>["values"],
  ids: new Uint8Array(
    Uint32Array.from({ length: (rows * RowId.bytes) / 4 }, (_, word) => Math.imul(word, 2654435761)).buffer
  )
})

type Floats = { readonly [name: string]: Column.Float }

const floats = (): Table.Table<Floats> =>
  tableOf(
    Object.fromEntries(names.map((name) => [name, Column.float])),
    Object.fromEntries(names.map((name, index) => [name, numbers(index)]))
  )

const gaps = (): Table.Table<{ readonly [name: string]: Column.OptionalFloat }> =>
  tableOf(
    Object.fromEntries(names.map((name) => [name, Column.optional(Column.float)])),
    Object.fromEntries(
      names.map((name, index) => [
        name,
        numbers(index).map((value, row) => ((row * 7 + index) % 10 === 0 ? Number.NaN : value))
      ])
    )
  )

const levels = Array.from({ length: 10 }, (_, level) => `level ${level}`)

const codes = (seed: number) => Int32Array.from(numbers(seed), (value) => Math.abs(Math.floor(value * 7)) % 10)

const categories = () => {
  const level = Column.category(levels)
  const columns = { a: level, b: level, c: level, d: level, y: Column.float }
  return tableOf(columns, { a: codes(0), b: codes(1), c: codes(2), d: codes(3), y: numbers(99) })
}

const matrix = () => {
  const columns = names.map((_, index) => numbers(index))
  const values = new Float32Array(rows * names.length)
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < names.length; index++) values[row * names.length + index] = columns[index][row]
  }
  return tableOf({ x: Column.tensor([names.length]) }, { x: values })
}

/** What `Recipe.fit` and `Recipe.apply` do with a partition's rows. */
const contender = <C extends Columns.Columns, D extends Columns.Columns>(
  name: string,
  table: Table.Table<C>,
  recipe: Recipe.Recipe<C, D>
): Contender => {
  const train = Dataset.make(table, undefined, "train")
  const work = Effect.flatMap(Recipe.fitDataset(recipe, train), (fitted) => Recipe.applyTable(fitted, table))
  return { name: `Watertight ${name}`, round: timed(1, () => Effect.orDie(work)) }
}

/** Applies a step to the rows it was fitted on, which target encoding tells from others. */
const encoder = (
  name: string,
  table: Table.Table,
  { steps }: { readonly steps: ReadonlyArray<Step.Any> }
): Contender => {
  const work = Effect.gen(function* () {
    let current = table
    for (const step of steps) current = yield* step.apply(current, yield* step.fit(current), "train")
  }).pipe(Effect.orDie)
  return { name: `Watertight ${name}`, round: timed(1, () => work) }
}

/** What both have: a step, and scikit-learn's class. */
const peers = {
  standardize: "StandardScaler",
  minMax: "MinMaxScaler",
  robust: "RobustScaler",
  quantile: "QuantileTransformer",
  imputeMean: "SimpleImputer, mean",
  imputeMedian: "SimpleImputer, median",
  missingIndicator: "MissingIndicator",
  bin: "KBinsDiscretizer",
  polynomial: "PolynomialFeatures",
  pca: "PCA",
  oneHot: "OneHotEncoder",
  ordinal: "OrdinalEncoder",
  targetEncode: "TargetEncoder"
} as const

export const ratios: ReadonlyArray<Ratio> = Object.entries(peers).map(([step, peer]) => ({
  slow: `scikit-learn ${peer}`,
  fast: `Watertight ${step}`,
  aim: { atLeast: 1 }
}))

const own = (): ReadonlyArray<Contender> => {
  const [dense, missing, coded, wide] = [floats(), gaps(), categories(), matrix()]
  const numeric = Recipe.forColumns(dense.columns)
  const incomplete = Recipe.forColumns(missing.columns)
  const encoded = Recipe.forColumns(coded.columns)
  const five = names.slice(0, 5)
  const ordinal = encoded.pipe(
    Recipe.ordinal("a", levels),
    Recipe.ordinal("b", levels),
    Recipe.ordinal("c", levels),
    Recipe.ordinal("d", levels)
  )
  return [
    contender("standardize", dense, numeric.pipe(Recipe.standardize(names))),
    contender("minMax", dense, numeric.pipe(Recipe.minMax(names))),
    contender("robust", dense, numeric.pipe(Recipe.robust(names))),
    contender("quantile", dense, numeric.pipe(Recipe.quantile(names))),
    contender("imputeMean", missing, incomplete.pipe(Recipe.imputeMean(names))),
    contender("imputeMedian", missing, incomplete.pipe(Recipe.imputeMedian(names))),
    contender("missingIndicator", missing, incomplete.pipe(Recipe.missingIndicator(names))),
    contender("bin", dense, numeric.pipe(Recipe.bin(names, { bins: 10, by: "quantile" }))),
    contender("polynomial", dense, numeric.pipe(Recipe.polynomial(five, { as: "products", degree: 2 }))),
    contender("pca", wide, Recipe.forColumns(wide.columns).pipe(Recipe.pca("x", { components: 5 }))),
    contender("oneHot", coded, encoded.pipe(Recipe.oneHot(labels))),
    contender("ordinal", coded, ordinal),
    encoder("targetEncode", coded, encoded.pipe(Recipe.targetEncode(labels, { target: "y", smoothing: 10 })))
  ]
}

const scikit = Effect.gen(function* () {
  const ask = yield* Python.start("steps.py", 2, { rows })
  return Object.values(peers).map((variant) => ({ name: `scikit-learn ${variant}`, round: ask({ variant }) }))
})

/** Makes all contenders that this machine has. */
export const contenders = Effect.gen(function* () {
  const found = [...own()]
  if (Python.has("sklearn")) found.push(...(yield* scikit))
  return found
})
