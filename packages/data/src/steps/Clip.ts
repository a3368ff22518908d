/**
 * Clipping to quantiles of the train rows (winsorizing): numbers below the lower one become the lower one, those above the
 * upper one the upper one. For columns with a few wild numbers that are not errors.
 */
import { Effect, Schema } from "effect"
import { type Sharing, output, quantilesOf } from "../internal/numeric.ts"
import { compute } from "../internal/threads/compute.ts"
import * as Step from "../Step.ts"
import { checkShares } from "./Robust.ts"

/** Options of `make`. */
export interface Options extends Sharing {
  /** The share of train numbers below the lower bound; 0.01 unless given, and 0 is their smallest. */
  readonly lower?: number
  /** The share of train numbers below the upper bound; 0.99 unless given, and 1 is their largest. */
  readonly upper?: number
}

/** What is learned: one number for each group of numbers. */
const State = Schema.Struct({ lower: Schema.Array(Schema.Finite), upper: Schema.Array(Schema.Finite) })

/** Makes the step. Fails on NaN and infinity. Throws a RangeError for shares that do not ascend within [0, 1]. */
export const make = <const Name extends string>(column: Name, options: Options = {}) => {
  const { lower = 0.01, per = "tensor", upper = 0.99 } = options
  checkShares("clip", lower, upper)
  return Step.numeric({
    name: "clip",
    version: 1,
    code: "versioned",
    config: { lower, upper, per },
    column,
    state: State,
    fit: (cells) =>
      Effect.map(quantilesOf(cells, per, [lower, upper]), (groups) => ({
        lower: groups.map(([low]) => low + 0), // JSON has no -0
        upper: groups.map(([, high]) => high + 0)
      })),
    apply: (cells, bounds) => {
      const out = output(cells)
      return Effect.as(compute("clamp", cells.values, bounds.lower, bounds.upper, out), out)
    }
  })
}
