/**
 * Checks the packages as their users get them: builds, packs all into tarballs, installs these in an empty project outside
 * the workspace, type-checks a program there (declarations of ours included) and runs it.
 */
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { build, packages } from "./build.ts"
import { tsc } from "./tsc.ts"

const pnpm = process.env.npm_execpath?.includes("pnpm") ? [process.env.npm_execpath] : ["npx", "--yes", "pnpm@12"]

/** Runs a command; returns its output when it fails. */
const run = (cwd: string, ...command: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { error, status, stderr, stdout } = spawnSync(command[0], command.slice(1), { cwd, encoding: "utf8" })
  return status === 0 ? [] : [`${command.join(" ")} failed in ${cwd}\n${stdout}${stderr}${error ?? ""}`]
}

const program = (name: string): string => `import * as All from "@watertight/${name}"
${name === "cli" ? "" : `import * as Testing from "@watertight/${name}/testing"\nvoid Testing\n`}
if (typeof All !== "object") throw new Error("no module")
`

/** What a user writes: exported values whose types the compiler has to infer and name. */
const user = `import { Digest, Key, Permutation } from "@watertight/core"
import { Column, Columns, RowId, Source, Split, Table } from "@watertight/data"
import { Effect } from "effect"

export const digest = Digest.of({ a: [1, -0, NaN] })
export const key = Key.foldIn(Key.fromSeed(7), "augment")
export const order = Permutation.make(key, 10)
export const columns = Columns.make({ day: Column.timestamp, rain: Column.float })
export const days = Source.csv("days.csv", columns)
export const parts = Split.temporal(days, { on: "day", validation: "7 days", test: "7 days" })

if (order.inverse(order.at(3)) !== 3) throw new Error("no permutation")
if (parts.train.lineage.has("test")) throw new Error("a leak")

/** Rows enough for threads. */
const length = 300_000
const x = Float64Array.from({ length }, (_, row) => row)
const table = await Effect.runPromise(Table.make({ x: Column.float }, { x }, { length }))
if (Buffer.compare(table.ids, RowId.ofContent(table.columns, { x }, length)) !== 0) throw new Error("other ids")
`

/** A whole pipeline, trained with prefetching worker threads, as the command runs it. */
const pipeline = `import { Pipeline } from "@watertight/core"
import { Column, Source, Split, Table } from "@watertight/data"
import { Evaluate } from "@watertight/eval"
import { Loss, Module, Train } from "@watertight/model"
import { Optimizer } from "@watertight/optim"
import { Effect } from "effect"

const length = 64
const x = Float64Array.from({ length }, (_, row) => Math.sin(row))
const values = { x, y: x.map((value) => 2 * value) }
const table = Effect.runSync(Table.make({ x: Column.float, y: Column.float }, values, { length }))
const parts = Split.random(Source.fromTable(table), { validation: 0.2, test: 0.2 })
const model = Train.fit(Module.mlp({ hidden: [4], output: 1, dropout: 0.1 }), {
  train: parts.train, validation: parts.validation, features: ["x"], target: "y", loss: Loss.huber(),
  optimizer: Optimizer.adam({ learningRate: 0.01 }), batchSize: 8, epochs: 2, prefetch: 2
})
export default Pipeline.make("packed", { model, report: Evaluate.test(model, parts.test) })
`

const refused = `import "@watertight/data/internal/arrow/ipc"
`

const writeProject = (project: string, tarballs: ReadonlyArray<string>): void => {
  const versions = JSON.parse(readFileSync("package.json", "utf8")).devDependencies
  const file = (name: string) =>
    `file:${tarballs.find((tarball) => basename(tarball).startsWith(`watertight-${name}-`))}`
  const ours = Object.fromEntries(packages.map((name) => [`@watertight/${name}`, file(name)]))
  const installed = (name: string) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version
  const others = Object.fromEntries(["effect", "fast-check"].map((name) => [name, installed(name)]))
  const types = { "@types/node": versions["@types/node"] }
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "user", private: true, type: "module", dependencies: { ...ours, ...others, ...types } })
  )
  const allowed = { "onnxruntime-node": false, protobufjs: false, "core-js": false }
  const yaml = (record: object) =>
    Object.entries(record).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}\n`)
  writeFileSync(
    join(project, "pnpm-workspace.yaml"),
    `overrides:\n${yaml(ours).join("")}allowBuilds:\n${yaml(allowed).join("")}`
  )
  const compilerOptions = {
    module: "nodenext",
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    types: ["node"],
    strict: true,
    declaration: true,
    outDir: "out",
    rootDir: "src",
    // Other packages' declarations are not without errors; `check` looks at ours.
    skipLibCheck: false
  }
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }))
  mkdirSync(join(project, "src"))
  for (const name of packages) writeFileSync(join(project, "src", `${name}.ts`), program(name))
  writeFileSync(join(project, "src/user.ts"), user)
  writeFileSync(join(project, "src/pipeline.ts"), pipeline)
  writeFileSync(join(project, "refused.mjs"), refused)
}

const check = (project: string): ReadonlyArray<string> => {
  const tarballs = () => globSync(join(project, "tarballs/*.tgz"))
  const node = process.execPath
  const pack = run(
    ".",
    ...pnpm,
    "--recursive",
    "--filter",
    "./packages/*",
    "pack",
    "--pack-destination",
    join(project, "tarballs")
  )
  if (pack.length > 0) return pack
  writeProject(project, tarballs())
  const install = run(project, ...pnpm, "install", "--prefer-offline", "--ignore-scripts")
  if (install.length > 0) return install
  const ours = tsc("-p", project).filter(({ file }) => /^(?!.*node_modules\/)|.*node_modules\/@watertight\//.test(file))
  if (ours.length > 0) return ours.map(({ file, line, message }) => `${file}:${line}: ${message}`)
  const bin = "node_modules/@watertight/cli/bin/watertight.js"
  const runs = [
    ...[...packages, "user"].map((name) => [`out/${name}.js`]),
    [bin, "run", "out/pipeline.js"],
    [bin, "replay", "last"]
  ].flatMap((args) => run(project, node, ...args))
  const isRefused = run(project, node, "refused.mjs").some((output) => output.includes("ERR_PACKAGE_PATH_NOT_EXPORTED"))
  return isRefused ? runs : [...runs, "the internals of @watertight/data can be imported"]
}

const main = (): number => {
  const project = realpathSync(mkdtempSync(join(tmpdir(), "watertight-user-")))
  try {
    const errors = build()
    const problems = errors.length > 0 ? errors : check(project)
    problems.forEach((problem) => console.error(problem))
    if (problems.length === 0)
      console.log(`${packages.length} tarballs install, type-check and run in an empty project`)
    return problems.length === 0 ? 0 : 1
  } finally {
    for (const name of packages) rmSync(`packages/${name}/dist`, { recursive: true, force: true })
    if (process.env.WATERTIGHT_KEEP === undefined) rmSync(project, { recursive: true })
    else console.log(project)
  }
}

if (import.meta.main) process.exitCode = main()
