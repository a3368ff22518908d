import { assert, afterAll, beforeAll, describe, it } from "vitest"
import { rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { watertight, writeModule } from "./command.ts"

const data = (name: string) => fileURLToPath(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")))

/** Digits of which some are on two sides. */
const leaky = writeModule(
  "leaky.ts",
  `import { Pipeline } from "@watertight/core"
import { Column, Columns, Recipe, Source, Split } from "@watertight/data"
const columns = Columns.make({ date: Column.timestamp, temp_max: Column.float, wind: Column.float })
const days = Source.csv(new URL("../data/seattle-weather.csv", import.meta.resolve("vega-datasets")), columns)
const parts = Split.given({ train: days, validation: days, test: Source.head(days, 400) })
export default Pipeline.make("leaky", { fitted: Recipe.fit(Recipe.of(parts.train).pipe(Recipe.standardize("wind")), parts.train), test: parts.test, validation: parts.validation })
`
)
const folder = dirname(leaky)
const broken = join(folder, "broken.csv")
const few = join(folder, "few.csv")

beforeAll(() => {
  writeFileSync(few, "x\n1\n2\n")
  writeFileSync(
    broken,
    `id,x,label\n${Array.from({ length: 60 }, (_, row) => `${row},${row % 7 === 0 ? -999 : (row * 37) % 50},${row % 30 === 0 ? "b" : "a"}`).join("\n")}\n`
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("watertight profile", () => {
  it("shows four rows in five of a data file, findings first", async () => {
    const { code, out } = await watertight(["profile", broken, "--target", "label"])
    assert.strictEqual(code, 0)
    const findings = out.indexOf("Findings: ")
    assert.isTrue(findings > 0 && findings < out.indexOf("\nColumns\n"), out)
    assert.match(out, /the train side, four rows in five/)
    assert.match(out, /id: is a different whole number in every row, rising: it looks like an id/)
    assert.match(out, /x: is -999 in 1\d % of the rows: it looks like a code for a missing value/)
    assert.match(out, /classes are an order of magnitude apart/)
  })

  it("D11 label review: lists wrong labels with --labels", async () => {
    const mixed = join(folder, "mixed.csv")
    const lines = Array.from({ length: 200 }, (_, row) => {
      const isHigh = row % 2 === 0
      return `${(isHigh ? 10 : 0) + ((row * 37) % 199) / 100},${isHigh === (row % 50 !== 13) ? "high" : "low"}`
    })
    writeFileSync(mixed, `x,label\n${lines.join("\n")}\n`)
    const { code, out } = await watertight(["profile", mixed, "--target", "label", "--labels"])
    assert.strictEqual(code, 0)
    assert.match(out, /Review of the labels of label: 1\d\d train rows, compared by x/)
    assert.match(out, /\d labels \(.* % of the rows\) are suspicious/)
    const listed = [...out.matchAll(/^ +(\d+) {2}high +low +[01]\.\d\d$/gm)].map(([, row]) => Number(row) - 1)
    assert.isTrue(listed.length > 0 && listed.every((row) => row % 50 === 13), out)
    const refused = await watertight(["profile", mixed, "--labels"])
    assert.notStrictEqual(refused.code, 0)
  })

  it("shows all rows for a reason, as JSON", async () => {
    const { code, out } = await watertight([
      "profile",
      data("penguins.json"),
      "--whole",
      "only to count birds",
      "--json"
    ])
    assert.strictEqual(code, 0)
    const profile = JSON.parse(out)
    assert.strictEqual(profile.rows, 344)
    assert.deepStrictEqual(profile.scope, { of: "whole", because: "only to count birds" })
  })

  it("shows the train partition of a pipeline, with its model's target and instant", async () => {
    const { code, out } = await watertight(["profile", "examples/weather/weather.ts"])
    assert.strictEqual(code, 0)
    assert.match(
      out,
      /temporal-split, seed 0\n\nProfile of the train partition: 910 rows, 19 columns; the target is tomorrow/
    )
  })

  it("exits with 1 and one line that helps", async () => {
    const cases = [
      [["profile", broken, "--target", "lable"], /has no column "lable"\. It has id, x, label/],
      [["profile", "examples/weather/weather.ts", "--whole", "why not"], /--whole is for data files/],
      [["profile", few], /few\.csv: of a split for looking, .* would get none of the 2 rows\. .*--whole/],
      [["audit", broken], /is data, which has no split to audit/]
    ] as const
    const finished = await Promise.all(cases.map(([args]) => watertight(args)))
    for (const [place, { code, err }] of finished.entries()) {
      const [, message] = cases[place]
      assert.strictEqual(code, 1)
      assert.match(err, message)
      assert.isBelow(err.trim().split("\n").length, 3, err)
    }
  })
})

describe("watertight audit", () => {
  it("exits with 2 when rows are on two sides, and points at rows of train", async () => {
    const { code, out } = await watertight(["audit", leaky, "--json"])
    assert.strictEqual(code, 2)
    const [first] = JSON.parse(out).findings
    assert.deepStrictEqual([first.code, first.count, first.leakage], ["duplicates", 400, "L1.4"])
    assert.lengthOf(first.ids, 10)
  })

  it("exits with 0 where there is nothing worse than a warning, and says what it did not check", async () => {
    const { code, out } = await watertight(["audit", "examples/weather/weather.ts"])
    assert.strictEqual(code, 0)
    assert.match(out, /Audit of a split: train 910 rows, validation 180, test 365; the target is tomorrow/)
    assert.match(out, /– nearly equal rows in two partitions: not checked/)
    assert.match(out, /✓ train rows later than validation or test rows/)
  })
})
