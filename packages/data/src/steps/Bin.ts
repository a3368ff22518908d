/**
 * Binning: a number becomes the interval it lies in, a category with the levels "0", "1", … from the lowest interval up.
 * Intervals are of equal width between the extremes of the train rows, or hold equally many of them. The same as
 * scikit-learn's KBinsDiscretizer with `encode="ordinal"`.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { finite } from "../internal/numeric.ts"
import { search } from "../internal/statistics/float64.ts"
import { range } from "../internal/statistics/lanes.ts"
import * as Order from "../internal/statistics/order.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /** How many intervals, at least 2. Where train numbers are equal, quantiles may fall together, and there are fewer. */
  readonly bins: number
  /** `"width"`: of equal width; `"quantile"`: of equally many train rows. */
  readonly by: "width" | "quantile"
}

/** What is learned: the bounds between the intervals, ascending; a number on a bound lies above it. */
const State = Schema.Struct({ bounds: Schema.Array(Schema.Finite) })

/** Makes the step. Fails on NaN and infinity. Throws a RangeError for fewer than two bins. */
export const make = <const Name extends string>(column: Name, { bins, by }: Options) => {
  if (!Number.isSafeInteger(bins) || bins < 2) {
    throw new RangeError(`Recipe.bin: bins is ${bins}; give a whole number of at least 2`)
  }
  return Step.column({
    name: "bin",
    version: 1,
    code: "versioned",
    config: { bins, by },
    column,
    takes: ["float"],
    becomes: (_: Column.Float): Column.Category => Column.category(Array.from({ length: bins }, (__, bin) => `${bin}`)),
    state: State,
    fit: Effect.fnUntraced(function* (cells: Step.Cells<Column.Float>) {
      const { isFinite, max, min } = range(cells.values, 1)
      if (!isFinite) yield* finite(cells)
      const [least, largest] = [min[0], max[0]]
      if (!Number.isFinite(largest - least)) {
        return yield* cells.refuse("holds numbers too far apart for float64; use Recipe.scale first")
      }
      const places = Array.from({ length: bins - 1 }, (_, index) => index + 1)
      const bounds =
        by === "width"
          ? places.map((place) => least + place * ((largest - least) / bins))
          : Order.quantiles(
              cells.values,
              places.map((place) => place / bins)
            )
      const apart = bounds.filter(
        (bound, index) => bound > (index === 0 ? least : bounds[index - 1]) && bound < largest
      )
      return { bounds: apart.map((bound) => bound + 0) } // JSON has no -0
    }),
    apply: Effect.fnUntraced(function* (cells, { bounds }) {
      const out = new Int32Array(cells.length)
      if (!search(cells.values, bounds, out)) yield* finite(cells)
      return out
    })
  })
}
