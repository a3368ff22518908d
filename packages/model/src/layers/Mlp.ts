/**
 * The multi-layer perceptron: dense layers with an activation between them. It is a sequential with the usual choices
 * made, nothing that `sequential` could not say.
 */
import * as Init from "../Init.ts"
import type { Activation } from "./Activation.ts"
import { activate } from "./Activation.ts"
import { dense } from "./Dense.ts"
import { dropout } from "./Dropout.ts"
import { flatten } from "./Flatten.ts"
import type { Module } from "./Layer.ts"
import { sequential } from "./Sequential.ts"

/**
 * Makes a multi-layer perceptron: flatten, then for each hidden size a dense layer, an activation and (for `dropout`
 * above 0) dropout, then a dense layer of `output` units without activation: logits, or the predicted value. Hidden
 * weights start as `Init.heNormal` before relu and elu, as `Init.glorotUniform` before tanh and sigmoid; the output's
 * start as `Init.lecunNormal`, since no activation follows it.
 *
 * @example
 * import { Module } from "@watertight/model"
 * import { Effect } from "effect"
 * Effect.runSync(Module.mlp({ hidden: [64, 32], output: 1 }).build([28, 28])).output // => [1]
 */
export const mlp = (options: {
  readonly hidden: ReadonlyArray<number>
  readonly output: number
  readonly dropout?: number
  readonly activation?: Activation
}): Module => {
  const { activation = "relu", dropout: rate = 0, hidden, output } = options
  const init = activation === "relu" || activation === "elu" ? Init.heNormal : Init.glorotUniform
  return sequential([
    flatten,
    ...hidden.flatMap((units) => [
      dense(units, { init }),
      activate(activation),
      ...(rate === 0 ? [] : [dropout(rate)])
    ]),
    dense(output, { init: Init.lecunNormal })
  ])
}
