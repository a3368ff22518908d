/**
 * Decodes small JPEG files of the usual kind, on the thread that calls: sequential, Huffman-coded, 8 bits, grey or YCbCr,
 * upright. The pixels are libjpeg's, bit for bit; whatever a file has that is unusual, let alone wrong, gives nothing.
 */
import * as Header from "./jpegHeader.ts"
import * as Kernels from "./jpegKernels.ts"
import * as Scan from "./jpegScan.ts"
import type { Pixels } from "./resize.ts"

/** The samples of a component in memory: where they begin, and how many are in a row, a multiple of 8. */
interface Plane {
  readonly start: number
  readonly stride: number
}

/** Where things lie in memory, by their addresses. */
interface Layout {
  readonly planes: ReadonlyArray<Plane>
  /** Sums of two rows of a colour, in 16 bits, with one before the first and one after the last. */
  readonly sums: number
  /** Rows of the two colours, as wide as the image. */
  readonly lines: readonly [number, number]
  readonly pixels: number
  readonly end: number
}

/** What is read or written past a row's end, since 8 numbers and more go together. */
const slack = 64

const layoutOf = ({ components, height, width }: Header.Header): Layout => {
  const [{ across, down }] = components
  const [columns, rows] = [Math.ceil(width / (8 * across)), Math.ceil(height / (8 * down))]
  let end = Kernels.blockBytes
  const take = (bytes: number): number => {
    const start = end
    end += 2 * Math.ceil(bytes / 2) + slack
    return start
  }
  const planes = components.map((component) => {
    const stride = 8 * columns * component.across
    return { stride, start: take(stride * 8 * rows * component.down) }
  })
  const lines = [take(width), take(width)] as const
  return { planes, lines, sums: take(2 * width), pixels: take(3 * width * height), end }
}

/** The functions, and their memory as they and this file see it. */
interface Program {
  readonly kernels: Kernels.Kernels
  readonly block: Int32Array
  readonly words: Int16Array
  readonly bytes: Uint8Array
}

const makeProgram = (): Program => {
  const kernels = Kernels.make()
  const { buffer } = kernels.memory
  return { kernels, block: new Int32Array(buffer, 0, 64), words: new Int16Array(buffer), bytes: new Uint8Array(buffer) }
}

let program: Program | undefined

/** The functions, compiled when they are first needed. */
const programOf = (): Program => (program ??= makeProgram())

/** Interpolates a row of a colour that has fewer samples than luminance. */
const interpolate = (
  { kernels: { blend, widen }, words }: Program,
  { components: [{ across, down }], height, width }: Header.Header,
  { start, stride }: Plane,
  y: number,
  sums: number,
  line: number
): void => {
  const [columns, rows] = [Math.ceil(width / across), Math.ceil(height / down)]
  const near = Math.floor(y / down)
  const far = Math.min(Math.max(near + (y % 2 === 0 ? -1 : 1), 0), rows - 1)
  const [byNear, byFar] = down === 1 ? [1, 0] : [3, 1]
  blend(start + near * stride, start + far * stride, sums + 2, sums + 2 + 2 * columns, byNear, byFar)
  words[sums / 2] = words[sums / 2 + 1]
  words[sums / 2 + 1 + columns] = words[sums / 2 + columns]
  if (down === 1) widen(sums, line, line + width, 1, 2, 2)
  else widen(sums, line, line + width, 8, 7, 4)
}

/** Makes pixels of planes. */
const join = (program: Program, header: Header.Header, { lines, pixels, planes, sums }: Layout): Pixels => {
  const { bytes, kernels } = program
  const { components, height, width } = header
  const [{ across }] = components
  const [luminance, ...colours] = planes
  const rows = [...lines]
  if (colours.length === 0) for (const line of lines) bytes.fill(128, line, line + width)
  for (let y = 0; y < height; y++) {
    for (const [index, colour] of colours.entries()) {
      if (across === 1) rows[index] = colour.start + y * colour.stride
      else interpolate(program, header, colour, y, sums, lines[index])
    }
    const to = pixels + 3 * width * y
    kernels.paint(luminance.start + y * luminance.stride, rows[0], rows[1], to, to + 3 * width)
  }
  return { height, width, channels: 3, data: bytes.subarray(pixels, pixels + 3 * width * height) }
}

/** Decodes a file whose size `isWanted` to red, green and blue, and hands it to `use`: its bytes are lent for as long. */
export const decode = <A>(
  bytes: Uint8Array,
  isWanted: (size: Pick<Pixels, "height" | "width">) => boolean,
  use: (image: Pixels) => A
): A | undefined => {
  const header = Header.read(bytes)
  if (header === undefined || !isWanted(header)) return undefined
  const layout = layoutOf(header)
  if (layout.end > Kernels.capacity) return undefined
  const program = programOf()
  const { block, kernels } = program
  block.fill(0)
  const isSound = Scan.read(bytes, header, block, (component, column, row) => {
    const { start, stride } = layout.planes[component]
    kernels.samples(start + 8 * (row * stride + column), stride)
  })
  return isSound ? use(join(program, header, layout)) : undefined
}
