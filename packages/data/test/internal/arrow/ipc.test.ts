import { assert, describe, it } from "@effect/vitest"
import { Digest } from "@watertight/core"
import { Effect } from "effect"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { Column, type Table } from "../../../src/index.ts"
import * as Ipc from "../../../src/internal/arrow/ipc.ts"
import { toArrow } from "../../../src/internal/arrow/toArrow.ts"
import { Tables } from "../../../src/testing/index.ts"
import { every, missing, texts } from "../../fixtures/tables.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const fixture = JSON.parse(readFileSync(new URL("../../fixtures/arrow.json", import.meta.url), "utf8"))
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"))

describe("arrowIpc.encode", () => {
  it("writes the bytes that pyarrow was given", () => {
    assert.deepStrictEqual(Ipc.encode(every), bytesOf(fixture.ours))
  })

  it("is read by pyarrow as it was meant", () => {
    const { seen } = fixture
    assert.deepStrictEqual(seen.types, {
      __id: "fixed_size_binary[16]",
      distance: "double",
      pickup: "timestamp[ms, tz=UTC]",
      precise: "double",
      zone: "dictionary<values=string, indices=int32, ordered=0>",
      image: "extension<arrow.fixed_shape_tensor[value_type=uint8, shape=[1,3]]>",
      embedding: "extension<arrow.fixed_shape_tensor[value_type=float, shape=[2]]>"
    })
    assert.deepStrictEqual(seen.nullable, [])
    assert.strictEqual(seen.ids.join(""), Buffer.from(every.ids).toString("hex"))
    assert.deepStrictEqual(seen.distance.map(Number), [...every.values.distance])
    assert.deepStrictEqual(seen.pickup.map(Date.parse), [...every.values.pickup])
    assert.deepStrictEqual(seen.precise, [...every.values.precise])
    assert.deepStrictEqual(seen.zone, ["a", "b", "ü"])
    assert.deepStrictEqual(seen.levels, [...every.columns.zone.levels])
    assert.deepStrictEqual(seen.image.flat(2), [...every.values.image])
    assert.deepStrictEqual(seen.embedding.flat(), [...every.values.embedding])
  })

  it("gives the same bytes for the same table, whatever was encoded before", () => {
    const once = Ipc.encode(every)
    Ipc.encode({ columns: { x: Column.category(["p"]) }, length: 1, values: { x: Int32Array.of(0) } })
    assert.deepStrictEqual(Ipc.encode(every), once)
  })
})

const anyTable: fc.Arbitrary<Table.Table> = fc.oneof(
  Tables.arbitrary(every.columns, { maxLength: 20 }),
  Tables.arbitrary(texts.columns, { maxLength: 20 })
)

describe("arrowIpc.decode", () => {
  it.effect("reads what pyarrow wrote, in two batches", () =>
    Effect.gen(function* () {
      const { ids, length, values } = yield* Ipc.decode(every.columns, bytesOf(fixture.theirs))
      assert.strictEqual(length, 3)
      assert.deepStrictEqual(values, every.values)
      assert.deepStrictEqual(ids, every.ids)
    })
  )

  it.effect("gives back any table exactly", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(anyTable, fc.nat(7), (table, offset) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const bytes = Ipc.encode(table)
              const elsewhere = new Uint8Array(bytes.length + offset).subarray(offset)
              elsewhere.set(bytes)
              const decoded = yield* Ipc.decode(table.columns, elsewhere)
              assert.deepStrictEqual(decoded.values, { ...table.values })
              assert.deepStrictEqual(decoded.ids, table.ids)
            })
          )
        ),
        { numRuns: runs }
      )
    )
  )

  it.effect("tells apart instants that int64 milliseconds would not", () =>
    Effect.gen(function* () {
      const columns = { t: Column.timestamp }
      const values = { t: Float64Array.of(-0, 0.5, 2 ** 60) }
      const decoded = yield* Ipc.decode(columns, Ipc.encode({ columns, length: 3, values }))
      assert.isTrue(Object.is(decoded.values.t[0], -0))
      assert.deepStrictEqual(decoded.values, values)
    })
  )

  it.effect("refuses files of other columns, levels and shapes, and what is no file", () =>
    Effect.gen(function* () {
      const bytes = Ipc.encode(every)
      const reason = (columns: Record<string, Column.Column>, given = bytes) =>
        Effect.map(Effect.flip(Ipc.decode(columns, given)), (error) => error.reason)
      const { distance, ...rest } = every.columns
      assert.include(yield* reason(rest), "instead of [pickup, precise, zone, image, embedding]")
      assert.include(yield* reason({ ...every.columns, zone: Column.category(["a", "b", "ü"]) }), "levels [b, a, ü]")
      assert.include(yield* reason({ ...every.columns, image: Column.tensor([4], "uint8") }), 'column "image"')
      assert.include(yield* reason({ ...every.columns, image: Column.tensor([3]) }), "Float32Array")
      assert.include(
        yield* reason({ ...every.columns, distance: Column.timestamp, zone: Column.float }),
        'column "zone"'
      )
      for (const end of [0, 3, 8, 100, bytes.length - 20]) yield* reason(every.columns, bytes.subarray(0, end))
      yield* reason(
        every.columns,
        Uint8Array.from({ length: 400 }, (_, index) => index * 7)
      )
      assert.strictEqual(distance.kind, "float")
    })
  )
})

