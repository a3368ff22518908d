/**
 * `pnpm bench`: ratios, measured side by side in one run. `pnpm bench step loader wait overhead` picks sections (also tables, steps, images), `--rounds 5`
 * sets how often everything is repeated. README.md says what is measured.
 */
import * as tf from "@tensorflow/tfjs"
import { Effect } from "effect"
import { cpus, loadavg } from "node:os"
import { parseArgs } from "node:util"
import ort from "onnxruntime-node/package.json" with { type: "json" }
import * as Images from "./images.ts"
import * as Loader from "./loader.ts"
import * as Measure from "./measure.ts"
import * as Overhead from "./overhead.ts"
import * as Python from "./python.ts"
import * as Step from "./step.ts"
import * as Steps from "./steps.ts"
import * as Tables from "./tables.ts"
import * as Wait from "./wait.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "15" } }
})
const count = Number(values.rounds)
const isWanted = (section: string) => positionals.length === 0 || positionals.includes(section)

const load = () => `load ${loadavg().map(Measure.digits).join(" ")}`

const section = (title: string, meaning: string, ...tables: ReadonlyArray<string>) =>
  console.log([`\n## ${title}`, meaning, ...tables, `(${load()})`].join("\n\n"))

const compare = Effect.fnUntraced(function* ({
  contenders,
  meaning,
  ratios,
  title,
  unit
}: typeof Step | typeof Loader | typeof Steps | typeof Tables | typeof Images) {
  const rounds = yield* Effect.scoped(Effect.flatMap(contenders, (found) => Measure.rounds(found, count)))
  section(title, meaning, Measure.times(rounds, unit), Measure.ratios(rounds, ratios))
})

const main = Effect.gen(function* () {
  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores ${cpus()[0].model.trim()}, ${load()}`)
  const tfjs = `tfjs ${tf.version.tfjs} with wasm backend ${Step.wasmVersion}`
  console.log(`Node ${process.versions.node}, onnxruntime-node ${ort.version}, ${tfjs}, ${Python.about}`)
  console.log(`${count} rounds`)
  if (isWanted("step")) yield* compare(Step)
  if (isWanted("loader")) yield* compare(Loader)
  if (isWanted("images")) yield* compare(Images)
  if (isWanted("tables")) yield* compare(Tables)
  if (isWanted("steps")) yield* compare(Steps)
  if (isWanted("wait")) section(Wait.title, Wait.meaning, yield* Wait.report(count))
  if (isWanted("overhead"))
    section(Overhead.title, Overhead.meaning, Overhead.report(yield* Effect.scoped(Overhead.measure)))
})

await Effect.runPromise(main)
