import { Blob, Digest, Scratch, Store } from "@watertight/core"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Option } from "effect"
import { spawnSync } from "node:child_process"

const text = (value: string) => Buffer.from(value)

const inFolder = <A, E>(use: (folder: string) => Effect.Effect<A, E, Store.Store | FileSystem.FileSystem>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const folder = `${yield* files.makeTempDirectoryScoped()}/store`
    return yield* Effect.provide(use(folder), Store.layerFolder(folder))
  }).pipe(Effect.provide(NodeServices.layer))

const implementations = {
  "in memory": <A, E>(use: Effect.Effect<A, E, Store.Store>) => Effect.provide(use, Store.layerMemory),
  "in a folder": <A, E>(use: Effect.Effect<A, E, Store.Store>) => inFolder(() => use)
}

for (const [name, provide] of Object.entries(implementations)) {
  describe(`Store ${name}`, () => {
    it.effect("gives back what was put, under its digest", () =>
      provide(
        Effect.gen(function* () {
          const store = yield* Store.Store
          const digest = yield* store.put(text("sea"))
          assert.strictEqual(digest, Digest.fromBytes(text("sea")))
          assert.deepStrictEqual(Buffer.from(yield* store.get(digest)), text("sea"))
          assert.isTrue(yield* store.has(digest))
          assert.isFalse(yield* store.has(Digest.of("other")))
        })
      )
    )

    it.effect("keeps entries by kind and name", () =>
      provide(
        Effect.gen(function* () {
          const store = yield* Store.Store
          yield* store.write("runs", "b.json", text("2"))
          yield* store.write("runs", "a.json", text("1"))
          yield* store.write("checkpoints", "a", text("3"))
          assert.deepStrictEqual(yield* store.list("runs"), ["a.json", "b.json"])
          assert.deepStrictEqual(
            Option.map(yield* store.read("checkpoints", "a"), (bytes) => Buffer.from(bytes).toString()),
            Option.some("3")
          )
          yield* store.remove("checkpoints", "a")
          assert.isTrue(Option.isNone(yield* store.read("checkpoints", "a")))
        })
      )
    )

    it.effect("an object that is not there is a StoreError", () =>
      provide(
        Effect.gen(function* () {
          const store = yield* Store.Store
          assert.strictEqual((yield* Effect.flip(store.get(Digest.of("x"))))._tag, "StoreError")
        })
      )
    )
  })
}

