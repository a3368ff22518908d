import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { type Affine, resample } from "../../../src/internal/augment/affine.ts"
import * as Canvas from "../../../src/internal/augment/canvas.ts"
import { crop, flip } from "../../../src/internal/augment/geometry.ts"
import { runs } from "../../sources/files.ts"

type Shape = readonly [height: number, width: number, channels: number]

const side = fc.integer({ min: 2, max: 9 })
const shapes: fc.Arbitrary<Shape> = fc.tuple(side, side, fc.constantFrom(1, 2, 3))

/** Numbers of two images, none of which are alike. */
const imagesOf = ([height, width, channels]: Shape): Float32Array =>
  Float32Array.from({ length: 2 * height * width * channels }, (_, place) => Math.sin(place + 1))

const planned = <Operation>(operation: Operation, shape: Shape) => ({
  operation,
  key: { hi: 0, lo: 0 },
  offset: 0,
  size: shape[0] * shape[1] * shape[2],
  shape,
  dimensions: shape,
  black: [-1, -2, -3].slice(0, shape[2]),
  white: [1, 1, 1].slice(0, shape[2]),
  deviation: 0,
  codes: undefined
})

/** The second image as pixels that say where in the old one each comes from; undefined for nowhere. */
const moved = (
  [height, width, channels]: Shape,
  from: (y: number, x: number) => readonly [number, number] | undefined
): Float32Array => {
  const images = imagesOf([height, width, channels])
  const made = Float32Array.from(images)
  for (let place = 0; place < height * width; place++) {
    const source = from(Math.floor(place / width), place % width)
    for (let channel = 0; channel < channels; channel++) {
      const at = source && (height * width + source[0] * width + source[1]) * channels + channel
      made[(height * width + place) * channels + channel] = at === undefined ? -1 - channel : images[at]
    }
  }
  return made
}

/** Two rows: the first is left alone by the words drawn for it. */
const changed = (shape: Shape, { change, words }: Canvas.Change, drawn: ReadonlyArray<number>): Float32Array => {
  const features = imagesOf(shape)
  const width = features.length / 2
  const none = Array.from({ length: words }, () => 2 ** 32 - 1)
  const canvas = Canvas.make(shape)
  for (const row of [0, 1]) {
    canvas.open(features, row * width)
    const rows = { count: 2, features, width, target: new Int32Array(2) }
    change(canvas, Uint32Array.from([...none, ...drawn]), row * words, rows, row)
    canvas.close(features, row * width)
  }
  return features
}

