/**
 * What a JPEG file says before its pixels (ITU-R T.81, annex B), read as strictly as can be: of files of one sequential
 * scan with 8 bits per sample, grey or in the colours of JFIF. Whatever is unusual or wrong gives nothing, for sharp to judge.
 */

/** A Huffman code: what the next 8 bits tell, and the bounds of longer codes. */
export interface Huffman {
  /** By the next 8 bits: the code's length times 256 plus its symbol, or 0 where the code is longer. */
  readonly short: Uint16Array
  /** By length: the code after the last one, as the leading bits of 16; and what to add to a code for its symbol's place. */
  readonly ends: Int32Array
  readonly shifts: Int32Array
  readonly symbols: Uint8Array
}

/** A component of the colour. */
export interface Component {
  /** Blocks in an MCU, along and down. */
  readonly across: number
  readonly down: number
  /** What coefficients are multiplied by, in zigzag order. */
  readonly quantizers: Uint8Array
  readonly direct: Huffman
  readonly alternating: Huffman
}

/** All that is needed to decode the scan. */
export interface Header {
  readonly height: number
  readonly width: number
  readonly components: ReadonlyArray<Component>
  /** MCUs between restart markers, or 0. */
  readonly restart: number
  /** Where the scan's coded data begins. */
  readonly start: number
}

interface Frame {
  readonly height: number
  readonly width: number
  readonly parts: ReadonlyArray<{
    readonly id: number
    readonly across: number
    readonly down: number
    readonly table: number
  }>
}

/** Codes are given out in order, by length; none may be all ones. */
const huffmanOf = (lengths: Uint8Array, symbols: Uint8Array): Huffman | undefined => {
  const short = new Uint16Array(256)
  const [ends, shifts] = [new Int32Array(17), new Int32Array(17)]
  let [code, place] = [0, 0]
  for (let length = 1; length <= 16; length++, code <<= 1) {
    const count = lengths[length - 1]
    shifts[length] = place - code
    const width = 1 << (8 - length)
    for (let index = 0; length <= 8 && index < count; index++) {
      const first = (code + index) * width
      for (let at = first; at < first + width; at++) short[at] = length * 256 + symbols[place + index]
    }
    code += count
    place += count
    if (code >= 1 << length) return undefined
    ends[length] = code << (16 - length)
  }
  return { short, ends, shifts, symbols }
}

/** What the segments before the scan have said so far. */
interface Tables {
  readonly quantizers: Array<Uint8Array | undefined>
  readonly direct: Array<Huffman | undefined>
  readonly alternating: Array<Huffman | undefined>
  frame: Frame | undefined
  restart: number
  isJfif: boolean
  isAdobe: boolean
}

/** Reads a segment's content; false says that it is not as it should be. */
type Segment = (tables: Tables, content: Uint8Array) => boolean

const readQuantizers: Segment = ({ quantizers }, content) => {
  for (let at = 0; at < content.length; at += 65) {
    if (content[at] > 3 || at + 65 > content.length) return false
    quantizers[content[at]] = content.subarray(at + 1, at + 65)
  }
  return true
}

const readHuffman: Segment = ({ alternating, direct }, content) => {
  for (let at = 0; at < content.length;) {
    const kind = content[at]
    const lengths = content.subarray(at + 1, at + 17)
    const count = lengths.reduce((sum, each) => sum + each, 0)
    const symbols = content.subarray(at + 17, at + 17 + count)
    const made = lengths.length === 16 && symbols.length === count ? huffmanOf(lengths, symbols) : undefined
    if (made === undefined || count > 256 || (kind & 0xef) > 3) return false
    if (kind < 16 && symbols.some((symbol) => symbol > 11)) return false
    const tables = kind < 16 ? direct : alternating
    tables[kind & 3] = made
    at += 17 + count
  }
  return true
}

