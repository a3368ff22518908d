import { assert, describe, it } from "@effect/vitest"
import { Blob, type Codec } from "@watertight/core"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Column, Columns, Table } from "../src/index.ts"
import { Tables } from "../src/testing/index.ts"
import { every, texts } from "./fixtures/tables.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const columns = Columns.make({ x: Column.float, label: Column.category(["a", "b"]) })
const values = { x: Float64Array.of(1, 2, 3), label: Int32Array.of(0, 1, 0) }

const stored = <A>(codec: Codec.Codec<A>) => {
  if (codec._tag !== "Stored") throw new Error("expected a stored codec")
  return codec
}

describe("Table.make", () => {
  it.effect("names the column that is wrong, and how", () =>
    Effect.gen(function* () {
      const problem = (changed: Record<string, unknown>, length = 3) =>
        Effect.map(
          Effect.flip(Table.make(columns, { ...values, ...changed } as never, { length })),
          (error) => error.message
        )
      assert.strictEqual(yield* problem({ x: undefined }), 'Column "x" has no values')
      assert.strictEqual(
        yield* problem({ x: Float32Array.of(1, 2, 3) }),
        'Column "x" holds a Float32Array instead of a Float64Array'
      )
      assert.strictEqual(yield* problem({ x: Float64Array.of(1) }), 'Column "x" holds 1 numbers instead of 3')
      assert.strictEqual(
        yield* problem({ label: Int32Array.of(0, 2, -1) }),
        'Column "label" has the code 2 in row 1, but only 2 levels'
      )
    })
  )

  it.effect("refuses a Buffer, an instant that is none, ids of another length and the reserved name", () =>
    Effect.gen(function* () {
      const bytes = { image: Column.tensor([2], "uint8") }
      const buffer = yield* Effect.flip(Table.make(bytes, { image: Buffer.from([1, 2]) }, { length: 1 }))
      assert.include(buffer.message, "holds a Buffer")
      const time = yield* Effect.flip(Table.make({ t: Column.timestamp }, { t: Float64Array.of(NaN) }, { length: 1 }))
      assert.include(time.message, "no instant in row 0")
      const ids = yield* Effect.flip(Table.make(columns, values, { length: 3, ids: new Uint8Array(16) }))
      assert.include(ids.message, "16 bytes instead of 48")
      const name = yield* Effect.flip(Table.make({ __id: Column.float }, { __id: Float64Array.of(1) }, { length: 1 }))
      assert.include(name.message, "reserved")
    })
  )
})

describe("Table.make with texts", () => {
  it.effect("takes an array of strings, and names what is no Unicode text", () =>
    Effect.gen(function* () {
      const columns = { title: Column.text }
      const problem = (title: ReadonlyArray<unknown>) =>
        Effect.map(Effect.flip(Table.make(columns, { title } as never, { length: 2 })), (error) => error.message)
      assert.deepStrictEqual((yield* Table.make(columns, { title: ["", "ü"] }, { length: 2 })).values.title, ["", "ü"])
      assert.strictEqual(yield* problem(["a"]), 'Column "title" holds 1 texts instead of 2')
      assert.strictEqual(yield* problem(["a", "\ud800"]), 'Column "title" holds no Unicode text in row 1')
      assert.strictEqual(yield* problem(["a", 1]), 'Column "title" holds no Unicode text in row 1')
    })
  )
})

describe("Table.make with columns that may be missing", () => {
  const gaps = {
    x: Column.optional(Column.float),
    t: Column.optional(Column.timestamp),
    c: Column.optional(columns.label)
  }

  it.effect("takes NaN and -1 as missing, and still refuses what is no value", () =>
    Effect.gen(function* () {
      const good = { x: Float64Array.of(1, NaN), t: Float64Array.of(NaN, 5), c: Int32Array.of(-1, 1) }
      assert.deepStrictEqual((yield* Table.make(gaps, good, { length: 2 })).values, good)
      const problem = (changed: Partial<typeof good>) =>
        Effect.map(Effect.flip(Table.make(gaps, { ...good, ...changed }, { length: 2 })), (error) => error.message)
      assert.include(yield* problem({ c: Int32Array.of(-2, 0) }), "the code -2 in row 0")
      assert.include(yield* problem({ t: Float64Array.of(NaN, Infinity) }), "no instant in row 1")
    })
  )

  it.effect("gives every missing number the same bits, without writing into what it was given", () =>
    Effect.gen(function* () {
      const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0000n, 0x7ff8_0000_0000_0001n]).buffer)
      const bits = (array: Float64Array) => [...new BigUint64Array(array.buffer, array.byteOffset, array.length)]
      const before = bits(odd)
      const of = (x: Float64Array) => Table.make({ x: gaps.x }, { x }, { length: 2 })
      const [first, second] = [yield* of(odd), yield* of(Float64Array.of(NaN, NaN))]
      assert.strictEqual(Table.digest(first), Table.digest(second))
      assert.deepStrictEqual(first.ids.subarray(0, 16), first.ids.subarray(16))
      assert.deepStrictEqual(bits(odd), before)
    })
  )
})

