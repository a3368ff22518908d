import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect } from "effect"
import { Augment } from "../../src/index.ts"
import { identity, resample, turn } from "../../src/internal/augment/affine.ts"
import { length, side, table, describes, seed, read, rowsOf, mirrored, isSame } from "./rows.ts"

describe("Augment of images", () => {
  it.effect("D40 flip horizontally: half of the images are mirrored, and labels go with them", () =>
    Effect.gen(function* () {
      const becomes = { labelsBecome: { side: { left: "right", right: "left" } } } as const
      const batch = yield* read(["image"], describes.pipe(Augment.flipHorizontal("image", becomes)))
      const [before, after] = [rowsOf(table.values.image), rowsOf(batch.features)]
      let flipped = 0
      before.forEach((row, at) => {
        const isFlipped = isSame(after[at], mirrored(row))
        assert.isTrue(isFlipped || isSame(after[at], row))
        assert.strictEqual(batch.target[at], isFlipped ? [1, 0, 2][side[at]] : side[at])
        flipped += Number(isFlipped)
      })
      assert.closeTo(flipped, 150, 30)
      const kept = yield* read(["image"], describes.pipe(Augment.flipHorizontal("image", { labelsSurvive: true })))
      assert.deepStrictEqual([...kept.target], [...side])
    })
  )

  it.effect("D40 flip vertically: upside down", () =>
    Effect.gen(function* () {
      const always = { labelsSurvive: true, probability: 1 } as const
      const { features } = yield* read(["photo", "image"], describes.pipe(Augment.flipVertical("image", always)))
      rowsOf(features).forEach((row, at) => {
        const image = rowsOf(table.values.image)[at]
        assert.deepStrictEqual(
          row.slice(48),
          [18, 12, 6, 0].flatMap((begin) => image.slice(begin, begin + 6))
        )
        assert.deepStrictEqual(row.slice(0, 48), rowsOf(table.values.photo)[at])
      })
    })
  )

  it.effect("D41 rotate: angles are uniform in ±10 degrees, of the row's id, the epoch and the operation", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["dose", "scaled"], describes.pipe(Augment.rotate("scaled")), { epoch: 5 })
      const key = Key.foldIn(Key.foldIn(Key.foldIn(seed, "augment"), "0 rotate scaled"), 5)
      const ids = new DataView(table.ids.buffer, table.ids.byteOffset)
      const names = Uint32Array.from({ length: 4 * length }, (_, word) => ids.getUint32(4 * word))
      const places = Uint32Array.from({ length }, (_, row) => row)
      const words = Key.bitsOfNames(key, names, places, 2, new Uint32Array(2 * length))
      const black = Float64Array.of(Math.min(...table.values.scaled))
      let mean = 0
      for (let row = 0; row < length; row++) {
        const angle = 2 * words[2 * row + 1] * 2 ** -32 - 1
        mean += angle / length
        const map = identity()
        turn(map, (angle * 10 * Math.PI) / 180, 4, 6)
        const expected = new Float32Array(24)
        resample(
          { values: table.values.scaled as Float32Array, from: 24 * row, shape: [4, 6, 1] },
          expected,
          map,
          black
        )
        assert.deepStrictEqual(rowsOf(features)[row].slice(1), [...expected])
      }
      assert.closeTo(mean, 0, 0.1)
    })
  )

  it("D41 rotate: more than 15 degrees need a word", () => {
    assert.throws(
      () => describes.pipe(Augment.rotate("image", { degrees: 16 })),
      /a 6 becomes a 9.*labelsSurvive: true/
    )
    const far = describes.pipe(Augment.rotate("image", { degrees: 90, labelsSurvive: true }))
    assert.strictEqual(far.operations.length, 1)
  })

  it.effect("D42 crop: an image is shifted by each of the 9 places alike, black coming in", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["image"], describes.pipe(Augment.crop("image", { padding: 1 })))
      const counts = new Map<string, number>()
      rowsOf(features).forEach((row, at) => {
        const image = rowsOf(table.values.image)[at]
        const shifts = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => [down, right] as const))
        const found = shifts.find(([down, right]) =>
          row.every((value, place) => {
            const [y, x] = [Math.floor(place / 6) + down, (place % 6) + right]
            return value === (y < 0 || y > 3 || x < 0 || x > 5 ? 0 : image[y * 6 + x])
          })
        )
        assert.isDefined(found)
        counts.set(String(found), (counts.get(String(found)) ?? 0) + 1)
      })
      assert.strictEqual(counts.size, 9)
      for (const count of counts.values()) assert.closeTo(count, length / 9, 22)
      const { features: edged } = yield* read(
        ["image"],
        describes.pipe(Augment.crop("image", { padding: 3, fill: "edge" }))
      )
      rowsOf(edged).forEach((row, at) =>
        assert.isTrue(row.every((value) => rowsOf(table.values.image)[at].includes(value)))
      )
    })
  )

  it.effect("D43 colour jitter: scaling before or after gives the same colours", () =>
    Effect.gen(function* () {
      const jitter = (column: "image" | "scaled", range?: readonly [number, number]) => {
        const slight = { brightness: 0.4, contrast: 0.4, ...(range === undefined ? {} : { range }) }
        return describes.pipe(Augment.colourJitter(column, slight))
      }
      const { features: scaled } = yield* read(["scaled"], jitter("scaled"))
      const { features: given } = yield* read(["scaled"], jitter("scaled", [-2, 3.1]))
      assert.isTrue(scaled.every((value) => value >= -2 && value <= Math.fround(3.1)))
      assert.isFalse(isSame(scaled, table.values.scaled))
      given.forEach((value, place) => assert.closeTo(value, scaled[place], 1e-5))
      const { features: raw } = yield* read(["image"], jitter("image"))
      assert.isTrue(raw.every((value) => value >= 0 && value <= 255))
    })
  )

  it.effect("D44 cutout: a black rectangle about a pixel of the image, cut at its edges", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["image"], describes.pipe(Augment.cutout("image", { size: [2, 3], fill: -1 })))
      const covered = rowsOf(features).map((row) => row.filter((value) => value === -1).length)
      assert.deepStrictEqual([...new Set(covered)].sort(), [2, 3, 4, 6])
      const { features: black } = yield* read(["scaled"], describes.pipe(Augment.cutout("scaled", { size: 2 })))
      rowsOf(black).forEach((row, at) =>
        row.forEach((value, place) => assert.isTrue(value === -2 || value === table.values.scaled[24 * at + place]))
      )
    })
  )

  it.effect(
    "an image that is moved is what the operations before left of it, a mirrored one what is in the table",
    () =>
      Effect.gen(function* () {
        const flip = Augment.flipHorizontal("image", { labelsSurvive: true, probability: 1 })
        const covered = describes.pipe(Augment.cutout("image", { size: 2, fill: -1 }))
        const [{ features: before }, { features: after }, { features: plain }] = yield* Effect.all([
          read(["dose", "image", "scaled"], covered),
          read(["dose", "image", "scaled"], covered.pipe(flip)),
          read(["dose", "image", "scaled"], describes.pipe(flip))
        ])
        rowsOf(before).forEach((row, at) => {
          assert.deepStrictEqual(rowsOf(after)[at], [row[0], ...mirrored(row.slice(1, 25)), ...row.slice(25)])
          const image = mirrored(rowsOf(table.values.image)[at])
          assert.deepStrictEqual(rowsOf(plain)[at], [row[0], ...image, ...row.slice(25)])
        })
      })
  )

  it.effect("RandAugment changes photos within their range, by two of its operations", () =>
    Effect.gen(function* () {
      const augment = describes.pipe(Augment.randAugment("photo", { labelsSurvive: true }))
      const { features } = yield* read(["photo"], augment)
      assert.isTrue(features.every((value) => value >= 0 && value <= 255))
      const changed = rowsOf(features).filter((row, at) => !isSame(row, rowsOf(table.values.photo)[at]))
      assert.isAbove(changed.length, 0.9 * length)
    })
  )
})
