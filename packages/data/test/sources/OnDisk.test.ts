import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Event, Ledger, type Node, Pipeline, Scratch, Store } from "@watertight/core"
import { Effect, FileSystem } from "effect"
import { readFileSync } from "node:fs"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import * as Columnar from "../../src/internal/columns/columnar.ts"
import * as Quarantine from "../../src/sources/Quarantine.ts"
import { copy, fixture } from "./files.ts"
import * as DuckDB from "../../src/internal/sources/duckdb.ts"

const Numbers = Columns.make({
  x: Column.float,
  age: Column.optional(Column.float),
  zone: Column.category(["a", "b", "c"]),
  at: Column.timestamp,
  name: Column.text
})
const rows = 140_000
const select = (x: string) =>
  `SELECT ${x} AS x, CASE WHEN i % 3 > 0 THEN i / 7 END AS age, chr((97 + i % 3)::INTEGER) AS zone, ` +
  `TIMESTAMP '2020-01-01' + INTERVAL (i) SECOND AS at, 'n' || i % 11 AS name FROM range(${rows}) rows(i)`

/** Writes files of more rows than a block has. */
const write = (folder: string, x: string) =>
  Effect.gen(function* () {
    const connection = yield* DuckDB.connect
    yield* connection.rows(`COPY (${select(x)}) TO '${folder}/it.parquet' (FORMAT parquet)`)
    yield* connection.rows(`COPY (${select(x)}) TO '${folder}/it.csv' (FORMAT csv, HEADER)`)
  }).pipe(Effect.scoped)

const inFolder = <A>(
  use: (folder: string, files: FileSystem.FileSystem) => Effect.Effect<A, unknown, FileSystem.FileSystem>
) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    return yield* use(yield* files.makeTempDirectoryScoped(), files)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const sourceOf = (path: string) => {
  if (path.endsWith(".csv")) return Source.csv(path, Numbers)
  if (path.endsWith(".sql")) return Source.sql("FROM it", Numbers, { files: { it: path.replace("sql", "parquet") } })
  return path.endsWith(".jsonl") ? Source.json(path, Numbers) : Source.parquet(path, Numbers)
}

/** Runs a source alone: what a store or a codec gives back may lie elsewhere. */
const alone = <C extends Columns.Columns, E, R>(source: Node.Node<Table.Table<C>, E, R>) =>
  source.stage.run({} as never, {} as never) as Effect.Effect<Table.Table<C>, E, R>

const reading = (path: string) => alone(sourceOf(path))

const inMemory = (bytes: number, folder: string) => Effect.provideService(Scratch.Settings, { folder, inMemory: bytes })

