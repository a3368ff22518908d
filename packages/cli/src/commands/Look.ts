/** The commands that only look: `runs`, `show`, `diff` and `graph`. */
import { Digest, Manifest, Pipeline, Replay, type Stage } from "@watertight/core"
import { Console, Effect } from "effect"
import { Argument, Command } from "effect/cli"
import * as Environment from "../Environment.ts"
import * as PipelineModule from "../PipelineModule.ts"
import { duration } from "../Progress.ts"
import { explanations } from "./Replay.ts"

const run = Argument.String("id").pipe(Argument.withDescription("A run, a unique beginning of its id, or `last`"))

/** Lays out rows of text in columns. */
const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/** The `runs` command. */
export const runs = Command.make("runs", { store: Environment.store }, ({ store }) =>
  Effect.gen(function* () {
    const manifests = yield* Effect.forEach(yield* Manifest.list, Manifest.read)
    if (manifests.length === 0) return yield* Console.log("no runs yet: watertight run FILE")
    const rows = manifests.map(({ id, nodes, pipeline, root, seconds, seed }) => [
      id,
      pipeline,
      String(seed),
      Digest.short(root),
      `${nodes.filter((node) => node.reused).length}/${nodes.length}`,
      duration(seconds)
    ])
    yield* Console.log(columns([["run", "pipeline", "seed", "root", "reused", "time"], ...rows]))
  }).pipe(Effect.provide(Environment.layerStore(store)))
).pipe(Command.withDescription("List the runs in the store"))

const sides = ["unsplit", "train", "validation", "test"] as const

/** The manifest as a person reads it. */
export const describe = (manifest: Manifest.Manifest): string => {
  const head = columns([
    ["pipeline", manifest.pipeline],
    ["file", manifest.file ?? "none"],
    ["seed", String(manifest.seed)],
    ["started", `${manifest.started}, took ${duration(manifest.seconds)}`],
    ["machine", manifest.machine],
    [
      "versions",
      Object.entries(manifest.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", ")
    ],
    ["sources", manifest.sources.map(({ digest, file }) => `${file} ${Digest.short(digest)}`).join(", ") || "none"],
    ["root", manifest.root],
    [
      "ledger",
      manifest.ledger === null ? "empty" : `line ${manifest.ledger.line + 1}, ${Digest.short(manifest.ledger.hash)}`
    ]
  ])
  const nodes = columns([
    ["stage", "digest", "from", "saw", "time", ""],
    ...manifest.nodes.map((node) => [
      node.name,
      Digest.short(node.digest),
      Object.values(node.inputs).join(", ") || "-",
      sides.filter((side) => node.lineage.includes(side)).join(", ") || "-",
      node.reused ? "reused" : duration(node.seconds),
      node.params === null ? "" : shorten(JSON.stringify(node.params))
    ])
  ])
  const notices = manifest.nodes.flatMap(({ name, notices = [] }) => notices.map((notice) => `${name}: ${notice}`))
  const told = notices.length === 0 ? "" : `\n\nnotices:\n${notices.map((notice) => `  ${notice}`).join("\n")}`
  const outputs = Object.entries(manifest.outputs).map(([name, node]) => `${name} = ${node}`)
  return `run ${manifest.id}\n\n${head}\n\n${nodes}${told}\n\noutputs: ${outputs.join(", ")}`
}

const shorten = (text: string): string => (text.length > 100 ? `${text.slice(0, 99)}…` : text)

/** The `show` command. */
export const show = Command.make("show", { id: run, store: Environment.store }, ({ id, store }) =>
  Effect.flatMap(Manifest.read(id), (manifest) => Console.log(describe(manifest))).pipe(
    Effect.provide(Environment.layerStore(store))
  )
).pipe(Command.withDescription("Show a run's record: seed, stages, parameters, digests, times"))

const flags = {
  left: Argument.String("left").pipe(Argument.withDescription("A run")),
  right: Argument.String("right").pipe(Argument.withDescription("Another run")),
  store: Environment.store
}

/** The `diff` command. */
export const diff = Command.make("diff", flags, ({ left, right, store }) =>
  Effect.gen(function* () {
    const [first, second] = yield* Effect.all([Manifest.read(left), Manifest.read(right)])
    const difference = yield* Replay.diff(first, second, explanations)
    if (difference === null) return yield* Console.log(`the runs are equal: root digest ${first.root}`)
    const digest = (value: Digest.Digest | null) => (value === null ? "absent" : Digest.short(value))
    const lines = [
      `the runs part at "${difference.node}": ${digest(difference.left)} → ${digest(difference.right)}`,
      ...difference.because.map((reason) => `  ${reason}`),
      ...(difference.inside === null
        ? []
        : [
            `  first difference: ${difference.inside.where || "the value"}: ${difference.inside.left} → ${difference.inside.right}`
          ])
    ]
    yield* Console.log(lines.join("\n"))
  }).pipe(Effect.provide(Environment.layerStore(store)))
).pipe(
  Command.withDescription(
    "Show the first stage, and inside it the first epoch, step and tensor, at which two runs part"
  )
)

const colours: Readonly<Record<Stage.Origin, string>> = {
  unsplit: "fill:#eceff1,stroke:#607d8b",
  train: "fill:#e3f2fd,stroke:#1976d2",
  validation: "fill:#fff8e1,stroke:#ffa000",
  test: "fill:#fce4ec,stroke:#c2185b"
}

/** Draws a planned pipeline as a Mermaid flow chart; colours are the most guarded partition a node depends on. */
export const mermaid = (planned: ReadonlyArray<Pipeline.Planned>, outputs: Pipeline.Outputs): string => {
  const id = new Map(planned.map(({ node }, index) => [node, `n${index}`]))
  const shapes = planned.map(
    ({ name, node }) => `  ${id.get(node)}["${name}"]:::${Pipeline.compartment(node) ?? "unsplit"}`
  )
  const arrows = planned.flatMap(({ node }) =>
    Object.entries(node.inputs).map(([input, from]) => `  ${id.get(from)} -->|${input}| ${id.get(node)}`)
  )
  const ends = Object.entries(outputs).map(([name, node]) => `  ${id.get(node)} --> out_${name}(["${name}"])`)
  const classes = Object.entries(colours).map(([name, style]) => `  classDef ${name} ${style}`)
  return ["flowchart TD", ...shapes, ...arrows, ...ends, ...classes].join("\n")
}

const file = Argument.String("file").pipe(Argument.withDescription("A module whose default export is a pipeline"))

/** The `graph` command. */
export const graph = Command.make("graph", { file }, ({ file }) =>
  Effect.gen(function* () {
    const { pipeline } = yield* PipelineModule.load(file)
    yield* Console.log(mermaid(yield* Pipeline.plan(pipeline), pipeline.outputs))
  })
).pipe(Command.withDescription("Print the pipeline in FILE as a Mermaid flow chart, partitions coloured"))
