/**
 * A node is a stage applied to nodes: an immutable expression for a value that does not exist yet. A pipeline is
 * whatever its output nodes reach; building it runs nothing.
 */
import type { Pipeable } from "effect"
import { Pipeable as PipeableModule } from "effect"
import * as Digest from "./Digest.ts"
import type { Origin } from "./Stage.ts"
import type * as Stage from "./Stage.ts"

declare const Value: unique symbol
declare const Failure: unique symbol
declare const Requirements: unique symbol

/** An expression for an `A`, which can fail with `E` and needs the services `R`. */
export interface Node<out A, out E = never, out R = never> extends Pipeable.Pipeable {
  readonly [Value]?: () => A
  readonly [Failure]?: () => E
  readonly [Requirements]?: () => R
  readonly stage: Stage.Any
  readonly inputs: Readonly<Record<string, Any>>
  /**
   * Where the node stands: the digest of its stage's name and its inputs' addresses. Randomness is keyed by it.
   * Parameters are not part of it, so tuning a stage upstream does not reshuffle what follows.
   */
  readonly address: Digest.Digest
  /** The compartments whose rows may have influenced the value. */
  readonly lineage: ReadonlySet<Origin>
}

/** A node of any type. */
export type Any = Node<unknown, unknown, unknown>

/** A node with the name it has in its pipeline. */
export interface Named {
  readonly name: string
  readonly node: Any
}

/** The value type of a node. */
export type Success<N> = N extends Node<infer A, infer _E, infer _R> ? A : never

/** The error type of a node. */
export type Error<N> = N extends Node<infer _A, infer E, infer _R> ? E : never

/** The services a node needs. */
export type Services<N> = N extends Node<infer _A, infer _E, infer R> ? R : never

const lineageOf = (stage: Stage.Any, inputs: Readonly<Record<string, Any>>): ReadonlySet<Origin> =>
  stage.origin !== undefined
    ? new Set([stage.origin])
    : new Set(Object.values(inputs).flatMap((input) => [...input.lineage]))

/**
 * Applies a stage to its input nodes.
 *
 * @example
 * import { Codec, Node, Stage } from "@watertight/core"
 * import { Effect, Schema } from "effect"
 * const codec = Codec.json("number", Schema.Finite)
 * const two = Node.make(Stage.make({ name: "two", version: 1, codec, run: () => Effect.succeed(2) }), {})
 * const double = Stage.make({
 *   name: "double", version: 1, codec, run: ({ n }: { readonly n: number }) => Effect.succeed(2 * n)
 * })
 * Node.make(double, { n: two }).inputs.n === two // => true
 */
export const make = <
  Inputs extends Readonly<Record<string, unknown>>,
  A,
  E,
  R,
  const Nodes extends {
    readonly [K in keyof Inputs]: Node<Inputs[K], unknown, unknown>
  }
>(
  stage: Stage.Stage<Inputs, A, E, R>,
  inputs: Nodes
): Node<A, E | Error<Nodes[keyof Nodes]>, R | Services<Nodes[keyof Nodes]>> => {
  const named: Readonly<Record<string, Any>> = inputs
  return Object.assign(Object.create(PipeableModule.Prototype), {
    stage,
    inputs: named,
    address: Digest.of([
      stage.name,
      Object.keys(named)
        .sort()
        .map((name) => [name, named[name].address])
    ]),
    lineage: lineageOf(stage, named)
  })
}

/** Lists every node the roots reach, each once, inputs before what uses them. */
export const reachable = (roots: ReadonlyArray<Any>): ReadonlyArray<Any> => {
  const seen = new Set<Any>()
  const visit = (node: Any): void => {
    if (seen.has(node)) return
    for (const name of Object.keys(node.inputs).sort()) visit(node.inputs[name])
    seen.add(node)
  }
  roots.forEach(visit)
  return [...seen]
}

/**
 * Rebuilds what the roots reach with some nodes replaced. `replace` gets each node and its rebuilt inputs; where it gives
 * a node, that stands in its place. Rebuilt nodes keep the address and lineage of the ones they stand for, so their
 * randomness stays the same: interventions use this to ask what a change would have changed.
 */
export const rebuild = (
  roots: ReadonlyArray<Any>,
  replace: (node: Any, inputs: Readonly<Record<string, Any>>) => Any | undefined
): ReadonlyMap<Any, Any> => {
  const rebuilt = new Map<Any, Any>()
  for (const node of reachable(roots)) {
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([name, input]) => [name, rebuilt.get(input) ?? input])
    )
    const { stage, inputs: read } = replace(node, inputs) ?? { stage: node.stage, inputs }
    rebuilt.set(node, Object.assign(Object.create(Object.getPrototypeOf(node)), node, { stage, inputs: read }))
  }
  return rebuilt
}
