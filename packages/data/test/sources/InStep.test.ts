import { NodeFileSystem, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Event, Ledger, type Node, Pipeline, Scratch, Store } from "@watertight/core"
import { Deferred, Effect, Fiber, FileSystem, type Scope } from "effect"
import * as fc from "fast-check"
import { appendFileSync, truncateSync } from "node:fs"
import { tmpdir } from "node:os"
import { gzipSync } from "node:zlib"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import * as InStep from "../../src/internal/sources/inStep.ts"
import * as Quarantine from "../../src/sources/Quarantine.ts"
import { run } from "../run.ts"
import { type Lies, bytesOf, idx, npy, zip } from "./arrays.ts"
import { damage, failure, fixture, runs, write } from "./files.ts"

/** Reads with blocks of so many bytes, and keeps tables of so many in memory. */
const within =
  (blockBytes: number, inMemory: number) =>
  <A, E, R>(reading: Effect.Effect<A, E, R>) =>
    reading.pipe(
      Effect.provideService(InStep.BlockBytes, blockBytes),
      Effect.provideService(Scratch.Settings, { folder: tmpdir(), inMemory })
    )

const All = Columns.make({
  x: Column.float,
  pair: Column.tensor([2]),
  age: Column.optional(Column.float),
  zone: Column.category(["a", "b"]),
  name: Column.text,
  image: Column.tensor([2, 2], "uint8")
})

interface Rows {
  readonly x: ReadonlyArray<number>
  readonly zone: ReadonlyArray<string>
}

const arraysOf = ({ x, zone }: Rows): Readonly<Record<keyof typeof All, Uint8Array>> => {
  const letters = Uint32Array.from(zone, (letter) => letter.codePointAt(0) ?? 0)
  return {
    x: npy("<f8", [x.length], Float64Array.from(x)),
    pair: npy("<f4", [x.length, 2], Float32Array.from(x.flatMap((value) => [1, Math.abs(value) > 7 ? value : 2]))),
    age: npy(">i8", [x.length], Buffer.from(bytesOf(BigInt64Array.from(x, (_, row) => BigInt(row)))).swap64()),
    zone: npy("<U1", [x.length], letters),
    name: npy("<U1", [x.length], letters),
    image: npy(
      "|u1",
      [x.length, 2, 2],
      Uint8Array.from({ length: 4 * x.length }, (_, place) => place % 251)
    )
  }
}

/** Few values that no column takes, and fewer files that are damaged. */
const rows = fc
  .array(
    fc.tuple(fc.constantFrom(1.5, -0, 3, 9, Number.NaN, Infinity), fc.constantFrom("a", "b", "a", "z"), fc.nat(20)),
    {
      minLength: 1,
      maxLength: 5
    }
  )
  .map((parts): Rows => {
    const all = parts.flatMap(([x, zone, count]) => Array.from({ length: count + 1 }, () => ({ x, zone })))
    return { x: all.map(({ x }) => x), zone: all.map(({ zone }) => zone) }
  })

/** What reading gives, as something to compare. */
const outcome = <C extends Columns.Columns, R>(source: Quarantine.Source<C, Source.SourceError, R>) =>
  Effect.forEach(["fail", "set aside"] as const, (onBadRow) =>
    Effect.match(Quarantine.readerOf(source).read(onBadRow), {
      onFailure: ({ column, message, problem, row }) => ({ column, message, problem, row }),
      onSuccess: ({ quarantine, table }) => ({ quarantine, digest: Table.digest(table) })
    })
  )

