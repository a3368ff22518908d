import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Loader, Verdict } from "../src/index.ts"
import { LoaderLaws } from "../src/testing/index.ts"

const at = (epoch: number, step: number): Loader.Position => ({ version: 1, epoch, step })
const reading = { features: ["row", "block"], target: "target", key: Key.fromSeed(1), prefetch: 0 } as const

describe("Verdict", () => {
  it("D63 is input-bound when steps wait more than 20 % of the time, with what to do about it", () => {
    const bound = (waited: number, options = { prefetch: 4, workers: 1 }) =>
      Verdict.of({ reads: 100, waited, between: 1000 - waited }, options)
    assert.deepStrictEqual(bound(230), {
      bound: "input",
      share: 0.23,
      message:
        "input-bound: steps waited 23.0 % of the time for batches; raise workers from 1 to 2, should there be as many " +
        "cores, or make rows cheaper to prepare"
    })
    assert.deepStrictEqual(bound(8), {
      bound: "compute",
      share: 0.008,
      message: "compute-bound: steps waited 0.8 % of the time for batches"
    })
    assert.strictEqual(bound(200)?.bound, "compute")
    assert.match(bound(700, { prefetch: 4, workers: 2 })?.message ?? "", /raise workers from 2 to 7/)
    assert.match(
      bound(500, { prefetch: 0, workers: 1 })?.message ?? "",
      /; let worker threads make batches ahead: set prefetch/
    )
  })

  it("D63 says nothing from fewer than 10 reads or without time", () => {
    assert.isUndefined(Verdict.of({ reads: 9, waited: 1, between: 1 }, { prefetch: 4, workers: 1 }))
    assert.isUndefined(Verdict.of({ reads: 99, waited: 0, between: 0 }, { prefetch: 4, workers: 1 }))
  })

  it.effect("D63 the loader measures time between reads, first batches of an epoch and jumps aside", () =>
    Effect.gen(function* () {
      const loader = yield* Loader.make(LoaderLaws.numbered(8), { ...reading, batchSize: 2 })
      const order = [at(0, 0), at(0, 1), at(0, 2), at(0, 3), at(1, 0), at(1, 1), at(0, 2), at(0, 3)]
      for (const position of order) {
        yield* loader.read(position)
        yield* TestClock.adjust("3 millis")
      }
      // Counted: steps 1, 2, 3 of epoch 0, step 1 of epoch 1, and after the jump step 3.
      assert.deepStrictEqual(yield* loader.timing, { reads: 5, waited: 0, between: 15 })
    })
  )

  it.live("D63 a reader that does nothing else waits for its batches; one that computes does not", () =>
    Effect.gen(function* () {
      const shareOf = (batchSize: number, millis: number) =>
        Effect.gen(function* () {
          const loader = yield* Loader.make(LoaderLaws.numbered(20_000), { ...reading, batchSize })
          for (let step = 0; step < 12; step++) {
            yield* loader.read(at(0, step))
            if (millis > 0) yield* Effect.sleep(`${millis} millis`)
          }
          return Verdict.of(yield* loader.timing, { prefetch: 0, workers: 1 })?.bound
        })
      assert.strictEqual(yield* shareOf(1600, 0), "input")
      assert.strictEqual(yield* shareOf(8, 5), "compute")
    })
  )
})
