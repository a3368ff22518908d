import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Arrow from "apache-arrow"
import { Effect, type FileSystem, Result } from "effect"
import * as fc from "fast-check"
import { Column, Columns, Source } from "../../src/index.ts"
import * as Body from "../../src/internal/arrow/body.ts"
import type { Input } from "../../src/internal/arrow/input.ts"
import * as Messages from "../../src/internal/arrow/messages.ts"
import * as Read from "../../src/internal/arrow/read.ts"
import * as Texts from "../../src/internal/arrow/texts.ts"
import { run } from "../run.ts"
import { failure, fixture, runs, write } from "./files.ts"

const texts = ["a", "", "exactly twelv", "é😀 of more than twelve bytes", "twelve bytes", "\u{feff}marked"]
const levels = ["short", "a level of more than twelve bytes", ""]
const named = ["short", "a level of more than twelve bytes", "b"]
const rows = Array.from({ length: 50 }, (_, row) => row)

const Written = Columns.make({
  text: Column.text,
  level: Column.category(levels),
  gaps: Column.optional(Column.category(named)),
  empty: Column.optional(Column.category(["none"])),
  categorical: Column.optional(Column.category(named)),
  enum: Column.category(levels),
  x: Column.float
})
const gapped = rows.map((row) => (row % 7 === 3 ? -1 : row % 3))
const written = {
  text: rows.map((row) => (texts[row % 6] ?? "").repeat(1 + Math.floor(row / 10))),
  level: rows.map((row) => row % 3),
  gaps: gapped,
  empty: rows.map(() => -1),
  categorical: gapped,
  enum: rows.map((row) => row % 3),
  x: rows.map((row) => row / 4)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A text in a buffer, or one that lies in its view. */
interface View {
  readonly length: number
  readonly buffer?: number
  readonly at?: number
  readonly bytes: Uint8Array
}

const viewsOf = (views: ReadonlyArray<View>): Uint8Array => {
  const all = Buffer.alloc(16 * views.length)
  for (const [row, { at = 0, buffer = 0, bytes, length }] of views.entries()) {
    all.writeInt32LE(length, 16 * row)
    all.set(bytes.subarray(0, length > 12 ? 4 : 12), 16 * row + 4)
    if (length <= 12) continue
    all.writeInt32LE(buffer, 16 * row + 8)
    all.writeInt32LE(at, 16 * row + 12)
  }
  return Uint8Array.from(all)
}

const columnOf = (views: ReadonlyArray<View>, buffers: ReadonlyArray<Uint8Array>, missing: ReadonlyArray<number>) => {
  const nullBitmap = new Uint8Array(Math.ceil(views.length / 8)).fill(255)
  for (const row of missing) nullBitmap[row >> 3] &= ~(1 << (row & 7))
  return Arrow.makeData({
    type: new Arrow.Utf8View(),
    length: views.length,
    nullCount: missing.length,
    ...(missing.length > 0 ? { nullBitmap } : {}),
    views: viewsOf(views),
    variadicBuffers: [...buffers]
  })
}

/** A stream of texts `t` and of what else there is. */
const streamOf = (t: Arrow.Data, others: Readonly<Record<string, Arrow.Data>> = {}): Uint8Array =>
  Arrow.tableToIPC(
    new Arrow.Table(
      Object.fromEntries(Object.entries({ t, ...others }).map(([name, data]) => [name, new Arrow.Vector([data])]))
    ),
    "stream"
  )

const long = (text: string, buffer: number, at: number): View => {
  const bytes = encoder.encode(text)
  return { length: bytes.length, buffer, at, bytes }
}
const short = (text: string): View => ({ length: encoder.encode(text).length, bytes: encoder.encode(text) })

const two = [encoder.encode("--the first of the texts--"), encoder.encode("the second of the texts")]
const first = long("the first of the texts", 0, 2)
const second = long("the second of the texts", 1, 0)

describe("texts that lie as views", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    for (const name of ["polars.arrow", "polars-lz4.arrow", "polars-zstd.arrow", "polars.arrows"]) {
      it.effect(`${name}: are read as Polars wrote them, in batches and as dictionaries behind them`, () =>
        Effect.gen(function* () {
          const { values } = yield* run(Source.arrow(fixture(name), Written))
          const found = Object.fromEntries(Object.entries(values).map(([name, values]) => [name, [...values]]))
          assert.deepStrictEqual(found, written)
          const alone = yield* run(Source.arrow(fixture(name), { x: Column.float }))
          assert.deepStrictEqual([...alone.values.x], written.x)
          const asTexts = yield* run(Source.arrow(fixture(name), { enum: Column.text, level: Column.text }))
          assert.deepStrictEqual(
            [...asTexts.values.enum],
            written.level.map((level) => levels[level])
          )
          assert.deepStrictEqual([...asTexts.values.level], [...asTexts.values.enum])
          const missing = yield* failure(Source.arrow(fixture(name), { gaps: Column.category(named) }))
          assert.deepStrictEqual([missing.problem, missing.row, missing.value], ["bad value", 4, undefined])
          const none = yield* failure(Source.arrow(fixture(name), { level: Column.category(levels.slice(1)) }))
          assert.deepStrictEqual([none.problem, none.row, none.value], ["bad value", 1, "short"])
          for (const other of ["blob", "words"])
            assert.strictEqual(
              (yield* failure(Source.arrow(fixture(name), { [other]: Column.text }))).problem,
              "wrong type"
            )
        })
      )
    }

    it.effect("are guessed", () =>
      Effect.gen(function* () {
        const { columns, notes, rows } = yield* Source.infer(fixture("polars.arrow"))
        assert.deepStrictEqual(columns, {
          text: Column.category([...new Set(written.text)].sort()),
          level: Column.category([...levels].sort()),
          gaps: Column.optional(Column.category([...named].sort())),
          categorical: Column.optional(Column.category([...named].sort())),
          enum: Column.category([...levels].sort()),
          x: Column.float
        })
        assert.strictEqual(rows, 50)
        assert.strictEqual(notes.gaps, "7 of 50 are missing")
        const [length, size] = [2100, 2 ** 20]
        const buffer = new Uint8Array(size).fill(97)
        const views = Array.from({ length }, (): View => ({ length: size, bytes: buffer }))
        const wide = yield* Source.infer(yield* write(streamOf(columnOf(views, [buffer], [])), "it.arrow"))
        assert.deepStrictEqual(wide.columns, { t: Column.category(["a".repeat(size)]) }) // of more than 2 GiB together
      })
    )

    it.effect("may lie anywhere, over each other and in any order; what is under a null does not count", () =>
      Effect.gen(function* () {
        const nothing: View = { length: -5, bytes: new Uint8Array(4) }
        const part = long("first of the texts", 0, 6)
        const views = [second, short("é"), first, nothing, part, first, short("twelve bytes"), { ...second, at: -9 }]
        const x = Arrow.makeData({ type: new Arrow.Int32(), length: 8, data: Int32Array.from(views.keys()) })
        const path = yield* write(streamOf(columnOf(views, two, [3, 7]), { x }), "it.arrow")
        const all = ["the second of the texts", "é", "the first of the texts", "first of the texts", "twelve bytes"]
        const { values } = yield* run(Source.arrow(path, { t: Column.optional(Column.category(all)), x: Column.float }))
        assert.deepStrictEqual([...values.t], [0, 1, 2, -1, 3, 2, 4, -1])
        assert.deepStrictEqual([...values.x], [0, 1, 2, 3, 4, 5, 6, 7])
      })
    )

    it.effect("that are no UTF-8 do not decode", () =>
      Effect.gen(function* () {
        const broken = Uint8Array.from([...encoder.encode("thirteen byte"), 0xc3])
        for (const bad of [
          { length: 14, buffer: 2, at: 0, bytes: broken },
          { length: 1, bytes: Uint8Array.of(0xff) }
        ]) {
          const path = yield* write(streamOf(columnOf([first, bad, second], [...two, broken], [])), "it.arrow")
          const error = yield* failure(Source.arrow(path, { t: Column.text }))
          assert.deepStrictEqual([error.problem, error.row], ["bad value", 2])
          const { quarantine, table } = Source.quarantine(Source.arrow(path, { t: Column.text }))
          assert.deepStrictEqual(
            (yield* run(quarantine)).setAside.map(({ row }) => row),
            [2]
          )
          assert.deepStrictEqual((yield* run(table)).values.t, ["the first of the texts", "the second of the texts"])
        }
      })
    )

    it.effect("are not believed", () =>
      Effect.gen(function* () {
        const [noLength, noBuffer] = ["a text has no length", "a text lies in a buffer that is not there"]
        const [outside, otherwise] = ["a text lies outside its buffer", "a text starts otherwise than its view says"]
        const cases: ReadonlyArray<readonly [View, string]> = [
          [{ ...first, length: -1 }, noLength],
          [{ ...first, length: 2 ** 31 - 1 }, outside],
          [{ ...first, length: 31 }, outside],
          [{ ...first, buffer: -1 }, noBuffer],
          [{ ...first, buffer: 2 }, noBuffer],
          [{ ...first, at: -1 }, outside],
          [{ ...first, at: 11 }, outside],
          [{ ...first, at: 2 ** 31 - 1 }, outside],
          [{ ...first, at: 5 }, otherwise],
          [{ ...first, bytes: encoder.encode("thE first") }, otherwise]
        ]
        for (const [bad, reason] of cases) {
          const path = yield* write(streamOf(columnOf([second, bad], two, [])), "it.arrow")
          const error = yield* failure(Source.arrow(path, { t: Column.text }))
          assert.strictEqual(error.problem, "wrong format")
          assert.include(error.message, reason)
        }
      })
    )

    it.effect("must have as many buffers as their batch says, and no column after them others", () =>
      Effect.gen(function* () {
        const x = Arrow.makeData({ type: new Arrow.Int32(), length: 1, data: Int32Array.of(5) })
        const bytes = streamOf(columnOf([second], two, []), { x })
        const file = Buffer.from(bytes)
        const counts = [...bytes.keys()].filter(
          (at) =>
            at + 12 <= bytes.length && at % 4 === 0 && file.readInt32LE(at) === 1 && file.readBigInt64LE(at + 4) === 2n
        )
        assert.isAtLeast(counts.length, 1)
        let refused = 0
        for (const at of counts) {
          for (const count of [-1n, 0n, 1n, 3n, 2n ** 40n]) {
            const made = Buffer.from(bytes)
            made.writeBigInt64LE(count, at + 4)
            const path = yield* write(made, "it.arrow")
            const found = yield* Effect.result(run(Source.arrow(path, { x: Column.float })))
            if (found._tag === "Failure") refused++
            else assert.deepStrictEqual([...found.success.values.x], [5])
          }
        }
        assert.isAtLeast(refused, 5)
      })
    )

    it.effect("are the same however many come at a time", () =>
      Effect.gen(function* () {
        const context = yield* Effect.context<FileSystem.FileSystem>()
        const place = fc.record({
          buffer: fc.nat({ max: 2 }),
          at: fc.nat({ max: 150 }),
          length: fc.oneof(fc.nat({ max: 14 }), fc.nat({ max: 50 })),
          isThere: fc.boolean()
        })
        const buffers = [0, 1, 2].map((buffer) => new Uint8Array(200).map((_, at) => 97 + ((at * (buffer + 3)) % 26)))
        const property = fc.asyncProperty(
          fc.array(place, { minLength: 1, maxLength: 40 }),
          fc.integer({ min: 1, max: 40 }),
          async (places, rows) => {
            const views = places.map((each): View => ({
              ...each,
              bytes: buffers[each.buffer].subarray(each.at, each.at + each.length)
            }))
            const missing = places.flatMap(({ isThere }, row) => (isThere ? [] : [row]))
            const found: Array<string | undefined> = []
            const read = Effect.gen(function* () {
              const opened = yield* Read.open(yield* write(streamOf(columnOf(views, buffers, missing)), "it.arrow"))
              yield* opened.slices({
                columns: new Map([[0, "values"]]),
                most: () => rows,
                use: (slice) => Effect.map(slice.values(0), (data) => void found.push(...Texts.of(data)))
              })
            })
            await Effect.runPromise(Effect.provide(Effect.scoped(read), context))
            assert.deepStrictEqual(
              found,
              views.map(({ bytes }, row) => (places[row].isThere ? decoder.decode(bytes) : undefined))
            )
          }
        )
        yield* Effect.promise(() => fc.assert(property, { numRuns: runs }))
      })
    )

    it.effect("are read into one array from all buffers of a column", () =>
      Effect.gen(function* () {
        const bytes = Uint8Array.from({ length: 64 }, (_, at) => at)
        const read: Input["read"] = (at, into) => Effect.sync(() => into.set(bytes.subarray(at, at + into.length)))
        const buffers = Float64Array.of(0, 32, 32, 32)
        const none = new Float64Array(0)
        const batch = { rows: 1, nodes: none, buffers, variadic: Float64Array.of(2), codec: undefined, version: 4 }
        const body = yield* Body.make({ byteLength: 64, read }, 0).open(0, batch, new Set([0, 1]))
        const [one, other] = [yield* body.read(0, 0, 32, 0), yield* body.read(1, 4, 8, 0)]
        assert.strictEqual(one.buffer, other.buffer)
        assert.deepStrictEqual([...other], [36, 37, 38, 39])
      })
    )

    it.effect("are no reason to pass over rows that a footer does not list, where no bare schema comes first", () =>
      Effect.gen(function* () {
        const batchOf = (view: View) => new Arrow.Table({ t: new Arrow.Vector([columnOf([view], two, [])]) }).batches[0]
        const bytes = Buffer.from(Arrow.tableToIPC(new Arrow.Table([batchOf(first), batchOf(second)]), "file"))
        const read = Effect.fnUntraced(function* () {
          return yield* Effect.result(run(Source.arrow(yield* write(bytes, "it.arrow"), { t: Column.text })))
        })
        const both = yield* read()
        assert.isTrue(Result.isSuccess(both) && both.success.length === 2)
        const footer = bytes.length - 10 - bytes.readInt32LE(bytes.length - 10)
        const list = bytes.indexOf(Uint8Array.of(2, 0, 0, 0), bytes.indexOf("ffffffff00000000", 0, "hex"))
        const blocks = list + 4 + ((4 - (list % 4)) % 4)
        assert.isAbove(blocks, footer)
        bytes.writeInt32LE(1, list)
        bytes.copyWithin(blocks, blocks + 24, blocks + 48)
        const one = yield* read()
        assert.include(Result.isFailure(one) ? one.failure.message : "", "it goes on behind its end")
      })
    )

    it.effect("of dictionaries may come behind their rows, but once", () =>
      Effect.gen(function* () {
        const type = new Arrow.Dictionary(new Arrow.Utf8View(), new Arrow.Int32(), 0)
        const dictionary = new Arrow.Vector([columnOf([second, first], two, [])])
        const bytes = streamOf(Arrow.makeData({ type, length: 3, data: Int32Array.of(0, 1, 0), dictionary }))
        const ends: Array<number> = []
        const read: Input["read"] = (at, into) => Effect.sync(() => into.set(bytes.subarray(at, at + into.length)))
        yield* Messages.visit({ byteLength: bytes.length, read }, ({ bodyLength }, at) =>
          Effect.sync(() => ends.push(at + bodyLength))
        )
        const [schema, entries, batch, end] = [0, ...ends].map((start, place) => bytes.subarray(start, ends[place]))
        const ofPieces = Effect.fnUntraced(function* (...pieces: ReadonlyArray<Uint8Array>) {
          const path = yield* write(Buffer.concat(pieces), "it.arrow")
          return yield* Effect.result(run(Source.arrow(path, { t: Column.text })))
        })
        const late = yield* ofPieces(schema, batch, entries, end)
        assert.deepStrictEqual(yield* ofPieces(schema, entries, batch, end), late)
        if (Result.isFailure(late)) assert.fail(late.failure.message)
        assert.deepStrictEqual(
          late.success.values.t,
          [second, first, second].map(({ bytes }) => decoder.decode(bytes))
        )
        const twice = yield* ofPieces(schema, batch, entries, entries, end)
        assert.include(Result.isFailure(twice) ? twice.failure.message : "", "behind rows and more than once")
        const none = yield* ofPieces(schema, batch, end)
        assert.include(Result.isFailure(none) ? none.failure.message : "", "a dictionary is missing")
      })
    )

    it.effect("come no more at a time than fit, though they lie over each other", () =>
      Effect.gen(function* () {
        const [length, size] = [64, 2 ** 20]
        const buffer = new Uint8Array(2 ** 24 + size + length).map((_, at) => 97 + (at % 26))
        const starts = Array.from({ length }, (_, row) => row + [0, 2 ** 24 - size / 2, 2 ** 24][row % 3])
        const views = starts.map((at): View => ({ length: size, at, bytes: buffer.subarray(at) }))
        const data = columnOf(views, [buffer], [])
        const opened = yield* Read.open(yield* write(streamOf(data), "it.arrow"))
        const sizes: Array<number> = []
        yield* opened.slices({
          columns: new Map([[0, "values"]]),
          most: (rowBytes) => 2 ** 22 / rowBytes, // of 16 bytes and a share of the buffer, at first
          use: Effect.fnUntraced(function* (slice) {
            const { valueOffsets, values } = yield* slice.values(0)
            assert.strictEqual(values.length, slice.length * size)
            for (let row = 0; row < slice.length; row++) {
              const [from, to] = [valueOffsets[row], valueOffsets[row + 1] - 1]
              const start = starts[slice.start + row]
              assert.deepStrictEqual([values[from], values[to]], [buffer[start], buffer[start + size - 1]])
            }
            sizes.push(slice.length)
          })
        })
        assert.strictEqual(
          sizes.reduce((sum, rows) => sum + rows, 0),
          length
        )
        assert.isAtMost(Math.max(...sizes), 8)
        const type = new Arrow.Dictionary(new Arrow.Utf8View(), new Arrow.Int32(), 0)
        const dictionary = new Arrow.Vector([data])
        const places = Arrow.makeData({ type, length: 1, data: Int32Array.of(0), dictionary })
        const error = yield* failure(Source.arrow(yield* write(streamOf(places), "it.arrow"), { t: Column.text }))
        assert.include(error.message, "texts of a dictionary lie over each other")
      }).pipe(Effect.scoped)
    )
  })
})
