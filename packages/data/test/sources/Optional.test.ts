import { assert, describe, it } from "@effect/vitest"
import { Column, Columns, Source, Table } from "@watertight/data"
import * as Arrow from "apache-arrow"
import { Effect, FileSystem } from "effect"
import { fileURLToPath } from "node:url"
import { run } from "../run.ts"
import { NodeServices } from "@effect/platform-node"

const columns = Columns.make({
  a: Column.optional(Column.float),
  b: Column.optional(Column.category(["x", "y"])),
  t: Column.optional(Column.timestamp)
})

const expected = {
  a: Float64Array.of(1, Number.NaN, 3),
  b: Int32Array.of(-1, 1, 0),
  t: Float64Array.of(Date.UTC(2012, 0, 1), Number.NaN, Date.UTC(2012, 0, 2))
}

const rows = [
  { a: 1, b: null, t: "2012-01-01" },
  { a: null, b: "y", t: null },
  { a: 3, b: "x", t: "2012-01-02" }
] as const

/** A NumPy array of one axis, in version 1 of its format. */
const npy = (type: string, data: Uint8Array): Uint8Array => {
  const rows = data.length / Number(/\d+/.exec(type)?.[0])
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${rows},), }`.padEnd(117) + "\n"
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Uint8Array.of(118, 0), Buffer.from(header), data])
}

describe("columns that may be missing", () => {
  it.effect("are read from rows in memory, null and absent alike", () =>
    Effect.gen(function* () {
      const [first, ...rest] = rows
      const table = yield* run(Source.rows([{ a: first.a, t: first.t }, ...rest], columns))
      assert.deepStrictEqual(table.values, expected)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("are read from JSON Lines", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = `${yield* files.makeTempDirectoryScoped()}/it.jsonl`
      yield* files.writeFileString(path, rows.map((row) => JSON.stringify(row)).join("\n"))
      const table = yield* run(Source.json(path, columns))
      assert.deepStrictEqual(table.values, expected)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("are read from Arrow files, whatever lies where a value is missing", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const path = `${yield* files.makeTempDirectoryScoped()}/it.arrow`
      const days = [Date.UTC(2012, 0, 1), null, Date.UTC(2012, 0, 2)]
      const vectors: ReadonlyArray<Arrow.Vector> = [
        Arrow.vectorFromArray([1, null, 3], new Arrow.Float64()),
        Arrow.vectorFromArray([1, null, 3], new Arrow.Int16()),
        Arrow.vectorFromArray([1n, null, 3n], new Arrow.Int64()),
        Arrow.vectorFromArray([null, "y", "x"], new Arrow.Utf8()),
        Arrow.vectorFromArray([null, "y", "x"], new Arrow.Dictionary(new Arrow.Utf8(), new Arrow.Int8())),
        Arrow.vectorFromArray(days, new Arrow.TimestampMillisecond()),
        Arrow.vectorFromArray(days, new Arrow.DateDay())
      ]
      for (const [index, vector] of vectors.entries()) {
        const [name, column] = Object.entries(columns)[[0, 0, 0, 1, 1, 2, 2][index]]
        const whole = new Arrow.Table({ [name]: vector })
        const cut = whole.concat(new Arrow.Table(whole.schema, whole.batches)) // two batches
        for (const table of [whole, cut]) {
          yield* files.writeFile(path, Arrow.tableToIPC(table, "file"))
          const { values } = yield* run(Source.arrow(path, { [name]: column }))
          const once = expected[name as keyof typeof expected]
          assert.deepStrictEqual(
            [...Table.numbers({ columns: {}, length: 0, ids: new Uint8Array(0), values }, name)],
            table === whole ? [...once] : [...once, ...once],
            `${name} ${index}`
          )
        }
        const strict = Source.arrow(path, { [name]: Column.complete(column) })
        assert.include((yield* Effect.flip(run(strict))).message, "declare with Column.optional")
      }
      const bad = new Arrow.Table({ b: Arrow.vectorFromArray([null, null, "z"], new Arrow.Utf8()) })
      yield* files.writeFile(path, Arrow.tableToIPC(bad, "file"))
      const refused = yield* Effect.flip(run(Source.arrow(path, { b: columns.b })))
      assert.deepStrictEqual([refused.row, refused.value], [3, "z"])
      const none = new Arrow.Table({
        a: Arrow.vectorFromArray([null, null], new Arrow.Float64()),
        b: Arrow.vectorFromArray([null, null], new Arrow.Utf8())
      })
      yield* files.writeFile(path, Arrow.tableToIPC(none, "stream"))
      const { values } = yield* run(Source.arrow(path, { a: columns.a, b: columns.b }))
      assert.deepStrictEqual(values, { a: Float64Array.of(NaN, NaN), b: Int32Array.of(-1, -1) })
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("are read from NumPy arrays: NaN, NaT and the empty text", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* files.makeTempDirectoryScoped()
      const save = (name: string, type: string, data: Uint8Array) =>
        Effect.as(files.writeFile(`${folder}/${name}.npy`, npy(type, data)), `${folder}/${name}.npy`)
      const bytes = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
      const days = BigInt64Array.of(15340n, -(2n ** 63n), 15341n)
      const a = { path: yield* save("a", "<f8", bytes(Float64Array.of(1, NaN, 3))), column: columns.a }
      const b = { path: yield* save("b", "|S1", Uint8Array.of(0, 0x79, 0x78)), column: columns.b }
      const t = { path: yield* save("t", "<M8[D]", bytes(days)), column: columns.t }
      assert.deepStrictEqual((yield* run(Source.npy({ a, b, t }))).values, expected)
      const infinite = yield* save("i", "<f4", bytes(Float32Array.of(NaN, Infinity, NaN)))
      const error = yield* Effect.flip(run(Source.npy({ a: { path: infinite, column: columns.a } })))
      assert.deepStrictEqual([error.row, error.value], [2, "Infinity"])
      const none = yield* save("n", "<f4", bytes(Float32Array.of(NaN, NaN)))
      assert.deepStrictEqual(
        [...(yield* run(Source.npy({ a: { path: none, column: columns.a } }))).values.a],
        [NaN, NaN]
      )
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("are declared by infer: the 344 penguins, two of which were not measured", () =>
    Effect.gen(function* () {
      const path = fileURLToPath(new URL("../data/penguins.json", import.meta.resolve("vega-datasets")))
      const inferred = yield* Source.infer(path)
      assert.deepStrictEqual(inferred.columns["Body Mass (g)"], Column.optional(Column.float))
      const table = yield* run(Source.json(path, { "Body Mass (g)": Column.optional(Column.float) }))
      assert.strictEqual(table.values["Body Mass (g)"].filter(Number.isNaN).length, 2)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
