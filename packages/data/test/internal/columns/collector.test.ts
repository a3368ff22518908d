import { assert, describe, it } from "@effect/vitest"
import { Scratch } from "@watertight/core"
import { Effect } from "effect"
import { tmpdir } from "node:os"
import * as Collector from "../../../src/internal/columns/collector.ts"
import * as Columnar from "../../../src/internal/columns/columnar.ts"
import * as Shared from "../../../src/internal/threads/shared.ts"
import { Column, Table } from "../../../src/index.ts"

const columns = { x: Column.float, pair: Column.tensor([2]), name: Column.text }
const sizes = [300, 70_000, 1, 90_000]
const rows = sizes.reduce((sum, size) => sum + size)

/** Blocks in arrays that are used again for the next block; ids come a block later. */
const collected = Effect.fnUntraced(function* (collector: Collector.Collector) {
  const largest = Math.max(...sizes)
  const [x, pair, ids] = [new Float64Array(largest), new Float32Array(2 * largest), new Uint8Array(16 * largest)]
  let start = 0
  let late: Collector.Block | undefined
  for (const length of sizes) {
    if (late !== undefined) yield* collector.add(late)
    for (let row = 0; row < length; row++) {
      x[row] = start + row
      pair.set([start + row, -row], 2 * row)
      ids.fill((start + row) % 251, 16 * row, 16 * row + 16)
    }
    const name = Array.from({ length }, (_, row) => `row ${start + row}`)
    yield* collector.add({
      length,
      columns: { x: x.subarray(0, length), pair: pair.subarray(0, 2 * length), name }
    })
    late = { length, columns: { [Table.idColumn]: ids.slice(0, 16 * length) } }
    start += length
  }
  if (late !== undefined) yield* collector.add(late)
  return yield* collector.end
})

const settings = (inMemory: number) => Effect.provideService(Scratch.Settings, { folder: tmpdir(), inMemory })

const check = (found: Readonly<Record<string, Columnar.Entry>>): void => {
  assert.deepStrictEqual(Object.keys(found), ["x", "pair", "name", Table.idColumn])
  const [x, pair, name, ids] = Object.values(found).map((entry) => Columnar.whole(entry))
  assert.deepStrictEqual([x.length, pair.length, name.length, ids.length], [rows, 2 * rows, rows, 16 * rows])
  for (let row = 0; row < rows; row += 997) {
    assert.deepStrictEqual([x[row], pair[2 * row], name[row], ids[16 * row]], [row, row, `row ${row}`, row % 251])
  }
}

describe("a collector of about so many rows", () => {
  for (const about of [0, 1000, rows, 2 * rows]) {
    it.effect(`keeps blocks whose arrays are used again, where ${about} of ${rows} rows were expected`, () =>
      Effect.gen(function* () {
        const found = yield* collected(yield* Collector.makeAbout(columns, about))
        check(found)
        for (const own of Object.values(found)) assert.isFalse(Columnar.isLazy(own))
        assert.isTrue(Shared.isShared(found["x"] as Float64Array)) // a column of numbers in memory
      }).pipe(settings(2 ** 30))
    )

    it.effect(`goes to disk with what is too large, where ${about} rows were expected`, () =>
      Effect.gen(function* () {
        const found = yield* collected(yield* Collector.makeAbout(columns, about))
        check(found)
        for (const own of Object.values(found)) assert.isTrue(Columnar.isLazy(own))
      }).pipe(settings(2 ** 20))
    )
  }

  it.effect("keeps the blocks of as many rows as were announced, with texts too, and goes to disk with long ones", () =>
    Effect.gen(function* () {
      check(yield* collected(yield* Collector.make(columns, rows)))
      const collector = yield* Collector.make({ name: Column.text }, 20)
      for (let block = 0; block < 20; block++) {
        yield* collector.add({ length: 1, columns: { name: ["ä".repeat(2 ** 20) + block] } })
      }
      const { name } = yield* collector.end
      assert.isTrue(Columnar.isLazy(name))
      const texts = Columnar.whole(name) as ReadonlyArray<string> // a column of texts
      assert.deepStrictEqual(
        texts.map((text) => text.slice(2 ** 20)),
        Array.from({ length: 20 }, (_, block) => `${block}`)
      )
    }).pipe(settings(2 ** 24))
  )
})

describe("Collector.make", () => {
  it.effect("gives room for as many rows as are wanted, and to DuckDB for all it may give", () =>
    Effect.gen(function* () {
      const { room } = yield* Collector.make({ image: Column.tensor([64, 64], "uint8") }, 100)
      assert.deepStrictEqual([room(60).rows, room(60).stays], [60, true])
      assert.deepStrictEqual([room(4096).rows, room(4096).stays], [2048, false])
    })
  )
})
