/**
 * Reads and decodes files of images in a thread: small JPEG files of the usual kind, for which sharp takes many times as
 * long. Whatever is anything else, or cannot be read, is left to the calling thread and its services.
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

/** Decodes a file into the bytes of an image as it is wanted, if it can. */
export const decode = (bytes: Uint8Array, name: string, wanted: Wanted, to: Uint8Array): boolean =>
  /\.jpe?g$/i.test(name) &&
  Jpeg.decode(
    bytes,
    (size) => size.height * size.width <= wanted.maximumPixels && fits(size, wanted),
    (image) => {
      to.set(shape(image, wanted).data)
      return true
    }
  ) === true

/** Reads and decodes files; gives the places of those that it could. */
export const task = ({ files, pixels, wanted }: Work): Promise<Answer<ReadonlyArray<number>>> => {
  const size = wanted.height * wanted.width * wanted.channels
  const put = ({ path, place }: File): ReadonlyArray<number> => {
    const to = pixels.subarray(place * size, (place + 1) * size)
    return decode(readFileSync(path), path, wanted, to) ? [place] : []
  }
  const attempts = files.map((file) => new Promise<ReadonlyArray<number>>((done) => done(put(file))))
  return Promise.allSettled(attempts).then((results) => ({
    value: results.flatMap((result) => (result.status === "fulfilled" ? result.value : []))
  }))
}
