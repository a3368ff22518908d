import { defineConfig } from "vitest/config"
import { elsewhere } from "./scripts/elsewhere.ts"

Object.assign(process.env, elsewhere)

/**
 * Test files share the modules of their worker, which halves the time: nothing here may depend on what ran before. The
 * tests of optim set a flag of TensorFlow.js that others must not see, so each of their files has a worker of its own.
 */
const project = (name: string, include: ReadonlyArray<string>, isolate: boolean) => ({
  extends: true as const,
  test: { name, include: [...include], isolate }
})

/** The examples run as whole processes and are timed, so they come last and one at a time. */
const examples = {
  extends: true as const,
  test: {
    name: "examples",
    include: ["examples/test/**/*.test.ts"],
    isolate: false,
    fileParallelism: false,
    sequence: { groupOrder: 1 }
  }
}

/** A deep test takes as long as its properties have. */
const testTimeout = process.env.WATERTIGHT_RUNS === undefined ? 60_000 : 3_600_000

export default defineConfig({
  test: {
    pool: "forks",
    execArgv: ["--throw-deprecation"],
    setupFiles: ["scripts/cases.ts"],
    testTimeout,
    hookTimeout: 60_000,
    projects: [
      project("all", ["packages/!(optim)/test/**/*.test.ts", "scripts/test/**/*.test.ts"], false),
      project("optim", ["packages/optim/test/**/*.test.ts"], true),
      examples
    ]
  }
})