const readFrame: Segment = (tables, content) => {
  const count = content[5]
  if (tables.frame !== undefined || content[0] !== 8 || (count !== 1 && count !== 3)) return false
  if (content.length !== 6 + 3 * count) return false
  const parts = Array.from({ length: count }, (_, index) => {
    const [id, sampling, table] = content.subarray(6 + 3 * index)
    return { id, across: sampling >> 4, down: sampling & 15, table }
  })
  tables.frame = { height: content[1] * 256 + content[2], width: content[3] * 256 + content[4], parts }
  return true
}

const readRestart: Segment = (tables, content) => {
  tables.restart = content[0] * 256 + content[1]
  return content.length === 2
}

const startsWith = (content: Uint8Array, text: string): boolean =>
  content.length >= text.length && [...text].every((letter, index) => content[index] === letter.charCodeAt(0))

const readJfif: Segment = (tables, content) => {
  if (!startsWith(content, "JFIF\0") || content.length < 14) return true
  tables.isJfif = content[5] === 1
  return tables.isJfif
}

/** Adobe's marker says at its end whether colours are as JFIF has them. */
const readAdobe: Segment = (tables, content) => {
  if (!startsWith(content, "Adobe")) return true
  tables.isAdobe = content[11] === 1
  return tables.isAdobe
}

/** By their markers. EXIF, which can turn the image, and whatever else programs add is not among them. */
const segments: Readonly<Record<number, Segment | undefined>> = {
  0xc0: readFrame,
  0xc1: readFrame,
  0xc4: readHuffman,
  0xdb: readQuantizers,
  0xdd: readRestart,
  0xe0: readJfif,
  0xee: readAdobe,
  0xfe: () => true
}

/** Grey; luminance as fine as colour, or twice as fine along, or along and down. */
const samplings: ReadonlyArray<string> = ["11", "22", "11,11,11", "21,11,11", "22,11,11"]

const isUsual = ({ isAdobe, isJfif }: Tables, { height, parts, width }: Frame): boolean => {
  if (height === 0 || width < 5) return false
  if (!samplings.includes(parts.map(({ across, down }) => `${across}${down}`).join())) return false
  const ids = parts.map(({ id }) => id)
  return parts.length === 1 || ids.join() === "1,2,3" || (new Set(ids).size === 3 && (isJfif || isAdobe))
}

/** Reads the header of the scan, which must be of all components and all coefficients. */
const headerOf = (tables: Tables, content: Uint8Array, start: number): Header | undefined => {
  const { alternating, direct, frame, quantizers, restart } = tables
  if (frame === undefined || !isUsual(tables, frame)) return undefined
  const { height, parts, width } = frame
  const count = parts.length
  if (content[0] !== count || content.length !== 4 + 2 * count) return undefined
  if (content[1 + 2 * count] !== 0 || content[2 + 2 * count] !== 63 || content[3 + 2 * count] !== 0) return undefined
  const components: Array<Component> = []
  for (const [index, { across, down, id, table }] of parts.entries()) {
    const choice = content[2 + 2 * index]
    const made = { quantizers: quantizers[table], direct: direct[choice >> 4], alternating: alternating[choice & 15] }
    const { alternating: ac, direct: dc, quantizers: by } = made
    if (content[1 + 2 * index] !== id || by === undefined || dc === undefined || ac === undefined) return undefined
    const isOnly = count === 1
    components.push({
      across: isOnly ? 1 : across,
      down: isOnly ? 1 : down,
      quantizers: by,
      direct: dc,
      alternating: ac
    })
  }
  return { height, width, components, restart, start }
}

/** Reads the markers up to the scan. */
export const read = (bytes: Uint8Array): Header | undefined => {
  const tables: Tables = {
    quantizers: [],
    direct: [],
    alternating: [],
    frame: undefined,
    restart: 0,
    isJfif: false,
    isAdobe: false
  }
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1]
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3]
    if (bytes[at] !== 0xff || end < at + 4 || end > bytes.length) return undefined
    const content = bytes.subarray(at + 4, end)
    if (marker === 0xda) return headerOf(tables, content, end)
    if (segments[marker]?.(tables, content) !== true) return undefined
    at = end
  }
  return undefined
}
