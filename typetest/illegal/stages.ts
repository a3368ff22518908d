/** Stages and nodes that do not fit together, and values without a fingerprint. */
import { Codec, Digest, Key, Node, Permutation, Pipeline, Stage } from "@watertight/core"
import { Column, Step } from "@watertight/data"
import { Effect, Schema } from "effect"
import { double, mean, module, parts, two } from "../fixtures.ts"

const number = Codec.json("number", Schema.Finite)
const text = Node.make(
  Stage.make({ name: "t", version: 1, codec: Codec.json("t", Schema.String), run: () => Effect.succeed("") }),
  {}
)

// error: 'n' is missing
Node.make(double, {})

// error: is not assignable
Node.make(double, { n: text })

// error: is not assignable
Node.make(double, { n: 2 })

// error: 'row' does not exist
Node.make(mean, { row: parts.train })

// error: is not assignable
Stage.make({ name: "s", version: 1, codec: number, params: { f: () => 1 }, run: () => Effect.succeed(1) })

// error: is not assignable
Stage.make({ name: "s", version: 1, codec: number, params: new Date(0), run: () => Effect.succeed(1) })

// error: is not assignable
Stage.make({ name: "s", version: 1, codec: number, run: () => Effect.succeed("one") })

// error: is not assignable
Stage.make({ name: "s", version: 1, codec: number, run: () => 1 })

// error: 'version' is missing
Stage.make({ name: "s", codec: number, run: () => Effect.succeed(1) })

// error: "production"
Stage.make({ name: "s", version: 1, codec: number, origin: "production", run: () => Effect.succeed(1) })

// error: is not assignable
Digest.of(() => 1)

// error: is not assignable
Digest.of(new Map())

// error: is not assignable
Digest.of({ when: new Date(0) })

// error: is not assignable
Digest.of([Symbol("a")])

// error: is not assignable
const digest: Digest.Digest = "abc"

// error: is not assignable
Key.foldIn(Key.fromSeed(1), true)

// error: is not assignable
Key.foldIn(7, "augment")

// error: is not assignable
Key.fromSeed("7")

// error: is not assignable
Permutation.make(Key.fromSeed(1), 10).fill([], 0)

// error: is not assignable
Pipeline.make("p", { two })

// error: is not assignable
Pipeline.make("p", { module })

// error: 'seed' is missing
Pipeline.run(Pipeline.make("p", {}), {})

// error: is not assignable
Effect.runSync(Pipeline.run(Pipeline.make("p", { mean: Node.make(mean, { rows: parts.train }) }), { seed: 1 }))

// error: a step is given a key if it says draws: true
Step.make({
  name: "s",
  version: 1,
  state: Schema.Finite,
  columns: () => Effect.succeed({ a: Column.float }),
  fit: (_, key) => Effect.succeed(Key.uniform(key, 1)[0]),
  apply: () => Effect.succeed({ a: new Float64Array(1) })
})
