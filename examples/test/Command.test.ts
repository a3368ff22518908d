import { assert, afterAll, describe, it } from "vitest"
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { newStore, rootDigest, watertight, writeModule } from "./command.ts"

/** The weather pipeline with other numbers: small enough to run many times. */
const weather = (name: string, options: { readonly epochs: number; readonly peak?: number }) =>
  writeModule(
    name,
    `import * as Weather from "../../weather/weather.ts"
export default Weather.make(Weather.days, ${JSON.stringify(options)})
`
  )

const small = weather("small.ts", { epochs: 6 })

afterAll(() => rmSync(join(small, ".."), { recursive: true, force: true }))

describe("watertight run", () => {
  it("runs, writes reports, reuses everything the second time in under 3 s, and replays", async () => {
    const store = newStore()
    const first = await watertight(["run", small, "--seed", "7", "--store", store])
    assert.strictEqual(first.code, 0, first.err)
    assert.match(first.out, /mean absolute error of the baseline/)
    const [run] = readdirSync(join(store, "reports"))
    assert.deepStrictEqual(readdirSync(join(store, "reports", run)).sort(), ["model.json", "report.json", "report.txt"])
    assert.strictEqual(JSON.parse(readFileSync(join(store, "reports", run, "report.json"), "utf8")).kind, "regression")

    const second = await watertight([
      "run",
      small,
      "--seed",
      "7",
      "--store",
      store,
      "--concurrency",
      "8",
      "--threads",
      "2"
    ])
    assert.match(second.out, /reused all 13 stages/)
    assert.strictEqual(rootDigest(second), rootDigest(first))
    assert.isBelow(second.seconds, 3)

    const replay = await watertight(["replay", "last", "--store", store, "--threads", "2"])
    assert.strictEqual(replay.code, 0, replay.err)
    assert.match(replay.out, /every digest is the recorded one/)
    assert.strictEqual(rootDigest(replay), rootDigest(first))
  })

  it("gives the same root digest in a fresh process and store at any concurrency and thread count", async () => {
    const digests = new Set<string | undefined>()
    for (const [concurrency, threads] of [
      ["1", "2"],
      ["8", "1"]
    ]) {
      const store = newStore()
      const options = ["--seed", "7", "--store", store, "--concurrency", concurrency, "--threads", threads]
      digests.add(rootDigest(await watertight(["run", small, ...options])))
    }
    assert.strictEqual(digests.size, 1)
    assert.notInclude([...digests], undefined)
  })

  it("E01 refuses a second model on the same test rows, says what was reported, and lets them be spent with a reason", async () => {
    const store = newStore()
    await watertight(["run", small, "--seed", "7", "--store", store])
    const other = weather("other.ts", { epochs: 6, peak: 2e-3 })
    const refused = await watertight(["run", other, "--seed", "7", "--store", store])
    assert.strictEqual(refused.code, 1)
    assert.match(refused.err, /365 of these 365 test rows were read before, by another model/)
    assert.match(refused.err, /mean absolute error \d/)
    assert.include(refused.out, "train  reused")
    assert.include(refused.out, "apply.train  reused")
    assert.notInclude(refused.out, "train-model  reused")

    const spent = await watertight([
      "run",
      other,
      "--seed",
      "7",
      "--store",
      store,
      "--spend-test",
      "a lower rate, chosen on validation"
    ])
    assert.strictEqual(spent.code, 0, spent.err)
    assert.match(spent.out, /a lower rate, chosen on validation/)
    assert.match(spent.out, /computed test-report; reused 12 of 13 stages/)

    const [first, second] = readdirSync(join(store, "runs")).map((name) => name.replace(/\.json$/, ""))
    const diff = await watertight(["diff", first, second, "--store", store])
    assert.match(diff.out, /the runs part at "train-model"/)
    assert.match(diff.out, /peak: 0.005 → 0.002/)
    assert.match(diff.out, /first difference: epoch 1, step \d+, (loss|gradient norm)/)
    const runs = await watertight(["runs", "--store", store])
    assert.include(runs.out, second)
  })

  it("killed with SIGKILL at several moments of training, it continues and ends in the same bits", async () => {
    const long = weather("long.ts", { epochs: 40 })
    const undisturbed = await watertight(["run", long, "--seed", "7", "--store", newStore()])
    const store = newStore()
    for (const epoch of [1, 7, 20]) {
      const killed = await watertight(["run", long, "--seed", "7", "--store", store], {
        killWhen: (out) => out.includes(`epoch ${epoch}/`)
      })
      assert.isNull(killed.code)
      assert.isFalse(existsSync(join(store, "runs")), "a killed run leaves no record")
    }
    const last = await watertight(["run", long, "--seed", "7", "--store", store])
    assert.match(last.out, /continues from epoch (1\d|2\d|3\d|9|8), step 1 of/)
    assert.isString(rootDigest(undisturbed))
    assert.strictEqual(rootDigest(last), rootDigest(undisturbed))
  })

  it("stopped with Ctrl-C it says so, and continues the next time", async () => {
    const long = weather("stopped.ts", { epochs: 40 })
    const store = newStore()
    const args = ["run", long, "--seed", "7", "--store", store]
    const stopped = await watertight(args, { killWhen: (out) => out.includes("epoch 5/"), signal: "SIGINT" })
    assert.strictEqual(stopped.code, 130)
    assert.match(stopped.err, /interrupted: run again to continue from the last checkpoint/)
    assert.match((await watertight(args)).out, /continues from epoch \d+, step 1 of/)
  })

  it("names a flipped byte in the store", async () => {
    const store = newStore()
    await watertight(["run", small, "--seed", "7", "--store", store])
    for (const folder of readdirSync(join(store, "objects"))) {
      for (const name of readdirSync(join(store, "objects", folder))) {
        const path = join(store, "objects", folder, name)
        const bytes = readFileSync(path)
        bytes[bytes.length >> 1] ^= 1
        writeFileSync(path, bytes)
      }
    }
    const { code, err } = await watertight(["run", weather("again.ts", { epochs: 7 }), "--store", store])
    assert.strictEqual(code, 1)
    assert.match(err, /Corrupt store: .* should have digest .* Delete that file and run again/)
  })
})

