import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { brighten, contrast, fromUnit, saturate, toUnit, turnHue } from "../../../src/internal/augment/colour.ts"
import { inColour } from "../../../src/internal/augment/colourProgram.ts"
import { identity, resample, turn } from "../../../src/internal/augment/affine.ts"
import { equalize, posterize, sharpen, solarize, stretch } from "../../../src/internal/augment/randAugment.ts"

type Shape = readonly [number, number, number]
type Values = ReadonlyArray<number>

interface Fixtures {
  readonly rotations: ReadonlyArray<{
    readonly shape: Shape
    readonly degrees: number
    readonly fill: Values
    readonly image: Values
    readonly out: Values
  }>
  readonly edge: {
    readonly shape: Shape
    readonly matrix: Values
    readonly offset: Values
    readonly image: Values
    readonly out: Values
  }
  readonly colours: {
    readonly image: Values
    readonly grey: Values
    readonly brightness: ReadonlyArray<{ readonly factor: number; readonly out: Values }>
    readonly contrast: ReadonlyArray<{ readonly factor: number; readonly out: Values }>
    readonly contrastOfGrey: ReadonlyArray<{ readonly factor: number; readonly out: Values }>
    readonly saturation: ReadonlyArray<{ readonly factor: number; readonly out: Values }>
    readonly hue: ReadonlyArray<{ readonly by: number; readonly out: Values }>
  }
  readonly levels: {
    readonly shape: Shape
    readonly image: Values
    readonly posterize: ReadonlyArray<{ readonly strength: number; readonly out: Values }>
    readonly solarize: { readonly strength: number; readonly out: Values }
    readonly stretch: Values
    readonly equalize: Values
    readonly sharpen: { readonly factor: number; readonly out: Values }
  }
}

const fixtures: Fixtures = JSON.parse(
  readFileSync(new URL("../../fixtures/augment_fixtures.json", import.meta.url), "utf8")
)

const near = (got: ArrayLike<number>, expected: Values, what: string, tolerance = 1e-6): void => {
  assert.strictEqual(got.length, expected.length, what)
  expected.forEach((value, place) => assert.closeTo(got[place], value, tolerance, `${what}, number ${place}`))
}

/** An image's numbers after a change in place. */
const after = (image: Values, change: (image: Float64Array) => void): Float64Array => {
  const values = Float64Array.from(image)
  change(values)
  return values
}

describe("geometry", () => {
  for (const { degrees, fill, image, out, shape } of fixtures.rotations) {
    it(`D41 rotate: ${degrees} degrees of an image of ${shape.join(" by ")} are SciPy's`, () => {
      const map = identity()
      turn(map, (degrees * Math.PI) / 180, shape[0], shape[1])
      const got = new Float32Array(out.length)
      resample({ values: Float32Array.from(image), from: 0, shape }, got, map, Float64Array.from(fill))
      near(got, out, "rotated")
    })
  }

  it("D41 rotate: 90 degrees turn the left column into the bottom row, counterclockwise", () => {
    const map = identity()
    turn(map, Math.PI / 2, 3, 3)
    const got = new Float32Array(9)
    const image = Float32Array.of(1, 0, 0, 2, 0, 0, 3, 0, 0)
    resample({ values: image, from: 0, shape: [3, 3, 1] }, got, map, new Float64Array(1))
    near(got, [0, 0, 0, 0, 0, 0, 1, 2, 3], "turned")
  })

  it("the nearest edge stands beyond the image as in SciPy's mode `nearest`", () => {
    const { image, matrix, offset, out, shape } = fixtures.edge
    const [yy, yx, xy, xx] = matrix
    const map = { xx, xy, x0: offset[1], yx, yy, y0: offset[0] }
    const got = new Float64Array(out.length)
    resample({ values: Float64Array.from(image), from: 0, shape }, got, map, undefined)
    near(got, out, "sampled")
  })

  it("the identity changes no bit", () => {
    const image = Float32Array.from(fixtures.rotations[1].image)
    const got = new Float32Array(image.length)
    resample({ values: image, from: 0, shape: [6, 6, 3] }, got, identity(), new Float64Array(3))
    assert.deepStrictEqual(got, image)
  })
})

/** Turns the hue of a pixel by the formula as it is written, with remainders of divisions. */
const turnedHue = (pixel: ReadonlyArray<number>, by: number): Values => {
  const [red, green, blue] = pixel
  const value = Math.max(...pixel)
  const range = value - Math.min(...pixel)
  if (range === 0) return pixel
  const sector =
    value === red ? (green - blue) / range : value === green ? 2 + (blue - red) / range : 4 + (red - green) / range
  const hue = (((sector + 6 * by) % 6) + 6) % 6
  const channel = (n: number) => {
    const k = (n + hue) % 6
    return value - range * Math.max(0, Math.min(k, 4 - k, 1))
  }
  return [channel(5), channel(3), channel(1)]
}

