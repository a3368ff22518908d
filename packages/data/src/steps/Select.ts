/**
 * Feature selection by the target: of the numbers of some columns, those stay that tell most about it over the train rows.
 * By mutual information (any dependence, one feature at a time, as scikit-learn's mutual_info_classif and
 * mutual_info_regression), by the coefficients of a linear model with an L1 penalty on standardized features (Lasso, or
 * logistic regression for two classes), which are exactly 0 for what the others already tell, or by how much worse boosted
 * trees predict train rows they were not fitted to when a column is permuted.
 */
import type { Key } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Coordinate from "../internal/statistics/coordinate.ts"
import { moments } from "../internal/statistics/lanes.ts"
import * as Mutual from "../internal/statistics/mutual.ts"
import { type Numeric, finite } from "../internal/numeric.ts"
import * as Step from "../Step.ts"
import * as Permuting from "./select/Permuting.ts"

/** Options of `make`. */
export interface Options<Target extends string = string, As extends string = string, Name extends string = string> {
  /** The column to be told: floats, or a category. */
  readonly target: Target
  /** The name of the tensor column that is added. */
  readonly as: As
  readonly by: MutualInformation<Name> | L1 | Permutation
  /** How many features stay at most, those of the largest scores; all that are above the bound unless given. */
  readonly top?: number
  /**
   * Features of larger scores stay: nats, a coefficient's size, or what is lost without the column. Unless given it is 1e-5
   * for coefficients; for information 0, or nothing where `top` decides; and for a loss what chance does not explain (so
   * many standard errors that of columns that tell nothing none stays in 19 of 20 fits), or nothing where `top` decides.
   */
  readonly above?: number
}

/** The information that a feature and the target share, in nats. */
export interface MutualInformation<Name extends string = string> {
  readonly score: "mutualInformation"
  /** How many neighbours the estimate for continuous numbers looks at; 3 unless given. */
  readonly neighbors?: number
  /** Columns whose numbers are few and often equal, such as counts and one-hot columns: counted exactly. */
  readonly discrete?: ReadonlyArray<Name>
}

/** The size of a feature's coefficient. */
export interface L1 {
  readonly score: "l1"
  /**
   * The weight of Σ|w| beside the squared error / 2n (scikit-learn's `alpha` of Lasso) or the mean logistic loss (1 / nC of
   * its LogisticRegression).
   */
  readonly penalty: number
}

/**
 * What a model loses without a column: its numbers are dealt out anew among train rows that the model was not fitted to, all
 * numbers of a tensor together (those of one one-hot encoding). The score is the mean loss of R2 for a number (times the
 * target's variance that of the squared error) and in nats of log loss for a category. It tells what this model uses: of two
 * columns that say the same, each is worth little, for the other is left. At most 20,000 train rows are used, those of the
 * smallest ids; fewer where there are more than a thousand numbers in a row, or in a row for each class.
 */
export interface Permutation<Group extends string = string, Time extends string = string> {
  readonly score: "permutation"
  /** How many times each column is permuted; 10 unless given. */
  readonly repeats?: number
  /** The share of the rows, of the groups or of the time that the model is not fitted to; 0.25 unless given. */
  readonly scored?: number
  /** The column of groups whose rows stay together. Has to be said where one is declared. */
  readonly group?: Group
  /** The column of instants: the last rows are scored. Has to be said where there is one. */
  readonly time?: Time
}

/** What is learned: every feature with its score, in their order, and whether it stays. */
const State = Schema.Struct({
  features: Schema.Array(
    Schema.Struct({
      feature: Schema.String,
      score: Schema.Finite,
      /** For permutations, the standard deviation over the repeats, and the standard error over rows taken as independent. */
      deviation: Schema.optionalKey(Schema.Finite),
      error: Schema.optionalKey(Schema.Finite),
      selected: Schema.Boolean
    })
  ),
  /** For permutations, how the model that was asked did. */
  model: Schema.optionalKey(Permuting.Model)
})