describe("what a person can get wrong is one clear message, an exit code, and nothing half-written", () => {
  const refuses = (what: string, args: () => ReadonlyArray<string>, message: RegExp) =>
    it(what, async () => {
      const store = newStore()
      const { code, err } = await watertight([...args(), "--store", store])
      assert.strictEqual(code, 1)
      assert.match(err, message)
      assert.notMatch(err, /this is a bug/)
      assert.isFalse(existsSync(join(store, "runs")))
    })

  const source = (body: string) => `
import { Pipeline } from "@watertight/core"
import { Column, Columns, Partitions, Recipe, Source, Split } from "@watertight/data"
const days = (path) => Source.csv(new URL(path, import.meta.url), Columns.make({ date: Column.timestamp, wind: Column.float }))
${body}
`
  const csv = (name: string, text: string) => writeModule(name, text)
  const fitOn = (name: string, options: string) =>
    source(`const parts = Split.temporal(days("./${name}"), { on: "date", ${options} })
export default Pipeline.make("p", { fitted: Recipe.fit(Recipe.of(parts.train).pipe(Recipe.standardize("wind")), parts.train), validation: parts.validation, test: parts.test })`)
  const days = Array.from({ length: 28 }, (_, day) => `2024-02-${String(day + 1).padStart(2, "0")},${day}.5`)

  refuses("no such file", () => ["run", "nowhere.ts"], /nowhere\.ts: there is no such file/)
  refuses("a folder", () => ["run", "examples"], /this is a folder/)
  refuses(
    "a module without a default export",
    () => ["run", writeModule("none.ts", "export const a = 1")],
    /has no default export/
  )
  refuses(
    "a default export that is no pipeline",
    () => ["run", writeModule("five.ts", "export default 5")],
    /is no pipeline/
  )
  refuses(
    "a module with a syntax error",
    () => ["run", writeModule("broken.ts", "export default (")],
    /it does not load/
  )
  refuses("an unknown option", () => ["run", small, "--sede", "7"], /Unrecognized flag: --sede[^]*--seed/)
  refuses("a seed that is no integer", () => ["run", small, "--seed", "1.5"], /Expected an integer/)
  refuses("a negative seed", () => ["run", small, "--seed", "-3"], /Seed -3 is no integer in/)
  refuses("an unknown run", () => ["show", "nothing"], /there is no such run/)
  refuses(
    "a data file that is not there",
    () => ["run", writeModule("missing.ts", fitOn("absent.csv", `validation: 0.2, test: 0.2`))],
    /absent\.csv/
  )
  refuses(
    "a cell that does not decode",
    () => {
      csv("cell.csv", ["date,wind", ...days.slice(0, 20), "2024-02-21,strong", ...days.slice(21)].join("\n"))
      return ["run", writeModule("cell.ts", fitOn("cell.csv", `validation: 0.2, test: 0.2`))]
    },
    /cell\.csv[^]*(row|line) 2\d[^]*wind[^]*strong/
  )
  refuses(
    "an infinite number",
    () => {
      csv("infinite.csv", ["date,wind", ...days.slice(0, 4), "2024-02-05,inf", ...days.slice(5)].join("\n"))
      return ["run", writeModule("infinite.ts", fitOn("infinite.csv", `validation: 0.2, test: 0.2`))]
    },
    /infinite\.csv[^]*wind/
  )
  refuses(
    "an empty partition",
    () => {
      csv("days.csv", ["date,wind", ...days].join("\n"))
      return ["run", writeModule("empty.ts", fitOn("days.csv", `validation: "60 days", test: "2 days"`))]
    },
    /Split\.temporal: train would /
  )

  it("a store that cannot be written", async () => {
    const file = writeModule("a-file", "")
    const { code, err } = await watertight(["run", small, "--store", join(file, "store")])
    assert.strictEqual(code, 1)
    assert.match(err, /The store could not (read|write) .*Choose another folder with --store/)
    assert.strictEqual(statSync(file).size, 0)
  })

  it("a disk that takes no more", async () => {
    const store = newStore()
    const limited = ["bash", "-c", 'ulimit -f 16; trap "" XFSZ; exec "$@"', "limited"]
    const { code, err } = await watertight(["run", small, "--store", store], { prefix: limited })
    assert.strictEqual(code, 1)
    assert.match(err, /The store could not write .*: /)
    assert.deepStrictEqual(readdirSync(join(store, "tmp")), [])
  })
})

