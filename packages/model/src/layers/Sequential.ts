/**
 * Modules one after the other, and the names their parameters get. A layer is named by its kind and its place among the
 * layers of that kind, `dense0`, `dense1`, so adding a dropout renames no weight; `named` fixes a name for good.
 */
import { Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Layer from "./Layer.ts"

const namesOf = (modules: ReadonlyArray<Layer.Module>): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  return modules.map(({ kind, name }) => {
    if (name !== undefined) return name
    const place = counts.get(kind) ?? 0
    counts.set(kind, place + 1)
    return `${kind}${place}`
  })
}

const duplicateOf = (names: ReadonlyArray<string>): string | undefined =>
  names.find((name, index) => names.indexOf(name) !== index)

/**
 * Makes a module that applies modules in order. The parameters of each are named by its path, `dense0/weight`; the names
 * inside a nested sequential are under the path of that: `sequential0/dense0/weight`. Two layers of one name throw a
 * `RangeError`.
 *
 * @example
 * import { Module } from "@watertight/model"
 * import { Effect } from "effect"
 * const model = Module.sequential([Module.dense(8), Module.relu, Module.dropout(0.2), Module.dense(3)])
 * const built = Effect.runSync(model.build([4]))
 * Object.keys(built.parameters) // => ["dense0/weight", "dense0/bias", "dense1/weight", "dense1/bias"]
 * Object.keys(built.noise) // => ["dropout0"]
 */
export const sequential = (modules: ReadonlyArray<Layer.Module>): Layer.Module => {
  const names = namesOf(modules)
  const duplicate = duplicateOf(names)
  if (duplicate !== undefined) throw new RangeError(`Module.sequential: two layers are named "${duplicate}"`)
  return {
    kind: "sequential",
    name: undefined,
    code: Stage.codeOf(modules),
    config: { kind: "sequential", modules: modules.map((module) => module.config) },
    build: Effect.fnUntraced(function* (input, path = "") {
      const parts: Array<Layer.Built> = []
      let shape = input
      for (const [index, module] of modules.entries()) {
        const part = yield* module.build(shape, Layer.under(path, names[index]))
        parts.push(part)
        shape = part.output
      }
      return {
        output: shape,
        parameters: Object.assign({}, ...parts.map((part) => part.parameters)),
        noise: Object.assign({}, ...parts.map((part) => part.noise)),
        layers: parts.flatMap((part) => part.layers),
        forward: (parameters, x, noise) => parts.reduce((value, part) => part.forward(parameters, value, noise), x)
      }
    })
  }
}

const Name = Schema.String.check(Schema.isPattern(/^[A-Za-z][\w-]*$/))

/**
 * Gives a module a name that does not depend on its place: its parameters are `head/weight` wherever it stands. Names
 * are letters, digits, `_` and `-`, starting with a letter.
 *
 * @example
 * import { Module } from "@watertight/model"
 * import { Effect } from "effect"
 * const model = Module.sequential([Module.dense(8), Module.relu, Module.named("head", Module.dense(3))])
 * Object.keys(Effect.runSync(model.build([4])).parameters)[2] // => "head/weight"
 */
export const named = (name: string, module: Layer.Module): Layer.Module => {
  if (!Schema.is(Name)(name)) throw new RangeError(`Module.named: "${name}" is no name; use letters, digits, _ and -`)
  return {
    kind: module.kind,
    name,
    code: Stage.codeOf([module]),
    config: { kind: "named", name, module: module.config },
    build: (input, path = name) => module.build(input, path)
  }
}

const Nested = Schema.JsonObject
const SequentialConfig = Schema.Struct({ kind: Schema.Literal("sequential"), modules: Schema.Array(Nested) })
const NamedConfig = Schema.Struct({ kind: Schema.Literal("named"), name: Name, module: Nested })

const read = <A>(kind: string, schema: Schema.Codec<A, Schema.Json>, config: Schema.JsonObject) =>
  Schema.decodeUnknownEffect(schema)(config, { onExcessProperty: "error", errors: "all" }).pipe(
    Effect.mapError((issue) => new Layer.ConfigError({ kind, reason: issue.message }))
  )

/** Sequentials and named modules, as `Module.fromConfig` reads them. */
export const kinds: ReadonlyArray<Layer.Kind> = [
  {
    kind: "sequential",
    decode: Effect.fnUntraced(function* (config, nested) {
      const modules = yield* Effect.forEach((yield* read("sequential", SequentialConfig, config)).modules, nested)
      const duplicate = duplicateOf(namesOf(modules))
      if (duplicate === undefined) return sequential(modules)
      return yield* new Layer.ConfigError({ kind: "sequential", reason: `two layers are named "${duplicate}"` })
    })
  },
  {
    kind: "named",
    decode: Effect.fnUntraced(function* (config, nested) {
      const { module, name } = yield* read("named", NamedConfig, config)
      return named(name, yield* nested(module))
    })
  }
]
