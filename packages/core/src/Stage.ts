/**
 * A stage is one step of a pipeline as a value: a name, a version, parameters that are plain data, how its output is
 * kept, and a pure function from inputs to an output. It reads only its inputs, its parameters and its key. Applying a
 * stage to nodes is `Node.make`; nothing runs until `Pipeline.run`.
 */
import type { Effect, Option, Schema } from "effect"
import type { Codec } from "./Codec.ts"
import type { Digest } from "./Digest.ts"
import type { Key } from "./Key.ts"
import type { CorruptObject, StoreError } from "./Store.ts"

/** The compartments rows live in. Rows that no split has placed yet are `unsplit`. */
export type Origin = "unsplit" | "train" | "validation" | "test"

/** A durable place for the unfinished work of one computation: an interrupted stage continues from here. */
export interface Checkpoints {
  readonly read: Effect.Effect<Option.Option<Uint8Array>, StoreError | CorruptObject>
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, StoreError>
}

/** A part that stages are made of, such as a loss. Where it does not say what covers its code, `sources` do. */
export interface Coded {
  readonly code?: Code
}

/** Returns what covers the code of all parts together. */
export const codeOf = (parts: ReadonlyArray<Coded>): Code =>
  parts.every(({ code }) => code === "versioned") ? "versioned" : "sources"

/** What a stage may use beside its inputs. */
export interface Context {
  /** The name of the node being computed, unique in its pipeline. */
  readonly node: string
  /** The name of the pipeline. */
  readonly pipeline: string
  /** Randomness for this node: derived from the run's seed and the node's address. */
  readonly key: Key
  /** The digest of each input's artifact. */
  readonly digests: Readonly<Record<string, Digest>>
  readonly checkpoints: Checkpoints
}

/**
 * What decides whether an old result may be reused when the code may have changed. `versioned` code is covered by the
 * stage's `version`; `sources` code is covered by the digest of every source file the pipeline module loads.
 */
export type Code = "versioned" | "sources"

/** One step of a pipeline. */
export interface Stage<in Inputs, out A, out E = never, out R = never> {
  readonly name: string
  readonly version: number
  /** Parameters as data: part of the cache key and the manifest. */
  readonly params: Schema.Json
  readonly code: Code
  /** Whether it uses its key: then the seed is part of the cache key. */
  readonly draws: boolean
  /** For a stage that computes on an engine: the engine's identity, part of the cache key. */
  readonly engine: Effect.Effect<string, never, R> | undefined
  /** For a stage that reads the outside world: the digest of what it will read. */
  readonly external: Effect.Effect<Digest, E, R> | undefined
  /** The compartment its output belongs to, for a stage that places rows; otherwise it inherits from its inputs. */
  readonly origin: Origin | undefined
  /** For inputs the stage learns from: the compartments whose rows may have influenced them. */
  readonly learns: Readonly<Record<string, ReadonlyArray<Origin>>>
  /** How the output is kept; a method, so that `A` stays covariant. */
  codec(): Codec<unknown>
  readonly run: (inputs: Inputs, context: Context) => Effect.Effect<A, E, R>
}

/** A stage of any type. */
export type Any = Stage<never, unknown, unknown, unknown>

/** What `make` takes: everything but name, version, params, codec and run has a default. */
export interface Options<Inputs, A, E, R> {
  readonly name: string
  readonly version: number
  readonly params?: Schema.Json
  readonly code?: Code
  readonly draws?: boolean
  readonly engine?: Effect.Effect<string, never, R>
  readonly external?: Effect.Effect<Digest, E, R>
  readonly origin?: Origin
  readonly learns?: Readonly<Record<string, ReadonlyArray<Origin>>>
  readonly codec: Codec<A>
  readonly run: (inputs: Inputs, context: Context) => Effect.Effect<A, E, R>
}

/**
 * Makes a stage. `params` defaults to `null`, `draws` to `false`, and `code` to `"sources"`: an edit of any file of
 * yours recomputes it.
 *
 * @example
 * import { Codec, Stage } from "@watertight/core"
 * import { Effect, Schema } from "effect"
 * const double = Stage.make({
 *   name: "double", version: 1, codec: Codec.json("number", Schema.Finite),
 *   run: ({ n }: { readonly n: number }) => Effect.succeed(2 * n)
 * })
 * double.name // => "double"
 */
export const make = <Inputs, A, E = never, R = never>(options: Options<Inputs, A, E, R>): Stage<Inputs, A, E, R> => ({
  name: options.name,
  version: options.version,
  params: options.params ?? null,
  code: options.code ?? "sources",
  draws: options.draws ?? false,
  engine: options.engine,
  external: options.external,
  origin: options.origin,
  learns: options.learns ?? {},
  codec: () => options.codec as Codec<unknown>, // only ever given this stage's own output
  run: options.run
})
