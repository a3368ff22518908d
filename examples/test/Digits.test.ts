import { assert, describe, it } from "vitest"
import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { newStore, rootDigest, watertight } from "./command.ts"

describe("the digits job", () => {
  it("reads 98 % of the official test rows or more within 1 GB, and is served from the store the second time", async () => {
    const store = newStore()
    const args = ["run", "examples/digits/digits.ts", "--seed", "7", "--store", store]
    const first = await watertight(args)
    assert.strictEqual(first.code, 0, first.err)
    const [run] = readdirSync(join(store, "reports"))
    const report = JSON.parse(readFileSync(join(store, "reports", run, "report.json"), "utf8"))
    assert.strictEqual(report.rows, 10_000)
    assert.isAtLeast(report.accuracy.value, 0.98)
    assert.isBelow(first.peakMegabytes, 1000)

    const second = await watertight(args)
    assert.match(second.out, /reused all 12 stages/)
    assert.strictEqual(rootDigest(second), rootDigest(first))
    assert.isBelow(second.seconds, 3)
  }, 300_000)
})
