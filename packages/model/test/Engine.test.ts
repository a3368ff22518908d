import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Engine from "../src/Engine.ts"
import { tf, withBackend } from "../src/internal/tfjs.ts"
import * as Program from "../src/Program.ts"

/** Adds its input to a running sum; keeps `fixed` as it is. */
const summing: Program.Program = {
  name: "running sum",
  state: { sum: Program.float32(2, 2), fixed: Program.int32(3) },
  inputs: { x: Program.float32(2), k: Program.int32() },
  run: ({ fixed, sum }, { k, x }) => ({
    state: { sum: tf.add(sum, x) },
    outputs: { before: sum, shifted: tf.add(fixed, k), same: x }
  })
}

const inputs = { x: Float32Array.of(1, 2), k: Int32Array.of(7) }

const engines = { onnx: Engine.onnx(), reference: Engine.reference }

for (const [name, layer] of Object.entries(engines)) {
  const using = <A, E>(use: (engine: Engine.Engine["Service"]) => Effect.Effect<A, E, Scope.Scope>) =>
    Effect.flatMap(Engine.Engine, use).pipe(Effect.scoped, Effect.provide(layer))

  describe(name, () => {
    it.effect("names itself and its version", () =>
      using((engine) =>
        Effect.sync(() =>
          assert.match(engine.id, name === "onnx" ? /^onnx-cpu\/1\.\d+\.\d+$/ : /^tfjs-cpu\/4\.\d+\.\d+$/)
        )
      )
    )

    it.effect("starts from zero, advances, and keeps what the program leaves out", () =>
      using((engine) =>
        Effect.gen(function* () {
          const executable = yield* engine.compile(summing)
          assert.deepStrictEqual(yield* executable.read, { sum: new Float32Array(4), fixed: new Int32Array(3) })
          yield* executable.write({ fixed: Int32Array.of(1, 2, 3) })
          for (let step = 0; step < 3; step++) {
            assert.deepStrictEqual(yield* executable.run(inputs), {
              before: Float32Array.of(step, 2 * step, step, 2 * step),
              shifted: Int32Array.of(8, 9, 10),
              same: inputs.x
            })
          }
          assert.deepStrictEqual(yield* executable.read, {
            sum: Float32Array.of(3, 6, 3, 6),
            fixed: Int32Array.of(1, 2, 3)
          })
          yield* executable.write({ sum: Float32Array.of(9, 9, 9, 9) })
          assert.deepStrictEqual((yield* executable.run(inputs))["before"], Float32Array.of(9, 9, 9, 9))
        })
      )
    )

    it.effect("gives and takes copies", () =>
      using((engine) =>
        Effect.gen(function* () {
          const executable = yield* engine.compile(summing)
          const mine = Float32Array.of(1, 1, 1, 1)
          yield* executable.write({ sum: mine })
          mine.fill(5)
          const first = yield* executable.run(inputs)
          const state = yield* executable.read
          for (const array of [...Object.values(first), ...Object.values(state)]) array.fill(-1)
          assert.deepStrictEqual(inputs, { x: Float32Array.of(1, 2), k: Int32Array.of(7) })
          const kept = yield* executable.run(inputs)
          assert.deepStrictEqual(kept["before"], Float32Array.of(2, 3, 2, 3))
          yield* executable.run({ x: Float32Array.of(100, 100), k: Int32Array.of(0) })
          assert.deepStrictEqual(kept["before"], Float32Array.of(2, 3, 2, 3))
        })
      )
    )

    it.effect("takes views into larger buffers and into shared memory", () =>
      using((engine) =>
        Effect.gen(function* () {
          const executable = yield* engine.compile(summing)
          const larger = Float32Array.of(9, 9, 1, 2, 9)
          const shared = new Int32Array(new SharedArrayBuffer(8), 4, 1).fill(7)
          assert.deepStrictEqual(yield* executable.run({ x: larger.subarray(2, 4), k: shared }), {
            before: new Float32Array(4),
            shifted: Int32Array.of(7, 7, 7),
            same: Float32Array.of(1, 2)
          })
          assert.deepStrictEqual((yield* executable.read)["sum"], Float32Array.of(1, 2, 1, 2))
        })
      )
    )

    it.effect("refuses what has no place, and stays as it was", () =>
      using((engine) =>
        Effect.gen(function* () {
          const executable = yield* engine.compile(summing)
          const refusal = (given: Program.Data) =>
            Effect.map(Effect.flip(executable.run(given)), ({ message }) => message)
          const start = 'The program "running sum" did not run: input '
          assert.strictEqual(yield* refusal({ x: inputs.x }), `${start}"k" is missing; it must be int32[].`)
          assert.strictEqual(
            yield* refusal({ ...inputs, x: new Float32Array(3) }),
            `${start}"x" must be float32[2] and is 3 numbers, not 2.`
          )
          assert.strictEqual(
            yield* refusal({ ...inputs, x: new Int32Array(2) }),
            `${start}"x" must be float32[2] and is no Float32Array.`
          )
          assert.include(yield* refusal({ ...inputs, y: inputs.x }), 'it has no input "y"; it has x, k')
          const written = yield* Effect.flip(executable.write({ sum: new Float32Array(4).fill(1), other: inputs.x }))
          assert.include(written.message, 'it has no state "other"; it has sum, fixed')
          assert.deepStrictEqual(yield* executable.read, { sum: new Float32Array(4), fixed: new Int32Array(3) })
        })
      )
    )

    it.effect("is what it was after a run that failed", () =>
      using((engine) =>
        Effect.gen(function* () {
          const executable = yield* engine.compile({
            name: "lookup",
            state: { table: Program.float32(3), count: Program.int32() },
            inputs: { row: Program.int32(1) },
            run: ({ count, table }, { row }) => ({
              state: { count: tf.add(count, tf.scalar(1, "int32")) },
              outputs: { found: tf.gather(table, row as tf.Tensor1D) }
            })
          })
          yield* executable.write({ table: Float32Array.of(1, 2, 3) })
          assert.deepStrictEqual(yield* executable.run({ row: Int32Array.of(2) }), { found: Float32Array.of(3) })
          const error = yield* Effect.flip(executable.run({ row: Int32Array.of(3) }))
          assert.strictEqual(error._tag, "ExecutionError")
          assert.deepStrictEqual((yield* executable.read)["count"], Int32Array.of(1))
          assert.deepStrictEqual(yield* executable.run({ row: Int32Array.of(0) }), { found: Float32Array.of(1) })
          assert.deepStrictEqual((yield* executable.read)["count"], Int32Array.of(2))
        })
      )
    )

    it.effect("runs one at a time when asked for many at once", () =>
      using((engine) =>
        Effect.gen(function* () {
          const executable = yield* engine.compile(summing)
          yield* Effect.all(
            Array.from({ length: 20 }, () => executable.run(inputs)),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual((yield* executable.read)["sum"], Float32Array.of(20, 40, 20, 40))
        })
      )
    )

    it.effect("tells programs apart by their digest", () =>
      using((engine) =>
        Effect.gen(function* () {
          const digests = yield* Effect.forEach(
            [summing, { ...summing }, { ...summing, inputs: { ...summing.inputs, more: Program.float32(1) } }],
            (program) => Effect.map(engine.compile(program), ({ digest }) => digest)
          )
          assert.strictEqual(digests[0], digests[1])
          assert.notStrictEqual(digests[0], digests[2])
        })
      )
    )

    it.effect("leaves no tensor behind and the active backend as it was", () =>
      using((engine) =>
        Effect.gen(function* () {
          const before = withBackend("cpu", () => tf.memory().numTensors)
          const backend = tf.getBackend()
          const executable = yield* engine.compile(summing)
          for (let step = 0; step < 50; step++) yield* executable.run(inputs)
          assert.strictEqual(tf.memory().numTensors, before)
          assert.strictEqual(tf.getBackend(), backend)
        })
      )
    )
  })
}

it.effect("onnx: results do not depend on the number of threads in any bit", () =>
  Effect.gen(function* () {
    const side = 192
    const wide: Program.Program = {
      name: "wide",
      state: { w: Program.float32(side, side) },
      inputs: { x: Program.float32(64, side) },
      run: ({ w }, { x }) => {
        const loss = (weight: tf.Tensor) => tf.mean<tf.Scalar>(tf.square(tf.tanh(tf.matMul(x, weight))))
        const { grad, value } = { value: loss(w), grad: tf.grad(loss)(w) }
        return { state: { w: tf.sub(w, grad) }, outputs: { value, norm: tf.sum(tf.square(grad)) } }
      }
    }
    const noise = (length: number) => Float32Array.from({ length }, (_, index) => Math.sin(index * index) / 8)
    const play = (threads: number) =>
      Effect.gen(function* () {
        const { compile } = yield* Engine.Engine
        const executable = yield* compile(wide)
        yield* executable.write({ w: noise(side * side) })
        const outputs = yield* Effect.forEach([1, 2, 3], () => executable.run({ x: noise(64 * side) }))
        return [outputs, yield* executable.read]
      }).pipe(Effect.scoped, Effect.provide(Engine.onnx({ threads })))
    const [one, two] = [yield* play(1), yield* play(2)]
    assert.deepStrictEqual(two, one)
  })
)

it.effect("onnx: refuses a number of threads that is none", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Effect.provide(Engine.Engine, Engine.onnx({ threads: 0 })))
    assert.strictEqual(error.message, 'The engine "onnx" cannot start: threads must be a positive integer and is 0.')
  })
)

