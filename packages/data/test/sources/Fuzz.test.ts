import { NodeFileSystem } from "@effect/platform-node"
import type { Node } from "@watertight/core"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, FileSystem } from "effect"
import * as fc from "fast-check"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { DatabaseSync } from "node:sqlite"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import { run } from "../run.ts"
import { damage, fixture, runs, Types } from "./files.ts"

const { decimal: _, ...Readable } = Types
const Plain = Columns.make({ x: Column.float, k: Column.category(["a", "b", ""]), t: Column.timestamp })
const rows = Array.from({ length: 12 }, (_, row) => ({
  x: (row - 4) * 1.25e3,
  k: ["a", "b"][row % 2],
  t: new Date(row * 1e11).toISOString()
}))
const csv = ["x,k,t", ...rows.map(({ k, t, x }) => `${x},"${k}",${t}`)].join("\n")
const text = (value: string) => new TextEncoder().encode(value)

type Reader = Node.Node<Table.Table, Source.SourceError, FileSystem.FileSystem>

interface Case {
  readonly name: string
  readonly bytes: Uint8Array
  readonly read: (path: string) => Reader
  readonly isSlow?: true
  /** Reads floats from a damaged file by other means; nothing where it is none. */
  readonly oracle?: (bytes: Uint8Array) => ReadonlyArray<number> | undefined
}

const numbersOf = (objects: ReadonlyArray<unknown>) =>
  objects.map((each) => (typeof each === "object" && each !== null && "x" in each ? Number(each.x) : Number.NaN))

/** JSON.parse keeps the last of equal keys and knows no NaN: such files are not compared. */
const orElse = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

const cases = (): ReadonlyArray<Case> => [
  {
    name: "labels.idx",
    bytes: idx,
    read: (path) => Source.idx({ k: { path, column: Column.category(["a", "b", "c"]) } })
  },
  {
    name: "sql.csv",
    isSlow: true,
    bytes: text(csv),
    read: (path) => Source.sql("SELECT x::DOUBLE AS x FROM it", { x: Column.float }, { files: { it: path } }),
    oracle: (bytes) => {
      const records = records4180(new TextDecoder().decode(bytes))
      const place = records[0].findIndex((name) => name.toLowerCase() === "x")
      return records.slice(1).map((record) => Number(record[place]))
    }
  },
  {
    name: "sql.parquet",
    isSlow: true,
    bytes: readFileSync(fixture("types.parquet")),
    read: (path) => Source.sql("SELECT double, int64 FROM it", { double: Column.float }, { files: { it: path } })
  },
  {
    name: "it.sqlite",
    isSlow: true,
    bytes: sqlite,
    read: (path) => Source.sql("SELECT x, k FROM it.t", { x: Plain.x, k: Column.text }, { attach: { it: path } })
  },
  {
    name: "it.csv",
    bytes: text(csv),
    read: (path) => Source.csv(path, Plain),
    oracle: (bytes) => {
      const records = records4180(new TextDecoder().decode(bytes))
      const place = records[0].indexOf("x")
      return records.slice(1).map((record) => Number(record[place]))
    }
  },
  {
    name: "it.json",
    bytes: text(JSON.stringify(rows)),
    read: (path) => Source.json(path, Plain),
    oracle: (bytes) => orElse(() => numbersOf(JSON.parse(new TextDecoder().decode(bytes))))
  },
  {
    name: "it.jsonl",
    bytes: text(rows.map((row) => JSON.stringify(row)).join("\n")),
    read: (path) => Source.json(path, Plain),
    oracle: (bytes) => {
      const lines = new TextDecoder().decode(bytes).split("\n")
      return orElse(() => numbersOf(lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line))))
    }
  },
  { name: "it.parquet", bytes: readFileSync(fixture("types.parquet")), read: (path) => Source.parquet(path, Types) },
  { name: "it.arrow", bytes: readFileSync(fixture("types.arrow")), read: (path) => Source.arrow(path, Readable) },
  {
    name: "lists.arrow",
    bytes: readFileSync(fixture("polars-lists.arrow")),
    read: (path) => Source.arrow(path, { list: Column.tensor([2]), nested: Column.tensor([2, 3], "int32") })
  },
  { name: "it.arrows", bytes: readFileSync(fixture("types.arrows")), read: (path) => Source.arrow(path, Readable) },
  ...["lz4", "zstd"].map((codec) => ({
    name: `${codec}.arrow`,
    bytes: readFileSync(fixture(`types-${codec}.arrow`)),
    read: (path: string) => Source.arrow(path, Readable)
  })),
  ...["polars", "polars-lz4"].map((name) => ({
    name: `${name}.arrow`,
    bytes: readFileSync(fixture(`${name}.arrow`)),
    read: (path: string) => Source.arrow(path, { text: Column.text, enum: Column.text, x: Column.float })
  })),
  {
    name: "it.npz",
    bytes: readFileSync(fixture("packed.npz")),
    read: (path) => Source.npz(path, { doubles: Column.tensor([2]), text: Column.category(["a", "é😀", ""]) })
  },
  {
    name: "it.npy",
    bytes: readFileSync(fixture("int64.npy")),
    read: (path) => Source.npy({ x: { path, column: Column.float } }),
    oracle: (bytes) =>
      Array.from({ length: 3 }, (_, row) => Number(Buffer.from(bytes.slice(-24)).readBigInt64BE(8 * row)))
  }
]

