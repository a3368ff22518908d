import { assert, describe, it } from "@effect/vitest"
import { NodeServices } from "@effect/platform-node"
import { Blob, type Codec, Digest, Scratch, Store } from "@watertight/core"
import { Effect, FileSystem } from "effect"
import * as Arrow from "apache-arrow"
import * as fc from "fast-check"
import { createHash } from "node:crypto"
import { Column, Columns, Dataset, Loader, Recipe, Source, Table } from "../src/index.ts"
import * as Ipc from "../src/internal/arrow/ipc.ts"
import { toArrow } from "../src/internal/arrow/toArrow.ts"
import * as Large from "../src/internal/arrow/large.ts"
import * as Columnar from "../src/internal/columns/columnar.ts"
import { LargeLaws, RecipeLaws, Tables } from "../src/testing/index.ts"
import { every, missing, texts } from "./fixtures/tables.ts"
import { run } from "./run.ts"

const runs = Math.ceil(Number(process.env.WATERTIGHT_RUNS ?? 50) / 3)

const All = Columns.make({
  x: Column.float,
  label: Column.category(["a", "b", "c"]),
  image: Column.tensor([2, 3], "uint8"),
  embedding: Column.tensor([3]),
  tokens: Column.tensor([2], "int32"),
  title: Column.text,
  age: Column.optional(Column.float),
  zone: Column.optional(Column.category(["a", "b"])),
  since: Column.optional(Column.timestamp)
})
const all = Tables.arbitrary(All, { minLength: 1, maxLength: 40 })

const stored = <A>(codec: Codec.Codec<A>): Codec.Stored<A> => {
  if (codec._tag !== "Stored") throw new Error("expected a codec that stores")
  return codec
}
const codec = stored(Table.codec())

/** Half of the rows, in their order and in another one, some of them twice. */
const someRows = (length: number) => ({
  ascending: Uint32Array.from({ length: Math.ceil(length / 2) }, (_, place) => 2 * place),
  any: Uint32Array.from({ length }, (_, place) => (place * 7) % length)
})

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

const described = Recipe.forColumns(All).pipe(
  Recipe.missingIndicator(["age"]),
  Recipe.imputeMedian("age"),
  Recipe.imputeMode("zone"),
  Recipe.robust("age"),
  Recipe.scale("image", 1 / 255),
  Recipe.oneHot("zone")
)

const applied = Effect.fnUntraced(function* (table: Table.Table<typeof All>) {
  const train = Dataset.make(table, someRows(table.length).ascending, "train")
  const fitted = yield* Recipe.fitDataset(described, train)
  const ready = yield* Recipe.applyDataset(fitted, train)
  return [ready.fingerprint, fitted.steps.map(({ learned }) => learned)] as Digest.Digestible // JSON is digestible
})

const batches = Effect.fnUntraced(function* (table: Table.Table<typeof All>) {
  const read = yield* Loader.sequential(table, {
    features: ["image", "embedding", "tokens"],
    target: "label",
    batchSize: 8
  })
  return Array.from({ length: read.steps }, (_, step) => [read.batch(step).features, read.batch(step).target])
})

describe("a copy of a table on disk", () => {
  it("reads no ids, and is refused as a table", () => {
    const table = Tables.onDisk(every)
    const copy: object = { ...table }
    assert.isFalse("ids" in copy)
    assert.throws(() => Table.digest(copy as Table.Table), /leaves out those of a table on disk/)
    assert.strictEqual(Table.digest({ ...table, ids: table.ids }), Table.digest(every))
  })
})

