import { assert, describe, it } from "@effect/vitest"
import { NodeFileSystem } from "@effect/platform-node"
import { Codec, Ledger, Node, Pipeline, Stage, Store } from "@watertight/core"
import { Effect, Layer, Schema } from "effect"
import { Audit, Column, Columns, Dataset, Near, Partitions, Recipe, Source, Split, Table } from "../src/index.ts"
import { NoPeeking } from "../src/testing/index.ts"
import { run } from "./run.ts"
import { vega } from "./sources/files.ts"

const services = Layer.merge(Store.layerMemory, Ledger.layerMemory)
const day = 86_400_000

const Weather = Columns.make({
  date: Column.timestamp,
  precipitation: Column.float,
  temp_max: Column.float,
  temp_min: Column.float,
  wind: Column.float,
  weather: Column.category(["drizzle", "fog", "rain", "snow", "sun"])
})
const days = Source.csv(vega("seattle-weather.csv"), Weather)

const codesOf = ({ findings }: Audit.Audit) => findings.map(({ code, column }) => `${code} ${column ?? ""}`.trim())
const finding = ({ findings }: Audit.Audit, code: string) => {
  const found = findings.find((each) => each.code === code)
  assert.isDefined(found, `no finding "${code}" among ${JSON.stringify(findings)}`)
  return found
}

/** A number in [0, 1) for each row and stream, mixed from both. */
const noise = (row: number, stream: number): number => {
  let z = Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
}

const Rows = Columns.make({ id: Column.float, x: Column.float, u: Column.float, label: Column.category(["no", "yes"]) })
const length = 900
const values = (sorted: boolean) => ({
  id: Float64Array.from({ length }, (_, row) => 5000 + row),
  x: Float64Array.from({ length }, (_, row) => noise(row, 1)),
  u: Float64Array.from({ length }, (_, row) => noise(row, 2)),
  label: Int32Array.from({ length }, (_, row) =>
    sorted ? (row + 300 * noise(row, 3) > 600 ? 1 : 0) : noise(row, 3) > 0.5 ? 1 : 0
  )
})
const tableOf = (sorted: boolean) => Table.make(Rows, values(sorted), { length })
const placed = <C extends Columns.Columns>(table: Table.Table<C>, bounds: readonly [number, number]) => {
  const rows = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, row) => from + row)
  return {
    train: Dataset.make(table, rows(0, bounds[0]), "train"),
    validation: Dataset.make(table, rows(bounds[0], bounds[1]), "validation"),
    test: Dataset.make(table, rows(bounds[1], table.length), "test")
  }
}

