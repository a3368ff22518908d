/**
 * The natural logarithm, for amounts whose ratios matter more than their differences. Nothing is learned from any row.
 */
import { Effect, Schema } from "effect"
import { mapped } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /** What is added to each number first; 0 unless given, 1 where zero is an amount. */
  readonly plus?: number
}

/**
 * Makes the step. Fails, naming the row, where there is no logarithm. Throws a RangeError when `plus` is not finite.
 */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const { plus = 0 } = options
  if (!Number.isFinite(plus)) throw new RangeError(`Recipe.logarithm: plus is ${plus}; give a number`)
  return Step.numeric({
    name: "logarithm",
    version: 1,
    code: "versioned",
    config: { plus },
    column,
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: Effect.fnUntraced(function* (cells) {
      const place = cells.values.findIndex((value) => !(value + plus > 0))
      if (place >= 0) {
        const reason = `${cells.values[place]} plus ${plus} has no logarithm; add more with { plus }, or use Recipe.yeoJohnson`
        return yield* cells.refuse(reason, place)
      }
      const logarithm = plus === 1 ? Math.log1p : (value: number) => Math.log(value + plus)
      return mapped(cells, 1, (value) => logarithm(value))
    }),
    inverse: (values) => values.map(plus === 1 ? (value) => Math.expm1(value) : (value) => Math.exp(value) - plus)
  })
}
