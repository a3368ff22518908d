/**
 * Reads and decodes JPEG files in a thread: small ones of the usual kind, for which sharp takes several times as long.
 * Whatever is anything else, or cannot be read, is left to the calling thread and its services.
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

/** Reads and decodes files, one after the other; gives the rows of those that it could. */
export const task = ({ files, pixels, wanted }: Work): Promise<Answer<ReadonlyArray<number>>> => {
  const size = wanted.height * wanted.width * wanted.channels
  const isWanted = (image: { readonly height: number; readonly width: number }) =>
    image.height * image.width <= wanted.maximumPixels && fits(image, wanted)
  const value: Array<number> = []
  const put = ({ path, row }: File): Promise<void> =>
    Jpeg.decode(readFileSync(path), isWanted).then((image) => {
      if (image === undefined) return
      pixels.set(shape(image, wanted).data, row * size)
      value.push(row)
    })
  return files
    .reduce((before, file) => before.then(() => put(file)).catch(() => undefined), Promise.resolve())
    .then(() => ({ value }))
}
