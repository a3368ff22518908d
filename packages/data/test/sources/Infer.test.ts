import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { Column, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { npy, zip } from "./arrays.ts"
import { copy, failure, fixture, Types, vega, write } from "./files.ts"

describe("Source.infer", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("guesses columns that then read the file", () =>
      Effect.gen(function* () {
        const weather = yield* Source.infer(vega("seattle-weather.csv"))
        assert.deepStrictEqual(weather.columns, {
          date: { kind: "timestamp" },
          precipitation: { kind: "float" },
          temp_max: { kind: "float" },
          temp_min: { kind: "float" },
          wind: { kind: "float" },
          weather: { kind: "category", levels: ["drizzle", "fog", "rain", "snow", "sun"] }
        })
        assert.deepStrictEqual([weather.rows, weather.isWhole, weather.notes], [1461, true, {}])
        assert.strictEqual((yield* run(Source.csv(vega("seattle-weather.csv"), weather.columns))).length, 1461)

        const flights = yield* Source.infer(vega("flights-200k.arrow"))
        assert.deepStrictEqual([Object.keys(flights.columns), flights.rows], [["delay", "distance", "time"], 200_000])
        assert.match(Source.declaration("flights.arrow", flights), /Source\.arrow\("flights\.arrow", columns\)/)
        const arrow = yield* Source.infer(fixture("types.arrow"))
        const packed = yield* write(gzipSync(readFileSync(fixture("types.arrows"))), "it.arrows.gz")
        assert.deepStrictEqual((yield* Source.infer(packed)).columns, arrow.columns)
        assert.strictEqual((yield* run(Source.arrow(fixture("types.arrow"), arrow.columns))).length, 3)
        assert.includeMembers(
          Object.values(arrow.columns).map(({ kind }) => kind),
          ["float", "timestamp", "category"]
        )

        const arrays = yield* Source.infer(fixture("stored.npz"))
        const read = yield* run(Source.npz(fixture("stored.npz"), arrays.columns))
        assert.strictEqual(read.length, arrays.rows)
        assert.includeMembers(
          Object.values(arrays.columns).map(({ kind }) => kind),
          ["float", "tensor"]
        )

        const types = yield* Source.infer(fixture("types.parquet"))
        assert.deepStrictEqual(
          { ...types.columns, label: null, text: null },
          { ...Types, label: null, text: null } // integers are numbers until one knows better; levels are sorted
        )
        assert.strictEqual((yield* run(Source.parquet(fixture("types.parquet"), types.columns))).length, 3)

        const file = yield* write('[{"a": true, "v": [1, 2.5]}, {"v": [3, 4], "a": false}]', "it.json")
        const { columns } = yield* Source.infer(file)
        assert.deepStrictEqual(columns, {
          a: { kind: "category", levels: ["false", "true"] },
          v: { kind: "tensor", shape: [2], dtype: "float32" }
        })
        assert.strictEqual((yield* run(Source.json(file, columns))).length, 2)
      })
    )

    it.effect(
      "guesses the tensors that lists in Arrow files are, also of Polars, whose lists have ends of 64 bits",
      () =>
        Effect.gen(function* () {
          const file = fixture("polars-lists.arrow")
          const { columns, notes } = yield* Source.infer(file)
          assert.deepStrictEqual(columns, {
            list: Column.tensor([2]),
            nested: Column.tensor([2, 3], "int32"),
            within: Column.tensor([3, 2], "int32"),
            array: Column.tensor([4], "uint8"),
            double: Column.tensor([2]),
            gaps: Column.optional(Column.float),
            when: Column.optional(Column.timestamp)
          })
          const note = "of no column's kind, or lists of several shapes"
          assert.deepStrictEqual(notes, {
            gaps: "10 of 50 are missing",
            when: "1 of 50 is missing",
            ragged: note,
            gapped: `${note}, and 1 of 50 is missing`,
            empty: note,
            words: note
          })
          const { values } = yield* run(Source.arrow(file, columns))
          const rows = Array.from({ length: 50 }, (_, row) => row)
          const each = (numbers: (row: number) => ReadonlyArray<number>) => rows.flatMap(numbers)
          assert.deepStrictEqual(
            Object.fromEntries(Object.entries(values).map(([name, values]) => [name, [...values]])),
            {
              list: each((row) => [row / 4, 0 - row]),
              nested: each((row) => [row, 1, 2, 3, 4, row]),
              within: each((row) => [row, 7, row, 7, row, 7]),
              array: each((row) => [row, 2, 3, 255]),
              double: each((row) => [row / 2, row === 49 ? Math.fround(0.1) : 0]),
              gaps: each((row) => [row % 5 === 1 ? Number.NaN : row / 2]),
              when: each((row) => [row === 7 ? Number.NaN : row * 86_400_000])
            }
          )
          const ragged = yield* failure(Source.arrow(file, { ragged: Column.tensor([1], "int32") }))
          assert.deepStrictEqual([ragged.problem, ragged.row, ragged.value], ["bad value", 2, "[1,1]"])
        })
    )

    it.effect("notes what is missing or left out, and looks no further than it is told", () =>
      Effect.gen(function* () {
        const names = Array.from({ length: 101 }, (_, row) => `1.5,x${row},${row % 2 === 0 ? "" : "y"},,5`)
        const file = yield* write(["a,many,gaps,nothing,mixed", ...names, "n/a,x,y,,z"].join("\n"), "it.csv")
        const all = yield* Source.infer(file)
        assert.deepStrictEqual(all.columns, {
          a: { kind: "category", levels: ["1.5", "n/a"] },
          many: { kind: "text" },
          gaps: { kind: "optional category", levels: ["y"] },
          mixed: { kind: "category", levels: ["5", "z"] }
        })
        assert.deepStrictEqual(all.notes, {
          many: "more than 100 distinct texts",
          gaps: "51 of 102 are missing",
          nothing: "has no values"
        })
        const array = (type: string, values: ArrayBufferView) => npy(type, [3], values)
        const gapped = zip({
          "x.npy": [array("<f8", Float64Array.of(1, Number.NaN, 3))],
          "t.npy": [array("<M8[s]", BigInt64Array.of(0n, 1n, -(2n ** 63n)))],
          "y.npy": [array("<f8", Float64Array.of(1, 2, Infinity))]
        })
        const arrays = yield* Source.infer(yield* write(gapped, "it.npz"))
        assert.deepStrictEqual(arrays.columns, {
          x: Column.optional(Column.float),
          t: Column.optional(Column.timestamp)
        })
        assert.deepStrictEqual(arrays.notes, {
          x: "1 of 3 is missing",
          t: "1 of 3 is missing",
          y: "holds a value that no column takes: one that is not finite, or past 2^53"
        })
        const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
        const sql = "SELECT CASE WHEN range = 7 THEN 'NaN'::DOUBLE ELSE range END AS x FROM range(200)"
        const numbers = yield* Source.infer(yield* copy(sql, `${folder}/it.parquet`))
        assert.deepStrictEqual(numbers.notes, { x: "holds NaN, infinity, or a whole number past 2^53" })
        const both = yield* write('[{"a": ""}, {"a": null}, {"a": "b"}]', "it.json")
        const { columns, notes } = yield* Source.infer(both)
        assert.deepStrictEqual([columns, notes.a], [{}, "some texts are empty, and 1 of 3 is missing"])
        const first = yield* Source.infer(file, { rows: 10 })
        assert.deepStrictEqual([first.rows, first.isWhole, first.columns.a], [10, false, { kind: "float" }])
        assert.deepStrictEqual(yield* Source.infer(file), all)
      })
    )

    it.effect("writes code", () =>
      Effect.gen(function* () {
        const file = yield* write('a b;"c\nd"\n1;"x""y"\n2;z\n', "it.csv")
        const inferred = yield* Source.infer(file, { delimiter: ";" })
        assert.strictEqual(
          Source.declaration("it.csv", inferred),
          `import { Column, Columns, Source } from "@watertight/data"

// from all 2 rows: read it, and correct it where you know better
export const columns = Columns.make({
  "a b": Column.float,
  "c\\nd": Column.category(["x\\"y", "z"])
})
export const table = Source.csv("it.csv", columns, { delimiter: ";" })`
        )
      })
    )

    it.effect("says why it cannot read a file", () =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<[string | Uint8Array, string, Source.Problem]> = [
          ["", "it.csv", "empty file"],
          ["a\n", "it.csv", "empty file"],
          ["[]", "it.json", "empty file"],
          ["[{}]", "it.json", "empty file"],
          ["{", "it.json", "wrong format"],
          ["[5]", "it.json", "empty file"],
          ["a,b\n1\n", "it.csv", "wrong format"],
          [Uint8Array.of(0x61, 10, 0xff, 10), "it.csv", "wrong format"],
          ["", "it.parquet", "wrong format"],
          ["x", "it.xlsx", "wrong format"]
        ]
        for (const [content, name, problem] of cases) {
          const error = yield* Effect.flip(Source.infer(yield* write(content, name)))
          assert.strictEqual(error.problem, problem, `${name}: ${error.message}`)
        }
        const missing = yield* Effect.flip(Source.infer(fileURLToPath(fixture("none.csv"))))
        assert.strictEqual(missing.problem, "missing file")
      })
    )
  })
})
