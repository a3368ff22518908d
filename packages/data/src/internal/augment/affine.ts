/**
 * Affine maps of images. A pixel is a point at whole coordinates, so the middle of an image of height h is at (h - 1) / 2.
 * Maps are sampled bilinearly, and beyond the image lies the fill, into which the outermost pixels fade over one pixel
 * (SciPy's `grid-constant`), or the nearest edge.
 */

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

/** Makes the identity. */
export const identity = (): Affine => ({ xx: 1, xy: 0, x0: 0, yx: 0, yy: 1, y0: 0 })

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

type Numbers = Float32Array | Float64Array

/** The image that is read: its first number, its shape, and how many numbers on each row begins: its width, unless given. */
export interface Source {
  readonly values: Numbers
  readonly from: number
  readonly shape: readonly [height: number, width: number, channels: number]
  readonly stride?: number
}

/** Numbers from one row of an image to the next. */
const strideOf = ({ shape: [, width, channels], stride }: Source): number => stride ?? width * channels

/** Samples the place of a pixel wherever it lies. */
const sample = (
  source: Source,
  { x0, xx, xy, y0, yx, yy }: Affine,
  x: number,
  y: number,
  fill: Float64Array | undefined,
  out: Numbers
): void => {
  const {
    from,
    shape: [height, width, channels],
    values
  } = source
  const to = (y * width + x) * channels
  const stride = strideOf(source)
  let sx = xx * x + xy * y + x0
  let sy = yx * x + yy * y + y0
  if (fill === undefined) {
    sx = sx < 0 ? 0 : sx > width - 1 ? width - 1 : sx
    sy = sy < 0 ? 0 : sy > height - 1 ? height - 1 : sy
  } else if (sx < -1 || sx >= width || sy < -1 || sy >= height) {
    for (let channel = 0; channel < channels; channel++) out[to + channel] = fill[channel]
    return
  }
  const left = Math.floor(sx)
  const top = Math.floor(sy)
  const dx = sx - left
  const dy = sy - top
  const inX = left >= 0
  const inX1 = left < width - 1
  const inY = top >= 0
  const inY1 = top < height - 1
  const at = from + top * stride + left * channels
  for (let channel = 0; channel < channels; channel++) {
    const none = fill === undefined ? 0 : fill[channel]
    const p = at + channel
    const a = inY && inX ? values[p] : none
    const b = inY && inX1 ? values[p + channels] : none
    const c = inY1 && inX ? values[p + stride] : none
    const d = inY1 && inX1 ? values[p + stride + channels] : none
    const upper = a + (b - a) * dx
    const lower = c + (d - c) * dx
    out[to + channel] = upper + (lower - upper) * dy
  }
}

/**
 * Samples the places of row `y` from `x` on up to `end`, an even number of them, for all of which the four pixels around
 * lie in the source.
 */
export type Inside = (map: Affine, y: number, x: number, end: number) => void

/** Makes the function that samples a source into `out` where the four pixels around lie in it. */
export const insideOf = (source: Source, out: Numbers): Inside => {
  const {
    from,
    shape: [, width, channels],
    values
  } = source
  const stride = strideOf(source)
  return ({ x0, xx, xy, y0, yx, yy }, y, x, end) => {
    for (let at = x, to = (y * width + x) * channels; at < end; at++) {
      const sx = xx * at + xy * y + x0
      const sy = yx * at + yy * y + y0
      const left = Math.floor(sx)
      const top = Math.floor(sy)
      const dx = sx - left
      const dy = sy - top
      const first = from + top * stride + left * channels
      for (let p = first; p < first + channels; p++) {
        const a = values[p]
        const c = values[p + stride]
        const upper = a + (values[p + channels] - a) * dx
        const lower = c + (values[p + stride + channels] - c) * dx
        out[to++] = upper + (lower - upper) * dy
      }
    }
  }
}

/** Tells whether the four pixels around a place lie in the image, or in a frame of `margin` pixels around it. */
const isInside = (
  [height, width]: Source["shape"],
  margin: number,
  { x0, xx, xy, y0, yx, yy }: Affine,
  x: number,
  y: number
): boolean => {
  const sx = xx * x + xy * y + x0
  const sy = yx * x + yy * y + y0
  return sx >= -margin && sx < width - 1 + margin && sy >= -margin && sy < height - 1 + margin
}

/**
 * Samples all places; those inside are what is left of a row when its ends are cut off, for places lie on a line. Around
 * the source lie `margin` pixels, 0 or 1, of the fill.
 */
export const sampleAll = (
  source: Source,
  margin: number,
  out: Numbers,
  map: Affine,
  fill: Float64Array | undefined,
  inside: Inside
): void => {
  const { shape } = source
  const [height, width] = shape
  for (let y = 0; y < height; y++) {
    let [first, end] = [0, width]
    while (first < width && !isInside(shape, margin, map, first, y)) sample(source, map, first++, y, fill, out)
    while (end > first && !isInside(shape, margin, map, end - 1, y)) sample(source, map, --end, y, fill, out)
    if ((end - first) % 2 === 1) sample(source, map, --end, y, fill, out)
    if (end > first) inside(map, y, first, end)
  }
}

/** Writes the image that an affine map makes of another into `out`, which must not be the same memory. */
export const resample = (source: Source, out: Numbers, map: Affine, fill: Float64Array | undefined): void =>
  sampleAll(source, 0, out, map, fill, insideOf(source, out))
