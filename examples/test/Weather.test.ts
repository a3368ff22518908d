import { assert, describe, it } from "vitest"
import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { newStore, watertight } from "./command.ts"

describe("the weather job", () => {
  it("beats `same as today` on the test year, and says by how much", async () => {
    const store = newStore()
    const { code, err, out } = await watertight(["run", "examples/weather/weather.ts", "--seed", "7", "--store", store])
    assert.strictEqual(code, 0, err)
    const [run] = readdirSync(join(store, "reports"))
    const { baseline, rows } = JSON.parse(readFileSync(join(store, "reports", run, "report.json"), "utf8"))
    assert.strictEqual(rows, 365)
    assert.strictEqual(baseline.name, "same as today")
    assert.isBelow(baseline.model, baseline.baseline)
    assert.isAbove(baseline.difference.value, 0)
    assert.match(out, /The model saves 0\.\d+ \(\d\.\d+ % of it\), 95 % interval/)
  })
})
