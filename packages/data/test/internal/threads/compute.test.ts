import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { compute } from "../../../src/internal/threads/compute.ts"
import * as Threads from "../../../src/internal/threads/pool.ts"
import * as Shared from "../../../src/internal/threads/shared.ts"

const length = 2 ** 20

/** Quantiles of many numbers, and how often this thread did something else meanwhile. */
const quantiles = Effect.fnUntraced(function* (values: Float64Array, threads: number) {
  let turns = 0
  const turning = setInterval(() => turns++, 0)
  yield* Effect.sleep(5)
  const before = turns
  const found = yield* Effect.provideService(compute("quantiles", values, [0, 0.25, 0.5, 1]), Threads.size, threads)
  clearInterval(turning)
  return { found, isElsewhere: turns > before }
})

describe("compute", () => {
  it.live("is done by a thread where columns are large and shared, and gives the same as here", () =>
    Effect.gen(function* () {
      const shared = Shared.float64(length).map((_, row) => Math.sin(row))
      const plain = new Float64Array(length).map((_, row) => Math.sin(row))
      const columns = [
        { values: Shared.copy(shared), threads: 2, isElsewhere: true },
        { values: Shared.copy(shared), threads: 1, isElsewhere: false },
        { values: plain, threads: 2, isElsewhere: false },
        { values: Shared.copy(shared).subarray(0, 1000), threads: 2, isElsewhere: false }
      ]
      for (const { isElsewhere, threads, values } of columns) {
        const expected = Effect.runSync(compute("quantiles", values, [0, 0.25, 0.5, 1]))
        assert.deepStrictEqual(yield* quantiles(values, threads), { found: expected, isElsewhere })
      }
    })
  )

  it("does not keep columns in shared memory that nobody refers to any more", () => {
    const program = fileURLToPath(new URL("./shared_garbage.ts", import.meta.url))
    const used = Number(execFileSync(process.execPath, [program], { encoding: "utf8", timeout: 30_000 }))
    assert.isBelow(used, 600) // all 150 columns are 1200
  })
})
