import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect, Fiber } from "effect"
import { draws } from "../../src/internal/batches.ts"
import { type Packed, type Plan, filler, makeSlot } from "../../src/internal/fill.ts"
import * as Prefetch from "../../src/internal/prefetch.ts"

const packed: Packed = {
  rows: 5,
  width: 2,
  features: new Float32Array(new SharedArrayBuffer(40)).map((_, index) => index),
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
  it.live("a worker that dies is a typed error, now and from then on", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const read = yield* Prefetch.make(packed, broken, { prefetch: 2, workers: 2 })
        for (let attempt = 0; attempt < 2; attempt++) {
          const error = yield* Effect.flip(read(0, 0))
          assert.strictEqual(error._tag, "LoaderError")
          assert.match(error.message, /^Loader: worker thread [01] failed: RangeError: .*2 is no probability/)
        }
      })
    )
  )

  it.live("tickets start again before they outgrow their words", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const read = yield* Prefetch.make(packed, plan, { prefetch: 2, workers: 2, lastTicket: 7 })
        for (let index = 0; index < 40; index++) {
          const [epoch, step] = [Math.floor(index / 3), index % 3]
          assert.deepStrictEqual([...(yield* read(epoch, step)).features], expected(epoch, step))
        }
      })
    )
  )

  it.live("a read that is interrupted does not disturb the next", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const read = yield* Prefetch.make(packed, plan, { prefetch: 1, workers: 1 })
        const fiber = yield* Effect.forkChild(read(0, 0))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        for (const step of [0, 1, 2]) assert.deepStrictEqual([...(yield* read(0, step)).features], expected(0, step))
      })
    )
  )
})
