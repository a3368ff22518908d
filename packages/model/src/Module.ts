/**
 * Networks as values. A module is data until it is built for an input shape; then it has named parameters and a pure
 * forward pass of plain `tf` operations, which an engine compiles. `config` identifies a module completely and makes it
 * again, so a stored model needs no code to be loaded.
 */
import { Key } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Init from "./Init.ts"
import * as Activation from "./layers/Activation.ts"
import * as Dense from "./layers/Dense.ts"
import * as Dropout from "./layers/Dropout.ts"
import * as Flatten from "./layers/Flatten.ts"
import type { Built, Kind, Module, Shape, ShapeError } from "./layers/Layer.ts"
import { ConfigError } from "./layers/Layer.ts"
import * as Sequential from "./layers/Sequential.ts"

export { elu, relu, sigmoid, tanh } from "./layers/Activation.ts"
export { dense } from "./layers/Dense.ts"
export { dropout } from "./layers/Dropout.ts"
export { flatten } from "./layers/Flatten.ts"
export { ConfigError, define, ShapeError } from "./layers/Layer.ts"
export { mlp } from "./layers/Mlp.ts"
export { named, sequential } from "./layers/Sequential.ts"
export type { Activation } from "./layers/Activation.ts"
export type { Built, Decode, Definition, Kind, Leaf, Module, Noise, Parameter, Shape, Summary } from "./layers/Layer.ts"

const builtIn: ReadonlyArray<Kind> = [Dense.kind, Dropout.kind, Flatten.kind, ...Activation.kinds, ...Sequential.kinds]

/**
 * Makes the module a config describes. Kinds of your own, made by `Module.define`, are read when they are given. Fails
 * with `ConfigError` on an unknown kind, an unknown option and an option out of range.
 *
 * @example
 * import { Module } from "@watertight/model"
 * import { Effect } from "effect"
 * const model = Module.mlp({ hidden: [8], output: 3, dropout: 0.1 })
 * Effect.runSync(Module.fromConfig(model.config)).config // => model.config
 */
export const fromConfig = (
  config: unknown,
  options: { readonly kinds?: ReadonlyArray<Kind> } = {}
): Effect.Effect<Module, ConfigError> => {
  const kinds = [...(options.kinds ?? []), ...builtIn]
  const decode = (json: Schema.JsonObject): Effect.Effect<Module, ConfigError> => {
    const kind = kinds.find((candidate) => candidate.kind === json.kind)
    if (kind !== undefined) return kind.decode(json, decode)
    const known = kinds.map((candidate) => candidate.kind).join(", ")
    return Effect.fail(
      new ConfigError({
        kind: String(json.kind),
        reason: `no such kind is known (${known}); pass your own as { kinds: [...] }`
      })
    )
  }
  return Schema.decodeUnknownEffect(Schema.JsonObject)(config).pipe(
    Effect.mapError((issue) => new ConfigError({ kind: "unknown", reason: issue.message })),
    Effect.flatMap(decode)
  )
}

/**
 * Draws the parameters a built module starts with. Each comes from the key folded with its own name, so what a parameter
 * starts as depends on the key, its name and its shape, and on no other layer.
 */
export const initialize = (built: Built, key: Key.Key): Readonly<Record<string, Float32Array<ArrayBuffer>>> =>
  Object.fromEntries(
    Object.entries(built.parameters).map(([name, { init, shape }]) => [
      name,
      Init.draw(init, Key.foldIn(key, name), shape)
    ])
  )

/** Counts the numbers a built module trains. */
export const countParameters = (built: Built): number => built.layers.reduce((sum, layer) => sum + layer.parameters, 0)

/**
 * Describes a module for inputs of a shape as a table for people: layers, output shapes, numbers of parameters.
 *
 * @example
 * import { Module } from "@watertight/model"
 * import { Effect } from "effect"
 * Effect.runSync(Module.describe(Module.dense(10), [784])).split("\n")[1] // => "dense0  [10]         7,850"
 */
export const describe = (module: Module, input: Shape): Effect.Effect<string, ShapeError> =>
  Effect.map(module.build(input), (built) => {
    const lines = [
      ["layer", "output", "parameters"],
      ...built.layers.map((layer) => [layer.path, `[${layer.output.join(", ")}]`, grouped(layer.parameters)]),
      ["total", "", grouped(countParameters(built))]
    ]
    const widths = [0, 1, 2].map((column) => Math.max(...lines.map((line) => line[column].length)))
    return lines
      .map(
        ([layer, output, parameters]) =>
          `${layer.padEnd(widths[0])}  ${output.padEnd(widths[1])}  ${parameters.padStart(widths[2])}`
      )
      .join("\n")
  })

const grouped = (count: number): string => count.toLocaleString("en-US")