type Target = Step.Cells<Column.Float | Column.Category>
type Read = Step.Cells<Numeric | Column.Category | Column.Timestamp>

/** One number of each row: a float column, or one element of a tensor's. */
interface Element {
  readonly name: string
  readonly cells: Step.Cells<Numeric>
  readonly at: number
  readonly width: number
}

/** What stays or goes: one number, or all numbers of a column. */
interface Feature {
  readonly name: string
  readonly elements: ReadonlyArray<Element>
}

/** Whether a tensor's numbers stay or go together. */
const isWhole = (by: Options["by"]): boolean => by.score === "permutation"

const featuresOf = (cells: Step.Cells<Numeric>, by: Options["by"]): ReadonlyArray<Feature> => {
  const { column, name } = cells
  const width = Column.width(column)
  const elements = Array.from({ length: width }, (_, at) => {
    return { name: column.kind === "float" ? name : `${name}[${at}]`, cells, at, width }
  })
  return isWhole(by) ? [{ name, elements }] : elements.map((element) => ({ name: element.name, elements: [element] }))
}

const valuesOf = ({ at, cells, width }: Element): Float64Array =>
  Float64Array.from({ length: cells.length }, (_, row) => cells.values[row * width + at])

/** What is read: numeric features, the target, and what says which rows belong together. */
interface Parts {
  readonly features: ReadonlyArray<Feature>
  readonly target: Target
  readonly beside: ReadonlyArray<Read>
}

const parts = Effect.fnUntraced(function* (
  cells: ReadonlyArray<Read>,
  count: number,
  by: Options["by"]
): Effect.fn.Return<Parts, Step.RecipeError> {
  const numeric: Array<Step.Cells<Numeric>> = []
  for (const each of cells.slice(0, count)) {
    if (each.column.kind === "category" || each.column.kind === "timestamp") {
      return yield* each.refuse("a feature is a float or tensor column; make numbers of it first: Recipe.oneHot")
    }
    const column = each as Step.Cells<Numeric> // its kind was just checked
    yield* finite(column)
    numeric.push(column)
  }
  const told = cells[count]
  if (told.column.kind !== "float" && told.column.kind !== "category") {
    return yield* told.refuse("a target is a float or category column")
  }
  const target = told as Target // its kind was just checked
  return { features: numeric.flatMap((column) => featuresOf(column, by)), target, beside: cells.slice(count + 1) }
})

const informationOf = (features: ReadonlyArray<Feature>, target: Target, by: MutualInformation) => {
  const told = Float64Array.from(target.values)
  const isClass = target.column.kind === "category"
  const { discrete = [], neighbors = 3 } = by
  return features.map(({ elements: [element] }) => {
    const values = valuesOf(element)
    if (discrete.includes(element.cells.name)) {
      return isClass ? Mutual.discrete(values, told) : Mutual.mixed(told, values, neighbors)
    }
    return isClass ? Mutual.mixed(values, told, neighbors) : Mutual.continuous(values, told, neighbors)
  })
}

const coefficientsOf = Effect.fnUntraced(function* (features: ReadonlyArray<Feature>, target: Target, { penalty }: L1) {
  const columns: Array<Float64Array> = []
  for (const {
    elements: [element]
  } of features) {
    const values = valuesOf(element)
    const { mean, variance } = moments(values, 1)
    if (!Number.isFinite(variance[0])) {
      return yield* element.cells.refuse("holds numbers too far apart for float64; use Recipe.scale first")
    }
    const deviation = variance[0] > 0 ? Math.sqrt(variance[0]) : 1
    columns.push(values.map((value) => (value - mean[0]) / deviation))
  }
  const told = Float64Array.from(target.values)
  if (target.column.kind === "category") {
    if (target.column.levels.length !== 2) {
      return yield* target.refuse(`L1 tells two classes apart; this has ${target.column.levels.length}`)
    }
    if (told.every((code) => code === told[0])) return yield* target.refuse("all train rows are of one class")
  }
  const { mean } = moments(told, 1)
  const found =
    target.column.kind === "category"
      ? Coordinate.logistic(columns, told, penalty)
      : Coordinate.lasso(
          columns,
          told.map((value) => value - mean[0]),
          penalty
        )
  if (found !== undefined && found.every(Number.isFinite)) return Array.from(found, Math.abs)
  return yield* target.refuse(
    "the coefficients do not settle: features are nearly copies of others; ask for a larger penalty"
  )
})

