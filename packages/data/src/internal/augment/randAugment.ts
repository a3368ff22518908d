/**
 * RandAugment (Cubuk et al. 2020): for each image some of fourteen operations, drawn uniformly and done one after the
 * other, all at one magnitude out of 30. Strengths are the paper's: shears of 0.3, shifts of 150/331 of a side, turns of 30
 * degrees, factors of 1 ± 0.9 and 4 bits fewer at magnitude 30. Images are numbers from 0 (black) to 1 (white); what works
 * on levels of grey takes 256 of them. Geometry is about the middle of the image, and bilinear.
 */
import type { RandAugment } from "../../augment/Operation.ts"
import { brighten, contrast, fromUnit, saturate, toUnit } from "./colour.ts"
import { type Affine, fillOf, identity, resample, turn } from "./affine.ts"
import type { Kernel, Planned } from "./planned.ts"

const unit = 2 ** -32

/** What an operation works on. */
interface Canvas {
  readonly image: Float64Array
  readonly scratch: Float64Array
  readonly shape: readonly [number, number, number]
  readonly fill: Float64Array | undefined
  readonly map: Affine
}

/** Changes the image; `strength` is in [-1, 1], its sign drawn, and positive where a sign means nothing. */
type Change = (canvas: Canvas, strength: number) => void

/** Keeps the highest bits of 8, `8 - round(4 · strength)` of them. */
export const posterize = (image: Float64Array, strength: number): void => {
  const step = 2 ** Math.round(4 * strength)
  for (let place = 0; place < image.length; place++) {
    image[place] = (Math.floor(Math.round(image[place] * 255) / step) * step) / 255
  }
}

/** Turns bright numbers, of at least `1 - strength`, into their opposites. */
export const solarize = (image: Float64Array, strength: number): void => {
  for (let place = 0; place < image.length; place++) {
    if (image[place] >= 1 - strength) image[place] = 1 - image[place]
  }
}

/** Stretches each channel to reach from 0 to 1, unless all of it is one number. */
export const stretch = (image: Float64Array, channels: number): void => {
  for (let channel = 0; channel < channels; channel++) {
    let [low, high] = [Infinity, -Infinity]
    for (let at = channel; at < image.length; at += channels) {
      low = Math.min(low, image[at])
      high = Math.max(high, image[at])
    }
    if (high === low) continue
    for (let at = channel; at < image.length; at += channels) image[at] = (image[at] - low) / (high - low)
  }
}

/** Spreads the 256 levels of each channel so that about as many pixels have each. */
export const equalize = (image: Float64Array, channels: number): void => {
  const counts = new Uint32Array(256)
  for (let channel = 0; channel < channels; channel++) {
    counts.fill(0)
    let highest = 0
    for (let at = channel; at < image.length; at += channels) {
      const level = Math.round(image[at] * 255)
      counts[level]++
      highest = Math.max(highest, level)
    }
    const step = Math.floor((image.length / channels - counts[highest]) / 255)
    if (step === 0) continue
    let sum = Math.floor(step / 2)
    for (let level = 0; level < 256; level++) {
      const count = counts[level]
      counts[level] = Math.min(255, Math.floor(sum / step))
      sum += count
    }
    for (let at = channel; at < image.length; at += channels) image[at] = counts[Math.round(image[at] * 255)] / 255
  }
}

/**
 * Moves every pixel that has eight neighbours away from the mean of them and itself, where it counts five times, or
 * towards it.
 */
export const sharpen = ({ image, scratch, shape }: Omit<Canvas, "map" | "fill">, factor: number): void => {
  const [height, width, channels] = shape
  scratch.set(image)
  const below = width * channels
  for (let y = 1; y < height - 1; y++) {
    for (let place = y * below + channels; place < (y + 1) * below - channels; place++) {
      let sum = 4 * scratch[place]
      for (let row = place - below; row <= place + below; row += below) {
        sum += scratch[row - channels] + scratch[row] + scratch[row + channels]
      }
      const value = factor * scratch[place] + ((1 - factor) * sum) / 13
      image[place] = value < 0 ? 0 : value > 1 ? 1 : value
    }
  }
}

const move = ({ fill, image, map, scratch, shape }: Canvas): void => {
  resample({ values: image, from: 0, shape }, scratch, map, fill)
  image.set(scratch)
}

const still: Affine = identity()

const shearX: Change = (canvas, strength) => {
  const by = 0.3 * strength
  Object.assign(canvas.map, still, { xy: by, x0: (-by * (canvas.shape[0] - 1)) / 2 })
  move(canvas)
}

const shearY: Change = (canvas, strength) => {
  const by = 0.3 * strength
  Object.assign(canvas.map, still, { yx: by, y0: (-by * (canvas.shape[1] - 1)) / 2 })
  move(canvas)
}

const translateX: Change = (canvas, strength) => {
  Object.assign(canvas.map, still, { x0: (150 / 331) * strength * canvas.shape[1] })
  move(canvas)
}

const translateY: Change = (canvas, strength) => {
  Object.assign(canvas.map, still, { y0: (150 / 331) * strength * canvas.shape[0] })
  move(canvas)
}

const rotate: Change = (canvas, strength) => {
  turn(canvas.map, (strength * Math.PI) / 6, canvas.shape[0], canvas.shape[1])
  move(canvas)
}

/** The operations: those of the first list have a sign. */
const signed: ReadonlyArray<Change> = [
  shearX,
  shearY,
  translateX,
  translateY,
  rotate,
  ({ image }, strength) => brighten(image, 1 + 0.9 * strength),
  ({ image, shape }, strength) => saturate(image, shape[2], 1 + 0.9 * strength),
  ({ image, shape }, strength) => contrast(image, shape[2], 1 + 0.9 * strength),
  (canvas, strength) => sharpen(canvas, 1 + 0.9 * strength)
]

const unsigned: ReadonlyArray<Change> = [
  () => {},
  ({ image }, strength) => posterize(image, strength),
  ({ image }, strength) => solarize(image, strength),
  ({ image, shape }) => stretch(image, shape[2]),
  ({ image, shape }) => equalize(image, shape[2])
]

const all = signed.length + unsigned.length

/** Does some of the operations on images. */
export const randAugment = (planned: Planned<RandAugment>): Kernel => {
  const { black, offset, operation, shape, size, white } = planned
  const isNumber = typeof operation.fill === "number"
  const given = fillOf(operation.fill, black)
  const fill = given?.map((value, channel) =>
    isNumber ? (value - black[channel]) / (white[channel] - black[channel]) : 0
  )
  const canvas: Canvas = {
    image: new Float64Array(size),
    scratch: new Float64Array(size),
    shape,
    fill,
    map: identity()
  }
  const strength = operation.magnitude / 30
  const words = 1 + 2 * operation.operations
  return {
    words,
    run: ({ count, features, width }, drawn) => {
      for (let row = 0; row < count; row++) {
        if (drawn[row * words] * unit >= operation.probability) continue
        const from = row * width + offset
        toUnit(planned, features, from, canvas.image)
        for (let at = row * words + 1; at < (row + 1) * words; at += 2) {
          const choice = Math.floor(drawn[at] * unit * all)
          if (choice < signed.length) signed[choice](canvas, drawn[at + 1] >>> 31 === 0 ? strength : -strength)
          else unsigned[choice - signed.length](canvas, strength)
        }
        fromUnit(planned, canvas.image, features, from)
      }
    }
  }
}
