import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Ledger, Pipeline, Scratch, Store } from "@watertight/core"
import { Effect, FileSystem } from "effect"
import * as fc from "fast-check"
import { tmpdir } from "node:os"
import { gzipSync } from "node:zlib"
import { Column, Columns, RowId, Source, Table } from "../../src/index.ts"
import * as Threads from "../../src/internal/threads/pool.ts"
import * as Csv from "../../src/sources/Csv.ts"
import { run } from "../run.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const write = Effect.fnUntraced(function* (content: string | Uint8Array, name = "data.csv") {
  const fileSystem = yield* FileSystem.FileSystem
  const path = `${yield* fileSystem.makeTempDirectoryScoped()}/${name}`
  yield* fileSystem.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content)
  return path
})

const abc = Columns.make({ a: Column.float, b: Column.category(["x", "y z", "", 'q"'] as const), t: Column.timestamp })
const read = Effect.fnUntraced(function* (content: string | Uint8Array, name?: string) {
  return yield* run(Source.csv(yield* write(content, name), abc))
})
const failure = (content: string | Uint8Array) =>
  Effect.flip(Effect.catchTag(read(content), "PlatformError", (error) => Effect.die(error)))

const quote = (cell: string) => (/[",\r\n]/.test(cell) || cell === "" ? `"${cell.replaceAll('"', '""')}"` : cell)

describe("Source.csv", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads the 1,461 days of Seattle's weather", () =>
      Effect.gen(function* () {
        const path = new URL("../data/seattle-weather.csv", import.meta.resolve("vega-datasets"))
        const table = yield* run(
          Source.csv(path, {
            date: Column.timestamp,
            temp_max: Column.float,
            weather: Column.category(["drizzle", "rain", "sun", "snow", "fog"])
          })
        )
        const { date, temp_max, weather } = table.values
        assert.strictEqual(table.length, 1461)
        assert.deepStrictEqual([date[0], date[1460]], [Date.UTC(2012, 0, 1), Date.UTC(2015, 11, 31)])
        assert.isTrue(date.every((day, index) => index === 0 || day - date[index - 1] === 86_400_000))
        assert.deepStrictEqual(temp_max.slice(0, 4), Float64Array.of(12.8, 10.6, 11.7, 12.2))
        const perKind = table.columns.weather.levels.map((_, code) => weather.filter((kind) => kind === code).length)
        assert.deepStrictEqual(perKind, [53, 641, 640, 26, 101]) // counted with awk
      })
    )

    it.effect("reads whatever was written", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const folder = yield* fileSystem.makeTempDirectoryScoped()
        const cell = fc.record({
          a: fc.double({ noNaN: true, noDefaultInfinity: true }),
          b: fc.constantFrom(...abc.b.levels),
          t: fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) }),
          other: fc.string()
        })
        const breaks = fc.constantFrom("\n", "\r\n")
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(
              fc.array(cell, { minLength: 1, maxLength: 20 }),
              breaks,
              fc.boolean(),
              (rows, lineBreak, gzip) => {
                const lines = rows.map(({ a, b, other, t }) =>
                  [other.replaceAll("\0", ""), new Date(t).toISOString(), String(Object.is(a, -0) ? "-0" : a), b]
                    .map(quote)
                    .join(",")
                )
                const text = ['"the ""other"", one",t,a,b', ...lines].join(lineBreak)
                const path = `${folder}/any[1]*.csv${gzip ? ".gz" : ""}`
                return Effect.runPromise(
                  Effect.gen(function* () {
                    yield* fileSystem.writeFile(path, gzip ? gzipSync(text) : new TextEncoder().encode(text))
                    const table = yield* run(Source.csv(path, abc))
                    assert.deepStrictEqual(
                      table.values.a,
                      Float64Array.from(rows, ({ a }) => a)
                    )
                    assert.deepStrictEqual(
                      table.values.b,
                      Int32Array.from(rows, ({ b }) => abc.b.levels.indexOf(b))
                    )
                    assert.deepStrictEqual(
                      table.values.t,
                      Float64Array.from(rows, ({ t }) => t)
                    )
                  }).pipe(Effect.provideService(FileSystem.FileSystem, fileSystem))
                )
              }
            ),
            { numRuns: Math.min(runs, 25) }
          )
        )
      })
    )

    it.effect("reads instants as UTC, with offsets, whatever the machine's zone", () =>
      Effect.gen(function* () {
        const written: ReadonlyArray<[string, number]> = [
          ["2012-03-11", Date.UTC(2012, 2, 11)],
          ["2012-03-11T02:30", Date.UTC(2012, 2, 11, 2, 30)],
          ["2012-03-11 02:30:01.5Z", Date.UTC(2012, 2, 11, 2, 30, 1, 500)],
          ["2012-03-11T02:30:00+05:30", Date.UTC(2012, 2, 10, 21)],
          ["2012-03-11T02:30:00-0800", Date.UTC(2012, 2, 11, 10, 30)],
          ["2012-03-11T02:30:00.123456Z", Date.UTC(2012, 2, 11, 2, 30, 0, 123) + 0.456],
          ["1500-01-01", Date.parse("1500-01-01T00:00:00Z")]
        ]
        const text = ["t", ...written.map(([cell]) => cell)].join("\n")
        const path = yield* write(text)
        const before = process.env.TZ
        const zones = yield* Effect.forEach(["America/New_York", "Asia/Kathmandu"], (zone) =>
          Effect.suspend(() => {
            process.env.TZ = zone
            return run(Source.csv(path, { t: Column.timestamp }))
          })
        ).pipe(
          Effect.ensuring(
            Effect.sync(() => {
              if (before === undefined) delete process.env.TZ
              else process.env.TZ = before
            })
          )
        )
        for (const table of zones)
          assert.deepStrictEqual(
            [...table.values.t],
            written.map(([, time]) => time)
          )
      })
    )

    it.effect("keeps the order of the file, also of a long one", () =>
      Effect.gen(function* () {
        const length = 150_000
        const text = `x\n${Array.from({ length }, (_, row) => row).join("\n")}\n`
        const table = yield* run(Source.csv(yield* write(text), { x: Column.float }))
        assert.strictEqual(table.length, length)
        assert.isTrue(table.values.x.every((x, row) => x === row))
      })
    )

    it.effect("gives the same table and the same quarantine in any number of threads, also packed", () =>
      Effect.gen(function* () {
        const columns = { x: Column.float, s: Column.text, c: Column.optional(Column.category(["a", "b"])) }
        const lines = Array.from({ length: 60_000 }, (_, row) =>
          row % 7000 === 6999
            ? `${row},"é",c`
            : row % 9000 === 8999
              ? `${row}`
              : `${row / 8},"lines\n${row}, ""and"" more",b`
        )
        const text = `x,s,c\n${lines.join("\n")}`
        const digests = new Set<string>()
        for (const threads of [1, 2, 3, 4]) {
          const path = yield* threads === 4 ? write(gzipSync(text), "it.csv.gz") : write(text)
          const { quarantine, table } = yield* Csv.readTable(path, columns, {}, "set aside").pipe(
            Effect.provideService(Threads.size, threads)
          )
          assert.deepStrictEqual([quarantine.rows, quarantine.kept], [60_000, 60_000 - 8 - 6])
          assert.deepStrictEqual(quarantine.setAside[1], { ...quarantine.setAside[1], row: 9000, value: "8999" })
          const places = quarantine.setAside.map(({ row }) => row)
          digests.add(`${Table.digest(table)} ${JSON.stringify(places)}`)
        }
        assert.strictEqual(digests.size, 1)
      })
    )

    it.effect(
      "reads a file whose rows become shorter and more than its beginning promises, in memory and on disk",
      () =>
        Effect.gen(function* () {
          const [long, short] = [6000, 400_000]
          const columns = { x: Column.float, y: Column.float, c: Column.category(["a", "b"]) }
          const text =
            "x,y,c,other\n" +
            Array.from({ length: long }, (_, row) => `${row},0.5,a,${"-".repeat(400)}\n`).join("") +
            Array.from({ length: short }, (_, row) => `${row},,b,\n`.replace(",,", `,${row % 10},`)).join("")
          const path = yield* write(text)
          const digests = new Set<string>()
          for (const inMemory of [2 ** 30, 2 ** 20]) {
            const { table } = yield* Csv.readTable(path, columns, {}, "fail").pipe(
              Effect.provideService(Scratch.Settings, { folder: tmpdir(), inMemory })
            )
            const { c, x, y } = table.values
            assert.strictEqual(table.length, long + short)
            for (const row of [0, long - 1, long, long + short - 1]) {
              const place = row < long ? row : row - long
              assert.deepStrictEqual([x[row], y[row], c[row]], row < long ? [place, 0.5, 0] : [place, place % 10, 1])
            }
            const expected = RowId.ofContent(columns, { x: x.slice(), y: y.slice(), c: c.slice() }, table.length)
            assert.strictEqual(Buffer.compare(table.ids, expected), 0)
            digests.add(Table.digest(table))
          }
          assert.strictEqual(digests.size, 1)
        })
    )

    it.effect("takes a byte order mark, blank lines, spaces around numbers and another delimiter", () =>
      Effect.gen(function* () {
        const table = yield* read('\uFEFFt,a,b\n2012-01-01, 1.5 ,x\n\n2012-01-02,-2e3,"y z"\n\n')
        assert.deepStrictEqual([...table.values.a], [1.5, -2000])
        assert.deepStrictEqual([...table.values.b], [0, 1])
        const path = yield* write("p\tq\n1\t2\n", "data.tsv")
        const tabs = yield* run(Source.csv(path, { q: Column.float }, { delimiter: "\t" }))
        assert.deepStrictEqual([...tabs.values.q], [2])
      })
    )

    it.effect("takes line breaks of either kind, in the header too, and texts letter for letter", () =>
      Effect.gen(function* () {
        const columns = { "a\nb": Column.float, s: Column.text }
        const texts = ["mark\uFEFF", "\r\n", '"', 'x"y', " x ", "\0"]
        const rows = texts.map((text, row) => `${row},${row === 3 ? text : quote(text)}`)
        const text = ['"a\nb",s', ...rows].map((line, row) => `${line}${row % 2 === 0 ? "\r\n" : "\n"}`).join("")
        const { values } = yield* run(Source.csv(yield* write(text), columns))
        assert.deepStrictEqual([...values["a\nb"]], [0, 1, 2, 3, 4, 5])
        assert.deepStrictEqual(values.s, texts)
        const old = yield* run(Source.csv(yield* write("x\r1\r2\r\n3"), { x: Column.float }))
        assert.deepStrictEqual([...old.values.x], [1, 2, 3])
      })
    )

    it.effect("names file, row, column and value of a cell that does not decode", () =>
      Effect.gen(function* () {
        const good = { a: "1", b: "x", t: "2012-01-01" }
        const bad: ReadonlyArray<[keyof typeof good, ReadonlyArray<string>]> = [
          [
            "a",
            [
              "",
              "n/a",
              "NaN",
              "inf",
              "-Infinity",
              "1e999",
              "1_000",
              "1,5",
              "0x10",
              "1 2",
              "+-1",
              "1e",
              ".",
              "\t9007199254740993",
              "9007199254740993",
              "-9007199254740993",
              "+12345678901234567890123456789012345678901"
            ]
          ],
          ["b", ["X", "x ", "z"]],
          [
            "t",
            [
              "",
              "01/02/2012",
              "2012-1-1",
              "2012-02-30",
              "2012-01-01T24:00",
              "2012-01-01T10",
              "20120101",
              "epoch",
              "2012-01-01+02:00"
            ]
          ]
        ]
        for (const [column, values] of bad) {
          for (const value of values) {
            const row = { ...good, [column]: value }
            const line = (cells: typeof good) => [cells.a, cells.b, cells.t].map(quote).join(",")
            const error = yield* failure(["a,b,t", line(good), line(row), line(good), line(row)].join("\n"))
            assert.strictEqual(error.problem, "bad value", value)
            assert.deepStrictEqual([error.row, error.column, error.value], [2, column, value])
            assert.include(error.message, `row 2, column "${column}" holds ${JSON.stringify(value)}`)
            assert.include(error.message, "the first of 2 such rows")
          }
        }
      })
    )

    it.effect("takes empty cells as missing where that is declared, and only empty ones", () =>
      Effect.gen(function* () {
        const mayMiss = {
          a: Column.optional(Column.float),
          b: Column.optional(Column.category(["x", "y z"])),
          t: Column.optional(Column.timestamp)
        }
        const gaps = Effect.fnUntraced(function* (content: string) {
          return yield* run(Source.csv(yield* write(content), mayMiss))
        })
        const table = yield* gaps('a,b,t\n1,x,\n,y z,2012-01-01\n  ,"",\n"",,2012-01-02\n')
        assert.deepStrictEqual(table.values.a, Float64Array.of(1, NaN, NaN, NaN))
        assert.deepStrictEqual(table.values.b, Int32Array.of(0, 1, -1, -1))
        assert.deepStrictEqual(table.values.t, Float64Array.of(NaN, Date.UTC(2012, 0, 1), NaN, Date.UTC(2012, 0, 2)))
        for (const [column, cell] of [
          ["a", "NaN"],
          ["a", "n/a"],
          ["a", "inf"],
          ["a", "1_000"],
          ["b", " "],
          ["b", "X"],
          ["b", "NULL"],
          ["t", "never"],
          ["t", "2012-02-30"]
        ] as const) {
          const line = Object.entries({ a: "1", b: "x", t: "2012-01-01", [column]: cell }).map(([, text]) => text)
          const error = yield* Effect.flip(
            Effect.catchTag(gaps(`a,b,t\n,,\n${line.join(",")}\n`), "PlatformError", (issue) => Effect.die(issue))
          )
          assert.deepStrictEqual([error.problem, error.row, error.column, error.value], ["bad value", 2, column, cell])
        }
        assert.include((yield* failure("a,b,t\n,x,2012-01-01\n")).message, "Column.optional")
      })
    )

    it.effect("reads days before 1970, numbers up to 2^53, and a byte order mark", () =>
      Effect.gen(function* () {
        const path = yield* write(
          "\uFEFFa,t\n9007199254740992,1969-12-31T23:59:59.999Z\n-9007199254740992,0001-01-01\n"
        )
        const { values } = yield* run(Source.csv(path, { a: Column.float, t: Column.timestamp }))
        assert.deepStrictEqual([...values.a], [2 ** 53, -(2 ** 53)])
        assert.deepStrictEqual([...values.t], [-1, Date.parse("0001-01-01T00:00:00Z")])
        const folder = path.slice(0, path.lastIndexOf("/"))
        assert.strictEqual((yield* Effect.flip(run(Source.csv(folder, abc)))).problem, "not a file")
      })
    )

    it.effect("refuses a file that changes while it is read", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const path = yield* write("x\n1\n")
        let digests = 0
        const changing = FileSystem.make({
          ...fileSystem,
          stat: (file) => {
            digests += file === path ? 1 : 0 // the digest before, the read, the digest after: each asks once
            const changed = digests === 3 ? fileSystem.writeFileString(path, "x\n2\n") : Effect.void
            return Effect.andThen(changed, fileSystem.stat(file))
          }
        })
        const pipeline = Pipeline.make("p", { it: Source.csv(path, { x: Column.float }) })
        const error = yield* Effect.flip(
          Pipeline.run(pipeline, { seed: 1 }).pipe(Effect.provideService(FileSystem.FileSystem, changing))
        )
        assert.instanceOf(error, Pipeline.ChangedWhileRead)
      }).pipe(Effect.provide([Store.layerMemory, Ledger.layerMemory]))
    )

    it.effect("reads a million columns, and refuses a file without a line break", () =>
      Effect.gen(function* () {
        const each = (cell: (index: number) => string) => Array.from({ length: 1_000_000 }, (_, index) => cell(index))
        const columns = { c999999: Column.float, c0: Column.float }
        const header = each((index) => `c${index}`).join(",")
        const path = yield* write(`${header}\n${each((index) => `${index}`).join(",")}\n${each(() => "").join(",")}`)
        const { quarantine, table } = yield* Csv.readTable(path, columns, {}, "set aside")
        assert.deepStrictEqual([[...table.values.c999999], [...table.values.c0]], [[999_999], [0]])
        const [{ column, row }] = quarantine.setAside
        assert.deepStrictEqual([column, row], ["c999999", 2])
        const few = yield* Effect.flip(run(Source.csv(yield* write(`${header}\n1`), columns)))
        assert.include(few.message, "Expected Number of Columns: 1000000 Found: 1")
        const endless = yield* Effect.flip(run(Source.csv(yield* write(`c0\r${"x".repeat(20)}\n`), columns)))
        assert.instanceOf(endless, Source.SourceError)
        const long = yield* Effect.flip(run(Source.csv(yield* write(`${"x".repeat(2 ** 24 + 5)}\n1\n`), columns)))
        assert.include(long.message, "has a header of 16 MiB or more")
      })
    )

    it.effect("says what is wrong with a file", () =>
      Effect.gen(function* () {
        const line = "1,x,2012-01-01"
        const cases: ReadonlyArray<[string | Uint8Array, Source.Problem, string]> = [
          ["", "empty file", "is empty"],
          ["a,b,t\n", "empty file", "no rows"],
          ["a,b\n1,x\n", "bad header", 'no column "t"; its header is "a", "b"'],
          [`a,b,t,a\n${line},2\n`, "bad header", 'two columns "a"'],
          [
            `a,b,t\n${line}\n1,x\n${line}\n`,
            "bad row",
            "row 2 is no row of this table: Expected Number of Columns: 3 Found: 2"
          ],
          [`a,b,t\n${line},4\n`, "bad row", "Expected Number of Columns: 3 Found: 4"],
          [`a,b,t\n${line}\n1,"x,2012-01-01\n`, "bad row", "unterminated quote"],
          [
            Uint8Array.from([...new TextEncoder().encode(`a,b,t\n${line}\n1,`), 0xff, 0xfe, 10]),
            "wrong encoding",
            "row 2"
          ],
          [Buffer.from(`a,b,t\n${line}\n1,caf\u00e9,2012-01-01\n`, "latin1"), "wrong encoding", "not UTF-8 in row 2"],
          [Buffer.from(`\uFEFFa,b,t\n${line}\n`, "utf16le"), "wrong encoding", "UTF-16"],
          [Buffer.from(`a,b,t\n${line}\n`, "utf16le"), "wrong encoding", "UTF-16"],
          [
            `a,b,t\r\n${line}\n${line}\r${line}`,
            "bad row",
            "row 2 is no row of this table: A carriage return outside of"
          ],
          [`a,b,t\n${line}\n1,"${"x\n".repeat(2 ** 23)}`, "bad row", "has a row of 16 MiB or more"],
          [`a,b,t\n${line}\n1,"x" "x",2012-01-01\n`, "bad row", "unterminated quote"]
        ]
        for (const [content, problem, text] of cases) {
          const error = yield* failure(content)
          assert.strictEqual(error.problem, problem, `${content}`)
          assert.include(error.message, text)
        }
        assert.strictEqual((yield* Effect.flip(run(Source.csv("no/such.csv", abc)))).problem, "missing file")
        const path = yield* write("a\n1\n")
        assert.strictEqual((yield* Effect.flip(run(Source.csv(path, {})))).problem, "bad columns")
        const odd = run(Source.csv(path, { a: Column.float }, { delimiter: "||" }))
        assert.strictEqual((yield* Effect.flip(odd)).problem, "bad option")
      })
    )
  })
})
