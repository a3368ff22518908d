/**
 * Principal components: a tensor becomes its coordinates along the directions in which the train rows vary most, the first
 * the largest. Signs are fixed (a direction's entry of the largest size is positive), so that two runs agree. The same as
 * scikit-learn's PCA. Computed from the covariances of all pairs of numbers: for rows of up to some hundred numbers.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { finite } from "../internal/numeric.ts"
import * as Components from "../internal/statistics/components.ts"
import { firstNotFinite, plain } from "../internal/statistics/lanes.ts"
import * as Symmetric from "../internal/statistics/symmetric.ts"
import { byRows, compute } from "../internal/threads/compute.ts"
import * as Shared from "../internal/threads/shared.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /** How many directions, at most as many as a row has numbers. */
  readonly components: number
}

/** What is learned: the mean of each number, the directions, and the train rows' variance along each. */
const State = Schema.Struct({
  mean: Schema.Array(Schema.Finite),
  directions: Schema.Array(Schema.Array(Schema.Finite)),
  variance: Schema.Array(Schema.Finite)
})

/**
 * Makes the step. Fails on NaN and infinity, on numbers too far apart for float64 to square, and on more components than
 * numbers. Throws a RangeError for a number of components that is no positive integer.
 */
export const make = <const Name extends string>(column: Name, { components }: Options) => {
  if (!Number.isSafeInteger(components) || components < 1) {
    throw new RangeError(`Recipe.pca: components is ${components}; give a positive whole number`)
  }
  return Step.column({
    name: "pca",
    version: 3,
    code: "versioned",
    config: { components },
    column,
    takes: ["tensor"],
    becomes: (_: Column.Tensor): Column.Tensor<readonly [number]> => Column.tensor([components]),
    state: State,
    fit: Effect.fnUntraced(function* (cells: Step.Cells<Column.Tensor>) {
      const width = Column.width(cells.column)
      if (components > width) {
        return yield* cells.refuse(`it has ${width} numbers a row, too few for ${components} components`)
      }
      const parts = yield* byRows(cells.length, (start, end) =>
        compute("scatter", cells.values.subarray(start * width, end * width), width)
      )
      const { covariance, mean } = Components.covariance(parts)
      if (!covariance.every(Number.isFinite)) {
        yield* finite(cells)
        return yield* cells.refuse("holds numbers too far apart for float64; use Recipe.standardize first")
      }
      const found = Symmetric.eigen(covariance, width).slice(0, components)
      return {
        mean: plain(mean),
        directions: found.map(({ vector }) => plain(vector)),
        variance: found.map(({ value }) => Math.max(0, value))
      }
    }),
    apply: Effect.fnUntraced(function* (cells, { directions, mean }) {
      const width = mean.length
      const out = Shared.float32(cells.length * components)
      const finished = yield* byRows(cells.length, (start, end) => {
        const values = cells.values.subarray(start * width, end * width)
        return compute("project", values, mean, directions, out.subarray(start * components, end * components))
      })
      if (finished.every((isFinite) => isFinite)) return out
      yield* finite(cells)
      const place = firstNotFinite(out)
      if (place < 0) return out
      const row = Math.floor(place / components)
      return yield* cells.refuse(`component ${place % components} becomes ${out[place]}`, row * mean.length)
    })
  })
}