describe("Table.take", () => {
  it.effect("copies rows in the order asked for", () =>
    Effect.gen(function* () {
      const table = yield* Table.make(columns, values, { length: 3 })
      const taken = Table.take(table, Uint32Array.of(2, 0, 2))
      assert.deepStrictEqual(taken.values, { x: Float64Array.of(3, 1, 3), label: Int32Array.of(0, 0, 0) })
      assert.deepStrictEqual(taken.ids.slice(0, 16), table.ids.slice(32))
    })
  )
})

describe("Table.digest", () => {
  const tables = Tables.arbitrary(every.columns, { minLength: 1, maxLength: 20 })
  const someRows = (table: Table.Table) =>
    fc.array(fc.nat(table.length - 1), { maxLength: 30 }).map((rows) => Uint32Array.from(rows))

  it("of some rows is the digest of a table of them", () => {
    fc.assert(
      fc.property(
        tables.chain((table) => fc.record({ table: fc.constant(table), rows: someRows(table) })),
        ({ rows, table }) => {
          assert.strictEqual(Table.digest(table, rows), Table.digest(Table.take(table, rows)))
        }
      ),
      { numRuns: runs }
    )
  })

  it.effect("changes with any value, id, level, name or order", () =>
    Effect.gen(function* () {
      const table = yield* Table.make(columns, values, { length: 3 })
      const others: ReadonlyArray<Table.Table> = [
        { ...table, ids: table.ids, values: { ...values, x: Float64Array.of(1, 2, -3) } },
        { ...table, ids: table.ids, values: { ...values, label: Int32Array.of(0, 1, 1) } },
        { ...table, ids: table.ids.map((byte) => byte ^ 1) },
        { ...table, ids: table.ids, columns: { ...columns, label: Column.category(["a", "c"]) } },
        { ...table, ids: table.ids, columns: { label: columns.label, x: columns.x } },
        {
          ...table,
          ids: table.ids,
          columns: { y: columns.x, label: columns.label },
          values: { y: values.x, label: values.label }
        },
        Table.take(table, Uint32Array.of(1, 0, 2))
      ]
      const digests = [table, ...others].map((other) => Table.digest(other))
      assert.strictEqual(new Set(digests).size, digests.length)
    })
  )

  it("is what it always was", () => {
    assert.strictEqual(Table.digest(every), "eddf217ef23cd478bb9b7081d39140d66b6f128bbb153c2bba0c61b378960649")
  })

  it("of texts is that of some rows, and tells where one ends and the next begins", () => {
    const rows = Uint32Array.of(2, 0, 2)
    assert.strictEqual(Table.digest(texts, rows), Table.digest(Table.take(texts, rows)))
    assert.deepStrictEqual(Table.take(texts, rows).values.title, ["naïve", "", "naïve"])
    const other = { ...texts, ids: texts.ids, values: { ...texts.values, title: ["a", "\0b 🚢", "naïve"] } }
    assert.notStrictEqual(Table.digest(other), Table.digest(texts))
  })
})

describe("Table.codec", () => {
  it.effect("gives back the table, columns in their order", () =>
    Effect.gen(function* () {
      const codec = stored(Table.codec<typeof every.columns>())
      const encoded = codec.encode(every)
      assert.deepStrictEqual(Object.keys(encoded.blobs), ["table.arrow"])
      const decoded = yield* codec.decode(encoded)
      assert.deepStrictEqual(decoded, every)
      assert.deepStrictEqual(Object.keys(decoded.columns), Object.keys(every.columns))
    })
  )

  it.effect("gives back texts and int32 tensors", () =>
    Effect.gen(function* () {
      const codec = stored(Table.codec<typeof texts.columns>())
      assert.deepStrictEqual(yield* codec.decode(codec.encode(texts)), texts)
    })
  )

  it.effect("reads from a Buffer as from any bytes", () =>
    Effect.gen(function* () {
      const codec = stored(Table.codec<typeof every.columns>())
      const { blobs, meta } = codec.encode(every)
      const pooled = { "table.arrow": Buffer.concat([Buffer.alloc(8), Blob.bytes(blobs["table.arrow"])]).subarray(8) }
      assert.strictEqual(Table.digest(yield* codec.decode({ meta, blobs: pooled })), Table.digest(every))
    })
  )

  it.effect("refuses an artifact of another form", () =>
    Effect.gen(function* () {
      const codec = stored(Table.codec())
      const { blobs, meta } = codec.encode(every)
      const others: ReadonlyArray<Codec.Encoded> = [
        { meta, blobs: {} },
        { meta: null, blobs },
        { meta: { version: 2, columns: [] }, blobs },
        { meta: { version: 1, columns: [] }, blobs },
        { meta: { version: 1, columns: [], more: 1 }, blobs }
      ]
      for (const broken of others) {
        const error = yield* Effect.flip(codec.decode(broken))
        assert.strictEqual(error._tag, "ArtifactError")
      }
    })
  )
})
