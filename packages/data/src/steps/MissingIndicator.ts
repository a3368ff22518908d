/**
 * A column that says where another one is missing: 1 there, 0 elsewhere. The same as scikit-learn's MissingIndicator with
 * `features="all"`. Nothing is learned.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Step from "../Step.ts"

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
    apply: ([cells]) => {
      const { values } = cells
      const out = new Float64Array(values.length)
      if (values instanceof Int32Array) for (let row = 0; row < out.length; row++) out[row] = values[row] < 0 ? 1 : 0
      else for (let row = 0; row < out.length; row++) out[row] = Number.isNaN(values[row]) ? 1 : 0
      return Effect.succeed({ [`${column}_missing`]: out })
    }
  })
