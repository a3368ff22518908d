/**
 * The coded data of a JPEG scan (ITU-R T.81, annex F) as planes of samples: Huffman codes, and the inverse cosine
 * transform in whole numbers of Loeffler, Ligtenberg and Moschytz (1989) as all of libjpeg's kin compute it, bit for bit.
 * Data that is not exactly as long as its blocks, or holds what no encoder writes, gives nothing.
 */
import type { Component, Header, Huffman } from "./jpegHeader.ts"

/** The samples of a component, whole blocks of them. */
export interface Plane {
  /** Samples in a row, a multiple of 8. */
  readonly stride: number
  readonly samples: Uint8ClampedArray
}

/** Where the reader of bits is: in data without stuffing, `count` bits of it in `buffer`. */
interface Bits {
  data: Uint8Array
  /** Bytes of coded data; zeros follow. */
  length: number
  at: number
  buffer: number
  count: number
}

/** From the order of coefficients in the file to places in a block. */
const zigzag = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63
])

/**
 * Above this sum of a block's coefficients the processor's instructions that some decoders use overflow, and decoders
 * differ. No picture reaches it but noise of black and white.
 */
const mostOfBlock = 5000

/** The symbol of the next code, which is longer than 8 bits, plus its length times 256; 0 if there is no such code. */
const longCode = ({ ends, shifts, symbols }: Huffman, next: number): number => {
  for (let length = 9; length <= 16; length++) {
    if (next < ends[length]) return length * 256 + symbols[(next >> (16 - length)) + shifts[length]]
  }
  return 0
}

/**
 * Reads the coefficients of a block after the first, and that one's difference to the last block's. Returns the sum of
 * the coefficients' sizes without the first, or -1 if they are wrong.
 */
const readBlock = (bits: Bits, { alternating, direct, quantizers }: Component, block: Int32Array): number => {
  const { data } = bits
  let { at, buffer, count } = bits
  let sum = 0
  let codes = direct
  for (let place = 0; place < 64; place++) {
    for (; count <= 24; count += 8) buffer = (buffer << 8) | data[at++]
    const code = codes.short[(buffer >>> (count - 8)) & 255] || longCode(codes, (buffer >>> (count - 16)) & 65535)
    if (code === 0) return -1
    count -= code >> 8
    const size = code & 15
    if (place > 0) {
      const run = (code >> 4) & 15
      if (size === 0 && run < 15) {
        if (run > 0) return -1
        break
      }
      place += run
      if (place > 63) return -1
    }
    codes = alternating
    if (size === 0) continue
    for (; count < size; count += 8) buffer = (buffer << 8) | data[at++]
    count -= size
    const low = (buffer >>> count) & ((1 << size) - 1)
    const value = (low >> (size - 1) === 0 ? low - (1 << size) + 1 : low) * quantizers[place]
    block[zigzag[place]] = value
    if (place > 0) sum += value < 0 ? -value : value
  }
  bits.at = at
  bits.buffer = buffer
  bits.count = count
  return sum
}

/** Transforms 8 numbers in place: those at `at`, `at + step`, …; results have `shift` fewer bits, rounded by `half`. */
const transform = (values: Int32Array, at: number, step: number, half: number, shift: number): void => {
  const { imul } = Math
  const a0 = values[at]
  let a1 = values[at + step]
  const a2 = values[at + 2 * step]
  let a3 = values[at + 3 * step]
  const a4 = values[at + 4 * step]
  let a5 = values[at + 5 * step]
  const a6 = values[at + 6 * step]
  let a7 = values[at + 7 * step]
  const middle = imul(a2 + a6, 4433)
  const [low, high] = [middle - imul(a6, 15137), middle + imul(a2, 6270)]
  const [sum, difference] = [((a0 + a4) << 13) + half, ((a0 - a4) << 13) + half]
  const [e0, e1, e2, e3] = [sum + high, difference + low, difference - low, sum - high]
  const turned = imul(a1 + a3 + a5 + a7, 9633)
  const z1 = imul(a7 + a1, -7373)
  const z2 = imul(a5 + a3, -20995)
  const z3 = imul(a7 + a3, -16069) + turned
  const z4 = imul(a5 + a1, -3196) + turned
  a7 = imul(a7, 2446) + z1 + z3
  a5 = imul(a5, 16819) + z2 + z4
  a3 = imul(a3, 25172) + z2 + z3
  a1 = imul(a1, 12299) + z1 + z4
  values[at] = (e0 + a1) >> shift
  values[at + step] = (e1 + a3) >> shift
  values[at + 2 * step] = (e2 + a5) >> shift
  values[at + 3 * step] = (e3 + a7) >> shift
  values[at + 4 * step] = (e3 - a7) >> shift
  values[at + 5 * step] = (e2 - a5) >> shift
  values[at + 6 * step] = (e1 - a3) >> shift
  values[at + 7 * step] = (e0 - a1) >> shift
}

