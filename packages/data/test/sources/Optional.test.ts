import { assert, describe, it } from "@effect/vitest"
import { Column, Columns, Source } from "@watertight/data"
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