describe("arrowIpc with missing values", () => {
  const gaps = JSON.parse(readFileSync(new URL("../../fixtures/arrow_missing.json", import.meta.url), "utf8"))

  it("writes nulls that pyarrow reads as it was meant", () => {
    assert.deepStrictEqual(Ipc.encode(missing), bytesOf(gaps.ours))
    assert.deepStrictEqual(gaps.seen.nullable, Object.keys(missing.columns))
    assert.deepStrictEqual(gaps.seen.nulls, { __id: 0, distance: 1, pickup: 1, precise: 1, zone: 1, full: 0, none: 3 })
    const { distance, none, pickup, precise, zone } = gaps.seen.rows
    assert.deepStrictEqual(distance, [null, -0, 1e300])
    assert.deepStrictEqual(
      pickup.map((time: string | null) => time && Date.parse(time)),
      [missing.values.pickup[0], null, missing.values.pickup[2]]
    )
    assert.deepStrictEqual(precise, [0.125, 1, null])
    assert.deepStrictEqual(zone, ["a", null, "b"])
    assert.deepStrictEqual(none, [null, null, null])
  })

  it.effect("reads what pyarrow wrote, in two batches, whatever lies under its nulls", () =>
    Effect.gen(function* () {
      const { ids, values } = yield* Ipc.decode(missing.columns, bytesOf(gaps.theirs))
      assert.deepStrictEqual(values, { ...missing.values })
      assert.deepStrictEqual(ids, missing.ids)
    })
  )

  it.effect("gives back any table exactly", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(Tables.arbitrary(missing.columns, { maxLength: 70 }), (table) =>
          Effect.runPromise(
            Effect.gen(function* () {
              const decoded = yield* Ipc.decode(table.columns, Ipc.encode(table))
              assert.deepStrictEqual(decoded.values, { ...table.values })
              assert.strictEqual(Digest.of(decoded.values), Digest.of({ ...table.values }))
            })
          )
        ),
        { numRuns: runs }
      )
    )
  )

  it.effect("refuses nulls where none were declared", () =>
    Effect.gen(function* () {
      const declared = { ...missing.columns, distance: Column.float }
      const error = yield* Effect.flip(Ipc.decode(declared, bytesOf(gaps.ours)))
      assert.include(error.reason, 'column "distance" has empty places; declare it with Column.optional')
    })
  )
})

describe("arrowIpc.toArrow", () => {
  it("shares the values", () => {
    const table = toArrow(every)
    assert.strictEqual(table.getChild("distance")?.data[0].values, every.values.distance)
    assert.strictEqual(table.getChild("zone")?.data[0].values, every.values.zone)
    assert.strictEqual(table.getChild("image")?.data[0].children[0].values.buffer, every.values.image.buffer)
    assert.deepStrictEqual(table.getChild("zone")?.toArray().length, 3)
    assert.strictEqual(table.get(0)?.["zone"], "a")
  })
})
