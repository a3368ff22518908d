/** Images moved about: mirrors, rotations, crops, covered rectangles. Affine maps are described in `affine.ts`. */
import type { Crop, Cutout, Flip, Rotate } from "../../augment/Operation.ts"
import { fillOf, identity, turn } from "./affine.ts"
import type { Change } from "./canvas.ts"
import type { Kernel, Planned } from "./planned.ts"

const unit = 2 ** -32

/** Mirrors images, and replaces the codes of their labels. */
export const flip = ({ codes, operation }: Planned<Flip>): Change => ({
  words: 1,
  change: (canvas, words, at, { target }, row) => {
    if (words[at] * unit >= operation.probability) return
    canvas.mirror(operation.name === "flipHorizontal")
    if (codes !== undefined) target[row] = codes[target[row]]
  }
})

/** Turns images. */
export const rotate = ({ black, operation, shape: [height, width] }: Planned<Rotate>): Change => {
  const map = identity()
  const fill = fillOf(operation.fill, black)
  const most = (operation.degrees * Math.PI) / 180
  return {
    words: 2,
    change: (canvas, words, at) => {
      if (words[at] * unit >= operation.probability) return
      turn(map, (2 * words[at + 1] * unit - 1) * most, height, width)
      canvas.map(map, fill)
    }
  }
}

/** Shifts images by whole pixels. */
export const crop = ({ black, operation }: Planned<Crop>): Change => {
  const { padding } = operation
  const fill = fillOf(operation.fill, black)
  const by = (word: number): number => Math.floor(word * unit * (2 * padding + 1)) - padding
  return {
    words: 3,
    change: (canvas, words, at) => {
      if (words[at] * unit < operation.probability) canvas.shift(by(words[at + 1]), by(words[at + 2]), fill)
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
