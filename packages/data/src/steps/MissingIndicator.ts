/**
 * A column that says where another one is missing: 1 there, 0 elsewhere. The same as scikit-learn's MissingIndicator with
 * `features="all"`. Nothing is learned.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { compute } from "../internal/threads/compute.ts"
import * as Shared from "../internal/threads/shared.ts"
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
    apply: ([{ values }]) => {
      const out = Shared.float64(values.length)
      const marked = values instanceof Int32Array ? compute("markMissing", values, out) : compute("mark", values, out)
      return Effect.as(marked, { [`${column}_missing`]: out })
    }
  })
