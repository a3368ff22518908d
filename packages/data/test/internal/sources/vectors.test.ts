import { assert, describe, it } from "@effect/vitest"
import { type DuckDBDoubleVector, DuckDBInstance } from "@duckdb/node-api"
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem } from "effect"
import * as fc from "fast-check"
import * as DuckDB from "../../../src/internal/sources/duckdb.ts"
import * as Vectors from "../../../src/internal/sources/vectors.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

/** ECMAScript's formula, in integers until the last step. */
const byBigInt = (microseconds: bigint): number =>
  microseconds < -8_640_000_000_000_000_000n || microseconds > 8_640_000_000_000_000_000n
    ? Number.NaN
    : Number(microseconds / 1000n) + Number(microseconds % 1000n) / 1000

const edges = [
  0n,
  1n,
  -1n,
  999n,
  -999n,
  -1000n,
  2n ** 53n,
  -(2n ** 53n),
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 32n,
  -(2n ** 32n)
]
const instant = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.bigInt({ min: -5000n, max: 5000n }),
  fc
    .tuple(fc.constantFrom(...edges), fc.bigInt({ min: -3n, max: 3n }))
    .map(([edge, by]) => BigInt.asIntN(64, edge + by))
)

/** Reads a query in blocks of so many rows. */
const read = Effect.fnUntraced(function* (
  connection: DuckDB.Connection,
  query: string,
  columns: ReadonlyArray<new (length: number) => Float64Array | Int32Array | Uint8Array>,
  rows = 2048
) {
  const reader = yield* connection.blocks(query)
  const all: Array<DuckDB.Numbers> = []
  for (;;) {
    const block = yield* reader.next({ rows, columns: columns.map((Values) => new Values(rows)) })
    if (block === undefined) return all
    all.push(block)
  }
})

const joined = (texts: ReadonlyArray<string | null>): string | null =>
  texts.every((each) => each === null) ? null : texts.join("")

