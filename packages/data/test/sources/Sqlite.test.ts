import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Event } from "@watertight/core"
import { Effect, FileSystem } from "effect"
import { DatabaseSync } from "node:sqlite"
import { Column, Columns, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { externalOf, failure, write } from "./files.ts"

const schema = `
  CREATE TABLE orders (id INTEGER PRIMARY KEY, zone TEXT, fare REAL, large, moment TEXT, mixed);
  INSERT INTO orders VALUES
    (1, 'a', 1.5, 9007199254740993, '1969-12-31T23:59:59Z', 1),
    (2, 'b', 2, -4, '2024-02-29', 2.5),
    (3, 'é"😀', NULL, NULL, '2024-03-01 10:00+02:00', NULL);
  CREATE VIEW "big ones" AS SELECT id, fare * 2 AS twice FROM orders WHERE fare IS NOT NULL;
  CREATE TABLE odd (x);
  INSERT INTO odd VALUES (1), ('one');
  CREATE TABLE bytes (x);
  INSERT INTO bytes VALUES (x'00ff');
  CREATE TABLE wide (x);
  INSERT INTO wide VALUES (9007199254740993), (0.5);`

/** Writes a database in a folder that goes away with the test. */
const database = Effect.fnUntraced(function* (sql = schema) {
  const path = yield* write("", "sales.sqlite")
  yield* Effect.sync(() => {
    const opened = new DatabaseSync(path)
    opened.exec(sql)
    opened.close()
  })
  return path
})

const Orders = Columns.make({
  zone: Column.category(["a", "b", 'é"😀']),
  fare: Column.optional(Column.float),
  moment: Column.timestamp,
  mixed: Column.optional(Column.float),
  name: Column.text
})

describe("Source.sql", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect(
      "joins tables of an attached SQLite database with files, exactly, and changes nothing in its folder",
      () =>
        Effect.gen(function* () {
          const fileSystem = yield* FileSystem.FileSystem
          const sales = yield* database()
          const before = yield* fileSystem.readFile(sales)
          const zones = yield* write('zone,name\na,Airport\nb,Bay\n"é""😀",Cove\n', "zones.csv")
          const query = "SELECT zone, fare, moment, mixed, name FROM sales.orders JOIN zones USING (zone) ORDER BY id"
          const source = Source.sql(query, Orders, { files: { zones }, attach: { sales } })
          const { values } = yield* run(source)
          assert.deepStrictEqual([...values.fare], [1.5, 2, NaN])
          assert.deepStrictEqual([...values.zone], [0, 1, 2])
          assert.deepStrictEqual([...values.mixed], [1, 2.5, NaN])
          assert.deepStrictEqual([...values.moment], [-1000, Date.UTC(2024, 1, 29), Date.UTC(2024, 2, 1, 8)])
          assert.deepStrictEqual(values.name, ["Airport", "Bay", "Cove"])
          assert.deepStrictEqual(yield* fileSystem.readFile(sales), before)
          assert.deepStrictEqual(yield* fileSystem.readDirectory(sales.replace(/[^/]*$/, "")), ["sales.sqlite"])
          assert.isFalse(JSON.stringify(source.stage.params).includes("/"))
          const other = yield* database(schema.replace("1.5", "1.25"))
          const digest = (path: string) =>
            externalOf(Source.sql(query, Orders, { files: { zones }, attach: { sales: path } }))
          assert.strictEqual(yield* digest(sales), yield* digest(sales))
          assert.notStrictEqual(yield* digest(sales), yield* digest(other))
        })
    )

    it.effect("reads views and whole numbers past 2^53 as they are, and says what it cannot read", () =>
      Effect.gen(function* () {
        const sales = yield* database()
        const select = (query: string, columns: Columns.Columns) => Source.sql(query, columns, { attach: { sales } })
        const views = yield* run(select('SELECT twice FROM sales."big ones" ORDER BY id', { twice: Column.float }))
        assert.deepStrictEqual([...(views.values.twice as Float64Array)], [3, 4])
        const digits = yield* run(
          select("SELECT large::VARCHAR AS large FROM sales.orders WHERE id = 1", { large: Column.text })
        )
        assert.deepStrictEqual(digits.values.large, ["9007199254740993"])
        const past = yield* failure(select("SELECT large FROM sales.orders WHERE id = 1", { large: Column.float }))
        assert.deepStrictEqual([past.problem, past.value], ["bad value", "9007199254740993"])
        const cases: ReadonlyArray<[string, string]> = [
          ["SELECT x FROM sales.odd", 'holds integer and text in column "x" of "odd"'],
          ["SELECT x FROM sales.bytes", 'holds blob in column "x" of "bytes"'],
          ["SELECT x FROM sales.wide", "holds reals and integers past 2^53"],
          [
            "SELECT x FROM sales.nothing",
            'has no table "nothing"; it has "big ones", "bytes", "odd", "orders", "wide"'
          ],
          ["SELECT x FROM other.orders", "does not run"]
        ]
        for (const [query, detail] of cases) {
          assert.include((yield* failure(select(query, { x: Column.float }))).message, detail)
        }
      })
    )

    it.effect("refuses a database that is none, is damaged, missing, or has changes in its journal", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const select = (sales: string) =>
          Source.sql("SELECT fare FROM sales.orders WHERE id = 1", { fare: Column.float }, { attach: { sales } })
        const sales = yield* database()
        const bytes = yield* fileSystem.readFile(sales)
        assert.strictEqual((yield* failure(select(`${sales}.no`))).problem, "missing file")
        assert.strictEqual((yield* failure(select(sales.replace(/\/[^/]*$/, "")))).problem, "not a file")
        for (const content of [
          Buffer.from("no database, but long enough to be one ".repeat(40)),
          bytes.slice(0, 4000)
        ]) {
          const error = yield* failure(select(yield* write(content, "x.sqlite")))
          assert.strictEqual(error.problem, "wrong format", error.message)
        }
        yield* fileSystem.writeFileString(`${sales}-wal`, "changes")
        const journal = yield* failure(select(sales))
        assert.include(journal.message, "has changes that are not in it yet")
      })
    )

    it.effect("takes in a large table piece by piece, tells how far it is, and keeps the rows' order", () =>
      Effect.gen(function* () {
        const n = 150_000
        const many = "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 149999)"
        const sales = yield* database(`CREATE TABLE t (i); INSERT INTO t ${many} SELECT i FROM n;`)
        const told: Array<Event.Progress> = []
        const source = Source.sql("SELECT i FROM sales.t", { i: Column.float }, { attach: { sales } })
        const { values } = yield* run(source).pipe(
          Effect.provideService(Event.Node, "it"),
          Effect.provideService(Event.Listener, (event) =>
            Effect.sync(() => event._tag === "Progress" && told.push(event))
          )
        )
        assert.deepStrictEqual(
          values.i,
          Float64Array.from({ length: n }, (_, row) => row)
        )
        assert.deepStrictEqual(
          told.filter(({ total }) => total === n).map(({ done }) => done),
          [65_536, 131_072, n]
        )
        assert.strictEqual(told.at(-1)?.done, n)
      })
    )
  })
})
