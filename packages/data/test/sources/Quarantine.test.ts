import { NodeFileSystem } from "@effect/platform-node"
import { Ledger, Pipeline, Store } from "@watertight/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as fc from "fast-check"
import { gzipSync } from "node:zlib"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import { run } from "../run.ts"
import { copy, failure, runs, write } from "./files.ts"

const Trips = Columns.make({
  fare: Column.float,
  zone: Column.category(["a", "b"]),
  tip: Column.optional(Column.float),
  note: Column.text
})

/** Rows, of which the second, the fourth and the sixth do not decode. */
const csv = [
  "fare,zone,tip,note",
  '1,a,,"two',
  'lines"',
  "x,a,1,bad fare",
  "",
  "3,b,2,good",
  "4,b",
  "5,a,0.5,good",
  "6,c,never,bad zone",
  "7,b,,é",
  ""
].join("\n")

const objects: ReadonlyArray<unknown> = [
  { fare: 1, zone: "a", note: "two\nlines" },
  { fare: "x", zone: "a", tip: 1, note: "bad fare" },
  { fare: 3, zone: "b", tip: 2, note: "good" },
  { fare: 4, zone: "b", tip: null },
  { fare: 5, zone: "a", tip: 0.5, note: "good" },
  { fare: 6, zone: "c", tip: "never", note: "bad zone" },
  { fare: 7, zone: "b", note: "é" }
]

const both = Effect.fnUntraced(function* <C extends Columns.Columns, E, R>({
  quarantine,
  table
}: Source.Quarantined<C, E, R>) {
  return { table: yield* run(table), left: yield* run(quarantine) }
})

const steps = [
  { reason: 'column "fare" does not decode', rows: 1 },
  { reason: 'column "note" does not decode', rows: 1 },
  { reason: 'column "zone" does not decode', rows: 1 }
]

