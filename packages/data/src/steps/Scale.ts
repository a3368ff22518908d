/**
 * Scaling by a constant that is known beforehand, such as 1/255 for pixels. Nothing is learned from any row.
 */
import { Effect, Schema } from "effect"
import { output } from "../internal/numeric.ts"
import * as Step from "../Step.ts"

/** Makes the step. Throws a RangeError for a factor that is not finite; fails on NaN and infinity. */
export const make = <const Name extends string>(column: Name, factor: number) => {
  if (!Number.isFinite(factor)) throw new RangeError(`Recipe.scale: the factor ${factor} is not finite`)
  return Step.numeric({
    name: "scale",
    version: 1,
    code: "versioned",
    config: { factor },
    column,
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: (cells) =>
      Effect.sync(() => {
        const { values } = cells
        const out = output(cells)
        for (let place = 0; place < values.length; place++) out[place] = values[place] * factor
        return out
      }),
    ...(factor === 0 ? {} : { inverse: (values: Float64Array) => values.map((value) => value / factor) })
  })
}
