import { mapRows } from "../src/internal/columns/contents.ts"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Columns, Dataset, Table } from "../src/index.ts"

const columns = Columns.make({ x: Column.float })
const table = (x: ReadonlyArray<number>) => Table.make(columns, { x: Float64Array.from(x) }, { length: x.length })

describe("Dataset.make", () => {
  it.effect("has a fingerprint of its own rows only", () =>
    Effect.gen(function* () {
      const rows = Uint32Array.of(0, 2)
      const before = Dataset.make(yield* table([1, 2, 3]), rows, "train")
      const elsewhere = Dataset.make(yield* table([1, 99, 3, 4]), rows, "train")
      const changed = Dataset.make(yield* table([1, 2, 4]), rows, "train")
      const asTest = Dataset.make(yield* table([1, 2, 3]), rows, "test")
      assert.strictEqual(before.fingerprint, elsewhere.fingerprint)
      assert.notStrictEqual(before.fingerprint, changed.fingerprint)
      assert.notStrictEqual(before.fingerprint, asTest.fingerprint)
    })
  )

  it.effect("of all rows is the same however they are named, and copies nothing", () =>
    Effect.gen(function* () {
      const given = yield* table([1, 2, 3])
      const every = Dataset.make(given, undefined, "train")
      const named = Dataset.make(given, Uint32Array.of(0, 1, 2), "train")
      assert.strictEqual(every.fingerprint, named.fingerprint)
      assert.strictEqual(yield* Dataset.rows(every), given)
      assert.strictEqual(yield* Dataset.rows(named), given)
      assert.notStrictEqual(Dataset.make(given, Uint32Array.of(0, 2, 1), "train").fingerprint, every.fingerprint)
    })
  )
})

describe("Dataset.rows", () => {
  it.effect("reads train and validation, in the data set's order", () =>
    Effect.gen(function* () {
      const given = yield* table([1, 2, 3])
      const train = yield* Dataset.rows(Dataset.make(given, Uint32Array.of(2, 0), "train"))
      assert.deepStrictEqual(train.values.x, Float64Array.of(3, 1))
      assert.strictEqual((yield* Dataset.rows(Dataset.make(given, Uint32Array.of(1), "validation"))).length, 1)
    })
  )

  it.effect("refuses test rows that were forced through the types", () =>
    Effect.gen(function* () {
      const test = Dataset.make(yield* table([1, 2, 3]), Uint32Array.of(1), "test")
      const error = yield* Effect.flip(Dataset.rows(test as never))
      assert.strictEqual(error._tag, "SealedError")
      const disguised = { ...test, partition: "train" } as never
      assert.isTrue((yield* Effect.exit(Effect.suspend(() => Dataset.rows(disguised))))._tag === "Failure")
    })
  )
})

describe("mapRows", () => {
  it.effect("keeps partition and ids, and dies when rows are lost", () =>
    Effect.gen(function* () {
      const given = yield* table([1, 2, 3])
      const validation = Dataset.make(given, Uint32Array.of(2, 0), "validation")
      const doubled = yield* mapRows(validation, (rows) =>
        Table.make(columns, { x: rows.values.x.map((x) => 2 * x) }, { length: rows.length })
      )
      assert.strictEqual(doubled.partition, "validation")
      assert.deepStrictEqual((yield* Dataset.rows(doubled)).values.x, Float64Array.of(6, 2))
      assert.deepStrictEqual(Dataset.ids(doubled), Dataset.ids(validation))
      const fewer = Effect.exit(mapRows(validation, () => table([1])))
      assert.isTrue((yield* fewer)._tag === "Failure")
    })
  )
})