const sourcesOf = Effect.fnUntraced(function* (made: Rows, harm: (bytes: Uint8Array) => Uint8Array) {
  const arrays = arraysOf(made)
  const entries = Object.entries(arrays) as ReadonlyArray<[keyof typeof All, Uint8Array]>
  const files = (ending: string, pack: (bytes: Uint8Array) => Uint8Array) =>
    Effect.forEach(entries, ([name, bytes], index) =>
      Effect.map(write(index === 2 ? harm(pack(bytes)) : pack(bytes), name + ending), (path) => [name, path] as const)
    )
  const npy = (paths: ReadonlyArray<readonly [keyof typeof All, string]>) =>
    Source.npy(Object.fromEntries(paths.map(([name, path]) => [name, { path, column: All[name] as Column.Column }])))
  const npz = (lies: Lies) =>
    Effect.map(
      write(harm(zip(Object.fromEntries(entries.map(([name, bytes]) => [`${name}.npy`, [bytes, lies]])))), "it.npz"),
      (path) => Source.npz(path, All)
    )
  const labels = made.zone.map((zone) => ["a", "b"].indexOf(zone) & 3)
  return [
    npy(yield* files(".npy", (bytes) => bytes)),
    npy(yield* files(".npy.gz", gzipSync)),
    yield* npz({}),
    yield* npz({ packed: true, zip64: true }),
    Source.idx({
      label: {
        path: yield* write(harm(idx([labels.length], Uint8Array.from(labels))), "labels"),
        column: Column.category(["a", "b"])
      },
      image: {
        path: yield* write(gzipSync(idx([labels.length, 4], arrays.image.slice(-4 * labels.length))), "images.gz"),
        column: Column.tensor([4])
      }
    })
  ]
})