describe("Audit.of", () => {
  it.effect("D38 representativeness: the last year of weather does not look like the years before", () =>
    Effect.gen(function* () {
      const parts = Split.temporal(days, { on: "date", validation: "180 days", test: "365 days" })
      const found = yield* run(Audit.of(parts, { target: "weather", predictedAt: "date" }))
      assert.match(
        finding(found, "drift")?.message ?? "",
        /test does not look like train: .*AUC 0\.\d\d \(95 % interval/
      )
      assert.isFalse(codesOf(found).includes("time-order date"))
      const lines = Audit.render(found).split("\n")
      assert.match(lines[0], /^Audit of a split: train 9\d\d rows, validation 180, test 365; the target is weather$/)
      assert.isTrue(lines.some((line) => line.includes("– groups in two partitions: not checked")))
      const again = yield* Schema.decodeUnknownEffect(Audit.Audit)(JSON.parse(JSON.stringify(found)))
      assert.deepStrictEqual(again, found)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("D37 validation size: says how exactly a rate is known from too few rows", () =>
    Effect.gen(function* () {
      const table = yield* tableOf(false)
      const small = yield* Audit.ofDatasets(placed(table, [700, 750]))
      assert.match(finding(small, "validation-size")?.message ?? "", /on 50 rows is known to ±13 percentage points/)
      assert.isFalse(codesOf(yield* Audit.ofDatasets(placed(table, [300, 700]))).includes("validation-size"))
    })
  )

  it.effect("D34 a random split of dated rows leaks in time, and the date gives the target away", () =>
    Effect.gen(function* () {
      const table = yield* run(days)
      const places = Uint32Array.from({ length: table.length }, (_, row) => row)
      const at = (from: number, to: number) => places.filter((row) => noise(row, 9) >= from && noise(row, 9) < to)
      const found = yield* Audit.ofDatasets(
        {
          train: Dataset.make(table, at(0, 0.6), "train"),
          validation: Dataset.make(table, at(0.6, 0.8), "validation"),
          test: Dataset.make(table, at(0.8, 1), "test")
        },
        { target: "temp_max", predictedAt: "date" }
      )
      const codes = codesOf(found)
      assert.isTrue(codes.includes("time-order date"))
      assert.isTrue(codes.includes("proxy date") || codes.includes("date date"), codes.join(", "))
      assert.strictEqual(finding(found, "time-order")?.leakage, "L3.1")
      assert.isFalse(codes.includes("drift"))
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect(
    "an id and the order of rows that predict the target are found; cut in that order, they predict the partition",
    () =>
      Effect.gen(function* () {
        const found = yield* Audit.ofDatasets(placed(yield* tableOf(true), [600, 750]), { target: "label" })
        assert.isTrue(codesOf(found).some((code) => code === "id id" || code === "proxy id"))
        const order = finding(found, "row-order")
        assert.strictEqual(order?.severity, "problem")
        assert.strictEqual(order?.leakage, "L3.3")
        assert.match(order?.message ?? "", /predicts the partition too/)
        const clean = yield* Audit.ofDatasets(placed(yield* tableOf(false), [450, 700]), { target: "label" })
        assert.deepStrictEqual(
          codesOf(clean),
          ["validation-size"].filter(() => clean.rows.validation < 381)
        )
      })
  )

  it.effect("labels that reach into the next partition are found, and touching it is no overlap", () =>
    Effect.gen(function* () {
      const columns = Columns.make({ at: Column.timestamp, known: Column.timestamp, x: Column.float })
      const table = yield* Table.make(
        columns,
        {
          at: Float64Array.from({ length: 90 }, (_, row) => row * day),
          known: Float64Array.from({ length: 90 }, (_, row) => (row + (row === 58 ? 5 : 1)) * day),
          x: Float64Array.from({ length: 90 }, (_, row) => noise(row, 4))
        },
        { length: 90 }
      )
      const options = { predictedAt: "at", labelEnd: "known" } as const
      const found = yield* Audit.ofDatasets(placed(table, [60, 75]), options)
      const overlap = finding(found, "label-overlap")
      assert.deepStrictEqual([overlap?.count, overlap?.rows, overlap?.leakage], [1, [58], "L3.1"])
      const error = yield* Effect.flip(Audit.ofDatasets(placed(table, [60, 75]), { labelEnd: "known" }))
      assert.match(error.message, /labelEnd is named without predictedAt/)
      assert.match(
        (yield* Effect.flip(Audit.ofDatasets(placed(table, [60, 75]), { groups: ["y" as "x"] }))).message,
        /no column "y"/
      )
    })
  )

  it.effect("declared groups are checked without being named, texts too", () =>
    Effect.gen(function* () {
      const columns = Columns.make({ user: Column.group(Column.float), city: Column.text, x: Column.float })
      const table = yield* Table.make(
        columns,
        {
          user: Float64Array.from({ length: 90 }, (_, row) => (row === 89 ? 3 : Math.floor(row / 3))),
          city: Array.from({ length: 90 }, (_, row) => (row === 80 ? "city 1" : `city ${row}`)),
          x: Float64Array.from({ length: 90 }, (_, row) => noise(row, 5))
        },
        { length: 90 }
      )
      const found = yield* Audit.ofDatasets(placed(table, [60, 75]), { groups: ["city"] })
      assert.deepStrictEqual(codesOf(found), ["groups user", "groups city", "validation-size"])
      assert.deepStrictEqual(finding(found, "groups")?.rows, [9, 10, 11])
    })
  )

  it.effect("a value that is missing more often in test is found", () =>
    Effect.gen(function* () {
      const columns = Columns.make({ x: Column.optional(Column.float), y: Column.float })
      const x = Float64Array.from({ length }, (_, row) =>
        noise(row, 6) < (row < 600 ? 0.05 : 0.4) ? NaN : noise(row, 7)
      )
      const table = yield* Table.make(
        columns,
        { x, y: Float64Array.from({ length }, (_, row) => noise(row, 8)) },
        { length }
      )
      const found = yield* Audit.ofDatasets(placed(table, [400, 600]))
      assert.match(finding(found, "missing-drift")?.message ?? "", /missing more often in test than in train/)
    })
  )

  it.effect("a text that changed its words is told apart", () =>
    Effect.gen(function* () {
      const columns = Columns.make({ body: Column.text })
      const words = (row: number) => (row < 600 ? ["red", "blue", "green"] : ["cyan", "pink", "grey"])
      const body = Array.from({ length }, (_, row) =>
        [0, 1, 2].map((at) => words(row)[Math.floor(3 * noise(row, at))]).join(" ")
      )
      const table = yield* Table.make(columns, { body }, { length })
      const { drifts } = yield* Audit.ofDatasets(placed(table, [400, 600]))
      assert.isAbove(drifts[0].classifier?.area ?? 0, 0.95)
      assert.isBelow(drifts[1].classifier?.area ?? 1, 0.6)
    })
  )
})

describe("near duplicates", () => {
  const columns = Columns.make({ body: Column.text, n: Column.float })
  const body = (row: number) =>
    Array.from({ length: 20 }, (_, at) => `word${Math.floor(500 * noise(row, at))}`).join(" ")
  const made = (change: (text: string, row: number) => string) => {
    const texts = Array.from({ length: 120 }, (_, row) => change(body(row === 110 ? 4 : row), row))
    return Table.make(columns, { body: texts, n: Float64Array.from({ length: 120 }, (_, row) => row) }, { length: 120 })
  }
  const near = Near.text("body", { words: 1, similarity: 0.8 })

  it.effect("a text of train that was changed a little in test is found", () =>
    Effect.gen(function* () {
      const table = yield* made((text, row) => (row === 110 ? text.replace(/word\d+$/, "other") : text))
      const found = yield* Audit.ofDatasets(placed(table, [60, 90]), { near })
      const copy = finding(found, "near-duplicates")
      assert.deepStrictEqual([copy?.count, copy?.rows, copy?.leakage], [1, [4], "L1.4"])
      assert.isUndefined(
        (yield* Audit.ofDatasets(placed(table, [60, 90]))).findings.find(({ code }) => code === "near-duplicates")
      )
      const clean = yield* Audit.ofDatasets(
        placed(yield* made((text, row) => (row === 110 ? "alone" : text)), [60, 90]),
        { near }
      )
      assert.isFalse(codesOf(clean).includes("near-duplicates body"))
    })
  )

  it.effect("a column that cannot be compared so is an error", () =>
    Effect.gen(function* () {
      const table: Table.Table = yield* made((text) => text)
      const error = yield* Effect.flip(Audit.ofDatasets(placed(table, [60, 90]), { near: Near.text("n") }))
      assert.match(error.message, /"n"/)
    })
  )
})

describe("an audit and the rest of a pipeline", () => {
  const measures = Columns.make({ a: Column.float, b: Column.float, label: Column.category(["no", "yes"]) })
  const table = Table.make(
    measures,
    {
      a: Float64Array.from({ length: 300 }, (_, row) => noise(row, 1)),
      b: Float64Array.from({ length: 300 }, (_, row) => noise(row, 2)),
      label: Int32Array.from({ length: 300 }, (_, row) => (noise(row, 1) + noise(row, 3) > 1 ? 1 : 0))
    },
    { length: 300 }
  )
  const pipelineOf = (rows: Table.Table<typeof measures>) => {
    const parts = Split.random(Source.fromTable(rows), { validation: 0.2, test: 0.2 })
    const fitted = Recipe.fit(Recipe.of(parts.train).pipe(Recipe.standardize("a")), parts.train)
    const ready = Partitions.map(parts, (part) => Recipe.apply(fitted, part))
    return { parts, fitted, ready, audit: Audit.of(parts, { target: "label" }) }
  }

  it.effect("does not write to the ledger, and changes no other artifact", () =>
    Effect.gen(function* () {
      const { audit, fitted } = pipelineOf(yield* table)
      const alone = yield* Pipeline.run(Pipeline.make("p", { fitted }), { seed: 3 })
      const both = yield* Pipeline.run(Pipeline.make("p", { fitted, audit }), { seed: 3 })
      assert.deepStrictEqual(yield* (yield* Ledger.Ledger).entries, [])
      const digest = ({ manifest }: typeof alone, name: string) =>
        manifest.nodes.find((node) => node.name === name)?.digest
      assert.strictEqual(digest(alone, "fit"), both.manifest.nodes.find((node) => node.name === "fit")?.digest)
    }).pipe(Effect.provide(services))
  )

  it.effect("no peeking: whatever test rows hold, nothing on the train side of a pipeline with an audit changes", () =>
    Effect.gen(function* () {
      const { audit, fitted, ready } = pipelineOf(yield* table)
      yield* NoPeeking.check(Pipeline.make("p", { fitted, audit, train: ready.train }), { seed: 3 })
    })
  )

  it.effect("what learns refuses it: its lineage is that of the test rows", () =>
    Effect.gen(function* () {
      const { audit, parts } = pipelineOf(yield* table)
      assert.deepStrictEqual([...audit.lineage].sort(), ["test", "train", "validation"])
      const guided = Stage.make({
        name: "guided",
        version: 1,
        learns: { audit: ["train", "validation"], rows: ["train"] },
        codec: Codec.json("number", Schema.Finite),
        run: (inputs: { readonly audit: Audit.Audit; readonly rows: Dataset.Dataset }) =>
          Effect.succeed(inputs.audit.findings.length)
      })
      const node = Node.make(guided, { audit, rows: parts.train })
      const leak = yield* Effect.flip(Pipeline.run(Pipeline.make("p", { node }), { seed: 3 }))
      assert.match(leak.message, /"guided" learns from its input "audit", which depends on test rows/)
    }).pipe(Effect.provide(services))
  )

  it.effect("permuting test rows changes nothing in it; poisoning them changes only what is said of test", () =>
    Effect.gen(function* () {
      const rows = yield* table
      const parts = placed(rows, [200, 250])
      const before = yield* Audit.ofDatasets(parts, { target: "label" })
      const reversed = Uint32Array.from({ length: 50 }, (_, place) => 299 - place)
      const turned = { ...parts, test: Dataset.make(rows, reversed, "test") }
      assert.deepStrictEqual(yield* Audit.ofDatasets(turned, { target: "label" }), before)
      const a = rows.values.a.map((value, row) => (row < 250 ? value : 77.125))
      const poisoned = {
        ...parts,
        test: Dataset.make({ ...rows, ids: rows.ids, values: { ...rows.values, a } }, reversed, "test")
      }
      const after = yield* Audit.ofDatasets(poisoned, { target: "label" })
      assert.deepStrictEqual(after.powers, before.powers)
      assert.deepStrictEqual(after.drifts[1], before.drifts[1]) // train and validation
      assert.notDeepEqual(after.drifts[0], before.drifts[0])
      assert.isFalse(JSON.stringify(after).includes("77.125"))
    })
  )
})
