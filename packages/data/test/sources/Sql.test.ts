import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { Column, Columns, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { externalOf, failure, vega, write } from "./files.ts"

const X = Columns.make({ x: Column.float })
const select = (query: string, files: Source.SqlOptions["files"] = {}) => Source.sql(query, X, { files })

describe("Source.sql", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("groups and joins Parquet, CSV and JSON Lines", () =>
      Effect.gen(function* () {
        const airports = yield* write(["code,name", "SEA,Seattle", "SFO,San Francisco"].join("\n"), "airports.csv")
        const zones = yield* write('{"code":"SEA","zone":1}\n{"code":"SFO","zone":2}\n', "zones.jsonl")
        const query = `
          SELECT name, avg(delay) AS delay, count(*) AS flights, any_value((json->>'zone')::INTEGER) AS zone
          FROM flights JOIN airports ON origin = code JOIN zones ON json->>'code' = code
          GROUP BY name ORDER BY name -- by name`
        const source = Source.sql(
          query,
          {
            name: Column.category(["San Francisco", "Seattle"]),
            delay: Column.float,
            flights: Column.float,
            zone: Column.float
          },
          { files: { flights: vega("flights-3m.parquet"), airports, zones } }
        )
        const { values } = yield* run(source)
        assert.deepStrictEqual([...values.name], [0, 1])
        assert.deepStrictEqual([...values.zone], [2, 1])
        assert.deepStrictEqual([...values.flights], [60869, 50231])
        assert.isTrue(
          [...values.delay].every(
            (delay, index) => Math.abs(delay - [6.140958451757052, 9.659532957735262][index]) < 1e-9
          )
        )
      })
    )

    it.effect("reads declared files only", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const declared = yield* write("x\n1\n", "it.csv")
        const other = yield* write("x\n1\n", "other.csv")
        const files = { it: declared }
        assert.deepStrictEqual([...(yield* run(select("SELECT x::INTEGER AS x FROM it;", files))).values.x], [1])
        for (const from of [
          `'${other}'`,
          `read_csv('${other}')`,
          "read_text('/etc/passwd')",
          "glob('/tmp/*')",
          "other"
        ]) {
          const error = yield* failure(select(`SELECT x::INTEGER AS x FROM ${from}`, files))
          assert.strictEqual(error.problem, "bad query", from)
        }
        const out = `${yield* fileSystem.makeTempDirectoryScoped()}/out.csv`
        for (const query of [
          `COPY it TO '${out}'`,
          `SELECT 1 AS x; COPY it TO '${out}'`,
          "INSTALL httpfs",
          "SET threads = 2",
          "SELECT 1) UNION ALL (SELECT 2",
          "",
          "SELECT nothing FROM it"
        ]) {
          assert.strictEqual((yield* failure(select(query, files))).problem, "bad query", query)
        }
        assert.isFalse(yield* fileSystem.exists(out))
      })
    )

    it.effect("refuses what would give another result another time", () =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<[string, string]> = [
          ["SELECT random() AS x", "random()"],
          ["SELECT 1 AS x WHERE EXISTS (SELECT RANDOM() < 0.5)", "random()"],
          ["WITH r AS (SELECT uuid()) SELECT 1 AS x FROM r", "uuid()"],
          ["SELECT 1 AS x ORDER BY random()", "random()"],
          ["SELECT year(now()) AS x", "now()"],
          ["SELECT year(current_date) AS x", "current_date"],
          ["SELECT year(age(DATE '2000-01-01')) AS x", "age() of today"],
          ["SELECT range AS x FROM range(10) TABLESAMPLE 50%", "TABLESAMPLE"],
          ["SELECT range AS x FROM range(10) USING SAMPLE 3", "TABLESAMPLE"]
        ]
        for (const [query, what] of cases) {
          const error = yield* failure(select(query))
          assert.include(error.message, `uses ${what}, which gives another result another time`, query)
        }
      })
    )

    it.effect("decodes the result as Parquet is decoded, and names its row", () =>
      Effect.gen(function* () {
        const decimal = yield* run(select("SELECT sum(range) AS x FROM range(1000)"))
        assert.deepStrictEqual([...decimal.values.x], [499_500])
        const past = yield* failure(select("SELECT unnest([1, 9007199254740993]) AS x"))
        assert.deepStrictEqual([past.problem, past.row, past.value], ["bad value", 2, "9007199254740993"])
        assert.strictEqual((yield* failure(select("SELECT NULL::DOUBLE AS x"))).problem, "bad value")
        assert.strictEqual((yield* failure(select("SELECT '1' AS x"))).problem, "wrong type")
        assert.strictEqual((yield* failure(select("SELECT 1 AS y"))).problem, "bad header")
        assert.strictEqual((yield* failure(select("SELECT 1 AS x WHERE false"))).problem, "empty file")
      })
    )

    it.effect("names a file that cannot be read", () =>
      Effect.gen(function* () {
        const query = "SELECT 1.0 AS x FROM it"
        const cases: ReadonlyArray<[string, string, Source.Problem]> = [
          ["", "it.parquet", "wrong format"],
          ["", "it.csv", "empty file"],
          ["a,A\n1,2\n", "it.csv", "bad header"],
          ["a,b\n1\n", "it.csv", "wrong format"],
          ["a,b\r\n1,2\n3,4\r\n", "it.csv", "wrong format"]
        ]
        for (const [content, name, problem] of cases) {
          const path = yield* write(content, name)
          const error = yield* failure(select(query, { it: path }))
          assert.deepStrictEqual([error.problem, error.file], [problem, path], content)
        }
        assert.strictEqual((yield* failure(select(query, { it: "no/such.parquet" }))).problem, "missing file")
      })
    )

    it.effect("D12 its version covers the query and the files", () =>
      Effect.gen(function* () {
        const node = (path: string) => select("SELECT x::INTEGER AS x FROM it", { it: path })
        const [here, there] = [yield* write("x\n1\n", "it.csv"), yield* write("x\n1\n", "it.csv")]
        const changed = yield* write("x\n2\n", "it.csv")
        assert.deepStrictEqual(node(here).stage.params, node(there).stage.params)
        assert.strictEqual(yield* externalOf(node(here)), yield* externalOf(node(there)))
        assert.notStrictEqual(yield* externalOf(node(here)), yield* externalOf(node(changed)))
      })
    )
  })
})