describe("sources of arrays", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("give the same rows, errors and rows set aside in blocks of any size, in memory and on disk", () =>
      Effect.flatMap(Effect.context<FileSystem.FileSystem>(), (services) =>
        Effect.promise(() => {
          const harm = fc.option(fc.tuple(fc.infiniteStream(fc.nat({ max: 2 ** 30 }))), { freq: 2 })
          const property = fc.asyncProperty(rows, harm, fc.nat({ max: 3000 }), async (made, some, blockBytes) => {
            const comparing = Effect.gen(function* () {
              const harmed = (bytes: Uint8Array) =>
                some === null ? bytes : fc.sample(damage(bytes), { numRuns: 1, seed: some[0].next().value })[0]
              for (const source of yield* sourcesOf(made, harmed)) {
                const whole = yield* outcome(source).pipe(within(1 << 24, 2 ** 40))
                assert.deepStrictEqual(yield* outcome(source).pipe(within(blockBytes, 2 ** 40)), whole)
                assert.deepStrictEqual(yield* outcome(source).pipe(within(blockBytes, -1)), whole)
              }
            })
            await Effect.runPromise(Effect.scoped(Effect.provide(comparing, services)))
          })
          return fc.assert(property, { numRuns: runs / 5 })
        })
      )
    )

    it.effect("name the first column that has a bad value, wherever it is, but a broken file before it", () =>
      Effect.gen(function* () {
        const numbers = (bad: number) =>
          Float64Array.from({ length: 1000 }, (_, row) => (row === bad ? Number.NaN : row))
        const path = (bad: number) => write(npy("<f8", [1000], numbers(bad)), "x.npy")
        const [late, early] = [yield* path(900), yield* path(2)]
        const files = { late: { path: late, column: Column.float }, early: { path: early, column: Column.float } }
        const found = yield* failure(Source.npy(files)).pipe(within(64, -1))
        assert.deepStrictEqual([found.problem, found.column, found.row], ["bad value", "late", 901])

        const packed = gzipSync(npy("<f8", [1000], numbers(-1)))
        packed[packed.length - 8] ^= 1 // its checksum
        const one = { path: yield* write(packed, "one.npy.gz"), column: Column.float }
        const broken = yield* failure(Source.npy({ ...files, one })).pipe(within(64, -1))
        assert.deepStrictEqual([broken.problem, broken.file], ["broken compression", one.path])

        const x = npy("<f8", [1000], numbers(2))
        const archive = zip({ "x.npy": [x], "y.npy": [npy("<f8", [1000], numbers(-1)), { packed: true }] })
        archive[35 + 128 + 8 * 900] ^= 1
        const path2 = yield* write(archive, "it.npz")
        const damaged = yield* failure(Source.npz(path2, { x: Column.float, y: Column.float })).pipe(within(64, -1))
        assert.include(damaged.message, '"x.npy" is damaged')
      })
    )

    it.effect("refuse a packed file of another length than its header says, at its end", () =>
      Effect.gen(function* () {
        const good = npy("<f8", [1000], new Float64Array(1000))
        for (const [bytes, problem, detail] of [
          [good.subarray(0, -1), "truncated", "has 7999 bytes after its header, which asks for 8000"],
          [Buffer.concat([good, good]), "too long", "has 16128 bytes after its header"],
          [good.subarray(0, 100), "truncated", "ends inside its header"]
        ] as const) {
          const path = yield* write(gzipSync(bytes), "x.npy.gz")
          const found = yield* failure(Source.npy({ x: { path, column: Column.float } })).pipe(within(64, -1))
          assert.deepStrictEqual([found.problem, found.column], [problem, "x"])
          assert.include(found.message, detail)
        }
        const labels = idx([10], new Uint8Array(9))
        const path = yield* write(gzipSync(labels), "labels.gz")
        const found = yield* failure(Source.idx({ x: { path, column: Column.category(["a"]) } }))
        assert.include(found.message, "has 17 bytes, but its header (10) asks for 18")
      })
    )

    it.effect("stop unpacking a part of an archive that is more than the archive says", () =>
      Effect.gen(function* () {
        const zeros = npy("<f8", [1_250_000], new Float64Array(1_250_000))
        const lying = zip({ "x.npy": [zeros, { packed: true, size: 136 }] })
        const found = yield* failure(Source.npz(yield* write(lying, "it.npz"), { x: Column.float }))
        assert.include(found.message, '"x.npy" unpacks to more than the 136 bytes recorded')
      })
    )

    it.effect("read an archive that is packed once more", () =>
      Effect.gen(function* () {
        const bytes = yield* Effect.flatMap(FileSystem.FileSystem, (files) =>
          files.readFile(fixture("stored.npz").pathname)
        )
        const path = yield* write(gzipSync(bytes), "it.npz.gz")
        const table = yield* run(Source.npz(path, { int64: Column.float }))
        assert.strictEqual(table.length, 3)
      })
    )

    it.effect("guess from the first rows", () =>
      Effect.gen(function* () {
        const x = npy(
          "<f8",
          [1000],
          Float64Array.from({ length: 1000 }, (_, row) => (row < 900 ? row : Number.NaN))
        )
        const path = yield* write(zip({ "x.npy": [x, { packed: true }] }), "it.npz")
        const some = yield* Source.infer(path, { rows: 900 })
        assert.deepStrictEqual([some.rows, some.isWhole, some.columns], [900, false, { x: Column.float }])
        const all = yield* Source.infer(path)
        assert.deepStrictEqual([all.rows, all.isWhole, all.columns], [1000, true, { x: Column.optional(Column.float) }])
      })
    )
  })
})

/** A table in the making: files of 8,000 rows, of which each is looked at a hundred at a time. */
const making = Effect.gen(function* () {
  const x = npy(
    "<f8",
    [8000],
    Float64Array.from({ length: 8000 }, (_, row) => row)
  )
  const [plain, packed] = [yield* write(x, "x.npy"), yield* write(gzipSync(x), "x.npy.gz")]
  const archive = yield* write(zip({ "x.npy": [x], "y.npy": [x, { packed: true }] }), "it.npz")
  const column = Column.float
  return {
    plain,
    archive,
    npy: Source.npy({ x: { path: plain, column }, y: { path: packed, column } }),
    npz: Source.npz(archive, { x: column, y: column })
  }
})

