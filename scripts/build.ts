/**
 * Builds every package into its `dist`: JavaScript, declarations and source maps, in the order of who imports whom. A
 * package is compiled against the built declarations of those below it, as its users will.
 */
import { rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { table } from "./layers.ts"
import { tsc } from "./tsc.ts"

/** The packages, each after those it imports. */
export const packages = Object.keys(table).filter((name) => name !== "examples")

/** Builds all packages; returns the compiler's errors, if any, as sentences. */
export const build = (): ReadonlyArray<string> => {
  for (const name of packages) {
    const home = resolve("packages", name)
    rmSync(join(home, "dist"), { recursive: true, force: true })
    const config = join(home, "tsconfig.build.json")
    const compilerOptions = { rootDir: "src", outDir: "dist" }
    writeFileSync(
      config,
      JSON.stringify({ extends: "../../tsconfig.build.json", compilerOptions, include: ["src"], files: undefined })
    )
    const errors = tsc("-p", config)
    rmSync(config)
    if (errors.length > 0) return errors.map(({ file, line, message }) => `${file}:${line}: ${message}`)
  }
  return []
}

if (import.meta.main) {
  const errors = build()
  errors.forEach((error) => console.error(error))
  process.exitCode = errors.length > 0 ? 1 : 0
}
