import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import { run } from "../run.ts"
import { copy, expected, externalOf, failure, fixture, shown, Types, vega, write } from "./files.ts"

const X = Columns.make({ x: Column.float })

/** Reads one column of a query's rows, written as Parquet. */
const parquet = Effect.fnUntraced(function* (query: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* copy(query, `${yield* fileSystem.makeTempDirectoryScoped()}/it.parquet`)
})
const values = <C extends Column.Column>(expressions: string, column: C) =>
  Effect.flatMap(parquet(`SELECT unnest(${expressions}) AS x`), (path) => {
    const table = run(Source.parquet<{ readonly x: Column.Column }>(path, { x: column }))
    return Effect.map(table, ({ values }) => [...values.x])
  })
const refusal = <C extends Column.Column>(expressions: string, column: C) =>
  Effect.flatMap(parquet(`SELECT unnest(${expressions}) AS x`), (path) =>
    failure(Source.parquet<{ readonly x: Column.Column }>(path, { x: column }))
  )

describe("Source.parquet", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads every type as pyarrow reads it", () =>
      Effect.gen(function* () {
        const table = yield* run(Source.parquet(fixture("types.parquet"), Types))
        assert.deepStrictEqual(shown(table), expected)
      })
    )

    it.effect("reads 3,000,000 flights in their order", () =>
      Effect.gen(function* () {
        const Flights = Columns.make({ date: Column.timestamp, delay: Column.float, distance: Column.float })
        const table = yield* run(Source.parquet(vega("flights-3m.parquet"), Flights))
        const { date, delay, distance } = table.values
        assert.strictEqual(table.length, 3_000_000)
        assert.strictEqual(date[0], Date.UTC(2001, 0, 1, 0, 1))
        assert.deepStrictEqual([...delay.subarray(0, 3), ...distance.subarray(0, 3)], [33, 19, 14, 2176, 215, 405])
        assert.strictEqual(
          distance.reduce((sum, each) => sum + each, 0),
          2_194_861_208
        )
      })
    )

    it.effect("reads the files of a folder and of a pattern in the order of their paths, each row once", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const folder = `${yield* fileSystem.makeTempDirectoryScoped()}/all [1]`
        yield* fileSystem.makeDirectory(`${folder}/year=2/deep`, { recursive: true })
        yield* copy("SELECT 10.0::DOUBLE + i AS x FROM range(3) t(i)", `${folder}/b.parquet`)
        yield* copy("SELECT 0.0::DOUBLE + i AS x FROM range(2) t(i)", `${folder}/a.parquet`)
        yield* copy("SELECT 20.0::DOUBLE AS x", `${folder}/year=2/deep/a.parquet`)
        yield* fileSystem.writeFileString(`${folder}/_SUCCESS.parquet`, "")
        yield* fileSystem.writeFileString(`${folder}/.hidden.parquet`, "")
        yield* fileSystem.writeFileString(`${folder}/notes.txt`, "")
        const read = (path: string) => Effect.map(run(Source.parquet(path, X)), ({ values }) => [...values.x])
        assert.deepStrictEqual(yield* read(folder), [0, 1, 10, 11, 12, 20])
        assert.deepStrictEqual(yield* read(`${folder}/?.parquet`), [0, 1, 10, 11, 12])
        assert.deepStrictEqual(yield* read(`${folder}/**/a.parquet`), [0, 1, 20])
        assert.deepStrictEqual(yield* read(`${folder}/*/*/*.parquet`), [20])

        const external = (path: string) => externalOf(Source.parquet(path, X))
        const before = yield* external(folder)
        yield* copy("SELECT 0.5::DOUBLE AS x", `${folder}/aa.parquet`)
        assert.notStrictEqual(yield* external(folder), before)
        assert.deepStrictEqual(yield* read(folder), [0, 1, 0.5, 10, 11, 12, 20])

        yield* copy("SELECT unnest([1.0::DOUBLE, NULL]) AS x", `${folder}/c.parquet`)
        const error = yield* failure(Source.parquet(folder, X))
        assert.deepStrictEqual([error.file, error.row, error.column], [`${folder}/c.parquet`, 2, "x"])
      })
    )

    it.effect("takes a column's values only where they are exactly its own", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* values("[1::HUGEINT, -9007199254740992]", Column.float), [1, -(2 ** 53)])
        assert.deepStrictEqual(yield* values("['1677-09-22T00:00:00.000001'::TIMESTAMP_NS]", Column.timestamp), [
          Date.UTC(1677, 8, 22) + 0.001
        ])
        assert.deepStrictEqual(yield* values("['b', 'a']", Column.category(["a", "b"])), [1, 0])
        assert.deepStrictEqual(yield* values("['i', 'a', 'h']", Column.category([..."abcdefghi"])), [8, 0, 7])
        assert.deepStrictEqual(yield* values("['2012-03-11T02:30+05:30']", Column.timestamp), [
          Date.UTC(2012, 2, 10, 21)
        ])
        assert.deepStrictEqual(yield* values("[[1, 255]::BIGINT[]]", Column.tensor([2], "uint8")), [1, 255])

        const past = yield* refusal("[1::BIGINT, 9007199254740993, 9007199254740993]", Column.float)
        assert.deepStrictEqual(
          [past.problem, past.row, past.column, past.value],
          ["bad value", 2, "x", "9007199254740993"]
        )
        assert.include(past.message, `row 2, column "x" holds "9007199254740993", which is not a finite number`)
        assert.include(past.message, "the first of 2 such rows")
        const bad: ReadonlyArray<[string, Column.Column, number, string | undefined]> = [
          ["[1::UBIGINT, 18446744073709551615]", Column.float, 2, "18446744073709551615"],
          ["[9007199254740993::DECIMAL(20, 2)]", Column.float, 1, "9007199254740993.00"],
          ["[1.0::DOUBLE, 'nan']", Column.float, 2, "nan"],
          ["['-inf'::FLOAT]", Column.float, 1, "-inf"],
          ["[1.0::DOUBLE, NULL, NULL]", Column.float, 2, undefined],
          ["['infinity'::TIMESTAMP]", Column.timestamp, 1, "infinity"],
          ["['infinity'::DATE]", Column.timestamp, 1, "infinity"],
          ["['5000000-01-01'::DATE]", Column.timestamp, 1, "5000000-01-01"],
          ["['2024-01-01 00:00:00.0000005'::TIMESTAMP_NS]", Column.timestamp, 1, "2024-01-01 00:00:00.0000005"],
          ["['01/02/2012']", Column.timestamp, 1, "01/02/2012"],
          ["['a', 'A']", Column.category(["a"]), 2, "A"],
          ["['a', NULL]", Column.category(["a"]), 2, undefined],
          ["['a', 'A']", Column.category([..."abcdefghi"]), 2, "A"],
          ["['a', NULL]", Column.category([..."abcdefghi"]), 2, undefined],
          ["['a']", Column.category([]), 1, "a"],
          ["[[1, 2], [1, 2, 3]]", Column.tensor([2]), 2, "[1, 2, 3]"],
          ["[[1, 2], [1, NULL]]", Column.tensor([2]), 2, "[1, NULL]"],
          ["[[1, 256]]", Column.tensor([2], "uint8"), 1, "[1, 256]"],
          ["[[1, 1.5]::DOUBLE[]]", Column.tensor([2], "uint8"), 1, "[1.0, 1.5]"],
          ["[[16777217]::INTEGER[]]", Column.tensor([1]), 1, "[16777217]"],
          ["[[1e300]::DOUBLE[]]", Column.tensor([1]), 1, "[1e+300]"],
          ["[[1::DOUBLE], ['nan'::DOUBLE]]", Column.tensor([1]), 2, "[nan]"],
          ["[[[1, 2], [3]]]", Column.tensor([2, 2]), 1, "[[1, 2], [3]]"]
        ]
        for (const [expressions, column, row, value] of bad) {
          const error = yield* refusal(expressions, column)
          assert.strictEqual(error.problem, "bad value", expressions)
          assert.deepStrictEqual([error.row, error.column, error.value], [row, "x", value], expressions)
          if (value === undefined) assert.include(error.message, "has no value")
        }
      })
    )

    it.effect("refuses a type that is not one of the column's kind", () =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<[string, Column.Column, string]> = [
          ["['1']", Column.float, "VARCHAR"],
          ["[true]", Column.float, "BOOLEAN"],
          ["['2012-01-01'::DATE]", Column.float, "DATE"],
          ["[1]", Column.timestamp, "INTEGER"],
          ["['10:00'::TIME]", Column.timestamp, "TIME"],
          ["[1.0::DOUBLE]", Column.category(["1"]), "DOUBLE"],
          ["[[1, 2]]", Column.tensor([2, 1]), "INTEGER[]"],
          ["[[['1']]]", Column.tensor([1, 1]), "VARCHAR[][]"],
          ["[1]", Column.tensor([1]), "INTEGER"],
          ["[{'a': 1}]", Column.tensor([1]), "STRUCT(a INTEGER)"],
          ["[[{'a': [1]}]]", Column.tensor([1]), "STRUCT(a INTEGER[])[]"]
        ]
        for (const [expressions, column, type] of cases) {
          const error = yield* refusal(expressions, column)
          assert.strictEqual(error.problem, "wrong type", expressions)
          assert.include(error.message, `holds ${type} in column "x", which is no ${column.kind} column`)
        }
      })
    )

    it.effect("says what is wrong with a file", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const good = yield* parquet(`SELECT 1.0::DOUBLE AS x, 2 AS "Y"`)
        const bytes = yield* fileSystem.readFile(good)
        const problem = (path: string, columns: Columns.Columns = X) =>
          Effect.map(failure(Source.parquet(path, columns)), (error) => error.problem)
        assert.strictEqual(yield* problem("no/such.parquet"), "missing file")
        assert.strictEqual(yield* problem("no/such/*.parquet"), "missing file")
        assert.strictEqual(yield* problem(yield* fileSystem.makeTempDirectoryScoped()), "missing file")
        assert.strictEqual(yield* problem(yield* write("", "empty.parquet")), "wrong format")
        assert.strictEqual(yield* problem(yield* write("a,b\n1,2\n", "text.parquet")), "wrong format")
        assert.strictEqual(yield* problem(yield* write(bytes.subarray(0, -1), "cut.parquet")), "wrong format")
        assert.strictEqual(yield* problem(yield* parquet("SELECT 1.0::DOUBLE AS x WHERE false")), "empty file")
        assert.strictEqual(yield* problem(good, {}), "bad columns")
        const error = yield* failure(Source.parquet(good, { y: Column.float }))
        assert.strictEqual(error.problem, "bad header")
        assert.include(error.message, 'has no column "y"; its columns are "x", "Y"')

        const folder = yield* fileSystem.makeTempDirectoryScoped()
        yield* copy("SELECT 1::INTEGER AS x", `${folder}/a.parquet`)
        yield* copy("SELECT 1.5::DOUBLE AS x", `${folder}/b.parquet`)
        const differ = yield* failure(Source.parquet(folder, X))
        assert.strictEqual(differ.problem, "files differ")
        assert.include(differ.message, `b.parquet: holds DOUBLE in column "x", but ${folder}/a.parquet holds INTEGER`)
      })
    )

    it.effect("D12 the same files give the same digest wherever they lie", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const here = yield* parquet("SELECT i::DOUBLE AS x FROM range(5) t(i)")
        const there = yield* write(yield* fileSystem.readFile(here), "it.parquet")
        const [left, right] = [Source.parquet(here, X), Source.parquet(there, X)]
        assert.deepStrictEqual(left.stage.params, right.stage.params)
        assert.strictEqual(yield* externalOf(left), yield* externalOf(right))
        assert.strictEqual(Table.digest(yield* run(left)), Table.digest(yield* run(right)))
      })
    )
  })
})
