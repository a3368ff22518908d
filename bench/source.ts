/** Runs a source's stage alone: no store, no digest of its files. */
import { NodeServices } from "@effect/platform-node"
import { Key, type Node, type Stage } from "@watertight/core"
import { Effect, type FileSystem, Option } from "effect"

const context: Stage.Context = {
  node: "source",
  pipeline: "bench",
  key: Key.fromSeed(0),
  digests: {},
  checkpoints: { read: Effect.succeed(Option.none()), write: () => Effect.void }
}

/** Reads a source's table. */
export const readSource = (source: Node.Any): Effect.Effect<unknown> => {
  const run = source.stage.run({} as never, context) as Effect.Effect<unknown, unknown, FileSystem.FileSystem> // no inputs
  return run.pipe(Effect.provide(NodeServices.layer), Effect.orDie)
}
