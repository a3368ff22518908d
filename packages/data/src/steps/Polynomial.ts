/**
 * Products of columns as features: all products of two to `degree` of the numbers named, squares and higher powers included
 * unless only interactions are asked for. The same as scikit-learn's PolynomialFeatures without the bias and without the
 * numbers themselves, which stay where they are. Nothing is learned.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { firstNotFinite } from "../internal/statistics/lanes.ts"
import { finite } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options<As extends string = string> {
  /** The name of the tensor column that is added. */
  readonly as: As
  /** How many numbers a product has at most; 2 unless given. */
  readonly degree?: number
  /** Whether a product has every number at most once: interactions without powers. Off unless given. */
  readonly interactionsOnly?: boolean
}

/** Lists the products of two to `degree` of `count` numbers, each as places in ascending order. */
export const products = (
  count: number,
  degree: number,
  interactionsOnly: boolean
): ReadonlyArray<ReadonlyArray<number>> => {
  let last: ReadonlyArray<ReadonlyArray<number>> = Array.from({ length: count }, (_, place) => [place])
  const all: Array<ReadonlyArray<number>> = []
  for (let size = 2; size <= degree; size++) {
    last = last.flatMap((product) => {
      const from = product[product.length - 1] + (interactionsOnly ? 1 : 0)
      return Array.from({ length: Math.max(0, count - from) }, (_, step) => [...product, from + step])
    })
    all.push(...last)
  }
  return all
}

/** Rows are multiplied so many at a time that their products stay in the processor's nearest cache. */
const productsTogether = 8192

/** Writes products of two columns into a third, and as float32 every `stride` places; NaN if one is none or too large. */
const multiplyTwo = (
  [left, right, into]: ReadonlyArray<Float64Array>,
  rows: number,
  out: Float32Array,
  start: number,
  stride: number
): number => {
  let odd = 0
  for (let row = 0, to = start; row < rows; row++, to += stride) {
    const value = left[row] * right[row]
    into[row] = value
    const rounded = Math.fround(value)
    out[to] = rounded
    odd += rounded - rounded
  }
  return odd
}

/** Multiplies the columns of each product, that of all but its last column times the last; says whether all are finite. */
const multiply = (
  columns: ReadonlyArray<Float64Array>,
  factors: ReadonlyArray<ReadonlyArray<number>>,
  out: Float32Array
): boolean => {
  const places = new Map(factors.map((product, place) => [product.join(), place]))
  const terms = factors.map((product) => ({
    before: places.get(product.slice(0, -1).join()),
    first: product[0],
    last: product[product.length - 1]
  }))
  const count = factors.length
  const length = out.length / count
  const size = Math.max(8, Math.floor(productsTogether / count))
  const made = factors.map(() => new Float64Array(size))
  let odd = 0
  for (let start = 0; start < length; start += size) {
    const own = columns.map((column) => column.subarray(start, start + size))
    terms.forEach(({ before, first, last }, place) => {
      const three = [before === undefined ? own[first] : made[before], own[last], made[place]]
      odd += multiplyTwo(three, own[0].length, out, start * count + place, count)
    })
  }
  return odd === 0
}

/**
 * Makes the step. Fails on NaN and infinity, and on products that float32 cannot hold. Throws a RangeError for a degree
 * below 2 and where there is no product.
 */
export const make = (columns: ReadonlyArray<string>, options: Options) => {
  const { as, degree = 2, interactionsOnly = false } = options
  if (!Number.isSafeInteger(degree) || degree < 2) {
    throw new RangeError(`Recipe.polynomial: degree is ${degree}; give a whole number of at least 2`)
  }
  const factors = products(columns.length, degree, interactionsOnly)
  if (factors.length === 0) throw new RangeError(`Recipe.polynomial: ${columns.join(", ")} alone have no interaction`)
  return Step.added({
    name: "polynomial",
    version: 1,
    code: "versioned",
    config: { as, degree, interactionsOnly },
    columns,
    takes: ["float"],
    adds: () => ({ [as]: Column.tensor([factors.length]) }),
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: Effect.fnUntraced(function* (cells: ReadonlyArray<Step.Cells<Column.Float>>) {
      const [{ length, refuse }] = cells
      const out = new Float32Array(length * factors.length)
      const values = cells.map(({ values }) => values)
      if (multiply(values, factors, out)) return { [as]: out }
      yield* Effect.forEach(cells, finite)
      const bad = firstNotFinite(out)
      const names = factors[bad % factors.length].map((place) => cells[place].name).join(" times ")
      const reason = `${names} is ${out[bad]} in float32; scale the columns first`
      return yield* refuse(reason, Math.floor(bad / factors.length))
    })
  })
}
