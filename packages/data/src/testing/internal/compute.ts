/** Computes one node in an empty store, for laws of functions of nodes. */
import { Ledger, type Node, Pipeline, Store } from "@watertight/core"
import { Effect, Layer } from "effect"

export const compute = Effect.fnUntraced(
  function* <A, E>(node: Node.Node<A, E>, seed: number) {
    const { outputs } = yield* Pipeline.run(Pipeline.make("law", { node }), { seed })
    return outputs.node
  },
  Effect.provide(Layer.merge(Store.layerMemory, Ledger.layerMemory), { local: true })
)