/** Hears of progress. */
const hearing =
  (heard: (event: Event.Progress) => Effect.Effect<unknown>) =>
  <A, E, R>(reading: Effect.Effect<A, E, R>) =>
    reading.pipe(
      within(800, -1),
      Effect.provideService(Event.Node, "it"),
      Effect.provideService(Event.Listener, (event) =>
        event._tag === "Progress" ? Effect.asVoid(heard(event)) : Effect.void
      )
    )

const withFiles = (test: Effect.Effect<void, unknown, FileSystem.FileSystem | Scope.Scope>) =>
  Effect.provide(Effect.scoped(test), NodeServices.layer)

describe("reading arrays", () => {
  it.live("tells how many rows it has read", () =>
    withFiles(
      Effect.gen(function* () {
        for (const source of Object.values(yield* making).filter((each) => typeof each !== "string")) {
          const told: Array<number> = []
          yield* run(source, 0, { plain: true }).pipe(hearing(({ done }) => Effect.sync(() => told.push(done))))
          assert.isAbove(told.length, 50)
          assert.deepStrictEqual(
            [told.at(-1), told.every((done, index) => done > (told[index - 1] ?? 0))],
            [8000, true]
          )
        }
      })
    )
  )

  it.live("leaves no file open, however it ends", () =>
    withFiles(
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const { archive, npy, npz, plain } = yield* making
        const column = Column.float
        const cut = yield* write((yield* files.readFile(plain)).subarray(0, -1), "y.npy")
        const [whole, short] = [
          { path: plain, column },
          { path: cut, column }
        ]
        const none = Source.npz(archive, { x: column, none: column })
        const sources: ReadonlyArray<Node.Node<Table.Table, Source.SourceError, FileSystem.FileSystem>> = [
          npy,
          npz,
          Source.npy({ whole, short }),
          none
        ]
        for (const source of sources) {
          let [opened, closed] = [0, 0]
          const counting = FileSystem.FileSystem.of({
            ...files,
            open: (...args) =>
              Effect.tap(files.open(...args), () => {
                opened++
                return Effect.addFinalizer(() => Effect.sync(() => closed++))
              })
          })
          const read = run(source, 0, { plain: true }).pipe(Effect.provideService(FileSystem.FileSystem, counting))
          yield* Effect.exit(read)
          assert.deepStrictEqual([opened > 0, closed], [true, opened])
          const begun = yield* Deferred.make<void>()
          const stopping = hearing(() => Effect.andThen(Deferred.succeed(begun, undefined), Effect.never))(read)
          const fiber = yield* Effect.forkChild(Effect.ensuring(stopping, Deferred.succeed(begun, undefined)))
          yield* Deferred.await(begun)
          yield* Fiber.interrupt(fiber)
          assert.strictEqual(closed, opened)
        }
      })
    )
  )

  it.live("notices a file that is cut off or changed meanwhile", () =>
    withFiles(
      Effect.gen(function* () {
        const { archive, npy, npz, plain } = yield* making
        const run = (source: typeof npy) =>
          Effect.provide(Pipeline.run(Pipeline.make("it", { source }), { seed: 0 }), [
            Store.layerMemory,
            Ledger.layerMemory
          ])
        const once = (change: () => void) => {
          let isDone = false
          return hearing(() =>
            Effect.sync(() => {
              if (!isDone) change()
              isDone = true
            })
          )
        }
        const changed = yield* Effect.flip(once(() => appendFileSync(plain, "!"))(run(npy)))
        assert.strictEqual(changed._tag, "ChangedWhileRead")
        truncateSync(plain, 64_128)
        const cut = yield* Effect.flip(once(() => truncateSync(plain, 5000))(run(npy)))
        assert.include(cut.message, "x.npy: has 4872 bytes after its header, which asks for 64000")
        const damaged = yield* Effect.flip(once(() => truncateSync(archive, 20_000))(run(npz)))
        assert.include(damaged.message, '"x.npy" is damaged')
      })
    )
  )
})
