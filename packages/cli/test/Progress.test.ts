import { assert, describe, it } from "@effect/vitest"
import type { Event } from "@watertight/core"
import { Effect, Ref, Terminal } from "effect"
import { TestClock } from "effect/testing"
import * as Progress from "../src/Progress.ts"

const rowsRead = (done: number): Event.Progress => ({
  _tag: "Progress",
  node: "parquet",
  done,
  total: 10_000_000,
  unit: "rows",
  values: {},
  milestone: undefined
})

describe("Progress", () => {
  it("names what it counts", () => {
    assert.deepStrictEqual(
      [Progress.pace(153.4), Progress.pace(25_300, "rows"), Progress.pace(1_240_000, "rows")],
      ["153 steps/s", "25k rows/s", "1.2M rows/s"]
    )
  })

  it("counts where nobody knows how much there is to do", () => {
    const event = { ...rowsRead(12_345), total: undefined }
    assert.strictEqual(Progress.progressLine(event, 2000), "parquet  12345 rows  2000 rows/s")
  })

  it.effect("shows a bar, the rate and the time left, and begins anew with each part of a stage", () =>
    Effect.gen(function* () {
      const written = yield* Ref.make<ReadonlyArray<string>>([])
      const terminal = {
        columns: Effect.succeed(120),
        display: (text: string) => Ref.update(written, (all) => [...all, text])
      } as unknown as Terminal.Terminal // what the listener uses of it
      const listen = yield* Effect.provideService(Progress.listener({ interactive: true }), Terminal.Terminal, terminal)
      yield* listen(rowsRead(0))
      yield* TestClock.adjust("2 seconds")
      yield* listen(rowsRead(4_000_000))
      yield* listen(rowsRead(0))
      const [, second, third] = yield* Ref.get(written)
      assert.include(second, "40 %  2.0M rows/s")
      assert.include(second, "3.0 s left")
      assert.notInclude(third, "left")
    })
  )
})
