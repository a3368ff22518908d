/**
 * Planes of a JPEG image as red, green and blue pixels: colour is interpolated with a triangle filter where it has fewer
 * samples than luminance, and turned by ITU-R BT.601 with 16 bits after the point, as libjpeg's kin do, bit for bit.
 */
import type { Header } from "./jpegHeader.ts"
import type { Plane } from "./jpegScan.ts"
import type { Pixels } from "./resize.ts"

/** Doubles the samples of a row along: three quarters of the nearer, a quarter of the farther. */
const widen = (from: Uint8ClampedArray, start: number, count: number, to: Uint8ClampedArray): void => {
  for (let x = 0; x < count; x++) {
    const near = 3 * from[start + x]
    to[2 * x] = (near + from[start + (x > 0 ? x - 1 : 0)] + 1) >> 2
    to[2 * x + 1] = (near + from[start + (x < count - 1 ? x + 1 : x)] + 2) >> 2
  }
}

/** Likewise along, of three quarters of the nearer row and a quarter of the farther. */
const widenBoth = (from: Uint8ClampedArray, near: number, far: number, count: number, to: Uint8ClampedArray): void => {
  let last = 3 * from[near] + from[far]
  let own = last
  for (let x = 0; x < count; x++) {
    const next = x < count - 1 ? 3 * from[near + x + 1] + from[far + x + 1] : own
    to[2 * x] = (3 * own + last + 8) >> 4
    to[2 * x + 1] = (3 * own + next + 7) >> 4
    last = own
    own = next
  }
}

/** Turns a row of luminance, and its colour, into pixels. */
const paint = (
  luminance: Uint8ClampedArray,
  start: number,
  [blue, red]: ReadonlyArray<Uint8ClampedArray>,
  out: Uint8ClampedArray,
  width: number,
  to: number
): void => {
  const { imul } = Math
  for (let x = 0, at = to; x < width; x++, at += 3) {
    const y = luminance[start + x]
    const b = blue[x] - 128
    const r = red[x] - 128
    out[at] = y + ((imul(r, 91881) + 32768) >> 16)
    out[at + 1] = y + ((imul(b, -22554) + imul(r, -46802) + 32768) >> 16)
    out[at + 2] = y + ((imul(b, 116130) + 32768) >> 16)
  }
}

const grey = ({ height, width }: Header, { samples, stride }: Plane, out: Uint8ClampedArray): void => {
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) out[at] = out[at + 1] = out[at + 2] = samples[y * stride + x]
  }
}

/** Makes pixels of planes. */
export const join = (header: Header, [luminance, ...colours]: ReadonlyArray<Plane>): Pixels => {
  const { components, height, width } = header
  const data = new Uint8Array(height * width * 3)
  const out = new Uint8ClampedArray(data.buffer)
  if (colours.length === 0) grey(header, luminance, out)
  else {
    const [{ across, down }] = components
    const [columns, rows] = [Math.ceil(width / across), Math.ceil(height / down)]
    const lines = colours.map(() => new Uint8ClampedArray(across * columns))
    for (let y = 0; y < height; y++) {
      const near = Math.floor(y / down)
      const far = Math.min(Math.max(near + (y % 2 === 0 ? -1 : 1), 0), rows - 1)
      for (const [index, { samples, stride }] of colours.entries()) {
        if (across === 1) lines[index].set(samples.subarray(near * stride, near * stride + columns))
        else if (down === 1) widen(samples, near * stride, columns, lines[index])
        else widenBoth(samples, near * stride, far * stride, columns, lines[index])
      }
      paint(luminance.samples, y * luminance.stride, lines, out, width, 3 * width * y)
    }
  }
  return { height, width, channels: 3, data }
}