describe("sources of what is too large for memory", () => {
  it.live("give the same table, from Parquet, CSV, JSON and a query, and tell how far they are", () =>
    inFolder((folder, files) =>
      Effect.gen(function* () {
        yield* write(folder, "i * 0.5")
        const asJson = `SELECT * REPLACE (strftime("at", '%Y-%m-%dT%H:%M:%SZ') AS "at")`
        yield* Effect.scoped(copy(`${asJson} FROM '${folder}/it.parquet'`, `${folder}/it.jsonl`))
        const expected = Table.digest(yield* reading(`${folder}/it.parquet`).pipe(inMemory(2 ** 40, folder)))
        for (const ending of ["parquet", "csv", "jsonl", "sql"]) {
          const told: Array<Event.Progress> = []
          const table = yield* reading(`${folder}/it.${ending}`).pipe(
            inMemory(2 ** 20, `${folder}/scratch`),
            Effect.provideService(Event.Node, "it"),
            Effect.provideService(Event.Listener, (event) =>
              Effect.sync(() => event._tag === "Progress" && told.push(event))
            )
          )
          const ends = told.map(({ done, total = 0, values }) => [done <= total, values["rows"] ?? done])
          const { size } = yield* files.stat(`${folder}/it.csv`)
          assert.deepStrictEqual(ends.at(-1), [true, ending === "csv" ? Number(size) : rows])
          assert.isAtLeast(ends.length, 2)
          assert.isTrue(told.every(({ done }, index) => done >= (told[index - 1]?.done ?? 0)))
          for (const own of Object.values(Columnar.entries(table.values))) assert.isTrue(Columnar.isLazy(own))
          assert.strictEqual(Table.digest(table), expected)
          assert.strictEqual(table.values.x[rows - 1], (rows - 1) / 2)
        }
        assert.deepStrictEqual(yield* files.readDirectory(`${folder}/scratch`), [])
      })
    )
  )

  it.live("count texts by their length, and read few long ones at a time", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const path = `${folder}/it.parquet`
        const query = "SELECT repeat('ä', 8300) || i AS title FROM range(2500) t(i)"
        yield* Effect.scoped(copy(query, path))
        const read = (bytes: number) =>
          alone(Source.parquet(path, { title: Column.text })).pipe(inMemory(bytes, `${folder}/scratch`))
        const told = yield* Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* DuckDB.connect
            const reader = yield* connection.blocks(`FROM '${path}'`)
            return (yield* reader.next({ rows: 4096, columns: [undefined] }))?.length
          })
        )
        assert.strictEqual(told, 2048)
        const [some, all] = [yield* read(2 ** 24), yield* read(2 ** 40)]
        assert.isTrue(Columnar.anyLazy(some.values))
        assert.isFalse(Columnar.anyLazy(all.values))
        assert.strictEqual(Table.digest(some), Table.digest(all))
        assert.strictEqual(some.values.title[2499], `${"ä".repeat(8300)}2499`)
      })
    )
  )

  it.live("give the same rows where some are set aside, in any block", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* write(folder, "CASE WHEN i % 70000 < 3 OR i >= 139000 THEN 'inf'::DOUBLE ELSE -i / 3 END")
        const { name: _, ...WithoutTexts } = Numbers
        const { table } = Source.quarantine(Source.parquet(`${folder}/it.parquet`, WithoutTexts))
        const read = (bytes: number) =>
          Effect.gen(function* () {
            const { outputs } = yield* Pipeline.run(Pipeline.make("it", { table }), { seed: 0 })
            const { age, at, x } = outputs.table.values
            assert.deepStrictEqual([outputs.table.length, x.length, x[0], x[1]], [138_994, 138_994, -1, -4 / 3])
            assert.deepStrictEqual([at[0], age[1], age[138_992]], [Date.UTC(2020, 0, 1, 0, 0, 3), 4 / 7, 138_998 / 7])
            return Table.digest(outputs.table)
          }).pipe(inMemory(bytes, folder), Effect.provide([Store.layerMemory, Ledger.layerMemory]))
        assert.strictEqual(yield* read(2 ** 40), yield* read(1))
      })
    )
  )

  it.live("name a bad value in any block, and how many there are in all", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* write(folder, "CASE WHEN i >= 135000 AND i % 1000 = 7 THEN 'nan'::DOUBLE ELSE i END")
        for (const path of [`${folder}/it.parquet`, `${folder}/it.csv`]) {
          const error = yield* Effect.flip(reading(path).pipe(inMemory(1, folder)))
          assert.deepStrictEqual([error.problem, error.row, error.column], ["bad value", 135_008, "x"])
          assert.include(error.message, "(the first of 5 such rows)")
        }
      })
    )
  )

  it.live("say what to do where no scratch file can be made", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* write(folder, "i")
        const error = yield* Effect.flip(reading(`${folder}/it.parquet`).pipe(inMemory(1, `${folder}/it.csv`)))
        assert.strictEqual(error.problem, "no scratch space")
        assert.include(error.message, "--store")
      })
    )
  )

  it.live("give the same rows of folders of images and of texts, and set the same files aside", () =>
    inFolder((folder, files) =>
      Effect.gen(function* () {
        const photo = readFileSync(fixture("images/good/420.jpg"))
        for (const name of ["photos/cat", "photos/dog", "texts/cat", "texts/dog"]) {
          yield* files.makeDirectory(`${folder}/${name}`, { recursive: true })
        }
        for (let row = 0; row < 1300; row++) {
          const place = `${row % 7 === 0 ? "cat" : "dog"}/${1000 + row}`
          const isBad = row === 21 || row === 1212
          yield* files.writeFile(`${folder}/photos/${place}.jpg`, isBad ? photo.subarray(0, 900) : photo)
          yield* files.writeFile(`${folder}/texts/${place}.txt`, isBad ? Uint8Array.of(0xff) : Buffer.from(`é ${row}`))
        }
        const sources = [
          Source.images(`${folder}/photos`, { height: 39, width: 52, channels: 3, labels: "folders", file: "path" }),
          Source.texts(`${folder}/texts`, { labels: "folders", file: "path" })
        ]
        for (const source of sources) {
          const reader = Quarantine.readerOf<Columns.Columns, unknown, FileSystem.FileSystem>(source)
          const expected = yield* reader.read("set aside").pipe(inMemory(2 ** 40, folder))
          assert.deepStrictEqual(
            expected.quarantine.setAside.map(({ row }) => row),
            [4, 1225]
          )
          const told: Array<number> = []
          const found = yield* reader.read("set aside").pipe(
            inMemory(2 ** 16, `${folder}/scratch`),
            Effect.provideService(Event.Node, "it"),
            Effect.provideService(Event.Listener, (event) =>
              Effect.sync(() => event._tag === "Progress" && told.push(event.done))
            )
          )
          assert.strictEqual(told.at(-1), 1300)
          assert.isAbove(told.length, 1)
          for (const own of Object.values(Columnar.entries(found.table.values))) assert.isTrue(Columnar.isLazy(own))
          assert.deepStrictEqual(found.quarantine, expected.quarantine)
          assert.strictEqual(Table.digest(found.table), Table.digest(expected.table))
        }
      })
    )
  )
})
