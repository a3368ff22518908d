import { Codec, Digest, Ledger, Manifest, Node, Pipeline, Replay, Stage, Store } from "@watertight/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"

const number = Codec.json("number", Schema.Finite)
const services = Layer.merge(Store.layerMemory, Ledger.layerMemory)

/** A source, a doubling, and a noisy sum that draws; counts what it computes. */
const make = (
  options: { readonly factor?: number; readonly origin?: Stage.Origin; readonly code?: Stage.Code } = {}
) => {
  const ran: Array<string> = []
  const { code = "versioned", factor = 2, origin = "train" } = options
  const count = <A>(name: string, value: A) => Effect.sync(() => (ran.push(name), value))
  const source = Node.make(
    Stage.make({ name: "source", version: 1, code, origin, codec: number, run: () => count("source", 21) }),
    {}
  )
  const scaled = Node.make(
    Stage.make({
      name: "scale",
      version: 1,
      code,
      params: { factor },
      codec: number,
      run: ({ n }: { readonly n: number }) => count("scale", n * factor)
    }),
    { n: source }
  )
  const parity = Node.make(
    Stage.make({
      name: "parity",
      version: 1,
      code,
      codec: number,
      run: ({ n }: { readonly n: number }) => count("parity", n % 2)
    }),
    { n: scaled }
  )
  const noisy = Node.make(
    Stage.make({
      name: "noisy",
      version: 1,
      code,
      draws: true,
      codec: number,
      learns: { n: ["train"] },
      run: ({ n }: { readonly n: number }, { key }) => count("noisy", n + key.lo / 2 ** 32)
    }),
    { n: parity }
  )
  return { ran, pipeline: Pipeline.make("numbers", { noisy, scaled }) }
}