describe("Source.quarantine", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect(
      "csv: sets aside cells that do not decode and rows of another width, and numbers them as the file does",
      () =>
        Effect.gen(function* () {
          const path = yield* write(csv, "trips.csv")
          const { left, table } = yield* both(Source.quarantine(Source.csv(path, Trips)))
          assert.deepStrictEqual([...table.values.fare], [1, 3, 5, 7])
          assert.deepStrictEqual(table.values.note, ["two\nlines", "good", "good", "é"])
          assert.deepStrictEqual([left.rows, left.kept], [7, 4])
          assert.deepStrictEqual(left.steps, [steps[0], { reason: "no row of this table", rows: 1 }, steps[2]])
          assert.deepStrictEqual(
            left.setAside.map(({ column, file, row, value }) => [file, row, column, value]),
            [
              ["trips.csv", 2, "fare", "x"],
              ["trips.csv", 4, "", "4,b"],
              ["trips.csv", 6, "zone", "c"]
            ]
          )
          assert.include(left.setAside[0].reason, "is not a finite decimal number")
          assert.strictEqual((yield* failure(Source.csv(path, Trips))).problem, "bad row")
          const packed = yield* write(gzipSync(csv), "trips.csv.gz")
          assert.deepStrictEqual((yield* both(Source.quarantine(Source.csv(packed, Trips)))).left.kept, 4)
        })
    )

    it.effect("csv: sets aside rows that are not UTF-8", () =>
      Effect.gen(function* () {
        const path = yield* write(
          Buffer.from("fare,zone,tip,note\n1,a,,x\n2,a,,caf\u00e9\n3,b,,y\n", "latin1"),
          "trips.csv"
        )
        const { left, table } = yield* both(Source.quarantine(Source.csv(path, Trips)))
        assert.deepStrictEqual([...table.values.fare], [1, 3])
        assert.deepStrictEqual(left.steps, [{ reason: "not UTF-8", rows: 1 }])
        assert.strictEqual(left.setAside[0].row, 2)
      })
    )

    it.effect("json, parquet, sql, rows and stream: the same rows in one shape", () =>
      Effect.gen(function* () {
        const json = yield* write(JSON.stringify(objects), "trips.json")
        const lines = yield* write(objects.map((row) => JSON.stringify(row)).join("\n"), "trips.jsonl")
        const sources = {
          json: Source.json(json, Trips),
          jsonl: Source.json(lines, Trips),
          // rows that no declaration would allow, as they come from outside
          rows: Source.rows(objects as ReadonlyArray<Source.RowOf<typeof Trips>>, Trips),
          stream: Source.stream(Stream.fromIterable(objects as ReadonlyArray<Source.RowOf<typeof Trips>>), Trips)
        }
        const digests = new Set<string>()
        for (const [name, source] of Object.entries(sources)) {
          const { left, table } = yield* both(Source.quarantine(source))
          digests.add(Table.digest(table))
          assert.deepStrictEqual([...table.values.fare], [1, 3, 5, 7], name)
          assert.deepStrictEqual([left.rows, left.kept, left.steps], [7, 4, steps], name)
          assert.deepStrictEqual(
            left.setAside.map(({ column, row }) => [row, column]),
            [
              [2, "fare"],
              [4, "note"],
              [6, "zone"]
            ],
            name
          )
        }
        assert.strictEqual(digests.size, 1)
        const query = "SELECT * FROM (VALUES (1.0, 'a'), (NULL, 'a'), (3.0, 'b'), (4.0, 'c')) AS t(fare, zone)"
        const Two = { fare: Trips.fare, zone: Trips.zone }
        const parquet = yield* copy(query, (yield* write("", "x")).replace(/x$/, "trips.parquet"))
        for (const source of [Source.parquet(parquet, Two), Source.sql(query, Two, { files: {} })]) {
          const { left, table } = yield* both(Source.quarantine(source))
          assert.deepStrictEqual([...table.values.fare], [1, 3])
          assert.deepStrictEqual(left.steps, [steps[0], steps[2]])
          assert.deepStrictEqual(
            left.setAside.map(({ column, reason, row, value }) => [row, column, value, reason]),
            [
              [2, "fare", "", "is missing"],
              [4, "zone", "c", 'is not one of "a", "b"']
            ]
          )
        }
      })
    )

    it.effect("json lines: sets aside what is no object, or has a key twice, also where values may be missing", () =>
      Effect.gen(function* () {
        const content =
          '{"x":1}\n{"x":2\n[3]\nnull\n\n{"x":"4"}\n{"x":5,"x":6}\n{"x":7} trailing\n{}\n{"x":8}\n"\u001f"\n'
        const columns = { x: Column.optional(Column.float) }
        for (const path of [yield* write(content, "x.jsonl"), yield* write(gzipSync(content), "x.jsonl.gz")]) {
          const { left, table } = yield* both(Source.quarantine(Source.json(path, columns)))
          assert.deepStrictEqual([...table.values.x], [1, NaN, 8])
          assert.deepStrictEqual([left.rows, left.kept], [10, 3])
          assert.deepStrictEqual(
            left.setAside.map(({ row, value }) => [row, value]),
            [
              [2, '{"x":2'],
              [3, "[3]"],
              [4, "null"],
              [5, '"4"'],
              [6, '{"x":5,"x":6}'],
              [7, '{"x":7} trailing'],
              [10, '"']
            ]
          )
        }
      })
    )

    it.effect("counts files by themselves, and fails where everything or too much would leave", () =>
      Effect.gen(function* () {
        const first = yield* write('{"fare":1}\n{"fare":null}\n', "1.jsonl")
        const folder = first.slice(0, first.lastIndexOf("/"))
        const { table } = Source.quarantine(Source.json(folder, { fare: Column.float }))
        assert.strictEqual((yield* run(table)).length, 1)
        for (const path of [folder, `${folder}/`, `${folder}/*.jsonl`, first]) {
          const { quarantine } = Source.quarantine(Source.json(path, { fare: Column.float }))
          assert.deepStrictEqual(
            (yield* run(quarantine)).setAside.map(({ file, row }) => [file, row]),
            [["1.jsonl", 2]]
          )
        }
        const strict = Source.quarantine(Source.json(folder, { fare: Column.float }), { atMost: 0.4 })
        assert.include(
          (yield* failure(strict.table)).message,
          'would lose 1 of 2 rows (1: column "fare" does not decode)'
        )
        const nothing = Source.quarantine(Source.json(folder, { fare: Column.timestamp }))
        assert.include((yield* failure(nothing.table)).message, "would lose 2 of 2 rows")
        assert.throws(() => Source.quarantine(Source.json(folder, { fare: Column.float }), { atMost: 2 }), RangeError)
        const head = Source.head(Source.json(folder, { fare: Column.float }), 1)
        // @ts-expect-error what the compiler refuses is refused at run time too
        assert.throws(() => Source.quarantine(head), TypeError)
      })
    )

    it.effect("reads once for both, keeps both in the store, and is reused from it", () =>
      Effect.gen(function* () {
        const path = yield* write(csv, "trips.csv")
        const pipeline = Pipeline.make("trips", Source.quarantine(Source.csv(path, Trips)))
        const first = yield* Pipeline.run(pipeline, { seed: 1 })
        assert.strictEqual(first.outputs.quarantine.kept, 4)
        assert.strictEqual(first.outputs.table.length, 4)
        const again = yield* Pipeline.run(pipeline, { seed: 1 })
        assert.strictEqual(Table.digest(again.outputs.table), Table.digest(first.outputs.table))
        assert.deepStrictEqual(again.outputs.quarantine, first.outputs.quarantine)
      }).pipe(Effect.provide([Store.layerMemory, Ledger.layerMemory]))
    )

    it.effect("no row is lost: what stays and what leaves are all there were, in every format", () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.array(fc.constantFrom("good", "ragged", "bad", "missing", "blank"), { minLength: 1, maxLength: 30 }),
            (kinds) =>
              Effect.runPromise(
                Effect.gen(function* () {
                  const line = { good: "1,a,,x", ragged: "1,a", bad: "1,?,,x", missing: ",a,,x", blank: "" }
                  const content = ["fare,zone,tip,note", ...kinds.map((kind) => line[kind]), "2,b,,last"].join("\n")
                  const found = yield* both(Source.quarantine(Source.csv(yield* write(content, "it.csv"), Trips)))
                  const rows = kinds.filter((kind) => kind !== "blank")
                  const bad = rows.flatMap((kind, at) => (kind === "good" ? [] : [at + 1]))
                  assert.strictEqual(found.left.rows, rows.length + 1)
                  assert.strictEqual(found.left.kept, found.table.length)
                  assert.deepStrictEqual(
                    found.left.setAside.map(({ row }) => row),
                    bad
                  )
                }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))
              )
          ),
          { numRuns: Math.ceil(runs / 5) }
        )
      )
    )
  })
})
