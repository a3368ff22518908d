import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Arrow from "apache-arrow"
import { Effect, FileSystem } from "effect"
import * as fc from "fast-check"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Column, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { failure, fixture, runs, write } from "./files.ts"

/** Writes numbers as numpy.save does. */
const npyOf = (values: Float64Array, shape: ReadonlyArray<number>): Uint8Array => {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117) + "\n"
  const head = Buffer.alloc(10)
  head.write("\x93NUMPY\x01\x00", "latin1")
  head.writeUInt16LE(header.length, 8)
  return Buffer.concat([head, Buffer.from(header), Buffer.from(values.buffer)])
}

const good = (value: number | null | undefined): boolean => Number.isFinite(value)

/** Rows in runs, so that bad ones stand alone, beside each other and around the pieces that are read again. */
const rowsOf = fc
  .array(fc.tuple(fc.constantFrom(1.5, -0, Number.NaN, Infinity), fc.integer({ min: 1, max: 300 })), {
    minLength: 1,
    maxLength: 8
  })
  .map((parts) => [1, ...parts.flatMap(([value, count]) => Array.from({ length: count }, () => value))])

describe("Source.quarantine of arrays", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("keeps exactly the rows that decode, in their order, of npy and Arrow files", () =>
      Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
        Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(rowsOf, async (rows) => {
              const bad = rows.flatMap((value, row) => (good(value) ? [] : [row + 1]))
              const both = Effect.gen(function* () {
                const npy = yield* write(npyOf(Float64Array.from(rows), [rows.length]), "x.npy")
                const nulls = Arrow.vectorFromArray(
                  rows.map((value) => (Number.isNaN(value) ? null : value)),
                  new Arrow.Float64()
                )
                const ipc = yield* write(Arrow.tableToIPC(new Arrow.Table({ x: nulls }), "file"), "x.arrow")
                const pairs = [
                  Source.quarantine(Source.npy({ x: { path: npy, column: Column.float } })),
                  Source.quarantine(Source.arrow(ipc, { x: Column.float }))
                ]
                for (const { quarantine, table } of pairs) {
                  assert.deepStrictEqual([...(yield* run(table)).values.x], rows.filter(good))
                  const left = yield* run(quarantine)
                  assert.deepStrictEqual(
                    left.setAside.map(({ row }) => row),
                    bad
                  )
                  assert.deepStrictEqual([left.rows, left.kept], [rows.length, rows.length - bad.length])
                }
              })
              await Effect.runPromise(
                Effect.scoped(both).pipe(Effect.provideService(FileSystem.FileSystem, fileSystem))
              )
            }),
            { numRuns: Math.ceil(runs / 4) }
          )
        )
      )
    )

    it.effect("names file, row, column and value, for every kind of Arrow column", () =>
      Effect.gen(function* () {
        const lists = Arrow.vectorFromArray(
          [[1, 2], [1, 300], [3, 4], [5], [6, null]],
          new Arrow.List(Arrow.Field.new({ name: "item", type: new Arrow.Int32() }))
        )
        const zones = Arrow.vectorFromArray(
          ["a", "b", "z", null, "a"],
          new Arrow.Dictionary(new Arrow.Utf8(), new Arrow.Int32())
        )
        const past = Arrow.vectorFromArray([1n, 2n ** 53n + 1n, 3n, 4n, null], new Arrow.Int64())
        const words = Arrow.vectorFromArray(["x", null, "y", "z", "é"], new Arrow.Utf8())
        const path = yield* write(
          Arrow.tableToIPC(new Arrow.Table({ lists, zones, past, words }), "stream"),
          "it.arrows"
        )
        const cases: ReadonlyArray<[string, Column.Column, ReadonlyArray<number | string>, ReadonlyArray<number>]> = [
          ["lists", Column.tensor([2], "uint8"), [1, 2, 3, 4], [2, 4, 5]],
          ["zones", Column.category(["a", "b"]), [0, 1, 0], [3, 4]],
          ["zones", Column.optional(Column.category(["a", "b"])), [0, 1, -1, 0], [3]],
          ["past", Column.float, [1, 3, 4], [2, 5]],
          ["past", Column.optional(Column.float), [1, 3, 4, Number.NaN], [2]],
          ["words", Column.text, ["x", "y", "z", "é"], [2]]
        ]
        for (const [name, column, values, rows] of cases) {
          const { quarantine, table } = Source.quarantine(Source.arrow(path, { [name]: column }))
          assert.deepStrictEqual(
            Array.from((yield* run(table)).values[name] as ArrayLike<number | string>),
            values,
            name
          )
          const { setAside } = yield* run(quarantine)
          assert.deepStrictEqual(
            setAside.map(({ row }) => row),
            rows,
            name
          )
          assert.strictEqual(setAside[0].file, "it.arrows")
        }
        const { quarantine } = Source.quarantine(Source.arrow(path, { past: Column.float, words: Column.text }))
        assert.deepStrictEqual((yield* run(quarantine)).setAside, [
          {
            file: "it.arrows",
            row: 2,
            column: "past",
            value: "9007199254740993",
            reason: "is not a finite number that a float64 holds (whole ones past 2^53 may not)"
          },
          { file: "it.arrows", row: 5, column: "past", value: "", reason: "has no value" }
        ])
        const wrong = yield* failure(Source.quarantine(Source.arrow(path, { words: Column.float })).table)
        assert.include(["wrong type", "wrong format"], wrong.problem)
      })
    )

    it.effect("sets aside rows of npy tensors and texts, npz arrays and idx labels", () =>
      Effect.gen(function* () {
        const pairs = yield* write(npyOf(Float64Array.of(1, 2, Number.NaN, 4, 5, 6), [3, 2]), "x.npy")
        const tensors = Source.quarantine(Source.npy({ x: { path: pairs, column: Column.tensor([2]) } }))
        assert.deepStrictEqual([...(yield* run(tensors.table)).values.x], [1, 2, 5, 6])
        const [first] = (yield* run(tensors.quarantine)).setAside
        assert.deepStrictEqual([first.file, first.row, first.value], ["x.npy", 2, "NaN"])
        const some = { text: Column.category(["a", "é😀"]) }
        const npz = Source.quarantine(Source.npz(fixture("packed.npz"), some))
        assert.deepStrictEqual([...(yield* run(npz.table)).values.text], [0, 1])
        assert.strictEqual((yield* run(npz.quarantine)).kept, 2)
        const labels = yield* write(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 4, 0, 9, 1, 2), "labels")
        const idx = Source.quarantine(Source.idx({ label: { path: labels, column: Column.category(["0", "1"]) } }))
        assert.deepStrictEqual([...(yield* run(idx.table)).values.label], [0, 1])
        assert.deepStrictEqual(
          (yield* run(idx.quarantine)).setAside.map(({ row, value }) => [row, value]),
          [
            [2, "9"],
            [4, "2"]
          ]
        )
        const none = Source.quarantine(Source.npy({ x: { path: pairs, column: Column.tensor([2]) } }), { atMost: 0.1 })
        assert.include((yield* failure(none.table)).message, "would lose 1 of 3 rows")
      })
    )

    it.effect("reads arrays from an address", () =>
      Effect.gen(function* () {
        const bytes = readFileSync(fixture("many-lz4.arrow"))
        const server = yield* Effect.acquireRelease(
          Effect.promise(
            () =>
              new Promise<ReturnType<typeof createServer>>((done) => {
                const made = createServer((_, response) => response.end(bytes)).listen(0, "127.0.0.1", () => done(made))
              })
          ),
          (server) => Effect.sync(() => server.closeAllConnections() ?? server.close())
        )
        const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/many.arrow`
        const sha256 = createHash("sha256").update(bytes).digest("hex")
        const read = (file: string) => Source.arrow(file, { steps: Column.float })
        const source = Source.remote(address, read, { sha256, retries: 0 })
        assert.strictEqual((yield* run(source)).length, 10_000)
        const npy = (file: string) => Source.npy({ x: { path: file, column: Column.float } })
        assert.strictEqual((yield* failure(Source.remote(address, npy, { sha256, retries: 0 }))).file, address)
      })
    )
  })
})
