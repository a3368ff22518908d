/**
 * Feature selection by the target: of the numbers of some columns, those stay that tell most about it over the train rows.
 * By mutual information (any dependence, one feature at a time, as scikit-learn's mutual_info_classif and
 * mutual_info_regression), or by the coefficients of a linear model with an L1 penalty on standardized features (Lasso, or
 * logistic regression for two classes), which are exactly 0 for what the others already tell.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Coordinate from "../internal/statistics/coordinate.ts"
import { moments } from "../internal/statistics/lanes.ts"
import * as Mutual from "../internal/statistics/mutual.ts"
import { type Numeric, finite } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options<Target extends string = string, As extends string = string, Name extends string = string> {
  /** The column to be told: floats, or a category. */
  readonly target: Target
  /** The name of the tensor column that is added. */
  readonly as: As
  readonly by: MutualInformation<Name> | L1
  /** How many features stay at most, those of the largest scores; all that are above the bound unless given. */
  readonly top?: number
  /**
   * Features of larger scores stay: nats, or a coefficient's size. Unless given it is 1e-5 for coefficients, and for
   * information 0, or nothing where `top` decides.
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

/** What is learned: every feature with its score, in their order, and whether it stays. */
const State = Schema.Struct({
  features: Schema.Array(Schema.Struct({ feature: Schema.String, score: Schema.Finite, selected: Schema.Boolean }))
})

type Read = Step.Cells<Numeric | Column.Category>

/** One number of each row: a float column, or one element of a tensor's. */
interface Feature {
  readonly name: string
  readonly cells: Step.Cells<Numeric>
  readonly at: number
  readonly width: number
}

const featuresOf = (cells: ReadonlyArray<Step.Cells<Numeric>>): ReadonlyArray<Feature> =>
  cells.flatMap((each) => {
    const width = Column.width(each.column)
    const { name } = each
    if (each.column.kind === "float") return [{ name, cells: each, at: 0, width }]
    return Array.from({ length: width }, (_, at) => ({ name: `${name}[${at}]`, cells: each, at, width }))
  })

const valuesOf = ({ at, cells, width }: Feature): Float64Array =>
  Float64Array.from({ length: cells.length }, (_, row) => cells.values[row * width + at])

/** Parts what is read into numeric features and the target, which is the last. */
const parts = Effect.fnUntraced(function* (cells: ReadonlyArray<Read>) {
  const numeric: Array<Step.Cells<Numeric>> = []
  for (const each of cells.slice(0, -1)) {
    if (each.column.kind === "category") {
      return yield* each.refuse("a feature is a float or tensor column; make numbers of it first: Recipe.oneHot")
    }
    const column = each as Step.Cells<Numeric> // its kind was just checked
    yield* finite(column)
    numeric.push(column)
  }
  return { features: featuresOf(numeric), target: cells[cells.length - 1] }
})

const informationOf = (features: ReadonlyArray<Feature>, target: Read, by: MutualInformation) => {
  const told = Float64Array.from(target.values)
  const isClass = target.column.kind === "category"
  const { discrete = [], neighbors = 3 } = by
  return features.map((feature) => {
    const values = valuesOf(feature)
    if (discrete.includes(feature.cells.name)) {
      return isClass ? Mutual.discrete(values, told) : Mutual.mixed(told, values, neighbors)
    }
    return isClass ? Mutual.mixed(values, told, neighbors) : Mutual.continuous(values, told, neighbors)
  })
}

const coefficientsOf = Effect.fnUntraced(function* (features: ReadonlyArray<Feature>, target: Read, { penalty }: L1) {
  const columns: Array<Float64Array> = []
  for (const feature of features) {
    const values = valuesOf(feature)
    const { mean, variance } = moments(values, 1)
    if (!Number.isFinite(variance[0])) {
      return yield* feature.cells.refuse("holds numbers too far apart for float64; use Recipe.scale first")
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
}

/**
 * Makes the step. Fails on NaN and infinity, on categories among the features, and where no feature's score is large enough.
 * Throws a RangeError for options that make no sense.
 */
export const make = (columns: ReadonlyArray<string>, options: Options) => {
  checkOptions(options)
  const { as, by, target, top } = options
  const above = options.above ?? (by.score === "l1" ? 1e-5 : top === undefined ? 0 : -1)
  return Step.added({
    name: "select",
    version: 1,
    code: "versioned",
    config: { as, by: { ...by }, ...(top === undefined ? {} : { top }), above },
    columns: [...columns, target],
    takes: ["float", "tensor", "category"],
    adds: (read, learned?: typeof State.Type) => {
      const all = read.slice(0, -1).reduce((sum, column) => sum + Column.width(column), 0)
      const selected = learned?.features.filter((each) => each.selected).length
      return { [as]: Column.tensor([selected ?? Math.min(all, top ?? all)]) }
    },
    state: State,
    fit: Effect.fnUntraced(function* (cells: ReadonlyArray<Read>) {
      const { features, target: told } = yield* parts(cells)
      const isNumber = told.column.kind === "float"
      if (told.column.kind === "tensor") return yield* told.refuse("a target is a float or category column")
      if (isNumber) yield* finite(told as Step.Cells<Column.Float>) // its kind was just checked
      const scores = by.score === "l1" ? yield* coefficientsOf(features, told, by) : informationOf(features, told, by)
      const best = Array.from(scores.keys())
        .filter((at) => scores[at] > above)
        .sort((a, b) => scores[b] - scores[a] || a - b)
        .slice(0, top)
      if (best.length === 0) {
        const [{ refuse }] = cells
        return yield* refuse(`and ${columns.slice(1).join(", ") || "no other"}: no feature has a score above ${above}`)
      }
      return {
        features: features.map(({ name }, at) => ({
          feature: name,
          score: scores[at] + 0,
          selected: best.includes(at)
        }))
      }
    }),
    apply: Effect.fnUntraced(function* (cells, learned) {
      const { features } = yield* parts(cells)
      const chosen = features.filter((_, at) => learned.features[at]?.selected === true)
      const [{ length }] = cells
      const out = new Float32Array(length * chosen.length)
      chosen.forEach((feature, place) => {
        const { at, cells: from, width } = feature
        for (let row = 0; row < length; row++) out[row * chosen.length + place] = from.values[row * width + at]
      })
      const place = out.findIndex((value) => !Number.isFinite(value))
      if (place < 0) return { [as]: out }
      const { cells: from, name } = chosen[place % chosen.length]
      return yield* from.refuse(
        `row ${Math.floor(place / chosen.length)} of ${name} is too large for float32; scale it first`
      )
    })
  })
}
