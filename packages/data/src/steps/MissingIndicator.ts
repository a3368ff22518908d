/**
 * A column that says where another one is missing: 1 there, 0 elsewhere. The same as scikit-learn's MissingIndicator with
 * `features="all"`. Nothing is learned.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { mark } from "../internal/statistics/float64.ts"
import * as Step from "../Step.ts"

const ofCodes = (codes: Int32Array): Float64Array => {
  const out = new Float64Array(codes.length)
  for (let row = 0; row < out.length; row++) out[row] = codes[row] < 0 ? 1 : 0
  return out
}

/** Makes the step. Fails where there is such a column already. */
export const make = <const Name extends string>(column: Name) =>
  Step.added({
    name: "missingIndicator",
    version: 1,
    code: "versioned",
    columns: [column],
    takes: ["optional float", "optional category", "optional timestamp"],
    adds: () => ({ [`${column}_missing`]: Column.float }),
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: ([{ values }]) =>
      Effect.sync(() => ({
        [`${column}_missing`]: values instanceof Int32Array ? ofCodes(values) : mark(values, 1)
      }))
  })
