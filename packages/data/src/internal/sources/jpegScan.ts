/**
 * The coded data of a JPEG scan (ITU-R T.81, annex F): Huffman codes of the coefficients of blocks. Data that is not
 * exactly as long as its blocks, or holds what no encoder writes, is refused.
 */
import type { Component, Header, Huffman } from "./jpegHeader.ts"

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

/** Takes the block that was read: which one it is of a component's, and where it lies, in blocks. */
export type Take = (component: number, column: number, row: number) => void

/** Decodes the blocks of an MCU; false says that they are wrong. `last` holds the components' first coefficients. */
const readUnit = (
  bits: Bits,
  components: ReadonlyArray<Component>,
  last: Int32Array,
  block: Int32Array,
  place: (component: number, index: number) => void
): boolean => {
  for (let at = 0; at < components.length; at++) {
    const component = components[at]
    for (let index = 0; index < component.across * component.down; index++) {
      const rest = readBlock(bits, component, block)
      last[at] = block[0] += last[at]
      if (rest < 0 || rest + Math.abs(last[at]) > mostOfBlock) return false
      place(at, index)
    }
  }
  return true
}

/** Decodes the blocks of a scan into `block`, one after the other; false says that they, or what follows, are wrong. */
export const read = (
  bytes: Uint8Array,
  { components, height, restart, start, width }: Header,
  block: Int32Array,
  take: Take
): boolean => {
  const [{ across, down }] = components
  const [columns, rows] = [Math.ceil(width / (8 * across)), Math.ceil(height / (8 * down))]
  const bits: Bits = { data: new Uint8Array(bytes.length - start + padding), length: 0, at: 0, buffer: 0, count: 0 }
  const last = new Int32Array(components.length)
  const end = bytes.length - 2
  if (bytes[end] !== 0xff || bytes[end + 1] !== 0xd9) return false
  let mark = load(bits, bytes, start)
  let [column, row] = [0, 0]
  const place = (at: number, index: number): void => {
    const { across, down } = components[at]
    const step = across === 1 ? 0 : 1
    take(at, column * across + (index & step), row * down + (index >> step))
  }
  for (let unit = 0; unit < columns * rows; unit++) {
    if (restart > 0 && unit > 0 && unit % restart === 0) {
      if (!isSpent(bits) || bytes[mark + 1] !== 0xd0 + ((unit / restart - 1) & 7)) return false
      mark = load(bits, bytes, mark + 2)
      last.fill(0)
    }
    column = unit % columns
    row = (unit - column) / columns
    if (!readUnit(bits, components, last, block, place)) return false
  }
  return isSpent(bits) && mark === end
}