describe("colours", () => {
  const { brightness, contrastOfGrey, contrast: contrasts, grey, hue, image, saturation } = fixtures.colours

  it("D43 brightness, contrast and saturation are torchvision's formulas", () => {
    for (const { factor, out } of brightness) {
      near(
        after(image, (values) => brighten(values, factor)),
        out,
        `brightness ${factor}`
      )
    }
    for (const { factor, out } of contrasts) {
      near(
        after(image, (values) => contrast(values, 3, factor)),
        out,
        `contrast ${factor}`
      )
    }
    for (const { factor, out } of contrastOfGrey) {
      near(
        after(grey, (values) => contrast(values, 1, factor)),
        out,
        `contrast ${factor} of grey`
      )
    }
    for (const { factor, out } of saturation) {
      near(
        after(image, (values) => saturate(values, 3, factor)),
        out,
        `saturation ${factor}`
      )
    }
  })

  it("D43 hues are those of Python's colorsys", () => {
    for (const { by, out } of hue) {
      near(
        after(image, (values) => turnHue(values, by)),
        out,
        `hue ${by}`
      )
    }
  })

  it("hues are turned to the bits of the formula, wherever on the circle they come from and go to", () => {
    const share = fc.oneof(fc.constantFrom(0, 0.25, 0.5, 0.75, 1), fc.double({ min: 0, max: 1, noNaN: true }))
    const by = fc.oneof(fc.constantFrom(-0.5, 0, 0.5), fc.double({ min: -0.5, max: 0.5, noNaN: true }))
    fc.assert(
      fc.property(fc.tuple(share, share, share), by, (pixel, by) => {
        assert.deepStrictEqual([...after(pixel, (values) => turnHue(values, by))], [...turnedHue(pixel, by)])
      }),
      { numRuns: 500, examples: [[[0, 1, 1], 0.4999999999999999]] }
    )
  })
})

describe("colours two pixels at a time", () => {
  it("D43 are those of one number at a time, in the same bits, whichever are changed", () => {
    const share = fc.constantFrom(0, 0.4)
    const by = fc.double({ min: 0, max: 2, noNaN: true })
    const ranges = fc.constantFrom([0, 255], [-1, 1], [0.1, 200.7], [-0, 3])
    const cases = fc.record({
      operation: fc.record({ brightness: share, contrast: share, saturation: share, hue: share }),
      factors: fc.record({
        brightness: by,
        contrast: by,
        saturation: by,
        hue: fc.double({ min: -0.5, max: 0.5, noNaN: true })
      }),
      range: ranges,
      values: fc.array(fc.oneof(fc.constantFrom(0, 7, 255, -0), fc.double({ min: -2, max: 300, noNaN: true })), {
        minLength: 24,
        maxLength: 24
      })
    })
    fc.assert(
      fc.property(cases, ({ factors, operation, range: [low, high], values }) => {
        const planned = { black: [low, low, 0], white: [high, high, 9], shape: [2, 4, 3] as const }
        const numbers = Float32Array.from(values)
        const image = new Float64Array(24)
        toUnit(planned, numbers, 0, image)
        if (operation.brightness > 0) brighten(image, factors.brightness)
        if (operation.contrast > 0) contrast(image, 3, factors.contrast)
        if (operation.saturation > 0) saturate(image, 3, factors.saturation)
        if (operation.hue > 0) turnHue(image, factors.hue)
        const expected = new Float32Array(24)
        fromUnit(planned, image, expected, 0)
        const column = { name: "colourJitter", version: 1, column: "photo", probability: 1 } as const
        inColour({ ...planned, operation: { ...column, ...operation } }, 24)(numbers, factors)
        assert.deepStrictEqual(numbers, expected)
      }),
      { numRuns: 500 }
    )
  })
})

describe("RandAugment's levels of grey", () => {
  const {
    equalize: equalized,
    image,
    posterize: posterized,
    shape,
    sharpen: sharpened,
    solarize: solarized
  } = fixtures.levels
  const units = image.map((level) => level / 255)
  const levels = (values: Float64Array) => values.map((value) => value * 255)

  it("posterize and solarize are Pillow's", () => {
    for (const { out, strength } of posterized) {
      near(levels(after(units, (values) => posterize(values, strength))), out, `posterize ${strength}`)
    }
    near(levels(after(units, (values) => solarize(values, solarized.strength))), solarized.out, "solarize")
  })

  it("auto-contrast is Pillow's, but not cut to whole levels", () => {
    near(levels(after(units, (values) => stretch(values, 3))), fixtures.levels.stretch, "auto-contrast", 1)
  })

  it("equalize is Pillow's", () => {
    near(levels(after(units, (values) => equalize(values, 3))), equalized, "equalize")
  })

  it("sharpness moves pixels away from Pillow's smoothed ones", () => {
    const image = Float64Array.from(units)
    sharpen({ image, scratch: new Float64Array(image.length), shape }, sharpened.factor)
    near(levels(image), sharpened.out, "sharpness")
  })
})