const checkOptions = ({ above = 0, by, top = 1 }: Options): void => {
  const refuse = (reason: string) => {
    throw new RangeError(`Recipe.select: ${reason}`)
  }
  if (!Number.isSafeInteger(top) || top < 1) refuse(`top is ${top}; give a whole number of at least 1`)
  if (!(above >= 0)) refuse(`above is ${above}; give a score of 0 or more`)
  if (by.score === "l1" && !(by.penalty > 0 && by.penalty < Infinity))
    refuse(`the penalty is ${by.penalty}; give more than 0`)
  if (by.score === "mutualInformation") {
    const { neighbors = 3 } = by
    if (!Number.isSafeInteger(neighbors) || neighbors < 1) refuse(`neighbors is ${neighbors}; give at least 1`)
  }
  if (by.score === "permutation") {
    const { repeats = 10, scored = 0.25 } = by
    if (!Number.isSafeInteger(repeats) || repeats < 2)
      refuse(`repeats is ${repeats}; give a whole number of at least 2`)
    if (!(scored > 0 && scored < 1)) refuse(`scored is ${scored}; give a share in (0, 1)`)
  }
}

/** What a feature is worth, and whether that is enough. */
interface Scored {
  readonly score: number
  readonly isEnough: boolean
  readonly deviation?: number
  readonly error?: number
}

/** What the features are worth, and for permutations the model that was asked. */
interface Scores {
  readonly all: ReadonlyArray<Scored>
  readonly model?: typeof Permuting.Model.Type
}

const scores = Effect.fnUntraced(function* (
  { features, target }: Parts,
  by: MutualInformation | L1,
  above: number
): Effect.fn.Return<Scores, Step.RecipeError> {
  const found = by.score === "l1" ? yield* coefficientsOf(features, target, by) : informationOf(features, target, by)
  return { all: found.map((score) => ({ score: score + 0, isEnough: score > above })) }
})

const importances = Effect.fnUntraced(function* (
  { beside, features, target }: Parts,
  by: Permutation,
  { above, top }: Options,
  key: Key.Key
): Effect.fn.Return<Scores, Step.RecipeError> {
  const [group, time] = [by.group, by.time].map((name) => beside.find((cells) => cells.name === name))
  const gathering =
    ({ at, cells, width }: Element) =>
    (rows: Uint32Array) =>
      Float64Array.from(rows, (row) => cells.values[row * width + at])
  const question = { features: features.map(({ elements }) => elements.map(gathering)), target, group, time }
  const { importances, model } = yield* Permuting.ask(question, by, key)
  const bound = (error: number) => (top === undefined ? error * Permuting.errorsByChance(features.length) : -Infinity)
  return { all: importances.map((each) => ({ ...each, isEnough: each.score > (above ?? bound(each.error)) })), model }
})

/** Chooses the features that stay: of those whose score is enough the best. */
const choose = ({ features }: Parts, { all, model }: Scores, top?: number): typeof State.Type | undefined => {
  const best = Array.from(all.keys())
    .filter((at) => all[at].isEnough)
    .sort((a, b) => all[b].score - all[a].score || a - b)
    .slice(0, top)
  if (best.length === 0) return undefined
  return {
    features: all.map(({ isEnough: _, ...scored }, at) => ({
      feature: features[at].name,
      ...scored,
      selected: best.includes(at)
    })),
    ...(model === undefined ? {} : { model })
  }
}

