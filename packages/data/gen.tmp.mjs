import { Effect } from "effect"
import * as DuckDB from "/work/wt-h/packages/data/src/internal/duckdb.ts"
const [rows, file] = process.argv.slice(2)
const cols = [
  ...Array.from({ length: 19 }, (_, i) => `hash(i*20+${i})::DOUBLE/1e19*${i + 1} AS x${i}`),
  "hash(i)::DOUBLE/1e19 AS y"
].join(", ")
await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const c = yield* DuckDB.connect
      yield* c.rows(`COPY (SELECT ${cols} FROM range(${rows}) t(i)) TO '${file}' (FORMAT parquet)`)
    })
  )
)
