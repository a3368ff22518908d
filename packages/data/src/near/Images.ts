/**
 * Near images: hashes of 64 bits that differ in a few.
 */
import type * as Column from "../Column.ts"
import * as Agreement from "../internal/near/agreement.ts"
import * as PerceptualHash from "../internal/near/perceptualHash.ts"
import type { Image } from "../Near.ts"
import type { Table } from "../Table.ts"

/** What an image of a column measures, or why its tensors are none. */
const sizeOf = ({ shape }: Column.Tensor): PerceptualHash.Size | undefined => {
  const [height, width, channels = 1] = shape
  const isImage = (shape.length === 2 || shape.length === 3) && height > 0 && width > 0
  return isImage && channels >= 1 && channels <= 4 ? { height, width, channels } : undefined
}

/** Prepares the comparison of images, or says why they cannot be compared. */
export const of = ({ column, distance, hash }: Image, table: Table) => {
  const declared = table.columns[column]
  const values = table.values[column]
  if (declared === undefined) return { column, reason: "is no column" }
  if (declared.kind !== "tensor") return { column, reason: `is a ${declared.kind} column; tensors are compared so` }
  if (!(values instanceof Uint8Array)) {
    return { column, reason: `holds ${declared.dtype} numbers; images are uint8 tensors, before they are scaled` }
  }
  const size = sizeOf(declared)
  if (size === undefined) {
    return {
      column,
      reason: `has the shape [${declared.shape.join(", ")}]; an image has height, width and 1 to 4 channels`
    }
  }
  const codes = PerceptualHash.hash(hash, values, size, table.length)
  const rows = Agreement.ofCodes(codes, distance)
  return {
    components: () => Agreement.components(rows, distance),
    pairs: (visit: (first: number, second: number) => void) => Agreement.pairs(rows, distance, visit)
  }
}
