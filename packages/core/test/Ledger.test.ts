import { Digest, Ledger } from "@watertight/core"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Option } from "effect"

const model = (name: string) => Digest.of(name)
const rows = (...names: ReadonlyArray<number>) =>
  Uint8Array.from(names.flatMap((name) => [...new Uint8Array(16).fill(name)]))

/** Runs with a ledger in a new folder. */
const inFolder = <A, E>(use: (folder: string) => Effect.Effect<A, E, Ledger.Ledger | FileSystem.FileSystem>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const folder = yield* files.makeTempDirectoryScoped()
    return yield* Effect.provide(use(folder), Ledger.layerFolder(folder))
  }).pipe(Effect.provide(NodeServices.layer))

const open = (name: string, ids: Uint8Array) =>
  Effect.flatMap(Ledger.Ledger, (ledger) => ledger.open({ ids, model: model(name), pipeline: "taxi" }))

const implementations = {
  "in memory": <A, E>(use: Effect.Effect<A, E, Ledger.Ledger>) => Effect.provide(use, Ledger.layerMemory),
  "in a folder": <A, E>(use: Effect.Effect<A, E, Ledger.Ledger>) => inFolder(() => use)
}

for (const [name, provide] of Object.entries(implementations)) {
  describe(`Ledger ${name}`, () => {
    it.effect("permits the rows that were written down, and no others", () =>
      provide(
        Effect.gen(function* () {
          const { number, permit } = yield* open("a", rows(1, 2, 3))
          assert.strictEqual(number, 1)
          assert.isTrue(Ledger.permits(permit, rows(3, 2, 1)))
          assert.isFalse(Ledger.permits(permit, rows(1, 2)))
          assert.isFalse(Ledger.permits({ _tag: "Permit" }, rows(1, 2, 3)))
        })
      )
    )

    it.effect("the same model on the same rows is the same reading", () =>
      provide(
        Effect.gen(function* () {
          yield* open("a", rows(1, 2, 3))
          const again = yield* open("a", rows(2, 3, 1))
          assert.strictEqual(again.number, 1)
          assert.strictEqual((yield* (yield* Ledger.Ledger).entries).length, 1)
        })
      )
    )

    it.effect("E01 a second model is refused, and told what was reported when by whom", () =>
      provide(
        Effect.gen(function* () {
          const first = yield* open("a", rows(1, 2, 3)).pipe(Effect.provideService(Ledger.Reader, "ada"))
          yield* first.report("accuracy 98.1 %")
          const error = yield* Effect.flip(open("b", rows(3, 4)))
          assert.strictEqual(error._tag, "TestAlreadyOpened")
          assert.include(error.message, "1 of these 2 test rows were read before")
          assert.include(error.message, 'by ada, pipeline "taxi"')
          assert.include(error.message, "accuracy 98.1 %")
          assert.include(error.message, "--spend-test")
        })
      )
    )

    it.effect("a spent reading goes through with its reason, which stays", () =>
      provide(
        Effect.gen(function* () {
          yield* open("a", rows(1, 2))
          const spending = Effect.provideService(Ledger.SpendReason, Option.some("the first model had a bug"))
          const spent = yield* open("b", rows(2, 1)).pipe(spending)
          assert.strictEqual(spent.number, 2)
          assert.strictEqual(spent.reason, "the first model had a bug")
          const replayed = yield* open("b", rows(2, 1))
          assert.deepStrictEqual([replayed.number, replayed.reason], [2, "the first model had a bug"])
        })
      )
    )

    it.effect("other rows are a first reading, with no reason though one was given", () =>
      provide(
        Effect.gen(function* () {
          yield* open("a", rows(1, 2))
          const other = yield* open("b", rows(3)).pipe(
            Effect.provideService(Ledger.SpendReason, Option.some("why not"))
          )
          assert.deepStrictEqual([other.number, other.reason], [1, null])
        })
      )
    )

    it.effect("readers at the same time are written down one after the other", () =>
      provide(
        Effect.gen(function* () {
          const names = Array.from({ length: 12 }, (_, index) => index)
          yield* Effect.forEach(names, (each) => open(`m${each}`, rows(each)), { concurrency: "unbounded" })
          assert.strictEqual((yield* (yield* Ledger.Ledger).entries).length, names.length)
        })
      )
    )
  })
}

describe("Ledger in a folder", () => {
  const tamper = (change: (text: string) => string) =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        yield* open("a", rows(1))
        const second = yield* open("b", rows(2))
        yield* second.report("accuracy 1 %")
        const path = `${folder}/ledger.jsonl`
        yield* files.writeFileString(path, change(yield* files.readFileString(path)))
        return yield* Effect.result(open("c", rows(3)))
      })
    )

  it.effect("a changed report shows", () =>
    Effect.gen(function* () {
      const result = yield* tamper((text) => text.replace("accuracy 1 %", "accuracy 9 %"))
      assert.isTrue(result._tag === "Failure" && result.failure._tag === "LedgerTampered" && result.failure.line === 3)
    })
  )

  it.effect("a missing line shows", () =>
    Effect.gen(function* () {
      const result = yield* tamper((text) => text.split("\n").slice(1).join("\n"))
      assert.isTrue(result._tag === "Failure" && result.failure._tag === "LedgerTampered" && result.failure.line === 1)
    })
  )

  it.effect("a line cut short by a crash does not count, and is replaced by the next", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        yield* open("a", rows(1))
        yield* files.writeFileString(`${folder}/ledger.jsonl`, '{"line":1,"previ', { flag: "a" })
        yield* open("b", rows(2))
        const entries = yield* (yield* Ledger.Ledger).entries
        assert.deepStrictEqual(
          entries.map(({ line }) => line),
          [0, 1]
        )
      })
    )
  )

  it.live("the lock of a process that was killed is taken over", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        yield* files.writeFileString(`${folder}/ledger.lock`, "999999999")
        yield* open("a", rows(1))
        assert.isFalse(yield* files.exists(`${folder}/ledger.lock`))
      })
    )
  )

  it.effect("a missing list of rows shows", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        yield* open("a", rows(1))
        yield* files.remove(`${folder}/${Ledger.rowSet(rows(1))}.rows`)
        const error = yield* Effect.flip(open("b", rows(2)))
        assert.strictEqual(error._tag, "LedgerTampered")
      })
    )
  )
})
