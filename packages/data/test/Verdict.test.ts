import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Loader, Verdict } from "../src/index.ts"
import { LoaderLaws } from "../src/testing/index.ts"

const at = (epoch: number, step: number): Loader.Position => ({ version: 1, epoch, step })
const reading = { features: ["row", "block"], target: "target", key: Key.fromSeed(1), prefetch: 0 } as const

describe("Verdict", () => {
  const timing = { reads: 100, waited: 8, between: 992, made: 104, making: 520, prefetch: 4, workers: 1 }
  const judge = (more: Partial<Verdict.Timing>) => Verdict.of({ ...timing, ...more })

  it("D63 is input-bound when steps wait more than 20 % of the time, with the numbers", () => {
    assert.deepStrictEqual(judge({ waited: 230, between: 770, making: 1040 }), {
      bound: "input",
      share: 0.23,
      ratio: 10 / 7.7,
      message:
        "input-bound: steps waited 23.0 % of the time for batches; a batch takes 10 ms to make in 1 worker thread, a step " +
        "7.7 ms without waiting; raise workers from 1 to 2, should there be as many cores, or make rows cheaper to prepare"
    })
    assert.deepStrictEqual(judge({ prefetch: 8, workers: 2 }), {
      bound: "compute",
      share: 0.008,
      ratio: 2.5 / 9.92,
      message:
        "compute-bound: steps waited 0.8 % of the time for batches; a batch takes 5.0 ms to make in 2 worker threads, a " +
        "step 9.9 ms without waiting"
    })
    assert.strictEqual(judge({ waited: 200, between: 800 })?.bound, "compute")
  })

  it("D63 names the remedy for what the numbers say", () => {
    const remedies: ReadonlyArray<readonly [Partial<Verdict.Timing>, RegExp]> = [
      [{ waited: 700, between: 300, making: 2080, workers: 2 }, /; raise workers from 2 to 7, should there be/],
      [{ waited: 9999, between: 1, making: 10_400 }, /; raise workers from 1 to 10,/],
      [{ waited: 30, between: 10, making: 1 }, /takes 0.0096 ms .*; handing batches over .* set prefetch to 0, or/],
      [{ waited: 300, between: 700 }, /; threads keep up, but not at all times, .*: raise prefetch from 4 to 8$/],
      [
        { waited: 500, between: 500, prefetch: 0, workers: 0 },
        /to make when it is read, .*; let worker threads make .*/
      ],
      [{ waited: 1, between: 1, making: 1, prefetch: 0, workers: 0 }, /; steps are too short .*: raise batchSize$/]
    ]
    for (const [more, expected] of remedies) assert.match(judge(more)?.message ?? "", expected)
  })

  it("D63 says nothing from fewer than 10 reads or without time", () => {
    assert.isUndefined(judge({ reads: 9 }))
    assert.isUndefined(judge({ waited: 0, between: 0 }))
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
      const counted = { reads: 5, waited: 0, between: 15, made: 8, making: 0, prefetch: 0, workers: 0 }
      assert.deepStrictEqual(yield* loader.timing, counted)
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
          return Verdict.of(yield* loader.timing)?.bound
        })
      assert.strictEqual(yield* shareOf(1600, 0), "input")
      assert.strictEqual(yield* shareOf(8, 5), "compute")
    })
  )

  it.live("D63 worker threads tell how many batches they made and how long that took", () =>
    Effect.gen(function* () {
      const options = { ...reading, batchSize: 4000, prefetch: 2, workers: 2 }
      const loader = yield* Loader.make(LoaderLaws.numbered(20_000), options)
      const began = performance.now()
      for (let index = 0; index < 30; index++) yield* loader.read(at(Math.floor(index / 5), index % 5))
      const { made, making, prefetch, workers } = yield* loader.timing
      assert.deepStrictEqual([prefetch, workers], [2, 2])
      assert.isTrue(made >= 30 && made <= 32, `${made} made`)
      assert.isTrue(making > 0.5 && making < 2 * (performance.now() - began), `${making} ms`)
    })
  )
})
