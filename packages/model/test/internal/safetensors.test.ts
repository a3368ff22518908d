import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Safetensors from "../../src/internal/safetensors.ts"

const tensors = {
  weight: { shape: [2, 3], dtype: "float32" as const, data: Float32Array.of(1, -0, NaN, Infinity, 1e-45, 3) },
  codes: { shape: [2], dtype: "int32" as const, data: Int32Array.of(-1, 2147483647) },
  none: { shape: [0], dtype: "float32" as const, data: new Float32Array(0) }
}

describe("safetensors", () => {
  it.effect("gives back what was written, also from a slice of a larger buffer", () =>
    Effect.gen(function* () {
      const bytes = Safetensors.encode(tensors, { note: "ü, 10 €" })
      const pooled = Buffer.concat([Buffer.alloc(13), bytes]).subarray(13)
      for (const source of [bytes, pooled]) {
        const decoded = yield* Safetensors.decode(source)
        assert.deepStrictEqual(decoded, { tensors, metadata: { note: "ü, 10 €" } })
      }
    })
  )

  it("lays out the header as the format says: its length, JSON padded to 8 bytes, offsets in the order of names", () => {
    const bytes = Buffer.from(Safetensors.encode(tensors))
    const length = Number(bytes.readBigUInt64LE(0))
    assert.strictEqual(length % 8, 0)
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString())
    assert.deepStrictEqual(header.codes, { dtype: "I32", shape: [2], data_offsets: [0, 8] })
    assert.deepStrictEqual(header.weight, { dtype: "F32", shape: [2, 3], data_offsets: [8, 32] })
    assert.strictEqual(bytes.length, 8 + length + 32)
  })

  it.effect("refuses bytes that end early, and tensors that do not fit their place", () =>
    Effect.gen(function* () {
      const bytes = Safetensors.encode(tensors)
      for (const cut of [0, 7, 20, bytes.length - 1]) {
        const error = yield* Effect.flip(Safetensors.decode(bytes.subarray(0, cut)))
        assert.strictEqual(error._tag, "SafetensorsError")
      }
    })
  )
})
