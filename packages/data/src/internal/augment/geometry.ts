/** Images moved about: mirrors, rotations, crops, covered rectangles. Affine maps are described in `affine.ts`. */
import type { Crop, Cutout, Flip, Rotate } from "../../augment/Operation.ts"
import { fillOf, identity, resampler, turn } from "./affine.ts"
import type { Kernel, Planned } from "./planned.ts"

const unit = 2 ** -32

/** Swaps two stretches of numbers that do not overlap. */
const swap = (values: Float32Array, one: number, other: number, count: number): void => {
  for (let place = 0; place < count; place++) {
    const value = values[one + place]
    values[one + place] = values[other + place]
    values[other + place] = value
  }
}

/** Mirrors images, and replaces the codes of their labels. */
export const flip = ({ codes, offset, operation, shape }: Planned<Flip>): Kernel => {
  const [height, width, channels] = shape
  const rowSize = width * channels
  const mirror = (values: Float32Array, from: number): void => {
    if (operation.name === "flipVertical") {
      for (let top = from, low = from + (height - 1) * rowSize; top < low; top += rowSize, low -= rowSize) {
        swap(values, top, low, rowSize)
      }
      return
    }
    for (let row = from; row < from + height * rowSize; row += rowSize) {
      for (let left = row, right = row + rowSize - channels; left < right; left += channels, right -= channels) {
        swap(values, left, right, channels)
      }
    }
  }
  return {
    words: 1,
    run: ({ count, features, target, width: rowWidth }, words) => {
      for (let row = 0; row < count; row++) {
        if (words[row] * unit >= operation.probability) continue
        mirror(features, row * rowWidth + offset)
        if (codes !== undefined) target[row] = codes[target[row]]
      }
    }
  }
}

/** Turns images. */
export const rotate = ({ black, offset, operation, shape }: Planned<Rotate>): Kernel => {
  const [height, width] = shape
  const map = identity()
  const resample = resampler(shape, fillOf(operation.fill, black))
  const most = (operation.degrees * Math.PI) / 180
  return {
    words: 2,
    run: ({ count, features, width: rowWidth }, words) => {
      for (let row = 0; row < count; row++) {
        if (words[2 * row] * unit >= operation.probability) continue
        turn(map, (2 * words[2 * row + 1] * unit - 1) * most, height, width)
        resample(features, row * rowWidth + offset, map)
      }
    }
  }
}

/** Fills pixels with the numbers of one, or with those of the pixel at `edge`. */
const fillPixels = (
  values: Float32Array,
  from: number,
  to: number,
  fill: Float64Array | undefined,
  edge: number,
  channels: number
): void => {
  for (let at = from; at < to; at += channels) {
    for (let channel = 0; channel < channels; channel++) {
      values[at + channel] = fill === undefined ? values[edge + channel] : fill[channel]
    }
  }
}

/** Shifts images by whole pixels, row by row in the direction in which none is written before it is read. */
export const crop = ({ black, offset, operation, shape }: Planned<Crop>): Kernel => {
  const [height, width, channels] = shape
  const { padding } = operation
  const rowSize = width * channels
  const fill = fillOf(operation.fill, black)
  const shiftRow = (values: Float32Array, to: number, source: number, byX: number): void => {
    const [first, last] = [Math.max(0, -byX) * channels, (width - Math.max(0, byX)) * channels]
    values.copyWithin(to + first, source + first + byX * channels, source + last + byX * channels)
    fillPixels(values, to, to + first, fill, to + first, channels)
    fillPixels(values, to + last, to + rowSize, fill, to + last - channels, channels)
  }
  const shift = (values: Float32Array, from: number, byX: number, byY: number): void => {
    for (let index = 0; index < height; index++) {
      const y = byY > 0 ? index : height - 1 - index
      const to = from + y * rowSize
      const source = Math.min(Math.max(y + byY, 0), height - 1)
      if (fill !== undefined && source !== y + byY) fillPixels(values, to, to + rowSize, fill, 0, channels)
      else shiftRow(values, to, from + source * rowSize, byX)
    }
  }
  return {
    words: 3,
    run: ({ count, features, width: rowWidth }, words) => {
      for (let row = 0; row < count; row++) {
        if (words[3 * row] * unit >= operation.probability) continue
        const byX = Math.floor(words[3 * row + 1] * unit * (2 * padding + 1)) - padding
        const byY = Math.floor(words[3 * row + 2] * unit * (2 * padding + 1)) - padding
        if (byX !== 0 || byY !== 0) shift(features, row * rowWidth + offset, byX, byY)
      }
    }
  }
}

/** Covers a rectangle about a pixel of the image, as far as it lies in the image. */
export const cutout = ({ black, offset, operation, shape }: Planned<Cutout>): Kernel => {
  const [height, width, channels] = shape
  const fill = fillOf(operation.fill, black) ?? new Float64Array(channels)
  return {
    words: 3,
    run: ({ count, features, width: rowWidth }, words) => {
      for (let row = 0; row < count; row++) {
        if (words[3 * row] * unit >= operation.probability) continue
        const top = Math.floor(words[3 * row + 1] * unit * height) - (operation.height >> 1)
        const left = Math.floor(words[3 * row + 2] * unit * width) - (operation.width >> 1)
        const bottom = Math.min(height, top + operation.height)
        const right = Math.min(width, left + operation.width)
        for (let y = Math.max(0, top); y < bottom; y++) {
          for (let x = Math.max(0, left); x < right; x++) {
            const at = row * rowWidth + offset + (y * width + x) * channels
            for (let channel = 0; channel < channels; channel++) features[at + channel] = fill[channel]
          }
        }
      }
    }
  }
}
