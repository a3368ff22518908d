import { assert, describe, it, vi } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect, Exit, Fiber, Scope } from "effect"
import { execFileSync } from "node:child_process"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { fileURLToPath } from "node:url"
import type { Worker } from "node:worker_threads"
import { draws } from "../../../src/internal/loader/batches.ts"
import { type Packed, type Plan, filler, makeSlot } from "../../../src/internal/loader/fill.ts"
import type { LoaderError } from "../../../src/internal/loader/pack.ts"
import * as Prefetch from "../../../src/internal/loader/prefetch.ts"

const packed: Packed = {
  rows: 5,
  width: 2,
  parts: [{ offset: 0, size: 2, numbers: new Float32Array(new SharedArrayBuffer(40)).map((_, index) => index) }],
  target: new Int32Array(new SharedArrayBuffer(20))
}
const plan: Plan = {
  batchSize: 2,
  steps: 3,
  order: { kind: "shuffled", length: 5, key: Key.fromSeed(1) },
  shard: { rank: 0, of: 1 },
  classWeights: undefined,
  noise: []
}
const broken: Plan = { ...plan, noise: [{ name: "n", size: 4, keep: 2, key: Key.fromSeed(2) }] }

const expected = (epoch: number, step: number) => {
  const slot = makeSlot(packed, plan)
  filler(packed, plan, draws)(epoch, step, slot)
  return [...slot.features]
}