/** The numbers of features side by side, as float32. */
const gathered = Effect.fnUntraced(function* (features: ReadonlyArray<Feature>, length: number) {
  const elements = features.flatMap((feature) => feature.elements)
  const out = new Float32Array(length * elements.length)
  elements.forEach(({ at, cells, width }, place) => {
    for (let row = 0; row < length; row++) out[row * elements.length + place] = cells.values[row * width + at]
  })
  const place = out.findIndex((value) => !Number.isFinite(value))
  if (place < 0) return out
  const { cells, name } = elements[place % elements.length]
  return yield* cells.refuse(
    `row ${Math.floor(place / elements.length)} of ${name} is too large for float32; scale it first`
  )
})

/**
 * Makes the step. Fails on NaN and infinity, on categories among the features, and where no feature's score is large enough;
 * with permutations also on too few rows, and where a declared group or a timestamp is not named. Throws a RangeError for
 * options that make no sense.
 */
export const make = (columns: ReadonlyArray<string>, options: Options): Step.Any => {
  checkOptions(options)
  const { as, by, target, top } = options
  const above = options.above ?? (by.score === "l1" ? 1e-5 : top === undefined ? 0 : -1)
  const learn = (
    cells: ReadonlyArray<Read>,
    scoresOf: (given: Parts) => Effect.Effect<Scores, Step.RecipeError>,
    enough: string
  ) =>
    Effect.gen(function* () {
      const given = yield* parts(cells, columns.length, by)
      if (given.target.column.kind === "float") yield* finite(given.target as Step.Cells<Column.Float>) // its kind was just checked
      const state = choose(given, yield* scoresOf(given), top)
      if (state !== undefined) return state
      const reason = `and ${columns.slice(1).join(", ") || "no other"}: no feature has a score above ${enough}`
      return yield* cells[0].refuse(reason)
    })
  const shared = {
    name: "select",
    version: 1,
    code: "versioned",
    takes: ["float", "tensor", "category", "timestamp"],
    adds: (read: ReadonlyArray<Read["column"]>, learned?: typeof State.Type) => {
      const widths = read.slice(0, columns.length).map(Column.width)
      const sizes = isWhole(by) ? widths : widths.flatMap((width) => Array.from({ length: width }, () => 1))
      const stays = (_: number, at: number) => learned === undefined || learned.features[at]?.selected === true
      const all = sizes.filter(stays).reduce((sum, size) => sum + size, 0)
      return { [as]: Column.tensor([learned === undefined && !isWhole(by) ? Math.min(all, top ?? all) : all]) }
    },
    state: State,
    apply: Effect.fnUntraced(function* (cells: ReadonlyArray<Read>, learned: typeof State.Type) {
      const { features } = yield* parts(cells, columns.length, by)
      return {
        [as]: yield* gathered(
          features.filter((_, at) => learned.features[at]?.selected === true),
          cells[0].length
        )
      }
    })
  } as const
  if (by.score !== "permutation") {
    return Step.added({
      ...shared,
      config: { as, by: { ...by }, ...(top === undefined ? {} : { top }), above },
      columns: [...columns, target],
      fit: (cells: ReadonlyArray<Read>) => learn(cells, (given) => scores(given, by, above), String(above))
    })
  }
  const asked = Step.added({
    ...shared,
    config: { as, by: { ...by }, top: top ?? null, above: options.above ?? null },
    columns: [...columns, target, ...[by.group, by.time].filter((name) => name !== undefined)],
    draws: true,
    fit: (cells: ReadonlyArray<Read>, key) =>
      learn(cells, (given) => importances(given, by, options, key), String(options.above ?? "what chance explains"))
  })
  return {
    ...asked,
    columns: (given, learned) => Effect.andThen(Permuting.checkColumns(given, by), asked.columns(given, learned))
  }
}