describe("Store in a folder", () => {
  it.effect("a flipped byte in an object is named", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const store = yield* Store.Store
        const files = yield* FileSystem.FileSystem
        const digest = yield* store.put(text("sea"))
        const path = `${folder}/objects/${digest.slice(0, 2)}/${digest}`
        yield* files.writeFile(path, text("tea"))
        const error = yield* Effect.flip(store.get(digest))
        assert.isTrue(error._tag === "CorruptObject" && error.path === path)
        assert.include(error.message, "Delete that file and run again")
      })
    )
  )

  it.effect("a flipped byte in an entry is named", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const store = yield* Store.Store
        const files = yield* FileSystem.FileSystem
        yield* store.write("results", "key", text("42"))
        const path = `${folder}/results/key`
        yield* files.writeFileString(path, (yield* files.readFileString(path)).replace("42", "43"))
        const error = yield* Effect.flip(store.read("results", "key"))
        assert.strictEqual(error._tag, "CorruptObject")
      })
    )
  )

  it.effect("nothing half-written is left, and no draft", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const store = yield* Store.Store
        const files = yield* FileSystem.FileSystem
        yield* Effect.forEach([1, 2, 3], (each) => store.put(text(`${each}`)), { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* files.readDirectory(`${folder}/tmp`), [])
      })
    )
  )

  it.effect("a folder that cannot be made is an error that says what to do", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = yield* files.makeTempFileScoped()
      const put = Effect.flatMap(Store.Store, (store) => store.put(text("x")))
      const error = yield* Effect.flip(Effect.provide(put, Store.layerFolder(`${file}/store`)))
      assert.strictEqual(error._tag, "StoreError")
      assert.include(error.message, "--store")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("a full disk is an error, and leaves no draft", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = `${yield* files.makeTempDirectoryScoped()}/store`
      const full = {
        ...files,
        open: (path: string, options?: { readonly flag?: FileSystem.OpenFlag }) =>
          path.startsWith(`${folder}/tmp/`) ? files.open("/dev/full", options) : files.open(path, options)
      }
      const put = Effect.flatMap(Store.Store, (store) => store.put(new Uint8Array(1 << 20))).pipe(
        Effect.provide(Store.layerFolder(folder)),
        Effect.provideService(FileSystem.FileSystem, full)
      )
      assert.include((yield* Effect.flip(put)).message, "the disk is full")
      assert.deepStrictEqual(yield* files.readDirectory(`${folder}/tmp`), [])
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("a large object is written and read piece by piece, and has the digest of its bytes", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const store = yield* Store.Store
        const files = yield* FileSystem.FileSystem
        const bytes = Uint8Array.from({ length: 3_000_000 }, (_, place) => place % 251)
        const pieces = function* () {
          for (let start = 0; start < bytes.length; start += 700_001) yield bytes.subarray(start, start + 700_001)
        }
        const digest = yield* store.put({ byteLength: bytes.length, pieces })
        assert.strictEqual(digest, Digest.fromBytes(bytes))
        assert.deepStrictEqual(yield* files.readDirectory(`${folder}/tmp`), [])
        const opened = yield* Effect.provideService(store.open(digest), Scratch.Settings, { folder, inMemory: 0 })
        assert.isTrue(Blob.isStored(opened) && opened.byteLength === bytes.length)
        if (!Blob.isStored(opened)) return
        assert.deepStrictEqual(Blob.bytes(opened), bytes)
        const part = new Uint8Array(1_200_000)
        opened.read(999_999, part)
        assert.deepStrictEqual(part, bytes.slice(999_999, 2_199_999))
        assert.isUndefined(Blob.firstDifference(opened, { byteLength: bytes.length, pieces }))
        const other = bytes.slice()
        other[2_500_000]++
        assert.deepStrictEqual(Blob.firstDifference({ byteLength: bytes.length, pieces }, other)?.byte, 2_500_000)
      })
    )
  )

  it.effect("writing a large object that is interrupted or fails leaves no draft", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const store = yield* Store.Store
        const files = yield* FileSystem.FileSystem
        const endless = function* () {
          for (;;) yield new Uint8Array(1 << 16)
        }
        const writing = yield* Effect.forkChild(store.put({ byteLength: 2 ** 40, pieces: endless }))
        while (!(yield* files.exists(`${folder}/tmp`))) yield* Effect.yieldNow
        yield* Fiber.interrupt(writing)
        assert.deepStrictEqual(yield* files.readDirectory(`${folder}/tmp`), [])
        const broken = function* () {
          yield new Uint8Array(9)
          throw new Error("the scratch file is damaged")
        }
        const exit = yield* Effect.exit(store.put({ byteLength: 10, pieces: broken }))
        assert.include(String(exit), "the scratch file is damaged")
        assert.deepStrictEqual(yield* files.readDirectory(`${folder}/tmp`), [])
      })
    )
  )

  it.effect("what a killed process left is removed at the next start; what others write stays", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const folder = yield* files.makeTempDirectoryScoped()
      yield* files.makeDirectory(`${folder}/tmp`)
      const { pid } = spawnSync(process.execPath, ["-e", ""])
      for (const name of [`${pid}-0`, `scratch-${pid}-3`, `${process.pid}-7`, "notes"]) {
        yield* files.writeFileString(`${folder}/tmp/${name}`, "draft")
      }
      yield* Effect.provide(Store.Store, Store.layerFolder(folder))
      assert.deepStrictEqual((yield* files.readDirectory(`${folder}/tmp`)).sort(), [`${process.pid}-7`, "notes"].sort())
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
