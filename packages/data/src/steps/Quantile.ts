/**
 * The quantile transform: a number becomes the share of train numbers below it, so that train columns are uniform on [0, 1]
 * or, through the inverse distribution, normal. Ranks only, so nothing wild remains; distances are lost. The same as
 * scikit-learn's QuantileTransformer with `subsample=None`.
 */
import { Effect, Schema } from "effect"
import * as Normal from "../internal/statistics/normal.ts"
import { type Per, groupsOf, output as outputOf } from "../internal/numeric.ts"
import * as Float64 from "../internal/statistics/float64.ts"
import * as Order from "../internal/statistics/order.ts"
import * as Radix from "../internal/statistics/radix.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options {
  /** The distribution of train columns afterwards; `"uniform"` unless given. */
  readonly output?: "uniform" | "normal"
  /** How many quantiles are learned, at most as many as there are train numbers; 1000 unless given. */
  readonly quantiles?: number
  /** Which numbers of a tensor share their quantiles: see `Recipe.standardize`. */
  readonly per?: Per
}

/** What is learned: for each group of numbers, quantiles at equal distances of their shares, from 0 to 1. */
const State = Schema.Struct({ quantiles: Schema.Array(Schema.Array(Schema.Finite)) })

const margin = 1e-7

/** What a number becomes that has some share of train numbers below it. */
type Output = (share: number, value: number) => number

const normal = (least: number, largest: number): Output => {
  const [low, high] = [margin - Number.EPSILON, 1 - (margin - Number.EPSILON)]
  return (share, value) => {
    if (value - margin < least) return Normal.quantile(low)
    return Normal.quantile(value + margin > largest ? high : Math.min(high, Math.max(low, share)))
  }
}

/** The shares of the quantiles themselves, from 0 to 1: of equal ones, the middle of theirs. */
const sharesOf = (quantiles: ReadonlyArray<number>): ReadonlyArray<number> => {
  const last = quantiles.length - 1
  const shares: Array<number> = []
  for (let first = 0; first <= last;) {
    let equal = first
    while (equal < last && quantiles[equal + 1] === quantiles[first]) equal++
    for (const share = (first + equal) / 2 / last; first <= equal; first++) shares.push(share)
  }
  return shares
}

/** The shares of the extremes are 0 and 1, however many are equal to them. */
const withEnds = (quantiles: ReadonlyArray<number>, shares: ReadonlyArray<number>): ReadonlyArray<number> =>
  shares.map((share, at) => {
    if (quantiles[at] === quantiles[0]) return 0
    return quantiles[at] === quantiles[quantiles.length - 1] ? 1 : share
  })

/**
 * Makes the step. A constant column becomes 0 (uniform) or the smallest normal number, -5.2. Fails on NaN and infinity.
 * Throws a RangeError for fewer than two quantiles.
 */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const { output = "uniform", per = "tensor", quantiles = 1000 } = options
  if (!Number.isSafeInteger(quantiles) || quantiles < 2) {
    throw new RangeError(`Recipe.quantile: quantiles is ${quantiles}; give a whole number of at least 2`)
  }
  return Step.numeric({
    name: "quantile",
    version: 1,
    code: "versioned",
    config: { output, quantiles, per },
    column,
    state: State,
    fit: (cells) =>
      Effect.sync(() => {
        const groups = groupsOf(cells.column, per)
        const learned = Array.from({ length: groups }, (_, group) => {
          const present = Order.present(cells.values, groups, group)
          const last = Math.min(quantiles, present.length) - 1
          if (last === present.length - 1) return Array.from(Radix.sort(present), (value) => value + 0) // JSON has no -0
          const shares = Array.from({ length: last + 1 }, (__, index) => index / last)
          return Order.quantiles(present, shares).map((value) => value + 0)
        })
        return { quantiles: learned }
      }),
    apply: (cells, learned) =>
      Effect.sync(() => {
        const out = outputOf(cells)
        const groups = learned.quantiles.length
        learned.quantiles.forEach((own, group) => {
          const bounds = own.length === 1 ? [...own, ...own] : own
          const [least, largest] = [own[0], own[own.length - 1]]
          const ties = output === "uniform" ? withEnds(bounds, sharesOf(bounds)) : sharesOf(bounds)
          const f = output === "uniform" ? undefined : normal(least, largest)
          Float64.shares(cells.values, { groups, group, bounds, ties }, f, out)
        })
        return out
      })
  })
}
