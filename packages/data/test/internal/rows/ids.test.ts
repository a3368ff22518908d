import { assert, describe, it } from "@effect/vitest"
import { NodeServices } from "@effect/platform-node"
import { Scratch } from "@watertight/core"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Ids from "../../../src/internal/rows/ids.ts"
import * as DuckDB from "../../../src/internal/sources/duckdb.ts"
import * as Threads from "../../../src/internal/threads/pool.ts"
import { Column, RowId, Source, Table } from "../../../src/index.ts"
import { run } from "../../run.ts"

const length = Ids.fewest + 1001
const columns = {
  x: Column.float,
  pair: Column.tensor([2]),
  level: Column.optional(Column.category(["a", "b"])),
  word: Column.text
}
const values = {
  x: Float64Array.from({ length }, (_, row) => Math.sin(row)),
  pair: Float32Array.from({ length: 2 * length }, (_, place) => place / 3),
  level: Int32Array.from({ length }, (_, row) => (row % 3) - 1),
  word: Array.from({ length }, (_, row) => `word ${row % 1000}`)
}

describe("ids of many rows", () => {
  it.live("are those of the rows, by 1, 2 and 3 threads, and where nobody may wait", () =>
    Effect.gen(function* () {
      const expected = RowId.ofContent(columns, values, length)
      for (const size of [1, 2, 3]) {
        const { ids } = yield* Effect.provideService(Table.make(columns, values, { length }), Threads.size, size)
        assert.strictEqual(Buffer.compare(ids, expected), 0)
      }
      const { ids } = Effect.runSync(Table.make(columns, values, { length }))
      assert.strictEqual(Buffer.compare(ids, expected), 0)
    })
  )

  it.live("are those of the rows when a file is read, whose blocks are overwritten meanwhile", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "watertight-ids-"))
      const file = join(folder, "rows.parquet")
      const rows = Ids.fewestRead + 1001
      const query = `SELECT i::DOUBLE AS a, (i % 7)::DOUBLE AS b FROM range(${rows}) t(i)`
      yield* Effect.scoped(
        Effect.flatMap(DuckDB.connectBounded, (connection) =>
          connection.rows(`COPY (${query}) TO ${DuckDB.text(file)} (FORMAT parquet)`)
        )
      )
      const source = Source.parquet(file, { a: Column.float, b: Column.float })
      for (const inMemory of [2 ** 20, 2 ** 30]) {
        const table = yield* run(source, 0, { plain: true }).pipe(
          Effect.provideService(Scratch.Settings, { folder: tmpdir(), inMemory })
        )
        assert.strictEqual(Buffer.compare(table.ids, RowId.ofContent(table.columns, table.values, rows)), 0)
      }
      rmSync(folder, { recursive: true })
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