const hasOnlyFirst = (block: Int32Array, column: number): boolean =>
  (block[column + 8] |
    block[column + 16] |
    block[column + 24] |
    block[column + 32] |
    block[column + 40] |
    block[column + 48] |
    block[column + 56]) ===
  0

/** Writes the samples of a block whose first sample lies at `at`, and empties it. */
const writeBlock = (block: Int32Array, isFlat: boolean, { samples, stride }: Plane, at: number): void => {
  if (isFlat) {
    const sample = ((block[0] + 4) >> 3) + 128
    for (let row = 0; row < 8; row++) samples.fill(sample, at + row * stride, at + row * stride + 8)
    block[0] = 0
    return
  }
  for (let column = 0; column < 8; column++) {
    if (hasOnlyFirst(block, column)) {
      const value = block[column] << 2
      for (let place = column; place < 64; place += 8) block[place] = value
    } else transform(block, column, 8, 1 << 10, 11)
  }
  for (let row = 0; row < 8; row++) transform(block, 8 * row, 1, (1 << 17) + (128 << 18), 18)
  for (let place = 0; place < 64; place++) {
    samples[at + (place >> 3) * stride + (place & 7)] = block[place]
    block[place] = 0
  }
}

/** Zeros after the coded data, for what is read ahead. */
const padding = 8

/** Takes coded data without the zeros that follow its bytes of ones, up to a marker, whose place is returned, or -1. */
const load = (bits: Bits, bytes: Uint8Array, start: number): number => {
  bits.at = bits.length = bits.count = 0
  for (let from = start; ;) {
    const mark = bytes.indexOf(0xff, from)
    const isMarker = bytes[mark + 1] !== 0
    bits.data.set(bytes.subarray(from, isMarker ? mark : mark + 1), bits.length)
    bits.length += (isMarker ? mark : mark + 1) - from
    if (isMarker) {
      bits.data.fill(0, bits.length, bits.length + padding)
      return mark
    }
    from = mark + 2
  }
}

/** Tells whether all that was loaded was read, but for bits that fill its last byte. */
const isSpent = ({ at, count, length }: Bits): boolean => {
  const left = 8 * (length - at) + count
  return left >= 0 && left < 8
}

/** A component on its way: its plane, and the first coefficient of its last block. */
interface Part {
  readonly component: Component
  readonly plane: Plane
  last: number
}

/** Decodes the blocks of an MCU; false says that they are wrong. */
const readUnit = (bits: Bits, parts: ReadonlyArray<Part>, block: Int32Array, column: number, row: number): boolean => {
  for (const part of parts) {
    const { component, plane } = part
    const { across, down } = component
    for (let index = 0; index < across * down; index++) {
      const rest = readBlock(bits, component, block)
      part.last = block[0] += part.last
      if (rest < 0 || rest + Math.abs(part.last) > mostOfBlock) return false
      const y = row * down + (across === 1 ? index : index >> 1)
      const x = column * across + (across === 1 ? 0 : index & 1)
      writeBlock(block, rest === 0, plane, 8 * (y * plane.stride + x))
    }
  }
  return true
}

/** Decodes the scan of a file to planes, if it is all of the file's rest. */
export const read = (
  bytes: Uint8Array,
  { components, height, restart, start, width }: Header
): ReadonlyArray<Plane> | undefined => {
  const [{ across, down }] = components
  const [columns, rows] = [Math.ceil(width / (8 * across)), Math.ceil(height / (8 * down))]
  const parts: ReadonlyArray<Part> = components.map((component) => {
    const stride = 8 * columns * component.across
    const samples = new Uint8ClampedArray(stride * 8 * rows * component.down)
    return { component, plane: { stride, samples }, last: 0 }
  })
  const bits: Bits = { data: new Uint8Array(bytes.length - start + padding), length: 0, at: 0, buffer: 0, count: 0 }
  const block = new Int32Array(64)
  const last = bytes.length - 2
  if (bytes[last] !== 0xff || bytes[last + 1] !== 0xd9) return undefined
  let mark = load(bits, bytes, start)
  for (let unit = 0; unit < columns * rows; unit++) {
    if (restart > 0 && unit > 0 && unit % restart === 0) {
      if (!isSpent(bits) || bytes[mark + 1] !== 0xd0 + ((unit / restart - 1) & 7)) return undefined
      mark = load(bits, bytes, mark + 2)
      for (const part of parts) part.last = 0
    }
    if (!readUnit(bits, parts, block, unit % columns, Math.floor(unit / columns))) return undefined
  }
  return isSpent(bits) && mark === last ? parts.map(({ plane }) => plane) : undefined
}
