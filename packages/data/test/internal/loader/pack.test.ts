import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Table } from "../../../src/index.ts"
import { gather } from "../../../src/internal/loader/fill.ts"
import { pack } from "../../../src/internal/loader/pack.ts"
import * as Shared from "../../../src/internal/loader/shared.ts"

const columns = {
  photo: Column.tensor([5, 6], "uint8"),
  mask: Column.tensor([2], "uint8"),
  far: Column.float,
  embedding: Column.tensor([25]),
  flags: Column.tensor([3], "uint8"),
  y: Column.float
}
const length = 7
const sequence = (count: number, step: number) => Array.from({ length: count }, (_, place) => (place * step) % 256)
const values = {
  photo: Uint8Array.from(sequence(length * 30, 11)),
  mask: Uint8Array.from(sequence(length * 2, 5)),
  far: Float64Array.from(sequence(length, 0.1)),
  embedding: Float32Array.from(sequence(length * 25, 0.3)),
  flags: Uint8Array.from(sequence(length * 3, 77)),
  y: new Float64Array(length)
}
const features = ["photo", "mask", "far", "embedding", "flags"]

describe("pack", () => {
  it.effect("keeps bytes as bytes, a fourth of the memory, and batches have the numbers as float32", () =>
    Effect.gen(function* () {
      const table = yield* Table.make(columns, values, { length })
      for (const shared of [false, true]) {
        const packed = yield* pack(table, { features, target: "y", batchSize: 3 }, shared)
        const kinds = packed.parts.map(({ numbers, offset, size }) => [numbers.constructor, offset, size])
        assert.deepStrictEqual(kinds, [
          [Uint8Array, 0, 32],
          [Float32Array, 32, 26],
          [Uint8Array, 58, 3]
        ])
        assert.deepStrictEqual(
          packed.parts.map(({ numbers }) => Shared.isShared(numbers)),
          [shared, shared, shared]
        )
        const order = Uint32Array.of(6, 0, 3)
        const slot = { features: new Float32Array(3 * 61), target: new Float32Array(3) }
        gather(packed, order, slot)
        const expected = [...order].flatMap((row) => [
          ...values.photo.subarray(30 * row, 30 * (row + 1)),
          ...values.mask.subarray(2 * row, 2 * (row + 1)),
          values.far[row],
          ...values.embedding.subarray(25 * row, 25 * (row + 1)),
          ...values.flags.subarray(3 * row, 3 * (row + 1))
        ])
        assert.deepStrictEqual(slot.features, Float32Array.from(expected))
      }
    })
  )

  it.effect("copies no column that lies alone, unless workers need it in shared memory", () =>
    Effect.gen(function* () {
      const table = yield* Table.make(columns, values, { length })
      const selection = { features: ["photo", "embedding", "flags"], target: "y", batchSize: 3 }
      const numbers = (shared: boolean) =>
        Effect.map(pack(table, selection, shared), ({ parts }) => parts.map(({ numbers }) => numbers))
      const lying = [values.photo, values.embedding, values.flags]
      ;(yield* numbers(false)).forEach((each, index) => assert.strictEqual(each, lying[index]))
      const copies = yield* numbers(true)
      assert.deepStrictEqual(copies.map(Shared.isShared), [true, true, true])
      assert.deepStrictEqual(copies, lying)
    })
  )
})