describe("watertight shows", () => {
  it("a pipeline as Mermaid, with its partitions coloured", async () => {
    const { code, out } = await watertight(["graph", "examples/weather/weather.ts"])
    assert.strictEqual(code, 0)
    assert.match(out, /^flowchart TD/)
    assert.match(out, /n\d+\["test"\]:::test/)
    assert.match(out, /classDef train /)
  })

  it("the columns of a file as code that reads it", async () => {
    const file = writeModule("guess.csv", "day,wind,kind\n2024-01-01,1.5,a\n2024-01-02,2,b\n")
    const { code, err, out } = await watertight(["columns", file])
    assert.strictEqual(code, 0, err)
    assert.match(out, /day: Column.timestamp,\n  wind: Column.float,\n  kind: Column.category\(\["a", "b"\]\)\n/)
    const missing = await watertight(["columns", "no/such.csv"])
    assert.strictEqual(missing.code, 1)
    assert.match(missing.err, /no\/such\.csv: does not exist/)
  })

  it("its help", async () => {
    const { code, out } = await watertight(["--help"])
    assert.strictEqual(code, 0)
    for (const name of ["run", "replay", "diff", "runs", "show", "graph", "columns"])
      assert.match(out, new RegExp(`^  ${name} `, "m"))
  })
})
