import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Ledger, Pipeline, Scratch, Store } from "@watertight/core"
import { Effect, FileSystem } from "effect"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import * as Columnar from "../../src/internal/columns/columnar.ts"
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

/** Writes a Parquet and a CSV file of more rows than a block has. */
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

const reading = (path: string) =>
  (path.endsWith(".csv") ? Source.csv(path, Numbers) : Source.parquet(path, Numbers)).stage.run(
    {} as never,
    {} as never
  ) as Effect.Effect<Table.Table<typeof Numbers>, Source.SourceError, FileSystem.FileSystem>

const inMemory = (bytes: number, folder: string) => Effect.provideService(Scratch.Settings, { folder, inMemory: bytes })

describe("sources of what is too large for memory", () => {
  it.live("give the same table, from Parquet and CSV", () =>
    inFolder((folder, files) =>
      Effect.gen(function* () {
        yield* write(folder, "i * 0.5")
        const [parquet, csv] = [`${folder}/it.parquet`, `${folder}/it.csv`]
        const expected = Table.digest(yield* reading(parquet).pipe(inMemory(2 ** 40, folder)))
        for (const path of [parquet, csv]) {
          const table = yield* reading(path).pipe(inMemory(2 ** 20, `${folder}/scratch`))
          assert.isTrue(Columnar.anyLazy(table.values))
          assert.strictEqual(Table.digest(table), expected)
          assert.strictEqual(table.values.x[rows - 1], (rows - 1) / 2)
        }
        assert.deepStrictEqual(yield* files.readDirectory(`${folder}/scratch`), [])
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
})
