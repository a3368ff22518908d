import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Event, type Node, Scratch } from "@watertight/core"
import * as Arrow from "apache-arrow"
import { Deferred, Effect, Fiber, FileSystem, Result, type Scope } from "effect"
import * as fc from "fast-check"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import type { Input } from "../../src/internal/arrow/input.ts"
import * as Messages from "../../src/internal/arrow/messages.ts"
import { toArrow } from "../../src/internal/arrow/toArrow.ts"
import * as Columnar from "../../src/internal/columns/columnar.ts"
import { Tables } from "../../src/testing/index.ts"
import { run } from "../run.ts"
import { runs } from "./files.ts"

const All = Columns.make({
  x: Column.float,
  at: Column.timestamp,
  label: Column.category(["a", "b", "ü"]),
  image: Column.tensor([2, 3], "uint8"),
  embedding: Column.tensor([3]),
  title: Column.text,
  age: Column.optional(Column.float),
  zone: Column.optional(Column.category(["a", "b"])),
  since: Column.optional(Column.timestamp)
})

/** Repeats the rows of a table until it has so many. */
const repeated = (table: Table.Table<typeof All>, length: number) =>
  Table.take(
    table,
    Uint32Array.from({ length }, (_, row) => row % table.length)
  )

/** A file or stream of batches of so many rows, in turn. */
const batched = (
  table: Table.Table<typeof All>,
  sizes: ReadonlyArray<number>,
  format: "file" | "stream"
): Uint8Array => {
  const [whole] = toArrow({ ...table, ids: table.ids }).batches
  const batches: Array<Arrow.RecordBatch> = []
  for (let start = 0; start < table.length;) {
    const length = Math.min(sizes[batches.length % sizes.length], table.length - start)
    batches.push(whole.slice(start, start + length))
    start += length
  }
  return Arrow.tableToIPC(new Arrow.Table(batches), format)
}

const inFolder = <A>(
  use: (folder: string, files: FileSystem.FileSystem) => Effect.Effect<A, unknown, FileSystem.FileSystem | Scope.Scope>
) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    return yield* use(yield* files.makeTempDirectoryScoped(), files)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** Runs a source alone: what a codec gives back may lie elsewhere. */
const alone = <C extends Columns.Columns, E, R>(source: Node.Node<Table.Table<C>, E, R>) =>
  source.stage.run({} as never, {} as never) as Effect.Effect<Table.Table<C>, E, R>

const inMemory = (bytes: number, folder: string) => Effect.provideService(Scratch.Settings, { folder, inMemory: bytes })

const program = fileURLToPath(new URL("../fixtures/read_arrow.ts", import.meta.url))

/** How many bytes of arrays a process of its own had in use at most while it read rows in batches of so many. */
const most = (rows: number, batch: number, ending: string): number => {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    ["--expose-gc", "--single-threaded-gc", program, `${rows}`, `${batch}`, ending],
    { encoding: "utf8" }
  )
  assert.strictEqual(status, 0, stderr)
  const found = JSON.parse(stdout) as Readonly<Record<"length" | "most", number>>
  assert.strictEqual(found.length, rows)
  return found.most
}

