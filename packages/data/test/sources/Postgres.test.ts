import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Event, Ledger, Pipeline, Scratch, Store } from "@watertight/core"
import { Config, ConfigProvider, Context, Effect, Fiber, Layer, Redacted } from "effect"
import { tmpdir } from "node:os"
import { Column, Source, Table } from "../../src/index.ts"
import * as Columnar from "../../src/internal/columns/columnar.ts"
import * as Protocol from "../../src/internal/sources/postgres.ts"
import { run } from "../run.ts"
import { externalOf, failure } from "./files.ts"
import { server } from "./postgresServer.ts"

class Server extends Context.Service<Server, Effect.Success<typeof server>>()("test/Server") {
  static readonly layer = Layer.effect(Server, server)
}

const asked = Effect.gen(function* () {
  const database = yield* Server
  const connection = Redacted.make(database.address)
  return { ...database, connection }
})

/** What a query over one value gives of it, as a column of the kind. */
const one = Effect.fnUntraced(function* <C extends Column.Column>(sql: string, column: C) {
  const { connection } = yield* asked
  const table = yield* run(Source.postgres(`SELECT ${sql} AS x`, { x: column as Column.Column }, { connection }))
  return Array.from(table.values.x as ArrayLike<number | string>)
})

const refused = Effect.fnUntraced(function* (query: string, column: Column.Column) {
  const { connection } = yield* asked
  return yield* failure(Source.postgres(query, { x: column }, { connection }))
})

