import { assert, describe, it } from "@effect/vitest"
import { NodeFileSystem } from "@effect/platform-node"
import { Ledger, type Node, Pipeline, Store } from "@watertight/core"
import { Effect, Layer, Schema } from "effect"
import { Column, Columns, Dataset, Profile, Source, Split, Table } from "../src/index.ts"
import { run } from "./run.ts"
import { vega } from "./sources/files.ts"

const services = Layer.merge(Store.layerMemory, Ledger.layerMemory)

const Penguin = Columns.make({
  Species: Column.category(["Adelie", "Chinstrap", "Gentoo"]),
  "Body Mass (g)": Column.optional(Column.float),
  "Flipper Length (mm)": Column.optional(Column.float),
  Sex: Column.optional(Column.category([".", "FEMALE", "MALE"]))
})
const penguins = Source.json(vega("penguins.json"), Penguin)
const birds = Split.stratified(penguins, { on: "Species", validation: 0.1, test: 0.1 })

const length = 200
const row = <A>(f: (row: number) => A): ReadonlyArray<A> => Array.from({ length }, (_, row) => f(row))
const floats = (f: (row: number) => number) => Float64Array.from(row(f))
const codes = (f: (row: number) => number) => Int32Array.from(row(f))
/** Numbers in no order, each of 0 to 199 once. */
const mixed = (row: number) => (row * 77 + 13) % length
const day = 86_400_000

const profiled = <C extends Columns.Columns>(
  columns: C,
  values: Table.Table<C>["values"],
  options: Profile.Options = {}
) =>
  Effect.gen(function* () {
    const table = yield* Table.make(columns, values, { length })
    const found = yield* Profile.ofDataset(Dataset.make(table, undefined, "train"), options)
    const again = yield* Schema.decodeUnknownEffect(Profile.Profile)(
      JSON.parse(JSON.stringify(Schema.encodeSync(Profile.Profile)(found)))
    )
    assert.deepStrictEqual(again, found)
    return found
  })

const codesOf = ({ findings }: Profile.Profile) => findings.map(({ code, column }) => `${code} ${column ?? ""}`.trim())
const finding = ({ findings }: Profile.Profile, code: string) => {
  const found = findings.find((each) => each.code === code)
  assert.isDefined(found, `no finding "${code}" among ${JSON.stringify(findings)}`)
  return (
    found ?? Profile.Finding.make({ code, severity: "note", column: null, message: "", remedy: "", count: 0, rows: [] })
  )
}

