import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Result } from "effect"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Ipc from "../../src/internal/arrow/ipc.ts"
import { Column, Columns, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { expected, externalOf, failure, fixture, shown, Types, vega, write } from "./files.ts"

const { decimal, ...Readable } = Types
const { decimal: digits, ...numbers } = expected.numbers
void [decimal, digits]

const refusal = (name: string, column: Column.Column) => failure(Source.arrow(fixture("bad.arrow"), { [name]: column }))

describe("Source.arrow", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads every type as pyarrow wrote it, from files of several batches and from streams", () =>
      Effect.gen(function* () {
        for (const name of ["types.arrow", "types.arrows"]) {
          const { columns, ids, length, values } = yield* run(Source.arrow(fixture(name), Readable))
          const all = { ...values, decimal: new Float64Array(0) }
          const found = shown({ columns: { ...columns, decimal: Column.float }, ids, length, values: all })
          assert.deepStrictEqual(found, { ...expected, numbers: { ...numbers, decimal: [] } })
        }
      })
    )

    it.effect("reads bodies that pyarrow compressed by LZ4 and ZSTD", () =>
      Effect.gen(function* () {
        for (const codec of ["lz4", "zstd"]) {
          for (const ending of ["arrow", "arrows"]) {
            const { columns, ids, length, values } = yield* run(
              Source.arrow(fixture(`types-${codec}.${ending}`), Readable)
            )
            const all = { ...values, decimal: new Float64Array(0) }
            const found = shown({ columns: { ...columns, decimal: Column.float }, ids, length, values: all })
            assert.deepStrictEqual(found, { ...expected, numbers: { ...numbers, decimal: [] } })
          }
          const columns = { steps: Column.float, turns: Column.float, zeros: Column.float, mixed: Column.float }
          const { length, values } = yield* run(Source.arrow(fixture(`many-${codec}.arrow`), columns))
          assert.strictEqual(length, 10_000)
          for (let row = 0; row < length; row++) {
            const mixed = ((row * 2_654_435_761) % 2 ** 32) / 2 ** 32
            assert.deepStrictEqual(
              [values.steps[row], values.turns[row], values.zeros[row], values.mixed[row]],
              [row, (row % 97) / 2, 0, mixed]
            )
          }
        }
      })
    )

    it.effect("unpacks no more than it may, whatever the file claims", () =>
      Effect.gen(function* () {
        const columns = { zeros: Column.float }
        for (const codec of ["lz4", "zstd"]) {
          const path = fixture(`many-${codec}.arrow`)
          const bytes = readFileSync(path)
          const packed = yield* failure(Source.arrow(path, columns, { maxBytes: 319_999 }))
          assert.include(packed.message, "more than 319999 bytes")
          assert.strictEqual((yield* run(Source.arrow(path, columns, { maxBytes: 320_000 }))).length, 10_000)
          const claims = [...bytes.keys()].filter(
            (at) => at % 8 === 0 && at + 8 <= bytes.length && bytes.readBigInt64LE(at) === 72_000n
          )
          assert.isAtLeast(claims.length, 4)
          for (const claim of [2n ** 62n, 72_001n, 71_999n, 2n ** 31n - 1n, 0n, -2n]) {
            for (const at of claims) {
              const made = Buffer.from(bytes)
              made.writeBigInt64LE(claim, at)
              const outcome = yield* Effect.result(run(Source.arrow(yield* write(made, "it.arrow"), columns)))
              // some places are no claim but a length in the metadata: these are verified, or of other columns
              if (Result.isSuccess(outcome)) assert.isTrue(outcome.success.values.zeros.every((zero) => zero === 0))
              else assert.strictEqual(outcome.failure.problem, "wrong format")
            }
          }
        }
      })
    )

    it.effect("reads 200,000 flights", () =>
      Effect.gen(function* () {
        const columns = { delay: Column.float, distance: Column.float }
        const { values } = yield* run(Source.arrow(vega("flights-200k.arrow"), columns))
        assert.deepStrictEqual([values.delay.length, values.distance[0]], [200_000, 1452])
      })
    )

    it.effect("reads what Watertight stores", () =>
      Effect.gen(function* () {
        const columns = Columns.make({
          at: Column.timestamp,
          fine: Column.timestamp,
          image: Column.tensor([2, 2], "uint8"),
          zone: Column.category(["a", "b"])
        })
        const values = {
          at: Float64Array.of(0, -1),
          fine: Float64Array.of(0.001, 1),
          image: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
          zone: Int32Array.of(1, 0)
        }
        const path = yield* write(Ipc.encode({ columns, values, length: 2 }), "own.arrow")
        assert.deepStrictEqual((yield* run(Source.arrow(path, columns))).values, values)
        const other = yield* failure(Source.arrow(path, { image: Column.tensor([4], "uint8") }))
        assert.strictEqual(other.problem, "wrong type") // the same numbers, but not the same shape
      })
    )

    it.effect("names row, column and value of what a column does not take", () =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<[string, Column.Column, string | undefined]> = [
          ["past", Column.float, "9007199254740993"],
          ["nan", Column.float, "NaN"],
          ["null", Column.float, undefined],
          ["nanoseconds", Column.timestamp, "0.000001"],
          ["level", Column.category(["a"]), "b"],
          ["text", Column.category(["a"]), "b"],
          ["ragged", Column.tensor([2]), "[3]"],
          ["inner", Column.tensor([2]), "[3,null]"],
          ["past", Column.category(["1"]), "9007199254740993"]
        ]
        for (const [name, column, value] of cases) {
          const error = yield* refusal(name, column)
          assert.deepStrictEqual([error.problem, error.row, error.column], ["bad value", 2, name])
          assert.strictEqual(error.value, value, name)
        }
      })
    )

    it.effect("ends on metadata that made apache-arrow loop, whichever byte of it is damaged", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const path = yield* write("", "it.arrow")
        const damaged = Effect.fnUntraced(function* (name: string, changes: ReadonlyArray<readonly [number, number]>) {
          const bytes = yield* fileSystem.readFile(fileURLToPath(fixture(name)))
          for (const [at, to] of changes) bytes[at] = to
          yield* fileSystem.writeFile(path, bytes)
          return yield* Effect.result(run(Source.arrow(path, Readable)))
        })
        // two bytes that fuzzing found: a block of record batches that points to a message of another kind
        const wrongKind = yield* damaged("types.arrow", [
          [3249, 0xb8],
          [5504, 0x53]
        ])
        assert.isTrue(Result.isFailure(wrongKind) && wrongKind.failure.problem === "wrong format")
        for (const name of ["types.arrow", "types.arrows"]) {
          const { length } = yield* fileSystem.readFile(fileURLToPath(fixture(name)))
          for (let at = 3; at < length; at += 11) {
            const result = yield* damaged(name, [[at, 0x7f]])
            if (Result.isFailure(result)) assert.instanceOf(result.failure, Source.SourceError)
            else assert.strictEqual(result.success.length, 3)
          }
        }
      })
    )

    it.effect("says what is wrong with a file", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const types: ReadonlyArray<[string, Column.Column]> = [
          ["half", Column.float],
          ["decimal", Column.float],
          ["text", Column.float],
          ["past", Column.timestamp],
          ["nan", Column.category(["1"])],
          ["nan", Column.timestamp],
          ["ragged", Column.tensor([2, 1])],
          ["ragged", Column.float],
          ["text", Column.tensor([1])]
        ]
        for (const [name, column] of types) {
          const error = yield* refusal(name, column)
          assert.strictEqual(error.problem, "wrong type", name)
          assert.include(error.message, `in column "${name}", which is no ${column.kind} column`)
        }
        assert.strictEqual((yield* refusal("nothing", Column.float)).problem, "bad header")
        const X = { past: Column.category(["1"]) }
        const problem = (path: string | URL, columns: Columns.Columns = X) =>
          Effect.map(failure(Source.arrow(path, columns)), (error) => error.problem)
        assert.strictEqual(yield* problem(fixture("bad.arrow"), {}), "bad columns")
        assert.strictEqual(yield* problem("no/such.arrow"), "missing file")
        assert.notStrictEqual(yield* problem(yield* write("", "empty.arrow")), "bad value")
        assert.notStrictEqual(yield* problem(yield* write("a,b\n1,2\n", "text.arrow")), "bad value")
        const bytes = yield* fileSystem.readFile(fileURLToPath(fixture("bad.arrow")))
        for (const end of [8, 100, 1000, bytes.length - 200]) {
          const path = yield* write(bytes.subarray(0, end), "cut.arrow")
          assert.include(["wrong format", "bad header", "empty file"], yield* problem(path), String(end))
        }
        const [here, there] = [yield* write(bytes, "it.arrow"), yield* write(bytes, "it.arrow")]
        assert.strictEqual(yield* externalOf(Source.arrow(here, X)), yield* externalOf(Source.arrow(there, X)))
      })
    )
  })
})