describe("prefetch", () => {
  it.live("D60 a worker that dies twice is a typed error that says worker, batch and cause, now and from then on", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { read } = yield* Prefetch.make(packed, broken, { prefetch: 2, workers: 1 })
        for (let attempt = 0; attempt < 2; attempt++) {
          const error = yield* Effect.flip(read(4, 1))
          assert.deepStrictEqual([error._tag, error.worker, error.epoch, error.step], ["LoaderError", 0, 4, 1])
          assert.strictEqual(
            error.message,
            "Loader: worker thread 0 died again after a restart, making the batch at epoch 4, step 1: " +
              "RangeError: Key.bernoulli: 2 is no probability in [0, 1]"
          )
        }
      })
    )
  )

  /** Collects the worker threads that are started meanwhile. */
  const watching = Effect.acquireRelease(
    Effect.sync(() => {
      const threads: Array<Worker> = []
      const listen = (message: unknown) => threads.push((message as { readonly worker: Worker }).worker) // as Node documents
      subscribe("worker_threads", listen)
      return { threads, listen }
    }),
    ({ listen }) => Effect.sync(() => unsubscribe("worker_threads", listen))
  )

  it.live("D60 the stream is the same in bits when each worker is killed once, whenever that is", () =>
    Effect.scoped(
      Effect.gen(function* () {
        for (const workers of [1, 3]) {
          const { threads } = yield* watching
          const { read, restarts } = yield* Prefetch.make(packed, plan, { prefetch: 4, workers })
          assert.strictEqual(threads.length, workers)
          const killed = threads.slice()
          for (let index = 0; index < 60; index++) {
            const [epoch, step] = [Math.floor(index / 3), index % 3]
            if (index % 17 === 5) void killed.pop()?.terminate()
            assert.deepStrictEqual([...(yield* read(epoch, step)).features], expected(epoch, step), `batch ${index}`)
            yield* Effect.sleep("1 millis")
          }
          assert.deepStrictEqual([threads.length, restarts()], [2 * workers, workers])
        }
      })
    )
  )

  it.live("D60 killing a worker a second time is a typed error for the read that waits", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { threads } = yield* watching
        const { read } = yield* Prefetch.make(packed, plan, { prefetch: 1, workers: 1 })
        yield* read(0, 0)
        yield* Effect.promise(() => threads[0].terminate())
        yield* Effect.promise(() => threads[1].terminate())
        const error = yield* Effect.flip(Effect.flatMap(read(0, 1), () => read(0, 2)))
        assert.match(error.message, /^Loader: worker thread 0 died again after a restart, .*: it ended with code \d$/)
      })
    )
  )

  for (const [workers, prefetch] of [
    [1, 1],
    [3, 64],
    [8, 7]
  ]) {
    it.live(`P7 the stream is the same with ${workers} threads and prefetch ${prefetch}`, () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { read } = yield* Prefetch.make(packed, plan, { prefetch, workers })
          for (let index = 0; index < 200; index++) {
            const [epoch, step] = index % 50 === 49 ? [index, 1] : [Math.floor(index / 3), index % 3]
            assert.deepStrictEqual([...(yield* read(epoch, step)).features], expected(epoch, step), `batch ${index}`)
          }
        })
      )
    )
  }

  it.effect(
    "D60 workers, buffers and handles are gone when a loader closes, and when it is interrupted while reading",
    () =>
      Effect.sync(() => {
        const file = fileURLToPath(new URL("../../fixtures/close_loaders.ts", import.meta.url))
        const out = execFileSync(process.execPath, ["--expose-gc", file], { encoding: "utf8", timeout: 30_000 })
        const { left, mebibytes } = JSON.parse(out)
        assert.deepStrictEqual(left, [])
        assert.isBelow(mebibytes, 64)
      })
  )

  it.live("D62 workers fill a large ring again as it is read, though nothing wakes them", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const many: Plan = { ...plan, steps: 100, order: { kind: "shuffled", length: 200, key: Key.fromSeed(1) } }
        const parts = [{ offset: 0, size: 2, numbers: new Float32Array(new SharedArrayBuffer(1600)) }]
        const target = new Int32Array(new SharedArrayBuffer(800))
        const { making, read } = yield* Prefetch.make({ rows: 200, width: 2, parts, target }, many, {
          prefetch: 10,
          workers: 2
        })
        for (let step = 0; step < 5; step++) {
          yield* read(0, step)
          yield* Effect.sleep("20 millis")
        }
        for (let tick = 0; making().made < 15 && tick < 100; tick++) yield* Effect.sleep("20 millis")
        assert.strictEqual(making().made, 15)
      })
    )
  )

  it.live("tickets start again before they outgrow their words", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { read } = yield* Prefetch.make(packed, plan, { prefetch: 2, workers: 2, lastTicket: 96 })
        for (let index = 0; index < 110; index++) {
          const [epoch, step] = [Math.floor(index / 3), index % 3]
          assert.deepStrictEqual([...(yield* read(epoch, step)).features], expected(epoch, step))
        }
      })
    )
  )

  it.live("a read that is interrupted does not disturb the next", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { read } = yield* Prefetch.make(packed, plan, { prefetch: 1, workers: 1 })
        const fiber = yield* Effect.forkChild(read(0, 0))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        for (const step of [0, 1, 2]) assert.deepStrictEqual([...(yield* read(0, step)).features], expected(0, step))
      })
    )
  )

  it.live("a loader that is closed fails, also for who is reading, and nobody waits for ever", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { read } = yield* Scope.provide(Prefetch.make(packed, plan, { prefetch: 1, workers: 1 }), scope)
      const reading = yield* Effect.forkChild(Effect.flip(read(0, 0)))
      yield* Effect.yieldNow
      yield* Scope.close(scope, Exit.void)
      for (const error of [yield* Fiber.join(reading), yield* Effect.flip(read(1, 0))]) {
        assert.strictEqual(error.message, "Loader: it was closed with its scope; read while that is open")
      }
    })
  )

  describe("nobody waits any more, which V8 could crash of when the memory is gone, after", () => {
    /** Makes a read that ends while it waits, and counts who still waits where it did. */
    const left = <E>(ending: (read: Effect.Effect<unknown, LoaderError>) => Effect.Effect<unknown, E>, noise: Plan) =>
      Effect.scoped(
        Effect.gen(function* () {
          const wait = yield* Effect.acquireRelease(
            Effect.sync(() => vi.spyOn(Atomics, "waitAsync")),
            (spy) => Effect.sync(() => spy.mockRestore())
          )
          const { read } = yield* Prefetch.make(packed, noise, { prefetch: 1, workers: 1 })
          yield* ending(read(0, 0))
          assert.isAbove(wait.mock.calls.length, 0)
          return wait.mock.calls.map(([words, at]) => Atomics.notify(words as unknown as Int32Array, at)) // of the ring
        })
      )

    it.live("an interruption", () =>
      Effect.gen(function* () {
        const interrupted = (read: Effect.Effect<unknown, LoaderError>) =>
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(read)
            yield* Effect.yieldNow
            yield* Fiber.interrupt(fiber)
          })
        for (const woken of yield* left(interrupted, plan)) assert.strictEqual(woken, 0)
      })
    )

    it.live("a failure", () =>
      Effect.gen(function* () {
        for (const woken of yield* left(Effect.flip, broken)) assert.strictEqual(woken, 0)
      })
    )
  })
})
