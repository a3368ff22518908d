/**
 * Where an image is worked on, one after the other. Mirrors and shifts are only noted, and done together when pixels are
 * wanted: as they are copied to where the image is turned from, or back to the row they are of.
 */
import { type Affine, insideOf, sampleAll } from "./affine.ts"
import { inColour } from "./colourSampler.ts"
import { bytesOf } from "../columns/bytes.ts"
import type { Rows } from "./planned.ts"

type Shape = readonly [height: number, width: number, channels: number]

/** An image that is worked on. */
export interface Canvas {
  /** Takes the image that begins at a place of some numbers. It is read when pixels are wanted. */
  readonly open: (values: Float32Array | Uint8Array, from: number) => void
  /** Mirrors the image left to right, or top to bottom. */
  readonly mirror: (isHorizontal: boolean) => void
  /** Lets each pixel be the one that lies `byX` to the right and `byY` below, or the fill, or the nearest edge. */
  readonly shift: (byX: number, byY: number, fill: Float64Array | undefined) => void
  /** Samples the image by an affine map. */
  readonly map: (map: Affine, fill: Float64Array | undefined) => void
  /** The image's numbers as they are by now, to be changed in place. */
  readonly settled: () => Float32Array
  /** Writes the image to a place of some numbers, unless it is there as it was taken. */
  readonly close: (values: Float32Array, to: number) => void
}

/** What an operation does to the image of a row on a canvas, given `words` random words from `at` on. */
export interface Change {
  readonly words: number
  readonly change: (canvas: Canvas, words: Uint32Array, at: number, rows: Rows, row: number) => void
}

const plain = ([, , channels]: Shape, size: number) => {
  const numbers = new Float32Array(size)
  const copy = (from: number, step: number, to: number, count: number): void => {
    for (let pixel = 0; pixel < count; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        numbers[to + pixel * channels + channel] = numbers[from + pixel * step + channel]
      }
    }
  }
  return { numbers, copy, insideOf: (source: Parameters<typeof insideOf>[0]) => insideOf(source, numbers) }
}

/** Moves that are noted: the image is mirrored first, then shifted. */
interface Moves {
  isMirrored: boolean
  isUpsideDown: boolean
  byX: number
  byY: number
  fill: Float64Array | undefined
}

const still: Moves = { isMirrored: false, isUpsideDown: false, byX: 0, byY: 0, fill: undefined }

const isShifted = ({ byX, byY }: Moves): boolean => byX !== 0 || byY !== 0

const isStill = (moves: Moves): boolean => !(moves.isMirrored || moves.isUpsideDown || isShifted(moves))

const fillPixels = (
  numbers: Float32Array,
  from: number,
  to: number,
  fill: ArrayLike<number>,
  edge: number,
  channels: number
): void => {
  for (let at = from; at < to; at += channels) {
    for (let channel = 0; channel < channels; channel++) numbers[at + channel] = fill[edge + channel]
  }
}

type Memory = Pick<ReturnType<typeof plain>, "numbers" | "copy">

/** Writes the image at 0, moved, from `to` on, its rows `stride` numbers apart. */
const place = (
  { copy, numbers }: Memory,
  [height, width, channels]: Shape,
  moves: Moves,
  to: number,
  stride: number
) => {
  const { byX, byY, fill, isMirrored, isUpsideDown } = moves
  const [first, last] = [Math.max(0, -byX), width - Math.max(0, byX)]
  const firstX = isMirrored ? width - 1 - first - byX : first + byX
  for (let y = 0; y < height; y++) {
    const row = to + y * stride
    const end = row + width * channels
    const nearest = Math.min(Math.max(y + byY, 0), height - 1)
    if (fill !== undefined && nearest !== y + byY) {
      fillPixels(numbers, row, end, fill, 0, channels)
      continue
    }
    const [begin, stop] = [row + first * channels, row + last * channels]
    const from = ((isUpsideDown ? height - 1 - nearest : nearest) * width + firstX) * channels
    copy(from, isMirrored ? -channels : channels, begin, last - first)
    fillPixels(numbers, row, begin, fill ?? numbers, fill === undefined ? begin : 0, channels)
    fillPixels(numbers, stop, end, fill ?? numbers, fill === undefined ? stop - channels : 0, channels)
  }
}

/** Surrounds an image by pixels of the fill: one between rows is that after a row and that before the next. */
const frame = (numbers: Float32Array, [height, width, channels]: Shape, at: number, fill: Float64Array): void => {
  const stride = (width + 1) * channels
  fillPixels(numbers, at - stride - channels, at, fill, 0, channels)
  for (let end = at + width * channels; end < at + height * stride; end += stride) {
    fillPixels(numbers, end, end + channels, fill, 0, channels)
  }
  fillPixels(numbers, at + height * stride, at + (height + 1) * stride, fill, 0, channels)
}

const isFloat32 = (value: number): boolean => Math.fround(value) === value

/** Makes the canvas of images of a shape. */
export const make = (shape: Shape): Canvas => {
  const [height, width, channels] = shape
  const [size, stride] = [height * width * channels, (width + 1) * channels]
  const framed = size + stride + 2 * channels
  const room = framed + (height + 1) * stride
  const memory = channels === 3 ? inColour(room) : plain(shape, room)
  const { insideOf, numbers } = memory
  const [image, aside] = [numbers.subarray(0, size), numbers.subarray(size, 2 * size)]
  const source = { values: numbers, from: framed, shape, stride }
  const inside = insideOf(source)
  const moves = { ...still }
  const bytes = new Uint8Array(size)
  let opened: { readonly values: Float32Array | Uint8Array; readonly from: number } | undefined
  let taken: Float32Array | Uint8Array = image
  const load = (): void => {
    if (opened === undefined) return
    const values = opened.values.subarray(opened.from, opened.from + size)
    if (values instanceof Uint8Array) {
      bytesOf(values).copy(bytes)
      image.set(bytes)
    } else image.set(values)
    opened = undefined
  }
  const settled = (): Float32Array => {
    load()
    if (!isStill(moves)) {
      place(memory, shape, moves, size, width * channels)
      image.set(aside)
      Object.assign(moves, still)
    }
    return image
  }
  return {
    open: (values, from) => {
      opened = { values, from }
      taken = values
    },
    mirror: (isHorizontal) => {
      if (isHorizontal) {
        moves.isMirrored = !moves.isMirrored
        moves.byX = -moves.byX
      } else {
        moves.isUpsideDown = !moves.isUpsideDown
        moves.byY = -moves.byY
      }
    },
    shift: (byX, byY, fill) => {
      if (byX === 0 && byY === 0) return
      if (isShifted(moves)) settled()
      Object.assign(moves, { byX, byY, fill })
    },
    map: (map, fill) => {
      load()
      place(memory, shape, moves, framed, stride)
      Object.assign(moves, still)
      const isFramed = fill?.every(isFloat32) === true
      if (isFramed) frame(numbers, shape, framed, fill)
      sampleAll(source, isFramed ? 1 : 0, numbers, map, fill, inside)
    },
    settled,
    close: (values, to) => {
      if (opened === undefined || !isStill(moves) || taken !== values) values.set(settled(), to)
    }
  }
}
