/**
 * The one file that knows @jsquash/jpeg (libjpeg as WebAssembly): decodes small JPEG files on the thread that calls, in a
 * fraction of the time that sharp takes for them, to the same bits. It is for threads of the pool alone. What a file has
 * that is unusual, let alone damaged, gives nothing, for sharp to judge.
 */
import decodeFile, { init } from "@jsquash/jpeg/decode.js"
import { readFileSync } from "node:fs"
import type { Pixels } from "./resize.ts"

type Size = Pick<Pixels, "height" | "width">

/** What the library makes of a file; browsers have such a class, Node has not. */
interface Rgba extends Size {
  readonly data: Uint8ClampedArray
}

/** sharp's instructions for many numbers at once win beyond this many pixels. */
const mostPixels = 2 ** 16

/** Frames of Huffman codes, 8 bits a sample, sequential or progressive. */
const frames: ReadonlyArray<number> = [0xc0, 0xc1, 0xc2]

const isAdobe = (content: Uint8Array): boolean => Buffer.from(content.subarray(0, 5)).toString("latin1") === "Adobe"

/**
 * Reads the size (ITU-R T.81, annex B) of an image in grey or in the colours of JFIF. EXIF can turn an image and Adobe's
 * marker can say what its colours are: such files give nothing.
 */
const sizeOf = (bytes: Uint8Array): Size | undefined => {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined
  let size: Size | undefined
  for (let at = 2; at + 4 <= bytes.length;) {
    const marker = bytes[at + 1]
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3]
    if (bytes[at] !== 0xff || end < at + 4 || end > bytes.length || marker === 0xe1) return undefined
    const content = bytes.subarray(at + 4, end)
    if (marker === 0xda) return size
    if (marker === 0xee && isAdobe(content)) return undefined
    if (frames.includes(marker)) {
      if (content[0] !== 8 || (content[5] !== 1 && content[5] !== 3)) return undefined
      size = { height: content[1] * 256 + content[2], width: content[3] * 256 + content[4] }
    }
    at = end
  }
  return undefined
}

let ready: Promise<void> | undefined
let warnings = 0

const start = (): Promise<void> => {
  const made = function (data: Uint8ClampedArray, width: number, height: number): Rgba {
    return { data, height, width }
  }
  if (!("ImageData" in globalThis)) Object.assign(globalThis, { ImageData: made }) // the library asks for it by name
  const wasmBinary = readFileSync(new URL(import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm")))
  return init({ wasmBinary, printErr: () => warnings++ })
}

const withoutOpacity = ({ data, height, width }: Rgba): Pixels => {
  const out = new Uint8Array(3 * height * width)
  for (let from = 0, to = 0; to < out.length; from += 4, to += 3) {
    out[to] = data[from]
    out[to + 1] = data[from + 1]
    out[to + 2] = data[from + 2]
  }
  return { height, width, channels: 3, data: out }
}

/** The library says of no warning which file it is about: a file is begun when the one before has ended. */
let last: Promise<unknown> = Promise.resolve()

const decodeNext = (bytes: Uint8Array): Promise<Pixels | undefined> => {
  ready ??= start()
  return ready
    .then(() => {
      warnings = 0
      const file = Uint8Array.from(bytes).buffer
      return decodeFile(file) as Promise<Rgba | null> // null where libjpeg gave up
    })
    .then((image) => (image === null || warnings > 0 ? undefined : withoutOpacity(image)))
    .catch(() => {
      ready = undefined // libjpeg left in the middle of its work: the next file gets a new one
      return undefined
    })
}

/** Decodes a file whose size `isWanted` to red, green and blue. */
export const decode = (bytes: Uint8Array, isWanted: (size: Size) => boolean): Promise<Pixels | undefined> => {
  const size = sizeOf(bytes)
  if (size === undefined || size.height * size.width > mostPixels || !isWanted(size)) return Promise.resolve(undefined)
  const image = last.then(() => decodeNext(bytes))
  last = image
  return image
}
