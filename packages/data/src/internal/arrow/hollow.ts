/**
 * A file of which nothing is read but what Arrow has to know of it: where the numbers of its columns lie are zeros, which
 * take no memory while nobody touches them.
 */
import type { Blob } from "@watertight/core"
import * as Shared from "../threads/shared.ts"
import * as Verify from "./verify.ts"

/** Behind the footer stand its length and six letters; a file begins with those and two zeros. */
const [tail, head] = [10, 8]

/** Fields of the footer that list blocks, and whether the numbers of these are read, too. */
const lists = [
  { field: 2, isWhole: true }, // of dictionaries
  { field: 3, isWhole: false } // of batches
]

/** Reads the footer, the dictionaries and the metadata of batches. Throws where the file has none. */
export const read = (blob: Blob.Stored): Uint8Array => {
  const hollow = new Uint8Array(Shared.untouched(blob.byteLength), 0, blob.byteLength)
  const file = Verify.reader(hollow)
  const fill = (start: number, size: number): void => {
    file.inside(start, size, "what is to be read")
    blob.read(start, hollow.subarray(start, start + size))
  }
  fill(0, head)
  const end = blob.byteLength - tail
  fill(end, tail)
  const size = file.view.getInt32(end, true)
  fill(end - size, size)
  const footer = end - size + file.view.getUint32(end - size, true)
  for (const { field, isWhole } of lists) {
    Verify.forEachItem(file, Verify.fieldOf(file, footer, field), 24, (block) => {
      const body = isWhole ? Verify.long(file, block + 16) : 0
      fill(Verify.long(file, block), file.view.getInt32(block + 8, true) + body)
    })
  }
  return hollow
}