describe("Pipeline", () => {
  it.effect("computes each node once, and gives the outputs' values", () =>
    Effect.gen(function* () {
      const { pipeline, ran } = make()
      const { manifest, outputs } = yield* Pipeline.run(pipeline, { seed: 7 })
      assert.strictEqual(outputs.scaled, 42)
      assert.deepStrictEqual([...ran].sort(), ["noisy", "parity", "scale", "source"])
      assert.deepStrictEqual(
        manifest.nodes.map((node) => node.name),
        ["source", "scale", "parity", "noisy"]
      )
    }).pipe(Effect.provide(services))
  )

  it.effect("reuses everything when nothing changed, and says so", () =>
    Effect.gen(function* () {
      const first = yield* Pipeline.run(make().pipeline, { seed: 7 })
      const again = make()
      const second = yield* Pipeline.run(again.pipeline, { seed: 7 })
      assert.deepStrictEqual(again.ran, [])
      assert.isTrue(second.manifest.nodes.every((node) => node.reused))
      assert.strictEqual(second.manifest.root, first.manifest.root)
      assert.deepStrictEqual(second.outputs, first.outputs)
      assert.notStrictEqual(second.manifest.id, first.manifest.id)
    }).pipe(Effect.provide(services))
  )

  it.effect("a changed parameter recomputes its stage, and stops where a digest is unchanged", () =>
    Effect.gen(function* () {
      yield* Pipeline.run(make().pipeline, { seed: 7 })
      const changed = make({ factor: 4 })
      yield* Pipeline.run(changed.pipeline, { seed: 7 })
      assert.deepStrictEqual(changed.ran, ["scale", "parity"])
    }).pipe(Effect.provide(services))
  )

  it.effect("a changed seed recomputes only what draws", () =>
    Effect.gen(function* () {
      yield* Pipeline.run(make().pipeline, { seed: 7 })
      const reseeded = make()
      yield* Pipeline.run(reseeded.pipeline, { seed: 8 })
      assert.deepStrictEqual(reseeded.ran, ["noisy"])
    }).pipe(Effect.provide(services))
  )

  it.effect("a user's stage is reused only while the user's source files are the same", () =>
    Effect.gen(function* () {
      const sources = (text: string) => ({
        file: "p.ts",
        files: [{ file: "p.ts", digest: Schema.decodeSync(Manifest.SourceFile.fields.digest)(text.repeat(64)) }]
      })
      const count = (options: Pipeline.RunOptions) => {
        const { pipeline, ran } = make({ code: "sources" })
        return Effect.map(Pipeline.run(pipeline, options), () => ran.length)
      }
      assert.strictEqual(yield* count({ seed: 7, sources: sources("a") }), 4)
      assert.strictEqual(yield* count({ seed: 7, sources: sources("a") }), 0)
      assert.strictEqual(yield* count({ seed: 7, sources: sources("b") }), 4)
      assert.strictEqual(yield* count({ seed: 7 }), 4)
    }).pipe(Effect.provide(services))
  )

  it.effect("the root digest does not depend on concurrency", () =>
    Effect.gen(function* () {
      const roots = yield* Effect.forEach([1, 2, 8], (concurrency) =>
        Pipeline.run(make().pipeline, { seed: 7, concurrency }).pipe(
          Effect.map(({ manifest }) => manifest.root),
          Effect.provide(services, { local: true })
        )
      )
      assert.strictEqual(new Set(roots).size, 1)
    })
  )

  it.effect("a stage that learns from rows it must not see is refused before anything runs", () =>
    Effect.gen(function* () {
      const leaky = make({ origin: "test" })
      const error = yield* Effect.flip(Pipeline.run(leaky.pipeline, { seed: 7 }))
      assert.strictEqual(error._tag, "LeakError")
      assert.include(error.message, 'learns from its input "n", which depends on test rows')
      assert.deepStrictEqual(leaky.ran, [])
    }).pipe(Effect.provide(services))
  )

  it.effect("a source that changes while it is read is refused, and nothing is kept of it", () =>
    Effect.gen(function* () {
      let content = 1
      const changing = Node.make(
        Stage.make({
          name: "changing",
          version: 1,
          code: "versioned",
          codec: number,
          external: Effect.sync(() => Digest.of(content)),
          run: () => Effect.sync(() => content++)
        }),
        {}
      )
      const error = yield* Effect.flip(Pipeline.run(Pipeline.make("numbers", { changing }), { seed: 7 }))
      assert.strictEqual(error._tag, "ChangedWhileRead")
      assert.deepStrictEqual(yield* (yield* Store.Store).list("results"), [])
    }).pipe(Effect.provide(services))
  )

  it.effect("a seed that is no integer is refused", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Pipeline.run(make().pipeline, { seed: 1.5 }))
      assert.strictEqual(error.message, "Seed 1.5 is no integer in [0, 2^53). Give one like --seed 7.")
    }).pipe(Effect.provide(services))
  )

  it.effect("replay accepts the same pipeline and names the first node that differs", () =>
    Effect.gen(function* () {
      const { manifest } = yield* Pipeline.run(make().pipeline, { seed: 7 })
      const fresh = Effect.provide(services, { local: true })
      const same = yield* Replay.replay(make().pipeline, manifest).pipe(fresh)
      assert.strictEqual(same.manifest.root, manifest.root)
      const error = yield* Effect.flip(Replay.replay(make({ factor: 3 }).pipeline, manifest).pipe(fresh))
      assert.isTrue(error._tag === "ReplayMismatch" && error.node === "scale")
    }).pipe(Effect.provide(services))
  )

  it.effect("diff names the first node, why, and where inside", () =>
    Effect.gen(function* () {
      const left = yield* Pipeline.run(make().pipeline, { seed: 7 })
      const right = yield* Pipeline.run(make({ factor: 3 }).pipeline, { seed: 7 })
      const difference = yield* Replay.diff(left.manifest, right.manifest)
      assert.strictEqual(difference?.node, "scale")
      assert.deepStrictEqual(difference?.because, ["params.factor: 2 → 3"])
      assert.deepStrictEqual(difference?.inside, { where: "", left: "42", right: "63" })
      assert.isNull(yield* Replay.diff(left.manifest, left.manifest))
    }).pipe(Effect.provide(services))
  )
})
