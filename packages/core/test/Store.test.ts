import { Digest, Store } from "@watertight/core"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Option } from "effect"

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
})