describe("Arrow files in batches", () => {
  it.live("give the same table whatever the batches' sizes, in memory and on disk, packed or not", () =>
    inFolder((folder, files) =>
      Effect.gen(function* () {
        const context = yield* Effect.context<FileSystem.FileSystem>()
        const tables = Tables.arbitrary(All, { minLength: 20, maxLength: 40 })
        const sizes = fc.array(fc.constantFrom(1, 7, 8, 100, 2047, 3000, 10_000), { minLength: 1, maxLength: 3 })
        const property = fc.asyncProperty(
          tables,
          sizes,
          fc.constantFrom("file" as const, "stream" as const),
          fc.boolean(),
          async (some, rows, format, isPacked) => {
            const table = repeated(some, 5000)
            const bytes = batched(table, rows, format)
            const path = `${folder}/it.arrow${isPacked ? ".gz" : ""}`
            const both = Effect.gen(function* () {
              yield* files.writeFile(path, isPacked ? gzipSync(bytes, { level: 1 }) : bytes)
              const held = yield* alone(Source.arrow(path, All)).pipe(inMemory(2 ** 40, folder))
              const lazy = yield* alone(Source.arrow(path, All)).pipe(inMemory(2 ** 16, `${folder}/scratch`))
              for (const own of Object.values(Columnar.entries(lazy.values))) assert.isTrue(Columnar.isLazy(own))
              const made = yield* Table.make(All, table.values, { length: table.length })
              assert.deepStrictEqual([Table.digest(held), Table.digest(lazy)], [Table.digest(made), Table.digest(made)])
            })
            await Effect.runPromise(Effect.provide(both, context))
          }
        )
        yield* Effect.promise(() => fc.assert(property, { numRuns: Math.ceil(runs / 8) }))
      })
    )
  )

  it.live("name the same bad value, and set the same rows aside, whatever the batches' sizes", () =>
    inFolder((folder, files) =>
      Effect.gen(function* () {
        const context = yield* Effect.context<FileSystem.FileSystem>()
        const Some = Columns.make({ x: Column.float, k: Column.category(["a", "b"]), v: Column.tensor([2]) })
        const length = 3000
        const place = fc.nat({ max: length - 1 })
        const property = fc.asyncProperty(
          fc.record({ nulls: fc.array(place, { maxLength: 2 }), nans: fc.array(place, { maxLength: 2 }) }),
          fc.array(place, { maxLength: 2 }),
          fc.record({ ragged: fc.array(place, { maxLength: 2 }), infinite: fc.array(place, { maxLength: 2 }) }),
          fc.constantFrom(1, 64, 700, 2999, 3000),
          async ({ nans, nulls }, unknown, { infinite, ragged }, size) => {
            const rows = Array.from({ length }, (_, row) => ({
              x: nulls.includes(row) ? null : nans.includes(row) ? Number.NaN : row,
              k: unknown.includes(row) ? "z" : "b",
              v: ragged.includes(row) ? [1] : [infinite.includes(row) ? Infinity : row, 2]
            }))
            const types = {
              x: new Arrow.Float64(),
              k: new Arrow.Utf8(),
              v: new Arrow.List(Arrow.Field.new({ name: "item", type: new Arrow.Float64(), nullable: true }))
            }
            const schema = new Arrow.Schema(
              Object.entries(types).map(([name, type]) => Arrow.Field.new({ name, type, nullable: true }))
            )
            const batches = Array.from({ length: Math.ceil(length / size) }, (_, batch) => {
              const some = rows.slice(batch * size, (batch + 1) * size)
              const data = Object.entries(types).map(
                ([name, type]) =>
                  Arrow.vectorFromArray(some.map((row) => row[name as keyof typeof row]) as never, type as never)
                    .data[0]
              )
              return new Arrow.RecordBatch(
                schema,
                Arrow.makeData({ type: new Arrow.Struct(schema.fields), length: some.length, children: data })
              )
            })
            const path = `${folder}/it.arrow`
            const isBad = {
              x: [...nulls, ...nans],
              k: unknown,
              v: [...ragged, ...infinite]
            }
            const first = (all: ReadonlyArray<number>) => (all.length === 0 ? undefined : Math.min(...all))
            const row = first(nulls) ?? first(nans) ?? first(unknown) ?? first(isBad.v)
            const name = isBad.x.length > 0 ? "x" : unknown.length > 0 ? "k" : "v"
            const left = [...new Set(Object.values(isBad).flat())].sort((one, other) => one - other)
            const both = Effect.gen(function* () {
              yield* files.writeFile(path, Arrow.tableToIPC(new Arrow.Table(schema, batches), "stream"))
              const found = yield* Effect.result(alone(Source.arrow(path, Some)))
              if (Result.isSuccess(found)) assert.isUndefined(row)
              else assert.deepStrictEqual([found.failure.row, found.failure.column], [(row ?? -1) + 1, name])
              const { quarantine, table } = Source.quarantine(Source.arrow(path, Some))
              const { rows: all, setAside } = yield* run(quarantine)
              const columnOf = (bad: number) => Object.entries(isBad).find(([, places]) => places.includes(bad))?.[0]
              assert.deepStrictEqual(
                setAside.map((each) => [each.row - 1, each.column]),
                left.map((bad) => [bad, columnOf(bad)])
              )
              assert.strictEqual(all, length)
              assert.deepStrictEqual(
                [...(yield* run(table)).values.x],
                rows.flatMap(({ x }, row) => (left.includes(row) || x === null ? [] : [x]))
              )
            })
            await Effect.runPromise(Effect.provide(both, context))
          }
        )
        yield* Effect.promise(() => fc.assert(property, { numRuns: Math.ceil(runs / 6) }))
      })
    )
  )

  it.live("know dictionaries as they come: what is added to one, and one in another's place", () =>
    inFolder((folder, files) =>
      Effect.gen(function* () {
        const type = new Arrow.Dictionary(new Arrow.Utf8(), new Arrow.Int32(), 0)
        const words = (texts: ReadonlyArray<string>) => Arrow.vectorFromArray(texts, new Arrow.Utf8())
        const batch = (places: ReadonlyArray<number>, dictionary: Arrow.Vector) => {
          const k = Arrow.makeData({ type, length: places.length, data: Int32Array.from(places), dictionary })
          const schema = new Arrow.Schema([Arrow.Field.new({ name: "k", type })])
          const struct = new Arrow.Struct(schema.fields)
          return new Arrow.RecordBatch(schema, Arrow.makeData({ type: struct, length: places.length, children: [k] }))
        }
        const first = words(["a", "b"])
        const more = first.concat(words(["c"])) as Arrow.Vector
        const writer = new Arrow.RecordBatchStreamWriter()
        for (const each of [batch([1, 0], first), batch([2, 1], more), batch([0, 1], words(["c", "a"]))])
          writer.write(each)
        writer.finish()
        const bytes = writer.toUint8Array(true)
        yield* files.writeFile(`${folder}/it.arrows`, bytes)
        const kinds: Array<string> = []
        const input: Input = {
          byteLength: bytes.length,
          read: (at, into) => Effect.sync(() => into.set(bytes.subarray(at, at + into.length)))
        }
        yield* Messages.visit(input, (message) =>
          Effect.sync(() => kinds.push(message._tag === "Dictionary" && message.isDelta ? "Delta" : message._tag))
        )
        assert.deepStrictEqual(kinds, ["Schema", "Dictionary", "Batch", "Delta", "Batch", "Dictionary", "Batch"])
        const read = <C extends Column.Column>(k: C) => alone(Source.arrow(`${folder}/it.arrows`, { k }))
        assert.deepStrictEqual([...(yield* read(Column.text)).values.k], ["b", "a", "c", "b", "c", "a"])
        const { values } = yield* read(Column.category(["c", "b", "a"]))
        assert.deepStrictEqual([...values.k], [1, 2, 0, 1, 0, 2])
        const error = yield* Effect.flip(read(Column.category(["a", "b"])))
        assert.deepStrictEqual([error.row, error.value], [3, "c"])
        const wide = new Arrow.Dictionary(new Arrow.Utf8(), new Arrow.Int64() as never, 0) as Arrow.Dictionary
        const data = BigInt64Array.of(1n, 0n) as never // some writers have such places; apache-arrow's types do not
        const places = Arrow.makeData({ type: wide, length: 2, data, dictionary: words(["a", "z"]) })
        const table = new Arrow.Table({ k: new Arrow.Vector([places]) })
        yield* files.writeFile(`${folder}/it.arrows`, Arrow.tableToIPC(table, "stream"))
        assert.deepStrictEqual([...(yield* read(Column.text)).values.k], ["z", "a"])
        assert.strictEqual((yield* Effect.flip(read(Column.category(["a"])))).value, "z")
      })
    )
  )

  it.live(
    "read the declared columns alone, tell how far they are, and leave no file open when they are interrupted",
    () =>
      inFolder((folder, files) =>
        Effect.gen(function* () {
          const length = 400_000
          const values = { x: Float64Array.from({ length }, (_, row) => row), y: new Float64Array(length) }
          const columns = { x: Column.float, y: Column.float }
          const bytes = Arrow.tableToIPC(toArrow({ columns, length, values }), "file")
          yield* files.writeFile(`${folder}/it.arrow`, bytes)
          let [open, read] = [0, 0]
          const counting: FileSystem.FileSystem = {
            ...files,
            open: (path, options) =>
              Effect.gen(function* () {
                const file = yield* files.open(path, options)
                open++
                yield* Effect.addFinalizer(() => Effect.sync(() => open--))
                return Object.assign(Object.create(file) as FileSystem.File, {
                  read: (into: Uint8Array, options: FileSystem.File.ReadOptions) => {
                    read += into.length
                    return file.read(into, options)
                  }
                })
              })
          }
          const told: Array<number> = []
          const started = yield* Deferred.make<void>()
          const reading = alone(Source.arrow(`${folder}/it.arrow`, { x: Column.float })).pipe(
            Effect.provideService(FileSystem.FileSystem, counting),
            Effect.provideService(Event.Node, "it"),
            inMemory(1, folder)
          )
          const listening = (listen: (done: number) => Effect.Effect<unknown>) =>
            Effect.provideService(Event.Listener, (event: Event.Event) =>
              event._tag === "Progress" ? Effect.asVoid(listen(event.done)) : Effect.void
            )
          const table = yield* reading.pipe(listening((done) => Effect.sync(() => told.push(done))))
          assert.strictEqual(table.values.x[length - 1], length - 1)
          assert.isBelow(read, 0.6 * bytes.length)
          assert.isAtLeast(told.length, 3)
          assert.strictEqual(told.at(-1), length)
          assert.isTrue(told.every((done, index) => done > (told[index - 1] ?? 0)))
          assert.strictEqual(open, 0)
          const fiber = yield* Effect.forkChild(
            reading.pipe(listening(() => Effect.andThen(Deferred.succeed(started, undefined), Effect.never)))
          )
          yield* Deferred.await(started)
          assert.strictEqual(open, 1)
          yield* Fiber.interrupt(fiber)
          assert.strictEqual(open, 0)
        })
      )
  )

  it.live("unpack no more than they may, and say so of files that became shorter", () =>
    inFolder((folder, files) =>
      Effect.gen(function* () {
        const length = 100_000
        const columns = { x: Column.float }
        const bytes = Arrow.tableToIPC(toArrow({ columns, length, values: { x: new Float64Array(length) } }), "stream")
        yield* files.writeFile(`${folder}/zeros.arrow.gz`, gzipSync(bytes))
        const packed = (maxBytes: number) => alone(Source.arrow(`${folder}/zeros.arrow.gz`, columns, { maxBytes }))
        assert.strictEqual((yield* packed(bytes.length)).length, length)
        const error = yield* Effect.flip(packed(bytes.length - 1))
        assert.strictEqual(error.problem, "wrong format")
        assert.include(error.message, `more than ${bytes.length - 1} bytes`)
        yield* files.writeFile(`${folder}/zeros.arrow.gz`, gzipSync(bytes).subarray(0, 200))
        assert.strictEqual((yield* Effect.flip(packed(2 ** 40))).problem, "broken compression")
        yield* files.writeFile(`${folder}/it.arrow`, bytes)
        const shrinking: FileSystem.FileSystem = {
          ...files,
          open: (path, options) => Effect.tap(files.open(path, options), () => files.truncate(path, 200_000))
        }
        const shorter = yield* Effect.flip(
          alone(Source.arrow(`${folder}/it.arrow`, columns)).pipe(
            Effect.provideService(FileSystem.FileSystem, shrinking)
          )
        )
        assert.deepStrictEqual([shorter.problem, shorter.file], ["unreadable file", `${folder}/it.arrow`])
      })
    )
  )

  it("are never in memory as a whole, in however many batches they are, packed or not", () => {
    const [few, many] = [most(400_000, 40_000, "arrow"), most(800_000, 40_000, "arrow")]
    assert.isBelow(many - few, 0.4 * 400_000 * 52)
    assert.isBelow(Math.max(many, most(800_000, 800_000, "arrow.gz")), 0.75 * 800_000 * 52)
  }, 120_000)
})
