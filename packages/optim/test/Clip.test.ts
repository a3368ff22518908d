import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Clip, type Transform } from "../src/index.ts"
import * as tf from "../src/internal/tfjs.ts"
import { ClipLaws } from "../src/testing/index.ts"
import { breaks, first, floats, runs } from "./support.ts"

/** Clipping whose factor is given by the global norm and the bound. */
const byFactor =
  (factor: (norm: tf.Tensor, bound: number, tensor: tf.Tensor) => tf.Tensor) =>
  (bound: number): Transform.Transform => ({
    config: null,
    init: () => ({}),
    scalars: () => ({}),
    update: (updates) => {
      const norm = Clip.globalNorm(updates)
      const clipped = Object.entries(updates).map(([name, t]) => [name, tf.mul(t, factor(norm, bound, t))])
      return { updates: Object.fromEntries(clipped), state: {} }
    }
  })

describe("Clip", () => {
  for (const law of ClipLaws.all(Clip.byGlobalNorm)) {
    it.effect(`O06 ${law.name}`, () => law.check({ runs: 6 * runs }))
  }

  it("O06 clip: 3, 4 has the norm 5 and ends at 1", () => {
    const { updates } = first(Clip.byGlobalNorm(1), { a: floats(3), b: floats(-4) })
    assert.closeTo(updates.a[0], 0.6, 1e-5)
    assert.closeTo(updates.b[0], -0.8, 1e-5)
  })

  it("O06 clip: zero gradients stay zero, an infinite one shows as NaN", () => {
    assert.deepStrictEqual(first(Clip.byGlobalNorm(1), { a: floats(0, -0) }).updates.a, floats(0, -0))
    assert.isNaN(first(Clip.byGlobalNorm(1), { a: floats(1, Infinity) }).updates.a[1])
    assert.isNaN(first(Clip.byGlobalNorm(1), { a: floats(NaN), b: floats(2) }).updates.a[0])
  })

  it("O06 clip: a gradient of a million numbers stays within the bound", () => {
    const gradient = Float32Array.from({ length: 1_000_000 }, (_, index) => Math.sin(index))
    const { updates } = first(Clip.byGlobalNorm(1), { a: gradient })
    const norm = Math.sqrt(updates.a.reduce((sum, x) => sum + x * x, 0))
    assert.isAtMost(norm, 1)
    assert.isAtLeast(norm, 0.9999)
  })

  it.effect("O06 clip: no sum is longer than 64, so that float32 engines add exactly enough", () =>
    Effect.gen(function* () {
      const tensor = tf.ones([784, 512])
      const { kernels } = yield* Effect.promise(() => tf.profile(() => Clip.globalNorm({ tensor })))
      const sums = kernels.filter(({ name }) => name === "Sum").map(({ inputShapes }) => inputShapes[0]?.at(-1))
      assert.deepStrictEqual(sums, [64, 64, 49, 2])
    })
  )

  it("O06 clip: sizes with large prime factors and single numbers", () => {
    for (const size of [1, 64, 65, 131, 128, 7919]) {
      const { updates } = first(Clip.byGlobalNorm(1), { a: new Float32Array(size).fill(3) })
      const norm = Math.sqrt(updates.a.reduce((sum, x) => sum + x * x, 0))
      assert.isTrue(norm <= 1 && norm > 0.999, `${size}: ${norm}`)
    }
  })

  it("globalNorm: of nothing is 0", () => {
    assert.deepStrictEqual(
      tf.tidy(() => Clip.globalNorm({}).dataSync()),
      floats(0)
    )
  })

  describe("laws that must not hold", () => {
    const exact = byFactor((norm, bound) => tf.div(bound, tf.maximum(norm, bound)))
    const always = byFactor((norm, bound) => tf.div(bound, norm))
    const each = byFactor((_norm, bound, tensor) =>
      tf.div(bound * 0.999, tf.maximum(Clip.globalNorm({ tensor }), bound * 0.999))
    )
    const drop = byFactor((norm, bound) => tf.step(tf.sub(bound * 0.9999, norm)))

    it.effect("without a margin, rounding exceeds the bound", () =>
      breaks(ClipLaws.neverExceeds(exact), { runs: 1000 })
    )
    it.effect("dividing by the norm is not finite for zero", () => breaks(ClipLaws.neverExceeds(always)))
    it.effect("clipping each tensor exceeds the bound", () => breaks(ClipLaws.neverExceeds(each)))
    it.effect("scaling always changes short gradients", () => breaks(ClipLaws.leavesWithinUnchanged(always)))
    it.effect("dropping long gradients loses their direction", () => breaks(ClipLaws.keepsDirection(drop)))
  })
})