describe("tables that are not in memory", () => {
  const subjects: ReadonlyArray<LargeLaws.Subject<typeof All>> = [
    { name: "a digest", tables: all, result: (table) => Effect.sync(() => Table.digest(table)) },
    {
      name: "a selection of rows",
      tables: all,
      result: (table) =>
        Effect.sync(() =>
          Object.values(someRows(table.length)).flatMap((rows) => [
            Table.digest(table, rows),
            Table.digest(Table.take(table, rows)),
            Table.digest(Table.take(Table.take(table, rows), Uint32Array.of(0))),
            Table.idsOf(table, rows),
            Table.take(table, rows).values.x
          ])
        )
    },
    {
      name: "the stored form",
      tables: all,
      result: (table) => Effect.sync(() => sha256(Blob.bytes(codec.encode(table).blobs["table.arrow"])))
    },
    { name: "Recipe.fit and Recipe.apply", tables: all, result: applied },
    { name: "Loader.sequential", tables: all, result: batches }
  ]
  for (const subject of subjects) {
    const law = LargeLaws.sameAsInMemory(subject)
    it.effect(law.name, () => law.check({ runs }))
  }

  it.effect("the law fails for what looks at the first block only", () =>
    Effect.gen(function* () {
      const law = LargeLaws.sameAsInMemory({
        name: "a broken sum",
        tables: all,
        result: (table) =>
          Effect.sync(() => {
            const [first] = Columnar.blocks(Columnar.entry(table.values, "x") as Columnar.Entry<Float64Array>)
            return first.reduce((sum, value) => sum + value, 0)
          })
      })
      const { reason } = yield* Effect.flip(law.check({ runs: 100 }))
      assert.include(reason, "in blocks of")
    })
  )
})

describe("the laws of recipes over tables that are not in memory", () => {
  const Trip = Columns.make({
    distance: Column.float,
    fare: Column.float,
    zone: Column.category(["a", "b", "c"]),
    embedding: Column.tensor([3])
  })
  const trips = Tables.arbitrary(Trip, { maxLength: 40 }).map((table) => {
    const moderate = (values: Float64Array) => values.map((value) => Math.round(Math.asinh(value) * 100) / 100)
    const { distance, embedding, fare, zone } = table.values
    const values = {
      distance: moderate(distance),
      fare: moderate(fare),
      zone,
      embedding: embedding.map((value) => Math.asinh(value)) as Float32Array
    }
    return Tables.onDisk({ ...table, ids: table.ids, values })
  })
  const recipe = Recipe.forColumns(Trip).pipe(
    Recipe.standardize(["distance", "fare"]),
    Recipe.quantile("fare", { quantiles: 10 }),
    Recipe.minMax("embedding", { per: "element" }),
    Recipe.oneHot("zone")
  )
  for (const law of RecipeLaws.laws({ recipe, tables: trips })) it.effect(law.name, () => law.check({ runs }))
})

/** Runs with a store in a folder, and with nothing kept in memory. */
const inFolder = <A, E>(
  use: (folder: string) => Effect.Effect<A, E, Store.Store | FileSystem.FileSystem>
): Effect.Effect<A, unknown> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const folder = yield* files.makeTempDirectoryScoped()
    const settings = { folder: `${folder}/scratch`, inMemory: -1 }
    return yield* use(folder).pipe(
      Effect.provide(Store.layerFolder(`${folder}/store`)),
      Effect.provideService(Scratch.Settings, settings)
    )
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const roundTrip = Effect.fnUntraced(function* (table: Table.Table, longest?: number) {
  const store = yield* Store.Store
  const { blobs, meta } = codec.encode(table)
  const digest = yield* store.put(longest === undefined ? blobs["table.arrow"] : Large.encode(table, longest))
  const blob = yield* store.open(digest)
  return { digest, read: yield* codec.decode({ meta, blobs: { "table.arrow": blob } }) }
})

const sizeOf = (own: Arrow.Data): number => (own.children[0]?.values ?? own.values).byteLength

