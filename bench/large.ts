/**
 * `node bench/large.ts`: Parquet of 20 columns with 10^5, 10^6 and 10^7 rows goes through source, split, fit, apply and one
 * epoch, each number of rows in a process of its own, whose largest memory is measured by the system. `node bench/large.ts
 * 300000` takes other numbers of rows; `--folder` says where the files and the store go (about 7 GB for 10^7 rows; all is
 * removed afterwards).
 */
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as LargeFile from "../packages/data/test/fixtures/large_file.ts"

const { positionals, values } = parseArgs({ allowPositionals: true, options: { folder: { type: "string" } } })
const counts = positionals.length === 0 ? [1e5, 1e6, 1e7] : positionals.map(Number)
const program = fileURLToPath(new URL("../packages/data/test/fixtures/run_large.ts", import.meta.url))

interface Report {
  readonly stages: ReadonlyArray<{
    readonly name: string
    readonly seconds: number
    readonly busy: number
    readonly memory: number
  }>
  /** MiB. */
  readonly peak: number
}

const measure = Effect.fnUntraced(function* (folder: string, rows: number) {
  const file = join(folder, `${rows}.parquet`)
  yield* LargeFile.write(file, rows)
  const { status, stderr, stdout } = spawnSync(process.execPath, [program, file, join(folder, `${rows}`)], {
    encoding: "utf8"
  })
  rmSync(file)
  rmSync(join(folder, `${rows}`), { recursive: true, force: true })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as Report
})

const line = (cells: ReadonlyArray<string | number>) => `| ${cells.join(" | ")} |`

const report = (rows: number, { peak, stages }: Report): ReadonlyArray<string> => {
  const sum = (of: "seconds" | "busy") => stages.reduce((all, stage) => all + stage[of], 0)
  const cells = (name: string, seconds: number, busy: number, memory: number) =>
    line([name, seconds.toFixed(1), (rows / seconds / 1e6).toFixed(2), busy.toFixed(1), memory.toFixed(0)])
  return [
    line([`${rows.toLocaleString("en")} rows`, "s", "million rows/s", "core s", "peak so far MiB"]),
    line(["---", "--:", "--:", "--:", "--:"]),
    ...stages.map(({ busy, memory, name, seconds }) => cells(name, seconds, busy, memory)),
    cells("all", sum("seconds"), sum("busy"), peak),
    ""
  ]
}

const main = Effect.acquireUseRelease(
  Effect.sync(() => mkdtempSync(join(values.folder ?? tmpdir(), "watertight-large-"))),
  (folder) =>
    Effect.forEach(counts, (rows) =>
      Effect.map(measure(folder, rows), (measured) => console.log(report(rows, measured).join("\n")))
    ),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

await Effect.runPromise(main)
console.log(
  `load ${loadavg()
    .map((each) => each.toFixed(1))
    .join(" ")}`
)
