/**
 * Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019): how much worse a model predicts rows it was not
 * fitted to when one feature's numbers are dealt out among them anew. The model is boosted trees, which see interactions and
 * bends; classes are told apart one against the rest.
 */
import * as Boosted from "./boosted.ts"
import { binsOf } from "./singleFeature.ts"

/** How much worse a model becomes without a feature. */
export interface Importance {
  /** The mean over the repeats of the mean loss with the feature permuted, less that without. */
  readonly mean: number
  /** The standard deviation over the repeats, as scikit-learn's `importances_std`. */
  readonly deviation: number
  /** The standard error of `mean` over the rows: other rows would have given another number. */
  readonly error: number
}

/** A feature whose numbers row `i` has from row `order[i]`. */
export interface Moved {
  readonly feature: number
  readonly order: Uint32Array
}

/** Returns the loss of each row. */
export type Losses = (moved?: Moved) => Float64Array

const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let place = 0; place < values.length; place++) sum += values[place]
  return sum / values.length
}

const squaredDeviations = (values: ArrayLike<number>, mean: number): number => {
  let sum = 0
  for (let place = 0; place < values.length; place++) sum += (values[place] - mean) ** 2
  return sum
}

/** Measures features by the same orders, one for each repeat. */
export const importances = (
  losses: Losses,
  features: number,
  orders: ReadonlyArray<Uint32Array>
): ReadonlyArray<Importance> => {
  const before = losses()
  return Array.from({ length: features }, (_, feature) => {
    const rise = new Float64Array(before.length)
    const rises = orders.map((order) => {
      const after = losses({ feature, order })
      for (let row = 0; row < rise.length; row++) {
        after[row] -= before[row]
        rise[row] += after[row] / orders.length
      }
      return meanOf(after)
    })
    const mean = meanOf(rises)
    return {
      mean,
      deviation: Math.sqrt(squaredDeviations(rises, mean) / rises.length),
      error: Math.sqrt(squaredDeviations(rise, meanOf(rise)) / (rise.length - 1) / rise.length)
    }
  })
}

const growth = { rounds: 60, depth: 3 } as const

/** What is to be predicted: the code of one of so many classes, or a number. */
export interface Target {
  readonly values: Float64Array
  readonly classes?: number
}

/** A feature's columns, which are permuted together. */
export type Feature = ReadonlyArray<Float64Array>

/** Scores of all rows, for each of the models that together predict. */
type Scores = ReadonlyArray<Float64Array>

const squares = ([scores]: Scores, told: Float64Array): Float64Array =>
  told.map((value, row) => (value - scores[row]) ** 2)

const twoClasses = ([scores]: Scores, told: Float64Array): Float64Array =>
  scores.map((score, row) => Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - told[row] * score)

/** The chances of the classes, each told from all others, are brought to a sum of 1. A class that no model knows has none. */
const classesOf =
  (codes: ReadonlyArray<number>) =>
  (scores: Scores, told: Float64Array): Float64Array =>
    told.map((code, row) => {
      const chances = scores.map((of) => 1 / (1 + Math.exp(-of[row])))
      const sum = chances.reduce((total, chance) => total + chance, 0)
      return -Math.log(Math.max((chances[codes.indexOf(code)] ?? 0) / sum, Number.EPSILON))
    })

/** Fits trees to some rows; gives the losses of others, squares for numbers and nats for classes. */
export const model = (
  features: ReadonlyArray<Feature>,
  { classes, values }: Target,
  fitted: Uint32Array,
  scored: Uint32Array
): Losses => {
  const columns = features.flat().map((column) => Uint8Array.from(binsOf(column).of))
  const marks = features.map((_, feature) =>
    Uint8Array.from(features.flatMap((each, other) => each.map(() => (other === feature ? 1 : 0))))
  )
  const known = new Set(Array.from(fitted, (row) => values[row]))
  const codes = classes === 2 ? [1] : [...known].sort((a, b) => a - b)
  const isNumber = classes === undefined
  const models = isNumber
    ? [Boosted.fit(columns, values, fitted, { ...growth, to: "numbers" })]
    : codes.map((code) => {
        const target = values.map((value) => (value === code ? 1 : 0))
        return Boosted.fit(columns, target, fitted, { ...growth, to: "marks" })
      })
  const told = Float64Array.from(scored, (row) => values[row])
  const lossesOf = isNumber ? squares : classes === 2 ? twoClasses : classesOf(codes)
  return (moved) =>
    lossesOf(
      models.map(({ scores, trees }) => {
        const out = Float64Array.from(scored, (row) => scores[row])
        if (moved === undefined) return out
        const marked = marks[moved.feature]
        for (const tree of trees) {
          if (!Boosted.reads(tree, marked)) continue
          for (let place = 0; place < out.length; place++) {
            const [row, other] = [scored[place], scored[moved.order[place]]]
            out[place] += Boosted.valueOf(tree, columns, row, marked, other) - Boosted.valueOf(tree, columns, row)
          }
        }
        return out
      }),
      told
    )
}
