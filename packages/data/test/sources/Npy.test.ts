import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { Column, Columns, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { externalOf, failure, fixture, write } from "./files.ts"

const wanted: Readonly<Record<string, ReadonlyArray<number | string>>> = JSON.parse(
  readFileSync(fixture("npy.json"), "utf8")
)
const All = Columns.make({
  int8: Column.float,
  big: Column.float,
  uint32: Column.float,
  int64: Column.float,
  float32: Column.float,
  float64: Column.float,
  days: Column.timestamp,
  seconds: Column.timestamp,
  micros: Column.timestamp,
  text: Column.category(["", "é😀", "a"]),
  bytes: Column.category(["a", "bc", ""]),
  boolean: Column.category(["false", "true"]),
  label: Column.category(["-1", "0", "7"]),
  image: Column.tensor([2, 2], "uint8"),
  doubles: Column.tensor([2])
})

/** Writes a `.npy` file by hand. */
const npy = (descr: string, shape: string, data: ArrayLike<number>, order = "False") => {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`.padEnd(117) + "\n"
  const length = [text.length & 255, text.length >> 8]
  return Uint8Array.from([0x93, ...Buffer.from("NUMPY"), 1, 0, ...length, ...Buffer.from(text), ...Array.from(data)])
}
const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
const refusal = Effect.fnUntraced(function* (content: Uint8Array, column: Column.Column) {
  const path = yield* write(content, "x.npy")
  return yield* failure(Source.npy<{ readonly x: Column.Column }>({ x: { path, column } }))
})

describe("Source.npz", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads every type as NumPy wrote it, stored and packed", () =>
      Effect.gen(function* () {
        for (const name of ["stored.npz", "packed.npz"]) {
          const table = yield* run(Source.npz(fixture(name), All))
          for (const [column, values] of Object.entries(table.values)) {
            const { levels } = All[column as keyof typeof All] as { readonly levels?: ReadonlyArray<string> }
            const shown = Array.from(values, (value: number) => levels?.[value] ?? value)
            assert.deepStrictEqual(shown, wanted[column], column)
          }
        }
      })
    )

    it.effect("refuses archives that are broken, too large, or lead elsewhere", () =>
      Effect.gen(function* () {
        const stored = readFileSync(fixture("stored.npz"))
        const read = (columns: Columns.Columns, bytes: Uint8Array = stored, options?: { readonly maxBytes: number }) =>
          Effect.flatMap(write(bytes, "it.npz"), (path) => failure(Source.npz(path, columns, options)))
        const X = { int8: Column.float }
        const missing = yield* read({ other: Column.float })
        assert.deepStrictEqual([missing.problem, missing.column], ["bad header", "other"])
        assert.strictEqual((yield* read(X, stored.subarray(0, -30))).problem, "wrong format")
        assert.strictEqual((yield* read(X, new Uint8Array(0))).problem, "wrong format")
        assert.include(
          (yield* read({ image: All.image }, stored, { maxBytes: 100 })).message,
          "more than the 100 bytes"
        )

        const damaged = Uint8Array.from(stored)
        damaged[damaged.indexOf(0x80, 128)] ^= 1 // int8's -128, the first byte of its data
        assert.include((yield* read(X, damaged)).message, "its checksum is not the one recorded")
        const renamed = (from: string, to: string) =>
          Buffer.from(stored.toString("latin1").replaceAll(from, to), "latin1")
        assert.include((yield* read(X, renamed("uint32.npy", "../../.npy"))).message, "invalid relative path")
        assert.include((yield* read(X, renamed("uint32.npy", "/abcde.npy"))).message, "absolute path")
        assert.include((yield* read(X, renamed("float64.npy", "float32.npy"))).message, '"float32.npy" twice')
      })
    )
  })
})

describe("Source.npy", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads one file for each column", () =>
      Effect.gen(function* () {
        const source = Source.npy({
          int64: { path: fixture("int64.npy"), column: Column.float },
          micros: { path: fixture("micros.npy"), column: Column.timestamp },
          text: { path: fixture("text.npy"), column: Column.category(["a", "é😀", ""]) },
          image: { path: fixture("image.npy"), column: Column.tensor([2, 2]) }
        })
        const { values } = yield* run(source)
        assert.deepStrictEqual([...values.int64], wanted.int64)
        assert.deepStrictEqual([...values.micros], wanted.micros)
        assert.deepStrictEqual([...values.text], [0, 1, 2])
        assert.deepStrictEqual(values.image, Float32Array.from(wanted.image, Number))
        assert.strictEqual(yield* externalOf(source), yield* externalOf(source))
      })
    )

    it.effect("names row, column and value of what a column does not take", () =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<[string, ArrayBufferView, Column.Column, string]> = [
          ["<i8", BigInt64Array.of(1n, 2n ** 53n + 1n), Column.float, "9007199254740993"],
          ["<f8", Float64Array.of(1, Number.NaN), Column.float, "NaN"],
          ["<f4", Float32Array.of(1, Infinity), Column.float, "Infinity"],
          ["<M8[us]", BigInt64Array.of(1n, -(2n ** 63n)), Column.timestamp, "-9223372036854775808"],
          ["<M8[ns]", BigInt64Array.of(1000n, 1n), Column.timestamp, "1"],
          ["<i4", Int32Array.of(0, 3), Column.category(["0", "1"]), "3"],
          ["|b1", Uint8Array.of(0, 2), Column.category(["false", "true"]), "byte 2"],
          ["|S1", Uint8Array.of(0x61, 0xe9), Column.category(["a", "é"]), "\u{fffd}"],
          ["<U1", Uint32Array.of(0x61, 0x110000), Column.category(["a"]), "\u{fffd}"]
        ]
        for (const [descr, values, column, value] of cases) {
          const error = yield* refusal(npy(descr, "(2,)", bytesOf(values)), column)
          assert.deepStrictEqual([error.problem, error.row, error.column, error.value], ["bad value", 2, "x", value])
        }
        const whole = bytesOf(Int32Array.of(1, 2, 3, 2 ** 24 + 1))
        const tensor = yield* refusal(npy("<i4", "(2, 2)", whole), Column.tensor([2]))
        assert.deepStrictEqual([tensor.row, tensor.value], [2, "16777217"])
      })
    )

    it.effect("says what is wrong with a file", () =>
      Effect.gen(function* () {
        const one = bytesOf(Float64Array.of(1))
        const good = npy("<f8", "(1,)", one)
        const objects = readFileSync(fixture("objects.npy"))
        const cases: ReadonlyArray<[Uint8Array, Column.Column, Source.Problem, string]> = [
          [new Uint8Array(0), Column.float, "empty file", "is empty"],
          [Buffer.from("a,b\n1,2\n3,4\n"), Column.float, "wrong format", "no .npy file"],
          [good.subarray(0, 100), Column.float, "truncated", "inside its header"],
          [good.subarray(0, -1), Column.float, "truncated", "has 7 bytes after its header, which asks for 8"],
          [Uint8Array.from([...good, 0]), Column.float, "too long", "has 9 bytes"],
          [npy("<f8", "(99999999999999999999,)", one), Column.float, "truncated", "asks for"],
          [npy("<f8", "(0,)", []), Column.float, "empty file", "no rows"],
          [npy("<f8", "()", one), Column.float, "wrong shape", "without rows"],
          [npy("<f8", "(1, 1)", one), Column.float, "wrong shape", "rows of the shape [1]"],
          [npy("<f8", "(1, 1)", one), Column.tensor([1, 1]), "wrong shape", "takes [1, 1]"],
          [npy("<f2", "(4,)", one), Column.float, "wrong type", "the type f2"],
          [npy("<M8[Y]", "(1,)", one), Column.timestamp, "wrong type", "M8[Y]"],
          [npy("<i8", "(1,)", one), Column.timestamp, "wrong type", "no timestamp column"],
          [npy("<M8[s]", "(1,)", one), Column.float, "wrong type", "no float column"],
          [npy("<f8", "(1,)", one), Column.category(["1"]), "wrong type", "no category column"],
          [npy("<U2", "(1,)", one), Column.float, "wrong type", "no float column"],
          [objects, Column.float, "wrong type", "Python objects, which are never loaded"],
          [readFileSync(fixture("fortran.npy")), Column.tensor([3]), "wrong shape", "Fortran order"],
          [readFileSync(fixture("record.npy")), Column.float, "wrong format", "a header that is not read"]
        ]
        for (const [bytes, column, problem, text] of cases) {
          const error = yield* refusal(bytes, column)
          assert.strictEqual(error.problem, problem, text)
          assert.include(error.message, text)
        }
        const two = yield* write(npy("|u1", "(2,)", [1, 2]), "two.npy")
        const three = yield* write(npy("|u1", "(3,)", [1, 2, 3]), "three.npy")
        const files = { a: { path: two, column: Column.float }, b: { path: three, column: Column.float } }
        assert.strictEqual((yield* failure(Source.npy(files))).problem, "counts differ")
        assert.strictEqual((yield* failure(Source.npy({}))).problem, "bad columns")
      })
    )
  })
})