/** A file of labels, as MNIST has, and a database of SQLite's. */
const idx = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 1)
const sqlite = (() => {
  const folder = mkdtempSync(`${tmpdir()}/fuzz-`)
  const database = new DatabaseSync(`${folder}/it.sqlite`)
  database.exec("PRAGMA page_size = 512; CREATE TABLE t (x REAL, k TEXT)")
  for (const { k, x } of rows) database.prepare("INSERT INTO t VALUES (?, ?)").run(x, k)
  database.close()
  const bytes = readFileSync(`${folder}/it.sqlite`)
  rmSync(folder, { recursive: true })
  return bytes
})()

/** Splits text into records by RFC 4180, leniently; blank lines are none. */
const records4180 = (content: string): ReadonlyArray<ReadonlyArray<string>> => {
  const records: Array<Array<string>> = [[""]]
  let quoted = false
  const add = (character: string) => {
    const record = records[records.length - 1]
    record[record.length - 1] += character
  }
  for (let at = 0; at < content.length; at++) {
    const character = content[at]
    const record = records[records.length - 1]
    if (character === '"' && quoted && content[at + 1] === '"') add(content[++at])
    else if (character === '"' && (quoted || record[record.length - 1].trim() === "")) quoted = !quoted
    else if (quoted) add(character)
    else if (character === ",") record.push("")
    else if (character === "\n" || character === "\r") records.push([""])
    else add(character)
  }
  return records.filter((record) => record.length > 1 || record[0] !== "")
}

const outcome = Effect.fnUntraced(function* ({ name, read }: Case, bytes: Uint8Array) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = `${yield* fileSystem.makeTempDirectoryScoped()}/${name}`
  yield* fileSystem.writeFile(path, bytes)
  return yield* Effect.exit(run(read(path)))
}, Effect.scoped)

const property = (each: Case, bytes: fc.Arbitrary<Uint8Array>, fileSystem: FileSystem.FileSystem, isData: boolean) =>
  Effect.promise(() =>
    fc.assert(
      fc.asyncProperty(bytes, async (made) => {
        const exit = await Effect.runPromise(
          Effect.provideService(outcome(each, made), FileSystem.FileSystem, fileSystem)
        )
        if (Exit.isFailure(exit)) {
          assert.instanceOf(Cause.squash(exit.cause), Source.SourceError, Cause.pretty(exit.cause))
          return
        }
        assert.isTrue(isData, "random bytes made a table")
        const table = exit.value
        const { columns, length, values } = table
        for (const [name, column] of Object.entries(columns)) {
          assert.strictEqual(values[name].length, length * Column.width(column))
          if (column.kind === "float")
            assert.isTrue(Table.numbers(table, name).every((value) => Number.isFinite(value)))
        }
        const expected = each.oracle?.(made)
        if (expected !== undefined) assert.deepStrictEqual([...Table.numbers(table, "x")], expected)
      }),
      { numRuns: Math.ceil(runs / (each.isSlow === true ? 6 : 2)) }
    )
  )

describe("Source.infer", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    for (const { bytes, name } of cases().filter((each) =>
      /^(it\.(csv|jsonl?|parquet|arrow|npz)|lists\.arrow)$/.test(each.name)
    )) {
      it.effect(`${name}: of a damaged file, a typed error or columns that its source takes or refuses by name`, () =>
        Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
          Effect.promise(() =>
            fc.assert(
              fc.asyncProperty(damage(bytes), async (made) => {
                const guess = Effect.gen(function* () {
                  const path = `${yield* fileSystem.makeTempDirectoryScoped()}/${name}`
                  yield* fileSystem.writeFile(path, made)
                  const { columns } = yield* Source.infer(path)
                  for (const column of Object.values(columns)) assert.isDefined(column.kind)
                })
                const exit = await Effect.runPromise(
                  Effect.exit(Effect.scoped(guess)).pipe(Effect.provideService(FileSystem.FileSystem, fileSystem))
                )
                if (Exit.isFailure(exit)) assert.instanceOf(Cause.squash(exit.cause), Source.SourceError)
              }),
              { numRuns: Math.ceil(runs / 5) }
            )
          )
        )
      )
    }
  })
})

describe("every reader", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    for (const each of cases()) {
      it.effect(`${each.name}: a damaged file is a typed error or the table it holds`, () =>
        Effect.flatMap(FileSystem.FileSystem, (fileSystem) => property(each, damage(each.bytes), fileSystem, true))
      )
      it.effect(`${each.name}: random bytes are a typed error`, () =>
        Effect.flatMap(FileSystem.FileSystem, (fileSystem) => {
          const random = fc.uint8Array({ maxLength: 300 })
          const headed = fc
            .tuple(fc.nat({ max: 64 }), random)
            .map(([kept, bytes]) => Uint8Array.from([...each.bytes.subarray(0, kept % 9), ...bytes]))
          return property(each, fc.oneof(random, headed), fileSystem, false)
        })
      )
    }
  })
})
