/**
 * Builds every package into its `dist`: JavaScript, declarations and source maps. All are compiled as one program, in which
 * the types of other packages are named by their entry points, as they are in the published declarations.
 */
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { table } from "./layers.ts"
import { tsc } from "./tsc.ts"

/** The packages, each after those it imports. */
export const packages = Object.keys(table).filter((name) => name !== "examples")

const emitted = "node_modules/.cache/watertight-build"

/** Lets the source maps in a `dist` name the sources beside it. */
const mapSources = (dist: string, source: string): void => {
  for (const map of globSync(`${dist}/**/*.map`)) {
    const file = relative(dist, map).slice(0, -".js.map".length)
    const path = relative(dirname(map), join(source, `${file}.ts`))
      .split(sep)
      .join("/")
    writeFileSync(map, JSON.stringify({ ...JSON.parse(readFileSync(map, "utf8")), sources: [path] }))
  }
}

/** Builds all packages; returns what is wrong, as sentences. */
export const build = (): ReadonlyArray<string> => {
  rmSync(emitted, { recursive: true, force: true })
  const errors = tsc("-p", "tsconfig.build.json")
  if (errors.length > 0) return errors.map(({ file, line, message }) => `${file}:${line}: ${message}`)
  return packages.flatMap((name) => {
    const dist = `packages/${name}/dist`
    rmSync(dist, { recursive: true, force: true })
    renameSync(`${emitted}/${name}/src`, dist)
    mapSources(dist, `packages/${name}/src`)
    return existsSync(`${dist}/index.js`) ? [] : [`packages/${name} has no src/index.ts`]
  })
}

if (import.meta.main) {
  const errors = build()
  errors.forEach((error) => console.error(error))
  console.log(errors.length === 0 ? `${packages.length} packages built` : `${errors.length} errors`)
  process.exitCode = errors.length === 0 ? 0 : 1
}
