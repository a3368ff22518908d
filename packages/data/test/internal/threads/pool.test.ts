import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Threads from "../../../src/internal/threads/pool.ts"
import type { Argument } from "./tasks.ts"

const call = <A>(argument: Argument, transfer?: Parameters<typeof Threads.call>[2]) =>
  Threads.call<A>(new URL("./tasks.ts", import.meta.url), argument, transfer)

const death = (argument: Argument) =>
  call(argument).pipe(
    Effect.catchDefect((defect) =>
      defect instanceof Threads.ThreadError ? Effect.succeed(defect) : Effect.die(defect)
    )
  )

describe("threads", () => {
  it.live("values are the same with 1, 2 and 3 threads, however long each task takes", () =>
    Effect.gen(function* () {
      const inputs = Array.from({ length: 20 }, (_, index) => new Float64Array(1 + ((index * 7919) % 5000)).fill(index))
      for (const size of [1, 2, 3]) {
        const squares = yield* Effect.forEach(inputs, (values) => call<Float64Array>({ do: "square", values }), {
          concurrency: "unbounded"
        }).pipe(Effect.provideService(Threads.size, size))
        assert.deepStrictEqual(
          squares,
          inputs.map((values) => values.map((value) => value * value))
        )
      }
    })
  )

  it.live("no more tasks run side by side than there are threads", () =>
    Effect.gen(function* () {
      for (const size of [1, 3]) {
        const ids = yield* Effect.replicateEffect(call<number>({ do: "identify", milliseconds: 40 }), 6, {
          concurrency: "unbounded"
        }).pipe(Effect.provideService(Threads.size, size))
        assert.strictEqual(new Set(ids).size, size)
      }
    })
  )

  it.live("what is transferred changes hands; what is shared is written in place", () =>
    Effect.gen(function* () {
      const values = Float64Array.of(3)
      assert.deepStrictEqual(yield* call({ do: "square", values }, [values.buffer]), Float64Array.of(9))
      assert.strictEqual(values.length, 0)
    })
  )

  it.live("a task that throws is a defect with its cause, and the thread goes on", () =>
    Effect.gen(function* () {
      const error = yield* death({ do: "throw" })
      assert.ok(error instanceof Threads.ThreadError && error.cause instanceof RangeError)
      assert.match(error.message, /^The task of file:.*tasks\.ts failed: RangeError: no such number$/)
      assert.deepStrictEqual(yield* call({ do: "square", values: Float64Array.of(2) }), Float64Array.of(4))
    })
  )

  it.live(
    "a thread that ends is a defect, and so is what cannot be copied to a thread or back; others take its place",
    () =>
      Effect.gen(function* () {
        assert.match(String(yield* death({ do: "exit" })), /lost its thread: it ended with code 3/)
        assert.match(String(yield* death({ do: "give a function" })), /failed: DataCloneError/)
        const argument: unknown = { do: "square", values: () => 0 }
        assert.match(String(yield* death(argument as Argument)), /was given what no thread can take: DataCloneError/)
        assert.deepStrictEqual(yield* call({ do: "square", values: Float64Array.of(2) }), Float64Array.of(4))
      })
  )

  it.live("a task that is interrupted writes nothing any more, and one that waits never starts", () =>
    Effect.gen(function* () {
      const [into, never] = [1, 1].map(() => new Int32Array(new SharedArrayBuffer(4)))
      const running = yield* Effect.forkChild(call({ do: "count", into }))
      const queued = yield* Effect.forkChild(call({ do: "count", into: never }))
      while (Atomics.load(into, 0) === 0) yield* Effect.sleep(5)
      yield* Fiber.interrupt(queued)
      yield* Fiber.interrupt(running)
      const counted = Atomics.load(into, 0)
      assert.deepStrictEqual(yield* call({ do: "square", values: Float64Array.of(2) }), Float64Array.of(4))
      yield* Effect.sleep(30)
      assert.deepStrictEqual([Atomics.load(into, 0), never[0]], [counted, 0])
    }).pipe(Effect.provideService(Threads.size, 1))
  )

  it("threads that sleep do not keep a process alive", () => {
    const program = fileURLToPath(new URL("./idle.ts", import.meta.url))
    assert.strictEqual(execFileSync(process.execPath, [program], { encoding: "utf8", timeout: 20_000 }), "1,4,9")
  })
})
