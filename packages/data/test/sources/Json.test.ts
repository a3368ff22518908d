import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as fc from "fast-check"
import { gzipSync } from "node:zlib"
import { Column, Columns, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { failure, runs, vega, write } from "./files.ts"

const abc = Columns.make({
  a: Column.float,
  b: Column.category(["x", "y z", "", 'q"', "1", "true"]),
  t: Column.timestamp,
  v: Column.tensor([2, 2])
})
const good = {
  a: 1,
  b: "x",
  t: "2012-01-01",
  v: [
    [1, 2],
    [3, 4]
  ]
}
const lines = (content: string) => Effect.map(write(content, "it.jsonl"), (path) => Source.json(path, abc))
const one = <C extends Column.Column>(text: string, column: C) =>
  Effect.map(write(`[{"x": ${text}}]`, "it.json"), (path) =>
    Source.json<{ readonly x: Column.Column }>(path, { x: column })
  )

describe("Source.json", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads files of a folder in the order of code points, and none twice through a link to it", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const folder = yield* fileSystem.makeTempDirectoryScoped()
        for (const [x, name] of ["10", "9", "I", "i", "\uFFFD", "\u{1F600}"].entries()) {
          yield* fileSystem.writeFileString(`${folder}/${name}.jsonl`, `{"x":${x}}`)
        }
        const source = Source.json(folder, { x: Column.float })
        assert.deepStrictEqual([...(yield* run(source)).values.x], [0, 1, 2, 3, 4, 5])
        yield* fileSystem.symlink(folder, `${folder}/again`)
        assert.include((yield* Effect.flip(run(source))).message, "again: is a link to a folder it lies in")
      })
    )

    it.effect("reads hundreds of small files of several kinds in their order, and names the one that is broken", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const folder = yield* fileSystem.makeTempDirectoryScoped()
        const path = (index: number, ending: string) => `${folder}/${String(index).padStart(3, "0")}${ending}`
        for (let index = 0; index < 300; index++) {
          const rows = [0, 1, 2].map((row) => `{"x":${3 * index + row}}`)
          const isPacked = index % 50 > 45
          if (index % 7 === 0) yield* fileSystem.writeFileString(path(index, ".json"), `[${rows.join(",")}]`)
          else if (isPacked) yield* fileSystem.writeFile(path(index, ".jsonl.gz"), gzipSync(rows.join("\n")))
          else yield* fileSystem.writeFileString(path(index, ".jsonl"), rows.join("\n"))
        }
        const source = Source.json(folder, { x: Column.float })
        assert.deepStrictEqual([...(yield* run(source)).values.x], [...Array(900).keys()])
        yield* fileSystem.writeFileString(path(200, ".jsonl"), '{"x":600}\n{"x":')
        const error = yield* failure(source)
        assert.deepStrictEqual([error.file, error.problem], [path(200, ".jsonl"), "wrong format"])
      })
    )

    it.effect("reads Vega's 406 cars and 200,000 flights", () =>
      Effect.gen(function* () {
        const cars = yield* run(
          Source.json(vega("cars.json"), {
            Acceleration: Column.float,
            Year: Column.timestamp,
            Origin: Column.category(["USA", "Europe", "Japan"])
          })
        )
        assert.strictEqual(cars.length, 406)
        const per = [0, 1, 2].map((code) => cars.values.Origin.filter((origin) => origin === code).length)
        assert.deepStrictEqual(per, [254, 73, 79]) // counted with Python's json
        assert.strictEqual(cars.values.Year[0], Date.UTC(1970, 0, 1))
        const flights = yield* run(
          Source.json(vega("flights-200k.json"), { delay: Column.float, distance: Column.float })
        )
        assert.strictEqual(flights.length, 200_000)
        assert.strictEqual(
          flights.values.distance.reduce((sum, each) => sum + each, 0),
          145_847_125
        )
      })
    )

    it.effect("reads whatever was written, as an array and as lines", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const folder = yield* fileSystem.makeTempDirectoryScoped()
        const number = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
        const row = fc.record({
          other: fc.jsonValue(),
          a: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
          b: fc.constantFrom(...abc.b.levels),
          t: fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) }),
          v: fc.array(fc.array(number, { minLength: 2, maxLength: 2 }), { minLength: 2, maxLength: 2 })
        })
        const cases = fc.array(row, { minLength: 1, maxLength: 10 })
        const check = (
          rows: ReadonlyArray<typeof row extends fc.Arbitrary<infer A> ? A : never>,
          format: "array" | "lines"
        ) =>
          Effect.gen(function* () {
            const written = rows.map((each) => ({ ...each, t: new Date(each.t).toISOString() }))
            const text =
              format === "array"
                ? JSON.stringify(written, null, 1)
                : written.map((each) => JSON.stringify(each)).join("\n")
            const path = `${folder}/any.json${format === "array" ? "" : ".gz"}`
            yield* fileSystem.writeFile(path, format === "array" ? new TextEncoder().encode(text) : gzipSync(text))
            const { values } = yield* run(Source.json(path, abc, { format }))
            assert.deepStrictEqual(
              [...values.a],
              rows.map(({ a }) => a)
            )
            assert.deepStrictEqual(
              [...values.b],
              rows.map(({ b }) => abc.b.levels.indexOf(b))
            )
            assert.deepStrictEqual(
              [...values.t],
              rows.map(({ t }) => t)
            )
            assert.deepStrictEqual(
              [...values.v],
              rows.flatMap(({ v }) => v.flat())
            )
          }).pipe(Effect.provideService(FileSystem.FileSystem, fileSystem))
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(cases, fc.constantFrom("array" as const, "lines" as const), (rows, format) =>
              Effect.runPromise(check(rows, format))
            ),
            { numRuns: Math.min(runs, 25) }
          )
        )
      })
    )

    it.effect("takes a value by what it is", () =>
      Effect.gen(function* () {
        const value = Effect.fnUntraced(function* (text: string, column: Column.Column) {
          return [...(yield* run(yield* one(text, column))).values.x]
        })
        assert.deepStrictEqual(yield* value("9007199254740992", Column.float), [2 ** 53])
        assert.deepStrictEqual(yield* value("1e22", Column.float), [1e22])
        assert.deepStrictEqual(yield* value("123456789012345680000", Column.float), [123456789012345680000])
        assert.deepStrictEqual(yield* value("0.1", Column.float), [0.1])
        assert.deepStrictEqual(yield* value('"1969-12-31T23:59:59.5+01:00"', Column.timestamp), [-3600_500])
        assert.deepStrictEqual(yield* value("true", Column.category(["false", "true"])), [1])
        assert.deepStrictEqual(yield* value("7", Column.category(["7"])), [0])
        assert.deepStrictEqual(yield* value('"\\u00e9\\n\\ud83d\\ude00"', Column.category(["é\n😀"])), [0])
        assert.deepStrictEqual(yield* value("[0, 255]", Column.tensor([2], "uint8")), [0, 255])

        const bad: ReadonlyArray<[string, Column.Column, string | undefined]> = [
          ["9007199254740993", Column.float, "9007199254740993"],
          ["-9007199254740993", Column.float, "-9007199254740993"],
          ["18446744073709551615", Column.float, "18446744073709551615"],
          ["12345678901234567890123", Column.float, "12345678901234567890123"],
          ['"1"', Column.float, '"1"'],
          ["true", Column.float, "true"],
          ["[1]", Column.float, "[1]"],
          ["null", Column.float, undefined],
          ["NaN", Column.float, "NaN"],
          ["1325376000000", Column.timestamp, "1325376000000"],
          ['"2012"', Column.timestamp, '"2012"'],
          ["1.0", Column.category(["1", "1.0"]), "1.0"],
          ['{"a":1}', Column.category(["a"]), '{"a":1}'],
          ['[1, "2"]', Column.tensor([2]), '[1, "2"]'],
          ["[1, null]", Column.tensor([2]), "[1, null]"],
          ["[1, true]", Column.tensor([2]), "[1, true]"],
          ["[1, NaN]", Column.tensor([2]), "[1, NaN]"],
          ["[1, 2, 3]", Column.tensor([2]), "[1, 2, 3]"],
          ["[[1], [2]]", Column.tensor([2]), "[[1], [2]]"],
          ["[1, 2]", Column.tensor([2, 1]), "[1, 2]"],
          ["[[1, 2], [3]]", Column.tensor([2, 2]), "[[1, 2], [3]]"],
          ["[1, 1.5]", Column.tensor([2], "uint8"), "[1, 1.5]"],
          ["[1, 256]", Column.tensor([2], "uint8"), "[1, 256]"],
          ["[1, 1e99]", Column.tensor([2]), "[1, 1e99]"]
        ]
        for (const [text, column, value] of bad) {
          const error = yield* failure(yield* one(text, column))
          assert.strictEqual(error.problem, "bad value", text)
          assert.deepStrictEqual([error.row, error.column], [1, "x"], text)
          assert.strictEqual(error.value?.replaceAll(/\s/g, ""), value?.replaceAll(/\s/g, ""), text)
        }
      })
    )

    it.effect("names file, row, column and value, also behind blank lines and in the second file", () =>
      Effect.gen(function* () {
        const rows = [good, { ...good, a: "n/a" }, { ...good, a: null }].map((each) => JSON.stringify(each))
        const error = yield* failure(yield* lines(rows.join("\n\n")))
        assert.deepStrictEqual([error.problem, error.row, error.column, error.value], ["bad value", 2, "a", '"n/a"'])
        const { a, ...without } = good
        const missing = yield* failure(yield* lines(`${rows[0]}\n${JSON.stringify(without)}`))
        assert.include(missing.message, 'row 2, column "a" has no value')
        const renamed = yield* failure(yield* lines(`${rows[0]}\n${JSON.stringify({ ...without, A: a })}`))
        assert.include(renamed.message, 'row 2, column "a" has no value')

        const fileSystem = yield* FileSystem.FileSystem
        const folder = yield* fileSystem.makeTempDirectoryScoped()
        yield* fileSystem.writeFileString(`${folder}/a.json`, `[${rows[0]},${rows[0]}]`)
        yield* fileSystem.writeFileString(`${folder}/b.jsonl`, rows.join("\n"))
        const second = yield* failure(Source.json(folder, abc))
        assert.deepStrictEqual([second.file, second.row], [`${folder}/b.jsonl`, 2])
      })
    )

    it.effect("says what is wrong with a file", () =>
      Effect.gen(function* () {
        const row = JSON.stringify(good)
        const cases: ReadonlyArray<[string | Uint8Array, string, Source.Problem]> = [
          ["", "it.json", "empty file"],
          ["[]", "it.json", "empty file"],
          [" \n", "it.jsonl", "empty file"],
          [row, "it.json", "wrong format"],
          [`[${row}]`, "it.jsonl", "wrong format"],
          [`[${row},5]`, "it.json", "wrong format"],
          [`[${row}`, "it.json", "wrong format"],
          [`[${row}] x`, "it.json", "wrong format"],
          [`[${row},]`, "it.json", "wrong format"],
          [`${row}${row}`, "it.jsonl", "wrong format"],
          [`\uFEFF${row}`, "it.jsonl", "wrong format"],
          [row.replace('"a":1', '"a":1,"a":2'), "it.jsonl", "wrong format"],
          [row.replace('"x"', '"\\ud800"'), "it.jsonl", "wrong format"],
          [Uint8Array.from([...new TextEncoder().encode('{"a": "'), 0xff, 0x22, 0x7d]), "it.jsonl", "wrong format"],
          [Buffer.from(`[${row}]`, "utf16le"), "it.json", "wrong format"],
          ["a,b\n1,2", "it.json", "wrong format"]
        ]
        for (const [content, name, problem] of cases) {
          const error = yield* failure(Source.json(yield* write(content, name), abc))
          assert.strictEqual(error.problem, problem, `${content}`)
          assert.isTrue(error.file.endsWith(name), error.message)
        }
        const twins = yield* failure(Source.json(yield* write(row, "it.jsonl"), { a: Column.float, A: Column.float }))
        assert.strictEqual(twins.problem, "bad columns")
      })
    )
  })
})