describe("images moved about", () => {
  it("mirrors put each pixel where it belongs, and leave other rows alone", () => {
    fc.assert(
      fc.property(shapes, fc.boolean(), (shape, isHorizontal) => {
        const [height, width] = shape
        const name = isHorizontal ? ("flipHorizontal" as const) : ("flipVertical" as const)
        const kernel = flip(planned({ name, version: 1, column: "a", probability: 0.5, labels: true as const }, shape))
        const expected = moved(shape, (y, x) => (isHorizontal ? [y, width - 1 - x] : [height - 1 - y, x]))
        assert.deepStrictEqual(changed(shape, kernel, [0]), expected)
      }),
      { numRuns: runs }
    )
  })

  it("crops put each pixel where it belongs, the fill or the nearest edge beyond, and leave other rows alone", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom("black" as const, "edge" as const),
        fc.tuple(fc.nat(2), fc.nat(2)),
        (shape, fill, [right, down]) => {
          const [height, width] = shape
          const kernel = crop(
            planned({ name: "crop", version: 1, column: "a", probability: 0.5, padding: 1, fill }, shape)
          )
          const words = [0, ((right + 0.5) / 3) * 2 ** 32, ((down + 0.5) / 3) * 2 ** 32]
          const expected = moved(shape, (y, x) => {
            const [sy, sx] = [y + down - 1, x + right - 1]
            const inside = [Math.min(Math.max(sy, 0), height - 1), Math.min(Math.max(sx, 0), width - 1)] as const
            return fill === "edge" || (inside[0] === sy && inside[1] === sx) ? inside : undefined
          })
          assert.deepStrictEqual(changed(shape, kernel, words), expected)
        }
      ),
      { numRuns: 2 * runs }
    )
  })

  it("affine maps weigh the four pixels around each place, in the same bits by every way to calculate them", () => {
    const turn = fc.oneof(fc.constantFrom(0, 1, -1), fc.double({ min: -1.5, max: 1.5, noNaN: true }))
    const shift = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double({ min: -12, max: 12, noNaN: true }))
    const maps: fc.Arbitrary<Affine> = fc.record({ xx: turn, xy: turn, x0: shift, yx: turn, yy: turn, y0: shift })
    fc.assert(
      fc.property(shapes, maps, fc.boolean(), fc.constantFrom(-3, -0.3), (shape, map, isFilled, third) => {
        const fill = isFilled ? Float64Array.of(-1, -2, third) : undefined
        const features = imagesOf(shape)
        const size = features.length / 2
        const image = features.slice(size)
        const expected = sampled(shape, image, map, fill)
        const got = new Float32Array(size)
        resample({ values: imagesOf(shape), from: size, shape }, got, map, fill)
        assert.deepStrictEqual(got, expected)
        const canvas = Canvas.make(shape)
        canvas.open(features, size)
        canvas.map(map, fill)
        canvas.close(features, size)
        assert.deepStrictEqual(features.subarray(size), expected)
      }),
      { numRuns: 8 * runs }
    )
  })

  it("moves that are noted and done together give the bits of moves done one by one, of numbers and of bytes", () => {
    const fills = fc.constantFrom(undefined, Float64Array.of(1, 2, 3), Float64Array.of(0.1, 0.2, 0.3))
    const moves = fc.oneof(
      fc.boolean().map((isHorizontal) => (canvas: Canvas.Canvas) => canvas.mirror(isHorizontal)),
      fc
        .tuple(fc.integer({ min: -1, max: 1 }), fc.integer({ min: -1, max: 1 }), fills)
        .map((by) => (canvas: Canvas.Canvas) => canvas.shift(...by)),
      fc.tuple(fc.double({ min: -0.3, max: 0.3, noNaN: true }), fills).map(([by, fill]) => (canvas: Canvas.Canvas) => {
        canvas.map({ xx: 1, xy: -by, x0: by, yx: by, yy: 1, y0: -by }, fill)
      })
    )
    fc.assert(
      fc.property(shapes, fc.array(moves, { maxLength: 5 }), fc.boolean(), (shape, chosen, isBytes) => {
        const numbers = imagesOf(shape).map((value) => Math.round(100 + 100 * value))
        const values = isBytes ? Uint8Array.from(numbers) : numbers
        const [canvas, size] = [Canvas.make(shape), values.length / 2]
        const [together, apart] = [new Float32Array(size + 1), new Float32Array(size + 1)]
        canvas.open(values, size)
        for (const move of chosen) move(canvas)
        canvas.close(together, 1)
        canvas.open(values, size)
        canvas.close(apart, 1)
        for (const move of chosen) {
          canvas.open(apart, 1)
          move(canvas)
          canvas.close(apart, 1)
        }
        assert.deepStrictEqual(together, apart)
      }),
      { numRuns: 8 * runs }
    )
  })
})

/** The same number by number, each pixel asked for by its place. */
const sampled = (
  [height, width, channels]: Shape,
  image: Float32Array,
  { x0, xx, xy, y0, yx, yy }: Affine,
  fill: Float64Array | undefined
): Float32Array =>
  Float32Array.from(image, (_, place) => {
    const channel = place % channels
    const [x, y] = [((place - channel) / channels) % width, Math.floor(place / channels / width)]
    const kept = (value: number, most: number) => (fill === undefined ? Math.min(Math.max(value, 0), most) : value)
    const sx = kept(xx * x + xy * y + x0, width - 1)
    const sy = kept(yx * x + yy * y + y0, height - 1)
    const [left, top] = [Math.floor(sx), Math.floor(sy)]
    const at = (row: number, column: number) =>
      row < 0 || row >= height || column < 0 || column >= width
        ? (fill?.[channel] ?? 0)
        : image[(row * width + column) * channels + channel]
    const between = (first: number, second: number, share: number) => first + (second - first) * share
    const upper = between(at(top, left), at(top, left + 1), sx - left)
    return between(upper, between(at(top + 1, left), at(top + 1, left + 1), sx - left), sy - top)
  })
