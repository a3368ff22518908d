/**
 * Reads and decodes files of images in a thread: small JPEG files of the usual kind, which are most of what is trained on
 * and for which sharp takes many times as long. What is anything else is left to sharp, which judges it.
 */
import { readFileSync } from "node:fs"
import type { Answer } from "../threads/worker.ts"
import type { File } from "./folderRows.ts"
import * as Jpeg from "./jpeg.ts"
import { type Wanted, fits, shape } from "./shapeImage.ts"

/** Files, and where their pixels go. */
export interface Work {
  readonly files: ReadonlyArray<File>
  readonly wanted: Wanted
  /** `[rows, height, width, channels]`, in shared memory. */
  readonly pixels: Uint8Array
}

/** From this many pixels on sharp is faster. */
const most = 1 << 17

/** Decodes an image as it is wanted, or not at all. */
export const decode = (bytes: Uint8Array, name: string, wanted: Wanted): Uint8Array | undefined => {
  if (!/\.jpe?g$/i.test(name)) return undefined
  const image = Jpeg.decode(
    bytes,
    (size) => size.height * size.width <= Math.min(most, wanted.maximumPixels) && fits(size, wanted)
  )
  return image && shape(image, wanted).data
}

/** Reads and decodes files; gives the places of those that it could. */
export const task = ({ files, pixels, wanted }: Work): Promise<Answer<ReadonlyArray<number>>> => {
  const size = wanted.height * wanted.width * wanted.channels
  const put = ({ path, place }: File): ReadonlyArray<number> => {
    const data = decode(readFileSync(path), path, wanted)
    if (data !== undefined) pixels.set(data, place * size)
    return data === undefined ? [] : [place]
  }
  const attempts = files.map((file) => new Promise<ReadonlyArray<number>>((done) => done(put(file))))
  return Promise.allSettled(attempts).then((results) => ({
    value: results.flatMap((result) => (result.status === "fulfilled" ? result.value : []))
  }))
}
