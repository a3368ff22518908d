/** Reading a file of a million rows into columns: Watertight, pandas and polars. */
import { DuckDBInstance } from "@duckdb/node-api"
import { NodeServices } from "@effect/platform-node"
import type { Node } from "@watertight/core"
import { Column, Columns, Source } from "@watertight/data"
import { Effect, FileSystem } from "effect"
import { type Contender, type Ratio, timed } from "./measure.ts"
import * as Python from "./python.ts"
import * as Collector from "../packages/data/src/internal/columns/collector.ts"
import * as Read from "../packages/data/src/internal/csv/read.ts"
import { readSource } from "./source.ts"

export const title = "Reading files"
export const unit = "1,000,000 rows, seven columns: read"
export const meaning = `
From the file to columns in memory: an instant, four numbers, a whole number and a category of five levels. Watertight also
checks every cell against its declaration and gives each row an id, the SHA-256 of what it holds; "without ids" leaves these
out. "DuckDB alone" decodes the file and looks at nothing. pandas is told the types; polars guesses them from the first rows. Files are in the system's cache.`.trim()

const rows = 1_000_000

const query = `
  SELECT make_timestamp(1577836800000000 + i * 60000000) AS at, hash(i) % 100000 / 1000 AS a, hash(i + 1) % 1000000 / 7 AS b,
    sqrt(i) AS c, sin(i) AS d, (hash(i + 2) % 1000)::INTEGER AS count, 'level ' || hash(i + 3) % 5 AS level
  FROM range(${rows}) t(i)`

const Row = Columns.make({
  at: Column.timestamp,
  a: Column.float,
  b: Column.float,
  c: Column.float,
  d: Column.float,
  count: Column.float,
  level: Column.category(["level 0", "level 1", "level 2", "level 3", "level 4"])
})

const formats = ["csv", "parquet"] as const

const write = Effect.fnUntraced(function* (folder: string) {
  yield* Effect.promise(async () => {
    const instance = await DuckDBInstance.create(":memory:")
    const connection = await instance.connect()
    for (const format of formats)
      await connection.run(`COPY (${query}) TO '${folder}/rows.${format}' (FORMAT ${format})`)
    connection.closeSync()
    instance.closeSync()
  })
})

const read = (source: Node.Any): Effect.Effect<number> => timed(1, () => readSource(source))

/** Reads and checks every cell and leaves out the ids, which no peer computes. */
const decode = (path: string): Effect.Effect<number> =>
  timed(1, () =>
    Effect.gen(function* () {
      const collector = yield* Collector.makeAbout(Row, rows)
      yield* Read.read({
        path,
        delimiter: ",",
        plan: ({ isReturn, names }) => {
          const places = Object.keys(Row).map((name) => names.indexOf(name))
          const layout = { delimiter: 0x2c, isReturn, width: names.length, places }
          return Effect.succeed({ layout, columns: Row, hasIds: false, shown: { rows: 1, characters: 100 } })
        },
        add: ({ kept, values }) => Effect.orDie(collector.add({ length: kept, columns: values }))
      })
      return yield* collector.end
    }).pipe(Effect.provide(NodeServices.layer), Effect.orDie)
  )

/** Lets DuckDB decode a file and looks at nothing of it: the least that a reader on DuckDB can take. */
const fetch = (path: string): Effect.Effect<number> =>
  timed(1, () =>
    Effect.promise(async () => {
      const instance = await DuckDBInstance.create(":memory:")
      const connection = await instance.connect()
      const result = await connection.stream(`FROM '${path}'`)
      for (let chunk = await result.fetchChunk(); (chunk?.rowCount ?? 0) > 0; chunk = await result.fetchChunk());
      connection.closeSync()
      instance.closeSync()
    })
  )

const peers = ["pandas", "polars"] as const

const names = ["csv", "csv without ids", "parquet"] as const

export const ratios: ReadonlyArray<Ratio> = [
  ...names.flatMap((name) =>
    peers.map((peer) => ({ slow: `${peer} ${name.split(" ")[0]}`, fast: `Watertight ${name}`, aim: { atLeast: 1 } }))
  ),
  ...peers.map((peer) => ({ slow: `${peer} parquet`, fast: "DuckDB alone parquet" }))
]

/** Makes all contenders that this machine has. */
export const contenders = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const folder = yield* files.makeTempDirectoryScoped()
  yield* write(folder)
  const found: Array<Contender> = [
    { name: "Watertight csv", round: read(Source.csv(`${folder}/rows.csv`, Row)) },
    { name: "Watertight csv without ids", round: decode(`${folder}/rows.csv`) },
    { name: "Watertight parquet", round: read(Source.parquet(`${folder}/rows.parquet`, Row)) },
    { name: "DuckDB alone parquet", round: fetch(`${folder}/rows.parquet`) }
  ]
  for (const peer of peers) {
    if (!Python.has(peer)) continue
    const ask = yield* Python.start("tables.py", 2, { peer, folder })
    found.push(...formats.map((format) => ({ name: `${peer} ${format}`, round: ask({ format }) })))
  }
  return found
}).pipe(Effect.provide(NodeServices.layer), Effect.orDie)
