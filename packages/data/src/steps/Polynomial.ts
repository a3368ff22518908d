/**
 * Products of columns as features: all products of two to `degree` of the numbers named, squares and higher powers included
 * unless only interactions are asked for. The same as scikit-learn's PolynomialFeatures without the bias and without the
 * numbers themselves, which stay where they are. Nothing is learned.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { finite } from "../internal/numeric.ts"
import { byRows, compute } from "../internal/threads/compute.ts"
import * as Shared from "../internal/threads/shared.ts"
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
      const out = Shared.float32(length * factors.length)
      const finished = yield* byRows(length, (start, end) => {
        const values = cells.map((each) => each.values.subarray(start, end))
        return compute("multiply", values, factors, out.subarray(start * factors.length, end * factors.length))
      })
      if (finished.every((isFinite) => isFinite)) return { [as]: out }
      yield* Effect.forEach(cells, finite)
      const bad = yield* compute("firstNotFinite", out)
      const names = factors[bad % factors.length].map((place) => cells[place].name).join(" times ")
      const reason = `${names} is ${out[bad]} in float32; scale the columns first`
      return yield* refuse(reason, Math.floor(bad / factors.length))
    })
  })
}
