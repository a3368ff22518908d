/**
 * Colours of one image, changed in place in numbers from 0 (black) to 1 (white), one pixel's channels after the other.
 * Luminance is that of ITU-R BT.601 with the weights 0.2989, 0.587 and 0.114; of one channel it is the channel.
 */
import type { ColourJitter } from "../../augment/Operation.ts"
import type { Change } from "./canvas.ts"
import { type Factors, inColour } from "./colourProgram.ts"
import type { Planned } from "./planned.ts"

const unit = 2 ** -32

/** Cuts a number to [0, 1]. */
const cut = (value: number): number => (value < 0 ? 0 : value > 1 ? 1 : value)

const luminanceOf = (red: number, green: number, blue: number): number => 0.2989 * red + 0.587 * green + 0.114 * blue

/** Multiplies every number by a factor. */
export const brighten = (image: Float64Array, factor: number): void => {
  for (let place = 0; place < image.length; place++) image[place] = cut(image[place] * factor)
}

/** Moves every number away from the mean luminance, or towards it. */
export const contrast = (image: Float64Array, channels: number, factor: number): void => {
  let sum = 0
  if (channels === 3) {
    for (let at = 0; at < image.length; at += 3) sum += luminanceOf(image[at], image[at + 1], image[at + 2])
  } else for (let at = 0; at < image.length; at += channels) sum += image[at]
  const rest = ((1 - factor) * sum) / (image.length / channels)
  for (let place = 0; place < image.length; place++) image[place] = cut(factor * image[place] + rest)
}

/** Moves every pixel away from its own luminance, or towards it. */
export const saturate = (image: Float64Array, channels: number, factor: number): void => {
  if (channels === 3) {
    for (let at = 0; at < image.length; at += 3) {
      const rest = (1 - factor) * luminanceOf(image[at], image[at + 1], image[at + 2])
      image[at] = cut(factor * image[at] + rest)
      image[at + 1] = cut(factor * image[at + 1] + rest)
      image[at + 2] = cut(factor * image[at + 2] + rest)
    }
  } else for (let at = 0; at < image.length; at++) image[at] = cut(factor * image[at] + (1 - factor) * image[at])
}

/** The remainder of a division by 6 of what is less than 12, for which the subtraction is exact. */
const within6 = (value: number): number => (value >= 6 ? value - 6 : value)

/** One channel of the colour of a hue in [0, 6], of Smith (1978): `n` is 5, 3 and 1 for red, green and blue. */
const ofHue = (n: number, hue: number, value: number, range: number): number => {
  const k = within6(n + hue)
  const other = 4 - k
  const least = k < other ? k : other
  return value - range * (least < 0 ? 0 : least > 1 ? 1 : least)
}

/** Turns the hue of red, green and blue pixels by a share of the circle; saturation and value (Smith 1978) stay. */
export const turnHue = (image: Float64Array, by: number): void => {
  for (let at = 0; at < image.length; at += 3) {
    const red = image[at]
    const green = image[at + 1]
    const blue = image[at + 2]
    const value = Math.max(red, green, blue)
    const range = value - Math.min(red, green, blue)
    if (range === 0) continue
    const sector =
      value === red ? (green - blue) / range : value === green ? 2 + (blue - red) / range : 4 + (red - green) / range
    const turned = sector + 6 * by // at least -4, and at most 8
    const hue = within6(within6(turned) + 6)
    image[at] = ofHue(5, hue, value, range)
    image[at + 1] = ofHue(3, hue, value, range)
    image[at + 2] = ofHue(1, hue, value, range)
  }
}

/** Reads an image as numbers from 0 to 1; what lies beyond black and white is cut. */
export const toUnit = (
  { black, shape, white }: Pick<Planned, "black" | "shape" | "white">,
  values: Float32Array,
  from: number,
  image: Float64Array
): void => {
  const channels = shape[2]
  for (let channel = 0; channel < channels; channel++) {
    const low = black[channel]
    const range = white[channel] - low
    for (let at = channel; at < image.length; at += channels) image[at] = cut((values[from + at] - low) / range)
  }
}

/** Writes an image of numbers from 0 to 1 back in the numbers of its range. */
export const fromUnit = (
  { black, shape, white }: Pick<Planned, "black" | "shape" | "white">,
  image: Float64Array,
  values: Float32Array,
  from: number
): void => {
  const channels = shape[2]
  for (let channel = 0; channel < channels; channel++) {
    const low = black[channel]
    const range = white[channel] - low
    for (let at = channel; at < image.length; at += channels) values[from + at] = low + image[at] * range
  }
}

/** A factor in [1 - by, 1 + by], not below 0. */
const factor = (by: number, word: number): number => {
  const least = Math.max(0, 1 - by)
  return least + (1 + by - least) * word * unit
}

/** Changes an image's numbers; what the operation leaves alone is not looked at. */
type Jitter = (numbers: Float32Array, factors: Factors) => void

const plain = (planned: Planned<ColourJitter>): Jitter => {
  const { operation, shape, size } = planned
  const image = new Float64Array(size)
  return (numbers, factors) => {
    toUnit(planned, numbers, 0, image)
    if (operation.brightness > 0) brighten(image, factors.brightness)
    if (operation.contrast > 0) contrast(image, shape[2], factors.contrast)
    if (operation.saturation > 0) saturate(image, shape[2], factors.saturation)
    if (operation.hue > 0) turnHue(image, factors.hue)
    fromUnit(planned, image, numbers, 0)
  }
}

/** Changes brightness, contrast, saturation and hue of images. */
export const colourJitter = (planned: Planned<ColourJitter>): Change => {
  const { operation, shape, size } = planned
  const jitter = shape[2] === 3 && size % 2 === 0 ? inColour(planned, size) : plain(planned)
  return {
    words: 5,
    change: (canvas, words, at) => {
      if (words[at] * unit >= operation.probability) return
      jitter(canvas.settled(), {
        brightness: factor(operation.brightness, words[at + 1]),
        contrast: factor(operation.contrast, words[at + 2]),
        saturation: factor(operation.saturation, words[at + 3]),
        hue: (2 * words[at + 4] * unit - 1) * operation.hue
      })
    }
  }
}
