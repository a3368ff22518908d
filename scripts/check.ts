/**
 * The test command: all checks one after the other, stopping at the first that fails. `--deep` tries each law on many
 * more cases. The last line, `N passed, N failed`, is read by CI.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { elsewhere } from "./elsewhere.ts"

interface Step {
  readonly name: string
  readonly command: ReadonlyArray<string>
}

const results = mkdtempSync(join(tmpdir(), "watertight-test-"))
const summary = join(results, "vitest.json")
const node = process.execPath

const steps: ReadonlyArray<Step> = [
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "lint", command: ["oxlint"] },
  { name: "layers", command: [node, "scripts/layers.ts"] },
  { name: "types", command: ["tsc", "-p", "."] },
  { name: "typetest", command: [node, "scripts/typetest.ts"] },
  { name: "docs", command: [node, "scripts/docs.ts"] },
  { name: "pack", command: [node, "scripts/pack.ts"] },
  { name: "unit", command: ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${summary}`] }
]

const counts = (): { readonly passed: number; readonly failed: number } => {
  try {
    const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(summary, "utf8"))
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

const run = (): { readonly passed: number; readonly failed: number } => {
  const runs = process.argv.includes("--deep") ? { WATERTIGHT_RUNS: "2000" } : {}
  let passed = 0
  for (const { command, name } of steps) {
    console.log(`\n── ${name}`)
    const started = performance.now()
    const { status } = spawnSync(command[0], command.slice(1), {
      stdio: "inherit",
      env: { ...process.env, ...elsewhere, ...runs }
    })
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`── ${name} ${status === 0 ? "passed" : "FAILED"} in ${seconds} s`)
    const unit = counts()
    if (status !== 0) return { passed: passed + unit.passed, failed: Math.max(1, unit.failed) }
    passed += name === "unit" ? unit.passed : 1
  }
  return { passed, failed: 0 }
}

const { failed, passed } = run()
rmSync(results, { recursive: true })
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
