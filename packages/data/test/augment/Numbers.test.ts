import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Augment } from "../../src/index.ts"
import { length, side, table, describes, read, rowsOf } from "./rows.ts"

describe("Augment of numbers and signals", () => {
  it.effect("D48 noise: normal, a tenth of the column's standard deviation over the train rows", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["dose", "signal"], describes.pipe(Augment.noise(["dose", "signal"])))
      const all = rowsOf(features)
      const doses = all.map((row, at) => (row[0] - table.values.dose[at]) / (5 / Math.SQRT2))
      const signals = all.flatMap((row, at) =>
        row.slice(1).map((value, place) => (value - table.values.signal[16 * at + place]) * Math.SQRT2)
      )
      for (const drawn of [doses, signals]) {
        const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + value * value, 0) / drawn.length)
        assert.closeTo(deviation, 0.1, 0.4 / Math.sqrt(2 * drawn.length))
        assert.closeTo(
          drawn.filter((value) => Math.abs(value) < 0.1).length / drawn.length,
          0.683,
          2 / Math.sqrt(drawn.length)
        )
      }
    })
  )

  it.effect("D49 mixup: features and labels are blended by shares from Beta(alpha, alpha)", () =>
    Effect.gen(function* () {
      const batch = yield* read(["dose"], describes.pipe(Augment.mixup({ alpha: 0.5 })))
      assert.strictEqual(batch.target.length, 3 * length)
      const shares = rowsOf(batch.target).flatMap((row, at) => (row[side[at]] < 1 ? [row[side[at]]] : []))
      assert.closeTo(shares.length, (2 / 3) * length, 30)
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
      const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length
      assert.closeTo(mean, 0.5, 0.1)
      assert.closeTo(variance, 1 / 8, 0.03)
      const plain = yield* read(["dose"], describes.pipe(Augment.mixup()), { target: "value" })
      assert.strictEqual(plain.target.length, length)
      assert.isTrue(plain.target.every((value) => value >= 0 && value <= 20))
      assert.isTrue(plain.target.some((value) => value % 10 !== 0))
    })
  )

  it.effect("D49 mixup: the partner comes as it would in its own place", () =>
    Effect.gen(function* () {
      const cropped = describes.pipe(Augment.crop("image", { padding: 1 }))
      const alone = rowsOf((yield* read(["image"], cropped)).features)
      const mixed = yield* read(["image"], cropped.pipe(Augment.cutmix("image")))
      const seen = new Set(alone.map((row) => row.join()))
      const whole = rowsOf(mixed.features).filter((_, at) => Math.max(...rowsOf(mixed.target)[at]) < 0.02)
      assert.isTrue(whole.every((row) => seen.has(row.join())))
    })
  )

  it.effect("D49 cutmix: the label has the share of the pixels", () =>
    Effect.gen(function* () {
      const augment = describes.pipe(Augment.cutmix("scaled"))
      const { features, target } = yield* read(["scaled", "dose"], augment)
      const mixed = rowsOf(features)
      rowsOf(target).forEach((shares, at) => {
        assert.strictEqual(mixed[at][24], Math.fround(table.values.dose[at]))
        const own = mixed[at].filter(
          (value, place) => place < 24 && value === table.values.scaled[24 * at + place]
        ).length
        if (shares[side[at]] < 1) assert.isAtLeast(own / 24 + 1e-6, shares[side[at]])
      })
      assert.isTrue(rowsOf(target).some((shares) => shares.filter((share) => share > 0).length === 2))
    })
  )

  it("D49 labels are blended once", () => {
    const mixed = describes.pipe(Augment.mixup())
    assert.throws(() => mixed.pipe(Augment.cutmix("image")), /labels are blended by mixup already/)
  })

  it.effect("D50 time shift: channels together, by up to so many steps, zeros or the other end coming in", () =>
    Effect.gen(function* () {
      for (const fill of ["wrap", "edge", 0] as const) {
        const { features } = yield* read(["signal"], describes.pipe(Augment.timeShift("signal", { steps: 2, fill })))
        const shifts = rowsOf(features).map((row, at) => {
          const signal = rowsOf(table.values.signal)[at]
          const step = (place: number, channel: number) =>
            fill === "wrap"
              ? signal[2 * ((place + 8) % 8) + channel]
              : place >= 0 && place < 8
                ? signal[2 * place + channel]
                : fill === 0
                  ? 0
                  : signal[2 * (place < 0 ? 0 : 7) + channel]
          return [-2, -1, 0, 1, 2].find((by) =>
            row.every((value, place) => value === step(Math.floor(place / 2) - by, place % 2))
          )
        })
        assert.deepStrictEqual([...new Set(shifts)].sort(), [-1, -2, 0, 1, 2])
      }
    })
  )

  it.effect("D50 scale and mask in time", () =>
    Effect.gen(function* () {
      const scaled = yield* read(["signal"], describes.pipe(Augment.scale("signal", { by: 0.2 })))
      rowsOf(scaled.features).forEach((row, at) => {
        const factors = row.map((value, place) => value / table.values.signal[16 * at + place])
        assert.isTrue(factors.every((factor) => Math.abs(factor - factors[0]) < 1e-5 && factor > 0.79 && factor < 1.21))
      })
      const masked = yield* read(["signal"], describes.pipe(Augment.maskTime("signal", { steps: 3, fill: 9 })))
      const covered = rowsOf(masked.features).map((row) => row.map((value) => (value === 9 ? "x" : ".")).join(""))
      covered.forEach((row) => assert.match(row, /^(\.\.)*(xx){0,3}(\.\.)*$/))
      assert.strictEqual(new Set(covered.map((row) => row.replaceAll(".", "").length)).size, 4)
    })
  )
})
