/**
 * Images moved about: mirrors, rotations and other affine maps, crops, covered rectangles. A pixel is a point at whole
 * coordinates, so the middle of an image of height h is at (h - 1) / 2. Maps are sampled bilinearly, and beyond the image
 * lies the fill, into which the outermost pixels fade over one pixel (SciPy's `grid-constant`), or the nearest edge.
 */
import type { Crop, Cutout, Flip, Rotate } from "../../augment/Operation.ts"
import type { Kernel, Planned } from "./planned.ts"

const unit = 2 ** -32

/** What stands for nothing in each channel, or undefined for the nearest edge. */
export const fillOf = (fill: "black" | "edge" | number, black: ReadonlyArray<number>): Float64Array | undefined =>
  fill === "edge"
    ? undefined
    : typeof fill === "number"
      ? new Float64Array(black.length).fill(fill)
      : Float64Array.from(black)

/** Where an output pixel (x, y) lies in the input: `(xx x + xy y + x0, yx x + yy y + y0)`. */
export interface Affine {
  xx: number
  xy: number
  x0: number
  yx: number
  yy: number
  y0: number
}

/** The image that is read: its first number, and its shape. */
export interface Source {
  readonly values: Float32Array | Float64Array
  readonly from: number
  readonly shape: readonly [number, number, number]
}

/** Writes the image that an affine map makes of another into `out`, which must not be the same memory. */
export const resample = (
  { from, shape: [height, width, channels], values }: Source,
  out: Float32Array | Float64Array,
  { x0, xx, xy, y0, yx, yy }: Affine,
  fill: Float64Array | undefined
): void => {
  const rowSize = width * channels
  let to = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sx = xx * x + xy * y + x0
      let sy = yx * x + yy * y + y0
      if (fill === undefined) {
        sx = sx < 0 ? 0 : sx > width - 1 ? width - 1 : sx
        sy = sy < 0 ? 0 : sy > height - 1 ? height - 1 : sy
      }
      const left = Math.floor(sx)
      const top = Math.floor(sy)
      const dx = sx - left
      const dy = sy - top
      const inX = left >= 0 && left < width
      const inX1 = left >= -1 && left < width - 1
      const inY = top >= 0 && top < height
      const inY1 = top >= -1 && top < height - 1
      const at = from + top * rowSize + left * channels
      if (inX && inX1 && inY && inY1) {
        for (let p = at; p < at + channels; p++) {
          const a = values[p]
          const c = values[p + rowSize]
          const upper = a + (values[p + channels] - a) * dx
          const lower = c + (values[p + rowSize + channels] - c) * dx
          out[to++] = upper + (lower - upper) * dy
        }
        continue
      }
      for (let channel = 0; channel < channels; channel++) {
        const none = fill === undefined ? 0 : fill[channel]
        const p = at + channel
        const a = inY && inX ? values[p] : none
        const b = inY && inX1 ? values[p + channels] : none
        const c = inY1 && inX ? values[p + rowSize] : none
        const d = inY1 && inX1 ? values[p + rowSize + channels] : none
        const upper = a + (b - a) * dx
        const lower = c + (d - c) * dx
        out[to++] = upper + (lower - upper) * dy
      }
    }
  }
}

/** Sets `map` to the turn by an angle in radians, counterclockwise as seen, about the middle. */
export const turn = (map: Affine, angle: number, height: number, width: number): void => {
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2]
  map.xx = cos
  map.xy = -sin
  map.yx = sin
  map.yy = cos
  map.x0 = middleX - cos * middleX + sin * middleY
  map.y0 = middleY - sin * middleX - cos * middleY
}

/** Makes the identity. */
export const identity = (): Affine => ({ xx: 1, xy: 0, x0: 0, yx: 0, yy: 1, y0: 0 })

/** Mirrors images, and replaces the codes of their labels. */
export const flip = ({ codes, offset, operation, shape, size }: Planned<Flip>): Kernel => {
  const [height, width, channels] = shape
  const isHorizontal = operation.name === "flipHorizontal"
  const scratch = new Float32Array(size)
  const mirror = (values: Float32Array, from: number): void => {
    let to = 0
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = isHorizontal ? y * width + (width - 1 - x) : (height - 1 - y) * width + x
        for (let channel = 0; channel < channels; channel++) scratch[to++] = values[from + at * channels + channel]
      }
    }
    values.set(scratch, from)
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
export const rotate = ({ black, offset, operation, shape, size }: Planned<Rotate>): Kernel => {
  const [height, width] = shape
  const scratch = new Float32Array(size)
  const map = identity()
  const fill = fillOf(operation.fill, black)
  const most = (operation.degrees * Math.PI) / 180
  return {
    words: 2,
    run: ({ count, features, width: rowWidth }, words) => {
      for (let row = 0; row < count; row++) {
        if (words[2 * row] * unit >= operation.probability) continue
        const from = row * rowWidth + offset
        turn(map, (2 * words[2 * row + 1] * unit - 1) * most, height, width)
        resample({ values: features, from, shape }, scratch, map, fill)
        features.set(scratch, from)
      }
    }
  }
}

/** Shifts images by whole pixels. */
export const crop = ({ black, offset, operation, shape, size }: Planned<Crop>): Kernel => {
  const [height, width, channels] = shape
  const { padding } = operation
  const scratch = new Float32Array(size)
  const fill = fillOf(operation.fill, black)
  const shift = (values: Float32Array, from: number, byX: number, byY: number): void => {
    let to = 0
    for (let y = 0; y < height; y++) {
      const sy = y + byY
      const inY = sy >= 0 && sy < height
      const cy = inY ? sy : sy < 0 ? 0 : height - 1
      for (let x = 0; x < width; x++) {
        const sx = x + byX
        const inX = sx >= 0 && sx < width
        const at = from + (cy * width + (inX ? sx : sx < 0 ? 0 : width - 1)) * channels
        if (fill === undefined || (inX && inY)) {
          for (let channel = 0; channel < channels; channel++) scratch[to++] = values[at + channel]
        } else for (let channel = 0; channel < channels; channel++) scratch[to++] = fill[channel]
      }
    }
    values.set(scratch, from)
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
