import { assert, describe, it } from "@effect/vitest"
import { Digest } from "@watertight/core"
import { Effect, Layer } from "effect"
import * as Engine from "../../src/Engine.ts"
import * as EngineLaws from "../../src/testing/EngineLaws.ts"

const runs = Number(process.env["WATERTIGHT_RUNS"] ?? 50)

const engines = {
  onnx: Engine.onnx(),
  "onnx with two threads": Engine.onnx({ threads: 2 }),
  reference: Engine.reference
}

for (const [name, engine] of Object.entries(engines)) {
  describe(name, () => {
    for (const law of EngineLaws.laws(engine)) it.effect(law.name, () => law.check({ runs }))
  })
}

/** An engine that does everything right but one thing. */
const broken = (change: (executable: Engine.Executable, count: () => number) => Engine.Executable) => {
  let counter = 0
  return Layer.effect(
    Engine.Engine,
    Effect.map(Engine.Engine, ({ compile, id }) => ({
      id,
      compile: (program) => Effect.map(compile(program), (executable) => change(executable, () => counter++))
    }))
  ).pipe(Layer.provide(Engine.reference))
}

const breaks = (law: string, engine: Layer.Layer<Engine.Engine>) =>
  it.effect(`"${law}" fails on an engine that breaks it`, () =>
    Effect.gen(function* () {
      const found = EngineLaws.laws(engine).find(({ name }) => name === law)
      const violation = yield* Effect.flip(found?.check({ runs: 100, seed: 1 }) ?? Effect.die(`no law "${law}"`))
      assert.strictEqual(violation._tag, "LawViolation")
      assert.include(violation.message, "instructions")
    })
  )

describe("the laws can fail", () => {
  const doubled = (array: Float32Array | Int32Array) => array.map((value) => value * 1.001)
  breaks(
    "engine: agrees with the reference on generated programs",
    broken((executable) => ({
      ...executable,
      run: (inputs) =>
        Effect.map(executable.run(inputs), (outputs) =>
          Object.fromEntries(Object.entries(outputs).map(([name, array]) => [name, doubled(array)]))
        )
    }))
  )
  breaks(
    "engine: agrees with the reference on generated programs",
    broken((executable) => ({ ...executable, write: () => Effect.void }))
  )
  breaks(
    "engine: the same program compiles to the same bytes",
    broken((executable, count) => ({ ...executable, digest: Digest.of(count()) }))
  )
  breaks(
    "engine: the same inputs give the same bits",
    broken((executable, count) => ({
      ...executable,
      read: Effect.map(executable.read, (state) => ({
        ...state,
        bias: state["bias"].map((value) => value + count() * 1e-6)
      }))
    }))
  )
})
