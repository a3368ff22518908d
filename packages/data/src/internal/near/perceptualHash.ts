/**
 * Hashes of images that change little when an image is scaled, compressed or brightened: 64 bits, of which near images
 * differ in a few. Both are those of Python's imagehash: images become grey as in ITU-R 601, are resized with Lanczos'
 * kernel of three lobes, across and then down, and pixels are compared with their neighbours (difference) or turned into
 * low frequencies (perceptual). Pillow resizes tall images down first: rounding may turn a bit or two of those.
 */

/** An image is `height` rows of `width` pixels of `channels` bytes: grey, grey and alpha, RGB, or RGB and alpha. */
export interface Size {
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** The two hashes: `difference` is faster, `perceptual` tells more images apart. */
export type Kind = "difference" | "perceptual"

const lobes = 3
const low = 8
const fine = 32

/** Which pixels make one of a resized image, and with what weights. */
interface Kernel {
  readonly start: number
  readonly weights: Float64Array
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))
const lanczos = (x: number): number => (Math.abs(x) < lobes ? sinc(x) * sinc(x / lobes) : 0)

const kernels = (from: number, to: number): ReadonlyArray<Kernel> => {
  const scale = from / to
  const stretch = Math.max(1, scale)
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * scale
    const start = Math.max(0, Math.floor(centre - lobes * stretch + 0.5))
    const end = Math.min(from, Math.floor(centre + lobes * stretch + 0.5))
    const weights = Float64Array.from({ length: end - start }, (_, at) =>
      lanczos((start + at - centre + 0.5) / stretch)
    )
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return { start, weights: weights.map((weight) => weight / total) }
  })
}

const byte = (value: number): number => Math.min(255, Math.max(0, Math.floor(value + 0.5)))

/** Applies kernels along one axis: `step` from a pixel to the next along it, `lines` of them `stride` apart. */
const resample = (
  pixels: Uint8Array,
  out: Uint8Array,
  along: ReadonlyArray<Kernel>,
  lines: number,
  step: { readonly from: number; readonly to: number },
  stride: { readonly from: number; readonly to: number }
): void => {
  for (let line = 0; line < lines; line++) {
    for (let index = 0; index < along.length; index++) {
      const { start, weights } = along[index]
      let sum = 0
      let at = line * stride.from + start * step.from
      for (let tap = 0; tap < weights.length; tap++, at += step.from) sum += weights[tap] * pixels[at]
      out[line * stride.to + index * step.to] = byte(sum)
    }
  }
}

const greyInto = (images: Uint8Array, offset: number, channels: number, out: Uint8Array): void => {
  for (let pixel = 0; pixel < out.length; pixel++) {
    const at = offset + pixel * channels
    out[pixel] =
      channels < 3
        ? images[at]
        : (images[at] * 19_595 + images[at + 1] * 38_470 + images[at + 2] * 7471 + 0x8000) >>> 16
  }
}

/** Makes the function that resizes an image to a grey one. */
const resizer = ({ channels, height, width }: Size, rows: number, columns: number) => {
  const grey = new Uint8Array(height * width)
  const narrow = new Uint8Array(height * columns)
  const small = new Uint8Array(rows * columns)
  const [across, down] = [kernels(width, columns), kernels(height, rows)]
  return (images: Uint8Array, image: number): Uint8Array => {
    greyInto(images, image * height * width * channels, channels, grey)
    resample(grey, narrow, across, height, { from: 1, to: 1 }, { from: width, to: columns })
    resample(narrow, small, down, columns, { from: columns, to: columns }, { from: 1, to: 1 })
    return small
  }
}

/** Appends a bit to the code of an image: the first is the highest of the first word. */
const push = (codes: Uint32Array, image: number, place: number, isSet: boolean): void => {
  if (isSet) codes[2 * image + (place >>> 5)] |= 1 << (31 - (place & 31))
}

const difference = (images: Uint8Array, size: Size, count: number): Uint32Array => {
  const codes = new Uint32Array(2 * count)
  const resize = resizer(size, low, low + 1)
  for (let image = 0; image < count; image++) {
    const small = resize(images, image)
    for (let place = 0; place < 64; place++) {
      const at = (place >>> 3) * (low + 1) + (place & 7)
      push(codes, image, place, small[at + 1] > small[at])
    }
  }
  return codes
}

const cosines = Float64Array.from({ length: low * fine }, (_, at) => {
  const [frequency, place] = [Math.floor(at / fine), at % fine]
  return 2 * Math.cos((Math.PI * frequency * (2 * place + 1)) / (2 * fine))
})

/** Low frequencies of an image of 32 x 32 pixels: the discrete cosine transform of type II, rounding errors made zero. */
const frequencies = (small: Uint8Array, rows: Float64Array, out: Float64Array): void => {
  for (let frequency = 0; frequency < low; frequency++) {
    for (let column = 0; column < fine; column++) {
      let sum = 0
      for (let row = 0; row < fine; row++) sum += cosines[frequency * fine + row] * small[row * fine + column]
      rows[frequency * fine + column] = sum
    }
  }
  for (let place = 0; place < 64; place++) {
    let sum = 0
    for (let column = 0; column < fine; column++) {
      sum += rows[(place >>> 3) * fine + column] * cosines[(place & 7) * fine + column]
    }
    out[place] = Math.abs(sum) < 1e-6 ? 0 : sum
  }
}

const perceptual = (images: Uint8Array, size: Size, count: number): Uint32Array => {
  const codes = new Uint32Array(2 * count)
  const resize = resizer(size, fine, fine)
  const rows = new Float64Array(low * fine)
  const all = new Float64Array(64)
  for (let image = 0; image < count; image++) {
    frequencies(resize(images, image), rows, all)
    const sorted = all.slice().sort()
    const median = (sorted[31] + sorted[32]) / 2
    for (let place = 0; place < 64; place++) push(codes, image, place, all[place] > median)
  }
  return codes
}

/** Hashes images that lie one after the other: two words for each, to be written in hexadecimal one after the other. */
export const hash = (kind: Kind, images: Uint8Array, size: Size, count: number): Uint32Array =>
  kind === "difference" ? difference(images, size, count) : perceptual(images, size, count)