describe("vectors", () => {
  it("instants are milliseconds as integer arithmetic makes them, and NaN outside of ECMAScript's dates", () => {
    fc.assert(
      fc.property(fc.array(instant, { minLength: 1 }), (microseconds) => {
        const out = new Float64Array(microseconds.length + 1)
        Vectors.instants(BigInt64Array.from(microseconds), out, 1)
        assert.deepStrictEqual([...out.subarray(1)], microseconds.map(byBigInt))
      }),
      { numRuns: 4 * runs }
    )
  })

  it.effect("rows with NULL are found wherever they stand, also inside of arrays", () =>
    Effect.gen(function* () {
      const connection = yield* DuckDB.connect
      const nulls = fc.uniqueArray(fc.integer({ min: 0, max: 4999 }), { minLength: 1, maxLength: 200 })
      const property = fc.asyncProperty(nulls, async (rows) => {
        const isNull = `list_contains([${rows.join(", ")}], i)`
        const query =
          `SELECT CASE WHEN NOT ${isNull} THEN i::INTEGER END, ` +
          `[1::DOUBLE, CASE WHEN NOT ${isNull} THEN i END]::DOUBLE[2] FROM range(5000) t(i)`
        const blocks = await Effect.runPromise(
          Effect.gen(function* () {
            const reader = yield* connection.blocks(query)
            const room = { rows: 6000, columns: [new Float64Array(6000), new Float64Array(12_000)] }
            return [yield* reader.next(room), yield* reader.next(room)]
          })
        )
        const sorted = rows.toSorted((one, other) => one - other)
        for (const { missing } of blocks[0]?.columns ?? []) assert.deepStrictEqual(missing, sorted)
        assert.strictEqual(blocks[0]?.length, 5000)
        assert.isUndefined(blocks[1])
      })
      yield* Effect.promise(() => fc.assert(property, { numRuns: Math.ceil(runs / 5) }))
    }).pipe(Effect.scoped)
  )

  it.effect("texts come as they are, inside of a vector or elsewhere, alone or one behind the other", () =>
    Effect.gen(function* () {
      const connection = yield* DuckDB.connect
      const piece = fc.constantFrom(
        "",
        "a",
        "é",
        "twelve bytes",
        "thirteen byte",
        "\uFEFFmark at the start",
        "漢字".repeat(9)
      )
      const texts = fc.array(fc.option(fc.tuple(piece, piece).map(([one, other]) => one + other)), {
        minLength: 1,
        maxLength: 300
      })
      const property = fc.asyncProperty(texts, async (texts) => {
        const list = texts.map((each) => (each === null ? "NULL" : DuckDB.text(each))).join(", ")
        const query = `SELECT unnest([${list}]::VARCHAR[])`
        const whole = `SELECT string_agg(t, '') OVER (ROWS 3 PRECEDING) FROM (${query} AS t)`
        for (const [sql, expected] of [
          [query, texts],
          [whole, texts.map((_, row) => joined(texts.slice(Math.max(0, row - 3), row + 1)))]
        ] as const) {
          const reader = await Effect.runPromise(connection.blocks(sql))
          const block = await Effect.runPromise(reader.next({ rows: 2048, columns: [undefined] }))
          assert.deepStrictEqual(
            block?.columns[0].values,
            expected.map((each) => each ?? "")
          )
          const nulls = expected.flatMap((each, row) => (each === null ? [row] : []))
          assert.deepStrictEqual(block?.columns[0].missing, nulls)
        }
      })
      yield* Effect.promise(() => fc.assert(property, { numRuns: runs }))
    }).pipe(Effect.scoped)
  )

  it.effect("a vector's memory is in nobody's view once it is closed", () =>
    Effect.gen(function* () {
      const instance = yield* Effect.promise(() => DuckDBInstance.create(":memory:"))
      const connection = yield* Effect.promise(() => instance.connect())
      const result = yield* Effect.promise(() => connection.stream("SELECT i::DOUBLE FROM range(100) t(i)"))
      const vector = (yield* Effect.promise(() => result.fetchChunk()))?.getColumnVector(0) as DuckDBDoubleVector
      const { buffer } = vector["items"]
      assert.deepStrictEqual([Vectors.close(vector), buffer.byteLength], [800, 0])
      connection.closeSync()
      instance.closeSync()
    })
  )

  it.effect("nothing is rounded on the way: an array that cannot hold a type's numbers is refused", () =>
    Effect.gen(function* () {
      const connection = yield* DuckDB.connect
      const [block] = yield* read(connection, "SELECT 4294967295::UINTEGER, (-128)::TINYINT, 7::INTEGER", [
        Float64Array,
        Float64Array,
        Int32Array
      ])
      assert.deepStrictEqual(
        block.columns.map(({ values }) => values[0]),
        [4294967295, -128, 7]
      )
      for (const expression of ["1.5::DOUBLE", "TIMESTAMP '2020-01-01'", "1::BIGINT"]) {
        const exit = yield* Effect.exit(read(connection, `SELECT ${expression}`, [Int32Array]))
        assert.strictEqual(exit._tag, "Failure", expression)
      }
    }).pipe(Effect.scoped)
  )
})

describe("a scan of Parquet files", () => {
  it.live("gives the same rows in the same order for any number of threads", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* files.makeTempDirectoryScoped()
      const rows = 60_000
      const scanned = (threads: number) =>
        Effect.gen(function* () {
          const connection = yield* DuckDB.connect
          yield* connection.rows(`SET threads = ${threads}`)
          const scan = `read_parquet(['${folder}/1.parquet', '${folder}/0.parquet'])`
          const blocks = yield* read(
            connection,
            `SELECT x, i::INTEGER FROM ${scan}`,
            [Float64Array, Int32Array],
            16_384
          )
          return [0, 1].map((column) => blocks.flatMap(({ columns }) => [...columns[column].values]))
        }).pipe(Effect.scoped)
      yield* Effect.gen(function* () {
        const connection = yield* DuckDB.connect
        for (const part of [0, 1]) {
          const select = `SELECT sin(i) AS x, i + ${part * rows} AS i FROM range(${rows}) t(i)`
          yield* connection.rows(
            `COPY (${select}) TO '${folder}/${part}.parquet' (FORMAT parquet, ROW_GROUP_SIZE 4096)`
          )
        }
      }).pipe(Effect.scoped)
      const expected = Array.from({ length: 2 * rows }, (_, row) => (row < rows ? rows + row : row - rows))
      const [alone, places] = yield* scanned(1)
      assert.deepStrictEqual(places, expected)
      for (const threads of [2, 4, 8]) assert.deepStrictEqual(yield* scanned(threads), [alone, expected])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
