/**
 * Runs a node without a store, for tests: inputs first, each once, and every artifact through its codec and back.
 */
import { type Codec, Key, type Node, type Stage } from "@watertight/core"
import { Effect, Option } from "effect"

const throughCodec = (codec: Codec.Codec<unknown>, value: unknown) =>
  codec._tag === "Transient"
    ? Effect.as(
        Effect.sync(() => codec.fingerprint(value)),
        value
      )
    : Effect.suspend(() => codec.decode(codec.encode(value)))

/** Runs a node with the keys of a seed; with `plain`, artifacts do not go through their codecs. */
export const run = <A, E, R>(
  root: Node.Node<A, E, R>,
  seed = 0,
  { plain = false }: { readonly plain?: boolean } = {}
): Effect.Effect<A, E, R> => {
  const done = new Map<Node.Any, unknown>()
  const visit = (node: Node.Any): Effect.Effect<unknown, unknown, unknown> =>
    Effect.gen(function* () {
      if (done.has(node)) return done.get(node)
      const inputs: Record<string, unknown> = {}
      for (const [name, input] of Object.entries(node.inputs)) inputs[name] = yield* visit(input)
      const context: Stage.Context = {
        node: node.stage.name,
        pipeline: "test",
        key: Key.foldIn(Key.fromSeed(seed), node.address),
        digests: {},
        checkpoints: { read: Effect.succeed(Option.none()), write: () => Effect.void }
      }
      if (node.stage.external !== undefined) yield* node.stage.external
      const made = yield* node.stage.run(inputs as never, context)
      const value = plain ? made : yield* throughCodec(node.stage.codec(), made)
      done.set(node, value)
      return value
    })
  return visit(root) as Effect.Effect<A, E, R> // the node's own types
}