describe("Profile.of", () => {
  it.effect("D01 class distribution: penguins are within an order of magnitude", () =>
    Effect.gen(function* () {
      const found = yield* run(Profile.of(birds.train, { target: "Species" }))
      assert.isFalse(codesOf(found).some((code) => code.startsWith("imbalance") || code.startsWith("rare-class")))
      const species = found.columns.find(({ name }) => name === "Species")
      assert.deepStrictEqual(
        species?.levels?.map(({ level }) => level),
        ["Adelie", "Gentoo", "Chinstrap"]
      )
      assert.strictEqual(
        species?.levels?.reduce((sum, { rows }) => sum + rows, 0),
        found.rows
      )
      const lines = Profile.render(found).split("\n")
      assert.strictEqual(
        lines[0],
        `Profile of the train partition: ${found.rows} rows, 4 columns; the target is Species`
      )
      assert.isTrue(
        lines.some((line) => /^ {2}Adelie +\d+ +4\d % +█+$/.test(line)),
        lines.join("\n")
      )
      assert.isTrue(
        lines.some((line) => /^ {2}Body Mass \(g\) +optional float +0\.\d % +\d\d +[▁-█ ]+ +4,\d+ ± /.test(line))
      )
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("D01 imbalance: classes are flagged orders of magnitude apart", () =>
    Effect.gen(function* () {
      const columns = { label: Column.category(["many", "few", "none"]), x: Column.float }
      const x = floats((row) => mixed(row) / 7)
      const at = (small: number) =>
        profiled(columns, { label: codes((row) => (row < small ? 1 : 0)), x }, { target: "label" })
      const ten = finding(yield* at(18), "imbalance")
      assert.strictEqual(ten.severity, "warning")
      assert.match(ten.message, /an order of magnitude apart: many has 182 rows, few 18/)
      const hundred = yield* at(1)
      assert.match(finding(hundred, "imbalance").message, /2 orders of magnitude/)
      assert.strictEqual(finding(hundred, "imbalance").severity, "problem")
      assert.match(finding(hundred, "rare-class").message, /few \(1\)/)
      assert.match(finding(hundred, "unused-levels").message, /none/)
      assert.isFalse(codesOf(yield* at(19)).includes("imbalance label"))
    })
  )

  it.effect("D02 target: skew and what is far out are named, with a remedy", () =>
    Effect.gen(function* () {
      const columns = { fare: Column.float, x: Column.float }
      const fare = floats((row) => (mixed(row) < 3 ? 5000 : 10 + (mixed(row) % 30)))
      const found = yield* profiled(columns, { fare, x: floats((row) => mixed(row) / 3) }, { target: "fare" })
      assert.match(finding(found, "skewed").remedy, /Recipe\.logarithm/)
      assert.strictEqual(finding(found, "outliers").count, 3)
      assert.match(Profile.render(found), /skew [78]\.\d+, 3 values far out/)
    })
  )

  it.effect("D10 NaN and infinity are found, with their rows in the table that was split", () =>
    Effect.gen(function* () {
      const x = floats((row) => (row === 7 ? NaN : row === 9 ? Infinity : mixed(row) / 3))
      const table = yield* Table.make({ x: Column.float }, { x }, { length })
      const train = Dataset.make(
        table,
        Uint32Array.from({ length: 100 }, (_, place) => place + 5),
        "train"
      )
      const found = yield* Profile.ofDataset(train)
      const { count, message, rows, severity } = finding(found, "not-finite")
      assert.deepStrictEqual([count, rows, severity], [2, [7, 9], "problem"])
      assert.match(message, /1 NaN and 1 infinite/)
      assert.strictEqual(found.columns[0].numbers?.count, 98)
    })
  )

  it.effect("D11 label noise: equal features with different targets, and how good a model can be", () =>
    Effect.gen(function* () {
      const columns = { x: Column.float, label: Column.category(["no", "yes"]) }
      const label = codes((row) => (row < 4 ? row % 2 : 0))
      const found = yield* profiled(
        columns,
        { x: floats((row) => (row < 4 ? -1 : mixed(row) / 3)), label },
        { target: "label" }
      )
      assert.deepStrictEqual(found.contradictions, { sets: 1, rows: 4, ceiling: 0.99 })
      assert.deepStrictEqual(finding(found, "contradictions").rows, [0, 1, 2, 3])
    })
  )

  it.effect("D11 shape consistency: a tensor that is too short is a problem, a blank image is counted", () =>
    Effect.gen(function* () {
      const columns = { image: Column.tensor([2, 2], "uint8") }
      const image = Uint8Array.from({ length: 4 * length }, (_, place) => (place < 8 ? 9 : (place * 31) % 251))
      const found = yield* profiled(columns, { image })
      assert.strictEqual(finding(found, "blank").count, 2)
      assert.deepStrictEqual(found.columns[0].tensor?.shape, [2, 2])
      const ids = new Uint8Array(16 * length)
      const short: Table.Table<typeof columns> = { columns, length, values: { image: image.subarray(4) }, ids }
      const odd = yield* Profile.ofDataset(Dataset.make(short, undefined, "train"))
      assert.match(finding(odd, "shape").message, /796 numbers instead of 800/)
    })
  )

  it.effect("D09 sentinels, ids, constants, twins and missing values are suspected", () =>
    Effect.gen(function* () {
      const columns = {
        age: Column.float,
        id: Column.float,
        same: Column.float,
        nearly: Column.category(["a", "b"]),
        twin: Column.float,
        gone: Column.optional(Column.float),
        half: Column.optional(Column.category(["p", "q"])),
        code: Column.text,
        fine: Column.float
      }
      const fine = floats((row) => Math.sin(row))
      const found = yield* profiled(columns, {
        age: floats((row) => (row % 20 === 0 ? -999 : 20 + (mixed(row) % 50))),
        id: floats((row) => 1000 + row),
        same: floats(() => 3),
        nearly: codes((row) => (row === 0 ? 1 : 0)),
        twin: fine.slice(),
        gone: floats(() => NaN),
        half: codes((row) => (row % 3 === 0 ? row % 2 : -1)),
        code: row((row) => `row-${1000 + row}`),
        fine
      })
      const measured = yield* profiled(
        { income: Column.float },
        { income: floats((row) => 20_000 + ((row * 48_271) % 2_147_483)) }
      )
      assert.deepStrictEqual(codesOf(measured), [])
      assert.deepStrictEqual(codesOf(found).sort(), [
        "all-missing gone",
        "constant same",
        "id code",
        "id id",
        "mostly-missing half",
        "near-constant nearly",
        "rare-levels nearly",
        "sentinel age",
        "twin fine"
      ])
      assert.match(finding(found, "sentinel").message, /is -999 in 5\.0 % of the rows/)
      assert.match(finding(found, "id").remedy, /Column\.group/)
    })
  )

  it.effect("target proxies and instants after the prediction are suspected", () =>
    Effect.gen(function* () {
      const columns = {
        at: Column.timestamp,
        closed: Column.timestamp,
        x: Column.float,
        paid: Column.float,
        label: Column.category(["no", "yes"])
      }
      const label = codes((row) => (mixed(row) > 120 ? 1 : 0))
      const values = {
        at: floats((row) => row * day),
        closed: floats((row) => (row + (row % 10 === 0 ? 1 : -1)) * day),
        x: floats((row) => Math.sin(row * row)),
        paid: floats((row) => label[row] * 50 + Math.sin(row)),
        label
      }
      const found = yield* profiled(columns, values, { target: "label", predictedAt: "at" })
      assert.deepStrictEqual(codesOf(found), ["proxy paid", "after-prediction closed"])
      assert.strictEqual(found.powers[0].column, "paid")
      assert.isAtLeast(found.powers[0].strength, Profile.thresholds.near)
      assert.deepStrictEqual(finding(found, "after-prediction").rows.slice(0, 3), [0, 10, 20])
    })
  )

  it.effect("a column that is set for one rare class is suspected, one that says nothing is not", () =>
    Effect.gen(function* () {
      const columns = { x: Column.float, flag: Column.float, label: Column.category(["a", "b", "c"]) }
      const label = codes((row) => (row % 20 === 3 ? 2 : row % 2))
      const values = { x: floats((row) => mixed(row)), flag: floats((row) => (label[row] === 2 ? 1 : 0)), label }
      const found = yield* profiled(columns, values, { target: "label" })
      assert.deepStrictEqual(
        codesOf(found).filter((code) => code.includes("proxy")),
        ["class-proxy flag"]
      )
      assert.match(finding(found, "class-proxy").message, /alone tells the class "c" of label from the others almost/)
    })
  )

  it.effect("texts and tensors may be targets: then nothing is said of what predicts them", () =>
    Effect.gen(function* () {
      const columns = { summary: Column.text, mask: Column.tensor([2]), x: Column.float }
      const values = {
        summary: row((row) => `a text about ${row % 50}`),
        mask: Float32Array.from({ length: 2 * length }, (_, place) => place % 7),
        x: floats((row) => mixed(row) / 3)
      }
      for (const target of ["summary", "mask"]) {
        const found = yield* profiled(columns, values, { target })
        assert.deepStrictEqual([found.powers, found.contradictions?.sets], [[], 0])
        assert.include(Profile.render(found), `the target is ${target}`)
      }
    })
  )

  it.effect("takes train rows only, also when types are cast away", () =>
    Effect.gen(function* () {
      const validation = birds.validation as unknown as typeof birds.train // what a cast would do
      const pipeline = Pipeline.make("cast", { profile: Profile.of(validation) })
      const leak = yield* Effect.flip(Pipeline.run(pipeline, { seed: 1 }))
      assert.strictEqual(leak._tag, "LeakError")
      const table = yield* Table.make({ x: Column.float }, { x: Float64Array.of(1) }, { length: 1 })
      const other: unknown = Dataset.make(table, undefined, "validation")
      const error = yield* Effect.flip(Profile.ofDataset(other as Dataset.Dataset<Columns.Columns, "train">)) // what a cast would do
      assert.match(error.message, /takes the train partition; this is the validation partition/)
    }).pipe(Effect.provide(services), Effect.provide(NodeFileSystem.layer))
  )

  it.effect("says which columns there are when one is not", () =>
    Effect.gen(function* () {
      const columns = { x: Column.float, y: Column.float }
      const values = { x: floats(mixed), y: floats(mixed) }
      assert.match((yield* Effect.flip(profiled(columns, values, { target: "z" }))).message, /no column "z".*x, y/)
      assert.match((yield* Effect.flip(profiled(columns, values, { predictedAt: "x" }))).message, /"x" is a float/)
    })
  )
})

describe("Profile.ofWhole", () => {
  it.effect("looks at all rows for a reason, which it shows", () =>
    Effect.gen(function* () {
      const because = "the test rows will be next year's"
      const found = yield* run(Profile.ofWhole(penguins, { because }))
      assert.strictEqual(found.rows, 344)
      assert.deepStrictEqual(found.scope, { of: "whole", because })
      assert.match(Profile.render(found), /ALL ROWS WERE LOOKED AT.*the test rows will be next year's/)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it("needs words", () => {
    for (const because of ["", " ", "1", "x"]) {
      assert.throws(() => Profile.ofWhole(penguins, { because }), /say in words/)
    }
  })

  it("is of rows that no split has placed, so that nothing that learns takes it", () => {
    const node: Node.Any = Profile.ofWhole(penguins, { because: "a new source" })
    assert.deepStrictEqual([...node.lineage], ["unsplit"])
  })
})