describe("a table in the store", () => {
  it.effect("is read column by column, and is the table that was written", () =>
    inFolder(() =>
      Effect.gen(function* () {
        for (const table of [every, missing, texts] as ReadonlyArray<Table.Table>) {
          const { digest, read } = yield* roundTrip(Tables.onDisk(table, 2))
          assert.strictEqual(digest, Digest.fromBytes(Blob.bytes(codec.encode(table).blobs["table.arrow"])))
          for (const own of Object.values(Columnar.entries(read.values))) assert.isTrue(Columnar.isLazy(own))
          assert.strictEqual(Table.digest(read), Table.digest(table))
          assert.deepStrictEqual({ ...read.values }, { ...table.values })
        }
      })
    )
  )

  it.effect("keeps a mark at a text's start, texts longer than a block, and none at all", () =>
    inFolder(() =>
      Effect.gen(function* () {
        const long = ["\uFEFFa", "", "😀".repeat(3_000_000), "ä".repeat(5_000_000), "\uFEFF"]
        for (const title of [long, ["", ""], []]) {
          const table = yield* Table.make({ title: Column.text }, { title }, { length: title.length })
          for (const each of [table, Tables.onDisk(table, 2)]) {
            const { digest, read } = yield* roundTrip(each)
            assert.strictEqual(digest, Digest.fromBytes(Blob.bytes(codec.encode(table).blobs["table.arrow"])))
            assert.deepStrictEqual(read.values["title"], title)
            const inMemory = yield* codec.decode(codec.encode(each))
            assert.deepStrictEqual(inMemory.values["title"], title)
          }
        }
      })
    )
  )

  it.effect("any table is", () =>
    inFolder(() =>
      Effect.gen(function* () {
        const services = yield* Effect.context<Store.Store>()
        const property = fc.asyncProperty(all, async (table) => {
          const { read } = await Effect.runPromise(Effect.provide(roundTrip(table), services))
          assert.strictEqual(Table.digest(read), Table.digest(table))
        })
        yield* Effect.promise(() => fc.assert(property, { numRuns: runs }))
      })
    )
  )

  it.effect("any table of columns too long for a batch is, the same bytes from memory and from disk", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const services = yield* Effect.context<Store.Store | FileSystem.FileSystem>()
        const cases = fc.record({
          table: all,
          rows: fc.integer({ min: 1, max: 50 }),
          longest: fc.integer({ min: 1, max: 400 })
        })
        const property = fc.asyncProperty(cases, async ({ longest, rows, table }) => {
          const program = Effect.gen(function* () {
            const { digest, read } = yield* roundTrip(Tables.onDisk(table, rows), longest)
            const arrow = toArrow(table, longest)
            const bytes = Arrow.tableToIPC(arrow, "file")
            assert.strictEqual(digest, Digest.fromBytes(bytes))
            assert.strictEqual(Table.digest(read), Table.digest(table))
            const places = someRows(table.length)
            for (const some of Object.values(places))
              assert.strictEqual(Table.digest(Table.take(read, some)), Table.digest(table, some))
            const inMemory = yield* Ipc.decode(All, bytes)
            assert.deepStrictEqual(inMemory.values, { ...table.values })
            yield* files.writeFile(`${folder}/it.arrow`, bytes)
            assert.strictEqual(Table.digest(yield* run(Source.arrow(`${folder}/it.arrow`, All))), Table.digest(table))
            for (const { data, numRows } of arrow.batches)
              if (numRows > 1) for (const own of data.children) assert.isAtMost(sizeOf(own), longest)
          })
          await Effect.runPromise(Effect.provide(program, services))
        })
        yield* Effect.promise(() => fc.assert(property, { numRuns: runs }))
      })
    )
  )

  it.effect("gives rows of a width that blocks of its file do not have", () =>
    inFolder(() =>
      Effect.gen(function* () {
        const length = 400_000
        const t = Uint8Array.from({ length: 3 * length }, (_, place) => (place * 7919) >> 3)
        const table = yield* Table.make({ t: Column.tensor([3], "uint8") }, { t }, { length })
        const { read } = yield* roundTrip(table)
        const { ascending } = someRows(length)
        assert.strictEqual(Table.digest(read, ascending), Table.digest(table, ascending))
      })
    )
  )

  it.effect("that is damaged while it is in use gives an error that names the file, and no number", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const length = 300_000
        const x = Float64Array.from({ length }, (_, row) => row)
        const table = yield* Table.make({ x: Column.float }, { x }, { length })
        const { digest, read } = yield* roundTrip(table)
        const path = `${folder}/store/objects/${digest.slice(0, 2)}/${digest}`
        const bytes = yield* files.readFile(path)
        assert.strictEqual(read.values.x[length - 1], length - 1)
        const again = yield* roundTrip(table)

        bytes[6_500_000] ^= 1
        yield* files.writeFile(path, bytes)
        const damaged = yield* Effect.flip(Effect.try({ try: () => again.read.values.x, catch: (error) => error }))
        assert.include(String(damaged), "DamagedFile")
        assert.include(String(damaged), path)
        assert.strictEqual((yield* Effect.flip(roundTrip(table)))._tag, "CorruptObject")

        yield* files.truncate(path, 5_000_000)
        const cut = yield* Effect.flip(Effect.try({ try: () => Table.digest(again.read), catch: (error) => error }))
        assert.include(String(cut), "it ends at byte 5000000")
      })
    )
  )
})
