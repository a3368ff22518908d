import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("../../fixtures/interrupt_queries.ts", import.meta.url))

describe("a query that is interrupted", () => {
  it("has stopped, soon, before its database is closed", () => {
    const { signal, status, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 50_000 })
    assert.strictEqual(signal, null, stderr)
    assert.strictEqual(status, 0, stderr)
  })
})
