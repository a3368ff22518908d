import { defineConfig } from "vitest/config"
import { elsewhere } from "./scripts/elsewhere.ts"

Object.assign(process.env, elsewhere)

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "examples/test/**/*.test.ts", "scripts/test/**/*.test.ts"],
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