describe("Source.postgres", () => {
  it.layer(Layer.mergeAll(Server.layer, NodeFileSystem.layer), { timeout: "60 seconds" })((it) => {
    it.effect("D01 load from PostgreSQL: every type comes out as it was", () =>
      Effect.gen(function* () {
        const { run } = yield* asked
        yield* run("CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN cents AS bigint")
        const numbers: ReadonlyArray<[string, number]> = [
          ["'-32768'::int2", -32_768],
          ["2147483647", 2_147_483_647],
          ["9007199254740992::int8", 2 ** 53],
          ["7::cents", 7],
          ["0.1::float4", Math.fround(0.1)],
          ["0.1::float8", 0.1],
          ["1e-320::float8", 1e-320],
          ["0.1::numeric(20, 10)", 0.1],
          ["100000000000000000000::numeric", 1e20],
          ["123456789.123456789123456789::numeric", 123_456_789.123_456_79]
        ]
        for (const [sql, value] of numbers) assert.deepStrictEqual(yield* one(sql, Column.float), [value], sql)
        assert.isTrue(Object.is((yield* one("'-0'::float8", Column.float))[0], -0))
        const times: ReadonlyArray<[string, number]> = [
          ["date '1969-07-20'", Date.UTC(1969, 6, 20)],
          ["timestamp '2024-02-29 12:34:56.789012'", Date.UTC(2024, 1, 29, 12, 34, 56, 789) + 0.012],
          ["timestamptz '2024-02-29 12:34:56.5+05:30'", Date.UTC(2024, 1, 29, 7, 4, 56, 500)],
          ["timestamptz '0099-01-01 00:00:00+00'", Date.parse("0099-01-01T00:00:00Z")],
          ["date '12024-01-01'", Date.parse("+012024-01-01T00:00:00Z")]
        ]
        for (const [sql, value] of times) assert.deepStrictEqual(yield* one(sql, Column.timestamp), [value], sql)
        assert.deepStrictEqual(yield* one("'glad'::mood", Column.category(["sad", "glad"])), [1])
        assert.deepStrictEqual(yield* one("true", Column.category(["false", "true"])), [1])
        assert.deepStrictEqual(yield* one("3::int8", Column.category(["2", "3"])), [1])
        assert.deepStrictEqual(yield* one("'naïve 🦜 \"q\"'", Column.text), ['naïve 🦜 "q"'])
        assert.deepStrictEqual(yield* one("ARRAY[[1,2],[3,4]]", Column.tensor([2, 2], "uint8")), [1, 2, 3, 4])
        assert.deepStrictEqual(
          yield* one("'[0:1]={1.5,-0}'::float4[]".replace("[0:1]=", ""), Column.tensor([2])),
          [1.5, -0]
        )
        assert.deepStrictEqual(yield* one("NULL::int8", Column.optional(Column.float)), [Number.NaN])
        assert.deepStrictEqual(yield* one("NULL::text", Column.optional(Column.category(["a"]))), [-1])
      })
    )

    it.effect("refuses what a column cannot hold exactly", () =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<[string, Column.Column, Source.Problem]> = [
          ["9007199254740993::int8", Column.float, "bad value"],
          ["9007199254740993::numeric(20, 2)", Column.float, "bad value"],
          ["'NaN'::float8", Column.float, "bad value"],
          ["'Infinity'::numeric", Column.float, "bad value"],
          ["NULL::float8", Column.float, "bad value"],
          ["timestamp 'infinity'", Column.timestamp, "bad value"],
          ["date '0044-03-15 BC'", Column.timestamp, "bad value"],
          ["'c'", Column.category(["a"]), "bad value"],
          ["ARRAY[256]", Column.tensor([1], "uint8"), "bad value"],
          ["ARRAY[16777217]", Column.tensor([1]), "bad value"],
          ["ARRAY[1,NULL]", Column.tensor([2]), "bad value"],
          ["ARRAY[1,2,3]", Column.tensor([2]), "bad value"],
          ["'1'::text", Column.float, "wrong type"],
          ["1", Column.timestamp, "wrong type"],
          ["'{}'::json", Column.text, "wrong type"]
        ]
        for (const [sql, column, problem] of cases) {
          const error = yield* refused(`SELECT ${sql} AS x`, column)
          assert.strictEqual(error.problem, problem, `${sql}: ${error.message}`)
        }
        const { connection } = yield* asked
        const query = "SELECT x FROM (VALUES (1::int8), (9007199254740993), (3)) AS t (x)"
        const { quarantine, table } = Source.quarantine(Source.postgres(query, { x: Column.float }, { connection }))
        assert.deepStrictEqual([...(yield* run(table)).values.x], [1, 3])
        assert.deepStrictEqual(
          (yield* run(quarantine)).setAside.map(({ value }) => value),
          ['"9007199254740993"']
        )
      })
    )

    it.effect("gives the same table for the same rows, however they lie", () =>
      Effect.gen(function* () {
        const { connection, run: execute } = yield* asked
        yield* execute(`CREATE TABLE t (id int8, word text, x float8);
          INSERT INTO t SELECT n, (ARRAY['b','B','a','A','ä'])[1 + n % 5], (ARRAY['0','-0','1.5'])[1 + n % 3]::float8
          FROM generate_series(1, 9000) AS n`)
        const columns = { word: Column.category(["A", "B", "a", "b", "ä"]), x: Column.float }
        const source = Source.postgres("SELECT * FROM t ORDER BY id DESC;", columns, { connection })
        const told: Array<Event.Event> = []
        const listener = (event: Event.Event) => Effect.sync(() => void told.push(event))
        const first = yield* run(source).pipe(
          Effect.provideService(Event.Node, "it"),
          Effect.provideService(Event.Listener, listener)
        )
        const pieces = told.flatMap((event) =>
          event._tag === "Progress" ? [[event.done, event.total, event.unit]] : []
        )
        assert.deepStrictEqual(pieces.slice(0, 2), [
          [8192, undefined, "rows"],
          [9000, undefined, "rows"]
        ])
        assert.strictEqual(first.length, 9000)
        assert.isTrue(first.values.word.every((code, row, all) => row === 0 || all[row - 1] <= code))
        const before = yield* externalOf(source)
        yield* execute("CREATE TABLE u AS SELECT * FROM t ORDER BY id DESC; DROP TABLE t; ALTER TABLE u RENAME TO t")
        assert.strictEqual(Table.digest(yield* run(source)), Table.digest(first))
        assert.strictEqual(yield* externalOf(source), before)
        const byX = Source.postgres("SELECT * FROM t -- all", columns, { connection, orderBy: ["x"] })
        assert.isTrue((yield* run(byX)).values.x.every((x, row, all) => row === 0 || all[row - 1] <= x))
        yield* execute("UPDATE t SET x = 2 WHERE id = 1")
        assert.notStrictEqual(yield* externalOf(source), before)
      })
    )

    it.effect("gives the same on disk as in memory, and asks for fewer of long rows at a time", () =>
      Effect.gen(function* () {
        const { connection } = yield* asked
        const query = (length: number) => `SELECT n, repeat('7', ${length}) AS long FROM generate_series(1, 150) AS n`
        const source = Source.postgres(query(1000), { n: Column.float, long: Column.text }, { connection })
        const read = (inMemory: number) =>
          Effect.gen(function* () {
            const table = yield* run(source, 0, { plain: true })
            assert.strictEqual(table.values.long[149], "7".repeat(1000))
            return [Columnar.anyLazy(table.values), Table.digest(table), yield* externalOf(source)]
          }).pipe(Effect.provideService(Scratch.Settings, { folder: tmpdir(), inMemory }))
        const [disk, memory] = [yield* read(1), yield* read(2 ** 40)]
        assert.deepStrictEqual([disk[0], memory[0]], [true, false])
        assert.deepStrictEqual(disk.slice(1), memory.slice(1))
        const pieces: Array<number> = []
        const database = yield* Protocol.connect(connection)
        yield* database.rows(query(100_000), (rows) => Effect.sync(() => void pieces.push(rows.length)), true)
        assert.deepStrictEqual(pieces, [64, 41, 41, 4])
      })
    )

    it.effect("ends the query when the run is interrupted", () =>
      Effect.gen(function* () {
        const { connection, run: execute } = yield* asked
        const query = "SELECT 1 AS x FROM (SELECT pg_sleep(60)) AS s"
        const running = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'watertight' AND query LIKE 'FETCH%'"
        const active = Effect.andThen(execute("SELECT pg_sleep(0.05)"), execute(running))
        const until = (count: number) => Effect.repeat(active, { until: ({ rowCount }) => rowCount === count })
        const reading = yield* Effect.forkChild(run(Source.postgres(query, { x: Column.float }, { connection })))
        yield* until(1)
        yield* Fiber.interrupt(reading)
        yield* until(0)
      })
    )

    it.effect("reads only, one SELECT, and says what is wrong without the password", () =>
      Effect.gen(function* () {
        const { connection, password, port, run: execute } = yield* asked
        yield* execute("CREATE SEQUENCE s; CREATE TABLE w (x int8)")
        const queries: ReadonlyArray<[string, Source.Problem, string]> = [
          ["SELECT nextval('s') AS x", "bad query", "read-only"],
          ["INSERT INTO w VALUES (1) RETURNING x", "bad query", "syntax error"],
          [
            "SELECT 1 AS x) AS q; COMMIT; INSERT INTO w VALUES (1); SELECT * FROM (SELECT 1 AS x",
            "bad query",
            "multiple"
          ],
          ["SELECT 1 AS x FROM nowhere", "bad query", "nowhere"],
          ["SELECT 1 AS y", "bad header", '"y"'],
          ["SELECT 1 AS x, 2 AS x", "bad header", "more than one"],
          ["SELECT 1 AS x WHERE false", "empty file", "none"]
        ]
        for (const [query, problem, words] of queries) {
          const error = yield* refused(query, Column.float)
          assert.strictEqual(error.problem, problem, `${query}: ${error.message}`)
          assert.include(error.message, words)
        }
        const left = yield* execute("SELECT count(*)::int AS n FROM w")
        assert.strictEqual(left.rows[0].n, 0)
        const addresses: ReadonlyArray<[string, string]> = [
          [`postgres://postgres:wrong-secret@127.0.0.1:${port}/postgres`, "28P01"],
          [`postgres://postgres:secret@127.0.0.1:1/postgres`, "ECONNREFUSED"],
          [`postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/nowhere`, "3D000"],
          ["postgres://me:secret@[bad", "does not answer"]
        ]
        for (const [address, words] of addresses) {
          const source = Source.postgres("SELECT 1 AS x", { x: Column.float }, { connection: Redacted.make(address) })
          const error = yield* failure(source)
          assert.strictEqual(error.problem, "unreadable file")
          assert.include(error.message, words)
          assert.notMatch(error.message + JSON.stringify(error) + JSON.stringify(source.stage.params), /secret|sesame/)
        }
        const configured = Source.postgres("SELECT 1 AS x", { x: Column.float }, { connection: Config.Redacted("DB") })
        const within = (env: Record<string, string>) =>
          Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
        assert.strictEqual((yield* run(configured).pipe(within({ DB: Redacted.value(connection) }))).length, 1)
        assert.strictEqual((yield* failure(configured).pipe(within({}))).problem, "bad option")
      })
    )

    it.effect("D12 data version from PostgreSQL: the rows' digest, no password, and nothing read that is stored", () =>
      Effect.gen(function* () {
        const { connection, run: execute } = yield* asked
        yield* execute("CREATE TABLE v AS SELECT n::float8 AS x FROM generate_series(1, 10) AS n")
        const pipeline = Pipeline.make("p", {
          table: Source.postgres("SELECT x FROM v", { x: Column.float }, { connection })
        })
        const first = yield* Pipeline.run(pipeline, { seed: 1 })
        const again = yield* Pipeline.run(pipeline, { seed: 1 })
        assert.strictEqual(Table.digest(first.outputs.table), Table.digest(again.outputs.table))
        assert.notInclude(JSON.stringify(first.manifest), "sesame")
        assert.notInclude(JSON.stringify(first.manifest), "127.0.0.1")
        yield* execute("UPDATE v SET x = 0 WHERE x = 1")
        const changed = yield* Pipeline.run(pipeline, { seed: 1 })
        assert.notStrictEqual(Table.digest(changed.outputs.table), Table.digest(first.outputs.table))
      }).pipe(Effect.provide([Store.layerMemory, Ledger.layerMemory]))
    )
  })
})