it.effect("onnx: a program does not run after its scope is closed", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const { compile } = yield* Engine.Engine
    const executable = yield* Scope.provide(compile(summing), scope)
    yield* executable.run(inputs)
    yield* Scope.close(scope, Exit.void)
    const error = yield* Effect.flip(executable.run(inputs))
    assert.strictEqual(error._tag, "ExecutionError")
  }).pipe(Effect.provide(Engine.onnx()))
)

it.live("onnx: a run that is interrupted has happened or not, as a whole", () =>
  Effect.gen(function* () {
    const { compile } = yield* Engine.Engine
    const executable = yield* compile(summing)
    const sums = new Set<number>()
    for (let round = 0; round < 20; round++) {
      const fiber = yield* Effect.forkChild(executable.run(inputs))
      for (let turns = 0; turns < round % 5; turns++) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      const { sum } = yield* executable.read
      assert.deepStrictEqual(sum, Float32Array.of(sum[0], 2 * sum[0], sum[0], 2 * sum[0]))
      sums.add(sum[0])
    }
    assert.isAbove(sums.size, 1)
    assert.isBelow(Math.max(...sums), 20)
  }).pipe(Effect.scoped, Effect.provide(Engine.onnx()))
)

it("ONNX Runtime keeps no record of what it ran, which it would send", () => {
  const program = fileURLToPath(new URL("./fixtures/engine/run_once.ts", import.meta.url))
  const home = mkdtempSync(join(tmpdir(), "watertight-home-"))
  const deciding = ["CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"]
  const rest = Object.entries(process.env).filter(([name]) => !deciding.includes(name))
  const env = { ...Object.fromEntries(rest), HOME: home }
  const { status, stderr, stdout } = spawnSync(process.execPath, [program], { encoding: "utf8", env })
  assert.strictEqual(status, 0, stderr)
  assert.strictEqual(stdout, "2 4\n")
  assert.deepStrictEqual(readdirSync(home), [])
  rmSync(home, { recursive: true })
})
