/**
 * What a layer is: a kind, options that are data, and a function from an input shape to parameters, noise and a forward
 * pass. `define` makes a kind of layer; the built-in ones are made by it too, and a kind of your own is no less.
 */
import type { Stage } from "@watertight/core"
import { Effect, Result, Schema } from "effect"
import type { Init } from "../Init.ts"
import type { tf } from "../internal/tfjs.ts"
import type { Tensors } from "../Program.ts"

/** Sizes of a tensor's axes, without the batch. */
export type Shape = ReadonlyArray<number>

/** One trained tensor: its shape and how it starts. */
export interface Parameter {
  readonly shape: Shape
  readonly init: Init
}

/** Random multipliers made outside: 0 with probability 1 - keep, else 1 / keep. The shape is per example. */
export interface Noise {
  readonly shape: Shape
  readonly keep: number
}

/** One line of a module's description. */
export interface Summary {
  readonly path: string
  readonly kind: string
  readonly output: Shape
  /** How many numbers are trained. */
  readonly parameters: number
}

/** A module for inputs of one shape. */
export interface Built {
  /** The shape of an output, without the batch. */
  readonly output: Shape
  /** By stable path: `dense0/weight`. */
  readonly parameters: Readonly<Record<string, Parameter>>
  /** By the path of the layer that multiplies by it: `dropout0`. */
  readonly noise: Readonly<Record<string, Noise>>
  readonly layers: ReadonlyArray<Summary>
  /** Maps `[batch, ...input]` to `[batch, ...output]`. Without noise it is inference. */
  readonly forward: (parameters: Tensors, input: tf.Tensor, noise: Tensors | undefined) => tf.Tensor
}

/** A network, or a part of one: plain data until it is built for a shape. */
export interface Module extends Stage.Coded {
  readonly kind: string
  /** What `named` gave it; otherwise its place gives it a name. */
  readonly name: string | undefined
  /** Identifies the module completely: equal configs build equal modules. */
  readonly config: Schema.JsonObject
  readonly build: (input: Shape, path?: string) => Effect.Effect<Built, ShapeError>
}

/** A layer was given a shape it cannot take. */
export class ShapeError extends Schema.TaggedError<ShapeError>()("ShapeError", {
  layer: Schema.String,
  got: Schema.Array(Schema.Finite),
  expected: Schema.String
}) {
  override get message() {
    return `Layer ${this.layer} cannot take an input of shape [${this.got.join(", ")}]: it takes ${this.expected}.`
  }
}

/** A stored config is not that of a module or loss. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  kind: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `A config of kind "${this.kind}" cannot be read: ${this.reason}.`
  }
}

/** Reads the config of a module. */
export type Decode = (config: Schema.JsonObject) => Effect.Effect<Module, ConfigError>

/** A kind of module that `Module.fromConfig` can read. */
export interface Kind {
  readonly kind: string
  /** Reads a config of this kind; `nested` reads the modules inside it. */
  readonly decode: (config: Schema.JsonObject, nested: Decode) => Effect.Effect<Module, ConfigError>
}

/** A layer for inputs of one shape, with names of its own that know no path. */
export interface Leaf {
  readonly output: Shape
  readonly parameters?: Readonly<Record<string, Parameter>>
  readonly noise?: Noise
  /** The noise is `undefined` in inference. */
  readonly forward: (input: tf.Tensor, parameters: Tensors, noise: tf.Tensor | undefined) => tf.Tensor
}

/** A kind of layer, its constructor, and how its config is read. */
export interface Definition<Options> extends Kind {
  readonly make: (options: Options) => Module
}

/** Puts a name under a path. */
export const under = (path: string, name: string): string => (path === "" ? name : `${path}/${name}`)

/** Multiplies the sizes of a shape's axes. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1)

/** Options that no layer of the kind can have throw: they are a mistake in the program, not in its input. */
const encode = <Options>(kind: string, schema: Schema.Codec<Options, Schema.JsonObject>, options: Options) =>
  Result.getOrThrowWith(
    Schema.encodeResult(schema)(options),
    (issue) => new RangeError(`Module.${kind}: ${issue.message}`)
  )

/**
 * Defines a kind of layer from a schema of its options and a function from options and input shape to a `Leaf`, or to a
 * sentence that says which shapes it takes. The layer's config is `{ kind, ...options }`.
 *
 * @example
 * import { Module } from "@watertight/model"
 * import { Result, Schema } from "effect"
 * const scale = Module.define({
 *   kind: "scale",
 *   options: Schema.Struct({ factor: Schema.Finite }),
 *   build: ({ factor }, input) => Result.succeed({ output: input, forward: (x) => x.mul(factor) })
 * })
 * scale.make({ factor: 2 }).config // => { kind: "scale", factor: 2 }
 */
export const define = <Options>(definition: {
  readonly kind: string
  /** `"sources"` unless given: an edit of any file of yours trains anew. */
  readonly code?: Stage.Code
  readonly options: Schema.Codec<Options, Schema.JsonObject>
  readonly build: (options: Options, input: Shape) => Result.Result<Leaf, string>
}): Definition<Options> => {
  const { build, code = "sources", kind, options: schema } = definition
  const make = (options: Options): Module => ({
    kind,
    name: undefined,
    code,
    config: { kind, ...encode(kind, schema, options) },
    build: (input, path = `${kind}0`) =>
      Effect.fromResult(
        Result.mapBoth(build(options, input), {
          onSuccess: (leaf) => place(kind, path, leaf),
          onFailure: (expected) => new ShapeError({ layer: path, got: input, expected })
        })
      )
  })
  const decode = ({ kind: _, ...rest }: Schema.JsonObject) =>
    Schema.decodeUnknownEffect(schema)(rest, { onExcessProperty: "error", errors: "all" }).pipe(
      Effect.mapBoth({ onSuccess: make, onFailure: (issue) => new ConfigError({ kind, reason: issue.message }) })
    )
  return { kind, make, decode }
}

const place = (kind: string, path: string, leaf: Leaf): Built => {
  const local = Object.entries(leaf.parameters ?? {})
  return {
    output: leaf.output,
    parameters: Object.fromEntries(local.map(([name, parameter]) => [under(path, name), parameter])),
    noise: leaf.noise === undefined ? {} : { [path]: leaf.noise },
    layers: [
      {
        path,
        kind,
        output: leaf.output,
        parameters: local.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0)
      }
    ],
    forward: (parameters, input, noise) =>
      leaf.forward(
        input,
        Object.fromEntries(local.map(([name]) => [name, tensor(parameters, under(path, name))])),
        leaf.noise === undefined || noise === undefined ? undefined : tensor(noise, path)
      )
  }
}

const tensor = (tensors: Tensors, name: string): tf.Tensor => {
  if (!Object.hasOwn(tensors, name)) throw new TypeError(`Module: the forward pass was given no tensor "${name}"`)
  return tensors[name]
}
