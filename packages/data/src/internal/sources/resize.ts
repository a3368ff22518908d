/**
 * Resizing of images in whole numbers: a triangle filter as wide as the reduction (bilinear with antialiasing), along rows
 * and along columns, with coefficients of 22 bits. The results are Pillow's, bit for bit, on every machine.
 */

/** Pixels, row by row, the channels of a pixel beside each other. */
export interface Pixels {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly data: Uint8Array
}

/** A part of an image, in float32 pixels from its left upper corner; edges may lie inside pixels. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

const bits = 22
const half = 1 << (bits - 1)

/** For each place of the result: where its pixels start, how many they are, and their weights. */
interface Weights {
  readonly starts: Int32Array
  readonly counts: Int32Array
  /** `most` for each place, in 2^-22. */
  readonly values: Int32Array
  readonly most: number
}

/** Weighs the pixels between two edges for each of `size` places. */
const weigh = (length: number, from: number, to: number, size: number): Weights => {
  const scale = Math.fround(to - from) / size
  const support = Math.max(scale, 1)
  const most = Math.ceil(support) * 2 + 1
  const starts = new Int32Array(size)
  const counts = new Int32Array(size)
  const values = new Int32Array(size * most)
  const raw = new Float64Array(most)
  for (let place = 0; place < size; place++) {
    const center = from + (place + 0.5) * scale
    const start = Math.max(0, Math.trunc(center - support + 0.5))
    const count = Math.min(length, Math.trunc(center + support + 0.5)) - start
    let sum = 0
    for (let tap = 0; tap < count; tap++) {
      raw[tap] = Math.max(0, 1 - Math.abs((tap + start - center + 0.5) * (1 / support)))
      sum += raw[tap]
    }
    for (let tap = 0; tap < count; tap++) {
      values[place * most + tap] = Math.trunc(0.5 + (sum === 0 ? raw[tap] : raw[tap] / sum) * 2 ** bits)
    }
    starts[place] = start
    counts[place] = count
  }
  return { starts, counts, values, most }
}

/** The weights are not negative and sum to one, up to rounding: a sum of bytes fits 31 bits, and can pass 255 by little. */
const rounded = (sum: number): number => {
  const value = (sum + half) >> bits
  return value > 255 ? 255 : value
}

const alongRows = (image: Pixels, to: number, weights: Weights): Uint8Array => {
  const out = new Uint8Array(image.height * to * image.channels)
  if (image.channels === 3) colourAlongRows(image, to, weights, out)
  else for (let channel = 0; channel < image.channels; channel++) channelAlongRows(image, to, weights, channel, out)
  return out
}

const channelAlongRows = (image: Pixels, to: number, weights: Weights, channel: number, out: Uint8Array): void => {
  const { channels, data, height, width } = image
  const { counts, most, starts, values } = weights
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < to; x++) {
      let at = (y * width + starts[x]) * channels + channel
      let sum = 0
      for (let tap = 0; tap < counts[x]; tap++, at += channels) {
        sum = (sum + Math.imul(data[at], values[x * most + tap])) | 0
      }
      out[(y * to + x) * channels + channel] = rounded(sum)
    }
  }
}

/** The same for three channels at a time, which most images have. */
const colourAlongRows = ({ data, height, width }: Pixels, to: number, weights: Weights, out: Uint8Array): void => {
  const { counts, most, starts, values } = weights
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < to; x++) {
      const first = x * most
      const last = first + counts[x]
      let at = (y * width + starts[x]) * 3
      let [red, green, blue] = [0, 0, 0]
      for (let tap = first; tap < last; tap++, at += 3) {
        const weight = values[tap]
        red = (red + Math.imul(data[at], weight)) | 0
        green = (green + Math.imul(data[at + 1], weight)) | 0
        blue = (blue + Math.imul(data[at + 2], weight)) | 0
      }
      const place = (y * to + x) * 3
      out[place] = rounded(red)
      out[place + 1] = rounded(green)
      out[place + 2] = rounded(blue)
    }
  }
}

const alongColumns = (data: Uint8Array, row: number, to: number, weights: Weights): Uint8Array => {
  const { counts, most, starts, values } = weights
  const out = new Uint8Array(to * row)
  const sums = new Int32Array(row)
  for (let y = 0; y < to; y++) {
    sums.fill(0)
    for (let tap = 0; tap < counts[y]; tap++) {
      const weight = values[y * most + tap]
      const first = (starts[y] + tap) * row
      for (let at = 0; at < row; at++) sums[at] += Math.imul(data[first + at], weight)
    }
    for (let at = 0; at < row; at++) out[y * row + at] = rounded(sums[at])
  }
  return out
}

/**
 * Resizes a part of an image. A side that stays as it is is not touched. Columns come first where they become shorter
 * and leave fewer pixels than rows would: the order shows in the last bit, and is that of Pillow 13.
 */
export const resize = (image: Pixels, height: number, width: number, box: Box): Pixels => {
  const { channels } = image
  const wide = (data: Uint8Array, rows: number): Uint8Array =>
    width === image.width && box.left === 0 && box.right === width
      ? data
      : alongRows({ ...image, height: rows, data }, width, weigh(image.width, box.left, box.right, width))
  const high = (data: Uint8Array, columns: number): Uint8Array =>
    height === image.height && box.top === 0 && box.bottom === height
      ? data
      : alongColumns(data, columns * channels, height, weigh(image.height, box.top, box.bottom, height))
  const isHighFirst = height < image.height && height * image.width < image.height * width
  const data = isHighFirst ? wide(high(image.data, image.width), height) : high(wide(image.data, image.height), width)
  return { height, width, channels, data }
}

/** The whole of an image. */
export const whole = ({ height, width }: Pixels): Box => ({ left: 0, top: 0, right: width, bottom: height })

/** The largest part of an image, in its middle, that has the proportions of the given size. */
export const middle = (image: Pixels, height: number, width: number): Box => {
  const wanted = width / height
  const ratio = image.width / image.height
  if (ratio === wanted) return whole(image)
  const isWider = ratio > wanted
  const [partWidth, partHeight] = isWider ? [wanted * image.height, image.height] : [image.width, image.width / wanted]
  const left = (image.width - partWidth) / 2
  const top = (image.height - partHeight) / 2
  const { fround } = Math
  return { left: fround(left), top: fround(top), right: fround(left + partWidth), bottom: fround(top + partHeight) }
}
