/**
 * A pipeline names the nodes one wants. Planning orders what they reach and refuses leaks before anything runs; running
 * computes what the store does not have, and writes the manifest.
 */
import { Effect, Predicate, Schema } from "effect"
import type { ArtifactError } from "./Codec.ts"
import {
  type ChangedWhileRead,
  type NotReproducible,
  type ReplayMismatch,
  type RunOptions,
  type SeedError,
  execute
} from "./internal/execute.ts"
import type { Ledger, LedgerTampered } from "./Ledger.ts"
import type { Manifest, UnknownRun } from "./Manifest.ts"
import * as Node from "./Node.ts"
import type { Origin } from "./Stage.ts"
import type { CorruptObject, Store, StoreError } from "./Store.ts"

export { ChangedWhileRead, NotReproducible, ReplayMismatch, SeedError } from "./internal/execute.ts"
export type { RunOptions, Sources } from "./internal/execute.ts"

const TypeId = "~watertight/core/Pipeline"

/** Named output nodes. */
export interface Outputs {
  readonly [name: string]: Node.Any
}

/** A named set of output nodes, and with that everything they reach. */
export interface Pipeline<out O extends Outputs = Outputs> {
  readonly [TypeId]: typeof TypeId
  readonly name: string
  readonly outputs: O
}

/** A pipeline of any outputs. */
export type Any = Pipeline<Outputs>

/** Something that learns would see rows it must not see. */
export class LeakError extends Schema.TaggedError<LeakError>()("LeakError", {
  node: Schema.String,
  input: Schema.String,
  from: Schema.String,
  origins: Schema.Array(Schema.String),
  allowed: Schema.Array(Schema.String)
}) {
  override get message() {
    return (
      `Leak: "${this.node}" learns from its input "${this.input}", which depends on ${this.origins.join(" and ")} rows ` +
      `(through "${this.from}"). It may learn from ${this.allowed.join(" and ")} rows only: give it that partition.`
    )
  }
}

/** Recognizes pipelines. */
export const isPipeline = (value: unknown): value is Any => Predicate.hasProperty(value, TypeId)

/** Makes a pipeline from the nodes one wants. */
export const make = <const O extends Outputs>(name: string, outputs: O): Pipeline<O> => ({
  [TypeId]: TypeId,
  name,
  outputs
})

/** A node with the name it has in its pipeline. */
export type Planned = Node.Named

const weight: Readonly<Record<Origin, number>> = { unsplit: 0, train: 1, validation: 2, test: 3 }

/** Returns the most guarded compartment a node's value depends on. */
export const compartment = (node: Node.Any): Origin | undefined =>
  [...node.lineage].sort((a, b) => weight[b] - weight[a])[0]

/** Names nodes by their stage; where a stage occurs more than once, by its compartment too, then by number. */
const named = (nodes: ReadonlyArray<Node.Any>): ReadonlyArray<Planned> => {
  const used = new Map<string, number>()
  return nodes.map((node) => {
    const { name } = node.stage
    const origin = compartment(node)
    const isAlone = nodes.every((other) => other === node || other.stage.name !== name)
    const base = isAlone || origin === undefined || origin === "unsplit" ? name : `${name}.${origin}`
    const number = (used.get(base) ?? 0) + 1
    used.set(base, number)
    return { name: number === 1 ? base : `${base}#${number}`, node }
  })
}

/** Orders the nodes a pipeline reaches, inputs first, and refuses those that learn from rows they must not see. */
export const plan = Effect.fnUntraced(function* (pipeline: Any): Effect.fn.Return<ReadonlyArray<Planned>, LeakError> {
  const planned = named(Node.reachable(Object.values(pipeline.outputs)))
  const nameOf = new Map(planned.map(({ name, node }) => [node, name]))
  for (const { name, node } of planned) {
    for (const [input, allowed] of Object.entries(node.stage.learns)) {
      const source = node.inputs[input]
      if (source === undefined) continue
      const origins = [...source.lineage].filter((origin) => !allowed.includes(origin))
      if (origins.length > 0) {
        return yield* new LeakError({ node: name, input, from: nameOf.get(source) ?? "", origins, allowed })
      }
    }
  }
  return planned
})

/** What a run gives back: its record, and the value of each output. */
export interface RunResult<out O extends Outputs> {
  readonly manifest: Manifest
  readonly outputs: { readonly [K in keyof O]: Node.Success<O[K]> }
}

/** What can go wrong in any run, whatever its stages are. */
export type RunError =
  | LeakError
  | SeedError
  | ReplayMismatch
  | ChangedWhileRead
  | StoreError
  | CorruptObject
  | ArtifactError
  | LedgerTampered
  | UnknownRun
  | NotReproducible

/**
 * Runs a pipeline: computes what the store does not have, at most `concurrency` stages at a time, and writes the
 * manifest when all is done. Interrupted at any point, the next run continues from what the store has.
 */
export const run = Effect.fn("Pipeline.run")(function* <O extends Outputs>(
  pipeline: Pipeline<O>,
  options: RunOptions
): Effect.fn.Return<RunResult<O>, RunError | Node.Error<O[keyof O]>, Store | Ledger | Node.Services<O[keyof O]>> {
  const planned = yield* plan(pipeline)
  const result = yield* execute(pipeline, planned, options) as Effect.Effect<
    RunResult<O>,
    RunError | Node.Error<O[keyof O]>,
    Store | Ledger | Node.Services<O[keyof O]>
  > // the walker sees nodes of any type; their errors, services and values are those the outputs' types name
  return result
})
